"""Incidents as the start page of a mission lists them. Takes rows, gives plain data."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from review.chronology import Row, is_set, listed
from review.i18n import gettext
from review.wording import INCIDENTS, NEEDS, minutes, said
from schemas.moment import moment_of

ARRIVAL = "safe_arrival"


def age(since: str | None, now: datetime) -> str:
    """How long ago something was, in words; a clock that is ahead counts as none."""
    instant = moment_of(since)
    if instant is None:
        return gettext("an unknown time")
    return minutes(max(0, int((now - instant).total_seconds() // 60)))


def shown(
    rows: Iterable[Row], notes: Iterable[Row], now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What asks for something, and safe arrivals; each in the order of the rows.

    :param notes: words of incidents and of acknowledgements
    """
    words: dict[str, list[Row]] = {}
    for note in notes:
        words.setdefault(note["id"].partition("/")[0], []).append(note)
    made = [_one(row, words.get(row["id"], []), now) for row in rows]
    return [one for one in made if one["kind"] != ARRIVAL], [
        one for one in made if one["kind"] == ARRIVAL
    ]


def _one(row: Row, notes: list[Row], now: datetime) -> dict[str, Any]:
    changed, withdrawn = is_set(row["changed_since"]), is_set(row["withdrawn"])
    return {
        **row,
        "kind_label": said(INCIDENTS, row["kind"]) or gettext("Incident"),
        "needs": [{"code": code, "label": said(NEEDS, code)} for code in listed(row["needs"])],
        "age": age(row["opened_at"] or row["received_at"], now),
        "has_text": is_set(row["has_text"]),
        "changed_since": changed,
        "withdrawn": withdrawn,
        "waits": not withdrawn and (row["acknowledged_at"] is None or changed),
        "text": "\n".join(note["text"] for note in notes if note["kind"] == "incident"),
        "comments": [note["text"] for note in notes if note["kind"] == "acknowledgement"],
    }
