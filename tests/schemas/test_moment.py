"""What is a time of a log entry, the order of entries, and the names of time zones."""

import json
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import pytest

from schemas.moment import entry_key, moment_of, on_clock
from schemas.zones import ZONES, zone_of


def vectors(name: str) -> Any:
    return json.loads(resources.files("schemas").joinpath("vectors", name).read_bytes())


ZONE_NAMES = vectors("zones.json")


@pytest.mark.parametrize(
    "case", vectors("moment.json")["cases"], ids=lambda case: ascii(case["at"])
)
def test_moment(case: dict[str, Any]) -> None:
    when, micros = moment_of(case["at"]), case["micros"]
    if micros is None:
        assert when is None
    else:
        assert when == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def test_entries_of_one_instant_follow_their_ids_those_without_a_time_come_first() -> None:
    entries = {
        "b": {"at": "2026-03-02T09:00:00.000Z"},
        "a": {"at": "2026-03-02T10:00:00+01:00"},
        "d": {"at": "soon"},
        "c": {},
        "e": {"at": "2026-03-02T08:59:59Z"},
    }
    assert sorted(entries, key=lambda id_: entry_key(id_, entries[id_])) == list("cdeab")


@pytest.mark.parametrize(
    ("at", "zone", "shown"),
    [
        ("2026-03-02T09:30:00Z", "Europe/Vienna", "10:30"),
        ("2026-03-02T09:30", "UTC", "09:30"),
        ("0001-01-01T00:00:00Z", "America/New_York", None),
        ("0001-01-01T00:00:00+23:59", "UTC", None),
        ("9999-12-31T23:59:59Z", "Asia/Kathmandu", None),
        ("9999-12-30T23:59:59Z", "UTC", "23:59"),
        ("2026-03-02T09:30:00Z", "localtime", None),
        ("2026-03-02T09:30:00Z", ["UTC"], None),
        ("soon", "UTC", None),
    ],
)
def test_the_clock_of_a_zone(at: str, zone: object, shown: str | None) -> None:
    local = on_clock(moment_of(at), zone)
    assert (local.strftime("%H:%M") if local else None) == shown


@pytest.mark.parametrize("name", ZONE_NAMES["taken"])
def test_zone_is_taken(name: str) -> None:
    found = zone_of(name)
    assert found is not None
    assert found.key == name


@pytest.mark.parametrize("name", ZONE_NAMES["refused"], ids=ascii)
def test_zone_is_refused(name: object) -> None:
    assert zone_of(name) is None


def test_the_zones_are_those_of_the_database() -> None:
    known = set(resources.files("tzdata").joinpath("zones").read_text().split())
    # The package may be newer than the list: what it has more must be added on both sides.
    assert known - {"Factory", "localtime", "posixrules"} == ZONES
