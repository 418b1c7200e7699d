"""When the phone was handed in, and which log entries were written down later than they happened.

The one definition of *late*. Pure; ``schemas/vectors/late.json`` holds examples with their results.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.moment import moment_of
from schemas.relevance import Record

HANDED_IN: Final = "phone_handed_in"
RETURNED: Final = "phone_returned"
LATE_AFTER: Final = timedelta(minutes=30)

_Timed = tuple[datetime, datetime | None, str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Gap:
    """The phone was away from one ``at`` to another, as they stand in the two entries.

    ``until`` is ``None`` while the log does not say that it came back.
    """

    since: str
    until: str | None = None


def phone_gaps(observation: Record) -> tuple[Gap, ...]:
    """When the phone was away, in the order of time.

    Entries that were taken back say nothing; a phone that is handed in twice was away from the
    first time on; one that comes back and was never handed in leaves no gap.
    """
    gaps: list[Gap] = []
    for _at, _entered, _id, entry in _timed(observation):
        if entry.get("withdrawn"):
            continue
        away = bool(gaps) and gaps[-1].until is None
        if entry.get("kind") == HANDED_IN and not away:
            gaps.append(Gap(str(entry["at"])))
        elif entry.get("kind") == RETURNED and away:
            gaps[-1] = Gap(gaps[-1].since, str(entry["at"]))
    return tuple(gaps)


def late_entries(observation: Record) -> frozenset[str]:
    """The ids of the entries that were written down late.

    Those entered more than 30 minutes after their time, and those whose time lies in a phone gap
    (its beginning included) and that were entered when the phone was back. While a gap is open
    nobody knows when that was, so that only the 30 minutes count. An entry without a readable
    ``at`` or ``entered_at`` is not late.
    """
    gaps = [(moment_of(g.since), moment_of(g.until)) for g in phone_gaps(observation) if g.until]
    return frozenset(
        id_
        for at, entered, id_, _entry in _timed(observation)
        if entered is not None
        and (entered - at > LATE_AFTER or any(a and b and a <= at < b <= entered for a, b in gaps))
    )


def _timed(observation: Record) -> Iterator[_Timed]:
    """Entries with a readable time: by that, then by when they were entered, then by id."""
    found: list[_Timed] = []
    for path, entry in observation.items():
        if path.startswith("log/") and isinstance(entry, Mapping):
            at = moment_of(entry.get("at"))
            if at is not None:
                id_ = path.removeprefix("log/")
                found.append((at, moment_of(entry.get("entered_at")), id_, entry))
    return iter(sorted(found, key=lambda one: (one[0], one[1] or one[0], one[2])))
