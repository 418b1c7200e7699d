"""The row of an incident, and how headquarters acknowledged it. Pure.

Words of an incident go to the notes in practice alone; until sealing exists, those of a real one
stay in the log.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from schemas.envelope import UUID_TEXT
from schemas.incident import ACKNOWLEDGED, incident_code
from sync.projection.rows import Record, Row, Rows, flag, note, text

_CODE: Final = re.compile(r"[a-z][a-z_]{0,39}")


def incident_rows(record: Record, reviews: Sequence[Record], *, practice: bool) -> Rows:
    """The rows of an incident.

    :param reviews: those of it
    :param practice: whether the mission is one
    """
    rows = Rows()
    rows.add("incidents", incident_row(record, reviews))
    own = {"author": record.author, "practice": flag(practice)}
    if practice and record.values.get("text"):
        words = text(record.values["text"])
        rows.add("notes", note(f"{record.id}/text", "incident", words, own))
    for review in reviews:
        if review.values.get("comment"):
            whose = {"author": text(review.values.get("by")), "practice": flag(practice)}
            words = text(review.values["comment"])
            rows.add(
                "notes", note(f"{record.id}/comment/{review.id}", "acknowledgement", words, whose)
            )
    return rows


def incident_row(record: Record, reviews: Sequence[Record]) -> Row:
    """What of an incident may be queried.

    It is acknowledged when somebody at headquarters read it as it stands now; ``changed_since``
    says that it was acknowledged and the author added something after that.
    """
    values, heads = record.values, set(record.folded.heads)
    last = max(
        (one for one in reviews if one.values.get("decision") == ACKNOWLEDGED),
        key=_decided,
        default=None,
    )
    read = last.values.get("of") if last else None
    return {
        "id": record.id,
        "code": incident_code(record.id),
        "kind": _code(values.get("kind")),
        **{f"{name}_id": _uuid(values.get(name)) for name in ("case", "hearing", "observation")},
        "persons": json.dumps([one for one in _list(values.get("persons")) if _uuid(one)]),
        "needs": json.dumps([one for one in _list(values.get("needs")) if _code(one)]),
        "has_text": flag(values.get("text")),
        "opened_at": text(values.get("opened_at")),
        "author": record.author,
        "received_at": record.received_at,
        "acknowledged_at": _decided(last)[0] if last else None,
        "acknowledged_by": text(last.values.get("by")) if last else None,
        "changed_since": flag(last and not heads <= set(_list(read))),
        "practice": flag(values.get("practice")),
        "withdrawn": flag(values.get("withdrawn")),
    }


def _decided(review: Record) -> tuple[str, str]:
    """When headquarters decided, by its own clock, which writes all times alike."""
    return review.folded.origins["decision"].recorded_at, review.id


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _code(value: object) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _uuid(value: object) -> str | None:
    return value if isinstance(value, str) and UUID_TEXT.fullmatch(value) else None
