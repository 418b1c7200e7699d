"""A log as it stands at one moment, row for row, for who checks it: read only, nothing made of it.

Rows are given as they are on disk, however wrong: bytes that are no UTF-8 become replacement
characters, so that their hash cannot fit.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sync.errors import DamagedLog


class ChangeRow(NamedTuple):
    """A row of ``changes``; of an erased one ``payload`` is ``None`` and ``envelope`` is kept."""

    position: int
    hash: str
    device: str
    seq: int
    kind: str
    record: str
    received_at: str
    state: str
    code: str | None
    sheet: int | None
    payload: str | None
    envelope: str | None
    signature: str


class SheetRow(NamedTuple):
    """A row of ``sheets``."""

    sheet: int
    hash: str
    payload: str
    signature: str


class Audit:
    """One reading of a log file; all of it shows the same moment, also beside a running hub."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def _rows(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._conn.execute(sql, values)
        except sqlite3.DatabaseError as error:
            raise DamagedLog(f"SQLite cannot read the file: {error}.") from error

    def quick_check(self) -> list[str]:
        """What SQLite finds wrong with the file itself; empty when nothing is."""
        return [str(row[0]) for row in self._rows("PRAGMA quick_check") if row[0] != "ok"]

    def meta(self) -> dict[str, str]:
        """What the log says of itself: mission, hub, epoch."""
        return dict(self._rows("SELECT key, value FROM meta"))

    def changes(self, kind: str | None = None) -> Iterator[ChangeRow]:
        """All changes in order of position, or those of one kind."""
        names = ", ".join(ChangeRow._fields)
        for row in self._rows(
            f"SELECT {names} FROM changes WHERE ?1 IS NULL OR kind = ?1 ORDER BY position", kind
        ):
            yield ChangeRow(*row)

    def sheets(self) -> Iterator[SheetRow]:
        """The receipt sheets by number."""
        for row in self._rows("SELECT sheet, hash, payload, signature FROM sheets ORDER BY sheet"):
            yield SheetRow(*row)

    def heads(self) -> dict[str, tuple[int, str]]:
        """Number and hash of each device's last change, as the log notes it."""
        rows = self._rows("SELECT device, seq, hash FROM heads")
        return {row[0]: (row[1], row[2]) for row in rows}

    def devices(self) -> dict[str, tuple[str, str, str]]:
        """Author, role and key of each device, as the log notes them."""
        rows = self._rows("SELECT device, author, role, public_key FROM devices")
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    def erased(self) -> dict[str, str]:
        """The erasure of each erased hash, as the log notes it."""
        return dict(self._rows("SELECT hash, erasure FROM erased"))

    def forks(self) -> Iterator[tuple[str, str, int, str, str]]:
        """Hash, device, number, payload (empty when erased) and signature of what forked."""
        for row in self._rows("SELECT hash, device, seq, payload, signature FROM forks"):
            yield (row[0], row[1], row[2], row[3], row[4])


@contextmanager
def audit(path: Path) -> Iterator[Audit]:
    """Open a log for reading only.

    :raises DamagedLog: SQLite cannot open it
    """
    conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        conn.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            conn.execute("BEGIN")
            conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.DatabaseError as error:
            raise DamagedLog(f"SQLite cannot open the file: {error}.") from error
        yield Audit(conn)
    finally:
        conn.close()
