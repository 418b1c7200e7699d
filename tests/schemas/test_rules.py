import json
import re
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.library import default_checklist
from schemas.rules import Assessment, Problem, Target, assess

VECTORS = json.loads(resources.files("schemas").joinpath("vectors", "rules.json").read_bytes())
ACCUSED = [{"id": f"p-a{n}", "role": "accused", "code": f"A{n}"} for n in (1, 2)]
KEY = re.compile(r"[a-z_][a-z0-9_./-]*")


def judged(vector: dict[str, Any]) -> Assessment:
    return assess(
        default_checklist(),
        vector["case"],
        VECTORS["hearing"],
        vector["persons"],
        vector["observation"],
    )


def name(target: Target) -> str:
    return f"{target.item}/{target.person}" if target.person else target.item


def keys(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.key for problem in problems]


@pytest.mark.parametrize("vector", VECTORS["cases"], ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    result, expect = judged(vector), vector["expect"]
    states = {name(t): t.state for t in result.targets}
    blocking = keys(result.blocking(vector["observation"]))
    assert sorted(keys(result.inconsistent)) == sorted(expect["inconsistent"])
    assert {k: states.get(k) for k in expect.get("states", {})} == expect.get("states", {})
    assert not set(expect.get("absent", ())) & set(states)
    assert len(states) == expect.get("targets", len(states))
    assert set(expect.get("missing_has", ())) <= set(keys(result.missing))
    assert not set(expect.get("missing_lacks", ())) & set(keys(result.missing))
    assert keys(result.missing) == expect.get("missing", keys(result.missing))
    critical = [name(t) for t in result.critical]
    assert critical == expect.get("critical", critical)
    assert set(expect.get("blocking_has", ())) <= set(blocking)
    assert not set(expect.get("blocking_lacks", ())) & set(blocking)
    for section, flagged in expect.get("flagged", {}).items():
        assert result.sections[section].flagged == flagged


CODES = {
    "no_entry",
    "entry_unknown",
    "bad_value",
    "end_before_start",
    "next_date_past",
    "absent_but_present",
    "counsel_contradiction",
    "in_absentia_but_present",
    "all_not_observed",
    "not_in_force",
}


def test_the_vectors_have_every_code() -> None:
    names = [vector["name"] for vector in VECTORS["cases"]]
    assert len(set(names)) == len(names)
    expected = [vector["expect"] for vector in VECTORS["cases"]]
    assert {key.split("/")[0] for one in expected for key in one["inconsistent"]} == CODES
    missing = {key.split("/")[0] for one in expected for key in one.get("missing_has", ())}
    assert missing == {"unanswered", "no_accused"}


NOT_HELD = {"hearing.outcome", "hearing.adjournment_reason", "hearing.next_date"}
ITEMS = list(default_checklist().items.values())


@st.composite
def records(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A case and an observation with answers of the right and of wrong shapes."""
    case: dict[str, Any] = {}
    observation: dict[str, Any] = {
        "attendance": {"value": draw(st.sampled_from(["observed", "not_held", "not_admitted"]))},
        "mode": draw(st.sampled_from(["full", "quick"])),
    }
    junk = st.sampled_from(
        [None, "yes", "no", "not_observed", ["none"], [], 3, {"time": "9"}, [{}]]
    )
    for item in draw(st.lists(st.sampled_from(ITEMS), max_size=25)):
        options = st.lists(st.sampled_from(item.choices or ("yes",)), max_size=3)
        value = draw(junk | options | st.sampled_from(item.choices or ("yes",)))
        person = draw(st.sampled_from(["", "/p-a1", "/p-a2"])) if item.per != "none" else ""
        record = case if item.scope == "case" else observation
        record[f"answers/{item.id}{person}"] = {"value": value}
    return case, observation


@settings(max_examples=60, deadline=None)
@given(records())
def test_laws_of_any_assessment(drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
    case, observation = drawn
    result = assess(default_checklist(), case, VECTORS["hearing"], ACCUSED, observation)
    asked = [t for t in result.targets if t.state != "not_asked"]
    assert sum(p.total for p in result.sections.values()) == len(asked)
    assert all(0 <= p.answered <= p.total for p in result.sections.values())
    unanswered = [t for t in asked if t.state == "unanswered"]
    held = observation["attendance"]["value"] == "observed"
    assert held or {t.item for t in asked} <= NOT_HELD
    assert len(result.missing) == (len(unanswered) if held else 0)
    assert all(t.state == "answered" for t in result.critical)
    everything = keys(result.missing + result.inconsistent)
    assert all(KEY.fullmatch(key) for key in everything)
    assert len(set(everything)) == len(everything)
    excused = {**observation, **{f"overrides/{key}": {"reason": "said"} for key in everything}}
    assert result.blocking(excused) == ()
    assert keys(result.blocking(observation)) == everything


@st.composite
def logged(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Records with a log as well, some of whose times contradict each other."""
    case, observation = draw(records())
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["start", "end", "note"]))
        at = f"2026-03-02T0{draw(st.integers(0, 9))}:00:00Z"
        observation[f"log/00000000-0000-4000-8000-00000000000{number}"] = {"kind": kind, "at": at}
    return case, observation


