"""A trial of forty: the same for all comes first, and an exception by choosing its person."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
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

# WTForms calls the tuples it is given old from 3.3 on; its types know nothing else yet.
pytestmark = pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples")
ITEM = "answers/person.features"


@dataclass(frozen=True)
class Trial:
    """An observation of a trial of several, and a browser without JavaScript."""

    client: FlaskClient
    space: Workspace
    observation: str
    people: list[str]

    def page(self) -> str:
        """The section on the accused."""
        return self.client.get(self._address("?section=person")).text

    def post(self, **fields: Any) -> str:
        """Save the section; the page that comes of it."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page())
        assert token
        data = {"csrf_token": token.group(1), **fields}
        address = self._address("/sections/person")
        return self.client.post(address, data=data, follow_redirects=True).text

    def fieldsets(self) -> set[str]:
        """The places of one question that the page has fields for."""
        return set(re.findall(rf'data-path="({ITEM}[^"]*)"', self.page()))

    def choice(self) -> str:
        """The list of persons of one question."""
        found = re.search(rf'<select name="different/{ITEM}".*?</select>', self.page())
        assert found
        return found.group()

    def _address(self, end: str) -> str:
        return f"/observations/{self.observation}{end}"


@pytest.fixture
def number() -> int:
    """How many are accused."""
    return 40


@pytest.fixture
def trial(tmp_path: Path, number: int) -> Iterator[Trial]:
    """A trial of so many."""
    home, device = Home(tmp_path), str(uuid7())
    home.key_path(device).parent.mkdir(parents=True)
    DeviceKey.generate().save(home.key_path(device))
    profile = Profile("measured", device, "OBS-1", "observer", True, "http://127.0.0.1", "")
    home.profile_path.write_text(json.dumps(asdict(profile)))
    app = create_app(home, {"TESTING": True})
    client = app.test_client()
    client.get("/")
    space: Workspace = app.extensions["workspace"]
    case = space.create("case", {"title": "Case (fictional)"})
    accused = [
        space.create("person", {"case": case, "code": f"A{one}", "role": "accused"})
        for one in range(1, number + 1)
    ]
    hearing = space.create("hearing", {"case": case, "date": "2026-03-02", "time_zone": "UTC"})
    made = space.create(
        "observation",
        {
            "case": case,
            "hearing": hearing,
            "checklist": default_checklist().sha256,
            "mode": "full",
            "observed_by": "OBS-1",
            "attendance": {"value": "observed"},
        },
    )
    yield Trial(client, space, made, accused)
    space.close()


def test_the_page_has_one_place_for_all_and_a_choice_of_persons(trial: Trial) -> None:
    assert trial.fieldsets() == {ITEM}
    assert trial.choice().count("<option") == 41


@pytest.mark.parametrize("number", [2, 6])
def test_of_few_each_has_a_place_at_once(trial: Trial) -> None:
    assert trial.fieldsets() == {ITEM, *(f"{ITEM}/{person}" for person in trial.people)}
    assert "<select name=" not in trial.page().partition('id="role"')[0]


def test_a_person_chosen_has_a_place_and_the_page_goes_there(trial: Trial) -> None:
    seventh = trial.people[6]
    page = trial.post(**{f"different/{ITEM}": seventh, "go": "person"})
    assert len(re.findall(r"\sautofocus", page)) == 1
    assert trial.fieldsets() == {ITEM, f"{ITEM}/{seventh}"}
    assert "autofocus" not in trial.page()
    assert (
        f'<option value="{seventh}">'
        not in re.search(rf'<select name="different/{ITEM}".*?</select>', trial.page()).group()
    )  # type: ignore[union-attr]


def test_choosing_a_person_saves_what_else_was_given(trial: Trial) -> None:
    trial.post(**{f"different/{ITEM}": trial.people[6], ITEM: "none", "go": "person"})
    sitting = trial.space.sitting(trial.observation)
    holder = sitting.holder("person.features").values
    assert holder[ITEM]["value"] == ["none"]
    assert f"{ITEM}/{trial.people[6]}" not in holder


def test_an_exception_is_kept_and_shown_again(trial: Trial) -> None:
    place = f"{ITEM}/{trial.people[6]}"
    trial.post(**{f"different/{ITEM}": trial.people[6], "go": "person"})
    trial.post(**{ITEM: "none", place: "detained", "present": place, "go": "person"})
    with trial.client.session_transaction() as session:
        del session["opened"]
    assert trial.fieldsets() == {ITEM, place}
    holder = trial.space.sitting(trial.observation).holder("person.features").values
    assert (holder[ITEM]["value"], holder[place]["value"]) == (["none"], ["detained"])


def test_an_exception_not_on_the_page_is_not_lost_by_saving(trial: Trial) -> None:
    place = f"{ITEM}/{trial.people[30]}"
    trial.post(**{place: "detained", "go": "person"})
    trial.post(**{ITEM: "none", "go": "person"})
    holder = trial.space.sitting(trial.observation).holder("person.features").values
    assert holder[place]["value"] == ["detained"]


def test_a_person_that_is_not_of_the_case_opens_nothing(trial: Trial) -> None:
    trial.post(**{f"different/{ITEM}": str(uuid7()), "go": "person"})
    assert trial.fieldsets() == {ITEM}


def test_only_so_many_empty_places_are_kept_open(trial: Trial) -> None:
    for person in trial.people[:20]:
        trial.post(**{f"different/{ITEM}": person, "go": "person"})
    assert len(trial.fieldsets()) == 1 + 12
