"""Copies of whole SQLite files beside their writers, and files made free of what was deleted."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from sync.errors import DamagedLog
from sync.log.store import LogFile, told_plainly

PATIENCE: Final = 20.0  # seconds to wait for readers to let go


def copy_database(source: Path, target: Path) -> None:
    """A copy of one moment of a database, in one file, also while others write to it.

    :raises DamagedLog: SQLite cannot read it
    """
    uri = f"{source.resolve().as_uri()}?mode=rw"
    with (
        told_plainly(),
        closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)) as live,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        try:
            # All pages in one step: they are of one moment, and in WAL nobody waits for it.
            live.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise DamagedLog(f"SQLite cannot read {source.name}: {error}.") from error


def quick_check(path: Path) -> list[str]:
    """What SQLite finds wrong with a file; empty when nothing is."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as conn:
        try:
            found = conn.execute("PRAGMA quick_check").fetchall()
        except sqlite3.DatabaseError as error:
            return [str(error)]
    return [str(row[0]) for row in found if row[0] != "ok"]


def squeeze(db: Database, patience: float = PATIENCE) -> bool:
    """Write a file anew without anything deleted, and empty its write-ahead log.

    Pages that SQLite reused may keep bytes of what stood there; a new file has none of them.

    :param patience: seconds to wait for readers that still look at the old pages
    :returns: false when a reader did not let go, so that the write-ahead log still holds them
    """
    end = time.monotonic() + patience
    with told_plainly():
        db.conn.execute("VACUUM")
        while True:
            busy = db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.1)


def unbroken_head(log: LogFile, device: str) -> tuple[int, str]:
    """Number and hash of the last change of a device before the first gap; ``(0, "")`` if none.

    Of a hub that was replaced after a restore, changes come back one by one, from whoever has them.
    """
    rows = log._rows(
        "SELECT seq, hash FROM (SELECT seq, hash, row_number() OVER (ORDER BY seq) AS nth"
        " FROM changes WHERE device = ?) WHERE seq = nth ORDER BY seq DESC LIMIT 1",
        [device],
    )
    return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")
