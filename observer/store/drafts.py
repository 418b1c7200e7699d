"""Drafts: the latest value of each field that was written here and not yet sent.

Overwritten in place, one transaction per input, on disk before "saved" is said. What was typed
and taken back leaves no row, and SQLite overwrites what a deleted row held.
"""

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from sync.log import connect, told_plainly

migrations = Migrations("drafts")


@migrations()
def m001_drafts(db: Database) -> None:
    """One row for each field of each record that differs from what was sent."""
    db.conn.execute(
        """CREATE TABLE drafts (
            record TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
            written_at TEXT NOT NULL, PRIMARY KEY (record, path)) WITHOUT ROWID"""
    )


@migrations()
def m002_heads(db: Database) -> None:
    """What of the record was here when the author wrote: hashes, with spaces between."""
    db.conn.execute("ALTER TABLE drafts ADD COLUMN heads TEXT")


@migrations()
def m003_typed_lines(db: Database) -> None:
    """Lines typed in from a sheet of paper, right or wrong, until they are taken into a record."""
    db.conn.execute(
        """CREATE TABLE typed_lines (
            id TEXT PRIMARY KEY, observation TEXT NOT NULL, line TEXT NOT NULL) WITHOUT ROWID"""
    )


@migrations()
def m004_turn(db: Database) -> None:
    """In which order the drafts were written; those from before have 0, and go by their time."""
    db.conn.execute("ALTER TABLE drafts ADD COLUMN turn INTEGER NOT NULL DEFAULT 0")


AFTER = "(SELECT max(0, coalesce(max(turn), 0)) + 1 FROM drafts)"
BEFORE = "(SELECT min(0, coalesce(min(turn), 0)) - 1 FROM drafts)"


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsent field; ``value`` is ``None`` where the author cleared what was sent before.

    ``heads`` are the record's heads that were here when the author wrote.
    """

    record: str
    kind: str
    path: str
    value: Any
    heads: tuple[str, ...] = ()


class Drafts:
    """The drafts of one mission on one laptop."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = connect(path)
        self.db.conn.execute("PRAGMA secure_delete=ON")
        self._turn = threading.RLock()
        with told_plainly():
            migrations.apply(self.db)

    def close(self) -> None:
        """Close the file; what was overwritten leaves the write-ahead log too."""
        with self._turn:
            self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.db.close()

    def write(self, drafts: Iterable[Draft], drop: Iterable[tuple[str, str]], at: str) -> None:
        """Keep some drafts and drop others (record, path), all or nothing, on disk at the end."""
        with self._turn, told_plainly(), self.db.atomic():
            self._insert("REPLACE", AFTER, drafts, at)
            self.db.conn.executemany("DELETE FROM drafts WHERE record = ? AND path = ?", list(drop))

    def write_before(self, drafts: Sequence[Draft], at: str) -> None:
        """Keep drafts, in their order, as written before all that are here; those stand."""
        with self._turn, told_plainly(), self.db.atomic():
            self._insert("IGNORE", BEFORE, reversed(drafts), at)

    def _insert(self, other: str, turn: str, drafts: Iterable[Draft], at: str) -> None:
        self.db.conn.executemany(
            f"INSERT OR {other} INTO drafts (record, path, kind, value, written_at, heads, turn)"
            f" VALUES (?, ?, ?, ?, ?, ?, {turn})",
            [
                (d.record, d.path, d.kind, json.dumps(d.value), at, " ".join(d.heads))
                for d in drafts
            ],
        )

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread writes between what is looked at and what is written after it."""
        with self._turn:
            yield

    def seen(self, record: str) -> dict[str, tuple[str, ...] | None]:
        """By path, in the order of writing: the heads that were here when the author wrote.

        ``None`` for a draft from before these were kept.
        """
        with self._turn:
            rows = self.db.conn.execute(
                "SELECT path, heads FROM drafts WHERE record = ? ORDER BY turn, written_at, path",
                [record],
            ).fetchall()
        return {path: None if heads is None else tuple(heads.split()) for path, heads in rows}

    def sent(self, record: str, fields: Mapping[str, Any]) -> None:
        """Drop drafts that went into a change, unless they were written again meanwhile."""
        with self._turn, told_plainly(), self.db.atomic():
            self.db.conn.executemany(
                "DELETE FROM drafts WHERE record = ? AND path = ? AND value = ?",
                [(record, path, json.dumps(value)) for path, value in fields.items()],
            )

    def of(self, record: str) -> dict[str, Any]:
        """The unsent fields of a record by path."""
        with self._turn:
            rows = self.db.conn.execute(
                "SELECT path, value FROM drafts WHERE record = ?", [record]
            ).fetchall()
        return {path: json.loads(value) for path, value in rows}

    def written(self, record: str) -> dict[str, str]:
        """When each unsent field of a record was written (this laptop's clock)."""
        with self._turn:
            rows = self.db.conn.execute(
                "SELECT path, written_at FROM drafts WHERE record = ?", [record]
            ).fetchall()
        return {str(path): str(at) for path, at in rows}

    def records(self, kind: str | None = None) -> list[tuple[str, str]]:
        """(record, kind) of everything unsent, in the order of their ids."""
        with self._turn:
            rows = self.db.conn.execute(
                "SELECT DISTINCT record, kind FROM drafts WHERE ?1 IS NULL OR kind = ?1"
                " ORDER BY record",
                [kind],
            ).fetchall()
        return [(record, kind_) for record, kind_ in rows]

    def lines(self, observation: str) -> dict[str, str]:
        """Lines typed in for an observation and not yet taken, by id, in the order of typing."""
        with self._turn:
            rows = self.db.conn.execute(
                "SELECT id, line FROM typed_lines WHERE observation = ? ORDER BY id", [observation]
            ).fetchall()
        return {str(id_): str(line) for id_, line in rows}

    def keep_lines(self, observation: str, lines: Mapping[str, str]) -> None:
        """Keep typed lines by id, all or none, on disk at the end; an empty one is dropped."""
        with self._turn, told_plainly(), self.db.atomic():
            self.db.conn.executemany(
                "INSERT OR REPLACE INTO typed_lines (id, observation, line) VALUES (?, ?, ?)",
                [(id_, observation, line) for id_, line in lines.items() if line],
            )
            self.db.conn.executemany(
                "DELETE FROM typed_lines WHERE id = ?",
                [(id_,) for id_, line in lines.items() if not line],
            )
