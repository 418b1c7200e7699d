"""How far each record is on its way to headquarters, read off drafts, receipts and the last answer.

Knows neither Flask nor SQL, and asks nobody: all of it is on this laptop.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from observer.sending import last_exchange
from observer.workspace import Record, Workspace
from sync.change import Change
from sync.clock import instant

KINDS: Final = ("observation", "hearing", "case", "person")
DRAFT: Final = "draft"
WAITING: Final = "waiting"
SENT: Final = "sent"
STORED: Final = "stored"
BACKED_UP: Final = "backed_up"
QUARANTINED: Final = "quarantined"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why headquarters did not take something: the code, and its sentence if it gave one."""

    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record is. Several states may hold at once: a draft over what was received.

    :ivar states: of ``draft waiting sent stored backed_up quarantined refused``, those that hold,
        what asks for somebody first
    :ivar since: when the oldest of what is not at headquarters was written, empty if nothing is
    """

    record: Record
    states: tuple[str, ...]
    since: str
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_trouble(self) -> bool:
        """Whether a person has to look."""
        return bool({QUARANTINED, REFUSED}.intersection(self.states))

    @property
    def is_here_only(self) -> bool:
        """Whether headquarters lacks something of it."""
        return bool({DRAFT, WAITING, SENT, REFUSED}.intersection(self.states))


@dataclass(slots=True)
class _Found:
    states: set[str] = field(default_factory=set)
    times: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


_ORDER: Final = (REFUSED, QUARANTINED, DRAFT, WAITING, SENT, STORED, BACKED_UP)


def standings(space: Workspace) -> list[Standing]:
    """Every case, hearing, person and observation with unsent work or receipts of one's own."""
    stopped = last_exchange(space.log).stopped
    found = []
    for kind in KINDS:
        drafted = [record for record, _ in space.drafts.records(kind)]
        for id_ in dict.fromkeys([*space.log.records(kind), *drafted]):
            record = space.find(kind, id_)
            if record is not None:
                standing = _standing(space, record, stopped)
                if standing.states:
                    found.append(standing)
    return found


def _standing(
    space: Workspace, record: Record, stopped: Mapping[str, Mapping[str, Any]]
) -> Standing:
    log, found = space.log, _Found()
    if record.dirty:
        written = space.drafts.written(record.id)
        found.states.add(DRAFT)
        found.times += [written[path] for path in record.dirty if path in written]
    own = [c for c in log.changes_of(record.id) if c.author == space.profile.author]
    if own:
        found.states |= log.receipt_states(record.id, _backed_up(space)).keys()
        _look_at_waiting(space, own, found, stopped)
    if STORED in found.states:
        found.states.discard(BACKED_UP)  # not all of it is
    if QUARANTINED in found.states:
        found.refusals += _kept_apart(space, own)
    states = tuple(state for state in _ORDER if state in found.states)
    return Standing(record, states, min(found.times, key=instant, default=""), (*found.refusals,))


def _backed_up(space: Workspace) -> int:
    return int(space.log.meta("backed_up_seq") or 0)


def _look_at_waiting(
    space: Workspace, own: list[Change], found: _Found, stopped: Mapping[str, Mapping[str, Any]]
) -> None:
    """Since when changes wait, and which of them headquarters refused the last time."""
    if not {WAITING, SENT}.intersection(found.states):
        return
    entries = space.log.known(change.hash for change in own)
    for change in own:
        if space.log.holds(change.hash):
            continue
        found.times.append(entries[change.hash].received_at)
        stop = stopped.get(change.device)
        if stop is not None and change.seq >= int(stop["seq"]):
            found.states.add(REFUSED)
            found.refusals = [Refusal(str(stop["code"]), str(stop["error"]))]


def _kept_apart(space: Workspace, own: list[Change]) -> list[Refusal]:
    """The codes on headquarters' receipts; the sheets that it signed are kept whole."""
    mine = {change.hash for change in own}
    codes = [
        str(receipt.get("code") or "")
        for sheet in space.log.hub_sheets(sorted(mine))
        for receipt in json.loads(sheet["payload"])["receipts"]
        if receipt["hash"] in mine and receipt["state"] == QUARANTINED
    ]
    return [Refusal(code) for code in dict.fromkeys(codes)]


def oldest_unsent(space: Workspace, unsent: Iterable[Record]) -> str | None:
    """Since when the oldest work that headquarters lacks is here; ``None`` when it has all.

    :param unsent: the records with drafts that differ from what was sent
    """
    times = [
        written[path]
        for record in unsent
        for written in (space.drafts.written(record.id),)
        for path in record.dirty
        if path in written
    ]
    waiting = space.log.oldest_unreceived()
    return min([*times, *([waiting] if waiting else [])], key=instant, default=None)
