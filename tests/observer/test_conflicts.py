"""Two laptops write one case without knowing of each other, and a person settles it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from observer.app import create_app
from observer.conflicts import open_conflicts
from observer.profile import Home, enrol
from observer.sending import send_and_receive
from observer.workspace import Record, Workspace
from review.hub import Hub
from schemas.library import default_checklist
from tests.review.hub_process import MISSION, Process, new_hub

# WTForms calls the tuples it is given old from 3.3 on; its types know nothing else yet.
pytestmark = pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples")
CHARGES = "answers/case.charges"


@dataclass
class Laptop:
    """An observer's app, asked in this process."""

    app: Flask

    @property
    def space(self) -> Workspace:
        """The app's workspace."""
        found: Workspace = self.app.extensions["workspace"]
        return found

    def page(self, address: str) -> str:
        """What a page says."""
        answer = self.app.test_client().get(address)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def press(self, address: str, words: str) -> str:
        """Press the button of a version on a page, without JavaScript; the page that comes."""
        client = self.app.test_client()
        page = client.get(address).text
        choices = re.findall(r'name="keep" value="([^"]+)">Keep this one<[^>]+>: ([^<]*)<', page)
        (choice,) = [choice for choice, told in choices if words in told]
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token
        data = {"csrf_token": token.group(1), "keep": unescape(choice)}
        assert client.post("/conflicts", data={"keep": choice}).status_code == 400
        answer = client.post("/conflicts", data=data, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def send(self) -> None:
        """Send everything that is here, and fetch."""
        self.space.send(self.space.unsent())
        found = send_and_receive(self.space)
        assert found.pushed.clean


@dataclass
class Team:
    """Two observers of one case."""

    hub: Hub
    one: Laptop
    two: Laptop
    case: str
    hearing: str
    person: str

    def record(self, laptop: Laptop, kind: str = "case") -> Record:
        """The shared record of a kind on a laptop."""
        return laptop.space.get(kind, getattr(self, kind))

    def differ(self, kind: str, path: str, first: Any, second: Any) -> None:
        """Both write a field, offline; then each sends and fetches."""
        record = getattr(self, kind)
        self.one.space.edit(kind, record, {path: first})
        self.two.space.edit(kind, record, {path: second})
        for laptop in (self.one, self.two):
            laptop.space.send(laptop.space.unsent())
        self.exchange()
        for laptop in (self.one, self.two):
            assert path in self.record(laptop, kind).sent.conflicts

    def exchange(self) -> None:
        """All that was sent is everywhere."""
        for laptop in (self.one, self.two, self.one):
            laptop.send()


def laptop_of(hub: Hub, process: Process, folder: Path, author: str) -> Laptop:
    """An enrolled laptop's app."""
    home = Home(folder / author)
    enrol(home, hub.invite(MISSION, author, "observer", 600, process.address))
    app = create_app(home, {"TESTING": True})
    app.test_client().get("/")
    return Laptop(app)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Both have the case, its hearing and its accused."""
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    one, two = (laptop_of(hub, process, tmp_path, author) for author in ("OBS-1", "OBS-2"))
    case = one.space.create("case", {"title": "Case (fictional)", "court": "First"})
    hearing = one.space.create(
        "hearing", {"case": case, "date": "2026-03-02", "time_zone": "Asia/Tokyo", "room": "1"}
    )
    person = one.space.create("person", {"case": case, "code": "A1", "role": "accused"})
    one.send()
    hub.assign(MISSION, case, "OBS-2")
    made = Team(hub, one, two, case, hearing, person)
    made.exchange()
    yield made
    one.space.close()
    two.space.close()
    process.stop()
    hub.close()


def observe(laptop: Laptop, team: Team) -> str:
    """Begin an observation of the hearing."""
    return laptop.space.create(
        "observation",
        {
            "case": team.case,
            "hearing": team.hearing,
            "mode": "full",
            "checklist": default_checklist().sha256,
            "observed_by": laptop.space.profile.author,
            "attendance": {"value": "observed"},
        },
    )


@pytest.mark.parametrize(
    ("kind", "path", "first", "second", "words"),
    [
        ("case", "court", "North Court", "South Court", ("North Court", "South Court")),
        ("hearing", "date", "2026-03-03", "2026-03-04", ("Mar 3, 2026", "Mar 4, 2026")),
        ("hearing", "room", None, "7", ("Cleared", "7")),
        ("person", "role", "witness", "victim", ("Witness", "Victim")),
    ],
)
@pytest.mark.parametrize("chosen", [0, 1])
def test_every_version_is_shown_and_one_tap_keeps_one(
    team: Team, kind: str, path: str, first: Any, second: Any, words: Any, chosen: int
) -> None:
    team.differ(kind, path, first, second)
    laptop = team.two
    address = f"/hearings/{team.hearing}" if kind == "hearing" else f"/cases/{team.case}"
    page = laptop.page(address)
    for each in (*words, "OBS-1", "OBS-2 (you)"):
        assert each in page
    at = team.record(laptop, kind).sent.conflicts[path][0].recorded_at
    assert f"{(int(at[11:13]) + 9) % 24:02}:{at[14:16]}</time>" in page  # Tokyo has no summer time
    home = laptop.page("/")
    assert "1 field has different versions" in home
    assert f'href="{address}#conflict-{getattr(team, kind)}-{path}"' in home

    after = laptop.press(address, words[chosen])
    assert "Settled here" in after
    assert "Kept" in after
    value = (first, second)[chosen]
    assert team.record(laptop, kind).dirty == {path: value}
    assert "different versions" not in laptop.page("/")
    assert not open_conflicts(laptop.space)
    team.exchange()
    for each in (team.one, team.two):
        folded = team.record(each, kind).sent
        assert not folded.conflicts
        assert folded.values.get(path) == value
        assert "Keep this one" not in each.page(address)
    log = team.hub.log(MISSION)
    heads = [change.author for change in log.changes_of(getattr(team, kind))]
    log.close()
    assert heads[-1] == "OBS-2"


def answer(value: Any, comment: str = "") -> dict[str, Any]:
    """An answer as the form writes it."""
    made = {"value": value, "entries": [], "comment": comment}
    return {**made, "answered_at": "2026-03-02T09:30:00.000Z"}


def test_an_answer_on_the_card_is_kept_with_the_rest_of_the_section(team: Team) -> None:
    observation = observe(team.one, team)
    theft, fraud = answer("Theft"), answer("Fraud", "As read out (fictional).")
    team.differ("case", CHARGES, theft, fraud)
    address = f"/observations/{observation}?section=case"
    page = team.one.page(address)
    card = page[page.index('id="q-case.charges"') :].split("</section>")[0]
    for words in ("Theft", "Fraud", "OBS-1 (you)", "OBS-2", "As read out (fictional)."):
        assert words in card
    client = team.one.app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(address).text)
    choice = re.findall(r'name="keep" value="([^"]+)">Keep this one<[^>]+>: Theft', page)
    assert token
    saved = client.post(
        f"/observations/{observation}/sections/case",
        data={
            "csrf_token": token.group(1),
            "keep": choice[0],
            CHARGES: "Fraud",
            "answers/case.accused_count": "3",
        },
    )
    assert saved.location.endswith("section=case#q-case.charges")
    dirty = team.record(team.one).dirty
    assert dirty[CHARGES] == theft
    assert dirty["answers/case.accused_count"]["value"] == 3
    team.exchange()
    assert not team.record(team.two).sent.conflicts
    assert team.record(team.two).values[CHARGES] == theft


def test_saving_a_section_as_shown_settles_nothing_and_another_answer_does(team: Team) -> None:
    observation = observe(team.one, team)
    team.differ("case", CHARGES, answer("Theft"), answer("Fraud"))
    client = team.one.app.test_client()
    address = f"/observations/{observation}"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(address).text)
    assert token
    shown = team.record(team.one).values[CHARGES]["value"]
    data = {"csrf_token": token.group(1), CHARGES: shown}
    client.post(f"{address}/sections/case", data=data)
    assert len(open_conflicts(team.one.space)) == 1
    client.post(f"{address}/sections/case", data={**data, CHARGES: "Robbery"})
    assert not open_conflicts(team.one.space)
    assert "what you wrote since" in team.one.page(f"{address}?section=case")
    team.exchange()
    assert team.record(team.two).values[CHARGES]["value"] == "Robbery"


def test_a_draft_older_than_a_version_settles_nothing(team: Team) -> None:
    """Who wrote it did not see what they would put aside."""
    for laptop, court in ((team.one, "North Court"), (team.two, "South Court")):
        laptop.space.edit("case", team.case, {"court": court})
        laptop.space.send(laptop.space.unsent())
    team.one.space.edit("case", team.case, {"court": "East Court"})
    for laptop in (team.one, team.two, team.one):
        send_and_receive(laptop.space)
    assert [each.path for each in open_conflicts(team.one.space)] == ["court"]
    assert "1 field has different versions" in team.one.page("/")


def test_what_was_settled_elsewhere_meanwhile_is_said(team: Team) -> None:
    team.differ("case", "court", "North Court", "South Court")
    address = f"/cases/{team.case}"
    client = team.one.app.test_client()
    page = client.get(address).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    choice = re.search(r'name="keep" value="([^"]+)"', page)
    assert token
    assert choice
    team.two.press(address, "South Court")
    team.exchange()
    data = {"csrf_token": token.group(1), "keep": choice.group(1)}
    refused = client.post("/conflicts", data=data)
    assert refused.status_code == 404
    assert "settled this meanwhile" in refused.text
    for bad in ("", "x", f"{team.case}/x", f"{team.case}/x/court"):
        assert client.post("/conflicts", data={**data, "keep": bad}).status_code == 404


def test_two_observers_of_one_hearing_are_two_observations(team: Team) -> None:
    observations = [observe(laptop, team) for laptop in (team.one, team.two)]
    for laptop, made, kind in zip(
        (team.one, team.two), observations, ("trial", "appeal"), strict=True
    ):
        path = "answers/hearing.kind"
        laptop.space.edit("observation", made, {path: answer([kind])})
    team.exchange()
    for laptop in (team.one, team.two):
        assert not open_conflicts(laptop.space)
        assert "different versions" not in laptop.page("/")
