"""Erasing in a log: the payload goes, the envelope, hash and signature stay.

A hash is erased for ever: a change that comes after its erasure is kept without its payload.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sync.change import Change, envelope_of
from sync.log.store import LogFile

RESTATED = "restated/"


class ErasedShelf(LogFile):
    """The erasures of a log."""

    def erased(self, hash_: str) -> str | None:
        """The hash of the erasure that names a change; ``None`` when it is not erased."""
        rows = self._rows("SELECT erasure FROM erased WHERE hash = ?", [hash_])
        return rows[0][0] if rows else None

    def kept(self, hash_: str) -> str | None:
        """What the erasure says stays of a change: the hash of its envelope and signature."""
        rows = self._rows(
            "SELECT c.payload FROM erased e JOIN changes c ON c.hash = e.erasure"
            " WHERE e.hash = ? AND c.payload IS NOT NULL",
            [hash_],
        )
        return json.loads(rows[0][0])["set"].get(f"kept/{hash_}") if rows else None

    def erasures(self) -> dict[str, str]:
        """The erasing change of each erased hash."""
        return {row[0]: row[1] for row in self._rows("SELECT hash, erasure FROM erased")}

    def erased_by(self, erasure: str) -> list[tuple[str, str]]:
        """Records and kinds that an erasing change took something from."""
        return [
            (row[0], row[1])
            for row in self._rows(
                "SELECT DISTINCT c.record, c.kind FROM erased JOIN changes c USING (hash)"
                " WHERE erased.erasure = ? ORDER BY c.position",
                [erasure],
            )
        ]

    def blobs_to_drop(self) -> list[str]:
        """Files that only erased changes name."""
        rows = self._rows(
            "SELECT DISTINCT sha256 FROM erased_blobs"
            " WHERE sha256 NOT IN (SELECT sha256 FROM blobs) ORDER BY sha256"
        )
        return [row[0] for row in rows]

    def _erase(self, erasure: Change, position: int) -> None:
        """Do what a stored erasure says; inside :meth:`writing`."""
        hashes = erasure.set.get("hashes")
        names = [name for name in hashes if isinstance(name, str)] if hashes else []
        for name in names:
            self.db.conn.execute(
                "INSERT OR IGNORE INTO erased (hash, erasure, restated, position)"
                " VALUES (?, ?, ?, ?)",
                (name, erasure.hash, json.dumps(_restated(erasure.set, name)), position),
            )
        self._drop(names)

    def _drop(self, hashes: Iterable[str]) -> None:
        run = self.db.conn.execute
        for hash_ in hashes:
            rows = self._rows(
                "SELECT payload FROM changes WHERE hash = ? AND payload IS NOT NULL", [hash_]
            )
            for (payload,) in rows:
                self._drop_blobs(json.loads(payload))
                run(
                    "UPDATE changes SET payload = NULL, envelope = ? WHERE hash = ?",
                    (envelope_of(payload), hash_),
                )
            run("UPDATE forks SET payload = '' WHERE hash = ?", [hash_])

    def _drop_blobs(self, document: Mapping[str, Any]) -> None:
        sha256 = document["set"].get("sha256")
        if document["kind"] == "attachment" and isinstance(sha256, str):
            run = self.db.conn.execute
            run("INSERT OR IGNORE INTO erased_blobs VALUES (?)", [sha256])
            run("DELETE FROM blobs WHERE sha256 = ? AND record = ?", (sha256, document["record"]))

    def _restated_for(self, hash_: str) -> dict[str, Any]:
        rows = self._rows("SELECT restated FROM erased WHERE hash = ?", [hash_])
        return dict(json.loads(rows[0][0])) if rows else {}


def _restated(fields: Mapping[str, Any], hash_: str) -> dict[str, Any]:
    """What headquarters says in the place of one erased change, by field path."""
    start = f"{RESTATED}{hash_}/"
    return {path.removeprefix(start): v for path, v in fields.items() if path.startswith(start)}
