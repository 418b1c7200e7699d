"""Rows of the projected tables, made from folded records. Pure: no store, no clock.

A value that does not fit its question is shown as a problem and kept among the notes, so that no
free text can reach the facts through a choice.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.checklist import Checklist, Item
from schemas.late import late_entries
from schemas.moment import entry_key, moment_of, on_clock
from sync.fold import Folded

Row = dict[str, Any]
_NOTE: Row = {
    **dict.fromkeys(("case_id", "observation_id", "item_id", "person_id", "log_entry_id")),
    **{"speaker": None, "original": None, "author": None, "practice": 0},
}
Check = Callable[[str, Any], list[str]]


@dataclass(slots=True)
class Rows:
    """Rows by table; ``notes`` go to the text file, all others to the facts."""

    tables: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, row: Row) -> None:
        """Add a row to a table."""
        self.tables.setdefault(table, []).append(row)


@dataclass(frozen=True, slots=True)
class Record:
    """A folded record with what the log knows of it."""

    id: str
    kind: str
    author: str
    folded: Folded
    received_at: str = ""
    quarantined: int = 0

    @property
    def values(self) -> Mapping[str, Any]:
        """Field values by path."""
        return self.folded.values


@dataclass(frozen=True, slots=True)
class Reading:
    """The checklist a record was written with, and the check of its answers' shape."""

    checklist: Checklist
    check: Check


def flag(value: object) -> int:
    """1 for a set value, 0 for none."""
    return int(bool(value))


