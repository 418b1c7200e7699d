"""Start page and language."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from observer.conflicts import open_conflicts
from observer.sending import file_sender
from observer.standing import oldest_unsent
from observer.views.headquarters import age, is_signed_out
from observer.views.versions import disputes, place, record_name
from observer.views.words import workspace

pages = Blueprint("home", __name__)


@pages.get("/")
def show() -> str:
    """Cases, hearings and one's observations, what waits to be sent, and what to settle."""
    space = workspace()
    hearings = space.all("hearing")
    unsent = space.unsent()
    since = oldest_unsent(space, unsent)
    mine = {str(o.values.get("hearing")): o for o in space.all("observation")}
    return render_template(
        "home.html",
        cases=space.all("case"),
        hearings=sorted(hearings, key=lambda h: str(h.values.get("date")), reverse=True),
        mine=mine,
        waiting=space.log.count_unreceived(),
        files=len(file_sender(space).waiting()),
        drafts=len(unsent),
        age=age(since) if since else "",
        signed_out=is_signed_out(),
        disputed=[
            (record_name(space, each.record), each.label, place(each.record, each.path))
            for each in disputes(space, open_conflicts(space))
        ],
    )


@pages.post("/language")
def language() -> Response:
    """Choose the language of the interface."""
    session["language"] = request.form.get("language", "en")
    return redirect(url_for("home.show"))
