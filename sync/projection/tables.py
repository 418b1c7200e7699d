"""The projected tables: their columns, labels, indexes and search."""

from typing import Any, Final

from sqlite_utils import Database, Migrations

facts = Migrations("facts")
texts = Migrations("texts")

# The tables of each file, children before parents, as a rebuild empties them.
FACT_TABLES: Final = (
    "problems",
    "conflicts",
    "coverage",
    "answers",
    "log_entries",
    "attachments",
    "incidents",
    "observations",
    "hearings",
    "persons",
    "cases",
)
TEXT_TABLES: Final = ("notes",)


def _create(
    db: Database, name: str, columns: dict[str, Any], foreign_keys: list[tuple[str, str, str]]
) -> None:
    db[name].create(columns, pk="id", foreign_keys=foreign_keys)  # type: ignore[union-attr]
    for column, _table, _other in foreign_keys:
        db[name].create_index([column])  # type: ignore[union-attr]


@facts()
def m001_checklist(db: Database) -> None:
    """Items of the published checklists and the provisions they rest on."""
    _create(
        db,
        "items",
        {
            **dict.fromkeys(("id", "label", "code", "section", "text", "help"), str),
            **dict.fromkeys(("answer", "scope", "per", "who", "checklist"), str),
            **dict.fromkeys(("position", "core", "critical"), int),
        },
        [],
    )
    _create(
        db,
        "provisions",
        {
            **dict.fromkeys(("id", "label", "instrument", "ref", "gist", "checked"), str),
            "shown_as_authority": int,
        },
        [],
    )
    _create(
        db,
        "item_provisions",
        {"id": str, "item_id": str, "provision_id": str},
        [("item_id", "items", "id"), ("provision_id", "provisions", "id")],
    )


@facts()
def m002_records(db: Database) -> None:
    """Cases, persons, hearings, observations."""
    _create(
        db,
        "cases",
        {
            **dict.fromkeys(("id", "title", "court", "opened_at", "created_by"), str),
            **dict.fromkeys(("persons", "accused", "hearings", "practice", "withdrawn"), int),
        },
        [],
    )
    _create(
        db,
        "persons",
        {
            **dict.fromkeys(("id", "case_id", "code", "role", "label", "created_by"), str),
            **dict.fromkeys(("practice", "withdrawn"), int),
        },
        [("case_id", "cases", "id")],
    )
    _create(
        db,
        "hearings",
        {
            **dict.fromkeys(("id", "case_id", "label", "date", "court", "room"), str),
            **dict.fromkeys(("scheduled_at", "time_zone", "created_by"), str),
            **dict.fromkeys(("number", "practice", "withdrawn"), int),
        },
        [("case_id", "cases", "id")],
    )
    _create(
        db,
        "observations",
        {
            **dict.fromkeys(("id", "label", "case_id", "hearing_id", "observer"), str),
            **dict.fromkeys(("entered_by", "attendance", "not_admitted_by", "mode"), str),
            **dict.fromkeys(("checklist", "started_at", "submitted_at", "received_at"), str),
            **dict.fromkeys(("answered", "unanswered", "not_observed", "not_asked"), int),
            **dict.fromkeys(("entries", "open_problems", "critical", "conflicts"), int),
            **dict.fromkeys(("quarantined", "practice", "withdrawn"), int),
            "heads": str,
        },
        [("case_id", "cases", "id"), ("hearing_id", "hearings", "id")],
    )


@facts()
def m003_contents(db: Database) -> None:
    """What records say: answers, coverage, log entries, conflicts, problems."""
    whose = [
        ("case_id", "cases", "id"),
        ("observation_id", "observations", "id"),
        ("item_id", "items", "id"),
        ("person_id", "persons", "id"),
    ]
    where = dict.fromkeys(("id", "case_id", "observation_id", "item_id", "person_id"), str)
    _create(
        db,
        "answers",
        {
            **where,
            **dict.fromkeys(("scope", "value", "precision", "answered_at", "author"), str),
            **dict.fromkeys(("same_for_all", "entries", "has_comment", "conflict"), int),
            **dict.fromkeys(("critical", "practice"), int),
            "entry_ids": str,
        },
        whose,
    )
    _create(db, "coverage", {**where, "state": str}, whose)
    _create(
        db,
        "log_entries",
        {
            **dict.fromkeys(("id", "observation_id", "kind", "basis", "at", "local_time"), str),
            **dict.fromkeys(("at_precision", "entered_at", "via", "re_id", "about"), str),
            **dict.fromkeys(("items", "withdrawn"), str),
            **dict.fromkeys(("place", "minutes_late", "quote", "practice"), int),
        },
        [("observation_id", "observations", "id"), ("re_id", "log_entries", "id")],
    )
    _create(
        db,
        "conflicts",
        {
            **dict.fromkeys(("id", "record", "kind", "field", "value", "author"), str),
            **dict.fromkeys(("recorded_at", "change"), str),
            "shown": int,
        },
        [],
    )
    _create(
        db,
        "problems",
        {**where, **dict.fromkeys(("code", "entry_id"), str), "overridden": int},
        whose,
    )


@facts()
def m004_attachments(db: Database) -> None:
    """Files of observations. What came before is read again, for those that are in the log."""
    _create(
        db,
        "attachments",
        {
            **dict.fromkeys(("id", "observation_id", "entry_id", "type", "sha256"), str),
            "size": int,
            "derived": int,
            "original_sha256": str,
            "original_size": int,
            **dict.fromkeys(("taken_at", "added_at", "author", "received_at"), str),
            **dict.fromkeys(("practice", "withdrawn"), int),
        },
        [("observation_id", "observations", "id")],
    )
    if db["_projection"].exists():
        db.conn.execute("DELETE FROM _projection")


