"""What does not fit together in an observation: entries, values, times and who was present.

It points at contradictions and never resolves one: the observer corrects the answer or says why it
stands. Pure functions; nothing here changes a record.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.answers import check_answer
from schemas.checklist import SPECIAL, Checklist
from schemas.envelope import UUID_TEXT
from schemas.moment import moment
from schemas.relevance import Record, Target, persons_of_kind, words_of

_WITH_LAWYER: Final = frozenset({"own_lawyer", "legal_aid", "duty_or_appointed_today"})
# Fewer answers than this may all be not_observed without anything being odd.
_MANY_ANSWERS: Final = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """Something missing or contradictory; an item, person or entry that is not meant is empty."""

    code: str
    item: str = ""
    person: str = ""
    entry: str = ""

    @property
    def key(self) -> str:
        """Names the problem in the path ``overrides/<key>``."""
        return "/".join(part for part in (self.code, self.item, self.person, self.entry) if part)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a check may look at; ``targets`` are those of the observer."""

    checklist: Checklist
    hearing: Record
    persons: Sequence[Record]
    observation: Record
    targets: tuple[Target, ...]

    def answered(self, item: str) -> list[Target]:
        """Targets of this item that are in force and answered."""
        return [t for t in self.targets if t.item == item and t.state == "answered"]

    def seen(self, item: str) -> frozenset[str] | None:
        """The values of a multi about no one; None if unanswered, not observed or inapplicable."""
        for target in self.answered(item):
            chosen = words_of(target.answer)
            if chosen and chosen.isdisjoint(SPECIAL):
                return chosen
        return None

    def one(self, item: str) -> Any:
        """The single value of an item about no one, or None."""
        return next((t.values[0] for t in self.answered(item) if t.values), None)


def find_problems(scene: Scene) -> tuple[Problem, ...]:
    """Every contradiction, each once, in a stable order."""
    found = (problem for check in _CHECKS for problem in check(scene))
    return tuple(dict.fromkeys(found))


def log_entries(observation: Record) -> dict[str, Mapping[str, Any]]:
    """Log entries by id that were not withdrawn."""
    return {
        path.removeprefix("log/"): entry
        for path, entry in observation.items()
        if path.startswith("log/") and isinstance(entry, Mapping) and not entry.get("withdrawn")
    }


def clock(value: Any) -> str | None:
    """``HH:MM`` of a time answer, exact or about."""
    found = value.get("time") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) and ":" in found else None


def _whose(target: Target) -> str:
    # One answer for all is one problem, not one for each accused.
    return "" if target.same_for_all else target.person


def _values(scene: Scene) -> Iterator[Problem]:
    for target in scene.targets:
        if target.state != "answered":
            continue
        answer = target.answer if isinstance(target.answer, dict) else dict(target.answer or {})
        if check_answer(scene.checklist.items[target.item], answer):
            yield Problem("bad_value", target.item, _whose(target))


def _entries(scene: Scene) -> Iterator[Problem]:
    present = log_entries(scene.observation)
    for target in scene.targets:
        if target.state != "answered":
            continue
        item = scene.checklist.items[target.item]
        named = _named_entries(target)
        here = item.scope != "case"
        # The answer of a case may rest on the log of another hearing, which is not at hand.
        elsewhere = [] if here else [e for e in named if f"log/{e}" not in scene.observation]
        found = [*elsewhere, *(e for e in named if e in present)]
        if _needs_entry(scene, target) and not found:
            yield Problem("no_entry", target.item, _whose(target))
        for entry in named if here else ():
            if scene.observation.get(f"log/{entry}") is None:
                yield Problem("entry_unknown", target.item, _whose(target), entry)


def _named_entries(target: Target) -> list[str]:
    entries = (target.answer or {}).get("entries")
    if not isinstance(entries, list):
        return []
    # What is no id names no entry: that is a bad value, and would make no field path either.
    return [e for e in entries if isinstance(e, str) and UUID_TEXT.fullmatch(e)]


def _needs_entry(scene: Scene, target: Target) -> bool:
    item = scene.checklist.items[target.item]
    adverse = ("no", "partly") if item.answer == "compliance" else ()
    return any(v in adverse or v in item.critical_on for v in target.values)


def _times(scene: Scene) -> Iterator[Problem]:
    start, end = clock(scene.one("hearing.start_time")), clock(scene.one("hearing.end_time"))
    if start and end and end < start:
        yield Problem("end_before_start", "hearing.end_time")
    entries = log_entries(scene.observation)
    at = {key: moment(entry) for key, entry in entries.items()}
    kinds = {key: entry.get("kind") for key, entry in entries.items()}
    starts = [when for key, when in at.items() if when and kinds[key] == "start"]
    for key, when in sorted(at.items()):
        if kinds[key] == "end" and when and starts and when < min(starts):
            yield Problem("end_before_start", "hearing.end_time", entry=key)


def _next_date(scene: Scene) -> Iterator[Problem]:
    following, today = scene.one("hearing.next_date"), scene.hearing.get("date")
    if not isinstance(following, str) or not isinstance(today, str) or following in SPECIAL:
        return
    if following[:10] <= today[:10]:
        yield Problem("next_date_past", "hearing.next_date")


def _presence(scene: Scene) -> Iterator[Problem]:
    present = scene.seen("hearing.parties_present")
    if present is None:
        return
    absent = scene.seen("hearing.absent_no_reason")
    if absent and absent & present - {"none"}:
        yield Problem("absent_but_present", "hearing.absent_no_reason")
    accused = persons_of_kind(scene.persons, "accused")
    away = [t for t in scene.answered("person.features") if "in_absentia" in t.values]
    if "accused" in present and accused and len(away) == len(accused):
        yield Problem("in_absentia_but_present", "person.features")


def _counsel(scene: Scene) -> Iterator[Problem]:
    present = scene.seen("hearing.parties_present")
    answers = scene.answered("counsel.represented")
    if present is None:
        return
    if "defence_counsel" in present:
        everyone = persons_of_kind(scene.persons, "accused")
        if everyone and sum("none" in t.values for t in answers) == len(everyone):
            yield Problem("counsel_contradiction", "counsel.represented")
        return
    for target in answers:
        if not _WITH_LAWYER.isdisjoint(words_of(target.answer)):
            yield Problem("counsel_contradiction", "counsel.represented", _whose(target))


def _nothing_observed(scene: Scene) -> Iterator[Problem]:
    items = scene.checklist.items
    # Answers of the case are carried over from other hearings and say nothing about this one.
    given = [
        target.values
        for target in scene.targets
        if target.state == "answered"
        and items[target.item].answer == "compliance"
        and items[target.item].scope != "case"
    ]
    if len(given) >= _MANY_ANSWERS and all(values == ("not_observed",) for values in given):
        yield Problem("all_not_observed")


def _not_in_force(scene: Scene) -> Iterator[Problem]:
    # An answer for all is meant for those it applies to; it is out of force when that is no one.
    applies = {t.item for t in scene.targets if t.state != "not_asked"}
    for target in scene.targets:
        if target.state != "not_asked" or not target.values:
            continue
        if not (target.same_for_all and target.item in applies):
            yield Problem("not_in_force", target.item, _whose(target))


_CHECKS: Final[tuple[Callable[[Scene], Iterator[Problem]], ...]] = (
    _values,
    _entries,
    _times,
    _next_date,
    _presence,
    _counsel,
    _nothing_observed,
    _not_in_force,
)
