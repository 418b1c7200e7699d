"""Who may carry changes to a relay: tokens and used sign-ins, kept over a restart.

Tokens are kept as their SHA-256. Headquarters gives them out; while it is not reached, the relay
gives out its own to devices whose key it knows.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database, Migrations

from sync.log import connect, told_plainly

TOKEN_LIFE = 24 * 60 * 60  # seconds

migrations = Migrations("carriers")


@migrations()
def m001_carriers(db: Database) -> None:
    """Tokens and nonces; times are seconds since 1970."""
    for statement in (
        """CREATE TABLE tokens (sha256 TEXT PRIMARY KEY, device TEXT NOT NULL,
            expires_at REAL NOT NULL)""",
        "CREATE TABLE nonces (device TEXT, nonce TEXT, PRIMARY KEY (device, nonce)) WITHOUT ROWID",
    ):
        db.conn.execute(statement)


def sha256(secret: str) -> str:
    """Lowercase hex SHA-256 of a secret's UTF-8 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Carriers:
    """The file ``carriers.db`` of a relay.

    :param clock: seconds since 1970
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self._turn = threading.RLock()
        self.db = connect(path)
        path.chmod(0o600)
        with told_plainly():
            migrations.apply(self.db)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def keep(self, token: str, device: str) -> None:
        """Remember whose token this is, for 24 hours."""
        now = self.clock()
        with self._turn, told_plainly(), self.db.atomic():
            self.db.conn.execute("DELETE FROM tokens WHERE expires_at <= ?", [now])
            self.db.conn.execute(
                "INSERT OR REPLACE INTO tokens (sha256, device, expires_at) VALUES (?, ?, ?)",
                (sha256(token), device, now + TOKEN_LIFE),
            )

    def forget(self, token: str) -> None:
        """Headquarters no longer knows this token."""
        with self._turn, told_plainly(), self.db.atomic():
            self.db.conn.execute("DELETE FROM tokens WHERE sha256 = ?", [sha256(token)])

    def device(self, token: str) -> str | None:
        """Whose token it is; ``None`` if it is unknown or has run out."""
        with self._turn:
            rows = self.db.conn.execute(
                "SELECT device FROM tokens WHERE sha256 = ? AND expires_at > ?",
                (sha256(token), self.clock()),
            ).fetchall()
        return str(rows[0][0]) if rows else None

    def use_nonce(self, device: str, nonce: str) -> bool:
        """Remember a nonce for ever. False: it was used before."""
        with self._turn, told_plainly(), self.db.atomic():
            cursor = self.db.conn.execute(
                "INSERT OR IGNORE INTO nonces (device, nonce) VALUES (?, ?)",
                (device, sha256(nonce)),
            )
            return cursor.rowcount == 1
