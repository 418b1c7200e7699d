import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema

from schemas.answers import answer_schema, check_answer, compile_checker
from schemas.checklist import SPECIAL, Item
from schemas.library import default_checklist, extended_checklist

CHECKLIST = extended_checklist()
VECTORS = json.loads(resources.files("schemas").joinpath("vectors", "answers.json").read_bytes())
ENTRY = "00000000-0000-4000-8000-000000000001"
SCHEMAS: dict[str, Schema] = {item.id: answer_schema(item) for item in CHECKLIST.items.values()}

JUNK = (
    st.none()
    | st.booleans()
    | st.integers(-3, 2_000_000)
    | st.text(max_size=12)
    | st.lists(st.text(max_size=6) | st.integers(), max_size=3)
    | st.dictionaries(st.sampled_from(["time", "precision", "value"]), st.text(max_size=5))
)
MOMENTS = st.sampled_from(
    [
        "2026-03-02",
        "2026-02-30",
        "2026-03-02T09:30",
        "09:30",
        "24:00",
        "0٩:30",
        "2026-03-02\n",
        {"time": "09:30", "precision": "about"},
        {"time": "09:30", "precision": "exact"},
        {"time": "09:30"},
    ]
)


def values(item: Item) -> st.SearchStrategy[Any]:
    """Values that fit the item, nearly fit it, and do not."""
    words = st.sampled_from((*item.choices, *SPECIAL, "yes", "none"))
    return words | st.lists(words, max_size=4) | MOMENTS | JUNK


@st.composite
def answers(draw: st.DrawFn, item: Item) -> Any:
    """An answer with each of its keys sound, unsound or left out."""
    parts = {
        "value": values(item),
        "entries": st.lists(st.sampled_from([ENTRY, "e1", ENTRY + "\n"]), max_size=2) | JUNK,
        "comment": st.sampled_from(["", "x" * 10_000, "x" * 10_001]) | JUNK,
        "answered_at": st.sampled_from(["2026-03-02T10:00:00+01:00", "2026-03-02T10:00:00"]) | JUNK,
        "more": JUNK,
    }
    usual = ["value", "entries", "comment", "answered_at"]
    names = draw(st.lists(st.sampled_from([*usual, *usual, "more"]), unique=True))
    return draw(JUNK) if draw(st.integers(0, 15)) == 0 else {n: draw(parts[n]) for n in names}


@pytest.mark.parametrize("vector", VECTORS["cases"], ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    item = CHECKLIST.items[vector["item"]]
    assert check_answer(item, vector["answer"]) == vector["problems"]
    assert (not SCHEMAS[item.id].validate(vector["answer"])) == (not vector["problems"])


def test_the_vectors_have_every_kind_and_every_code() -> None:
    names = [vector["name"] for vector in VECTORS["cases"]]
    assert len(set(names)) == len(names)
    kinds = {CHECKLIST.items[vector["item"]].answer for vector in VECTORS["cases"]}
    assert kinds == {item.answer for item in CHECKLIST.items.values()}
    assert {code for vector in VECTORS["cases"] for code in vector["problems"]} == {
        "wrong_keys",
        "bad_value",
        "not_an_option",
        "none_excludes_others",
        "bad_entries",
        "bad_comment",
        "bad_answered_at",
    }


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_loop_and_the_schema_are_one_law(data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(list(CHECKLIST.items.values())))
    answer = data.draw(answers(item))
    assert (not check_answer(item, answer)) == (not SCHEMAS[item.id].validate(answer))


@pytest.mark.parametrize("item", CHECKLIST.items.values(), ids=lambda item: item.id)
def test_every_item_takes_its_options_and_could_not_tell(item: Item) -> None:
    for value in (*item.choices, *SPECIAL):
        chosen = [value] if item.answer == "multi" and value not in SPECIAL else value
        answer = {"value": chosen, "entries": [ENTRY]}
        assert check_answer(item, answer) == []
        assert SCHEMAS[item.id].validate(answer) == {}


@pytest.mark.parametrize(
    ("path", "answer", "problems"),
    [
        ("answers/hearing.kind", {"value": ["trial"]}, []),
        (f"answers/counsel.represented/{ENTRY}", {"value": "legal_aid"}, []),
        ("answers/counsel.represented", {"value": "legal_aid"}, []),
        ("answers/counsel.represented", {"value": "yes"}, ["not_an_option"]),
        (f"answers/hearing.kind/{ENTRY}", {"value": ["trial"]}, ["not_per_person"]),
        ("answers/hearing.nothing", {"value": "yes"}, ["unknown_item"]),
        ("answers/hearing.effective_duration", {"value": 1}, ["unknown_item"]),
        ("answers", {"value": "yes"}, ["unknown_item"]),
    ],
)
def test_a_whole_record_is_checked_by_path(path: str, answer: Any, problems: list[str]) -> None:
    assert compile_checker(default_checklist())(path, answer) == problems
