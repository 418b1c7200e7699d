"""Values that the record of a hearing and its log already hold, offered for confirmation.

A proposal is never an answer: it is shown to the observer, who confirms or changes it. Nothing here
guesses: where the log is silent or only gives an order, there is no proposal.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.checklist import Checklist
from schemas.consistency import log_entries
from schemas.moment import entry_key, moment, on_clock
from schemas.relevance import Record, persons_of_kind, values_of

_ABOUT_EVIDENCE_TO_COME: Final = ("request", "ruling", "objection")


@dataclass(frozen=True, slots=True)
class _Sources:
    hearing: Record
    persons: Sequence[Record]
    observation: Record
    # Entries by time and id; those without a readable time are left out.
    log: tuple[tuple[datetime, Mapping[str, Any]], ...]

    def of_kind(self, *kinds: str) -> list[tuple[datetime, Mapping[str, Any]]]:
        return [(when, entry) for when, entry in self.log if entry.get("kind") in kinds]

    def timed(self, *kinds: str) -> list[tuple[datetime, Mapping[str, Any]]]:
        """Those whose time is a time and not only a place in the order."""
        found = self.of_kind(*kinds)
        return [(when, e) for when, e in found if e.get("at_precision") != "order_only"]


def proposals(
    checklist: Checklist, hearing: Record, persons: Sequence[Record], observation: Record
) -> dict[str, Any]:
    """Proposed values by the path of their answer (``answers/hearing.date``).

    Only for items that the checklist calls derived. Times are ``HH:MM`` in the time zone of the
    hearing, durations whole minutes.
    """
    entries = log_entries(observation)
    # Of one instant the id decides: the order of the fields is that in which they came to be known.
    ordered = sorted(entries.items(), key=lambda one: entry_key(*one))
    timed = ((moment(entry), entry) for _id, entry in ordered)
    log = tuple((when, entry) for when, entry in timed if when is not None)
    sources = _Sources(hearing, persons, observation, log)
    # What has a kind that cannot be read may be anything: the log then says nothing.
    readable = all(_is_word(entry.get("kind")) for entry in entries.values())
    offered: dict[str, Any] = {}
    for item, derive in (_DERIVED if readable else _WITHOUT_LOG).items():
        known = checklist.items.get(item)
        value = derive(sources) if known is not None and known.derived else None
        if value is not None:
            offered[f"answers/{item}"] = value
    return offered


def _date(sources: _Sources) -> str | None:
    date = sources.hearing.get("date")
    return date if isinstance(date, str) and date else None


def _start(sources: _Sources) -> Any:
    starts = sources.timed("start")
    return _local_time(sources, *starts[0]) if starts else None


def _end(sources: _Sources) -> Any:
    ends = sources.timed("end")
    return _local_time(sources, *ends[-1]) if ends else None


def _local_time(sources: _Sources, when: datetime, entry: Mapping[str, Any]) -> Any:
    local = on_clock(when, sources.hearing.get("time_zone"))
    if local is None:
        # Without the zone of the court no time on its clock can be named.
        return None
    time = local.strftime("%H:%M")
    about = entry.get("at_precision") == "about"
    return {"time": time, "precision": "about"} if about else time


def _witnesses(sources: _Sources) -> int | None:
    # Who speaks in a request, a ruling or an objection, or is asked for, is not thereby heard.
    entries = [e for e in _entries(sources) if e.get("kind") not in _ABOUT_EVIDENCE_TO_COME]
    named = {person for entry in entries for person in _about(entry)}
    named |= {e["speaker"] for e in entries if isinstance(e.get("speaker"), str)}
    ids = set(persons_of_kind(sources.persons, "witness"))
    asked = [p for p in sources.persons if p["id"] in ids]
    if not all(_is_word(p.get("code")) for p in asked):
        return None
    # Observers write the speaker as the code of the person.
    heard = [p for p in asked if named & {p["id"], p.get("code")}]
    # No mention is no proof that no one was heard: there is no proposal of zero.
    return len(heard) or None


def _entries(sources: _Sources) -> Iterator[Mapping[str, Any]]:
    yield from log_entries(sources.observation).values()


def _is_word(value: object) -> bool:
    """Whether a value is a text or left out."""
    return value is None or isinstance(value, str)


def _about(entry: Mapping[str, Any]) -> tuple[str, ...]:
    about = entry.get("about")
    if isinstance(about, str):
        return (about,)
    return tuple(p for p in about if isinstance(p, str)) if isinstance(about, list) else ()


def _counsel_stayed(sources: _Sources) -> str | None:
    kinds = {entry.get("kind") for entry in _entries(sources)}
    if "leaves" in kinds or not {"start", "end"} <= kinds:
        return None
    answer = sources.observation.get("answers/hearing.parties_present")
    if answer is not None and not isinstance(answer, Mapping):
        return None
    present = values_of(answer)
    # Who was not there did not stay.
    return None if present and "defence_counsel" not in present else "yes"


def _duration(sources: _Sources) -> int | None:
    marks = sources.of_kind("start", "break", "resume", "end")
    if len(marks) != len(sources.timed("start", "break", "resume", "end")):
        return None
    starts, ends = sources.of_kind("start"), sources.of_kind("end")
    if not starts or not ends or ends[-1][0] < starts[0][0]:
        return None
    begun, over = starts[0][0], ends[-1][0]
    sitting = timedelta()
    since: datetime | None = None
    for when, entry in marks:
        running = entry.get("kind") in ("start", "resume")
        if not begun <= when <= over:
            continue
        if running and since is None:
            since = when
        elif not running and since is not None:
            sitting, since = sitting + (when - since), None
    return int(sitting.total_seconds() // 60)


_WITHOUT_LOG: Final[Mapping[str, Callable[[_Sources], Any]]] = {"hearing.date": _date}
_DERIVED: Final[Mapping[str, Callable[[_Sources], Any]]] = {
    **_WITHOUT_LOG,
    "hearing.start_time": _start,
    "hearing.end_time": _end,
    "hearing.effective_duration": _duration,
    "evidence.witnesses_heard": _witnesses,
    "counsel.present_throughout": _counsel_stayed,
}
