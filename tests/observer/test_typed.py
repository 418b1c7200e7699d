"""The line language of paper: what is written is read again, and what is wrong is named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observer.forms.records import ENTRY_KINDS
from observer.typed import (
    KINDS,
    LETTERS,
    AnswerLine,
    Fault,
    Line,
    LogLine,
    Moment,
    parse,
    plain,
    times,
    whom,
    write,
)
from schemas.checklist import SPECIAL, Item
from schemas.library import extended_checklist

CHECKLIST = extended_checklist()
ASKED = [item for item in CHECKLIST.items.values() if item.who == "observer"]
PEOPLE = [
    {"id": "a-1", "code": "A1", "role": "accused"},
    {"id": "a-2", "code": "A2", "role": "accused"},
    {"id": "w-1", "code": "W1", "role": "witness"},
    {"id": "e-1", "code": "E1", "role": "expert"},
    {"id": "k-7", "code": "Kite 7", "role": "accused"},
]


def one_line(text: str) -> bool:
    """Whether a text can stand at the end of a line and be found there as it was."""
    return text == text.strip() and len(text.splitlines()) == 1


CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
MOMENT = st.one_of(st.builds(Moment, CLOCK, st.booleans()), st.just(Moment(None)))
WORDS = st.text(min_size=1, max_size=80).filter(one_line)
CODE = st.from_regex(r"[A-Z][0-9]{1,3}|[0-9]{1,3}|[A-Z]{2,8}", fullmatch=True)
DAY = st.dates().map(lambda day: day.isoformat())


def values(item: Item) -> st.SearchStrategy[Any]:
    """Every value that fits a question."""
    many = st.lists(st.sampled_from(item.options or ("-",)), min_size=1, unique=True)
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "compliance": st.sampled_from(item.choices or ("-",)),
        "choice": st.sampled_from(item.choices or ("-",)),
        "multi": many.filter(lambda chosen: "none" not in chosen or len(chosen) == 1),
        "number": st.integers(0, 1_000_000),
        "duration": st.integers(0, 1_000_000),
        "date": DAY,
        "time": CLOCK | CLOCK.map(lambda time: {"time": time, "precision": "about"}),
        "datetime": DAY | st.builds("{}T{}".format, DAY, CLOCK),
        "text": WORDS.filter(lambda words: plain(words).lower() not in ("o", "x")),
    }
    return kinds[item.answer] | st.sampled_from(SPECIAL)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Any line that can be said."""
    if draw(st.booleans()):
        words = draw(WORDS | st.just(""))
        return LogLine(draw(MOMENT), draw(st.sampled_from(sorted(KINDS.values()))), words)
    item = draw(st.sampled_from(ASKED))
    persons: tuple[str, ...] = ()
    if item.per != "none":
        some = st.lists(CODE, min_size=int(item.answer == "text"), max_size=4, unique=True)
        persons = draw(some.map(tuple) | st.just(("*",)))
    value = draw(values(item))
    if item.answer == "text" or draw(st.booleans()):
        return AnswerLine(item.id, value, persons)
    return AnswerLine(item.id, value, persons, draw(MOMENT), draw(WORDS))


@given(lines())
def test_what_is_written_is_read_again(line: Line) -> None:
    assert parse(write(line, CHECKLIST), CHECKLIST) == line


@given(st.text(max_size=200))
def test_any_line_is_read_or_has_a_fault(text: str) -> None:
    said = parse(text, CHECKLIST)
    if not isinstance(said, Fault):
        assert parse(write(said, CHECKLIST), CHECKLIST) == said