@facts()
def m005_joins(db: Database) -> None:
    """What a record counts as; rows that name it name that one. All is read again."""
    for name in ("cases", "persons", "hearings"):
        db[name].add_column("same_as", str)  # type: ignore[union-attr]
    if db["_projection"].exists():
        db.conn.execute("DELETE FROM _projection")


@facts()
def m006_incidents(db: Database) -> None:
    """Incidents, and which log entries were written down late. All is read again."""
    _create(
        db,
        "incidents",
        {
            **dict.fromkeys(("id", "code", "kind", "case_id", "hearing_id"), str),
            **dict.fromkeys(("observation_id", "persons", "needs", "opened_at"), str),
            **dict.fromkeys(("author", "received_at", "acknowledged_at", "acknowledged_by"), str),
            **dict.fromkeys(("has_text", "changed_since", "practice", "withdrawn"), int),
        },
        [
            ("case_id", "cases", "id"),
            ("hearing_id", "hearings", "id"),
            ("observation_id", "observations", "id"),
        ],
    )
    db["log_entries"].add_column("late", int)  # type: ignore[union-attr]
    if db["_projection"].exists():
        db.conn.execute("DELETE FROM _projection")


@texts()
def m001_notes(db: Database) -> None:
    """Everything that was written in words, in one searchable table."""
    _create(
        db,
        "notes",
        {
            **dict.fromkeys(("id", "kind", "case_id", "observation_id", "item_id"), str),
            **dict.fromkeys(("person_id", "log_entry_id", "author", "speaker"), str),
            **dict.fromkeys(("text", "original"), str),
            "practice": int,
        },
        [],
    )
    for column in ("observation_id", "case_id", "log_entry_id"):
        db["notes"].create_index([column])  # type: ignore[union-attr]
    db["notes"].enable_fts(  # type: ignore[union-attr]
        ["text", "original", "speaker"],
        tokenize="unicode61 remove_diacritics 2",
        create_triggers=True,
    )


@texts()
def m002_search_by_step(db: Database) -> None:
    """The projector tells the index itself: a trigger made it settle once for each note."""
    for name in ("notes_ai", "notes_ad", "notes_au"):
        db.conn.execute(f"DROP TRIGGER {name}")


# What a reader of the tables is told about each column, where its name does not say it.
COLUMN_DESCRIPTIONS: Final[dict[str, dict[str, str]]] = {
    "cases": {
        "title": "Short working name; a pseudonym where the accused must not be named",
        "created_by": "Code of the observer who opened the case",
        "practice": "1: made-up data for training, never counted",
    },
    "persons": {"code": "Code used instead of a name", "role": "Role in the proceedings"},
    "hearings": {
        "date": "Calendar day of the court",
        "scheduled_at": "Listed start, in the court's time zone",
        "time_zone": "The court's time zone (IANA name)",
    },
    "observations": {
        "observer": "Code of the observer; one observation is one observer's record of one hearing",
        "attendance": "observed, not_held, or not_admitted (then see not_admitted_by)",
        "answered": "Questions answered, 'not observed' included",
        "unanswered": "Questions that applied and were left open",
        "not_observed": "Answers that say: could not tell",
        "not_asked": "Questions that did not apply, or hang on a question left open",
        "open_problems": "Missing or inconsistent at submission and not overridden with a reason",
        "critical": "Answers that headquarters should see on the same day",
        "quarantined": "Changes kept but not counted: the author had no right to write them",
        "heads": "Hashes of the latest changes; another value means: changed since",
    },
    "answers": {
        "scope": "case: answered once for the case; hearing: by each observer at each hearing",
        "value": "The answer; several are a JSON list; words are in the notes",
        "precision": "about: the observer did not have an exact time",
        "same_for_all": "1: one answer given for all accused or witnesses it applies to",
        "entries": "Number of log entries the answer rests on",
        "entry_ids": "The log entries the answer rests on",
        "conflict": "1: the author's devices, or two authors, say different things",
    },
    "coverage": {
        "state": "unanswered: applied and left open; not_asked: did not apply, or its gate is open"
    },
    "log_entries": {
        "place": "Order in the observer's log",
        "at": "When it happened in court",
        "local_time": "The same on the court's clock; empty when only the order is known",
        "at_precision": "exact, about, or order_only",
        "entered_at": "When it was written down",
        "minutes_late": "Minutes between the two",
        "late": "1: more than 30 minutes later, or while the phone was away (phone_handed_in)",
        "basis": "observed_fact: seen or heard in court; reported_by_source: told by someone",
        "re_id": "The entry this one answers, such as a ruling its request",
        "quote": "1: exact words, heard directly",
    },
    "attachments": {
        "entry_id": "The log entry it was added to; empty: to the observation as a whole",
        "type": "By the file's content",
        "size": "Bytes",
        "sha256": "Names the file; whether it has come, the observation's page says",
        "derived": "1: a photo drawn anew without its metadata; the original is on the device",
        "taken_at": "The camera's own clock; with an offset only where the camera knew one",
        "received_at": "When the record came; the file may come later",
    },
    "incidents": {
        "code": "What the observer reads out on the phone when there is no network",
        "kind": "urgent, incident or safe_arrival; the words are in the notes, in practice only",
        "persons": "Ids of the persons at risk",
        "has_text": "1: the observer wrote words; those of a real incident are not shown",
        "needs": "What is asked of headquarters",
        "opened_at": "By the observer's clock",
        "acknowledged_at": "When somebody at headquarters said that they know",
        "changed_since": "1: acknowledged, and the observer added something after that",
    },
    "conflicts": {"shown": "1: the value shown until a person settles the conflict"},
    "problems": {"overridden": "1: the observer gave a reason for leaving it so"},
}
