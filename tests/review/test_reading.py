"""An observation as a page: every answer with what it rests on, every gap in its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from headquarters import Headquarters
from hypothesis import given
from hypothesis import strategies as st
from reading_records import Ids, fill_training

from review import wording
from review.attention import Attention
from review.chronology import chronology, is_set, listed
from review.pages import moment, observation_page
from review.reading import Question, Section, value_label
from review.store.reading import facts_of, notes_of
from schemas.library import default_checklist


@dataclass(frozen=True)
class Page:
    """A page and the records it is made from."""

    ids: Ids
    data: dict[str, Any]

    @property
    def questions(self) -> dict[str, Question]:
        """Questions by id."""
        sections: list[Section] = self.data["sections"]
        return {q.id: q for s in sections for q in (*s.questions, *s.not_asked)}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of the first observer's record."""
    instance: Path = tmp_path_factory.mktemp("hub")
    ids = fill_training(instance)
    made = Headquarters(instance)
    facts = made.run(
        lambda: made.datasette.get_database("training").execute_fn(facts_of(ids.observation))
    )
    notes = made.run(
        lambda: made.datasette.get_database("training_text").execute_fn(
            notes_of(ids.observation, ids.case)
        )
    )
    yield Page(ids, observation_page("training", facts, notes, []))
    made.close()


def test_an_answer_quotes_the_entry_it_rests_on_and_keeps_the_assessment_apart(page: Page) -> None:
    (answer,) = page.questions["indep.no_bias_expressed"].answers
    (entry,) = answer.entries
    assert (answer.state, answer.value) == ("no", "No")
    assert (entry.id, entry.when, entry.quote) == (page.ids.entries["quote"], "10:06", True)
    assert entry.text.startswith("We all know")
    assert entry.original.startswith("Todos")
    assert "impatient" in answer.comment
    assert "impatient" not in entry.text


def test_the_same_for_all_comes_first_and_exceptions_beside_it(page: Page) -> None:
    whole, exception = page.questions["innocence.restraints"].answers
    assert (whole.same_for_all, whole.people) == (True, [])
    assert (exception.same_for_all, exception.people) == (False, ["A3"])
    assert len(exception.entries) == 2


def test_answers_of_the_case_are_marked(page: Page) -> None:
    assert page.questions["case.charges"].of_case
    assert not page.questions["hearing.kind"].of_case


def test_words_are_taken_from_the_notes(page: Page) -> None:
    (answer,) = page.questions["case.charges"].answers
    assert answer.words
    assert answer.value.startswith("Blocking the harbour road")


def test_a_no_of_a_choice_is_no_violation(page: Page) -> None:
    whole, _exception = page.questions["torture.allegation"].answers
    assert whole.state == "given"


def test_every_question_of_the_observer_is_present_once(page: Page) -> None:
    """Nothing is hidden: answered or not, asked or not."""
    wanted = [item.id for item in default_checklist().items.values() if item.who == "observer"]
    shown = [q.id for s in page.data["sections"] for q in (*s.questions, *s.not_asked)]
    assert len(shown) == len(set(shown))
    silent = {one for one in set(wanted) - set(shown)}
    assert not silent


def test_a_question_without_an_answer_says_why(page: Page) -> None:
    for question in page.questions.values():
        if question.text and not question.answers and question.gaps:
            assert {gap.state for gap in question.gaps} <= {"unanswered", "not_asked"}


@pytest.mark.parametrize("state", ["answered", "not_observed", "unanswered", "not_asked"])
def test_sections_add_up_to_the_whole(page: Page, state: str) -> None:
    total = sum(section.counts[state] for section in page.data["sections"])
    assert total == page.data["counts"][state]


def test_attention_lists_what_a_reviewer_looks_at_first(page: Page) -> None:
    attention: Attention = page.data["attention"]
    assert attention.anything
    assert attention.quarantined == 1
    assert {one.place.code for one in attention.critical} >= {"L01", "M02"}
    (conflict,) = attention.conflicts
    assert conflict.place.code == "Z05"
    assert [(one.shown, one.author) for one in conflict.versions] == [
        (True, "OBS-1"),
        (False, "OBS-1"),
    ]
    assert attention.problems


def test_a_person_who_differs_makes_no_second_line(page: Page) -> None:
    lines = [
        (one.sentence, one.place and one.place.code) for one in page.data["attention"].problems
    ]
    assert len(lines) == len(set(lines))


def test_a_request_has_its_ruling_and_one_without_is_open(page: Page) -> None:
    entries = {entry.id: entry for entry in page.data["entries"]}
    ids = page.ids.entries
    request, ruling, open_one = (entries[ids[name]] for name in ("request", "ruling", "second"))
    assert [one.id for one in request.answered_by] == [ruling.id]
    assert ruling.answers
    assert ruling.answers.id == request.id
    assert (request.open, open_one.open) == (False, True)


