"""A new hearing takes the zones and days that the phone takes; its log has one order."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from uuid6 import uuid7

from observer.app import create_app
from observer.profile import Home, Profile
from observer.workspace import Workspace
from schemas.library import default_checklist
from sync.keys import DeviceKey

ZONES = json.loads(resources.files("schemas").joinpath("vectors", "zones.json").read_bytes())
# A form sends texts, and blanks around what is typed are not meant.
REFUSED = [z for z in ZONES["refused"] if isinstance(z, str) and z.strip() not in ZONES["taken"]]


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, FlaskClient]]:
    """A laptop's workspace, and a browser without JavaScript."""
    folder: Path = tmp_path_factory.mktemp("laptop")
    home, device = Home(folder), str(uuid7())
    home.key_path(device).parent.mkdir(parents=True)
    DeviceKey.generate().save(home.key_path(device))
    profile = Profile("measured", device, "OBS-1", "observer", True, "http://127.0.0.1", "")
    home.profile_path.write_text(json.dumps(asdict(profile)))
    app = create_app(home, {"TESTING": True, "WTF_CSRF_ENABLED": False})
    client = app.test_client()
    client.get("/")
    space: Workspace = app.extensions["workspace"]
    yield space, client
    space.close()


def made(laptop: tuple[Workspace, FlaskClient], **typed: str) -> dict[str, Any] | None:
    """The hearing that came of it, if one did."""
    space, client = laptop
    case = space.create("case", {"title": "Case (fictional)"})
    form = {"date": "2026-03-02", "time_zone": "UTC", **typed}
    answer = client.post(f"/cases/{case}/hearings/new", data=form)
    found = space.of_case("hearing", case)
    assert (answer.status_code, len(found)) in ((302, 1), (200, 0))
    return dict(found[0].values) if found else None


@pytest.mark.parametrize("zone", [*ZONES["taken"], " Europe/Vienna "])
def test_zone_is_taken(laptop: tuple[Workspace, FlaskClient], zone: str) -> None:
    hearing = made(laptop, time_zone=zone)
    assert hearing is not None
    assert hearing["time_zone"] == zone.strip()


@pytest.mark.parametrize("zone", REFUSED, ids=ascii)
def test_zone_is_refused(laptop: tuple[Workspace, FlaskClient], zone: str) -> None:
    assert made(laptop, time_zone=zone) is None


@pytest.mark.parametrize("day", ["20260302", "2026-W10-1", "2026-02-30", "2026-3-2"])
def test_only_a_plain_day_is_taken(laptop: tuple[Workspace, FlaskClient], day: str) -> None:
    assert made(laptop, date=day) is None


def test_entries_of_one_instant_follow_their_ids(laptop: tuple[Workspace, FlaskClient]) -> None:
    space, _client = laptop
    case = space.create("case", {"title": "Case (fictional)"})
    hearing = space.create("hearing", {"case": case, "date": "2026-03-02", "time_zone": "UTC"})
    first, second, third = sorted(str(uuid7()) for _ in range(3))
    log = {
        f"log/{third}": {"kind": "note", "at": "2026-03-02T09:00:00.000Z"},
        f"log/{second}": {"kind": "note", "at": "2026-03-02T10:00:00+01:00"},
        f"log/{first}": {"kind": "note", "at": "2026-03-02T09:00:00Z"},
    }
    told = {"checklist": default_checklist().sha256, "mode": "full"}
    observation = space.create("observation", {"case": case, "hearing": hearing, **told, **log})
    entries = space.sitting(observation).entries
    assert [id_ for id_, _entry in entries] == [first, second, third]
