"""Datasette's configuration, written anew from the reviewers and the missions at each start.

Two files beside each other: ``datasette.json`` (settings, accounts, facets, labels) and
``metadata.json`` (titles and descriptions). Nothing is edited in them; nothing else is written.
"""

import json
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from review.access import PASSWORDS, text_database
from review.store.enrolment import reviewers
from sync.projection.projector import paths_of
from sync.projection.tables import COLUMN_DESCRIPTIONS

SETTINGS: Final[Mapping[str, Any]] = {
    "allow_csv_stream": True,
    "allow_download": False,
    "allow_signed_tokens": False,
    "default_allow_sql": False,
    "default_page_size": 50,
    "max_returned_rows": 2000,
    "sql_time_limit_ms": 3000,
    "suggest_facets": False,  # costs more than the page itself
}

# How each table of facts is shown: its label, what to filter by, how it is sorted.
TABLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "cases": {
        "label_column": "title",
        "facets": ["court", "practice"],
        "sort": "title",
        "sortable_columns": ["title", "court", "opened_at", "persons", "accused", "hearings"],
    },
    "hearings": {
        "label_column": "label",
        "facets": ["court", "practice"],
        "sort_desc": "date",
        "sortable_columns": ["date", "number", "court"],
    },
    "persons": {"label_column": "label", "facets": ["role"], "sortable_columns": ["code", "role"]},
    "observations": {
        "label_column": "label",
        "facets": ["observer", "attendance", "mode"],
        "sort_desc": "received_at",
        "sortable_columns": [
            *("observer", "submitted_at", "received_at", "answered", "unanswered"),
            *("not_observed", "not_asked", "entries", "open_problems", "critical", "conflicts"),
            "quarantined",
        ],
    },
    "answers": {
        "facets": ["value", "scope", "author", "critical"],
        "sortable_columns": ["item_id", "value", "answered_at", "author", "critical", "entries"],
    },
    "coverage": {"facets": ["state"], "sortable_columns": ["item_id", "state"]},
    "log_entries": {
        "label_column": "local_time",
        "facets": ["kind", "basis", "at_precision", "quote", "late"],
        "sort_desc": "at",
        "sortable_columns": ["at", "entered_at", "minutes_late", "place", "kind"],
    },
    "attachments": {
        "label_column": "type",
        "facets": ["type", "derived", "author"],
        "sort_desc": "added_at",
        "sortable_columns": ["added_at", "taken_at", "received_at", "size"],
    },
    "incidents": {
        "label_column": "code",
        "facets": ["kind", "author", "acknowledged_by"],
        "sort_desc": "received_at",
        "sortable_columns": ["opened_at", "received_at", "acknowledged_at", "kind", "author"],
    },
    "conflicts": {"facets": ["kind", "author"], "sortable_columns": ["recorded_at", "field"]},
    "problems": {"facets": ["code", "overridden"], "sortable_columns": ["code", "item_id"]},
    "items": {
        "label_column": "label",
        "facets": ["section", "scope", "per", "who", "answer"],
        "sort": "position",
        "sortable_columns": ["position", "code"],
    },
    "provisions": {
        "label_column": "label",
        "facets": ["instrument", "checked"],
        "sortable_columns": ["instrument", "ref"],
    },
    "item_provisions": {"sortable_columns": ["item_id", "provision_id"]},
    "_sqlite_migrations": {"hidden": True},
    "_projection": {"hidden": True},
}

DESCRIPTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "cases": ("Cases", "Proceedings that are observed, under working names."),
    "hearings": ("Hearings", "Days in court. Dates and times are the court's own."),
    "persons": ("Persons", "Everybody under a code; there are no names here."),
    "observations": (
        "Observations",
        "One observer's record of one hearing. Follow the label to read it as a page.",
    ),
    "answers": ("Answers", "One row for each answer; words are in the mission's notes."),
    "coverage": (
        "What was left open",
        "Questions of an observation without an answer, so that missing is never taken for good.",
    ),
    "log_entries": ("Log entries", "What was seen and heard; the words are in the notes."),
    "attachments": ("Files", "Photos, sound and documents; they are opened from the observation."),
    "incidents": (
        "Urgent notices and incidents",
        "What observers ask headquarters for, safe arrivals, and who acknowledged them.",
    ),
    "conflicts": ("Conflicts", "Fields about which devices or people say different things."),
    "problems": ("Problems", "What is missing in an observation or does not fit together."),
    "items": ("Questions", "The questions of the checklist, in its order."),
    "provisions": ("Provisions", "What the questions rest on; gists, never the official text."),
    "item_provisions": ("Questions and provisions", "Which question rests on which provision."),
}


