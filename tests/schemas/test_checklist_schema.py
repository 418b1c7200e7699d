import copy
import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from schemas.checklist import Checklist, SourceRef
from schemas.checklist_schema import ChecklistError, load_checklist, load_instruments
from schemas.errors import TrialObserverError
from schemas.extension import with_extension

PROVISIONS = {SourceRef("fictional", "1")}


def item(name: str, code: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"court.{name}",
        "code": code,
        "text": "Was it so?",
        "help": "",
        "scope": "hearing",
        "per": "none",
        "who": "observer",
        "proceedings": ["all"],
        "answer": "compliance",
        **more,
    }


def document() -> dict[str, Any]:
    choice = {"answer": "choice", "options": ["red", "blue"]}
    return {
        "schema": "trial-observation-checklist/2",
        "id": "fictional",
        "version": "1.0.0",
        "language": "en",
        "title": "Fictional",
        "conventions": [],
        "sections": [
            {
                "id": "court",
                "title": "Court",
                "stage": "hearing",
                "letter": "C",
                "items": [
                    item("gate", "C01", core=True, **choice),
                    item("gated", "C02", relevant_if={"item": "court.gate", "any_of": ["red"]}),
                    item("plain", "C03", sources=[["fictional", "1"]]),
                    item("urgent", "C04", critical=True, critical_on=["no"]),
                ],
            }
        ],
    }


def load(changed: dict[str, Any]) -> Checklist:
    return load_checklist(changed, "0" * 64, PROVISIONS)


def with_change(place: int, **more: Any) -> dict[str, Any]:
    changed = document()
    changed["sections"][0]["items"][place].update(more)
    return changed


def test_a_sound_checklist_loads_frozen() -> None:
    checklist = load(document())
    assert list(checklist.items) == ["court.gate", "court.gated", "court.plain", "court.urgent"]
    assert checklist.by_code["C03"].sources == (SourceRef("fictional", "1"),)
    assert checklist.gates == {"court.gate"}
    with pytest.raises(AttributeError):
        checklist.items["court.gate"].text = "Changed"  # type: ignore[misc]


GATE, GATED, PLAIN, URGENT = range(4)


@pytest.mark.parametrize(
    ("place", "change", "problem"),
    [
        (PLAIN, {"id": "court.gate"}, "court.gate: this id stands 2 times"),
        (PLAIN, {"code": "C01"}, "C01: this code stands 2 times"),
        (PLAIN, {"code": "D03"}, "court.plain: the code D03 is not of section C"),
        (PLAIN, {"code": "C3"}, "sections.0.items.2.code"),
        (PLAIN, {"colour": "red"}, "sections.0.items.2.colour: Unknown field"),
        (PLAIN, {"sources": [["fictional", "2"]]}, "court.plain: no provision fictional 2"),
        (PLAIN, {"sources": [["fictional"]]}, "sections.0.items.2.sources.0"),
        (PLAIN, {"options": ["red", "blue"]}, "court.plain: a compliance has no options"),
        (GATE, {"options": ["red"]}, "court.gate: a choice has at least two options"),
        (GATE, {"options": ["red", "red"]}, "court.gate: an option stands twice"),
        (GATE, {"options": ["red", "not_observed"]}, "court.gate: an option stands twice, or"),
        (GATE, {"answer": "multi", "options": []}, "court.gate: a multi has at least two"),
        (GATE, {"core": False}, "court.gate: a gate is core"),
        (GATE, {"who": "lead"}, "court.gated: its gate court.gate is not asked in court"),
        (GATED, {"scope": "case"}, "court.gated: its gate court.gate is answered anew"),
        (GATED, {"relevant_if": {"item": "court.no", "any_of": ["red"]}}, "does not exist"),
        (GATED, {"relevant_if": {"item": "court.gate", "any_of": ["green"]}}, "no option green"),
        (GATED, {"relevant_if": {"item": "court.gate", "any_of": []}}, "relevant_if.any_of"),
        (URGENT, {"critical_on": ["red"]}, "court.urgent: critical_on names red"),
        (URGENT, {"critical_on": []}, "court.urgent: critical and critical_on go together"),
        (PLAIN, {"proceedings": []}, "sections.0.items.2.proceedings"),
        (PLAIN, {"proceedings": ["all", "trial"]}, "all stands alone"),
        (PLAIN, {"proceedings": ["tea"]}, "proceedings"),
        (PLAIN, {"per": "judge"}, "sections.0.items.2.per"),
        (PLAIN, {"derived": "dream"}, "sections.0.items.2.derived"),
    ],
)
def test_an_unsound_item_is_refused(place: int, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ChecklistError, match=problem):
        load(with_change(place, **change))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_gates_do_not_form_a_circle(length: int) -> None:
    changed = document()
    items = changed["sections"][0]["items"]
    for place in range(length):
        following = items[(place + 1) % length]["id"]
        gate = {"item": following, "any_of": ["red"]}
        items[place] |= {"answer": "choice", "options": ["red", "blue"], "core": True}
        items[place]["relevant_if"] = gate
    with pytest.raises(ChecklistError, match="circle"):
        load(changed)


