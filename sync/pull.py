"""The receiving end of a pull: what headquarters gives to this device, page after page.

Each page is one transaction: its changes, its receipts, what is to be forgotten, and the cursor
behind it. A cut between pages resumes there; a page that comes twice changes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.rights import HUB, RELAY
from sync.change import kept_hash, read_erased
from sync.clock import Clock
from sync.errors import ForgedReceipt
from sync.intake import AT_LAPTOP, Node
from sync.log import Log
from sync.transport import Transport
from sync.trust import Pulled, Taking, keep_backed_up, keep_part, next_part, read_any_sheet

PAGE = 200


def pull(
    log: Log,
    transport: Transport,
    mission: str,
    now: Clock,
    *,
    node: Node = AT_LAPTOP,
    going_on: Callable[[], bool] = lambda: True,
) -> Pulled:
    """Fetch everything that headquarters has for this device since the last time.

    :param going_on: asked before each page; false ends the pull, to be resumed later
    :raises SyncError: the hub was not reached or refused; what came by then is kept
    :raises NewEpoch: the hub was restored since; sign in again
    :raises ForgedReceipt: something in the answer is signed by nobody known here
    """
    taking, more = Taking(mission, now, node), True
    while more and going_on():
        answer = transport.get("pull", cursor=log.meta("cursor") or "", limit=PAGE)
        keep_backed_up(log, answer)
        _keep_page(log, answer, taking)
        head = answer.get("head", {})
        taking.found.head = (int(head.get("seq", 0)), str(head.get("hash", "")))
        more = bool(answer.get("more"))
    if taking.found.erased:
        log.scrub()
    return taking.found


def _keep_page(log: Log, answer: Mapping[str, Any], taking: Taking) -> None:
    items = list(answer.get("changes", ()))
    waiting = [item for item in items if "payload" in item]
    mission, keys = taking.mission, taking.keys
    sheets = [
        read_any_sheet(log, wire, mission, keys, (RELAY, HUB))
        for wire in answer.get("receipts", ())
    ]
    while waiting:
        # A device's record may come on the same page as what the device wrote.
        part, waiting = next_part(waiting)
        keep_part(log, part, taking)
    former = {device.device for device in log.devices(HUB)}
    with log.writing():
        for item in items:
            if "envelope" in item:
                _keep_envelope(log, item, taking.now)
        for sheet, receipts, from_hub in sheets:
            log.keep_sheet(sheet)
            here = log.known(receipt["hash"] for receipt in receipts)
            for receipt in receipts:
                # A hub that was replaced signed for what its successor may not have: only where
                # that says that it holds the change does the receipt still count.
                counts = from_hub or (sheet.hub in former and log.holds(receipt["hash"]))
                if counts and receipt["hash"] in here:
                    log.add_receipt(receipt, sheet.hash)
        for record in answer.get("forget", ()):
            if log.forget(str(record)):
                taking.found.forgotten.append(str(record))
        log.set_meta({"cursor": str(answer["cursor"])})


def _keep_envelope(log: Log, item: Mapping[str, Any], now: Clock) -> None:
    """A change without its content: erased, or quarantined by headquarters.

    That it is erased is believed only because a signed erasure names it. Neither gives a value.
    """
    hash_, code = str(item["hash"]), item.get("code")
    if log.known([hash_]) or (log.erased(hash_) is None and not code):
        return
    envelope, signature = str(item["envelope"]), str(item["signature"])
    if log.erased(hash_) is not None and log.kept(hash_) not in (
        None,  # an erasure of before this was kept
        kept_hash(envelope, signature),
    ):
        raise ForgedReceipt(
            "What should be left of an erased change is not what its erasure says. "
            "Nothing of it was taken. Tell headquarters."
        )
    change = read_erased(envelope, signature, hash_)
    if log.hash_at(change.device, change.seq) is None and log.device(change.device) is not None:
        log.append(
            change,
            state="quarantined" if code else "stored",
            code=code,
            received_at=now(),
            sheet=None,
            held=True,
        )
