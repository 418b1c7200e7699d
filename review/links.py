"""Ways from Datasette's tables to our pages. Makes links only; they are checked where they lead."""

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from review.access import mission_of, reviewer_of
from review.i18n import direction, gettext, preferred, speak
from review.pages import mission_url, observation_url

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
LEADING = {("observations", "label"), ("notes", "kind")}
OWN_TEMPLATES = ("index.html", "password_login.html")
# Tables with rows of an observation, and the column that says where on its page they are.
PLACES = {
    "answers": ("q", "item_id"),
    "coverage": ("q", "item_id"),
    "problems": ("q", "item_id"),
    "log_entries": ("entry", "id"),
}


def where(database: str, table: str | None, row: Mapping[str, Any]) -> str | None:
    """The page, and the place on it, where a row is read; ``None`` when it is on none.

    :param row: as Datasette shows it, so columns may be missing
    """
    if table == "observations":
        return observation_url(database, row["id"]) if row.get("id") else None
    observation = row.get("observation_id")
    if not observation or (table not in PLACES and table != "notes"):
        return None
    if table == "notes":
        entry, item = row.get("log_entry_id"), row.get("item_id")
        anchor = f"entry-{entry}" if entry else f"q-{item}" if item else ""
        return observation_url(mission_of(database), observation, anchor)
    prefix, column = PLACES[table]
    return observation_url(
        database, observation, f"{prefix}-{row[column]}" if row.get(column) else ""
    )


def cell(row: Any, value: Any, column: str, table: str | None, database: str) -> Any:
    """How a cell of a table is shown; ``None`` leaves it as it is.

    The label of an observation, and the kind of a note, lead to the page; instants are cut to the
    minute.
    """
    if not isinstance(value, str):
        return None
    if (table, column) in LEADING:
        url = where(database, table, dict(row))
        return Markup('<a href="{}">{}</a>').format(url, value) if url else None
    if INSTANT.match(value) and column.split("_")[-1] == "at":
        short = value[:16].replace("T", " ")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(value, value, short)
    return None


def row_actions(datasette: Any, database: str, table: str, row: Any) -> list[dict[str, str]]:
    """The entry of a row's menu that leads to its page."""
    url = where(database, table, dict(row))
    if url is None:
        return []
    return [
        {
            "href": datasette.urls.path(url),
            "label": gettext("Read the observation"),
            "description": gettext("As a page, in the order of the checklist"),
        }
    ]


def template_values(datasette: Any, request: Any, template: str) -> dict[str, Any]:
    """What our own versions of Datasette's pages need besides Datasette's values.

    The pages are rendered in this request's task, so the language chosen here holds for them.
    """
    if template not in OWN_TEMPLATES or request is None:
        return {}
    tag = preferred(request.headers.get("accept-language"))
    speak(tag)
    reviewer = reviewer_of(datasette, request.actor)
    here = datasette.databases
    missions = [one for one in (reviewer.facts if reviewer else ()) if one in here]
    return {
        "lang": tag,
        "dir": direction(tag),
        "missions": [{"name": one, "url": mission_url(one)} for one in missions],
        "reads_notes": bool(reviewer and reviewer.notes),
    }
