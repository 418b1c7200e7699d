"""Who may come in: invitations, tokens, nonces, wrong tries and reviewers, kept in ``hub.db``.

Secrets are kept as their SHA-256 (a password as a slow hash), so that whoever reads this file can
neither enrol nor sign in. Stores and finds; who checks signatures is ``review.enrolment``.
"""

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from sync.log import connect, told_plainly

WRONG_TRIES = 5
WRONG_WITHIN = 15 * 60  # seconds
TOKEN_LIFE = 24 * 60 * 60  # seconds

migrations = Migrations("hub")


@migrations()
def m001_hub(db: Database) -> None:
    """The five tables; times are seconds since 1970."""
    for statement in (
        """CREATE TABLE invitations (sha256 TEXT PRIMARY KEY, mission TEXT NOT NULL,
            author TEXT NOT NULL, role TEXT NOT NULL, created_at REAL NOT NULL,
            expires_at REAL NOT NULL, used_at REAL, used_by TEXT)""",
        """CREATE TABLE tokens (sha256 TEXT PRIMARY KEY, mission TEXT NOT NULL,
            device TEXT NOT NULL, expires_at REAL NOT NULL)""",
        "CREATE INDEX tokens_by_expiry ON tokens (expires_at)",
        "CREATE TABLE nonces (device TEXT, nonce TEXT, PRIMARY KEY (device, nonce)) WITHOUT ROWID",
        "CREATE TABLE tries (at REAL NOT NULL)",
        """CREATE TABLE reviewers (name TEXT PRIMARY KEY, password_hash TEXT NOT NULL,
            role TEXT NOT NULL, missions TEXT NOT NULL)""",
    ):
        db.conn.execute(statement)


