"""One observation as a page: questions in checklist order, each with its answers and evidence.

Takes rows and a checklist, gives plain data that the template shows and ``.json`` serves; reads no
database, decides no permission, makes no HTML.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from review.chronology import Entry, Row, chronology, is_set, listed
from review.i18n import gettext
from review.wording import ROLES, VALUES, minutes, said
from schemas.checklist import Checklist, Item
from schemas.library import option_label, provisions_for
from sync.projection.rows import local_time

STATES = ("answered", "not_observed", "unanswered", "not_asked")
COMMON = frozenset({"not_observed", "not_applicable"})
COMPLIANCE = frozenset({"yes", "partly", "no"})


@dataclass(slots=True)
class Answer:
    """An answer for ``people`` (nobody named: the question is about no person)."""

    people: list[str]
    same_for_all: bool
    state: str
    value: str
    words: bool
    comment: str
    author: str
    answered: str
    critical: bool
    conflict: bool
    entries: list[Entry]
    missing_entries: int


@dataclass(slots=True)
class Gap:
    """People, or nobody named, for whom a question has no answer, and why."""

    state: str
    label: str
    people: list[str]


@dataclass(frozen=True, slots=True)
class Authority:
    """A provision a question rests on; ``checked`` ones may be cited."""

    title: str
    ref: str
    gist: str
    checked: bool


@dataclass(slots=True)
class Question:
    """A question of the checklist with all that was said to it."""

    id: str
    code: str
    text: str
    help: str
    of_case: bool
    who: str
    answers: list[Answer]
    gaps: list[Gap]
    mentioned_in: list[Entry]
    authorities: list[Authority]

    @property
    def only_not_asked(self) -> bool:
        """Whether nothing was said to it, because it did not apply."""
        return (
            not self.answers
            and not self.mentioned_in
            and bool(self.gaps)
            and all(gap.state == "not_asked" for gap in self.gaps)
        )


@dataclass(slots=True)
class Section:
    """A section with its coverage; ``answered`` does not include ``not_observed`` here.

    ``not_asked`` are the questions of which nothing else is to be said.
    """

    id: str
    title: str
    questions: list[Question]
    not_asked: list[Question] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))


@dataclass(slots=True)
class Reading:
    """The sections and the chronology of one observation."""

    sections: list[Section]
    entries: list[Entry]
    questions: dict[str, Question]
    people: dict[str, str]
    codes: dict[str, str]


class _Reader:
    """Knows the rows of one observation by what they belong to."""

    def __init__(
        self,
        facts: Mapping[str, Sequence[Row]],
        notes: Sequence[Row],
        checklist: Checklist,
        language: str,
    ) -> None:
        self.checklist = checklist
        self.language = language
        self.persons = [p for p in facts["persons"] if not is_set(p["withdrawn"])]
        self.people = {p["id"]: person_label(p) for p in facts["persons"]}
        self.codes = {p["id"]: p["code"] or p["id"] for p in facts["persons"]}
        hearings = facts["hearings"]
        self.zone = hearings[0]["time_zone"] if hearings else None
        self.entries = chronology(facts["log_entries"], notes, self.people, self.zone)
        self.entry = {entry.id: entry for entry in self.entries}
        self.note = {note["id"]: note for note in notes}
        self.answers = _grouped(facts["answers"])
        self.coverage = _grouped(facts["coverage"])
        self.observer = facts["observations"][0]["observer"]

    def question(self, item: Item) -> Question | None:
        """The question, or ``None`` when it is another role's and has no answer."""
        answers = [self._answer(item, row) for row in self.answers.get(item.id, ())]
        if item.who != "observer" and not answers:
            return None
        return Question(
            id=item.id,
            code=item.code,
            text=item.text,
            help=item.help or "",
            of_case=item.scope == "case",
            who=item.who,
            answers=sorted(answers, key=lambda one: (not one.same_for_all, one.people)),
            gaps=self._gaps(item),
            mentioned_in=self._mentioned(item, answers),
            authorities=authorities(item),
        )

    def _answer(self, item: Item, row: Row) -> Answer:
        rests_on = listed(row["entry_ids"])
        text = self.note.get(f"{row['id']}/value", {}).get("text")
        words = row["value"] is None
        return Answer(
            people=self._named(row["person_id"]),
            same_for_all=is_set(row["same_for_all"]),
            state=answer_state(item, row["value"]),
            value=str(text or "") if words else self.value(item, row["value"], row["precision"]),
            words=words,
            comment=self.note.get(f"{row['id']}/comment", {}).get("text") or "",
            author=row["author"] if row["author"] != self.observer else "",
            answered=local_time(row["answered_at"], self.zone) or "",
            critical=is_set(row["critical"]),
            conflict=is_set(row["conflict"]),
            entries=[self.entry[one] for one in rests_on if one in self.entry],
            missing_entries=sum(one not in self.entry for one in rests_on),
        )

    def value(self, item: Item | None, value: str, precision: str | None = None) -> str:
        """A value as a person reads it."""
        return value_label(item, value, precision, self.language)

    def _named(self, person: str | None) -> list[str]:
        return [self.codes.get(person, person)] if person else []

    def _gaps(self, item: Item) -> list[Gap]:
        people: dict[str, list[str]] = defaultdict(list)
        for row in self.coverage.get(item.id, ()):
            people[row["state"]] += self._named(row["person_id"])
        return [Gap(state, said(VALUES, state), who) for state, who in sorted(people.items())]

    def _mentioned(self, item: Item, answers: Iterable[Answer]) -> list[Entry]:
        quoted = {entry.id for answer in answers for entry in answer.entries}
        return [e for e in self.entries if item.id in e.questions and e.id not in quoted]

    def count(self, item: Item) -> dict[str, int]:
        """How many targets of a question are in each state; one target per person it is about."""
        counts = dict.fromkeys(STATES, 0)
        open_for = set()
        for row in self.coverage.get(item.id, ()):
            counts[row["state"]] += 1
            open_for.add(row["person_id"])
        by_person = {row["person_id"]: row["value"] for row in self.answers.get(item.id, ())}
        targets: list[str | None] = (
            [None]
            if item.per == "none"
            else [p["id"] for p in self.persons if p["role"] == item.per]
        )
        for target in targets:
            if target not in open_for and (target in by_person or None in by_person):
                value = by_person.get(target, by_person.get(None))
                counts["not_observed" if value == "not_observed" else "answered"] += 1
        return counts

    def sections(self) -> list[Section]:
        """The sections that have anything to show, in checklist order."""
        made = []
        for section in self.checklist.sections:
            shown = Section(section.id, section.title, [])
            for item in section.items:
                question = self.question(item)
                if question is None:
                    continue
                kept = shown.not_asked if question.only_not_asked else shown.questions
                kept.append(question)
                if item.who == "observer":
                    for state, number in self.count(item).items():
                        shown.counts[state] += number
            if shown.questions or shown.not_asked:
                made.append(shown)
        return made


