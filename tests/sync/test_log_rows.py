"""Rows of the log: the order of entries, and times that no clock can show."""

from typing import Any

import pytest

from sync.fold import Folded, Version
from sync.projection.rows import Record, Rows, local_time, log_rows


def places(*entries: tuple[str, dict[str, Any]]) -> list[tuple[str, str | None]]:
    """The entries in their order, each with its time in court."""
    values = {f"log/{id_}": entry for id_, entry in entries}
    origins = {
        path: Version(value, "OBS-1", "2026-03-02T09:30:00Z", "h") for path, value in values.items()
    }
    rows = Rows()
    record = Record("o", "observation", "OBS-1", Folded(values, origins))
    log_rows(record, "America/New_York", rows)
    return [(row["id"], row["local_time"]) for row in rows.tables["log_entries"]]


def test_entries_of_one_instant_follow_their_ids() -> None:
    late = {"at": "2026-03-02T14:00:00Z", "entered_at": "2026-03-02T15:00:00Z"}
    soon = {"at": "2026-03-02T15:00:00+01:00", "entered_at": "2026-03-02T14:00:00Z"}
    expected = [("a", "09:00"), ("b", "09:00")]
    assert places(("a", late), ("b", soon)) == places(("b", soon), ("a", late)) == expected


def test_an_entry_at_the_ends_of_the_calendar_has_its_place_and_no_time() -> None:
    ends = [("a", "9999-12-31T23:59:59-23:59"), ("b", "0001-01-01T00:00:00Z")]
    assert places(*((id_, {"at": at, "entered_at": at}) for id_, at in ends)) == [
        ("b", None),
        ("a", None),
    ]


@pytest.mark.parametrize("at", ["2026W101", "20260302T0930", 20260302, None, "2026-03-02T24:00Z"])
def test_what_is_no_time_has_none(at: object) -> None:
    assert local_time(at, "UTC") is None
