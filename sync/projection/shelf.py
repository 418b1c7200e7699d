"""The two projected files: what stands in them, and how the rows of records come to stand there.

Only rows that differ are written. What is put is kept back until :meth:`Shelf.flush`, so that the
search index, which settles itself once for each statement, is told of many notes at once.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlite_utils import Database

from sync.projection.rows import Row, Rows
from sync.projection.tables import FACT_TABLES, TEXT_TABLES

_OWN: Final = "id = ?1"
# Ids of what belongs to a record begin with its id; "0" is the character after "/".
_BELOW: Final = "id > ?1 || '/' AND id < ?1 || '0'"
_OBSERVED: Final = "observation_id = ?1"
# Where the rows of a record of each kind stand.
_PLACES: Final[dict[str, dict[str, str]]] = {
    "case": {"cases": _OWN, "answers": _BELOW, "conflicts": _BELOW, "notes": _BELOW},
    "person": {"persons": _OWN, "conflicts": _BELOW},
    "hearing": {"hearings": _OWN, "conflicts": _BELOW},
    "attachment": {"attachments": _OWN, "conflicts": _BELOW},
    "incident": {"incidents": _OWN, "conflicts": _BELOW, "notes": _BELOW},
    "observation": {
        "observations": _OWN,
        **dict.fromkeys(("answers", "coverage", "log_entries", "problems", "notes"), _OBSERVED),
        "conflicts": _BELOW,
    },
}
_SEARCHED: Final = "text, original, speaker"
_INDEXES: Final = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    f" AND tbl_name IN ({', '.join(repr(table) for table in (*FACT_TABLES, *TEXT_TABLES))})"
)
AT_ONCE: Final = 50  # rows in a statement; SQLite takes 32,766 values
MAX_HELD: Final = 20_000  # rows kept back

_Values = tuple[Any, ...]


class Shelf:
    """The rows of both files; every change of them is inside a transaction of the caller's."""

    def __init__(self, facts: Database, texts: Database) -> None:
        self._files = (facts, texts)
        self._file = dict.fromkeys(FACT_TABLES, facts) | dict.fromkeys(TEXT_TABLES, texts)
        self._columns = {
            table: [column.name for column in db[table].columns] for table, db in self._file.items()
        }
        self._values: dict[str, Callable[[Row], _Values]] = {
            table: itemgetter(*columns) for table, columns in self._columns.items()
        }
        self.begin()

    def begin(self) -> None:
        """Forget what was put and never flushed, as by a step that failed."""
        self._new: dict[str, dict[str, _Values]] = {table: {} for table in self._file}
        self._gone: dict[str, list[str]] = {table: [] for table in self._file}
        self._held = 0

    @contextlib.contextmanager
    def emptied(self) -> Iterator[None]:
        """Begin with nothing; when the block has ended, everything is put in."""
        # An index made over all rows at once takes a third of the time of one kept for each row.
        indexes = [(db, *row) for db in self._files for row in db.conn.execute(_INDEXES).fetchall()]
        for db, name, _statement in indexes:
            db.conn.execute(f'DROP INDEX "{name}"')
        for table, db in self._file.items():
            db.conn.execute(f'DELETE FROM "{table}"')
        self._file["notes"].conn.execute("INSERT INTO notes_fts (notes_fts) VALUES ('delete-all')")
        yield
        self.flush()
        for db, _name, statement in indexes:
            db.conn.execute(statement)

    def put(self, record: str, kind: str, rows: Rows, *, fresh: bool) -> None:
        """Let these be the rows of a record, and no others.

        :param fresh: nothing of the record stands here
        """
        for table, where in _PLACES[kind].items():
            values = self._values[table]
            new = {row["id"]: values(row) for row in rows.tables.get(table, ())}
            if not fresh:
                self._compare(table, where, record, new)
            self._new[table].update(new)
            self._held += len(new)
        if self._held > MAX_HELD:
            self.flush()

    def _compare(self, table: str, where: str, record: str, new: dict[str, _Values]) -> None:
        columns = ", ".join(map(json.dumps, self._columns[table]))
        found = self._file[table].conn.execute(
            f'SELECT {columns} FROM "{table}" WHERE {where}', [record]
        )
        for row in found:
            before = new.get(row[0])
            if before is None:
                self._gone[table].append(row[0])
            elif before == row:
                del new[row[0]]

    def flush(self) -> None:
        """Write what was kept back."""
        for table in self._file:
            if table == "notes":
                self._write_notes()
            else:
                self._file[table].conn.executemany(
                    f'DELETE FROM "{table}" WHERE id = ?', [(id_,) for id_ in self._gone[table]]
                )
                self._put_in(table)
        self.begin()

    def _write_notes(self) -> None:
        run = self._file["notes"].conn.execute
        ids = [*self._gone["notes"], *self._new["notes"]]
        # The index has no words of its own: to forget a note it must be told them once more.
        run(
            f"INSERT INTO notes_fts (notes_fts, rowid, {_SEARCHED})"
            f" SELECT 'delete', rowid, {_SEARCHED} FROM notes"
            " WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps(ids)],
        )
        run("DELETE FROM notes WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)])
        before = run("SELECT coalesce(max(rowid), 0) FROM notes").fetchone()[0]
        self._put_in("notes")
        run(
            f"INSERT INTO notes_fts (rowid, {_SEARCHED})"
            f" SELECT rowid, {_SEARCHED} FROM notes WHERE rowid > ?",
            [before],
        )

    def _put_in(self, table: str) -> None:
        columns = self._columns[table]
        # "OR REPLACE": the id of a log entry may stand in two records, though it should not.
        into = f'INSERT OR REPLACE INTO "{table}" ({", ".join(map(json.dumps, columns))}) VALUES '
        places = f"({', '.join('?' * len(columns))})"
        rows = list(self._new[table].values())
        for at in range(0, len(rows), AT_ONCE):
            some = rows[at : at + AT_ONCE]
            self._file[table].conn.execute(
                into + ", ".join([places] * len(some)), list(chain.from_iterable(some))
            )
