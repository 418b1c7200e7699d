"""What the observer sees and changes: records as sent, with the unsent drafts laid over them.

One workspace is one mission on one laptop. Views call it; it knows neither Flask nor SQL.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from uuid6 import uuid7

from observer.errors import NoSuchRecord, NotYours
from observer.profile import Home, Profile
from observer.store import Draft, Drafts
from schemas.checklist import Checklist
from schemas.checklist_schema import ChecklistError
from schemas.consistency import log_entries
from schemas.library import checklist_by_hash, default_checklist
from schemas.moment import entry_key
from schemas.rules import Assessment, assess
from sync.blobs import BlobStore
from sync.change import Change, Signer
from sync.clock import Clock, utc_now
from sync.cut import Dirty, cut
from sync.fold import Folded, fold
from sync.projection import Projector, paths_of


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the observer sees it: sent values, and over them what is not sent yet."""

    id: str
    kind: str
    sent: Folded
    drafts: Mapping[str, Any]
    values: Mapping[str, Any]

    @property
    def dirty(self) -> dict[str, Any]:
        """Unsent fields that differ from what was sent, or settle a conflict."""
        return {
            path: value
            for path, value in self.drafts.items()
            if path in self.sent.conflicts or self.sent.values.get(path) != value
        }


@dataclass(frozen=True)
class Sitting:
    """Everything the form of one observation needs: the records around it and the checklist."""

    case: Record
    hearing: Record
    people: tuple[Record, ...]
    observation: Record
    checklist: Checklist

    @cached_property
    def assessment(self) -> Assessment:
        """What is relevant, missing and inconsistent."""
        return assess(
            self.checklist,
            self.case.values,
            self.hearing.values,
            [{"id": person.id, **person.values} for person in self.people],
            self.observation.values,
        )

    def holder(self, item: str) -> Record:
        """The record in which an item is answered: the case or the observation."""
        scope = self.checklist.items[item].scope
        return self.case if scope == "case" else self.observation

    @property
    def entries(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The log entries that are not withdrawn, by the time they tell of and then by their id."""
        found = log_entries(self.observation.values)
        return sorted(found.items(), key=lambda entry: entry_key(*entry))


class Workspace:
    """Reads and edits the records of one mission on one laptop."""

    def __init__(self, home: Home, now: Clock = utc_now) -> None:
        self.home = home
        self.profile: Profile = home.profile()
        self.now = now
        self.log = home.log()
        self.drafts = Drafts(home.drafts_path)
        self.blobs = BlobStore(home.blobs_path)
        self.projector = Projector(self.log, *paths_of(home.folder, self.profile.mission))

    def close(self) -> None:
        """Close all files."""
        self.projector.close()
        self.drafts.close()
        self.log.close()

    @property
    def signer(self) -> Signer:
        """What signs here; read anew, since after a fork another program may have renewed it."""
        return self.home.signer()

    def refresh(self) -> None:
        """Bring the tables up to what the log holds."""
        while self.projector.catch_up():
            pass

    # -- reading ----------------------------------------------------------------------

    def find(self, kind: str, record: str) -> Record | None:
        """A record, ``None`` if there is nothing of it here."""
        changes = self.log.changes_of(record)
        drafts = self.drafts.of(record)
        if not drafts and not any(change.kind == kind for change in changes):
            return None
        sent = fold(changes)
        values = {**sent.values, **drafts}
        values = {path: value for path, value in values.items() if value is not None}
        return Record(record, kind, sent, drafts, values)

    def get(self, kind: str, record: str) -> Record:
        """A record.

        :raises NoSuchRecord: nothing of it is here
        """
        found = self.find(kind, record)
        if found is None:
            raise NoSuchRecord("This record is not on this laptop.")
        return found

    def all(self, kind: str) -> list[Record]:
        """All records of a kind that are not withdrawn, oldest first."""
        ids = [*self._sent_ids(kind), *(record for record, _ in self.drafts.records(kind))]
        found = [self.find(kind, record) for record in dict.fromkeys(ids)]
        return [record for record in found if record and not record.values.get("withdrawn")]

    def _sent_ids(self, kind: str) -> list[str]:
        ids = self.log.records(kind)
        if kind != "observation":
            return ids
        # A colleague's record may be carried here; it is not shown.
        return [record for record in ids if self.log.creator(record) == self.profile.author]

    def of_case(self, kind: str, case: str) -> list[Record]:
        """The records of a kind that belong to a case."""
        return [record for record in self.all(kind) if record.values.get("case") == case]

    def sitting(self, observation: str) -> Sitting:
        """The observation with its case, hearing and persons.

        :raises NoSuchRecord: one of them is not here
        """
        record = self.get("observation", observation)
        case = self.get("case", str(record.values.get("case")))
        hearing = self.get("hearing", str(record.values.get("hearing")))
        people = tuple(self.of_case("person", case.id))
        return Sitting(case, hearing, people, record, self._checklist(record))

    def _checklist(self, record: Record) -> Checklist:
        try:
            return checklist_by_hash(str(record.values.get("checklist")))
        except ChecklistError:
            return default_checklist()

    @property
    def time_zone(self) -> str:
        """The mission's time zone, proposed for new hearings."""
        for record in self.all("mission"):
            if record.values.get("time_zone"):
                return str(record.values["time_zone"])
        return "UTC"

    # -- writing ----------------------------------------------------------------------

    def create(self, kind: str, fields: Mapping[str, Any]) -> str:
        """A new record, as a draft; returns its id."""
        record = str(uuid7())
        self.edit(kind, record, {"practice": self.profile.practice, **fields})
        return record

    def edit(self, kind: str, record: str, fields: Mapping[str, Any]) -> None:
        """Write fields to the draft; ``None`` clears. On disk when it returns.

        :raises NotYours: the observation is another observer's
        """
        with self.drafts.alone():
            sent = fold(self.log.changes_of(record))
            if kind == "observation" and sent.origins:
                authors = {version.author for version in sent.origins.values()}
                if authors != {self.profile.author}:
                    raise NotYours("This is another observer's record. Make your own observation.")
            keep, drop = [], []
            for path, value in fields.items():
                # In a conflict, to keep what is shown is a choice and has to be sent.
                if path not in sent.conflicts and sent.values.get(path) == value:
                    drop.append((record, path))
                else:
                    keep.append(Draft(record, kind, path, value, sent.heads))
            self.drafts.write(keep, drop, self.now())

    def unsent(self) -> list[Record]:
        """The records with unsent fields."""
        found = [self.find(kind, record) for record, kind in self.drafts.records()]
        return [record for record in found if record is not None and record.dirty]

    def send(self, records: Iterable[Record]) -> list[Change]:
        """Cut the unsent fields of these records into signed changes, and fold them.

        :raises SyncError: nothing was cut; the drafts are as they were
        """
        dirty = [part for record in records for part in self._parts(record)]
        changes = cut(self.log, self.signer, dirty, self.now)
        for each in dirty:
            self.drafts.sent(each.record, each.fields)
        self.refresh()
        return changes

    def _parts(self, record: Record) -> list[Dirty]:
        """The unsent fields, apart by what the author had seen of the record when writing them.

        In the order of writing, whatever the clock said: each change descends from the one before.
        """
        parts: dict[tuple[str, ...] | None, dict[str, Any]] = {}
        for path, heads in self.drafts.seen(record.id).items():
            if path in record.dirty:
                parts.setdefault(heads, {})[path] = record.dirty[path]
        # Where it is not known, all that is here counts as seen: after what certainly saw less.
        ordered = sorted(parts.items(), key=lambda part: part[0] is None)
        return [Dirty(record.kind, record.id, part, heads) for heads, part in ordered]

    def send_sitting(self, sitting: Sitting) -> list[Change]:
        """Submit: the observation, everything it hangs on, and what is attached to it."""
        self.edit("observation", sitting.observation.id, {"submitted_at": self.now()})
        fresh = self.sitting(sitting.observation.id)
        files = [
            record
            for record in self.unsent()
            if record.kind == "attachment"
            and record.values.get("observation") == sitting.observation.id
        ]
        return self.send([fresh.case, *fresh.people, fresh.hearing, fresh.observation, *files])
