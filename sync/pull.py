"""The receiving end of a pull: what headquarters gives to this device, page after page.

Each page is one transaction: its changes, its receipts, what is to be forgotten, and the cursor
behind it. A cut between pages resumes there; a page that comes twice changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.change import read_erased
from sync.clock import Clock, utc_now
from sync.errors import BadSignature, ForgedReceipt, SyncError
from sync.intake import AT_LAPTOP, Batch, Node, check_batch, take
from sync.keys import PublicKeys
from sync.log import Log
from sync.push import keep_backed_up, read_any_sheet
from sync.transport import Transport

PAGE = 200


@dataclass(slots=True)
class Pulled:
    """What a pull brought: new changes by kind, records to forget, what could not be read."""

    new: dict[str, int] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    skipped: list[SyncError] = field(default_factory=list)
    erased: bool = False


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
    keys, found = PublicKeys(), Pulled()
    more = True
    while more and going_on():
        answer = transport.get("pull", cursor=log.meta("cursor") or "", limit=PAGE)
        keep_backed_up(log, answer)
        _keep_page(log, answer, mission, now, node, keys, found)
        more = bool(answer.get("more"))
    if found.erased:
        log.scrub()
    return found


def believe(log: Log, mission: str, items: list[dict[str, Any]], now: Clock = utc_now) -> None:
    """Keep what headquarters gave with an enrolment: its own records and the device's.

    :raises ForgedReceipt: something is signed by nobody known here
    """
    keys, found = PublicKeys(), Pulled()
    while items:
        part, items = _next_part(items)
        _keep_part(log, part, mission, now, AT_LAPTOP, keys, found)


def _keep_page(
    log: Log,
    answer: Mapping[str, Any],
    mission: str,
    now: Clock,
    node: Node,
    keys: PublicKeys,
    found: Pulled,
) -> None:
    items = list(answer.get("changes", ()))
    whole = [item for item in items if "payload" in item]
    sheets = [read_any_sheet(log, wire, mission, keys) for wire in answer.get("receipts", ())]
    waiting = whole
    while waiting:
        # A device's record may come on the same page as what the device wrote.
        part, waiting = _next_part(waiting)
        _keep_part(log, part, mission, now, node, keys, found)
    with log.writing():
        for item in items:
            if "envelope" in item:
                _keep_envelope(log, item, now)
        for sheet, receipts, from_hub in sheets:
            log.add_sheet(sheet.number, sheet.hash, sheet.payload, sheet.signature)
            here = log.known(receipt["hash"] for receipt in receipts)
            for receipt in receipts:
                if from_hub and receipt["hash"] in here:
                    log.add_receipt(receipt, sheet.hash)
        for record in answer.get("forget", ()):
            log.forget(str(record))
            found.forgotten.append(str(record))
        log.set_meta({"cursor": str(answer["cursor"])})


def _next_part(
    waiting: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    for count, item in enumerate(waiting):
        if '"kind":"device"' in item["payload"]:
            return waiting[: count + 1], waiting[count + 1 :]
    return waiting, []


def _keep_part(
    log: Log,
    part: list[dict[str, Any]],
    mission: str,
    now: Clock,
    node: Node,
    keys: PublicKeys,
    found: Pulled,
) -> None:
    pairs = [(str(item["payload"]), str(item["signature"])) for item in part]
    batch = check_batch(log, mission, pairs, keys)
    _check_stops(batch, found)
    given = {str(item["payload"]): item.get("code") for item in part}
    verdicts = {each.change.hash: given[each.change.payload] for each in batch.checked}
    with log.writing():
        outcome = take(log, batch, now(), node=node, verdicts=verdicts)
        log.mark_held(outcome.known)
    kinds = {each.change.hash: each.change.kind for each in batch.checked}
    for receipt in outcome.receipts:
        kind = kinds[receipt["hash"]]
        found.new[kind] = found.new.get(kind, 0) + 1
        found.erased = found.erased or kind == "erasure"
    for device, stop in outcome.stopped.items():
        if device not in batch.stopped:
            found.skipped.append(stop.error)


def _check_stops(batch: Batch, found: Pulled) -> None:
    for stop in batch.stopped.values():
        if isinstance(stop.error, BadSignature):
            raise ForgedReceipt(
                "A change in the answer is not signed by who should have written it. "
                "Nothing of it was taken. Tell headquarters."
            ) from stop.error
        found.skipped.append(stop.error)


def _keep_envelope(log: Log, item: Mapping[str, Any], now: Clock) -> None:
    """An erased change is believed without its signature only because a signed erasure names it."""
    hash_ = str(item["hash"])
    if log.known([hash_]) or log.erased(hash_) is None:
        return
    change = read_erased(str(item["envelope"]), str(item["signature"]), hash_)
    code = item.get("code")
    if log.hash_at(change.device, change.seq) is None and log.device(change.device) is not None:
        log.append(
            change,
            state="quarantined" if code else "stored",
            code=code,
            received_at=now(),
            sheet=None,
            held=True,
        )
