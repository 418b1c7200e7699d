"""The hearing log: one tap stamps the time, the text comes after."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from uuid6 import uuid7
from werkzeug.wrappers import Response

from observer.errors import NoSuchRecord
from observer.forms.records import ENTRY_KINDS, EntryForm, at_court
from observer.views.words import workspace
from observer.workspace import Sitting
from schemas.late import late_entries, phone_gaps
from sync.projection.rows import local_time

pages = Blueprint("log", __name__)


@pages.get("/observations/<observation>/log")
def show(observation: str) -> str:
    """The stamps, and the entries with the newest first."""
    sitting = workspace().sitting(observation)
    wanted = request.args.get("entry")
    return _render(sitting, wanted, None)


def _render(sitting: Sitting, wanted: str | None, form: EntryForm | None) -> str:
    found = dict(sitting.entries)
    if wanted in found and form is None:
        form = _filled(sitting, wanted, found[wanted])
    zone = str(sitting.hearing.values.get("time_zone"))
    answered = {entry.get("re") for entry in found.values() if entry.get("re")}
    return render_template(
        "log.html",
        sitting=sitting,
        kinds=ENTRY_KINDS,
        entries=list(reversed(sitting.entries)),
        by_id=found,
        answered=answered,
        late=late_entries(sitting.observation.values),
        away=[
            (local_time(gap.since, zone), gap.until and local_time(gap.until, zone))
            for gap in phone_gaps(sitting.observation.values)
        ],
        wanted=wanted if wanted in found else None,
        form=form,
    )


def _filled(sitting: Sitting, id_: str, entry: Any) -> EntryForm:
    zone = str(sitting.hearing.values.get("time_zone"))
    names = ("text", "kind", "at_precision", "speaker", "re", "basis", "via", "quote")
    form = EntryForm(
        data={
            **{name: entry.get(name) for name in names},
            "time": local_time(entry.get("at"), zone) or "",
        }
    )
    form.re.choices = _requests(sitting, id_)
    return form


def _requests(sitting: Sitting, without: str) -> list[tuple[str, str]]:
    zone = str(sitting.hearing.values.get("time_zone"))
    return [("", "–")] + [
        (id_, f"{local_time(entry.get('at'), zone)} {(entry.get('text') or '')[:60]}")
        for id_, entry in sitting.entries
        if entry.get("kind") in ("request", "objection") and id_ != without
    ]


@pages.post("/observations/<observation>/log")
def stamp(observation: str) -> Response:
    """One tap: an entry with the time of now."""
    space = workspace()
    sitting = space.sitting(observation)
    kind = request.form.get("kind", "note")
    now, id_ = space.now(), str(uuid7())
    entry = {
        "text": "",
        "kind": kind if kind in ENTRY_KINDS else "note",
        "basis": "observed_fact",
        "at": now,
        "at_precision": "exact",
        "entered_at": now,
        "via": "direct",
        "quote": kind == "quotation",
        "about": [],
        "items": [],
    }
    open_requests = _requests(sitting, id_)
    if kind == "ruling" and len(open_requests) == 2:
        entry["re"] = open_requests[1][0]
    space.edit("observation", observation, {f"log/{id_}": entry})
    return redirect(url_for("log.show", observation=observation, entry=id_) + "#edit")


@pages.post("/observations/<observation>/log/<entry>")
def edit(observation: str, entry: str) -> str | Response:
    """Write an entry's text and correct its time; or take it back."""
    space = workspace()
    sitting = space.sitting(observation)
    before = dict(sitting.entries).get(entry)
    if before is None:
        raise NoSuchRecord("This entry is not in the log.")
    back = redirect(url_for("log.show", observation=observation))
    if "withdraw" in request.form:
        sent = f"log/{entry}" in sitting.observation.sent.values
        gone = {**before, "withdrawn": {"reason": "taken back", "at": space.now()}}
        space.edit("observation", observation, {f"log/{entry}": gone if sent else None})
        return back
    form = EntryForm()
    form.re.choices = _requests(sitting, entry)
    if not form.validate_on_submit():
        return _render(sitting, entry, form)
    space.edit("observation", observation, {f"log/{entry}": _changed(sitting, dict(before), form)})
    return back


def _changed(sitting: Sitting, entry: dict[str, Any], form: EntryForm) -> dict[str, Any]:
    hearing = sitting.hearing.values
    zone = str(hearing.get("time_zone"))
    if form.time.data and form.time.data != local_time(entry.get("at"), zone):
        entry["at"] = at_court(str(hearing.get("date")), form.time.data, zone)
    for name in ("kind", "at_precision", "basis", "via"):
        entry[name] = form[name].data
    entry["text"] = (form.text.data or "").strip()
    entry["quote"] = bool(form.quote.data)
    for name in ("speaker", "re"):
        entry.pop(name, None)
        if form[name].data:
            entry[name] = form[name].data
    return entry
