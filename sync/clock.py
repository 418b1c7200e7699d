"""Times as this project writes them: RFC 3339 with offset, milliseconds."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], str]


def utc_now() -> str:
    """This machine's clock, as ``2026-03-02T09:30:00.000Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> float:
    """An RFC 3339 time as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()
