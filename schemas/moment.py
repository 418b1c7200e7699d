"""When something took place, as the log writes it, and what the court's clock showed then.

Twin: ``observer/client/src/rules/moment.js``. This program writes RFC 3339; a day alone, a time
without seconds and one without offset (it is UTC then) are read too. What Python reads beyond that
(days of a week, digits without separators) is no time here.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from schemas.zones import zone_of

_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:.(?:[01][0-9]|2[0-3])(?::[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?"
    r"(?:Z|[+-][0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?)?)?",
    re.DOTALL,
)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
# Beyond these the clock of some place would show a day that no calendar here has.
_FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)


def moment_of(at: object) -> datetime | None:
    """The instant that a text names, or None; without offset it is UTC."""
    if not isinstance(at, str) or not _MOMENT.fullmatch(at):
        return None
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def moment(entry: Mapping[str, Any]) -> datetime | None:
    """When an entry of the log took place, or None if it has no readable time."""
    return moment_of(entry.get("at"))


def entry_key(id_: str, entry: Mapping[str, Any]) -> tuple[bool, datetime, str]:
    """Sort key of an entry: by its time, then by its id; those without a time come first."""
    when = moment(entry)
    return when is not None, when or _NEVER, id_


def on_clock(when: datetime | None, zone: object) -> datetime | None:
    """An instant on the clock of a zone; None without either, and at the ends of the calendar."""
    there = zone_of(zone)
    if when is None or there is None or not _FIRST <= when < _LAST:
        return None
    return when.astimezone(there)
