"""Follows a log and keeps the tables: reads what is new, folds what it touches, writes the rows.

The tables remember how far they have come. The text file is written before the facts, so that a
cut between the two is mended by doing the same step again.
"""

import contextlib
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path

from sqlite_utils import Database

from schemas.answers import compile_checker
from schemas.checklist import Checklist
from schemas.checklist_schema import ChecklistError
from schemas.library import checklist_by_hash, default_checklist
from sync.fold import fold
from sync.log import Log, connect, told_plainly
from sync.projection.attachments import attachment_row
from sync.projection.content import content_rows
from sync.projection.incidents import incident_rows
from sync.projection.joins import Joins
from sync.projection.observation import observation_rows
from sync.projection.rows import (
    Reading,
    Record,
    Row,
    Rows,
    answer_rows,
    case_row,
    conflict_rows,
    hearing_row,
    person_row,
)
from sync.projection.shelf import Shelf
from sync.projection.tables import facts, texts

STEP = 1000
PROJECTED = ("case", "person", "hearing", "observation", "attachment", "incident")


def paths_of(folder: Path, mission: str) -> tuple[Path, Path]:
    """Where the facts and the texts of a mission are kept."""
    return folder / f"{mission}.db", folder / f"{mission}_text.db"


@lru_cache(maxsize=16)
def reading_of(sha256: str | None) -> tuple[Reading, bool]:
    """How to read answers: by the checklist named, else by the default one and ``False``."""
    checklist: Checklist | None = None
    if sha256:
        try:
            checklist = checklist_by_hash(sha256)
        except ChecklistError:
            checklist = None
    used = checklist or default_checklist()
    return Reading(used, compile_checker(used)), checklist is not None


def read_record(log: Log, record: str) -> Record | None:
    """A folded record; ``None`` when nothing of it is here that counts."""
    changes = log.changes_of(record)
    counting = [change for change in changes if change.counts]
    if not counting:
        return None
    return Record(
        record,
        counting[0].kind,
        counting[0].author,
        fold(changes),
        log.last_received(record) or "",
        len(changes) - len(counting),
    )


