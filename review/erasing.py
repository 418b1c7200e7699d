"""Erasing: what a change said goes from every file here; who wrote it, when and where, stays.

Two people decide, and headquarters signs their decision. Devices learn of it with their next pull.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from uuid6 import uuid7

from review.errors import NotErased
from review.follower import projecting, turn
from review.hub import Hub
from schemas.envelope import HASH_TEXT
from sync.blobs import BlobStore
from sync.change import Change, envelope_of, kept_hash
from sync.log import Log
from sync.log.backup import squeeze
from sync.log.erased import RESTATED
from sync.projection.scrub import scrub

AT_ONCE: Final = 100  # hashes in one erasure, so that it stays within the size of a change
# What everything else is verified with.
NEVER: Final = ("device", "mission", "erasure")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be erased, decided by whom and why; ``restated`` by field path."""

    hashes: Sequence[str]
    by: Sequence[str]
    reason: str
    restated: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: changes, files; ``everywhere``: no reader kept old pages in a file."""

    erasures: Sequence[str]
    changes: int
    files: int
    everywhere: bool


def erase(hub: Hub, mission: str, order: Order) -> Erased:
    """Sign an erasure and carry it out in the log, the files and the tables of headquarters.

    :raises NotErased: what is named cannot be erased so; nothing was
    :raises NoSuchMission: there is none of this name
    """
    _check_people(hub, mission, order)
    log = hub.log(mission)
    try:
        seat, made = hub.seat(log), []
        with log.writing():
            changes = _named(log, order.hashes)
            fields = [
                _fields(changes[start : start + AT_ONCE], order)
                for start in range(0, len(changes), AT_ONCE)
            ]
            fields[-1] |= _restated(changes, order.restated)
            for each in fields:
                made.append(seat.write(log, "erasure", str(uuid7()), each, hub.now).hash)
        everywhere = squeeze(log.db)
        store = BlobStore(hub.blobs_path(mission))
        files = sum(store.drop(sha256) for sha256 in log.blobs_to_drop())
    finally:
        log.close()
    return Erased(made, len(changes), files, _scrub_tables(hub, mission) and everywhere)


def _scrub_tables(hub: Hub, mission: str) -> bool:
    with (
        projecting(hub.instance, mission, hub.log_path(mission)) as projector,
        turn(hub.instance, mission),
    ):
        return scrub(projector)


def _check_people(hub: Hub, mission: str, order: Order) -> None:
    people = {one["id"] for one in hub.store.reviewers() if mission in one["missions"]}
    for name in order.by:
        if name not in people:
            raise NotErased(f"{name!r} is not a reviewer of {mission}. See: observer-hub status")
    if len(set(order.by)) < 2:
        raise NotErased("Two different people decide on an erasure: --by NAME --by NAME.")
    if not order.reason.strip():
        raise NotErased("An erasure needs a reason. It is kept, so leave out what is erased.")


def _named(log: Log, hashes: Sequence[str]) -> list[Change]:
    """The changes of these hashes, in order of position."""
    entries = log.known(hashes)
    for hash_ in hashes:
        entry = entries.get(hash_)
        if not HASH_TEXT.fullmatch(hash_) or entry is None:
            raise NotErased(f"There is no change {hash_}. See: observer-hub history")
        if entry.kind in NEVER:
            raise NotErased(f"A change of kind {entry.kind} stays: the log is verified with it.")
        if log.erased(hash_) is not None:
            raise NotErased(f"The change {hash_} is erased already.")
    found = sorted(entries.values(), key=lambda entry: entry.position)
    return [
        change
        for entry in found
        for change in log.changes_of(entry.record)
        if change.hash == entry.hash
    ]


def _fields(changes: Sequence[Change], order: Order) -> dict[str, Any]:
    """What an erasure of some changes says; ``kept`` lets what stays of each be verified."""
    kept = {
        f"kept/{one.hash}": kept_hash(envelope_of(one.payload), one.signature) for one in changes
    }
    return {
        "hashes": [one.hash for one in changes],
        "by": sorted(set(order.by)),
        "reason": order.reason.strip(),
        **kept,
    }


def _restated(changes: Sequence[Change], restated: Mapping[str, Any]) -> dict[str, Any]:
    """Headquarters' words in the place of what the last of the changes said at each path."""
    found = {}
    for path, value in restated.items():
        writers = [change for change in changes if path in change.set]
        if not writers:
            raise NotErased(f"None of these changes says anything of {path!r}.")
        found[f"{RESTATED}{writers[-1].hash}/{path}"] = value
    return found


def history(hub: Hub, mission: str, record: str) -> Iterator[str]:
    """The changes of a record in lines, oldest first: hash, author, time and field paths.

    :raises NotErased: there is no such record
    """
    log = hub.log(mission)
    try:
        changes = log.changes_of(record)
        if not changes:
            raise NotErased(f"There is no record {record} in {mission}.")
        entries = log.known(change.hash for change in changes)
        yield f"{changes[0].kind} {record}"
        for change in changes:
            entry, erasure = entries[change.hash], log.erased(change.hash)
            state = f" ({entry.code})" if entry.code else ""
            said = f"erased by {erasure}" if erasure else ", ".join(sorted(change.set)) or "-"
            author = log.device(change.device)
            name = author.author if author else change.author
            yield f"{change.hash} {name} {change.recorded_at}{state}: {said}"
    finally:
        log.close()
