"""What two people made twice: say that one record is the same as another, or take that back."""

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from observer.errors import NoSuchRecord
from observer.views.words import workspace
from observer.workspace import Record, Workspace

pages = Blueprint("joins", __name__)
KINDS = ("case", "hearing", "person")


def others(space: Workspace, record: Record) -> list[tuple[str, str]]:
    """Ids and labels of the records that this one may be the same as."""
    if record.kind == "case":
        found = space.all("case")
    else:
        # Of its own case, and of every case that is joined with that one.
        case = str(record.values.get("case"))
        cases = {case, str(space.get("case", case).values.get("same_as"))}
        cases |= {one.id for one in space.all("case") if one.values.get("same_as") in cases}
        found = [one for one in space.all(record.kind) if one.values.get("case") in cases]
    return [(one.id, _label(one)) for one in found if one.id != record.id]


def _label(record: Record) -> str:
    values = record.values
    if record.kind == "case":
        return str(values.get("title"))
    if record.kind == "person":
        return str(values.get("code"))
    return f"{values.get('number')}. {values.get('date')}"


@pages.post("/records/<kind>/<record>/same")
def join(kind: str, record: str) -> Response:
    """Draft that a record is the same as another one, or with nothing chosen that it is not."""
    space = workspace()
    if kind not in KINDS:
        raise NoSuchRecord(gettext("This record is not on this laptop."))
    here = space.get(kind, record)
    other = request.form.get("other", "")
    if other and other not in dict(others(space, here)):
        raise NoSuchRecord(gettext("This record is not on this laptop."))
    space.edit(kind, record, {"same_as": other or None})
    if kind == "hearing":
        return redirect(url_for("cases.hearing", hearing=record))
    case = record if kind == "case" else str(here.values.get("case"))
    return redirect(url_for("cases.show", case=case))
