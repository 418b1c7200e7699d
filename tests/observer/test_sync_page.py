"""The page of headquarters: where each record stands, in words, and what the button does."""

import json
import re
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from observer.app import create_app
from observer.profile import Home, enrol
from observer.sending import Last, send_and_receive
from observer.workspace import Workspace
from review.hub import Hub
from tests.observer.test_relay import Relay, new_relay
from tests.review.hub_process import MISSION, Process, new_hub

# WTForms calls the tuples it is given old from 3.3 on; its types know nothing else yet.
pytestmark = pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples")


@dataclass
class LaterClock:
    """The machine's clock, moved on."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> str:
        """Now, as records write it."""
        moment = datetime.now(UTC) + self.ahead
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Laptop:
    """An observer's app with a case drafted, its clock, and its headquarters."""

    app: Flask
    space: Workspace
    clock: LaterClock
    hub: Hub
    process: Process
    case: str

    def page(self, address: str = "/sync") -> str:
        """What a page says."""
        answer = self.app.test_client().get(address)
        assert answer.status_code == 200, answer.text
        return unescape(re.sub(r"\s+", " ", answer.text))

    def press(self, **more: str) -> tuple[int, str]:
        """Press the button: the answer's status, and the page that one is led to."""
        client = self.app.test_client()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sync").text)
        assert token
        answer = client.post("/sync", data={"csrf_token": token.group(1), **more})
        if answer.status_code == 302:
            assert answer.location == "/sync"
            return 302, self.page()
        return answer.status_code, unescape(answer.text)


def laptop_at(folder: Path, hub: Hub, process: Process, address: str, author: str) -> Laptop:
    """An enrolled laptop with a case that is not sent."""
    home, clock = Home(folder), LaterClock()
    enrol(home, hub.invite(MISSION, author, "observer", 600, address))
    app = create_app(home, {"TESTING": True})
    space = app.extensions["workspace"] = Workspace(home, clock)
    case = space.create("case", {"title": "Case (fictional)"})
    return Laptop(app, space, clock, hub, process, case)


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    """One beside a running headquarters."""
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    made = laptop_at(tmp_path / "laptop", hub, process, process.address, "OBS-1")
    yield made
    made.space.close()
    process.stop()
    hub.close()


def test_from_a_draft_to_received_and_backed_up(laptop: Laptop) -> None:
    page = laptop.page()
    assert "It has not worked from this laptop yet." in page
    assert 'Case Case (fictional)</a><br><span class="hint">Draft here only<' in page
    status, page = laptop.press()
    assert status == 302
    assert "Last time it worked:" in page
    assert "(Europe/Berlin)" in page
    assert "Draft here only" in page, "a draft goes only when it is meant to"

    status, page = laptop.press(shared="1")
    assert status == 302
    assert "Sent: 1 new, 0 known already." in page
    assert "Received at headquarters<" in page
    assert "Headquarters has everything that you wrote here." in page
    with laptop.space.log.writing():
        laptop.space.log.set_meta({"backed_up_seq": str(10**6)})
    assert "Received at headquarters and backed up<" in laptop.page()
    laptop.space.edit("case", laptop.case, {"court": "Court (fictional)"})
    page = laptop.page()
    assert "Draft here only<" in page
    assert "Received at headquarters and backed up<" in page


def test_a_draft_of_an_observation_is_not_sent_by_the_button(laptop: Laptop) -> None:
    hearing = laptop.space.create("hearing", {"case": laptop.case, "date": "2026-03-02"})
    made = laptop.space.create("observation", {"case": laptop.case, "hearing": hearing})
    page = laptop.press(shared="1")[1]
    assert "My observation: Hearing of Mar 2, 2026, Case (fictional)" in page
    assert [record.id for record in laptop.space.unsent()] == [made]