def test_every_problem_is_said_at_once() -> None:
    changed = with_change(PLAIN, code="C01", sources=[["fictional", "2"]])
    with pytest.raises(TrialObserverError) as raised:
        load(changed)
    assert isinstance(raised.value, ChecklistError)
    assert raised.value.problems == (
        "C01: this code stands 2 times",
        "court.plain: no provision fictional 2",
    )
    assert raised.value.as_json()["code"] == "bad_checklist"


def doubled(changed: dict[str, Any]) -> None:
    changed["sections"].append({**changed["sections"][0], "items": []})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (doubled, "court: this section stands 2 times; C: this letter stands 2 times"),
        (lambda changed: changed.pop("version"), "version: Missing data"),
        (lambda changed: changed.update(schema="other/1"), "schema: "),
        (lambda changed: changed.update(more=1), "more: Unknown field"),
    ],
)
def test_an_unsound_file_is_refused(change: Callable[[dict[str, Any]], Any], problem: str) -> None:
    changed = document()
    change(changed)
    with pytest.raises(ChecklistError, match=problem):
        load(changed)


@pytest.mark.parametrize("given", [None, [], "text", 3])
def test_what_is_no_object_is_refused(given: Any) -> None:
    with pytest.raises(ChecklistError):
        load_checklist(given, "0" * 64, PROVISIONS)


def test_instruments_stand_once() -> None:
    provision = {"ref": "1", "gist": "Invented", "checked": "needs_checking"}
    instrument = {
        "key": "fictional",
        "title": "Fictional",
        "body": "Nobody",
        "year": None,
        "kind": "treaty",
        "regions": ["universal"],
        "provisions": [provision, provision],
    }
    file = {"schema": "x", "note": "Fictional", "instruments": [instrument, instrument]}
    with pytest.raises(ChecklistError) as raised:
        load_instruments(file)
    assert raised.value.problems == (
        "fictional: this instrument stands 2 times",
        "fictional 1: this provision stands 4 times",
    )


def extension(**changes: Any) -> dict[str, Any]:
    return {
        "schema": "trial-observation-extension/1",
        "id": "fictional-more",
        "version": "1.0.0",
        "title": "Fictional with more",
        "extends": {"id": "fictional", "version": "1.0.0"},
        "sections": [{"id": "court", "items": [item("more", "C61")]}],
        **changes,
    }


def test_an_extension_adds_after_the_items_of_the_section() -> None:
    base = document()
    kept = copy.deepcopy(base)
    whole = load(json.loads(with_extension(base, extension())))
    assert base == kept
    assert (whole.id, whole.title) == ("fictional-more", "Fictional with more")
    assert list(whole.items)[-1] == "court.more"
    assert len(whole.items) == len(load(base).items) + 1


ADDED = {"id": "court", "items": [item("more", "C61")]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"extends": {"id": "other", "version": "1.0.0"}}, "meant for other, not for fictional"),
        ({"extends": {"id": "fictional", "version": "2"}}, "meant for 2, not for 1.0.0"),
        ({"sections": [{**ADDED, "id": "nowhere"}]}, "nowhere: there is no such section"),
        ({"sections": [ADDED, ADDED]}, "court: this section stands twice"),
        ({"sections": [{**ADDED, "items": []}]}, "sections.0.items"),
        ({"more": 1}, "more: Unknown field"),
    ],
)
def test_an_unsound_extension_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ChecklistError, match=problem):
        with_extension(document(), extension(**changes))


def test_a_code_of_the_base_is_not_used_again() -> None:
    again = extension(sections=[{"id": "court", "items": [item("more", "C01")]}])
    with pytest.raises(ChecklistError, match="C01: this code stands 2 times"):
        load(json.loads(with_extension(document(), again)))


def test_the_package_data_are_files_of_the_package() -> None:
    assert resources.files("schemas").joinpath("checklists", "published.json").is_file()
