"""Conflicts in words: the field, and each version with its author and time on the court's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from observer.conflicts import Conflict
from observer.views.words import court_time, day, kind, question_text, role, term, value_text
from observer.workspace import Record, Workspace
from schemas.checklist import Checklist, Item
from schemas.checklist_schema import ChecklistError
from schemas.library import checklist_by_hash, default_checklist, extended_checklist
from sync.fold import Version


@dataclass(frozen=True, slots=True)
class Telling:
    """One version as shown. ``choice`` is what its button posts; ``kept``: a draft holds it."""

    words: str
    comment: str
    entries: int
    author: str
    mine: bool
    at: str
    choice: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """A conflict as shown. ``person`` is the code of whom an answer is about, if of one."""

    record: Record
    path: str
    label: str
    person: str
    settled: bool
    tellings: tuple[Telling, ...]
    # Whether the draft says something that none of the versions says.
    other: bool

    @property
    def anchor(self) -> str:
        """The id of its place on a page."""
        return f"conflict-{self.record.id}-{self.path}"


def disputes(space: Workspace, found: list[Conflict]) -> list[Dispute]:
    """Conflicts, to be shown."""
    return [_dispute(space, conflict) for conflict in found]


def _dispute(space: Workspace, conflict: Conflict) -> Dispute:
    record, path = conflict.record, conflict.path
    item = item_of(space, record, path)
    checklist = _checklist(space, record)
    zone, people = zone_of(space, record), space.find("person", path.rpartition("/")[2])
    tellings = tuple(_telling(space, conflict, each, item, zone) for each in conflict.versions)
    return Dispute(
        record,
        path,
        f"{item.code} {question_text(item, checklist)}" if item else field_name(path),
        str(people.values.get("code", "")) if people and item else "",
        conflict.settled,
        tellings,
        conflict.settled and not any(telling.kept for telling in tellings),
    )


def _telling(
    space: Workspace, conflict: Conflict, version: Version, item: Item | None, zone: str
) -> Telling:
    value, record = version.value, conflict.record
    told = value if item and isinstance(value, dict) else {}
    drafts = record.drafts
    return Telling(
        words=_answer(item, value) if item else field_words(conflict.path, value, zone),
        comment=str(told.get("comment") or ""),
        entries=len(told.get("entries") or ()),
        author=version.author,
        mine=version.author == space.profile.author,
        at=court_time(version.recorded_at, zone),
        choice=f"{record.id}/{version.hash}/{conflict.path}",
        kept=conflict.settled
        and conflict.path in drafts
        and drafts[conflict.path] == version.value,
    )


def zone_of(space: Workspace, record: Record) -> str:
    """The time zone of the court that a record is about; of a case, that of its last hearing."""
    if record.kind == "observation":
        hearing = space.find("hearing", str(record.values.get("hearing")))
        return zone_of(space, hearing) if hearing else space.time_zone
    if record.kind == "hearing":
        return str(record.values.get("time_zone") or space.time_zone)
    case = record.id if record.kind == "case" else str(record.values.get("case"))
    zones = [hearing.values.get("time_zone") for hearing in space.of_case("hearing", case)]
    return str(next((zone for zone in reversed(zones) if zone), space.time_zone))


def item_of(space: Workspace, record: Record, path: str) -> Item | None:
    """The question that a field answers; ``None`` if it is no answer, or to one not known here."""
    group, _slash, rest = path.partition("/")
    if group != "answers":
        return None
    name = rest.partition("/")[0]
    return _checklist(space, record).items.get(name) or extended_checklist().items.get(name)


def _checklist(space: Workspace, record: Record) -> Checklist:
    try:
        return checklist_by_hash(str(record.values.get("checklist")))
    except ChecklistError:
        return default_checklist()


def _answer(item: Item | None, value: Any) -> str:
    told = value.get("value") if isinstance(value, dict) else None
    if item is None or told is None:
        return str(_("No answer"))
    return value_text(item, told)


def field_name(path: str) -> str:
    """A field of a record in words."""
    words = {
        "title": _("Working name"),
        "court": _("Court"),
        "room": _("Room"),
        "code": _("Code"),
        "role": _("Role"),
        "case": _("Case"),
        "hearing": _("Hearing"),
        "number": _("Number of the hearing"),
        "date": _("Date"),
        "scheduled_at": _("Listed start"),
        "time_zone": _("Time zone of the court"),
        "opened_at": _("Case opened"),
        "practice": _("Practice"),
        "same_as": _("The same as another record"),
        "withdrawn": _("Withdrawn"),
        "mode": _("Kind of checklist"),
        "attendance": _("Attendance"),
        "started_at": _("Observation begun"),
        "submitted_at": _("Submitted"),
        "log": _("Log entry"),
        "overrides": _("Reason for leaving something open"),
    }
    return str(words.get(path.partition("/")[0], path))


def field_words(path: str, value: Any, zone: str) -> str:
    """The value of a field that is no answer, in words."""
    name = path.partition("/")[0]
    if value is None:
        return str(_("Cleared"))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, Mapping):
        return _parts(name, value, zone)
    if name == "role":
        return role(str(value))
    if name == "mode":
        return term(str(value))
    if name == "date":
        return day(str(value))
    if name in ("opened_at", "started_at", "submitted_at"):
        return court_time(str(value), zone)
    return str(value)


def _parts(name: str, value: Mapping[str, Any], zone: str) -> str:
    if name == "log":
        parts = [
            court_time(str(value.get("at")), zone),
            kind(str(value.get("kind"))),
            str(value.get("text") or ""),
            str(_("Taken back")) if value.get("withdrawn") else "",
        ]
    elif name == "attendance":
        parts = [term(str(value[key])) for key in ("value", "by") if value.get(key)]
    else:
        parts = [str(value.get("reason") or "")]
    return " · ".join(part for part in parts if part)


def place(record: Record, path: str) -> str:
    """The page on which a conflict is shown, with its place there."""
    anchor = f"conflict-{record.id}-{path}"
    if record.kind in ("case", "person"):
        case = record.id if record.kind == "case" else str(record.values.get("case"))
        return url_for("cases.show", case=case, _anchor=anchor)
    hearing = record.id if record.kind == "hearing" else str(record.values.get("hearing"))
    return url_for("cases.hearing", hearing=hearing, _anchor=anchor)


def record_name(space: Workspace, record: Record) -> str:
    """A record as its reader knows it: which case, which day, who by code."""
    values = record.values
    if record.kind == "case":
        return str(_("Case %(title)s", title=values.get("title") or "–"))
    if record.kind == "hearing":
        case = space.find("case", str(values.get("case")))
        title = (case.values.get("title") if case else None) or "–"
        return str(
            _("Hearing of %(day)s, %(case)s", day=day(values.get("date")) or "–", case=title)
        )
    if record.kind == "person":
        case = space.find("case", str(values.get("case")))
        title = (case.values.get("title") if case else None) or "–"
        return str(_("%(code)s, %(case)s", code=values.get("code") or "–", case=title))
    hearing = space.find("hearing", str(values.get("hearing")))
    name = record_name(space, hearing) if hearing else "–"
    return str(_("My observation: %(hearing)s", hearing=name))
