"""Submitting: what is missing or inconsistent, each with a way past it, and the cut."""

from flask import Blueprint, render_template, request

from observer.errors import StillIncomplete
from observer.views.words import workspace
from observer.workspace import Sitting

pages = Blueprint("submit", __name__)


@pages.get("/observations/<observation>/submit")
def show(observation: str) -> str:
    """What stands in the way."""
    return _render(workspace().sitting(observation), refused=False)


def _render(sitting: Sitting, *, refused: bool) -> str:
    typed = len(workspace().drafts.lines(sitting.observation.id))
    return render_template("submit.html", sitting=sitting, refused=refused, typed=typed)


@pages.post("/observations/<observation>/submit")
def send(observation: str) -> str | tuple[str, int]:
    """Keep the reasons given, and submit when nothing blocks."""
    space = workspace()
    sitting = space.sitting(observation)
    fields = {}
    everything = request.form.get("reason_for_all", "").strip()
    for problem in sitting.assessment.blocking(sitting.observation.values):
        reason = request.form.get(f"reason/{problem.key}", "").strip() or everything
        if reason:
            fields[f"overrides/{problem.key}"] = {"reason": reason}
    space.edit("observation", observation, fields)
    sitting = space.sitting(observation)
    if sitting.assessment.blocking(sitting.observation.values):
        return _render(sitting, refused=True), StillIncomplete.status
    space.send_sitting(sitting)
    return render_template("submitted.html", sitting=sitting)
