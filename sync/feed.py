"""The giving end of a pull: pages of what a device's author may see, and what is lost from sight.

Knows no HTTP. The cursor is opaque to who asks; it is bound to the epoch, since positions of a log
that was restored mean something else.
"""

from typing import Any, Final

from schemas.rights import HUB
from sync.change import envelope_of
from sync.errors import BadRequest
from sync.log import Log, Step
from sync.log.registry import Device

MAX_LIMIT: Final = 500
MAX_PAGE_BYTES: Final = 1_000_000
START: Final = (0, 0)
END: Final = 1 << 42  # after every turn at one place


def page(log: Log, device: Device, epoch: str, cursor: str, limit: int) -> dict[str, Any]:
    """The next page for a device, as ``GET pull`` answers it, but for ``ok`` and the epoch.

    :param cursor: as the last page gave it, empty at the beginning or after a restore
    :raises BadRequest: not a cursor
    """
    after = _place_of(cursor, epoch)
    upto = log.position()
    steps = log.feed(
        device.author, after, upto, max(1, min(limit, MAX_LIMIT)) + 1, without=device.device
    )
    taken = _within_bytes(steps[: max(1, min(limit, MAX_LIMIT))])
    more = len(taken) < len(steps)
    last = (taken[-1].place, taken[-1].turn) if more else max((upto, END), after)
    sheets = [step.sheet for step in taken if step.mine and step.sheet is not None]
    head = log.head(device.device)
    return {
        # By it a device learns that it was put back from an older copy of itself.
        "head": {"seq": head.seq, "hash": head.hash},
        "changes": [item for step in taken if (item := _item(step)) is not None],
        "receipts": log.sheets(sheets),
        "forget": _forget(log, device.author, after, last, upto),
        "cursor": f"{epoch}.{last[0]}.{last[1]}",
        "more": more,
    }


def _forget(
    log: Log, author: str, after: tuple[int, int], last: tuple[int, int], upto: int
) -> list[str]:
    restored = len(log.devices(HUB)) > 1
    if after != START:
        return log.lost_sight(author, after[0], last[0], restored=restored)
    # A restored headquarters is read from the beginning, by devices that the one before it had
    # shown things to; of anybody else's they learn nothing but ids of what they once saw.
    return log.lost_sight(author, 0, upto, restored=True, ever=True) if restored else []


def _place_of(cursor: str, epoch: str) -> tuple[int, int]:
    if not cursor:
        return START
    of, _, rest = cursor.partition(".")
    place, _, turn = rest.partition(".")
    if not (place.isdecimal() and turn.isdecimal() and len(rest) < 40):
        raise BadRequest("This is not a cursor that headquarters gave. Begin without one.")
    return (int(place), int(turn)) if of == epoch else START


def _within_bytes(steps: list[Step]) -> list[Step]:
    size = 0
    for count, step in enumerate(steps):
        size += len((step.payload or step.envelope or "").encode()) + 200
        if count and size > MAX_PAGE_BYTES:
            return steps[:count]
    return steps


def _item(step: Step) -> dict[str, str] | None:
    """A change as it is pulled; ``code`` says what it was quarantined with.

    Of what others wrote and was quarantined only the envelope goes out: it counts for nothing, but
    what its author wrote next names it as a parent, and the graph must be the same for all.
    """
    if step.payload is not None and step.state == "quarantined" and not step.mine:
        envelope = envelope_of(step.payload)
        item = {"envelope": envelope, "hash": step.hash, "signature": step.signature}
    elif step.payload is not None:
        item = {"payload": step.payload, "signature": step.signature}
    elif step.envelope is not None:
        item = {"envelope": step.envelope, "hash": step.hash, "signature": step.signature}
    else:
        return None
    return {**item, "code": step.code} if step.code else item
