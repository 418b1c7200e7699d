"""What the reading pages read: the rows of one observation, of one mission. Reads, never writes.

Each function runs a handful of statements on one connection within one read transaction, so that a
page never mixes two states of the tables.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def protect(conn: sqlite3.Connection) -> None:
    """No statement on this connection can write: the tables belong to the projector."""
    conn.execute("PRAGMA query_only = ON")


def _read(
    conn: sqlite3.Connection, queries: dict[str, tuple[str, dict[str, Any]]]
) -> dict[str, list[Row]]:
    conn.execute("BEGIN")
    try:
        return {
            name: [dict(row) for row in conn.execute(sql, values)]
            for name, (sql, values) in queries.items()
        }
    finally:
        conn.rollback()


OF_OBSERVATION = {
    "hearings": "SELECT * FROM hearings WHERE id = :hearing",
    "cases": "SELECT * FROM cases WHERE id = :case",
    "persons": "SELECT * FROM persons WHERE case_id = :case ORDER BY role, length(code), code",
    "answers": """
        SELECT * FROM answers WHERE observation_id = :id
        UNION ALL
        SELECT * FROM answers WHERE case_id = :case AND observation_id IS NULL
    """,
    "coverage": "SELECT * FROM coverage WHERE observation_id = :id",
    "log_entries": "SELECT * FROM log_entries WHERE observation_id = :id ORDER BY place",
    "attachments": """
        SELECT * FROM attachments WHERE observation_id = :id AND NOT withdrawn
        ORDER BY added_at, id
    """,
    "problems": "SELECT * FROM problems WHERE observation_id = :id ORDER BY overridden, code, id",
    "conflicts": """
        SELECT * FROM conflicts WHERE record IN (:id, :case, :hearing)
        ORDER BY record, field, shown DESC, recorded_at DESC
    """,
    "same_hearing": """
        SELECT id, observer, submitted_at, received_at, withdrawn FROM observations
        WHERE hearing_id = :hearing AND id <> :id ORDER BY observer, id
    """,
}
OBSERVATION = "SELECT * FROM observations WHERE id = :id"


def facts_of(id_: str) -> Callable[[sqlite3.Connection], Rows | None]:
    """Reads everything the facts know of an observation; ``None`` when there is no such one."""

    def read(conn: sqlite3.Connection) -> Rows | None:
        found = conn.execute(OBSERVATION, {"id": id_}).fetchone()
        if found is None:
            return None
        values = {"id": id_, "case": found["case_id"], "hearing": found["hearing_id"]}
        queries = {name: (sql, values) for name, sql in OF_OBSERVATION.items()}
        return {"observations": [dict(found)], **_read(conn, queries)}

    return read


def attachment_of(id_: str) -> Callable[[sqlite3.Connection], Row | None]:
    """Reads one attachment that was not taken back; ``None`` when there is no such one."""
    sql = "SELECT * FROM attachments WHERE id = :id AND NOT withdrawn"

    def read(conn: sqlite3.Connection) -> Row | None:
        rows = _read(conn, {"attachments": (sql, {"id": id_})})["attachments"]
        return rows[0] if rows else None

    return read


def notes_of(id_: str, case: str | None) -> Callable[[sqlite3.Connection], list[Row]]:
    """Reads what was written in words about an observation and about its case as a whole."""
    sql = """
        SELECT id, kind, author, speaker, text, original, log_entry_id FROM notes
        WHERE observation_id = :id
        UNION ALL
        SELECT id, kind, author, speaker, text, original, log_entry_id FROM notes
        WHERE case_id = :case AND observation_id IS NULL
    """
    return lambda conn: _read(conn, {"notes": (sql, {"id": id_, "case": case})})["notes"]


# Those that wait first, of those the urgent ones, the oldest first; then the newest.
INCIDENTS = """
    SELECT i.*, c.title AS case_title, h.label AS hearing_label, h.time_zone AS time_zone,
        (SELECT group_concat(code, ', ') FROM persons
            WHERE id IN (SELECT value FROM json_each(i.persons))) AS at_risk
    FROM incidents i
    LEFT JOIN cases c ON c.id = i.case_id LEFT JOIN hearings h ON h.id = i.hearing_id
    ORDER BY
        CASE WHEN i.kind IS 'safe_arrival' OR i.withdrawn THEN 2
            WHEN i.acknowledged_at IS NULL OR i.changed_since THEN 0 ELSE 1 END,
        i.kind IS NOT 'urgent',
        CASE WHEN i.acknowledged_at IS NULL THEN julianday(i.opened_at) END,
        i.received_at DESC, i.id
    LIMIT :limit
"""


def incident_words(conn: sqlite3.Connection) -> list[Row]:
    """Reads what was written in words of incidents, and of acknowledgements of them."""
    sql = """
        SELECT id, kind, author, text FROM notes WHERE kind IN ('incident', 'acknowledgement')
        ORDER BY id
    """
    return _read(conn, {"notes": (sql, {})})["notes"]


OF_MISSION = {
    "incidents": INCIDENTS,
    "totals": """
        SELECT (SELECT count(*) FROM cases WHERE NOT withdrawn) AS cases,
            (SELECT count(*) FROM hearings WHERE NOT withdrawn) AS hearings,
            count(*) AS observations,
            count(submitted_at) AS submitted,
            coalesce(sum(open_problems > 0), 0) AS with_problems,
            coalesce(sum(critical > 0), 0) AS with_critical,
            coalesce(sum(conflicts > 0), 0) AS with_conflicts,
            coalesce(sum(quarantined > 0), 0) AS with_quarantined,
            coalesce(max(practice), 0) AS practice,
            max(received_at) AS received_at
        FROM observations
    """,
    "observations": """
        SELECT o.*, h.label AS hearing_label, h.date AS hearing_date, h.court AS hearing_court,
            h.time_zone AS time_zone, c.title AS case_title
        FROM observations o
        LEFT JOIN hearings h ON h.id = o.hearing_id LEFT JOIN cases c ON c.id = o.case_id
        ORDER BY o.received_at DESC, o.id DESC LIMIT :limit
    """,
    "files": "SELECT sha256 FROM attachments WHERE NOT withdrawn",
    "cases": "SELECT * FROM cases ORDER BY withdrawn, title, id LIMIT :limit",
    "hearings": """
        SELECT h.*, count(o.id) AS observations, group_concat(o.observer, ', ') AS observers
        FROM hearings h LEFT JOIN observations o ON o.hearing_id = h.id
        GROUP BY h.id ORDER BY h.date DESC, h.number DESC LIMIT :limit
    """,
}


def mission_of(limit: int) -> Callable[[sqlite3.Connection], Rows]:
    """Reads the start page of a mission: at most ``limit`` rows of each kind, newest first."""
    return lambda conn: _read(
        conn, {name: (sql, {"limit": limit}) for name, sql in OF_MISSION.items()}
    )
