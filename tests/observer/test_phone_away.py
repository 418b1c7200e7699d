"""A phone handed in and got back, in the laptop's log."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from uuid6 import uuid7

from observer.app import create_app
from observer.profile import Home, Profile
from observer.workspace import Workspace
from schemas.late import HANDED_IN, RETURNED
from schemas.library import default_checklist
from sync.keys import DeviceKey


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[tuple[Workspace, FlaskClient]]:
    """A laptop's workspace, and a browser without JavaScript."""
    home, device = Home(tmp_path), str(uuid7())
    home.key_path(device).parent.mkdir(parents=True)
    DeviceKey.generate().save(home.key_path(device))
    profile = Profile("measured", device, "OBS-1", "observer", True, "http://127.0.0.1", "")
    home.profile_path.write_text(json.dumps(asdict(profile)))
    app = create_app(home, {"TESTING": True})
    client = app.test_client()
    client.get("/")
    space: Workspace = app.extensions["workspace"]
    yield space, client
    space.close()


@pytest.fixture
def space(laptop: tuple[Workspace, FlaskClient]) -> Workspace:
    """The workspace."""
    return laptop[0]


@pytest.fixture
def client(laptop: tuple[Workspace, FlaskClient]) -> FlaskClient:
    """The browser."""
    return laptop[1]


def observation(space: Workspace, *entries: tuple[str, str, str]) -> str:
    """An observation with log entries: kind, time in court, time of entry."""
    case = space.create("case", {"title": "Case (fictional)"})
    hearing = space.create("hearing", {"case": case, "date": "2026-03-02", "time_zone": "UTC"})
    log: dict[str, Any] = {
        f"log/{uuid7()}": {
            "kind": kind,
            "text": f"{kind} at {at}",
            "at": f"2026-03-02T{at}:00Z",
            "at_precision": "exact",
            "entered_at": f"2026-03-02T{entered}:00Z",
        }
        for kind, at, entered in entries
    }
    checklist = default_checklist().sha256
    return space.create(
        "observation",
        {
            "case": case,
            "hearing": hearing,
            "checklist": checklist,
            "mode": "full",
            "attendance": {"value": "observed"},
            **log,
        },
    )


def listed(client: FlaskClient, record: str) -> str:
    """The page of the log."""
    return client.get(f"/observations/{record}/log").text


def late(page: str) -> list[str]:
    """The texts of the entries that the page marks as late."""
    return [item for item in re.findall(r"<li id.*?</li>", page, re.S) if "written later" in item]


def test_what_waited_for_the_phone_is_late_and_the_log_says_why(
    space: Workspace, client: FlaskClient
) -> None:
    record = observation(
        space,
        ("start", "09:00", "09:00"),
        (HANDED_IN, "09:10", "09:10"),
        ("note", "09:15", "09:29"),
        (RETURNED, "09:25", "09:25"),
        ("ruling", "09:28", "09:29"),
    )
    page = listed(client, record)
    assert "Phone away from 09:10 to 09:25" in page
    (marked,) = late(page)
    assert "note at 09:15" in marked


def test_a_phone_that_is_not_back_is_a_hint(space: Workspace, client: FlaskClient) -> None:
    record = observation(space, (HANDED_IN, "09:10", "09:10"), ("note", "09:15", "09:29"))
    page = listed(client, record)
    assert "Phone away since 09:10" in page
    assert not late(page)
    assert "Phone handed in" in page
    assert "Phone away" not in client.get(f"/observations/{record}/submit").text


def test_both_are_stamped_with_one_tap(space: Workspace, client: FlaskClient) -> None:
    record = observation(space)
    for kind in (HANDED_IN, RETURNED):
        token = re.search(r'name="csrf_token" value="([^"]+)"', listed(client, record))
        assert token
        data = {"csrf_token": token.group(1), "kind": kind}
        assert client.post(f"/observations/{record}/log", data=data).status_code == 302
    kinds = {entry["kind"] for _id, entry in space.sitting(record).entries}
    assert kinds == {HANDED_IN, RETURNED}
