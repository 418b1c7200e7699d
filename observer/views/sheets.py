"""The sheet of paper for a hearing: one page that is printed, with nothing outside itself."""

from base64 import b64encode
from hashlib import sha256

from babel import Locale
from flask import Blueprint, make_response, render_template, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from observer.sheet import Heading, Sheet, make_sheet
from observer.typed import KINDS
from observer.views.words import workspace
from observer.workspace import Workspace
from schemas.library import default_checklist

pages = Blueprint("sheets", __name__)


@pages.get("/hearings/<hearing>/sheet")
def show(hearing: str) -> Response:
    """The sheet of a hearing, to be printed."""
    sheet = sheet_for(workspace(), hearing, str(get_locale()))
    style = render_template("sheet.css")
    page = render_sheet(sheet, style, back=url_for("cases.hearing", hearing=hearing))
    response = make_response(page)
    # The page carries its own style so that it can be kept as one file; this lets in no other.
    digest = b64encode(sha256(style.encode()).digest()).decode()
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return response


def sheet_for(
    space: Workspace, hearing: str, language: str, sections: tuple[str, ...] = ()
) -> Sheet:
    """The sheet of a hearing that is on this laptop.

    :raises NoSuchRecord: it is not here
    """
    record = space.get("hearing", hearing)
    values = record.values
    heading = Heading(
        mission=space.profile.mission,
        observer=space.profile.author,
        date=str(values.get("date") or ""),
        court=str(values.get("court") or ""),
        number=str(values.get("number") or ""),
    )
    people = space.of_case("person", str(values.get("case")))
    return make_sheet(default_checklist(), language, heading, people, sections)


def render_sheet(sheet: Sheet, style: str, back: str = "") -> str:
    """The page, in the language of now."""
    locale = get_locale() or Locale("en")
    return render_template(
        "sheet.html",
        sheet=sheet,
        style=style,
        back=back,
        kinds=KINDS,
        language=str(locale).replace("_", "-"),
        direction="rtl" if locale.character_order == "right-to-left" else "ltr",
    )
