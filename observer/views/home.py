"""Start page, language, and sending to headquarters."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from observer.sending import file_sender, send_and_receive
from observer.views.words import workspace

pages = Blueprint("home", __name__)


@pages.get("/")
def show() -> str:
    """Cases, hearings and one's observations, and what waits to be sent."""
    space = workspace()
    hearings = space.all("hearing")
    mine = {str(o.values.get("hearing")): o for o in space.all("observation")}
    return render_template(
        "home.html",
        cases=space.all("case"),
        hearings=sorted(hearings, key=lambda h: str(h.values.get("date")), reverse=True),
        mine=mine,
        waiting=space.log.count_unreceived(),
        files=len(file_sender(space).waiting()),
        drafts=len(space.unsent()),
    )


@pages.post("/language")
def language() -> Response:
    """Choose the language of the interface."""
    session["language"] = request.form.get("language", "en")
    return redirect(url_for("home.show"))


@pages.post("/send")
def send() -> str:
    """Push what was submitted, and say what became of it."""
    space = workspace()
    found = send_and_receive(space, file_seconds=20)
    files = len(file_sender(space).waiting())
    return render_template(
        "sent.html", report=found.pushed, files=files, drafts=len(space.unsent())
    )
