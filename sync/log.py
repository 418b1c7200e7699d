"""The append-only log of one mission: the truth, of which all tables are projections.

One SQLite file, WAL, ``synchronous=FULL``: what a finished transaction holds survives a power
cut. Changes are inserted, never updated (but for dropping an erased payload). This module stores
and finds; it judges nothing.
"""

import contextlib
import fcntl
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from schemas.rights import Standing
from sync.change import Change, read_change
from sync.errors import Busy, LogInUse, StorageFull

migrations = Migrations("log")


@migrations()
def m001_log(db: Database) -> None:
    """Changes, what is read off them (devices, records, assignments), receipt sheets, forks."""
    for statement in (
        """CREATE TABLE changes (
            position INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, device TEXT NOT NULL,
            seq INTEGER NOT NULL, kind TEXT NOT NULL, record TEXT NOT NULL,
            received_at TEXT NOT NULL, state TEXT NOT NULL, code TEXT, sheet INTEGER,
            payload TEXT, signature TEXT NOT NULL, UNIQUE (device, seq))""",
        "CREATE INDEX changes_by_record ON changes (record)",
        "CREATE TABLE heads (device TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL)",
        """CREATE TABLE devices (device TEXT PRIMARY KEY, author TEXT NOT NULL,
            role TEXT NOT NULL, public_key TEXT NOT NULL, revoked_at TEXT)""",
        """CREATE TABLE records (record TEXT PRIMARY KEY, kind TEXT NOT NULL,
            author TEXT NOT NULL, "case" TEXT)""",
        "CREATE INDEX records_by_kind ON records (kind)",
        """CREATE TABLE assignments (record TEXT PRIMARY KEY, "case" TEXT, author TEXT,
            ended_at TEXT)""",
        """CREATE TABLE sheets (hash TEXT PRIMARY KEY, sheet INTEGER NOT NULL,
            payload TEXT NOT NULL, signature TEXT NOT NULL)""",
        """CREATE TABLE receipts (hash TEXT PRIMARY KEY, state TEXT NOT NULL, code TEXT,
            hub_seq INTEGER NOT NULL, received_at TEXT NOT NULL, sheet TEXT NOT NULL)""",
        """CREATE TABLE forks (hash TEXT PRIMARY KEY, device TEXT NOT NULL, seq INTEGER NOT NULL,
            received_at TEXT NOT NULL, payload TEXT NOT NULL, signature TEXT NOT NULL)""",
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ):
        db.conn.execute(statement)


