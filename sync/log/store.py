"""An opened log file: its connection, its one transaction at a time, its lock."""

import contextlib
import fcntl
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from sync.errors import Busy, LogInUse, StorageFull
from sync.log.tables import migrations


def connect(path: Path, *, synchronous: str = "FULL") -> Database:
    """Open a SQLite file the way every store of this project does."""
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute(f"PRAGMA synchronous={synchronous}")
    conn.execute("PRAGMA foreign_keys=ON")
    conn.execute("PRAGMA trusted_schema=OFF")
    return Database(conn, execute_plugins=False)


@contextlib.contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what SQLite says of a full disk or a held lock into the protocol's own errors."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise Busy("Another program is writing. Wait a moment and try again.") from error
        if "full" in text or "readonly" in text or "disk I/O" in text:
            raise StorageFull(
                "The disk is full or cannot be written. Nothing of this was stored: "
                "make room and try again."
            ) from error
        raise


class LogFile:
    """The file of a log.

    :param exclusive: hold the log for the life of this object, as a hub does; a second holder is
        refused. Without it each transaction takes its turn, as a laptop's app and its ``sync`` do.
    """

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._turn = threading.RLock()
        self._lock = _hold(path) if exclusive else None
        self.db = connect(path)
        self.db.conn.execute("PRAGMA secure_delete=ON")
        with told_plainly(), self.writing():
            migrations.apply(self.db)

    def close(self) -> None:
        """Close the file and let go of the lock."""
        self.db.close()
        if self._lock is not None:
            self._lock.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; it is on disk when the block has ended, or nothing of it is."""
        with self._turn, told_plainly():
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._commit()
            except BaseException:
                if self.db.conn.in_transaction:
                    self.db.conn.execute("ROLLBACK")
                raise

    def _commit(self) -> None:
        self.db.conn.execute("COMMIT")

    def scrub(self) -> None:
        """Let nothing that was erased stay in the write-ahead log; after the transaction."""
        with self._turn, told_plainly():
            self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _rows(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        with self._turn:
            return self.db.conn.execute(sql, values).fetchall()


def _hold(path: Path) -> Any:
    handle = open(path.with_suffix(".lock"), "w")  # noqa: SIM115 - held for the life of the log
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise LogInUse(f"Another process already writes to {path.name}. Stop it first.") from error
    return handle
