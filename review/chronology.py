"""The log of an observation as a reader sees it: entries in order, requests with their rulings.

Takes rows, gives plain data; reads no database and makes no HTML.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from review.i18n import gettext
from review.wording import BASES, KINDS, VIA, minutes, said
from schemas.late import phone_gaps
from sync.projection.rows import local_time

Row = Mapping[str, Any]

WANTS_RULING = frozenset({"request", "objection"})


@dataclass(slots=True)
class Entry:
    """One log entry. ``time`` is the court's clock, empty when only the order is known."""

    id: str
    place: int
    kind: str
    kind_label: str
    time: str
    precision: str
    when: str
    basis: str
    basis_label: str
    speaker: str
    about: list[str]
    via: str
    text: str
    original: str
    quote: bool
    withdrawn: bool
    late: str = ""
    answers: "Reference | None" = None
    answered_by: list["Reference"] = field(default_factory=list)
    open: bool = False
    questions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reference:
    """Another entry, named shortly."""

    id: str
    when: str
    kind_label: str
    text: str


def chronology(
    entries: Sequence[Row], notes: Iterable[Row], people: Mapping[str, str], zone: str | None
) -> list[Entry]:
    """The entries in their order.

    :param people: how each person is called, by id
    :param zone: the court's time zone (IANA name)
    """
    words = {note["log_entry_id"]: note for note in notes if note["kind"] == "log_entry"}
    made = [_entry(row, words.get(row["id"], {}), people, zone) for row in entries]
    by_id = {entry.id: entry for entry in made}
    for row, entry in zip(entries, made, strict=True):
        asked = by_id.get(row["re_id"] or "")
        if asked is None:
            continue
        entry.answers = reference(asked)
        if not entry.withdrawn:
            asked.answered_by.append(reference(entry))
    for entry in made:
        ruled = any(by_id[one.id].kind == "ruling" for one in entry.answered_by)
        entry.open = entry.kind in WANTS_RULING and not ruled and not entry.withdrawn
    return made


def reference(entry: Entry) -> Reference:
    """The entry, named shortly."""
    return Reference(entry.id, entry.when, entry.kind_label, entry.text)


def _entry(row: Row, note: Row, people: Mapping[str, str], zone: str | None) -> Entry:
    time, precision = row["local_time"] or "", row["at_precision"] or ""
    speaker = note.get("speaker") or ""
    return Entry(
        id=row["id"],
        place=row["place"],
        kind=row["kind"] or "note",
        kind_label=said(KINDS, row["kind"] or "note"),
        time=time,
        precision=precision,
        when=_when(time, precision),
        basis=row["basis"] or "",
        basis_label=said(BASES, row["basis"]),
        speaker=people.get(speaker, speaker),
        about=[people.get(person, person) for person in listed(row["about"])],
        via=said(VIA, row["via"]) if row["via"] in VIA else "",
        text=note.get("text") or "",
        original=note.get("original") or "",
        quote=is_set(row["quote"]),
        withdrawn=is_set(row["withdrawn"]),
        late=_late(row, zone),
        questions=listed(row["items"]),
    )


def _when(time: str, precision: str) -> str:
    if precision == "order_only" or not time:
        return gettext("order only")
    return gettext("about %(time)s", time=time) if precision == "about" else time


def _late(row: Row, zone: str | None) -> str:
    if not is_set(row["late"]):
        return ""
    later = int(row["minutes_late"] or 0)
    return gettext(
        "written down %(later)s later, at %(time)s",
        later=minutes(later),
        time=local_time(row["entered_at"], zone) or row["entered_at"],
    )


def phone_away(entries: Sequence[Row], zone: str | None) -> list[dict[str, str]]:
    """When the observer's phone was away; an empty ``until``: the log does not say."""
    log = {f"log/{row['id']}": {**row, "withdrawn": is_set(row["withdrawn"])} for row in entries}
    return [
        {
            "since": local_time(gap.since, zone) or gap.since,
            "until": (local_time(gap.until, zone) or gap.until) if gap.until else "",
        }
        for gap in phone_gaps(log)
    ]


def listed(value: object) -> list[str]:
    """The strings of a JSON list in a column; nothing when it holds none."""
    try:
        found = json.loads(str(value or "[]"))
    except ValueError:
        return []
    return [str(one) for one in found] if isinstance(found, list) else []


def is_set(value: object) -> bool:
    """A flag of the tables, also where the column's type made a text of it."""
    return value not in (None, "", 0, "0")
