"""Ways from Datasette's tables to our pages. Makes links only; they are checked where they lead."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from review.access import reviewer_of
from review.i18n import gettext
from review.pages import mission_url, observation_url

# Tables with rows of an observation, and the column that says where on its page they are.
PLACES = {
    "answers": ("q", "item_id"),
    "coverage": ("q", "item_id"),
    "problems": ("q", "item_id"),
    "log_entries": ("entry", "id"),
}


def where(database: str, table: str | None, row: Mapping[str, Any]) -> str | None:
    """The page, and the place on it, where a row is read; ``None`` when it is on none."""
    if table == "observations":
        return observation_url(database, row["id"])
    if table not in PLACES or not row["observation_id"]:
        return None
    prefix, column = PLACES[table]
    anchor = f"{prefix}-{row[column]}" if row[column] else ""
    return observation_url(database, row["observation_id"], anchor)


def cell(row: Any, value: Any, column: str, table: str | None, database: str) -> Any:
    """The label of an observation as a link to its page; ``None`` leaves a cell as it is."""
    if table != "observations" or column != "label" or not row["id"]:
        return None
    return Markup('<a href="{}">{}</a>').format(observation_url(database, row["id"]), value)


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


def missions_for(datasette: Any, request: Any) -> dict[str, Any]:
    """What the home page lists: the missions of the person who is signed in."""
    reviewer = reviewer_of(datasette, request.actor if request else None)
    here = datasette.databases
    missions = [one for one in (reviewer.facts if reviewer else ()) if one in here]
    return {
        "missions": [{"name": one, "url": mission_url(one)} for one in missions],
        "reads_notes": bool(reviewer and reviewer.notes),
    }
