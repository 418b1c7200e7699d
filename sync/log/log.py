"""Changes, their devices and records: what a log stores and finds. It judges nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.rights import Standing
from sync.change import Change, read_change
from sync.log.receipts import ReceiptShelf


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


class Log(ReceiptShelf):
    """The log of one mission."""

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
            " DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
            " WHERE excluded.seq > heads.seq",
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

    def records_of_case(self, case: str) -> list[tuple[str, str]]:
        """Ids and kinds of the records that name this case, in the order they came here."""
        return [
            (str(row[0]), str(row[1]))
            for row in self._rows(
                'SELECT record, kind FROM records WHERE "case" = ? ORDER BY rowid', [case]
            )
        ]

    def last_received(self, record: str) -> str | None:
        """When the last change of a record came here (this node's clock)."""
        rows = self._rows("SELECT max(received_at) FROM changes WHERE record = ?", [record])
        return rows[0][0] if rows else None

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
