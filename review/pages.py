"""The pages of headquarters: permission, rows, words, template. Each view is those four steps.

Writes nothing. All SQL is in ``review.store``; who may see what is in ``review.access``.
"""

from asyncio import to_thread
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from datasette import Forbidden, NotFound, Request, Response
from datasette.resources import DatabaseResource

from review.access import READ, reviewer_of, text_database
from review.attachments import give, has, shown, store_of
from review.attention import attention
from review.chronology import phone_away
from review.i18n import direction, gettext, language, preferred, speaking
from review.incidents import shown as shown_incidents
from review.reading import STATES, read_observation
from review.store.reading import (
    Row,
    Rows,
    attachment_of,
    facts_of,
    incident_words,
    mission_of,
    notes_of,
)
from review.wording import ATTENDANCE, REFUSED_BY, said
from schemas.checklist import Checklist
from schemas.checklist_schema import ChecklistError
from schemas.library import checklist_by_hash, default_checklist
from schemas.moment import moment_of, on_clock

MISSION = r"(?P<mission>[a-z0-9_]{1,40})"
PATHS = {
    "start": rf"^/-/missions/{MISSION}(?:\.(?P<format>json))?$",
    "observation": rf"^/-/missions/{MISSION}/observations/(?P<id>[0-9a-f-]{{36}})"
    r"(?:\.(?P<format>json))?$",
    "attachment": rf"^/-/missions/{MISSION}/attachments/(?P<id>[0-9a-f-]{{36}})$",
}
NEWEST = 100  # rows of each kind on a mission's start page; the tables have all
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def mission_url(mission: str) -> str:
    """Where a mission's start page is, below the base URL."""
    return f"/-/missions/{mission}"


def observation_url(mission: str, id_: str, anchor: str = "") -> str:
    """Where an observation is read, below the base URL."""
    return f"{mission_url(mission)}/observations/{id_}" + (f"#{anchor}" if anchor else "")


async def start(request: Request, datasette: Any) -> Response:
    """A mission: what came in, newest first, and what needs looking at."""
    mission = request.url_vars["mission"]
    with speaking(preferred(request.headers.get("accept-language"))):
        await _allow(datasette, request, mission)
        database = _database(datasette, mission)
        rows: Rows = await database.execute_fn(mission_of(NEWEST))
        named, store = rows.pop("files"), store_of(database)
        waited = await to_thread(lambda: sum(not has(store, row) for row in named))
        for row in rows["observations"]:
            row["url"] = observation_url(mission, row["id"])
            row["received"] = moment(row["received_at"], row["time_zone"])
            row["attendance_label"] = said(ATTENDANCE, row["attendance"])
        for row in rows["incidents"]:
            row["opened"] = moment(row["opened_at"], row["time_zone"])
            row["acknowledged"] = moment(row["acknowledged_at"], row["time_zone"])
        texts = _database(datasette, text_database(mission))
        words: list[Row] = await texts.execute_fn(incident_words)
        urgent, arrivals = shown_incidents(rows.pop("incidents"), words, datetime.now(UTC))
        page = {
            "mission": mission,
            "urgent": urgent,
            "safe_arrivals": arrivals,
            **rows,
            "totals": {**rows["totals"][0], "files_waited_for": waited},
        }
        return await _answer(datasette, request, "review/mission.html", page)


async def observation(request: Request, datasette: Any) -> Response:
    """One observation, in full."""
    mission, id_ = request.url_vars["mission"], request.url_vars["id"]
    with speaking(preferred(request.headers.get("accept-language"))):
        await _allow(datasette, request, mission)
        facts: Rows | None = await _database(datasette, mission).execute_fn(facts_of(id_))
        if facts is None:
            raise NotFound(gettext("There is no such observation in this mission."))
        case = facts["observations"][0]["case_id"]
        notes: list[Row] = await _database(datasette, text_database(mission)).execute_fn(
            notes_of(id_, case)
        )
        store = store_of(_database(datasette, mission))
        arrived = await to_thread(lambda: [has(store, row) for row in facts["attachments"]])
        page = observation_page(mission, facts, notes, arrived)
        return await _answer(datasette, request, "review/observation.html", page)


async def attachment(request: Request, datasette: Any, send: Any) -> None:
    """The file of an attachment, for who may read its observation."""
    mission, id_ = request.url_vars["mission"], request.url_vars["id"]
    with speaking(preferred(request.headers.get("accept-language"))):
        await _allow(datasette, request, mission)
        database = _database(datasette, mission)
        row: Row | None = await database.execute_fn(attachment_of(id_))
        store = store_of(database)
        if row is None or not await to_thread(has, store, row):
            raise NotFound(gettext("This file is not here, or not yet."))
        await give(send, store, row)