def text(value: object) -> str | None:
    """A plain text value, anything else as JSON, nothing as ``None``."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def case_row(
    record: Record, people: Sequence[Record], hearings: int, same_as: str | None = None
) -> Row:
    """The row of a case.

    :param people: those that count for it; with ``hearings`` none when it counts as another
    """
    values = record.values
    present = [p for p in people if not p.values.get("withdrawn")]
    return {
        "id": record.id,
        "title": text(values.get("title")),
        "court": text(values.get("court")),
        "opened_at": text(values.get("opened_at")),
        "created_by": record.author,
        "same_as": same_as,
        "persons": len(present),
        "accused": sum(p.values.get("role") == "accused" for p in present),
        "hearings": hearings,
        "practice": flag(values.get("practice")),
        "withdrawn": flag(values.get("withdrawn")),
    }


def person_row(record: Record, same_as: str | None = None) -> Row:
    """The row of a person; ``same_as`` is the one that it counts as."""
    values = record.values
    code, role = text(values.get("code")), text(values.get("role"))
    return {
        "id": record.id,
        "case_id": text(values.get("case")),
        "code": code,
        "role": role,
        "label": f"{code} ({role})",
        "same_as": same_as,
        "created_by": record.author,
        "practice": flag(values.get("practice")),
        "withdrawn": flag(values.get("withdrawn")),
    }


def hearing_row(record: Record, same_as: str | None = None) -> Row:
    """The row of a hearing; ``same_as`` is the one that it counts as."""
    values = record.values
    number, date = values.get("number"), text(values.get("date"))
    return {
        "id": record.id,
        "case_id": text(values.get("case")),
        "label": ", ".join(str(part) for part in (number and f"Hearing {number}", date) if part),
        "number": number if isinstance(number, int) else None,
        "same_as": same_as,
        **{
            name: text(values.get(name))
            for name in ("date", "court", "room", "scheduled_at", "time_zone")
        },
        "created_by": record.author,
        "practice": flag(values.get("practice")),
        "withdrawn": flag(values.get("withdrawn")),
    }


def conflict_rows(record: Record) -> Iterator[Row]:
    """One row for each version of each field in conflict."""
    for path, versions in record.folded.conflicts.items():
        for place, version in enumerate(versions):
            yield {
                "id": f"{record.id}/{path}/{version.hash[:12]}",
                "record": record.id,
                "kind": record.kind,
                "field": path,
                "value": _structured(version.value),
                "author": version.author,
                "recorded_at": version.recorded_at,
                "change": version.hash,
                "shown": flag(place == 0),
            }


def _structured(value: Any) -> str | None:
    # Words stay out of the facts: of an answer only its value when it is no free text.
    if isinstance(value, dict):
        value = value.get("value")
    parts = value if isinstance(value, list) else [value]
    if all(isinstance(part, str) and len(part) <= 40 and " " not in part for part in parts):
        return text(value)
    return None


def answer_rows(
    record: Record, reading: Reading, rows: Rows, *, case: str | None, observation: str | None
) -> None:
    """The answers of a case or an observation, and their words as notes."""
    practice = flag(record.values.get("practice"))
    answers: list[Row] = []
    notes: list[Row] = []
    for path, answer in record.values.items():
        group, _, rest = path.partition("/")
        if group != "answers" or not isinstance(answer, dict):
            continue
        item_id, _, person = rest.partition("/")
        item = reading.checklist.items.get(item_id)
        whose = {
            "case_id": case,
            "observation_id": observation,
            "item_id": item_id,
            "person_id": person or None,
        }
        id_ = f"{record.id}/{rest}"
        author = record.folded.origins[path].author
        sound = item is not None and not reading.check(path, answer)
        value, precision = _fact(item, answer.get("value")) if sound else (None, None)
        entries = answer.get("entries")
        entries = entries if isinstance(entries, list) else []
        answers.append(
            {
                "id": id_,
                **whose,
                "scope": item.scope if item else None,
                "value": value,
                "precision": precision,
                "answered_at": text(answer.get("answered_at")),
                "author": author,
                "same_for_all": flag(item and item.per != "none" and not person),
                "entries": len(entries),
                "has_comment": flag(answer.get("comment")),
                "conflict": flag(path in record.folded.conflicts),
                "critical": flag(item and _is_critical(item, answer.get("value"))),
                "practice": practice,
                "entry_ids": json.dumps(entries) if entries else "[]",
            },
        )
        words = {**whose, "author": author, "practice": practice}
        if answer.get("comment"):
            notes.append(note(f"{id_}/comment", "comment", text(answer["comment"]), words))
        if value is None:
            notes.append(note(f"{id_}/value", "answer", text(answer.get("value")), words))
    rows.tables.setdefault("answers", []).extend(answers)
    rows.tables.setdefault("notes", []).extend(notes)


def note(id_: str, kind: str, words: str | None, whose: Row) -> Row:
    """A row of the notes."""
    return {**_NOTE, **whose, "id": id_, "kind": kind, "text": words}


def _fact(item: Item | None, value: Any) -> tuple[str | None, str | None]:
    """The value and its precision as the facts show them; free text is no fact."""
    if item is None or (item.answer == "text" and value not in ("not_observed", "not_applicable")):
        return None, None
    if isinstance(value, dict):
        return text(value.get("time")), text(value.get("precision"))
    return (str(value) if isinstance(value, int) else text(value)), None


def _is_critical(item: Item, value: Any) -> bool:
    if not item.critical:
        return False
    given = value if isinstance(value, list) else [value]
    return any(each in item.critical_on for each in given)


def log_rows(record: Record, time_zone: str | None, rows: Rows) -> int:
    """The log entries of an observation in their order; returns how many there are."""
    entries = sorted(
        (
            (path.partition("/")[2], value)
            for path, value in record.values.items()
            if path.startswith("log/") and isinstance(value, dict)
        ),
        key=lambda one: entry_key(*one),
    )
    practice, late = flag(record.values.get("practice")), late_entries(record.values)
    for place, (id_, entry) in enumerate(entries, 1):
        row = _entry_row(id_, entry, place, time_zone, record.id, practice)
        rows.add("log_entries", {**row, "late": flag(id_ in late)})
        words = {
            "observation_id": record.id,
            "case_id": text(record.values.get("case")),
            "log_entry_id": id_,
            "author": record.folded.origins[f"log/{id_}"].author,
            "speaker": text(entry.get("speaker")),
            "original": text(entry.get("original")),
            "practice": practice,
        }
        rows.add("notes", note(f"{id_}/text", "log_entry", text(entry.get("text")), words))
    return len(entries)


def _entry_row(
    id_: str,
    entry: Mapping[str, Any],
    place: int,
    zone: str | None,
    observation: str,
    practice: int,
) -> Row:
    at, entered = moment_of(entry.get("at")), moment_of(entry.get("entered_at"))
    late = int((entered - at).total_seconds() // 60) if at and entered and entered > at else 0
    precision = text(entry.get("at_precision"))
    return {
        "id": id_,
        "observation_id": observation,
        "place": place,
        **{name: text(entry.get(name)) for name in ("kind", "basis", "at", "entered_at", "via")},
        "local_time": None if precision == "order_only" else local_time(entry.get("at"), zone),
        "at_precision": precision,
        "minutes_late": late,
        "quote": flag(entry.get("quote")),
        "re_id": text(entry.get("re")),
        "about": json.dumps(entry.get("about") or []),
        "items": json.dumps(entry.get("items") or []),
        "withdrawn": flag(entry.get("withdrawn")),
        "practice": practice,
    }


def local_time(at: object, zone: str | None) -> str | None:
    """``HH:MM`` on the court's clock, of an RFC 3339 instant and an IANA zone name."""
    local = on_clock(moment_of(at), zone)
    return local.strftime("%H:%M") if local else None
