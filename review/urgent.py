"""What observers ask headquarters for, and headquarters' word that somebody there knows.

Reads the log itself, so that it does not wait for the tables.
"""

from typing import Any, Final

from uuid6 import uuid7

from review.errors import NotAcceptable
from review.hub import Hub
from schemas.envelope import UUID_TEXT
from schemas.incident import ACKNOWLEDGED, WAITING_KINDS
from sync.change import Change
from sync.invitation import plain_code
from sync.log import Log
from sync.projection import read_record
from sync.projection.incidents import incident_row

MAX_COMMENT: Final = 2000
Row = dict[str, Any]


def incidents(log: Log) -> list[Row]:
    """All incidents as the tables have them: those that wait first, of those the urgent ones, and
    within each the oldest first."""
    rows = []
    for id_ in log.records("incident"):
        found = read_record(log, id_)
        reviews = [read_record(log, one) for one in log.reviews_of(id_)]
        if found is not None:
            rows.append(incident_row(found, [one for one in reviews if one is not None]))
    return sorted(
        rows, key=lambda row: (not waits(row), row["kind"] != WAITING_KINDS[0], row["received_at"])
    )


def waits(row: Row) -> bool:
    """Whether somebody must still look at it, or look again."""
    seen = row["acknowledged_at"] and not row["changed_since"]
    return row["kind"] != "safe_arrival" and not row["withdrawn"] and not seen


def acknowledge(hub: Hub, mission: str, which: str, by: str, comment: str = "") -> Row:
    """Sign that a person of headquarters knows of an incident; gives it as it stands then.

    :param which: its code as it was read out, or its id
    :param by: the sign-in name of a reviewer of the mission
    :raises NotAcceptable: there is no such incident or person, or the comment is too long
    """
    if not any(one["id"] == by and mission in one["missions"] for one in hub.store.reviewers()):
        raise NotAcceptable(f"{by!r} is not a reviewer of {mission}. See: observer-hub status")
    if len(comment) > MAX_COMMENT:
        raise NotAcceptable(f"A comment has at most {MAX_COMMENT} characters.")
    log = hub.log(mission)
    try:
        with log.writing():
            row = _found(log, which)
            _sign(hub, log, row["id"], by, comment.strip())
            return next(one for one in incidents(log) if one["id"] == row["id"])
    finally:
        log.close()


def _sign(hub: Hub, log: Log, incident: str, by: str, comment: str) -> Change:
    read = read_record(log, incident)
    fields: dict[str, Any] = {
        "incident": incident,
        "of": list(read.folded.heads) if read else [],
        "decision": ACKNOWLEDGED,
        "by": by,
    }
    if comment:
        fields["comment"] = comment
    return hub.seat(log).write(log, "review", str(uuid7()), fields, hub.now)


def _found(log: Log, which: str) -> Row:
    rows = incidents(log)
    wanted = which.strip().lower()
    if UUID_TEXT.fullmatch(wanted):
        found = [row for row in rows if row["id"] == wanted]
    else:
        found = [row for row in rows if row["code"] == plain_code(which)]
    if not found:
        raise NotAcceptable(
            f"There is no incident {which!r} here. One that was only read out on the phone comes "
            "with the next sync of its phone: note the code, and acknowledge it then."
        )
    if len(found) > 1:
        ids = ", ".join(row["id"] for row in found)
        raise NotAcceptable(f"Several incidents have the code {which!r}. Name one by its id: {ids}")
    return found[0]
