from typing import Any

import pytest

from schemas.derive import proposals
from schemas.library import default_checklist, extended_checklist

HEARING = {"date": "2026-03-02", "time_zone": "Europe/Vienna"}
PERSONS = [
    {"id": "p-a1", "role": "accused", "code": "A1"},
    {"id": "p-w1", "role": "witness", "code": "W1"},
    {"id": "p-x1", "role": "expert", "code": "X1"},
]


def entry(kind: str, at: str, precision: str = "exact", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "at": f"2026-03-02T{at}:00Z", "at_precision": precision, **more}


def log(*entries: dict[str, Any]) -> dict[str, Any]:
    return {f"log/e{number}": each for number, each in enumerate(entries)}


def offered(item: str, observation: dict[str, Any], hearing: dict[str, Any] | None = None) -> Any:
    found = proposals(extended_checklist(), hearing or HEARING, PERSONS, observation)
    return found.get(f"answers/{item}")


WHOLE = (entry("start", "08:00"), entry("end", "11:00"))


def test_the_date_comes_from_the_hearing() -> None:
    assert proposals(default_checklist(), HEARING, PERSONS, {}) == {
        "answers/hearing.date": "2026-03-02"
    }
    assert proposals(default_checklist(), {}, PERSONS, {}) == {}


def test_only_items_of_the_checklist_are_proposed() -> None:
    assert "answers/hearing.effective_duration" not in proposals(
        default_checklist(), HEARING, PERSONS, log(*WHOLE)
    )
    assert offered("hearing.effective_duration", log(*WHOLE)) == 180


def test_times_are_those_of_the_court_the_first_start_and_the_last_end() -> None:
    observation = log(*WHOLE, entry("start", "08:30"), entry("end", "10:00"))
    assert offered("hearing.start_time", observation) == "09:00"
    assert offered("hearing.end_time", observation) == "12:00"


@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        ("exact", "09:00"),
        ("about", {"time": "09:00", "precision": "about"}),
        ("order_only", None),
    ],
)
def test_a_time_is_as_exact_as_its_entry(precision: str, expected: Any) -> None:
    assert offered("hearing.start_time", log(entry("start", "08:00", precision))) == expected


@pytest.mark.parametrize("zone", [None, "", "No/Where", "../etc"])
def test_without_the_courts_zone_there_is_no_time(zone: str | None) -> None:
    hearing = {"date": "2026-03-02", "time_zone": zone}
    assert offered("hearing.start_time", log(*WHOLE), hearing) is None


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ([["p-w1"], ["p-w1", "p-x1"]], 2),
        ([["p-w1"], "p-w1"], 1),
        ([["p-a1"]], None),
        ([None], None),
    ],
)
def test_witnesses_that_the_log_is_about(about: list[Any], expected: int | None) -> None:
    observation = log(*(entry("note", "09:00", about=each) for each in about))
    assert offered("evidence.witnesses_heard", observation) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kind": "quotation", "speaker": "W1"}, 1),
        ({"kind": "quotation", "speaker": "p-w1"}, 1),
        ({"kind": "quotation", "speaker": "Judge"}, None),
        ({"kind": "quotation", "speaker": 3}, None),
        ({"kind": "request", "about": ["p-w1"]}, None),
        ({"kind": "ruling", "about": ["p-w1"]}, None),
        ({"kind": "note", "speaker": "W1", "about": ["p-w1", "p-x1"]}, 2),
    ],
)
def test_a_witness_who_spoke_was_heard_one_asked_for_was_not(
    given: dict[str, Any], expected: int | None
) -> None:
    observation = log(entry(at="09:00", **given))
    assert offered("evidence.witnesses_heard", observation) == expected


@pytest.mark.parametrize(
    ("entries", "present", "expected"),
    [
        (WHOLE, None, "yes"),
        (WHOLE, ["defence_counsel"], "yes"),
        (WHOLE, ["judge"], None),
        ((*WHOLE, entry("leaves", "09:00")), None, None),
        (WHOLE[:1], None, None),
    ],
)
def test_counsel_stayed(entries: Any, present: list[str] | None, expected: str | None) -> None:
    observation = {**log(*entries), "answers/hearing.parties_present": {"value": present}}
    assert offered("counsel.present_throughout", observation) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ((entry("break", "09:00"), entry("resume", "09:20")), 160),
        ((entry("break", "10:00"),), 120),
        ((entry("break", "09:00", "order_only"),), None),
    ],
)
def test_breaks_do_not_count_as_sitting(more: Any, expected: int | None) -> None:
    assert offered("hearing.effective_duration", log(*WHOLE, *more)) == expected


def test_no_duration_without_an_end_or_with_one_before_the_start() -> None:
    assert offered("hearing.effective_duration", log(WHOLE[0])) is None
    backwards = log(entry("start", "11:00"), entry("end", "08:00"))
    assert offered("hearing.effective_duration", backwards) is None


def test_withdrawn_entries_and_those_without_time_are_passed_over() -> None:
    gone = entry("start", "07:00", withdrawn={"reason": "wrong hearing", "at": "x"})
    unreadable = {"kind": "start", "at": "soon"}
    assert offered("hearing.start_time", log(gone, unreadable, *WHOLE)) == "09:00"
