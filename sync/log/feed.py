"""What an author may see of a log, in the order in which it became visible.

Whole records, never single changes. A change's place in the feed is the greater of its own
position and the position that made its record visible, so that what becomes visible late is
delivered then.
"""

from dataclasses import dataclass

from sync.log.store import LogFile

# The records that an author sees, each with the position since when: mission, checklists and
# devices; one's own from any device; assigned cases with their persons and hearings, and those of
# one's own cases; queries and reviews on one's observations; erasures of any of these.
_VISIBLE = """
WITH cases (record, since) AS (
    SELECT record, min(since) FROM (
        SELECT record, created AS since FROM records WHERE kind = 'case' AND author = :author
        UNION ALL SELECT "case", begun FROM assignments
        WHERE author = :author AND ended IS NULL AND "case" IS NOT NULL) GROUP BY record),
seen (record, since) AS (
    SELECT record, 0 FROM records WHERE kind IN ('mission', 'device', 'checklist')
    UNION ALL SELECT record, 0 FROM records WHERE author = :author
    UNION ALL SELECT record, begun FROM assignments WHERE author = :author
    UNION ALL SELECT record, since FROM cases
    UNION ALL SELECT r.record, max(c.since, r.case_at) FROM cases c JOIN records r
        ON r."case" = c.record WHERE r.kind IN ('person', 'hearing')
    UNION ALL SELECT a.record, max(c.since, a.begun) FROM cases c JOIN assignments a
        ON a."case" = c.record
    UNION ALL SELECT q.record, max(o.created, q.observation_at) FROM records o JOIN records q
        ON q.observation = o.record WHERE o.author = :author AND q.kind IN ('query', 'review')),
own (record, since) AS (SELECT record, min(since) FROM seen GROUP BY record),
visible (record, since) AS (
    SELECT record, min(since) FROM (
        SELECT record, since FROM own
        UNION ALL SELECT e.record, own.since FROM erased
            JOIN changes e ON e.hash = erased.erasure JOIN changes c ON c.hash = erased.hash
            JOIN own ON own.record = c.record) GROUP BY record)
"""


# An erased change is delivered again, as an envelope, right after what erased it: who receives it
# has then been told that it is erased.
_STEPS = """, steps AS (
    SELECT max(c.position, v.since, coalesce(e.position, 0)) AS place,
        iif(c.payload IS NULL, c.position + 1099511627776, c.position) AS turn,
        c.device, c.hash, c.kind, d.author = :author AS mine, c.sheet, c.state, c.code,
        iif(c.device = :without AND c.payload IS NOT NULL, NULL, c.payload) AS payload,
        c.envelope, c.signature
    FROM visible v JOIN changes c ON c.record = v.record JOIN devices d USING (device)
        LEFT JOIN erased e ON e.hash = c.hash)
SELECT * FROM steps WHERE place <= :upto AND (place, turn) > (:place, :turn)
ORDER BY place, turn LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A change in somebody's feed; ``mine`` says that one of the author's devices wrote it.

    (``place``, ``turn``) is its place in the feed. ``payload`` is ``None`` when the asking device
    has it itself; an erased change has an ``envelope``.
    """

    place: int
    turn: int
    device: str
    hash: str
    kind: str
    mine: bool
    sheet: int | None
    state: str
    code: str | None
    payload: str | None
    envelope: str | None
    signature: str


class Feed(LogFile):
    """The feeds of a log."""

    def feed(
        self, author: str, after: tuple[int, int], upto: int, limit: int, without: str = ""
    ) -> list[Step]:
        """The next changes that an author may see.

        :param after: (place, turn) of the last one delivered, ``(0, 0)`` at the beginning
        :param upto: the last place to look at, so that pages of one reading fit together
        :param without: a device whose changes come without their texts: it has them itself
        """
        rows = self._rows(
            _VISIBLE + _STEPS,
            {
                "author": author,
                "without": without,
                "upto": upto,
                "place": after[0],
                "turn": after[1],
                "limit": limit,
            },
        )
        return [
            Step(
                place=row[0],
                turn=row[1],
                device=row[2],
                hash=row[3],
                kind=row[4],
                mine=bool(row[5]),
                sheet=row[6],
                state=row[7],
                code=row[8],
                payload=row[9],
                envelope=row[10],
                signature=row[11],
            )
            for row in rows
        ]

    def lost_sight(self, author: str, after: int, upto: int) -> list[str]:
        """The records that an author saw at position ``after`` and no longer sees."""
        rows = self._rows(
            _VISIBLE + "SELECT r.record FROM assignments a JOIN records r"
            ' ON r.record = a."case" OR r."case" = a."case" AND r.kind IN (\'person\', \'hearing\','
            " 'assignment')"
            " WHERE a.author = :author AND a.ended > :after AND a.ended <= :upto"
            " AND a.begun <= :after AND r.record NOT IN (SELECT record FROM visible)"
            " GROUP BY r.record ORDER BY min(r.rowid)",
            {"author": author, "after": after, "upto": upto},
        )
        return [row[0] for row in rows]

    def sees(self, author: str, record: str) -> bool:
        """Whether an author sees a record now."""
        return bool(
            self._rows(
                _VISIBLE + "SELECT 1 FROM visible WHERE record = :record",
                {"author": author, "record": record},
            )
        )
