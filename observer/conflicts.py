"""Fields that people wrote without knowing of each other, and what a person keeps of them.

Two observers of one hearing make two observations: those never conflict. What can is shared (case,
person, hearing), or one's own observation written on two devices. Knows neither Flask nor SQL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from observer.errors import NoSuchRecord
from observer.workspace import Record, Workspace
from sync.clock import instant
from sync.fold import Version

KINDS: Final = ("case", "person", "hearing", "observation")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field with differing versions, the shown one first.

    :ivar settled: a draft that was written after all of the versions were here stands over them;
        it ends the conflict when it is sent
    """

    record: Record
    path: str
    versions: tuple[Version, ...]
    settled: bool


def conflicts_of(space: Workspace, record: Record) -> list[Conflict]:
    """The fields of a record that are in conflict, by path."""
    if not record.sent.conflicts:
        return []
    written = space.drafts.written(record.id)
    return [
        Conflict(record, path, versions, _is_settled(space, written.get(path), versions))
        for path, versions in sorted(record.sent.conflicts.items())
    ]


def _is_settled(space: Workspace, written: str | None, versions: tuple[Version, ...]) -> bool:
    """Whether who wrote the draft could have seen all versions; an older one chose nothing."""
    if written is None:
        return False
    came = space.log.known(version.hash for version in versions)
    return all(instant(entry.received_at) <= instant(written) for entry in came.values())


def open_conflicts(space: Workspace) -> list[Conflict]:
    """The conflicts that nobody has settled here yet, withdrawn records included."""
    return [
        conflict
        for record in _records(space)
        for conflict in conflicts_of(space, record)
        if not conflict.settled
    ]


def _records(space: Workspace) -> Iterator[Record]:
    own = space.profile.author
    for kind in KINDS:
        for id_ in space.log.records(kind):
            if kind != "observation" or space.log.creator(id_) == own:
                record = space.find(kind, id_)
                if record is not None:
                    yield record


def keep(space: Workspace, record: str, path: str, hash_: str) -> Conflict:
    """Draft a version's value as the field's, exactly as it stands; gives what was settled.

    :raises NoSuchRecord: the record is not here, or the field has no such version in conflict
    """
    kind = space.log.kind(record)
    if kind not in KINDS:
        raise NoSuchRecord("This record is not on this laptop.")
    found = space.get(kind, record)
    for conflict in conflicts_of(space, found):
        for version in conflict.versions:
            if (conflict.path, version.hash) == (path, hash_):
                space.edit(kind, record, {path: version.value})
                return conflict
    raise NoSuchRecord("Somebody settled this meanwhile. Go back and load the page again.")
