"""Whether an answer's value fits its question: one plain loop, and the same law as a schema.

The loop is what runs; ``answer_schema`` states the law in marshmallow, and a property test holds
the two together. Codes say what is wrong; the words are the interface's.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from schemas.checklist import SPECIAL, Checklist, Item
from schemas.envelope import UUID_TEXT, is_instant

# Python's \d takes the digits of every script, JavaScript's only 0 to 9; both must judge alike.
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]")
MAX_TEXT = 10_000
KEYS = {"value", "entries", "comment", "answered_at"}

WRONG_KEYS = "wrong_keys"
BAD_VALUE = "bad_value"
NOT_AN_OPTION = "not_an_option"
NONE_EXCLUDES = "none_excludes_others"
BAD_ENTRIES = "bad_entries"
BAD_COMMENT = "bad_comment"
BAD_TIME = "bad_answered_at"
UNKNOWN_ITEM = "unknown_item"
NOT_PER_PERSON = "not_per_person"


def check_answer(item: Item, answer: object) -> list[str]:
    """What is wrong with an answer, as codes; empty when it fits its question."""
    if not isinstance(answer, dict) or "value" not in answer or not answer.keys() <= KEYS:
        return [WRONG_KEYS]
    problems = check_value(item, answer["value"])
    if "entries" in answer and not _are_entries(answer["entries"]):
        problems.append(BAD_ENTRIES)
    comment = answer.get("comment", "")
    if not isinstance(comment, str) or len(comment) > MAX_TEXT:
        problems.append(BAD_COMMENT)
    if "answered_at" in answer and not is_instant(answer["answered_at"]):
        problems.append(BAD_TIME)
    return problems


def _are_entries(entries: object) -> bool:
    return isinstance(entries, list) and all(
        isinstance(entry, str) and UUID_TEXT.fullmatch(entry) for entry in entries
    )


def check_value(item: Item, value: object) -> list[str]:
    """What is wrong with a bare value, as codes."""
    if value in SPECIAL if isinstance(value, str) else value is None:
        return []
    return _BY_KIND[item.answer](item, value)


def _choice(item: Item, value: object) -> list[str]:
    return [] if isinstance(value, str) and value in item.choices else [NOT_AN_OPTION]


def _multi(item: Item, value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        return [BAD_VALUE]
    if any(not isinstance(each, str) or each not in item.options for each in value):
        return [NOT_AN_OPTION]
    if len(set(value)) != len(value):
        return [BAD_VALUE]
    return [NONE_EXCLUDES] if "none" in value and len(value) > 1 else []


def _text(_item: Item, value: object) -> list[str]:
    return [] if isinstance(value, str) and 0 < len(value) <= MAX_TEXT else [BAD_VALUE]


def _number(_item: Item, value: object) -> list[str]:
    return [] if type(value) is int and 0 <= value <= 1_000_000 else [BAD_VALUE]


def _date(_item: Item, value: object) -> list[str]:
    return [] if isinstance(value, str) and is_day(value) else [BAD_VALUE]


def is_day(value: str) -> bool:
    """Whether a text is a day of the calendar, written ``2026-03-02``."""
    if not DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _time(_item: Item, value: object) -> list[str]:
    if isinstance(value, dict):
        if set(value) != {"time", "precision"} or value["precision"] != "about":
            return [BAD_VALUE]
        value = value["time"]
    return [] if isinstance(value, str) and TIME.fullmatch(value) else [BAD_VALUE]


def _datetime(item: Item, value: object) -> list[str]:
    if isinstance(value, str) and DATETIME.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return [BAD_VALUE]
        return []
    return _date(item, value)


_BY_KIND: dict[str, Callable[[Item, object], list[str]]] = {
    "compliance": _choice,
    "choice": _choice,
    "multi": _multi,
    "text": _text,
    "number": _number,
    "duration": _number,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
}


def compile_checker(checklist: Checklist) -> Callable[[str, Any], list[str]]:
    """A check of (``answers/<item>[/<person>]``, answer) against one checklist."""
    items = checklist.items

    def check(path: str, answer: Any) -> list[str]:
        item_id, _, person = path.removeprefix("answers/").partition("/")
        item = items.get(item_id)
        if item is None:
            return [UNKNOWN_ITEM]
        problems = check_answer(item, answer)
        if person and item.per == "none":
            problems.append(NOT_PER_PERSON)
        return problems

    return check


def answer_schema(item: Item) -> Schema:
    """The law of :func:`check_answer` as a marshmallow schema."""

    def fits(given: Any) -> Any:
        problems = check_value(item, given)
        if problems:
            raise ValidationError(problems)
        return given

    def instant(given: Any) -> Any:
        if not is_instant(given):
            raise ValidationError(BAD_TIME)
        return given

    class AnswerSchema(Schema):
        class Meta:
            unknown = RAISE

        value = fields.Raw(required=True, allow_none=True, validate=fits)
        entries = fields.List(fields.String(validate=validate.Regexp(rf"^{UUID_TEXT.pattern}\Z")))
        comment = fields.String(validate=validate.Length(max=MAX_TEXT))
        answered_at = fields.String(validate=instant)

    return AnswerSchema()