def observation_page(
    mission: str, facts: Rows, notes: list[Row], arrived: list[bool]
) -> dict[str, Any]:
    """All that the template shows, as plain data in the current language.

    :param arrived: for each attachment whether its file is here
    """
    row = facts["observations"][0]
    checklist, known = checklist_of(row["checklist"])
    reading = read_observation(facts, notes, checklist, language())
    hearing = facts["hearings"][0] if facts["hearings"] else {}
    return {
        "mission": mission,
        "id": row["id"],
        "header": _header(row, hearing, facts["cases"]),
        "checklist": {"id": checklist.id, "version": checklist.version, "known": known},
        "counts": {
            **{state: row[state] or 0 for state in STATES},
            "answered": (row["answered"] or 0) - (row["not_observed"] or 0),
        },
        "attention": attention(facts, notes, checklist, reading, language()),
        "sections": reading.sections,
        "entries": reading.entries,
        "phone_away": phone_away(facts["log_entries"], hearing.get("time_zone")),
        "attachments": shown(
            facts["attachments"], arrived, reading.entries, f"{mission_url(mission)}/attachments"
        ),
        "people": list(reading.people.values()),
        "codes": {one.id: one.code for one in reading.questions.values()},
        "same_hearing": [
            {**other, "url": observation_url(mission, other["id"])}
            for other in facts["same_hearing"]
        ],
    }


def _header(row: Row, hearing: Row, cases: list[Row]) -> dict[str, Any]:
    zone = hearing.get("time_zone")
    case = cases[0] if cases else {}
    return {
        "case": case.get("title") or gettext("Case without a title"),
        "case_id": row["case_id"],
        "hearing_id": row["hearing_id"],
        "number": hearing.get("number"),
        **{name: hearing.get(name) or "" for name in ("date", "court", "room", "scheduled_at")},
        "time_zone": zone or "",
        "observer": row["observer"],
        "entered_by": row["entered_by"] if row["entered_by"] != row["observer"] else "",
        "attendance": row["attendance"] or "",
        "attendance_label": said(ATTENDANCE, row["attendance"]),
        "refused_by": said(REFUSED_BY, row["not_admitted_by"]) if row["not_admitted_by"] else "",
        "mode": row["mode"] or "",
        "submitted": moment(row["submitted_at"], zone),
        "received": moment(row["received_at"], zone),
        "practice": bool(row["practice"]),
        "withdrawn": bool(row["withdrawn"]),
    }


def checklist_of(sha256: str | None) -> tuple[Checklist, bool]:
    """The checklist an observation names; the default one and ``False`` when it is not here."""
    try:
        if sha256:
            return checklist_by_hash(sha256), True
    except ChecklistError:
        pass
    return default_checklist(), False


def moment(value: str | None, zone: str | None) -> str:
    """Date and time on the court's clock; on the clock it was written with where none is known."""
    if not value:
        return ""
    instant = moment_of(value)
    local = on_clock(instant, zone) if zone else instant
    if local is None:
        return value
    return local.strftime("%Y-%m-%d %H:%M" if zone else "%Y-%m-%d %H:%M %Z").strip()


async def _allow(datasette: Any, request: Request, mission: str) -> None:
    await datasette.ensure_permission(
        action=READ, resource=DatabaseResource(mission), actor=request.actor
    )


def _database(datasette: Any, name: str) -> Any:
    try:
        return datasette.get_database(name)
    except KeyError:
        raise NotFound(gettext("The tables of this mission are not here yet.")) from None


async def _answer(
    datasette: Any, request: Request, template: str, page: dict[str, Any]
) -> Response:
    headers = {"Content-Security-Policy": POLICY}
    if request.url_vars.get("format") == "json":
        return Response.json({"ok": True, **page}, headers=headers, default=asdict)
    context = {**page, "lang": language(), "dir": direction(language()), "json_url": True}
    html = await datasette.render_template(template, context, request=request)
    return Response.html(html, headers=headers)


async def refused(datasette: Any, request: Request, message: str) -> Response:
    """The answer to who may not see a page: to sign in, or that it is not theirs.

    It is the same whether the thing exists or not.
    """
    signed_in = reviewer_of(datasette, request.actor) is not None
    with speaking(preferred(request.headers.get("accept-language"))):
        sentence = (
            gettext("You are signed in, but this is not open to you.")
            if signed_in
            else gettext("Sign in to see this page.")
        )
        if _wants_json(request):
            return Response.error(sentence, 403)
        context = {
            "sentence": sentence,
            "signed_in": signed_in,
            "lang": language(),
            "dir": direction(language()),
        }
        html = await datasette.render_template("review/refused.html", context, request=request)
        return Response.html(html, status=403, headers={"Content-Security-Policy": POLICY})


def _wants_json(request: Request) -> bool:
    kinds = f"{request.headers.get('accept')} {request.headers.get('content-type')}"
    return request.path.endswith(".json") or "application/json" in kinds


async def closed(request: Request) -> Response:
    """Pages of Datasette and its plugins that tell of other missions, or serve nobody here."""
    raise Forbidden("closed")
