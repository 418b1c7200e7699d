"""The form of one section, made from the checklist, and the way back from a post to answers.

A field's name is the answer's field path, so that a page, a post and a record speak of one thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import g, request, session
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from observer.workspace import Record, Sitting
from schemas.answers import check_value
from schemas.checklist import SPECIAL, Item, Section
from schemas.library import option_label
from schemas.rules import Target

# With more people than this an exception is shown once its person was chosen.
DIRECT_PEOPLE = 6
KEPT_OPEN = 12
INPUT_TYPES = {
    "date": "date",
    "time": "time",
    "number": "number",
    "duration": "number",
    "datetime": "datetime-local",
    "text": "text",
}


@dataclass(frozen=True)
class Slot:
    """A place for one answer: of an item, for one person, for all, or for nobody in particular."""

    item: Item
    person: Record | None
    for_all: bool
    answer: Mapping[str, Any]
    shown: bool = True

    @property
    def path(self) -> str:
        """Where the answer lives in its record."""
        end = f"/{self.person.id}" if self.person else ""
        return f"answers/{self.item.id}{end}"

    @property
    def value(self) -> Any:
        """The answer's value."""
        return self.answer.get("value")


@dataclass
class Question:
    """An item as shown: whether it is asked, the slots it has, and exceptions behind them."""

    item: Item
    asked: bool
    slots: list[Slot] = field(default_factory=list)
    exceptions: list[Slot] = field(default_factory=list)

    @property
    def shown(self) -> list[Slot]:
        """The exceptions on the page; of the others a person is chosen first."""
        return [slot for slot in self.exceptions if slot.shown]

    @property
    def hidden(self) -> list[Slot]:
        """The exceptions that may be chosen."""
        return [slot for slot in self.exceptions if not slot.shown]


def questions(sitting: Sitting, section: Section) -> list[Question]:
    """The observer's questions of a section, those not asked now included."""
    _keep_open()
    targets: dict[str, list[Target]] = {}
    for target in sitting.assessment.targets:
        targets.setdefault(target.item, []).append(target)
    return [
        question(sitting, item, targets.get(item.id, []))
        for item in section.items
        if item.who == "observer"
    ]


def question(sitting: Sitting, item: Item, targets: Sequence[Target]) -> Question:
    """One item with its slots."""
    asked = [target for target in targets if target.state != "not_asked"]
    made = Question(item, bool(asked))
    holder = sitting.holder(item.id).values
    people = {person.id: person for person in sitting.people}

    def slot(person: str | None, *, for_all: bool = False) -> Slot:
        path = f"answers/{item.id}" + (f"/{person}" if person else "")
        found = holder.get(path)
        who = people.get(person) if person else None
        return Slot(item, who, for_all, found if isinstance(found, dict) else {})

    concerned = [target.person for target in asked if target.person]
    if not asked:
        return made
    if item.per == "none" or not concerned:
        made.slots.append(slot(None))
    elif len(concerned) == 1 and f"answers/{item.id}" not in holder:
        made.slots.append(slot(concerned[0]))
    else:
        made.slots.append(slot(None, for_all=True))
        made.exceptions = _exceptions([slot(person) for person in concerned])
    return made


def _exceptions(slots: list[Slot]) -> list[Slot]:
    if len(slots) <= DIRECT_PEOPLE:
        return slots
    opened = session.get("opened", [])
    return [
        replace(
            slot,
            shown=bool(slot.answer)
            or slot.path in opened
            or f"comment/{slot.path}" in request.form,
        )
        for slot in slots
    ]


def _keep_open() -> None:
    """Remember whom a post chose: the page comes after a redirect, and nothing is answered yet."""
    if request.method == "GET" and "focus" in session:
        g.focus = session.pop("focus")
    opened = session.get("opened", [])
    chosen = [
        f"{name.removeprefix('different/')}/{person}"
        for name, person in request.form.items()
        if name.startswith("different/") and person
    ]
    new = [path for path in dict.fromkeys(chosen) if path not in opened]
    if new:
        session["opened"] = [*opened, *new][-KEPT_OPEN:]
        session["focus"] = new[-1]


class _Pills(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def section_form(slots: Sequence[Slot], language: str | None = None) -> type[FlaskForm]:
    """A WTForms class with a value, a comment and a new entry for each slot."""
    language = language or str(get_locale())
    fields: dict[str, Any] = {}
    for slot in (each for each in slots if each.shown):
        fields[slot.path] = _value_field(slot, language)
        if slot.item.answer not in ("compliance", "choice", "multi"):
            fields[f"special/{slot.path}"] = RadioField(
                choices=[(v, option_label(slot.item, v, language)) for v in SPECIAL],
                default=slot.value if slot.value in SPECIAL else None,
                validate_choice=False,
            )
        fields[f"comment/{slot.path}"] = TextAreaField(
            _("Your assessment"), default=slot.answer.get("comment", "")
        )
        fields[f"entry/{slot.path}"] = TextAreaField(_("New log entry: what you saw or heard"))
    return type("SectionForm", (FlaskForm,), fields)


def _value_field(slot: Slot, language: str) -> Any:
    item = slot.item
    options = [(v, option_label(item, v, language)) for v in (*item.choices, *SPECIAL)]
    if item.answer == "multi":
        given = slot.value if isinstance(slot.value, list) else [slot.value]
        return _Pills(choices=options, default=[v for v in given if v], validate_choice=False)
    if item.choices:
        return RadioField(choices=options, default=slot.value, validate_choice=False)
    value = slot.value
    if isinstance(value, dict):
        value = value.get("time")
    shown = "" if value is None or value in SPECIAL else str(value)
    return StringField(default=shown)


def posted_value(slot: Slot, data: Any, present: set[str]) -> tuple[bool, Any]:
    """(whether the post says something of this slot, the value it gives)."""
    path, item = slot.path, slot.item
    if item.answer == "multi":
        given = data.getlist(path)
        if path not in present and not given:
            return False, None
        special = [v for v in given if v in SPECIAL]
        return True, (special[0] if special and len(given) == 1 else given or None)
    if item.choices:
        given_one = data.get(path)
        return given_one is not None, given_one or None
    special_one = data.get(f"special/{path}")
    raw = (data.get(path) or "").strip()
    if path not in data and special_one is None:
        return False, None
    if not raw:
        return True, special_one or None
    if item.answer in ("number", "duration"):
        return True, int(raw) if raw.isascii() and raw.isdigit() else raw
    return True, raw


def complaint(item: Item, value: Any) -> str | None:
    """What is wrong with a value, in words for the observer; ``None`` when it fits."""
    problems = check_value(item, value)
    if not problems:
        return None
    if "none_excludes_others" in problems:
        return str(_("“None” excludes the others. Untick one of them."))
    words = {
        "number": _("Write a whole number, such as 3."),
        "duration": _("Write minutes as a whole number."),
        "date": _("Write the day as 2026-03-02."),
        "time": _("Write the time as 09:30."),
        "datetime": _("Write the day as 2026-03-02, with the time behind it if known."),
    }
    return str(words.get(item.answer, _("Choose one of the answers.")))
