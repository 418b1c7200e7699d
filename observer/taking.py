"""What lines typed in from paper mean in an observation, and taking them into its records.

A line is kept until it is taken, and its id becomes that of its log entry: taking it twice, after
the laptop went off in between, makes no second entry.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from observer.forms.records import at_court
from observer.typed import AnswerLine, Fault, Line, Moment, parse, times, whom
from observer.workspace import Record, Sitting, Workspace
from schemas.relevance import Relevance, persons_of_kind
from sync.projection.rows import local_time

# What may be right and should still be looked at.
NO_ENTRY, NOT_IN_FORCE, REPLACES, KEEPS_OWN = "no_entry", "not_in_force", "replaces", "keeps_own"


@dataclass(frozen=True, slots=True)
class Read:
    """A line as typed, what it says, and for whom: ids of persons, "" for all or nobody."""

    id: str
    line: str
    said: Line | Fault
    persons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether it can be taken."""
        return not isinstance(self.said, Fault)

    @property
    def paths(self) -> tuple[str, ...]:
        """Where its answer goes."""
        if not isinstance(self.said, AnswerLine):
            return ()
        return tuple(f"answers/{self.said.item}" + (f"/{p}" if p else "") for p in self.persons)


def read_lines(sitting: Sitting, lines: Mapping[str, str]) -> list[Read]:
    """Each line checked by itself, against the case, and against the lines before it."""
    people = [{"id": person.id, **person.values} for person in sitting.people]
    values: dict[str, tuple[Any, str]] = {}
    reads = []
    for id_, line in lines.items():
        read = _read(sitting, people, id_, line)
        if isinstance(read.said, AnswerLine):
            value = read.said.value
            other = next(
                (values[p][1] for p in read.paths if values.get(p, (value,))[0] != value), ""
            )
            if other:
                read = Read(id_, line, Fault("contradicts", other, read.said.item))
            else:
                values.update(dict.fromkeys(read.paths, (value, line)))
        reads.append(read)
    relevance = _with(sitting, people, {path: value for path, (value, _) in values.items()})
    return [
        Read(r.id, r.line, r.said, r.persons, tuple(_remarks(sitting, relevance, people, r)))
        for r in reads
    ]


def _read(sitting: Sitting, people: Sequence[Mapping[str, Any]], id_: str, line: str) -> Read:
    said = parse(line, sitting.checklist)
    if not isinstance(said, AnswerLine):
        return Read(id_, line, said)
    found = whom(said, sitting.checklist.items[said.item], people)
    return Read(id_, line, found) if isinstance(found, Fault) else Read(id_, line, said, found)


def _with(
    sitting: Sitting, people: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
) -> Relevance:
    """What is asked once these answers are taken, whatever the order in which they stand."""
    case, observation = dict(sitting.case.values), dict(sitting.observation.values)
    for path, value in values.items():
        holder = case if _holder(sitting, path) is sitting.case else observation
        holder[path] = {"value": value}
    return Relevance(sitting.checklist, case, people, observation)


def _holder(sitting: Sitting, path: str) -> Record:
    return sitting.holder(path.split("/")[1])


def _remarks(
    sitting: Sitting, relevance: Relevance, people: Sequence[Mapping[str, Any]], read: Read
) -> Iterator[str]:
    said = read.said
    if not isinstance(said, AnswerLine):
        return
    item = sitting.checklist.items[said.item]
    before = [_holder(sitting, path).values.get(path) or {} for path in read.paths]
    if any(b.get("value") not in (None, said.value) for b in before):
        yield REPLACES
    bare = not said.text and not all(b.get("entries") for b in before)
    if bare and item.answer == "compliance" and said.value in ("no", "partly"):
        yield NO_ENTRY
    concerned = persons_of_kind(people, item.per)
    own = sitting.holder(item.id).values
    for_all = read.persons == ("",) and item.per != "none"
    if for_all and any(f"answers/{item.id}/{person}" in own for person in concerned):
        yield KEEPS_OWN
    asked = concerned if read.persons == ("",) else read.persons
    if asked and not any(relevance.in_force(item, person) for person in asked):
        yield NOT_IN_FORCE


def take(space: Workspace, sitting: Sitting, reads: Sequence[Read]) -> int:
    """Write the right lines as drafts of the records they belong to; returns how many."""
    right = [read for read in reads if read.right]
    now = space.now()
    fields: dict[tuple[str, str], dict[str, Any]] = {}
    for read, entry in zip(right, _entries(sitting, right, now), strict=True):
        if entry:
            own = (sitting.observation.kind, sitting.observation.id)
            fields.setdefault(own, {})[f"log/{read.id}"] = entry
        value = read.said.value if isinstance(read.said, AnswerLine) else None
        for path in read.paths:
            holder = _holder(sitting, path)
            kept = fields.setdefault((holder.kind, holder.id), {})
            before = kept.get(path) or holder.values.get(path) or {}
            rests_on = [*before.get("entries", []), *([read.id] if entry else [])]
            kept[path] = {
                "value": value,
                "entries": list(dict.fromkeys(rests_on)),
                "comment": before.get("comment", ""),
                "answered_at": now,
            }
    for (kind, record), written in fields.items():
        space.edit(kind, record, written)
    space.drafts.keep_lines(sitting.observation.id, {read.id: "" for read in right})
    return len(right)


def _entries(
    sitting: Sitting, right: Sequence[Read], now: str
) -> Iterator[Mapping[str, Any] | None]:
    """The log entry of each line, none for an answer that rests on nothing new."""
    hearing = sitting.hearing.values
    day, zone = str(hearing.get("date")), str(hearing.get("time_zone"))
    moments = [_moment(read) for read in right]
    otherwise = str(hearing.get("scheduled_at") or "00:00")
    clocks = times(moments, _last_time(sitting, zone), otherwise)
    for read, moment, clock in zip(right, moments, clocks, strict=True):
        said = read.said
        if moment is None or isinstance(said, Fault):
            yield None
            continue
        kind = "note" if isinstance(said, AnswerLine) else said.kind
        yield {
            "text": said.text,
            "kind": kind,
            "basis": "observed_fact",
            "at": at_court(day, clock, zone),
            "at_precision": moment.precision,
            "entered_at": now,
            "via": "paper",
            "quote": kind == "quotation",
            "about": [person for person in read.persons if person],
            "items": [said.item] if isinstance(said, AnswerLine) else [],
        }


def _moment(read: Read) -> Moment | None:
    return None if isinstance(read.said, Fault) else read.said.moment


def _last_time(sitting: Sitting, zone: str) -> str | None:
    """The time of what was typed from paper last: what only has an order comes after it."""
    paper = [(id_, entry) for id_, entry in sitting.entries if entry.get("via") == "paper"]
    return local_time(max(paper, key=lambda e: e[0])[1].get("at"), zone) if paper else None