@dataclass(frozen=True, slots=True)
class Head:
    """The last change of a device in this log."""

    seq: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A device as enrolled: its author's code, the role, the public key (base64url)."""

    device: str
    author: str
    role: str
    public_key: str
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a change stands in this log, and how it was judged (``stored`` or ``quarantined``)."""

    position: int
    hash: str
    device: str
    seq: int
    record: str
    kind: str
    received_at: str
    state: str
    code: str | None
    sheet: int | None


_ENTRY = "position, hash, device, seq, record, kind, received_at, state, code, sheet"


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


class Log:
    """The log of one mission.

    :param exclusive: hold the log for the life of this object, as a hub does; a second holder is
        refused. Without it each transaction takes its turn, as a laptop's app and its ``sync`` do.
    """

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._turn = threading.RLock()
        self._lock = _hold(path) if exclusive else None
        self.db = connect(path)
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
                self.db.conn.execute("COMMIT")
            except BaseException:
                if self.db.conn.in_transaction:
                    self.db.conn.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._turn:
            return self.db.conn.execute(sql, values).fetchall()

    # -- what the log knows of itself -------------------------------------------------

    def meta(self, key: str) -> str | None:
        """A value of this log's own (mission, hub key, epoch), ``None`` if it was never set."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", [key])
        return rows[0][0] if rows else None

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Set values of this log's own; inside :meth:`writing`."""
        self.db.conn.executemany(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", list(values.items())
        )

    # -- changes ----------------------------------------------------------------------

    def head(self, device: str) -> Head:
        """The device's last change here; seq 0 if there is none."""
        rows = self._rows("SELECT seq, hash FROM heads WHERE device = ?", [device])
        return Head(*rows[0]) if rows else Head()

    def known(self, hashes: Iterable[str]) -> dict[str, Entry]:
        """Those of the changes that are in the log."""
        rows = self._rows(
            f"SELECT {_ENTRY} FROM changes WHERE hash IN (SELECT value FROM json_each(?))",
            [json.dumps(list(hashes))],
        )
        return {row[1]: Entry(*row) for row in rows}

    def device(self, device: str) -> Device | None:
        """The enrolled device, ``None`` if it is not of this mission."""
        rows = self._rows(
            "SELECT device, author, role, public_key, revoked_at FROM devices WHERE device = ?",
            [device],
        )
        return Device(*rows[0]) if rows else None

    def trust_hub(self, device: str, public_key: str) -> None:
        """Pin the hub's device, whose key fingerprint came by another way; in :meth:`writing`."""
        self.db.conn.execute(
            "INSERT OR IGNORE INTO devices (device, author, role, public_key)"
            " VALUES (?, 'HQ', 'hub', ?)",
            (device, public_key),
        )

    def standing(self, record: str, case: str | None) -> Standing:
        """Who created the record and who is assigned to its case."""
        rows = self._rows('SELECT author, "case", kind FROM records WHERE record = ?', [record])
        if rows:
            case = record if rows[0][2] == "case" else rows[0][1]
        assigned = self._rows(
            'SELECT author FROM assignments WHERE "case" = ? AND ended_at IS NULL', [case]
        )
        return Standing(rows[0][0] if rows else None, frozenset(row[0] for row in assigned))

    def append(
        self, change: Change, *, state: str, code: str | None, received_at: str, sheet: int | None
    ) -> int:
        """Add a judged change at the end; inside :meth:`writing`. Returns its position."""
        run = self.db.conn.execute
        cursor = run(
            "INSERT INTO changes (hash, device, seq, kind, record, received_at, state, code,"
            " sheet, payload, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(change.hash, change.device, change.seq, change.kind, change.record),
                *(received_at, state, code, sheet, change.payload, change.signature),
            ),
        )
        run(
            "INSERT INTO heads (device, seq, hash) VALUES (?, ?, ?) ON CONFLICT (device)"
            " DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
            (change.device, change.seq, change.hash),
        )
        if state == "stored":
            self._read_off(change)
        return int(cursor.lastrowid or 0)

    def _read_off(self, change: Change) -> None:
        run = self.db.conn.execute
        values = change.set
        run(
            'INSERT INTO records (record, kind, author, "case") VALUES (?, ?, ?, ?)'
            ' ON CONFLICT (record) DO UPDATE SET "case" = coalesce("case", excluded."case")',
            (change.record, change.kind, change.author, values.get("case")),
        )
        if change.kind == "device" and "public_key" in values:
            run(
                "INSERT OR REPLACE INTO devices (device, author, role, public_key)"
                " VALUES (?, ?, ?, ?)",
                (change.record, values.get("author"), values.get("role"), values["public_key"]),
            )
        if change.kind == "device" and "revoked_at" in values:
            run(
                "UPDATE devices SET revoked_at = ? WHERE device = ?",
                (values["revoked_at"], change.record),
            )
        if change.kind == "assignment":
            run(
                'INSERT OR REPLACE INTO assignments (record, "case", author, ended_at)'
                " VALUES (?, ?, ?, ?)",
                (change.record, values.get("case"), values.get("author"), values.get("ended_at")),
            )

    def keep_fork(self, change: Change, received_at: str) -> None:
        """Keep the second of two changes with one number, for a person to look at."""
        self.db.conn.execute(
            "INSERT OR IGNORE INTO forks VALUES (?, ?, ?, ?, ?, ?)",
            (change.hash, change.device, change.seq, received_at, change.payload, change.signature),
        )

    # -- reading ----------------------------------------------------------------------

    def changes_of(self, record: str) -> list[Change]:
        """All changes of a record, erased ones left out."""
        return self._changes("record = ?", [record])

    def changes_of_device(self, device: str) -> list[Change]:
        """A device's changes by number."""
        return self._changes("device = ?", [device])

    def _changes(self, where: str, values: Sequence[Any]) -> list[Change]:
        rows = self._rows(
            "SELECT payload, signature, hash, state FROM changes"
            f" WHERE {where} AND payload IS NOT NULL ORDER BY position",
            values,
        )
        return [
            read_change(
                payload,
                signature,
                hash_,
                counts=state == "stored",
                document=json.loads(payload),
            )
            for payload, signature, hash_, state in rows
        ]

    def records(self, kind: str) -> list[str]:
        """The ids of all records of a kind, in the order they came here."""
        rows = self._rows("SELECT record FROM records WHERE kind = ? ORDER BY rowid", [kind])
        return [row[0] for row in rows]

    def position(self) -> int:
        """The position of the last change."""
        return int(self._rows("SELECT coalesce(max(position), 0) FROM changes")[0][0])

    def since(self, position: int, limit: int) -> list[Entry]:
        """The entries after a position, in order."""
        rows = self._rows(
            f"SELECT {_ENTRY} FROM changes WHERE position > ? ORDER BY position LIMIT ?",
            [position, limit],
        )
        return [Entry(*row) for row in rows]

    # -- receipts ---------------------------------------------------------------------

    def last_sheet(self) -> tuple[int, str]:
        """Number and hash of the last receipt sheet issued here; ``(0, "")`` before the first."""
        rows = self._rows("SELECT sheet, hash FROM sheets ORDER BY sheet DESC LIMIT 1")
        return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")

    def add_sheet(self, number: int, hash_: str, payload: str, signature: str) -> None:
        """Keep a receipt sheet; inside :meth:`writing`."""
        self.db.conn.execute(
            "INSERT OR IGNORE INTO sheets (hash, sheet, payload, signature) VALUES (?, ?, ?, ?)",
            (hash_, number, payload, signature),
        )

    def sheets(self, numbers: Iterable[int]) -> list[dict[str, str]]:
        """Receipt sheets issued here, as sent."""
        rows = self._rows(
            "SELECT payload, signature FROM sheets"
            " WHERE sheet IN (SELECT value FROM json_each(?)) ORDER BY sheet",
            [json.dumps(sorted(set(numbers)))],
        )
        return [{"payload": payload, "signature": signature} for payload, signature in rows]

    def add_receipt(self, receipt: Mapping[str, Any], sheet: str) -> None:
        """Keep the hub's receipt for a change; inside :meth:`writing`."""
        self.db.conn.execute(
            "INSERT OR REPLACE INTO receipts (hash, state, code, hub_seq, received_at, sheet)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(receipt["hash"], receipt["state"], receipt.get("code")),
                *(receipt["hub_seq"], receipt["received_at"], sheet),
            ),
        )

    def unreceived(self, limit: int, without: Iterable[str] = ()) -> list[dict[str, str]]:
        """The next changes for which no receipt is here; the hub's own and some devices apart."""
        rows = self._rows(
            "SELECT payload, signature, device, seq, hash FROM changes"
            " JOIN devices USING (device) WHERE devices.role <> 'hub' AND payload IS NOT NULL"
            " AND hash NOT IN (SELECT hash FROM receipts)"
            " AND device NOT IN (SELECT value FROM json_each(?)) ORDER BY position LIMIT ?",
            [json.dumps(list(without)), limit],
        )
        return [
            {"payload": row[0], "signature": row[1], "device": row[2], "hash": row[4]}
            for row in rows
        ]

    def receipt_states(self, record: str) -> dict[str, int]:
        """How many changes of a record are ``waiting``, ``stored``, ``quarantined``."""
        rows = self._rows(
            "SELECT coalesce(receipts.state, 'waiting'), count(*) FROM changes"
            " LEFT JOIN receipts USING (hash) WHERE record = ? GROUP BY 1",
            [record],
        )
        return {str(state): int(count) for state, count in rows}

    def count_unreceived(self) -> int:
        """How many changes wait for a receipt."""
        rows = self._rows(
            "SELECT count(*) FROM changes JOIN devices USING (device) WHERE devices.role <> 'hub'"
            " AND hash NOT IN (SELECT hash FROM receipts)"
        )
        return int(rows[0][0])


def _hold(path: Path) -> Any:
    handle = open(path.with_suffix(".lock"), "w")  # noqa: SIM115 - held for the life of the log
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise LogInUse(f"Another process already writes to {path.name}. Stop it first.") from error
    return handle
