"""The envelope of a change: its keys, their types and their order-free meaning.

See ``docs/protocol.md``, "Change". Field paths and rights are judged elsewhere
(``schemas.records``, ``schemas.rights``); this module judges shape only.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

VERSION = 1
MISSION_ID = re.compile(r"[a-z0-9_]{1,40}")
AUTHOR_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KIND = re.compile(r"[a-z_]{1,40}")
HASH_TEXT = re.compile(r"[0-9a-f]{64}")
# Python's \d takes the digits of every script, JavaScript's only 0 to 9; both must judge alike.
RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)

KINDS = (
    "mission",
    "device",
    "checklist",
    "assignment",
    "case",
    "person",
    "hearing",
    "observation",
    "attachment",
    "source",
    "query",
    "review",
    "finding",
    "follow_up",
    "translation",
    "incident",
    "erasure",
)


def is_instant(text: object) -> bool:
    """Whether ``text`` is an RFC 3339 date-time with offset that names a real instant."""
    if not isinstance(text, str) or not RFC3339.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


class _Matches(validate.Validator):
    """Like ``validate.Regexp``, but the whole text must match (no trailing newline)."""

    def __init__(self, pattern: re.Pattern[str], what: str) -> None:
        self.pattern = pattern
        self.what = what

    def __call__(self, value: str) -> str:
        """Return the value, or raise ``ValidationError``."""
        if not self.pattern.fullmatch(value):
            raise ValidationError(f"Not {self.what}.")
        return value


def _instant(value: str) -> str:
    if not is_instant(value):
        raise ValidationError("Not an RFC 3339 time with offset.")
    return value


class _Integer(validate.Validator):
    """An integer and no boolean, from ``least`` on and, if that is said, not beyond ``most``."""

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least = least
        self.most = most

    def __call__(self, value: Any) -> Any:
        """Return the value, or raise ``ValidationError``."""
        if type(value) is not int:
            raise ValidationError("Not an integer.")
        if value < self.least or (self.most is not None and value > self.most):
            raise ValidationError("Not a number that this can have.")
        return value


_HASH = _Matches(HASH_TEXT, "a lowercase hex SHA-256")
_UUID = _Matches(UUID_TEXT, "a lowercase UUID")


class EnvelopeSchema(Schema):
    """Keys of a change as in ``docs/protocol.md``; an unknown key is refused."""

    class Meta:
        """Marshmallow options."""

        unknown = RAISE

    v = fields.Raw(required=True, validate=_Integer(VERSION, VERSION))
    mission = fields.String(required=True, validate=_Matches(MISSION_ID, "a mission id"))
    device = fields.String(required=True, validate=_UUID)
    seq = fields.Raw(required=True, validate=_Integer(1))
    prev = fields.String(required=True)
    author = fields.String(required=True, validate=_Matches(AUTHOR_CODE, "an author code"))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    record = fields.String(required=True, validate=_UUID)
    parents = fields.List(fields.String(validate=_HASH), required=True)
    recorded_at = fields.String(required=True, validate=_instant)
    set = fields.Raw(required=True)


class LaterEnvelopeSchema(EnvelopeSchema):
    """What every later version keeps, so that this one can store it and move the chain on."""

    class Meta:
        """Marshmallow options."""

        unknown = EXCLUDE

    v = fields.Raw(required=True, validate=_Integer(VERSION + 1))
    kind = fields.String(required=True, validate=_Matches(KIND, "a kind of record"))


_KEYS = EnvelopeSchema._declared_fields.keys()
_TEXTS = ("mission", "device", "prev", "author", "kind", "record", "recorded_at")
_SCHEMA = EnvelopeSchema()
_LATER = LaterEnvelopeSchema()


def is_later(document: Mapping[str, Any]) -> bool:
    """Whether a change says that it is of a version after this one."""
    version = document.get("v")
    return type(version) is int and version > VERSION


def _plainly_sound(document: dict[str, Any]) -> bool:
    """Whether the schema has nothing to say, found in a twentieth of its time.

    Only what the schema would pass is passed here (a property test holds the two together); all
    else is left to the schema, which finds the words.
    """
    if document.keys() != _KEYS or type(document["seq"]) is not int or document["seq"] < 1:
        return False
    texts = [document[name] for name in _TEXTS]
    return (
        type(document["v"]) is int
        and document["v"] == VERSION
        and all(type(text) is str for text in texts)
        and MISSION_ID.fullmatch(document["mission"]) is not None
        and UUID_TEXT.fullmatch(document["device"]) is not None
        and AUTHOR_CODE.fullmatch(document["author"]) is not None
        and document["kind"] in KINDS
        and UUID_TEXT.fullmatch(document["record"]) is not None
        and is_instant(document["recorded_at"])
        and type(document["parents"]) is list
        and all(type(one) is str and HASH_TEXT.fullmatch(one) for one in document["parents"])
        and document["set"] is not None
    )


def envelope_problems(document: object) -> list[str]:
    """What is wrong with a change's envelope, as readable lines; empty when it is sound."""
    if not isinstance(document, dict):
        return ["a change is a JSON object"]
    later = is_later(document)
    if not _plainly_sound(document):
        found = (_LATER if later else _SCHEMA).validate(document)
        problems = [f"{key}: {_text(messages)}" for key, messages in found.items()]
        if problems:
            return problems
    problems = []
    first = document["seq"] == 1
    if first != (document["prev"] == "") or not (first or HASH_TEXT.fullmatch(document["prev"])):
        problems.append("prev: the hash of the change before, and empty only for the first")
    if len(set(document["parents"])) != len(document["parents"]):
        problems.append("parents: a hash is named twice")
    if not later and (not isinstance(document["set"], dict) or not document["set"]):
        problems.append("set: at least one field path with its value")
    return problems


def _text(messages: Any) -> str:
    if isinstance(messages, dict):
        return "; ".join(f"{key} {_text(value)}" for key, value in messages.items())
    return " ".join(str(message) for message in messages)