def read_observation(
    facts: Mapping[str, Sequence[Row]],
    notes: Sequence[Row],
    checklist: Checklist,
    language: str,
) -> Reading:
    """The sections and the chronology of an observation.

    :param facts: rows by table, as ``review.store.reading.facts_of`` gives them
    :param notes: rows of the notes of the observation and of its case
    :param checklist: the one the observation was written with
    """
    reader = _Reader(facts, notes, checklist, language)
    sections = reader.sections()
    questions = {
        one.id: one for section in sections for one in (*section.questions, *section.not_asked)
    }
    return Reading(sections, reader.entries, questions, reader.people, reader.codes)


def person_label(person: Row) -> str:
    """How a person is called: the code, and the role where the code does not say it."""
    return f"{person['code']} ({said(ROLES, person['role'])})"


def answer_state(item: Item, value: str | None) -> str:
    """What an answer is shown as: a compliance value, one of the common two, or ``given``."""
    if value in COMMON or (item.answer == "compliance" and value in COMPLIANCE):
        return value
    return "given"


def value_label(item: Item | None, value: str, precision: str | None, language: str) -> str:
    """A value as a person reads it, in the reader's language where it has words."""
    if item is None or value in COMMON or item.answer == "compliance":
        return said(VALUES, value) if value in VALUES else value
    if item.answer == "multi":
        return ", ".join(_option(item, one, language) for one in listed(value)) or value
    if item.answer == "choice":
        return option_label(item, value, language)
    if item.answer == "duration" and value.isdecimal():
        return minutes(int(value))
    shown = value.replace("T", " ")
    return gettext("about %(time)s", time=shown) if precision == "about" else shown


def _option(item: Item, option: str, language: str) -> str:
    return said(VALUES, option) if option == "none" else option_label(item, option, language)


def authorities(item: Item) -> list[Authority]:
    """The provisions of a question, those that may be cited first."""
    found = [
        Authority(one.instrument, one.ref, one.gist, one.is_authority)
        for one in provisions_for(item)
    ]
    return sorted(found, key=lambda one: not one.checked)


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["item_id"]].append(row)
    return groups
