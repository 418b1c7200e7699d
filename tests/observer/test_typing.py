"""Typing in from paper through the app: checked line by line, kept, and taken into the record."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from observer.app import create_app
from observer.profile import Home, enrol
from observer.workspace import Workspace
from schemas.library import default_checklist
from tests.observer.test_end_to_end import rows
from tests.review.hub_process import MISSION, Process, new_hub


@dataclass
class Desk:
    """A laptop's app asked without JavaScript, with an observation begun."""

    app: Flask
    observation: str
    hearing: str
    people: dict[str, str]

    @property
    def space(self) -> Workspace:
        """The app's workspace."""
        found: Workspace = self.app.extensions["workspace"]
        return found

    @property
    def path(self) -> str:
        """The page to type into."""
        return f"/observations/{self.observation}/type"

    def page(self) -> str:
        """What it says."""
        return self.app.test_client().get(self.path).text

    def type(self, *lines: str, **more: str) -> Any:
        """Type lines and press the button; gives the page that follows."""
        data = {"many": "\n".join(lines), **more}
        return self.app.test_client().post(self.path, data=data, follow_redirects=True)

    def values(self) -> dict[str, Any]:
        """The observation as it stands."""
        return dict(self.space.get("observation", self.observation).values)

    def entries(self) -> list[dict[str, Any]]:
        """The log in its order."""
        return [dict(entry) for _, entry in self.space.sitting(self.observation).entries]

    def lines(self) -> list[str]:
        """What is typed and not taken."""
        return list(self.space.drafts.lines(self.observation).values())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A fictional case with two accused and a witness."""
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    home = Home(tmp_path / "laptop")
    enrol(home, hub.invite(MISSION, "OBS-1", "observer", 600, process.address))
    process.stop()
    hub.close()
    app = create_app(home, {"WTF_CSRF_ENABLED": False, "TESTING": True})
    app.test_client().get("/")
    space: Workspace = app.extensions["workspace"]
    case = space.create("case", {"title": "Case (fictional)"})
    people = {
        code: space.create("person", {"case": case, "code": code, "role": role})
        for code, role in (("A1", "accused"), ("A2", "accused"), ("W1", "witness"))
    }
    day = {"date": "2026-03-02", "time_zone": "Europe/Berlin", "scheduled_at": "09:00"}
    hearing = space.create("hearing", {"case": case, "court": "Exampleton (fictional)", **day})
    client = app.test_client()
    begun = client.post(f"/hearings/{hearing}/observe", data={"mode": "quick", "then": "type"})
    observation = re.findall(r"/observations/([0-9a-f-]{36})/type", begun.location)[0]
    yield Desk(app, observation, hearing, people)
    space.close()


def test_lines_are_shown_before_they_are_taken_and_wrong_ones_stay(desk: Desk) -> None:
    page = desk.type("R01 y *", "B04 n 0915 the judge spoke of guilt", "R01 n 3", "nonsense <b>")
    assert "answers/presence.accused_present" not in desk.values()
    assert "All accused" in page.text
    assert "the judge spoke of guilt" in page.text
    assert "A3 is not here. Here are: A1, A2." in page.text
    assert "Begin with a code" in page.text
    assert "nonsense &lt;b&gt;" in page.text
    assert "2 lines need mending" in page.text
    submit = desk.app.test_client().get(f"/observations/{desk.observation}/submit").text
    assert "4 lines typed in from paper are not taken into the record." in submit
    page = desk.type(take="1")
    assert "2 lines are taken into the record." in page.text
    assert desk.lines() == ["R01 n 3", "nonsense <b>"]
    values = desk.values()
    assert values["answers/presence.accused_present"]["value"] == "yes"
    answer = values["answers/indep.no_bias_expressed"]
    (entry,) = answer["entries"]
    assert answer["value"] == "no"
    assert values[f"log/{entry}"]["text"] == "the judge spoke of guilt"


def test_a_line_is_mended_or_dropped_in_its_place(desk: Desk) -> None:
    desk.type("R01 n 3", "R01 y 1")
    first, second = desk.space.drafts.lines(desk.observation)
    desk.type(**{f"line/{first}": "R01 n 2 ~0930 led out", f"line/{second}": ""}, next="0945 s")
    assert desk.lines() == ["R01 n 2 ~0930 led out", "0945 s"]
    desk.type(take="1")
    answer = desk.values()[f"answers/presence.accused_present/{desk.people['A2']}"]
    assert answer["value"] == "no"
    entry = desk.values()[f"log/{answer['entries'][0]}"]
    assert entry["about"] == [desk.people["A2"]]
    assert entry["items"] == ["presence.accused_present"]
    assert entry["at_precision"] == "about"


@pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples:DeprecationWarning")
def test_time_in_court_and_time_of_entry_stay_apart(desk: Desk) -> None:
    desk.type("0915 s", "# n A1 asked for water", "1000 r adjournment", "1001 q I will not hear it")
    desk.type(take="1")
    entries = desk.entries()
    assert [entry["kind"] for entry in entries] == ["start", "note", "request", "quotation"]
    assert [entry["at"] for entry in entries] == [
        f"2026-03-02T{time}Z" for time in ("08:15:00", "08:15:00", "09:00:00", "09:01:00")
    ]
    assert [e["at_precision"] for e in entries] == ["exact", "order_only", "exact", "exact"]
    assert all(entry["entered_at"] > entry["at"] for entry in entries)
    assert {entry["via"] for entry in entries} == {"paper"}
    assert [entry["quote"] for entry in entries] == [False, False, False, True]
    desk.type("# n the guard returned", take="1")
    assert desk.entries()[-1]["text"] == "the guard returned"
    page = desk.app.test_client().get(f"/observations/{desk.observation}/log").text
    assert page.count("written later") == 5
    kept = dict(desk.space.sitting(desk.observation).entries)
    quoted = next(id_ for id_, entry in kept.items() if entry["kind"] == "quotation")
    edited = desk.app.test_client().post(
        f"/observations/{desk.observation}/log/{quoted}",
        data={
            **{k: kept[quoted][k] for k in ("kind", "at_precision", "basis", "via")},
            "text": "I shall not",
            "quote": "y",
        },
    )
    assert edited.status_code == 302
    assert desk.values()[f"log/{quoted}"]["text"] == "I shall not"


def test_typed_for_a_colleague(desk: Desk) -> None:
    assert desk.values()["observed_by"] == desk.values()["entered_by"] == "OBS-1"
    page = desk.type("R01 y *", observed_by="OBS-7")
    assert "Observed by OBS-7, typed in by OBS-1." in page.text
    assert (desk.values()["observed_by"], desk.values()["entered_by"]) == ("OBS-7", "OBS-1")
    page = desk.type("R01 n 1", observed_by="A. Person", take="1")
    assert "never a name" in page.text
    assert desk.values()["observed_by"] == "OBS-7"
    assert desk.lines() == ["R01 y *", "R01 n 1"]


def test_nothing_typed_is_lost_when_the_laptop_goes_off(desk: Desk) -> None:
    desk.type("B04 n 0915 words", "R01 n 3")
    lines = desk.space.drafts.lines(desk.observation)
    desk.type(take="1")
    before = desk.values()
    # The record was written, and the laptop went off before the lines were dropped.
    desk.space.drafts.keep_lines(desk.observation, lines)
    desk.type(take="1")
    after = desk.values()
    assert [path for path in after if path.startswith("log/")] == [
        path for path in before if path.startswith("log/")
    ]
    assert (
        after["answers/indep.no_bias_expressed"]["entries"]
        == (before["answers/indep.no_bias_expressed"]["entries"])
    )
    other = Workspace(desk.space.home)
    assert list(other.drafts.lines(desk.observation).values()) == ["R01 n 3"]
    other.close()


def test_lines_that_contradict_each_other(desk: Desk) -> None:
    page = desk.type("B04 y", "B04 n 0915 words", "B04 y").text
    assert page.count("says something else of the same") == 1


def test_what_should_be_looked_at_is_said(desk: Desk) -> None:
    desk.type("R01 y 1", "B04 y", take="1")
    page = desk.type("R01 n *", "T01 y 1", "B04 n 0915 words").text
    assert "rest on at least one log entry" in page
    assert "Those with an answer of their own keep it." in page
    assert "though the question does not apply now" in page
    assert "Replaces the answer given before: Yes." in page
    # The line that opens the question may come after it.
    assert "does not apply now" not in desk.type("P01 4 1").text


def test_more_lines_than_a_form_can_carry_are_not_dropped(desk: Desk) -> None:
    page = desk.type(*(f"0915 n line {number}" for number in range(310)))
    assert len(desk.lines()) == 300
    assert "0915 n line 309" in page.text
    assert "300 lines are here" in page.text
    desk.type(take="1")
    assert len(desk.entries()) == 300


def test_another_observers_record_takes_no_lines(desk: Desk) -> None:
    assert desk.app.test_client().get("/observations/none/type").status_code == 404


def test_persons_that_are_not_in_the_case_yet(desk: Desk) -> None:
    desk.space.edit("person", desk.people["W1"], {"withdrawn": {"reason": "made twice"}})
    page = desk.type("W06 1 1", "R01 y", "R01 y judge", "L01 9 1").text
    assert "Nobody whom W06 is asked of is in this case yet." in page
    assert "Write for whom" in page
    assert "JUDGE is not here" in page
    assert "1 Own lawyer" in page


def test_typed_lines_reach_the_tables(desk: Desk) -> None:
    desk.type("R01 n 2 0915 A2 was led out", "H12 2", "C06 2", observed_by="OBS-7", take="1")
    space = desk.space
    space.send_sitting(space.sitting(desk.observation))
    space.refresh()
    database = space.home.folder / f"{MISSION}.db"
    assert rows(database, "SELECT kind, local_time, via FROM log_entries") == [
        ("note", "09:15", "paper")
    ]
    assert rows(database, "SELECT item_id, value, entries FROM answers ORDER BY item_id") == [
        ("case.accused_count", "2", 0),
        ("hearing.outcome", "adjourned", 0),
        ("presence.accused_present", "no", 1),
    ]
    assert desk.values()["checklist"] == default_checklist().sha256