def test_times_say_how_exact_they_are_and_when_they_were_written(page: Page) -> None:
    entries = {entry.id: entry for entry in page.data["entries"]}
    ids = page.ids.entries
    assert entries[ids["cage"]].when == "about 09:54"
    assert entries[ids["source"]].when == "order only"
    assert entries[ids["late"]].late == "written down 5 hours 15 minutes later, at 16:55"
    assert entries[ids["public"]].late == ""
    assert entries[ids["mistake"]].withdrawn
    assert entries[ids["source"]].basis == "reported_by_source"
    assert entries[ids["quote"]].speaker == "J1 (judge)"


def test_the_other_record_of_the_hearing_is_named(page: Page) -> None:
    (other,) = page.data["same_hearing"]
    assert (other["observer"], other["id"]) == ("OBS-2", page.ids.second)


def test_only_checked_provisions_are_authorities(page: Page) -> None:
    for question in page.questions.values():
        states = [one.checked for one in question.authorities]
        assert states == sorted(states, reverse=True)


@pytest.mark.parametrize(
    ("item", "value", "precision", "shown"),
    [
        ("access.public_admitted", "partly", None, "Partly"),
        ("access.turned_away", "11", None, "11"),
        ("hearing.start_time", "09:52", "about", "about 09:52"),
        ("hearing.start_time", "09:52", None, "09:52"),
        ("hearing.next_date", "2026-03-16T09:30", None, "2026-03-16 09:30"),
        ("hearing.kind", "not_observed", None, "Not observed"),
        ("hearing.features", '["none"]', None, "None of these"),
        ("hearing.outcome", "not_applicable", None, "Does not apply"),
    ],
)
def test_values_are_shown_in_words(
    item: str, value: str, precision: str | None, shown: str
) -> None:
    assert value_label(default_checklist().items[item], value, precision, "en") == shown


def test_a_value_of_an_unknown_question_is_shown_as_it_is() -> None:
    assert value_label(None, "somewhere", None, "en") == "somewhere"


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (60, "1 hour"),
        (135, "2 hours 15 minutes"),
        (1500, "1 day 1 hour"),
    ],
)
def test_durations(total: int, said: str) -> None:
    assert wording.minutes(total) == said


@pytest.mark.parametrize(
    ("value", "zone", "shown"),
    [
        (None, None, ""),
        ("2026-03-02T17:40:00Z", "Europe/Madrid", "2026-03-02 18:40"),
        ("2026-03-02T17:40:00+01:00", None, "2026-03-02 17:40 UTC+01:00"),
        ("2026-03-02T17:40:00Z", "Nowhere/Land", "2026-03-02T17:40:00Z"),
        ("once", "Europe/Madrid", "once"),
    ],
)
def test_moments(value: str | None, zone: str | None, shown: str) -> None:
    assert moment(value, zone) == shown


@pytest.mark.parametrize(
    ("value", "found"), [(None, []), ("", []), ("x", []), ("{}", []), ('["a"]', ["a"])]
)
def test_lists_of_columns(value: object, found: list[str]) -> None:
    assert listed(value) == found


@pytest.mark.parametrize(
    ("value", "flag"),
    [(None, False), (0, False), ("0", False), ("", False), (1, True), ("1", True)],
)
def test_flags_of_columns(value: object, flag: bool) -> None:
    assert is_set(value) is flag


KINDS = st.sampled_from(sorted(wording.KINDS))


@given(st.lists(st.tuples(KINDS, st.integers(-1, 9), st.booleans()), max_size=10))
def test_the_chronology_keeps_every_entry_and_opens_only_what_lacks_a_ruling(
    drawn: list[tuple[str, int, bool]],
) -> None:
    """A law: whatever entries refer to, also to themselves, in a ring, or to nothing."""
    rows = [
        {
            **dict.fromkeys(("about", "items", "via", "at_precision", "entered_at"), None),
            "id": f"e{place}",
            "place": place,
            "kind": kind,
            "basis": "observed_fact",
            "local_time": None,
            "minutes_late": 0,
            "late": 0,
            "quote": 0,
            "re_id": f"e{re}" if re >= 0 else None,
            "withdrawn": int(withdrawn),
        }
        for place, (kind, re, withdrawn) in enumerate(drawn)
    ]
    entries = chronology(rows, [], {}, None)
    assert [entry.id for entry in entries] == [row["id"] for row in rows]
    rulings = {row["re_id"] for row in rows if row["kind"] == "ruling" and not row["withdrawn"]}
    for entry in entries:
        wants = entry.kind in ("request", "objection") and not entry.withdrawn
        assert entry.open == (wants and entry.id not in rulings)