@given(
    st.sampled_from(ASKED), st.lists(st.sampled_from(["2", "y", "*", "#", "~", "0915", "-", "a"]))
)
def test_any_words_of_the_language_are_read_or_have_a_fault(item: Item, words: list[str]) -> None:
    said = parse(" ".join([item.code, *words]), CHECKLIST)
    if not isinstance(said, Fault):
        assert parse(write(said, CHECKLIST), CHECKLIST) == said


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("r01 Y *", "R01 y *"),
        ("R01 n 1, 2 9:15 A2 was led out", "R01 n 1,2 0915 A2 was led out"),
        ("R01 n ٢ ~٠٩١٥ words", "R01 n 2 ~0915 words"),
        ("B04 n # the judge spoke of guilt", "B04 n # the judge spoke of guilt"),
        ("B04 n #the judge spoke of guilt", "B04 n # the judge spoke of guilt"),
        ("H04 ~ 9h30", "H04 ~0930"),
        ("H14 2031-03-02 0930", "H14 2031-03-02T09:30"),
        ("H14 2031-03-02 0930 1115 he said so", "H14 2031-03-02T09:30 - 1115 he said so"),
        ("O07 n", "O07 1"),
        ("09:15 R may A1 sit?", "0915 r may A1 sit?"),
        ("0915 a guard shouted", "0915 n a guard shouted"),
        ("0915 s", "0915 s"),
        ("\u200f0915 n words", "0915 n words"),
    ],
)
def test_small_slips_are_understood(typed: str, written: str) -> None:
    said = parse(typed, CHECKLIST)
    assert not isinstance(said, Fault)
    assert write(said, CHECKLIST) == written


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "bad_start"),
        ("the guard shouted", "bad_start"),
        ("Q99 y", "unknown_code"),
        ("R01", "no_value"),
        ("R01 k", "bad_value"),
        ("R01 2 n", "bad_value"),
        ("H12 9", "bad_value"),
        ("H07 0", "bad_value"),
        ("H04 2575", "bad_value"),
        ("C06 a", "bad_value"),
        ("C07 1,11", "none_excludes_others"),
        ("B04 n 2", "no_persons"),
        ("B04 n judge spoke", "time_first"),
        ("R01 n 2 judge spoke", "time_first"),
        ("R01 n 2 0915", "no_words"),
        ("R01 n 2 2575 words", "bad_time"),
        ("915 n words", "bad_time"),
        ("0915", "no_kind"),
        ("0915 k words", "unknown_kind"),
        ("U04 words", "no_value"),
        ("0915 n " + "a" * 10_000, "too_long"),
    ],
)
def test_what_is_wrong_is_named(typed: str, code: str) -> None:
    said = parse(typed, CHECKLIST)
    assert isinstance(said, Fault)
    assert said.code == code


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("R01 y *", ("",)),
        ("R01 y 2", ("a-2",)),
        ("R01 y 1,A2", ("a-1", "a-2")),
        ("R01 y kite7", ("k-7",)),
        ("R01 y 7", ("k-7",)),
        ("W06 1 1", ("w-1",)),
        ("W06 1 E1", ("e-1",)),
        ("B04 y", ("",)),
        ("R01 y", "person_missing"),
        ("R01 y 3", "no_such_person"),
        ("R01 y W1", "no_such_person"),
    ],
)
def test_persons_by_number_or_code(typed: str, expected: object) -> None:
    said = parse(typed, CHECKLIST)
    assert isinstance(said, AnswerLine)
    found = whom(said, CHECKLIST.items[said.item], PEOPLE)
    assert (found.code if isinstance(found, Fault) else found) == expected


def test_one_accused_needs_no_number() -> None:
    said = parse("R01 y", CHECKLIST)
    assert isinstance(said, AnswerLine)
    assert whom(said, CHECKLIST.items[said.item], PEOPLE[:1]) == ("a-1",)


def test_what_has_only_an_order_comes_after_the_line_before() -> None:
    moments = [Moment(None), Moment("09:15"), None, Moment(None), Moment("10:00")]
    assert times(moments, None, "00:00") == ["09:15", "09:15", "09:15", "09:15", "10:00"]
    assert times(moments[:1], "08:00", "00:00") == ["08:00"]
    assert times(moments[:1], None, "00:00") == ["00:00"]


def test_letters_are_one_each_and_no_question_is_asked_by_a_letter_that_is_a_sign() -> None:
    assert len(LETTERS) == 5
    assert set(ENTRY_KINDS) <= set(KINDS.values())
    assert len(KINDS) == len(set(KINDS.values()))
    assert all(item.code[0].isalpha() and item.code[1:].isdigit() for item in ASKED)
