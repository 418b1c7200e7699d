"""Changes, their devices and records: what a log stores and finds. It judges nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync.change import Change, envelope_of, read_change, read_erased
from sync.log.erased import ErasedShelf
from sync.log.feed import Feed
from sync.log.receipts import ReceiptShelf
from sync.log.registry import Registry


@dataclass(frozen=True, slots=True)
class Head:
    """The last change of a device in this log."""

    seq: int = 0
    hash: str = ""


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


class Log(Registry, Feed, ErasedShelf, ReceiptShelf):
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

    def hash_at(self, device: str, seq: int) -> str | None:
        """The hash of a device's change of this number; ``None`` if it is not here."""
        rows = self._rows("SELECT hash FROM changes WHERE device = ? AND seq = ?", [device, seq])
        return rows[0][0] if rows else None

    def known(self, hashes: Iterable[str]) -> dict[str, Entry]:
        """Those of the changes that are in the log."""
        rows = self._rows(
            f"SELECT {_ENTRY} FROM changes WHERE hash IN (SELECT value FROM json_each(?))",
            [json.dumps(list(hashes))],
        )
        return {row[1]: Entry(*row) for row in rows}

    def append(
        self,
        change: Change,
        *,
        state: str,
        code: str | None,
        received_at: str,
        sheet: int | None,
        held: bool = False,
    ) -> int:
        """Add a judged change at the end; inside :meth:`writing`. Returns its position.

        :param held: headquarters is known to hold it
        """
        run = self.db.conn.execute
        erased = self.erased(change.hash) is not None
        payload = None if change.erased or erased else change.payload
        envelope = change.payload if change.erased else None
        if erased and not change.erased:
            envelope = envelope_of(change.payload)
        cursor = run(
            "INSERT INTO changes (hash, device, seq, kind, record, received_at, state, code,"
            " sheet, held, payload, envelope, signature)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(change.hash, change.device, change.seq, change.kind, change.record),
                *(received_at, state, code, sheet, held, payload, envelope, change.signature),
            ),
        )
        position = int(cursor.lastrowid or 0)
        run(
            "INSERT INTO heads (device, seq, hash) VALUES (?, ?, ?) ON CONFLICT (device)"
            " DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
            " WHERE excluded.seq > heads.seq",
            (change.device, change.seq, change.hash),
        )
        if state == "stored":
            # Of an erased change only who wrote which record is taken in.
            gone = payload is None
            self._register(replace(change, set={}) if gone else change, position)
            if change.kind == "erasure":
                self._erase(change, position)
        return position

    def rejudge(self, hash_: str, code: str | None, hub_seq: int | None = None) -> Entry | None:
        """Give a change the verdict of headquarters; the entry if that changed it.

        :param hub_seq: where it stood in a former hub's log, when that one signed the verdict
        """
        entry = self.known([hash_]).get(hash_)
        if entry is None or entry.code == code:
            return None
        state = "quarantined" if code else "stored"
        self.db.conn.execute(
            "UPDATE changes SET state = ?, code = ? WHERE hash = ?", (state, code, hash_)
        )
        (change,) = self._changes("hash = ?", [hash_])
        if not code:
            self._register(change, entry.position)
            if hub_seq is not None:
                self.made_at(change, hub_seq)
        return self.known([hash_])[hash_]

    def keep_fork(self, change: Change, received_at: str) -> None:
        """Keep the second of two changes with one number, for a person to look at."""
        self.db.conn.execute(
            "INSERT OR IGNORE INTO forks VALUES (?, ?, ?, ?, ?, ?)",
            (change.hash, change.device, change.seq, received_at, change.payload, change.signature),
        )

    def forget(self, record: str) -> bool:
        """Drop what others wrote of a record that is out of sight now; inside :meth:`writing`.

        True when there was something to drop.

        What this device's author wrote stays: it may not have arrived yet, and it is their own.
        """
        own = self.meta("author")
        run = self.db.conn.execute
        dropped = run(
            "DELETE FROM changes WHERE record = ?1 AND held = 1 AND device IN"
            " (SELECT device FROM devices WHERE author IS NOT ?2)",
            (record, own),
        )
        run(
            "DELETE FROM records WHERE record = ?1"
            " AND NOT EXISTS (SELECT 1 FROM changes WHERE record = ?1)",
            [record],
        )
        return dropped.rowcount > 0

    def holds(self, hash_: str) -> bool:
        """Whether headquarters is known to hold a change that is here."""
        return bool(self._rows("SELECT 1 FROM changes WHERE hash = ? AND held = 1", [hash_]))

    def withdraw(self, hashes: Iterable[str]) -> None:
        """Move changes that headquarters never took aside, where forks are; in :meth:`writing`."""
        run = self.db.conn.execute
        for hash_ in hashes:
            run(
                "INSERT OR IGNORE INTO forks SELECT hash, device, seq, received_at, payload,"
                " signature FROM changes WHERE hash = ? AND held = 0 AND payload IS NOT NULL",
                [hash_],
            )
            run("DELETE FROM changes WHERE hash = ? AND held = 0", [hash_])

    # -- reading ----------------------------------------------------------------------

    def changes_of(self, record: str) -> list[Change]:
        """All changes of a record; erased ones keep their place and give no value of their own."""
        return self._changes("record = ?", [record])

    def changes_of_device(self, device: str, after: int = 0) -> list[Change]:
        """A device's changes by number, those after a number."""
        return self._changes("device = ? AND seq > ?", [device, after])

    def _changes(self, where: str, values: Sequence[Any]) -> list[Change]:
        rows = self._rows(
            "SELECT payload, envelope, signature, hash, state FROM changes"
            f" WHERE {where} ORDER BY position",
            values,
        )
        return [self._change(*row) for row in rows]

    def _change(
        self, payload: str | None, envelope: str, signature: str, hash_: str, state: str
    ) -> Change:
        if payload is None:
            restated = self._restated_for(hash_) if state == "stored" else {}
            return read_erased(envelope, signature, hash_, restated)
        counts = state == "stored"
        return read_change(payload, signature, hash_, counts=counts, document=json.loads(payload))

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
