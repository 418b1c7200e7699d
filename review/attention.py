"""What of an observation a reviewer should look at first. Takes rows, gives plain data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from review.chronology import Row, is_set
from review.i18n import gettext
from review.reading import Reading, value_label
from review.wording import PROBLEMS, said
from schemas.checklist import Checklist


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the page something is: an anchor, and how the reader knows it."""

    anchor: str
    code: str
    text: str
    person: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is missing or does not fit, and the observer's reason for leaving it so."""

    sentence: str
    place: Place | None
    overridden: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Version:
    """One side of a conflict."""

    value: str
    author: str
    recorded_at: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field about which devices or people say different things."""

    place: Place
    versions: list[Version]


@dataclass(frozen=True, slots=True)
class Critical:
    """An answer that headquarters should see on the same day."""

    place: Place
    value: str


@dataclass(frozen=True, slots=True)
class Attention:
    """All of it; empty lists mean that there is nothing."""

    problems: list[Problem]
    overridden: list[Problem]
    conflicts: list[Conflict]
    critical: list[Critical]
    quarantined: int

    @property
    def anything(self) -> bool:
        """Whether there is anything at all."""
        return bool(
            self.problems or self.overridden or self.conflicts or self.critical or self.quarantined
        )


def attention(
    facts: Mapping[str, Sequence[Row]],
    notes: Iterable[Row],
    checklist: Checklist,
    reading: Reading,
    language: str,
) -> Attention:
    """What needs attention, in the order it is listed."""
    reasons = {note["id"]: note["text"] for note in notes if note["kind"] == "reason"}
    problems = _merged(_problem(row, reasons, reading) for row in facts["problems"])
    critical = [
        Critical(
            _place(question.id, ", ".join(answer.people), reading),
            answer.value,
        )
        for question in reading.questions.values()
        for answer in question.answers
        if answer.critical
    ]
    return Attention(
        problems=[one for one in problems if not one.overridden],
        overridden=[one for one in problems if one.overridden],
        conflicts=list(_conflicts(facts["conflicts"], checklist, reading, language)),
        critical=critical,
        quarantined=facts["observations"][0]["quarantined"] or 0,
    )


def _merged(problems: Iterable[Problem]) -> list[Problem]:
    """One line where only the person differs."""
    lines: dict[tuple[object, ...], list[Problem]] = {}
    for one in problems:
        place = one.place and (one.place.anchor, one.place.code, one.place.text)
        lines.setdefault((one.sentence, place, one.overridden, one.reason), []).append(one)
    merged = []
    for first, *more in lines.values():
        people = [one.place.person for one in (first, *more) if one.place and one.place.person]
        place = replace(first.place, person=", ".join(people)) if first.place else None
        merged.append(replace(first, place=place))
    return merged


def _problem(row: Row, reasons: Mapping[str, Any], reading: Reading) -> Problem:
    if row["item_id"]:
        person = reading.codes.get(row["person_id"] or "", "")
        place: Place | None = _place(row["item_id"], person, reading)
    elif row["entry_id"]:
        place = _entry_place(row["entry_id"], reading)
    else:
        place = None
    return Problem(
        sentence=said(PROBLEMS, row["code"]),
        place=place,
        overridden=is_set(row["overridden"]),
        reason=reasons.get(f"{row['id']}/reason") or "",
    )


def _place(item: str, person: str, reading: Reading) -> Place:
    question = reading.questions.get(item)
    if question is None:
        return Place("", item, "", person)
    return Place(f"q-{item}", question.code, question.text, person)


def _entry_place(id_: str, reading: Reading) -> Place:
    entry = next((one for one in reading.entries if one.id == id_), None)
    if entry is None:
        return Place("", gettext("Log entry"), "", "")
    return Place(f"entry-{id_}", entry.when, entry.text, "")


def _conflicts(
    rows: Iterable[Row], checklist: Checklist, reading: Reading, language: str
) -> Iterable[Conflict]:
    fields: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        fields.setdefault((row["record"], row["field"]), []).append(row)
    for (_record, path), versions in fields.items():
        group, _, rest = path.partition("/")
        item, _, person = rest.partition("/")
        if group == "answers":
            place = _place(item, reading.codes.get(person, ""), reading)
        elif group == "log":
            place = _entry_place(rest, reading)
        else:
            place = Place("", path, "", "")
        known = checklist.items.get(item) if group == "answers" else None
        yield Conflict(
            place,
            [
                Version(
                    value_label(known, row["value"], None, language)
                    if row["value"] is not None
                    else gettext("other words"),
                    row["author"],
                    row["recorded_at"],
                    is_set(row["shown"]),
                )
                for row in versions
            ],
        )
