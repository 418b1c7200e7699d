"""The cut: the unsent fields of a record become one signed change (or a few, when large).

Sign first; then one transaction compares the stored head with ``prev``, appends and moves the
head. Two programs cannot fork a chain: the slower one's transaction finds another head and cuts
again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sync.change import Change, Signer, make_change
from sync.clock import Clock
from sync.errors import ChainBroken, Fork, TooLarge
from sync.fold import fold
from sync.intake import receive_own
from sync.log import Head, Log


@dataclass(frozen=True, slots=True)
class Dirty:
    """The unsent fields of one record.

    ``parents`` are the record's heads that were here when the author wrote: what has come since
    then was not seen, and must not be overridden silently. ``None`` means: all that is here now.
    """

    kind: str
    record: str
    fields: Mapping[str, Any]
    parents: tuple[str, ...] | None = None


ROUNDS = 5


def cut(log: Log, signer: Signer, dirty: list[Dirty], now: Clock) -> list[Change]:
    """Sign and append the unsent fields; returns the new changes.

    :raises TooLarge: one field alone is over the limit of a change
    :raises Fork: another program kept on writing with this device's key
    """
    for attempt in range(ROUNDS):
        changes = list(_sign(log, signer, dirty, now))
        try:
            with log.writing():
                receive_own(log, changes, now)
            return changes
        except (Fork, ChainBroken):
            if attempt == ROUNDS - 1:
                raise
    return []


def _sign(log: Log, signer: Signer, dirty: list[Dirty], now: Clock) -> Iterator[Change]:
    head = log.head(signer.device)
    latest: dict[str, str] = {}
    for each in dirty:
        parents = each.parents
        if parents is None:
            parents = fold(log.changes_of(each.record)).heads
        if each.record in latest:
            parents = (*parents, latest[each.record])
        waiting = [dict(each.fields)]
        while waiting:
            fields = waiting.pop(0)
            try:
                change = make_change(
                    signer,
                    seq=head.seq + 1,
                    prev=head.hash,
                    kind=each.kind,
                    record=each.record,
                    parents=parents,
                    recorded_at=now(),
                    fields=fields,
                )
            except TooLarge:
                if len(fields) < 2:
                    raise
                waiting[:0] = _halves(fields)
                continue
            head, parents = Head(change.seq, change.hash), (change.hash,)
            latest[each.record] = change.hash
            yield change


def _halves(fields: dict[str, Any]) -> list[dict[str, Any]]:
    items = list(fields.items())
    middle = len(items) // 2
    return [dict(items[:middle]), dict(items[middle:])]
