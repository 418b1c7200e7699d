"""Cases, the persons in them by code, and their hearings."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from observer.conflicts import conflicts_of
from observer.forms.records import NOT_ADMITTED_BY, CaseForm, HearingForm, PersonForm, local_now
from observer.views.joins import others
from observer.views.versions import Dispute, disputes
from observer.views.words import workspace
from observer.workspace import Record
from schemas.library import default_checklist

pages = Blueprint("cases", __name__)
LETTERS = {"accused": "A", "witness": "W", "expert": "E", "judge": "J", "prosecutor": "P"}


@pages.route("/cases/new", methods=["GET", "POST"])
def new() -> str | Response:
    """Open a case."""
    form = CaseForm()
    if form.validate_on_submit():
        record = workspace().create("case", {"title": form.title.data, "court": form.court.data})
        return redirect(url_for("cases.show", case=record))
    return render_template("case_new.html", form=form)


@pages.get("/cases/<case>")
def show(case: str) -> str:
    """A case: who is in it, and its hearings."""
    space = workspace()
    record = space.get("case", case)
    people = space.of_case("person", case)
    return render_template(
        "case.html",
        case=record,
        people=people,
        hearings=space.of_case("hearing", case),
        disputed=_disputed(record),
        disputed_people={person.id: _disputed(person) for person in people},
        may_be_same={one.id: others(space, one) for one in (record, *people)},
        form=PersonForm(),
    )


def _disputed(record: Record) -> list[Dispute]:
    space = workspace()
    return disputes(space, conflicts_of(space, record))


@pages.post("/cases/<case>/persons")
def add_person(case: str) -> Response:
    """Add a person by role; the code is proposed when none is given."""
    space = workspace()
    space.get("case", case)
    form = PersonForm()
    if form.validate_on_submit():
        code = form.code.data or _next_code(space.of_case("person", case), form.role.data)
        space.create("person", {"case": case, "code": code, "role": form.role.data})
    back = request.form.get("back", "")
    here = back if back.startswith("/observations/") else url_for("cases.show", case=case)
    return redirect(here)


def _next_code(people: list[Record], role: str) -> str:
    letter = LETTERS.get(role, role[0].upper())
    used = {person.values.get("code") for person in people}
    number = 1
    while f"{letter}{number}" in used:
        number += 1
    return f"{letter}{number}"


@pages.route("/cases/<case>/hearings/new", methods=["GET", "POST"])
def new_hearing(case: str) -> str | Response:
    """Add a hearing; court, room and zone are carried from the last one."""
    space = workspace()
    record = space.get("case", case)
    before = space.of_case("hearing", case)
    last = before[-1].values if before else {}
    zone = str(last.get("time_zone") or space.time_zone)
    form = HearingForm(
        data={
            "date": local_now(zone).date().isoformat(),
            "court": last.get("court") or record.values.get("court"),
            "room": last.get("room"),
            "time_zone": zone,
        }
        if request.method == "GET"
        else None
    )
    if form.validate_on_submit():
        fields = {name: form[name].data or None for name in _HEARING}
        made = space.create("hearing", {"case": case, "number": len(before) + 1, **fields})
        return redirect(url_for("cases.hearing", hearing=made))
    return render_template("hearing_new.html", form=form, case=record)


_HEARING = ("date", "scheduled_at", "court", "room", "time_zone")


@pages.get("/hearings/<hearing>")
def hearing(hearing: str) -> str:
    """A hearing: observe it, or say in two taps that it was not held or one was not admitted."""
    space = workspace()
    record = space.get("hearing", hearing)
    mine = [o for o in space.all("observation") if o.values.get("hearing") == hearing]
    return render_template(
        "hearing.html",
        hearing=record,
        case=space.get("case", str(record.values["case"])),
        mine=mine,
        disputed=[each for found in (record, *mine) for each in _disputed(found)],
        refusals=NOT_ADMITTED_BY,
        may_be_same=others(space, record),
    )


@pages.post("/hearings/<hearing>/observe")
def observe(hearing: str) -> Response:
    """Begin the observation of a hearing."""
    space = workspace()
    record = space.get("hearing", hearing)
    value = request.form.get("attendance", "observed")
    attendance = {"value": value if value in ("observed", "not_held") else "not_admitted"}
    if attendance["value"] == "not_admitted":
        by = request.form.get("by", "other")
        attendance["by"] = by if by in NOT_ADMITTED_BY else "other"
    made = space.create(
        "observation",
        {
            "case": record.values["case"],
            "hearing": hearing,
            "checklist": default_checklist().sha256,
            "mode": "quick" if request.form.get("mode") == "quick" else "full",
            "observed_by": space.profile.author,
            "entered_by": space.profile.author,
            "attendance": attendance,
            "started_at": space.now(),
        },
    )
    if request.form.get("then") == "type":
        return redirect(url_for("typing.show", observation=made))
    if attendance["value"] == "observed":
        return redirect(url_for("log.show", observation=made))
    return redirect(url_for("submit.show", observation=made))