@settings(max_examples=60, deadline=None)
@given(st.data(), logged())
def test_the_order_in_which_fields_arrive_is_nothing(
    data: st.DataObject, drawn: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    case, observation = drawn
    mixed = [data.draw(st.permutations(sorted(record))) for record in drawn]
    again = [{p: r[p] for p in order} for r, order in zip(drawn, mixed, strict=True)]
    hearing = VECTORS["hearing"]
    first = assess(default_checklist(), case, hearing, ACCUSED, observation)
    assert assess(default_checklist(), again[0], hearing, ACCUSED, again[1]) == first
    assert drawn == (case, observation)


def opened_by(item: str) -> set[str]:
    """The item and all that its answer opens, and what that opens."""
    found = {item}
    for other in ITEMS * 3:
        if other.relevant_if and other.relevant_if.item in found:
            found.add(other.id)
    return found


# Their answers are compared with each other, so that one answer changes what is said of another.
COMPARED = [
    {"hearing.parties_present", "hearing.absent_no_reason", "person.features"},
    {"hearing.parties_present", "counsel.represented"},
    {"hearing.start_time", "hearing.end_time"},
]


@settings(max_examples=150, deadline=None)
@given(st.data(), records())
def test_an_answer_changes_problems_of_related_items_only(
    data: st.DataObject, drawn: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    case, observation = drawn
    before = assess(default_checklist(), case, VECTORS["hearing"], ACCUSED, observation)
    shown = [t for t in before.targets if t.state == "unanswered" and t.item != "hearing.kind"]
    if not shown:
        return
    target = data.draw(st.sampled_from(shown))
    item = default_checklist().items[target.item]
    value = data.draw(st.sampled_from([*item.choices, "not_observed"]))
    answer = {"value": [value] if item.answer == "multi" and value in item.options else value}
    changed = {f"answers/{name(target)}": answer}
    if item.scope == "case":
        case = {**case, **changed}
    else:
        observation = {**observation, **changed}
    after = assess(default_checklist(), case, VECTORS["hearing"], ACCUSED, observation)
    related = opened_by(item.id).union(*(group for group in COMPARED if item.id in group), {""})

    def others(result: Assessment) -> set[Problem]:
        return {p for p in result.missing + result.inconsistent if p.item not in related}

    assert others(after) == others(before)
    assert not {p for p in after.missing if (p.item, p.person) == (target.item, target.person)}


@settings(max_examples=60, deadline=None)
@given(records())
def test_what_is_missing_is_asked_in_court_and_its_gate_is_open(
    drawn: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    case, observation = drawn
    result = assess(default_checklist(), case, VECTORS["hearing"], ACCUSED, observation)
    values = {(t.item, t.person): t.values for t in result.targets if t.state == "answered"}
    for problem in result.missing:
        item = default_checklist().items[problem.item]
        assert item.who == "observer"
        assert (item.per == "none") == (problem.person == "")
        if item.relevant_if:
            gate = default_checklist().items[item.relevant_if.item]
            whose = problem.person if gate.per == item.per else ""
            assert set(item.relevant_if.any_of) & set(values[gate.id, whose])
