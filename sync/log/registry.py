"""What a log reads off its changes as they come: devices, records, assignments, attachments.

Everything here could be read off the changes again; it saves doing so for each new one.
"""

from dataclasses import dataclass

from schemas.rights import HUB, SHARED_KINDS, Standing
from sync.change import HEADQUARTERS, Change
from sync.log.store import LogFile


@dataclass(frozen=True, slots=True)
class Device:
    """A device as enrolled: its author's code, the role, the public key (base64url)."""

    device: str
    author: str
    role: str
    public_key: str
    revoked_at: str | None
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class Blob:
    """A file that a stored change names: SHA-256 of its bytes, size in bytes, media type."""

    sha256: str
    record: str
    size: int
    type: str


_DEVICE = "device, author, role, public_key, revoked_at, expires_at"


class Registry(LogFile):
    """Devices, records, assignments and attachments of a log."""

    def device(self, device: str) -> Device | None:
        """The enrolled device, ``None`` if it is not of this mission."""
        rows = self._rows(f"SELECT {_DEVICE} FROM devices WHERE device = ?", [device])
        return Device(*rows[0]) if rows else None

    def devices(self, role: str | None = None) -> list[Device]:
        """All enrolled devices, or those of one role, in the order they came here."""
        rows = self._rows(
            f"SELECT {_DEVICE} FROM devices WHERE ?1 IS NULL OR role = ?1 ORDER BY rowid", [role]
        )
        return [Device(*row) for row in rows]

    def trust_hub(self, device: str, public_key: str) -> None:
        """Pin the hub's device, whose key fingerprint came by another way; in :meth:`writing`."""
        self.db.conn.execute(
            "INSERT OR IGNORE INTO devices (device, author, role, public_key) VALUES (?, ?, ?, ?)",
            (device, HEADQUARTERS, HUB, public_key),
        )

    def standing(self, record: str, case: str | None) -> Standing:
        """Who created the record and who is assigned to its case."""
        rows = self._rows('SELECT author, "case", kind FROM records WHERE record = ?', [record])
        if rows:
            case = record if rows[0][2] == "case" else rows[0][1]
        assigned = self._rows(
            'SELECT author FROM assignments WHERE "case" = ? AND ended IS NULL', [case]
        )
        creator = rows[0][0] or None if rows else None
        return Standing(creator, frozenset(row[0] for row in assigned))

    def assigned(self, case: str, author: str) -> list[str]:
        """The records of an author's assignments to a case that have not ended."""
        rows = self._rows(
            'SELECT record FROM assignments WHERE "case" = ? AND author = ? AND ended IS NULL',
            [case, author],
        )
        return [row[0] for row in rows]

    def joined(self, kind: str) -> list[str]:
        """The records of a kind in which ``same_as`` was ever set."""
        rows = self._rows("SELECT DISTINCT record FROM joins WHERE kind = ? ORDER BY 1", [kind])
        return [row[0] for row in rows]

    def joined_to(self, record: str) -> list[str]:
        """Every record that this one was ever said to be the same as."""
        rows = self._rows("SELECT other FROM joins WHERE record = ? ORDER BY 1", [record])
        return [row[0] for row in rows]

    def creator(self, record: str) -> str | None:
        """The author of a record's first change; ``None`` while that is not here."""
        rows = self._rows("SELECT author FROM records WHERE record = ?", [record])
        return rows[0][0] or None if rows else None

    def kind(self, record: str) -> str | None:
        """The kind of a record that is here."""
        rows = self._rows("SELECT kind FROM records WHERE record = ?", [record])
        return rows[0][0] if rows else None

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

    def about(self, record: str) -> str | None:
        """The observation, or of a review the incident, that a record is about."""
        rows = self._rows("SELECT observation FROM records WHERE record = ?", [record])
        return rows[0][0] if rows else None

    def reviews_of(self, record: str) -> list[str]:
        """The reviews of an observation or an incident, in the order they came here."""
        rows = self._rows(
            "SELECT record FROM records WHERE observation = ? AND kind = 'review' ORDER BY rowid",
            [record],
        )
        return [row[0] for row in rows]

    def blobs(self) -> list[Blob]:
        """The files that stored changes name, each once for each record that names it."""
        rows = self._rows("SELECT sha256, record, size, type FROM blobs ORDER BY record, sha256")
        return [Blob(*row) for row in rows]

    def blob(self, sha256: str) -> list[Blob]:
        """The records that name a file; empty when none does."""
        rows = self._rows(
            "SELECT sha256, record, size, type FROM blobs WHERE sha256 = ? ORDER BY record",
            [sha256],
        )
        return [Blob(*row) for row in rows]

    def _register(self, change: Change, position: int) -> None:
        """Take in a stored change; inside :meth:`writing`."""
        run, values = self.db.conn.execute, change.set
        case = _id(values.get("case"))
        # What the record is about: of reviews an incident too.
        observation = _id(values.get("observation")) or _id(values.get("incident"))
        # What builds on something that is not here (a hub that was restored) made no record.
        made = change.kind not in SHARED_KINDS or not change.parents
        run(
            'INSERT INTO records (record, kind, author, "case", case_at, observation,'
            " observation_at, created) VALUES (?1, ?2, ?3, ?4, ?6, ?5, ?6, ?6)"
            " ON CONFLICT (record) DO UPDATE SET author = iif(author = '', ?3, author),"
            ' case_at = iif("case" IS NULL AND ?4 IS NOT NULL, ?6, case_at),'
            ' "case" = coalesce("case", ?4),'
            " observation_at = iif(observation IS NULL AND ?5 IS NOT NULL, ?6, observation_at),"
            " observation = coalesce(observation, ?5),"
            " created = iif(author = '' AND ?3 <> '', ?6, created)",
            (
                *(change.record, change.kind, change.author if made else ""),
                *(case, observation, position),
            ),
        )
        other = _id(values.get("same_as"))
        if other is not None and change.kind in SHARED_KINDS:
            run("INSERT OR IGNORE INTO joins VALUES (?, ?, ?)", (change.record, change.kind, other))
        if change.kind == "device":
            self._register_device(change)
        elif change.kind == "assignment":
            self._register_assignment(change, position)
        elif change.kind == "attachment":
            self._register_blob(change)

    def made_at(self, change: Change, hub_seq: int) -> None:
        """A former hub signed that it stored a change there; the first one made the record.

        Whoever wrote before that change came back did not. Inside :meth:`writing`.
        """
        if change.kind in SHARED_KINDS and change.parents:
            return
        # What is in the backup was there before anything that comes back.
        self.db.conn.execute(
            "UPDATE records SET author = ?1, made_seq = ?2,"
            " created = iif(author = ?1, created, (SELECT max(position) FROM changes))"
            " WHERE record = ?3 AND (made_seq IS NULL OR made_seq > ?2) AND created >"
            " (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'restored_position')",
            (change.author, hub_seq, change.record),
        )

    def _register_device(self, change: Change) -> None:
        values, run = change.set, self.db.conn.execute
        if "public_key" in values:
            run(
                "INSERT INTO devices (device, author, role, public_key) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (device) DO UPDATE SET author = excluded.author,"
                " role = excluded.role, public_key = excluded.public_key",
                (change.record, values.get("author"), values.get("role"), values["public_key"]),
            )
        for name in ("revoked_at", "expires_at"):
            if name in values:
                run(
                    f"UPDATE devices SET {name} = ? WHERE device = ?", (values[name], change.record)
                )

    def _register_assignment(self, change: Change, position: int) -> None:
        values, run = change.set, self.db.conn.execute
        run(
            'INSERT INTO assignments (record, "case", author, begun) VALUES (?1, ?2, ?3, ?4)'
            ' ON CONFLICT (record) DO UPDATE SET "case" = coalesce(?2, "case"),'
            " author = coalesce(?3, author)",
            (change.record, _id(values.get("case")), values.get("author"), position),
        )
        if "ended_at" in values:
            ended = None if values["ended_at"] is None else position
            run(
                "UPDATE assignments SET begun = iif(?1 IS NULL AND ended IS NOT NULL, ?2, begun),"
                " ended = ?1 WHERE record = ?3",
                (ended, position, change.record),
            )

    def _register_blob(self, change: Change) -> None:
        values = change.set
        sha256, size, type_ = (values.get(name) for name in ("sha256", "size", "type"))
        if isinstance(sha256, str) and isinstance(size, int) and isinstance(type_, str):
            self.db.conn.execute(
                "INSERT OR IGNORE INTO blobs (sha256, record, size, type) VALUES (?, ?, ?, ?)",
                (sha256, change.record, size, type_),
            )


def _id(value: object) -> str | None:
    return value if isinstance(value, str) else None