def missions(instance: Path) -> list[str]:
    """The missions of this headquarters whose tables exist already, in alphabetical order."""
    folder = instance / "projections"
    return [
        mission
        for mission in sorted(path.stem for path in (instance / "log").glob("*.db"))
        if all(path.exists() for path in paths_of(folder, mission))
    ]


def config_of(accounts: Iterable[Mapping[str, Any]], names: Iterable[str]) -> dict[str, Any]:
    """What goes into ``datasette.json``.

    :param accounts: ``id``, ``password_hash``, ``role`` and ``missions`` of each reviewer
    :param names: the missions
    """
    passwords: dict[str, Any] = {"actors": {}}
    for account in accounts:
        id_ = account["id"]
        passwords[f"{id_}_password_hash"] = account["password_hash"]
        passwords["actors"][id_] = {
            "id": id_,
            "role": account["role"],
            "missions": sorted(account["missions"]),
        }
    databases: dict[str, Any] = {}
    for name in names:
        databases[name] = {"tables": {table: dict(shown) for table, shown in TABLES.items()}}
        databases[text_database(name)] = {"tables": {"notes": {"facets": ["kind", "author"]}}}
    return {"settings": dict(SETTINGS), "plugins": {PASSWORDS: passwords}, "databases": databases}


def metadata_of(names: Iterable[str]) -> dict[str, Any]:
    """What goes into ``metadata.json``: titles and descriptions of databases, tables, columns."""
    databases: dict[str, Any] = {}
    for name in names:
        databases[name] = {
            "title": name,
            "description": "Facts of the mission; open to queries. Words are in its notes.",
            "tables": {
                table: {
                    "title": title,
                    "description": description,
                    "columns": COLUMN_DESCRIPTIONS.get(table, {}),
                }
                for table, (title, description) in DESCRIPTIONS.items()
            },
        }
        databases[text_database(name)] = {
            "title": f"{name}: notes",
            "description": "What observers wrote in words. Searchable, not open to queries.",
            "tables": {
                "notes": {
                    "title": "Notes",
                    "description": "Log text, comments, answers in words, reasons.",
                    "columns": {
                        "kind": "log_entry, comment (the observer's assessment), answer, reason; "
                        "incident (in practice only), acknowledgement",
                        "original": "The words in the language they were spoken in",
                    },
                }
            },
        }
    return {"title": "Trial Observer", "databases": databases}


def secret_of(instance: Path) -> str:
    """The secret that signs cookies, made at the first call; readable by the owner only."""
    path = instance / "secret"
    if not path.exists():
        _write(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii").strip()


def _write(path: Path, text: str) -> None:
    # Written beside and moved over, so that a reader never sees half of it.
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)


def datasette_command(instance: Path, host: str, port: int) -> list[str]:
    """Write the configuration and give the command that serves it.

    The secret is not in the command, where every user of the machine could read it:
    ``review.serve`` takes it from ``<instance>/secret``.
    """
    names = missions(instance)
    config, metadata = instance / "datasette.json", instance / "metadata.json"
    _write(config, json.dumps(config_of(reviewers(instance), names), indent=2))
    _write(metadata, json.dumps(metadata_of(names), indent=2))
    secret_of(instance)
    databases = [str(path) for name in names for path in paths_of(instance / "projections", name)]
    return [
        *(sys.executable, "-m", "review.serve", str(instance), "serve", *databases),
        *("--config", str(config), "--metadata", str(metadata)),
        *("--template-dir", str(files("review") / "templates")),
        *("--internal", str(instance / "internal.db")),
        *("--default-deny", "--host", host, "--port", str(port)),
    ]
