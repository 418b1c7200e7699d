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


def test_there_are_vectors_enough() -> None:
    names = [vector["name"] for vector in VECTORS["cases"]]
    assert len(names) >= 20
    assert len(set(names)) == len(names)


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
    assert len(result.missing) == (len(unanswered) if held else 0)
    assert all(t.state == "answered" for t in result.critical)
    everything = keys(result.missing + result.inconsistent)
    assert all(KEY.fullmatch(key) for key in everything)
    assert len(set(everything)) == len(everything)
    excused = {**observation, **{f"overrides/{key}": {"reason": "said"} for key in everything}}
    assert result.blocking(excused) == ()
    assert keys(result.blocking(observation)) == everything
