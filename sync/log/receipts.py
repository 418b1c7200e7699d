"""Receipt sheets and receipts, as a log keeps them: issued here, or received from the hub."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sync.log.store import LogFile
from sync.receipts import Sheet


class ReceiptShelf(LogFile):
    """The receipts of a log."""

    def last_sheet(self, issuer: str | None = None) -> tuple[int, str]:
        """Number and hash of the last receipt sheet here; ``(0, "")`` before the first.

        :param issuer: the device that issued it, when sheets of several nodes are kept here
        """
        rows = self._rows(
            "SELECT sheet, hash FROM sheets WHERE ?1 IS NULL OR issuer = ?1"
            " ORDER BY sheet DESC LIMIT 1",
            [issuer],
        )
        return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")

    def add_sheet(
        self, number: int, hash_: str, payload: str, signature: str, issuer: str = ""
    ) -> None:
        """Keep a receipt sheet; inside :meth:`writing`."""
        self.db.conn.execute(
            "INSERT OR IGNORE INTO sheets (hash, sheet, payload, signature, issuer)"
            " VALUES (?, ?, ?, ?, ?)",
            (hash_, number, payload, signature, issuer),
        )

    def keep_sheet(self, sheet: Sheet) -> None:
        """Keep another node's receipt sheet; inside :meth:`writing`."""
        self.add_sheet(sheet.number, sheet.hash, sheet.payload, sheet.signature, sheet.hub)

    def sheets(self, numbers: Iterable[int], issuer: str | None = None) -> list[dict[str, str]]:
        """Receipt sheets issued here, as sent."""
        rows = self._rows(
            "SELECT payload, signature FROM sheets WHERE (?2 IS NULL OR issuer = ?2)"
            " AND sheet IN (SELECT value FROM json_each(?1)) ORDER BY sheet",
            [json.dumps(sorted(set(numbers))), issuer],
        )
        return [{"payload": payload, "signature": signature} for payload, signature in rows]

    def hub_sheets(self, hashes: Iterable[str]) -> list[dict[str, str]]:
        """The present hub's sheets with the receipts that came here for these changes."""
        rows = self._rows(
            "SELECT DISTINCT s.sheet, s.payload, s.signature FROM receipts r"
            " JOIN sheets s ON s.hash = r.sheet JOIN changes c ON c.hash = r.hash AND c.held = 1"
            " JOIN meta m ON m.key = 'hub_device' AND m.value = s.issuer"
            " WHERE r.hash IN (SELECT value FROM json_each(?)) ORDER BY s.sheet",
            [json.dumps(list(hashes))],
        )
        return [{"payload": payload, "signature": signature} for _, payload, signature in rows]

    def stands_on(self, hashes: Iterable[str], sheet: int) -> None:
        """Note on which sheet issued here changes stand; inside :meth:`writing`."""
        self.db.conn.executemany(
            "UPDATE changes SET sheet = ?1 WHERE hash = ?2 AND sheet IS NOT ?1",
            [(sheet, hash_) for hash_ in hashes],
        )

    def former_sheets(self, hashes: Iterable[str]) -> list[dict[str, str]]:
        """Sheets of hubs before the present one, with receipts of these changes."""
        rows = self._rows(
            "SELECT DISTINCT s.sheet, s.payload, s.signature FROM receipts r"
            " JOIN sheets s ON s.hash = r.sheet"
            " JOIN meta m ON m.key = 'hub_device' AND m.value <> s.issuer"
            " WHERE r.hash IN (SELECT value FROM json_each(?)) ORDER BY s.sheet LIMIT 100",
            [json.dumps(list(hashes))],
        )
        return [{"payload": payload, "signature": signature} for _, payload, signature in rows]

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
        self.mark_held([receipt["hash"]])
        # Headquarters decides what counts; the author's own view must not differ from it.
        self.db.conn.execute(
            "UPDATE changes SET state = ?, code = ? WHERE hash = ? AND state <> ?",
            (receipt["state"], receipt.get("code"), receipt["hash"], receipt["state"]),
        )

    def add_sent(self, receipt: Mapping[str, Any], relay: str, sheet: str) -> None:
        """Keep a relay's receipt: it carries the change, headquarters may not have it yet."""
        self.db.conn.execute(
            "INSERT OR REPLACE INTO sent (hash, relay, received_at, sheet) VALUES (?, ?, ?, ?)",
            (receipt["hash"], relay, receipt["received_at"], sheet),
        )

    def mark_held(self, hashes: Iterable[str]) -> None:
        """Note that headquarters holds these changes; inside :meth:`writing`."""
        self.db.conn.executemany(
            "UPDATE changes SET held = 1 WHERE hash = ? AND held = 0", [(h,) for h in hashes]
        )

    def mark_held_upto(self, device: str, seq: int) -> None:
        """Note that headquarters holds a device's changes up to a number, and none after it."""
        self.db.conn.execute(
            "UPDATE changes SET held = (seq <= ?1) WHERE device = ?2 AND held <> (seq <= ?1)",
            (seq, device),
        )

    def doubt_held(self) -> None:
        """Headquarters was restored: what it holds must be asked again; inside :meth:`writing`."""
        self.db.conn.execute("UPDATE changes SET held = 0")

    def unreceived(self, limit: int, without: Iterable[str] = ()) -> list[dict[str, str]]:
        """The next changes that headquarters is not known to hold, as they travel; some devices
        apart. With each its ``device`` and ``hash``.
        """
        rows = self._rows(
            "SELECT payload, envelope, signature, device, hash FROM changes WHERE held = 0"
            " AND device NOT IN (SELECT value FROM json_each(?)) ORDER BY position LIMIT ?",
            [json.dumps(list(without)), limit],
        )
        return [
            {
                **({"envelope": envelope} if payload is None else {"payload": payload}),
                "signature": signature,
                "device": device,
                "hash": hash_,
            }
            for payload, envelope, signature, device, hash_ in rows
        ]

    def count_unreceived(self) -> int:
        """How many changes wait for headquarters."""
        return int(self._rows("SELECT count(*) FROM changes WHERE held = 0")[0][0])

    def oldest_unreceived(self) -> str | None:
        """Since when the oldest waiting change is here (this node's clock)."""
        rows = self._rows("SELECT min(received_at) FROM changes WHERE held = 0")
        return str(rows[0][0]) if rows[0][0] else None

    def receipt_states(self, record: str, backed_up_seq: int = 0) -> dict[str, int]:
        """How many changes of a record are in which state on their way.

        ``waiting`` here only, ``sent`` to a relay, ``stored`` at headquarters, ``backed_up`` there
        too, ``quarantined`` kept apart there.
        """
        rows = self._rows(
            "SELECT CASE WHEN receipts.state = 'quarantined' THEN 'quarantined'"
            " WHEN held = 1 AND receipts.hub_seq <= ?2 THEN 'backed_up'"
            " WHEN held = 1 THEN 'stored'"
            " WHEN sent.hash IS NOT NULL THEN 'sent' ELSE 'waiting' END, count(*) FROM changes"
            " LEFT JOIN receipts USING (hash) LEFT JOIN sent USING (hash)"
            " WHERE record = ?1 GROUP BY 1",
            [record, backed_up_seq],
        )
        return {str(state): int(count) for state, count in rows}

    def may_drop(self, hash_: str, backed_up_seq: int) -> bool:
        """Whether a device may drop a change: headquarters signed for it and has backed it up."""
        rows = self._rows(
            "SELECT 1 FROM receipts JOIN changes USING (hash)"
            " WHERE hash = ? AND held = 1 AND hub_seq <= ?",
            [hash_, backed_up_seq],
        )
        return bool(rows)
