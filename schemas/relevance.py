"""Which questions are asked of whom, and what was answered: targets from flat records.

Pure reading of a checklist and four records; it judges no answer (``schemas/consistency.py`` does)
and writes nothing. A record is a flat mapping of field path to value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from schemas.checklist import Checklist, Gate, Item

State = Literal["answered", "unanswered", "not_asked"]
Record = Mapping[str, Any]

# The order in which proceedings run; `other` has no place in it.
STAGES: Final = (
    "first_appearance",
    "detention_review",
    "preliminary",
    "plea",
    "trial",
    "judgment",
    "sentencing",
    "appeal",
)
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "accused": ("accused",),
    "witness": ("witness", "expert"),
}
# What can be asked of a hearing that the observer did not attend; one that was closed to them may
# have gone on, so that nothing is asked of it.
_STILL_ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "not_held": ("hearing.outcome", "hearing.adjournment_reason", "hearing.next_date"),
    "not_admitted": (),
}
# What names a hearing stays true of it, attended or not.
_NAMES_HEARING: Final = ("hearing.date", "hearing.kind", "hearing.scheduled_time")


@dataclass(frozen=True, slots=True)
class Target:
    """One item asked of one person (``person`` is a record id, or empty for an item about no one).

    ``same_for_all`` says that the answer was given once for everyone to whom the item applies.
    """

    item: str
    person: str
    state: State
    answer: Mapping[str, Any] | None = None
    same_for_all: bool = False

    @property
    def values(self) -> tuple[Any, ...]:
        """The value or values chosen; empty when there are none."""
        return values_of(self.answer)


def values_of(answer: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """Every value of an answer, one or many; an answer whose value is null has none."""
    value = answer.get("value") if answer else None
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def words_of(answer: Mapping[str, Any] | None) -> frozenset[str]:
    """The values of an answer that are words, as a set; what has another shape is left out."""
    return frozenset(value for value in values_of(answer) if isinstance(value, str))


def attendance_of(observation: Record) -> str | None:
    """``observed``, ``not_held`` or ``not_admitted``, or None when it was not said yet."""
    attendance = observation.get("attendance")
    value = attendance.get("value") if isinstance(attendance, Mapping) else None
    return value if isinstance(value, str) else None


def persons_of_kind(persons: Sequence[Record], per: str) -> tuple[str, ...]:
    """Ids of the persons an item is about: ``accused``, ``witness`` (experts count as witnesses).

    An item about no one has the single id "".
    """
    if per not in _ROLES:
        return ("",)
    return tuple(str(p["id"]) for p in persons if p.get("role") in _ROLES[per])


@dataclass(frozen=True)
class Relevance:
    """The answers of one observer at one hearing, and which items they open."""

    checklist: Checklist
    case: Record
    persons: Sequence[Record]
    observation: Record
    _known: dict[tuple[str, str], bool] = field(default_factory=dict, repr=False)

    @cached_property
    def attendance(self) -> str | None:
        """What :func:`attendance_of` says of the observation."""
        return attendance_of(self.observation)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """What kind of hearing it was, as far as the observer said so."""
        kind = self.observation.get("answers/hearing.kind")
        return words_of(kind if isinstance(kind, Mapping) else None)

    @cached_property
    def _persons(self) -> Mapping[str, tuple[str, ...]]:
        return {per: persons_of_kind(self.persons, per) for per in ("none", *_ROLES)}

    def answer(self, item: Item, person: str) -> tuple[Mapping[str, Any] | None, bool]:
        """The answer for this person, and whether it is the one given for all."""
        record = self.case if item.scope == "case" else self.observation
        own = record.get(f"answers/{item.id}/{person}") if person else None
        if isinstance(own, Mapping):
            return own, False
        shared = record.get(f"answers/{item.id}")
        if isinstance(shared, Mapping):
            return shared, item.per != "none"
        return None, False

    def in_force(self, item: Item, person: str) -> bool:
        """Whether the kind of hearing and the item's gates call for it."""
        key = (item.id, person)
        if key not in self._known:
            # Closed until shown open, so that gates in a circle end instead of recursing for ever.
            self._known[key] = False
            self._known[key] = self._open_today(item, person) and self._gate_open(item, person)
        return self._known[key]

    def targets(self) -> tuple[Target, ...]:
        """The observer's targets, in the order of the checklist and of the persons."""
        return tuple(target for target in self._all_targets() if self._wanted(target))

    def _all_targets(self) -> Iterator[Target]:
        for item in self.checklist.items.values():
            if item.who != "observer":
                continue
            for person in self._persons[item.per]:
                answer, shared = self.answer(item, person)
                yield Target(item.id, person, self._state(item, person, answer), answer, shared)

    def _state(self, item: Item, person: str, answer: Mapping[str, Any] | None) -> State:
        still_asked = _STILL_ASKED.get(self.attendance or "")
        attended = still_asked is None or item.id in still_asked
        if not attended or not self.in_force(item, person):
            return "not_asked"
        return "answered" if _is_given(answer) else "unanswered"

    def _wanted(self, target: Target) -> bool:
        item = self.checklist.items[target.item]
        # A stored answer stays visible also where it is out of force, so that it can be taken back.
        stored = _is_given(target.answer)
        if self.attendance in _STILL_ASKED:
            of_hearing = item.scope == "hearing" and item.id not in _NAMES_HEARING
            return target.state != "not_asked" or (stored and of_hearing)
        return item.core or stored or self.observation.get("mode") != "quick"

    def _gate_open(self, item: Item, person: str) -> bool:
        gate = item.relevant_if
        if gate is None:
            return True
        opener = self.checklist.items[gate.item]
        # A feature of one accused opens questions about this accused only.
        same_kind = opener.per == item.per
        who = (person,) if same_kind else self._persons[opener.per]
        return any(self._opens(opener, gate, one) for one in who)

    def _opens(self, opener: Item, gate: Gate, person: str) -> bool:
        answer, _ = self.answer(opener, person)
        return self.in_force(opener, person) and not words_of(answer).isdisjoint(gate.any_of)

    def _open_today(self, item: Item, person: str) -> bool:
        if "all" in item.proceedings:
            return True
        kinds = self.kinds
        if not kinds.isdisjoint(item.proceedings):
            return True
        if item.scope != "case":
            return False
        # What is known of a case is known at every later hearing, whatever its kind.
        if values_of(self.answer(item, person)[0]):
            return True
        reached = [STAGES.index(k) for k in STAGES if k in kinds]
        listed = [STAGES.index(k) for k in STAGES if k in item.proceedings]
        return bool(reached and listed) and max(reached) >= min(listed)


def _is_given(answer: Mapping[str, Any] | None) -> bool:
    """Whether there is a value; a list with nothing in it is one, of a wrong shape."""
    return answer is not None and answer.get("value") is not None
