"""What an author may see of a log, in the order in which it became visible.

Whole records, never single changes. A change's place in the feed is the greater of its own
position and the position that made its record visible, so that what becomes visible late is
delivered then.
"""

from dataclasses import dataclass

from sync.log.store import LogFile

_PUBLIC = "('mission', 'device', 'checklist')"
_SHARED = "('case', 'person', 'hearing')"

# What an author sees of others, each with the position since when: assigned cases and one's own,
# with their persons, hearings and assignments; queries and reviews on one's observations, and
# reviews of one's incidents ("observation" is what a record is about).
_OTHERS = """
WITH cases (record, since) AS (
    SELECT record, min(since) FROM (
        SELECT record, created AS since FROM records WHERE author = :author AND kind = 'case'
        UNION ALL SELECT "case", begun FROM assignments
        WHERE author = :author AND ended IS NULL AND "case" IS NOT NULL) GROUP BY record),
others (record, since) AS (
    SELECT record, min(since) FROM (
        SELECT record, begun AS since FROM assignments WHERE author = :author
        UNION ALL SELECT record, since FROM cases
        UNION ALL SELECT r.record, max(c.since, r.case_at) FROM cases c JOIN records r
            ON r."case" = c.record WHERE r.kind IN ('person', 'hearing')
        UNION ALL SELECT a.record, max(c.since, a.begun) FROM cases c JOIN assignments a
            ON a."case" = c.record
        UNION ALL SELECT q.record, max(o.created, q.observation_at) FROM records q JOIN records o
            ON o.record = q.observation
            WHERE q.kind IN ('query', 'review') AND o.author = :author) GROUP BY record)
"""

# Besides: mission, checklists and devices, one's own from any device, and erasures of any of these.
_VISIBLE = f"""{_OTHERS}, seen (record) AS (
    SELECT record FROM others
    UNION SELECT record FROM records WHERE author = :author OR kind IN {_PUBLIC}),
visible (record) AS (
    SELECT record FROM seen
    UNION SELECT e.record FROM erased CROSS JOIN changes e ON e.hash = erased.erasure
        CROSS JOIN changes c ON c.hash = erased.hash JOIN seen ON seen.record = c.record)
"""

# In arms, so that a device that has nearly everything does not wait for all of it to be laid out:
# what is new of one's own, in order of the log; what became visible late; what was erased. An
# erased change is delivered again, as an envelope, right after what erased it: who receives it has
# then been told that it is erased. To come twice is harmless. CROSS JOIN keeps SQLite from
# beginning at the other end, which would read all that an author ever wrote.
_ROW = """c.device, c.hash, c.kind, c.sheet, c.state, c.code, c.payload, c.envelope, c.signature"""
_STEPS = f"""{_OTHERS}, late (record, since, own) AS (
    SELECT record, created, 1 FROM records WHERE author = :author AND created > :place
    UNION ALL SELECT o.record, o.since, 0 FROM others o JOIN records r USING (record)
        WHERE r.author <> :author AND r.kind NOT IN {_PUBLIC}
    UNION ALL SELECT e.record, min(iif(r.author = :author OR r.kind IN {_PUBLIC}, 0, o.since)), 0
        FROM erased CROSS JOIN changes e ON e.hash = erased.erasure
        CROSS JOIN changes c ON c.hash = erased.hash CROSS JOIN records r ON r.record = c.record
        LEFT JOIN others o ON o.record = c.record
        WHERE r.author = :author OR r.kind IN {_PUBLIC} OR o.record IS NOT NULL GROUP BY e.record),
steps AS (
    SELECT * FROM (
        SELECT c.position AS place, c.position AS turn, {_ROW}
        FROM changes c CROSS JOIN records r ON r.record = c.record
        WHERE c.position > :place AND c.position <= :upto AND c.payload IS NOT NULL
            AND (r.author = :author OR r.kind IN {_PUBLIC})
        ORDER BY c.position LIMIT :limit)
    UNION ALL SELECT max(c.position, l.since, coalesce(x.position, 0)),
        iif(c.payload IS NULL, c.position + 1099511627776, c.position), {_ROW}
    FROM late l CROSS JOIN changes c ON c.record = l.record LEFT JOIN erased x ON x.hash = c.hash
    WHERE NOT l.own OR (c.position <= :place AND c.payload IS NOT NULL)
    UNION ALL SELECT max(c.position, x.position), c.position + 1099511627776, {_ROW}
    FROM erased x CROSS JOIN changes c ON c.hash = x.hash
        CROSS JOIN records r ON r.record = c.record
    WHERE c.payload IS NULL AND (r.author = :author OR r.kind IN {_PUBLIC}))
SELECT s.place, s.turn, s.device, s.hash, s.kind, d.author = :author, s.sheet, s.state, s.code,
    iif(s.device = :without AND s.payload IS NOT NULL, NULL, s.payload), s.envelope, s.signature
FROM steps s JOIN devices d USING (device)
WHERE s.place <= :upto AND (s.place, s.turn) > (:place, :turn) ORDER BY 1, 2 LIMIT :limit
"""

# Assignments that ended; records that turned out to be made by another, or that a former maker's
# changes came to. What belongs to a case is named only to whom it was shown: who merely tried to
# write of the case was not one of them. A verdict can change without a new position, hence ">=".
_LOST = f"""{_VISIBLE}, lost (record, whole) AS (
    SELECT "case", 1 FROM assignments WHERE author = :author AND ended > :after
        AND ended <= :upto AND (begun <= :after OR :ever)
    UNION SELECT r.record, r.kind = 'case' AND c.state = 'stored' FROM records r
        CROSS JOIN changes c ON c.record = r.record CROSS JOIN devices d ON d.device = c.device
        WHERE :restored AND r.kind IN {_SHARED} AND r.author NOT IN ('', :author)
            AND d.author = :author AND max(r.created, c.position) BETWEEN :after AND :upto)
SELECT r.record FROM lost l CROSS JOIN records r ON r.record = l.record
    OR l.whole AND r."case" = l.record AND r.kind IN ('person', 'hearing', 'assignment')
WHERE r.record NOT IN (SELECT record FROM visible) GROUP BY r.record ORDER BY min(r.rowid)
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
            _STEPS,
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

    def lost_sight(
        self, author: str, after: int, upto: int, *, restored: bool = False, ever: bool = False
    ) -> list[str]:
        """The records that an author saw at position ``after`` and no longer sees.

        :param restored: who made a record may turn out anew, so also those that somebody else
            made and that this author wrote of, as one does who counted as their maker before
        :param ever: also those that the author saw at any time, as who reads from the beginning
            after a restore may have them
        """
        rows = self._rows(
            _LOST,
            {"author": author, "after": after, "upto": upto, "restored": restored, "ever": ever},
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