@migrations()
def m002_invitations(db: Database) -> None:
    """An invitation may wait to be activated, and may be for a device of limited life."""
    for statement in (
        "ALTER TABLE invitations ADD COLUMN valid_for REAL NOT NULL DEFAULT 0",
        "ALTER TABLE invitations ADD COLUMN active INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE invitations ADD COLUMN device_expires_at TEXT",
    ):
        db.conn.execute(statement)


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation is for, and what became of it; times are seconds since 1970."""

    number: int
    mission: str
    author: str
    role: str
    active: bool
    expires_at: float
    used_by: str | None
    device_expires_at: str | None

    def open(self, now: float) -> bool:
        """Whether it can be used now."""
        return self.active and self.used_by is None and self.expires_at > now


_INVITED = "rowid, mission, author, role, active, expires_at, used_by, device_expires_at"


@dataclass(frozen=True, slots=True)
class Session:
    """Who carries: the device that a token was given to, until when (seconds since 1970)."""

    mission: str
    device: str
    expires_at: float


def sha256(secret: str) -> str:
    """Lowercase hex SHA-256 of a secret's UTF-8 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class EnrolmentStore:
    """The file ``hub.db``.

    :param clock: seconds since 1970
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self._turn = threading.RLock()
        self.db = connect(path)
        path.chmod(0o600)
        with self.writing():
            migrations.apply(self.db)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, whole or not at all; no other process writes meanwhile."""
        with self._turn, told_plainly():
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.conn.execute("COMMIT")
            except BaseException:
                if self.db.conn.in_transaction:
                    self.db.conn.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._turn:
            return self.db.conn.execute(sql, values).fetchall()

    # -- invitations ------------------------------------------------------------------

    def invite(
        self,
        code: str,
        mission: str,
        author: str,
        role: str,
        valid_for: float,
        *,
        active: bool = True,
        device_expires_at: str | None = None,
    ) -> int:
        """Keep a new invitation for ``valid_for`` seconds; returns its number."""
        now = self.clock()
        with self.writing():
            cursor = self.db.conn.execute(
                "INSERT INTO invitations (sha256, mission, author, role, created_at, expires_at,"
                " valid_for, active, device_expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(sha256(code), mission, author, role, now, now + valid_for),
                    *(valid_for, active, device_expires_at),
                ),
            )
            return int(cursor.lastrowid or 0)

    def invited(self, code: str, mission: str) -> Invited | None:
        """What a code is for; ``None`` if this mission has no such code."""
        rows = self._rows(
            f"SELECT {_INVITED} FROM invitations WHERE sha256 = ? AND mission = ?",
            *(sha256(code), mission),
        )
        return _invited(rows[0]) if rows else None

    def invitations(self, mission: str) -> list[Invited]:
        """All invitations of a mission, oldest first."""
        rows = self._rows(
            f"SELECT {_INVITED} FROM invitations WHERE mission = ? ORDER BY rowid", mission
        )
        return [_invited(row) for row in rows]

    def activate(self, mission: str, number: int) -> bool:
        """Let an invitation be used from now on, for as long as it was made for."""
        with self.writing():
            cursor = self.db.conn.execute(
                "UPDATE invitations SET active = 1, expires_at = ? + valid_for"
                " WHERE rowid = ? AND mission = ? AND active = 0 AND used_at IS NULL",
                (self.clock(), number, mission),
            )
            return cursor.rowcount == 1

    def use(self, code: str, device: str) -> bool:
        """Use an invitation up; inside :meth:`writing`. False: another was quicker, or too late."""
        now = self.clock()
        cursor = self.db.conn.execute(
            "UPDATE invitations SET used_at = ?, used_by = ?"
            " WHERE sha256 = ? AND used_at IS NULL AND active = 1 AND expires_at > ?",
            (now, device, sha256(code), now),
        )
        return cursor.rowcount == 1

    def add_wrong_try(self) -> None:
        """Count a wrong code; of whom is not kept."""
        now = self.clock()
        with self.writing():
            self.db.conn.execute("DELETE FROM tries WHERE at <= ?", [now - WRONG_WITHIN])
            self.db.conn.execute("INSERT INTO tries (at) VALUES (?)", [now])

    def wait_for_tries(self) -> float:
        """Seconds until another code may be tried; 0 when it may be now."""
        now = self.clock()
        rows = self._rows(
            "SELECT at FROM tries WHERE at > ? ORDER BY at DESC LIMIT ?",
            *(now - WRONG_WITHIN, WRONG_TRIES),
        )
        return float(rows[-1][0]) + WRONG_WITHIN - now if len(rows) == WRONG_TRIES else 0.0

    # -- tokens -----------------------------------------------------------------------

    def add_token(self, token: str, mission: str, device: str) -> None:
        """Keep a token for 24 hours, and forget those that ran out; inside :meth:`writing`."""
        now = self.clock()
        run = self.db.conn.execute
        run("DELETE FROM tokens WHERE expires_at <= ?", [now])
        run(
            "INSERT INTO tokens (sha256, mission, device, expires_at) VALUES (?, ?, ?, ?)",
            (sha256(token), mission, device, now + TOKEN_LIFE),
        )

    def session(self, token_sha256: str) -> Session | None:
        """Whose token it is; ``None`` if it is unknown or has run out."""
        rows = self._rows(
            "SELECT mission, device, expires_at FROM tokens WHERE sha256 = ? AND expires_at > ?",
            *(token_sha256, self.clock()),
        )
        return Session(*rows[0]) if rows else None

    def drop_tokens(self) -> None:
        """Sign everybody out."""
        with self.writing():
            self.db.conn.execute("DELETE FROM tokens")

    def add_nonce(self, device: str, nonce: str) -> bool:
        """Remember a nonce for ever; inside :meth:`writing`. False: it was used before."""
        cursor = self.db.conn.execute(
            "INSERT OR IGNORE INTO nonces (device, nonce) VALUES (?, ?)", (device, sha256(nonce))
        )
        return cursor.rowcount == 1

    # -- reviewers --------------------------------------------------------------------

    def reviewers(self) -> list[dict[str, Any]]:
        """``id``, ``password_hash``, ``role`` and ``missions`` of all reviewers, by name."""
        return [
            {"id": row[0], "password_hash": row[1], "role": row[2], "missions": json.loads(row[3])}
            for row in self._rows(
                "SELECT name, password_hash, role, missions FROM reviewers ORDER BY name"
            )
        ]

    def add_reviewer(self, name: str, password_hash: str, role: str, mission: str) -> None:
        """Keep a new reviewer."""
        with self.writing():
            self.db.conn.execute(
                "INSERT INTO reviewers (name, password_hash, role, missions) VALUES (?, ?, ?, ?)",
                (name, password_hash, role, json.dumps([mission])),
            )

    def add_mission(self, name: str, mission: str) -> None:
        """Let a reviewer into one more mission."""
        with self.writing():
            rows = self._rows("SELECT missions FROM reviewers WHERE name = ?", name)
            missions = sorted({*json.loads(rows[0][0]), mission})
            self.db.conn.execute(
                "UPDATE reviewers SET missions = ? WHERE name = ?", (json.dumps(missions), name)
            )

    def waiting_invitations(self, mission: str) -> int:
        """How many invitations of a mission can still be used."""
        rows = self._rows(
            "SELECT count(*) FROM invitations"
            " WHERE mission = ? AND used_at IS NULL AND active = 1 AND expires_at > ?",
            *(mission, self.clock()),
        )
        return int(rows[0][0])


def _invited(row: tuple[Any, ...]) -> Invited:
    number, mission, author, role, active, expires_at, used_by, device_expires_at = row
    return Invited(
        number, mission, author, role, bool(active), expires_at, used_by, device_expires_at
    )


def reviewers(instance: Path) -> list[dict[str, Any]]:
    """All reviewers of a headquarters' folder, as :meth:`EnrolmentStore.reviewers` gives them."""
    path = instance / "hub.db"
    if not path.exists():
        return []
    store = EnrolmentStore(path, time.time)
    try:
        return store.reviewers()
    finally:
        store.close()
