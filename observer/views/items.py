"""One question on a page of its own: attach entries from the log to its answers."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from observer.errors import NoSuchRecord
from observer.forms.answers import Question, questions
from observer.views.observations import current, slots_of
from observer.views.words import workspace
from observer.workspace import Sitting

pages = Blueprint("items", __name__)


def _find(sitting: Sitting, item: str) -> Question:
    for each in questions(sitting, current(sitting, item.partition(".")[0])):
        if each.item.id == item:
            return each
    raise NoSuchRecord("There is no such question in this checklist.")


@pages.get("/observations/<observation>/items/<item>")
def show(observation: str, item: str) -> str:
    """The log beside a question, to choose what its answers rest on."""
    sitting = workspace().sitting(observation)
    found = _find(sitting, item)
    return render_template("item.html", sitting=sitting, q=found, slots=slots_of([found]))


@pages.post("/observations/<observation>/items/<item>")
def attach(observation: str, item: str) -> Response:
    """Keep which entries each answer rests on."""
    space = workspace()
    sitting = space.sitting(observation)
    known = {id_ for id_, _entry in sitting.entries}
    for slot in slots_of([_find(sitting, item)]):
        if f"shown/{slot.path}" not in request.form:
            continue
        elsewhere = [e for e in slot.answer.get("entries", []) if e not in known]
        chosen = [e for e in request.form.getlist(slot.path) if e in known]
        if slot.answer.get("entries", []) == [*elsewhere, *chosen]:
            continue
        holder = sitting.holder(item)
        answer = {
            "value": None,
            **slot.answer,
            "entries": [*elsewhere, *chosen],
            "answered_at": space.now(),
        }
        space.edit(holder.kind, holder.id, {slot.path: answer})
    section = item.partition(".")[0]
    page = url_for("observations.show", observation=observation, section=section)
    return redirect(f"{page}#q-{item}")