def test_the_age_of_the_oldest_unsent_work(laptop: Laptop) -> None:
    laptop.clock.ahead = timedelta(hours=3)
    laptop.space.edit("case", laptop.case, {"court": "Court (fictional)"})
    said = "The oldest work that is only here has been here for 3 hours."
    assert said in laptop.page()
    assert "The oldest for 3 hours." in laptop.page("/")
    laptop.space.send(laptop.space.unsent())
    laptop.clock.ahead = timedelta(days=2, hours=3)
    page = laptop.page()
    assert "Saved and signed here, waits to be sent" in page
    assert "for 2 days" in page
    assert "1 change waits to be sent." in laptop.page("/")
    laptop.clock.ahead = timedelta()
    laptop.press()
    page = laptop.page("/")
    assert "wait" not in page
    assert "The oldest" not in page
    assert 'href="/sync"' in page


def test_offline_is_said_and_the_last_good_time_stays(laptop: Laptop) -> None:
    laptop.press(shared="1")
    laptop.process.stop()
    laptop.space.edit("case", laptop.case, {"court": "Court (fictional)"})
    laptop.space.send(laptop.space.unsent())
    status, page = laptop.press()
    assert status == 503
    assert re.search(r'role="alert">Headquarters was not reached.', page)
    assert "waits to be sent" in page
    assert "Last time it worked:" in laptop.page()
    assert "Headquarters was not reached." in laptop.page()
    laptop.process.start("--no-projecting")
    assert "not reached" not in laptop.press()[1]


def test_signed_out_is_said_plainly_and_keeps_nobody_from_writing(laptop: Laptop) -> None:
    laptop.press(shared="1")
    laptop.hub.revoke(MISSION, laptop.space.profile.device)
    status, page = laptop.press()
    assert status == 403
    assert "This laptop is signed out" in page
    assert "(device_revoked)" in page
    assert "Signed out; everything is saved here." in laptop.page("/")
    client = laptop.app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/cases/new").text)
    assert token
    data = {"csrf_token": token.group(1), "title": "Another (fictional)"}
    assert client.post("/cases/new", data=data).status_code == 302
    assert "Another (fictional)" in laptop.page()


def test_kept_apart_with_the_reason(laptop: Laptop, tmp_path: Path) -> None:
    laptop.press(shared="1")
    other = laptop_at(
        tmp_path / "other", laptop.hub, laptop.process, laptop.process.address, "OBS-2"
    )
    try:
        laptop.hub.assign(MISSION, laptop.case, "OBS-2")
        send_and_receive(other.space)
        laptop.hub.unassign(MISSION, laptop.case, "OBS-2")
        other.space.edit("case", laptop.case, {"court": "Court (fictional)"})
        page = other.press(shared="1")[1]
        assert "Somebody must look" in page
        assert "Kept apart by headquarters, does not count there: you may not write" in page
    finally:
        other.space.close()


def test_refused_with_the_reason(laptop: Laptop) -> None:
    """As a conversation leaves it in which headquarters stopped at a number of this device."""
    laptop.space.send(laptop.space.unsent())
    stop = {"seq": 1, "code": "chain_broken", "error": "It does not follow (fictional)."}
    last = Last(laptop.clock(), stopped={laptop.space.profile.device: stop})
    with laptop.space.log.writing():
        laptop.space.log.set_meta({"last_exchange": json.dumps(asdict(last))})
    page = laptop.page()
    assert "Refused by headquarters, kept here: It does not follow (fictional)." in page
    assert "Somebody must look" in page
    laptop.press()
    assert "Refused" not in laptop.page()


def test_what_came_in_is_said(laptop: Laptop, tmp_path: Path) -> None:
    laptop.press(shared="1")
    other = laptop_at(
        tmp_path / "other", laptop.hub, laptop.process, laptop.process.address, "OBS-2"
    )
    try:
        laptop.hub.assign(MISSION, laptop.case, "OBS-2")
        page = other.press()[1]
        assert "Came in: 1 change to cases" in page
        assert "Nothing new came in." in other.press()[1]
    finally:
        other.space.close()


def test_sent_to_the_relay_while_headquarters_is_away(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    relay: Relay = new_relay(tmp_path / "relay", hub, process)
    relay.start()
    made = laptop_at(tmp_path / "laptop", hub, process, relay.address, "OBS-1")
    try:
        made.press()
        process.stop(signal.SIGKILL)
        made.press(shared="1")
        assert "Sent to the relay, not known to be at headquarters yet" in made.page()
        assert "The oldest work that is only here" in made.page()
    finally:
        made.space.close()
        relay.end()
        process.stop()
        hub.close()
