"""Receipt sheets and receipts, as a log keeps them: issued here, or received from the hub."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sync.log.store import LogFile


class ReceiptShelf(LogFile):
    """The receipts of a log."""

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