class Projector:
    """Keeps the two projected files of one log."""

    def __init__(self, log: Log, facts_path: Path, text_path: Path) -> None:
        facts_path.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._version: int | None = None
        # A lost projection is made again, so it need not wait for the disk.
        self.facts = connect(facts_path, synchronous="NORMAL")
        self.texts = connect(text_path, synchronous="NORMAL")
        for db, migrations in ((self.texts, texts), (self.facts, facts)):
            db.conn.execute("PRAGMA foreign_keys=OFF")
            migrations.apply(db)
            if not db["_projection"].exists():
                db["_projection"].create({"id": int, "position": int}, pk="id")  # type: ignore[union-attr]
        self._shelf = Shelf(self.facts, self.texts)
        self._write_content()

    def close(self) -> None:
        """Close both files."""
        self.facts.close()
        self.texts.close()

    def _write_content(self) -> None:
        with told_plainly(), self.facts.atomic():
            for table, rows in content_rows().items():
                self.facts[table].delete_where()  # type: ignore[union-attr]
                self.facts[table].insert_all(rows)  # type: ignore[union-attr]

    @property
    def position(self) -> int:
        """How far in the log the tables have come."""
        return min(_position(self.texts), _position(self.facts))

    def stirred(self) -> bool:
        """Whether anybody wrote to the log since this was asked last; at first, yes."""
        version = self.log.db.conn.execute("PRAGMA data_version").fetchone()[0]
        before, self._version = self._version, version
        return bool(before != version)

    def catch_up(self, limit: int = STEP) -> int:
        """Take in the next changes of the log; returns how many, 0 when there is nothing new."""
        entries = self.log.since(self.position, limit)
        if entries:
            touched = {entry.record: entry.kind for entry in entries}
            for entry in entries:
                if entry.kind == "erasure":
                    touched |= dict(self.log.erased_by(entry.hash))
            self._write(touched, entries[-1].position, empty_first=False)
        return len(entries)

    def rebuild(self, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Make all rows again, in one transaction: readers see the old ones until it is done."""
        upto = self.log.position()
        touched = {record: kind for kind in PROJECTED for record in self.log.records(kind)}
        self._write(touched, upto, empty_first=True, progress=progress)

    def _write(
        self,
        touched: dict[str, str],
        upto: int,
        *,
        empty_first: bool,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        step = _Step(self.log)
        records = step.reached_from(touched)
        self._shelf.begin()
        with told_plainly(), self.texts.atomic(), self.facts.atomic():
            with self._shelf.emptied() if empty_first else contextlib.nullcontext():
                for done, (record, kind) in enumerate(records, 1):
                    self._shelf.put(record, kind, step.rows_of(record, kind), fresh=empty_first)
                    progress(done, len(records))
            self._shelf.flush()
            for db in (self.texts, self.facts):
                db["_projection"].upsert({"id": 1, "position": upto}, pk="id")  # type: ignore[union-attr]


class _Step:
    """Folds records once for one step, and knows which others a record's change reaches."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._records: dict[str, Record | None] = {}
        self._of_case: dict[str, list[tuple[str, str]]] = {}
        self.joins = Joins(self.record)

    def reached_from(self, touched: dict[str, str]) -> list[tuple[str, str]]:
        """The projected records to make again: a case's counts and its observations hang on it."""
        reached = {record: kind for record, kind in touched.items() if kind in PROJECTED}
        for record, kind in touched.items():
            about = self.log.about(record) if kind == "review" else None
            if about is not None and self.log.kind(about) == "incident":
                reached[about] = "incident"
        if set(reached.values()) & {"case", "person", "hearing"}:
            reached |= self._joined
        for record, kind in list(reached.items()):
            case = record if kind == "case" else self._case_of(record, kind)
            if case is None or kind in ("observation", "attachment", "incident"):
                continue
            for other, other_kind in self.of_case(case):
                if other_kind == "observation" or record in self._joined:
                    reached[other] = other_kind
            if self.record(case, "case") is not None:
                reached[case] = "case"
        return [(record, kind) for record, kind in reached.items() if kind in PROJECTED]

    @cached_property
    def _joined(self) -> dict[str, str]:
        """Whatever was ever joined, or joined to: it may count for another now."""
        ever = [one for name in ("case", "person", "hearing") for one in self.log.joined(name)]
        ends = {end for one in ever for end in (one, *self.log.joined_to(one))}
        return {end: kind for end in sorted(ends) if (kind := self.log.kind(end)) is not None}

    def _case_of(self, record: str, kind: str) -> str | None:
        found = self.record(record, kind)
        case = found.values.get("case") if found else None
        return case if isinstance(case, str) else None

    def of_case(self, case: str) -> list[tuple[str, str]]:
        """Ids and kinds of the records that name a case."""
        if case not in self._of_case:
            self._of_case[case] = self.log.records_of_case(case)
        return self._of_case[case]

    def record(self, record: str | None, kind: str) -> Record | None:
        """A folded record, ``None`` when nothing of that kind is here."""
        if record is None:
            return None
        if record not in self._records:
            self._records[record] = read_record(self.log, record)
        found = self._records[record]
        return found if found is not None and found.kind == kind else None

    def rows_of(self, record: str, kind: str) -> Rows:
        """All rows of a record."""
        rows = Rows()
        found = self.record(record, kind)
        if found is None:
            return rows
        if kind == "person":
            rows.add("persons", person_row(found, self.joins.same_as(record, kind)))
        elif kind == "hearing":
            rows.add("hearings", hearing_row(found, self.joins.same_as(record, kind)))
        elif kind == "case":
            self._case(found, rows)
        elif kind == "attachment":
            rows.add("attachments", attachment_row(found))
        elif kind == "incident":
            reviews = [self.record(one, "review") for one in self.log.reviews_of(record)]
            rows = incident_rows(
                found, [one for one in reviews if one is not None], practice=self._practice
            )
        else:
            rows = self._observation(found)
        for row in conflict_rows(found):
            rows.add("conflicts", row)
        self.joins.apply(rows)
        return rows

    @cached_property
    def _practice(self) -> bool:
        """Whether headquarters says that the mission is practice."""
        missions = [self.record(one, "mission") for one in self.log.records("mission")]
        return any(one.values.get("practice") is True for one in missions if one is not None)

    def _case(self, found: Record, rows: Rows) -> None:
        same_as = self.joins.same_as(found.id, "case")
        joined = [] if same_as else [one for one in self._group(found.id) if one != found.id]
        here = [] if same_as else [found.id, *joined]
        # Not its observations: they are many, and each would be folded.
        people = [one for case in here for one in self._of_kind(case, "person")]
        hearings = [one for case in here for one in self._of_kind(case, "hearing")]
        counted = self.joins.counted(people), self.joins.counted(hearings)
        rows.add("cases", case_row(found, counted[0], len(counted[1]), same_as))
        reading, _known = reading_of(None)
        answer_rows(found, reading, rows, case=found.id, observation=None)
        if same_as:
            # A case is counted once: what the other one answers too is not shown a second time.
            other = self.record(same_as, "case")
            answered = set(other.values) if other else set()
            rows.tables["answers"] = [
                row for row in rows.tables["answers"] if _path_of(row) not in answered
            ]

    def _group(self, case: str) -> list[str]:
        """The cases that count as this one."""
        found = [one for one in self.log.joined("case") if self.joins.root(one, "case") == case]
        return sorted({case, *found})

    def _of_kind(self, case: str, wanted: str) -> list[Record]:
        found = [self.record(one, kind) for one, kind in self.of_case(case) if kind == wanted]
        return [record for record in found if record is not None]

    def _observation(self, found: Record) -> Rows:
        case = found.values.get("case")
        case_id = case if isinstance(case, str) else ""
        sha256 = found.values.get("checklist")
        reading, known = reading_of(sha256 if isinstance(sha256, str) else None)
        hearing = found.values.get("hearing")
        return observation_rows(
            found,
            self.record(case_id, "case"),
            self.record(hearing if isinstance(hearing, str) else None, "hearing"),
            self._of_kind(case_id, "person"),
            reading,
            known=known,
        )


def _path_of(row: Row) -> str:
    return f"answers/{str(row['id']).partition('/')[2]}"


def _position(db: Database) -> int:
    rows = list(db["_projection"].rows)
    return int(rows[0]["position"]) if rows else 0
