"""Files of an observation: added, listed with where they are, looked at, taken back."""

from pathlib import Path
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from observer.attachments import add, attachments, find, take_back
from observer.errors import NoSuchRecord
from observer.views.words import workspace
from sync.blob_types import IMAGE, TYPES
from sync.errors import BlobTooLarge, OverQuota, SyncError, TooManyPixels, WrongBlobType
from sync.files import Shelf

pages = Blueprint("attachments", __name__)
# Of one form; photos are made smaller after that, other files are judged one by one.
MAX_FORM: Final = 250_000_000  # bytes
# Types for browsers that know them, endings for those that do not.
ACCEPTED: Final = ",".join(
    [
        *(one for type_, (_kind, ending) in TYPES.items() for one in (type_, ending)),
        *(".jpeg", ".mp4", ".oga", ".opus"),
    ]
)
FORM = "/observations/<observation>/attachments"


@pages.url_value_preprocessor
def allow_files(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Forms with files may be larger than others; before anything reads the form."""
    request.max_content_length = MAX_FORM


def _shelf() -> Shelf:
    return Shelf(workspace().home.folder)


@pages.get(FORM)
def show(observation: str) -> str:
    """The files, and a form to add more."""
    return _render(observation, [])


def _render(observation: str, problems: list[str]) -> str:
    space = workspace()
    sitting = space.sitting(observation)
    entries = dict(sitting.entries)
    wanted = request.args.get("entry", "")
    return render_template(
        "attachments.html",
        sitting=sitting,
        entries=entries,
        wanted=wanted if wanted in entries else "",
        files=attachments(space, _shelf(), observation),
        accepted=ACCEPTED,
        problems=problems,
        why=why,
    )


@pages.post(FORM)
def new(observation: str) -> str | Response | tuple[str, int]:
    """Take in files; one that is not taken is told, and the others are."""
    space, problems = workspace(), []
    entries = dict(space.sitting(observation).entries)
    space.edit("observation", observation, {})  # refuses another observer's
    entry = request.args.get("entry", "")
    given = [file for file in request.files.getlist("file") if file.filename]
    for file in given:
        try:
            add(space, _shelf(), file.stream, observation, entry if entry in entries else None)  # type: ignore[arg-type]
        except SyncError as error:
            problems.append(why(error.code, error.message))
        finally:
            file.close()
    if problems or not given:
        return _render(observation, problems or [_("Choose a file first.")]), WrongBlobType.status
    return redirect(url_for("attachments.show", observation=observation))


@pages.post(f"{FORM}/<attachment>")
def withdraw(observation: str, attachment: str) -> Response:
    """Take a file back."""
    space, shelf = workspace(), _shelf()
    take_back(space, shelf, find(space, shelf, observation, attachment))
    return redirect(url_for("attachments.show", observation=observation))


@pages.get(f"{FORM}/<attachment>/file")
def look(observation: str, attachment: str) -> Any:
    """The file as it is sent: a photo to look at, anything else to keep."""
    shelf = _shelf()
    record = find(workspace(), shelf, observation, attachment).record
    sha256, type_ = str(record.values.get("sha256")), str(record.values.get("type"))
    path: Path = shelf.blobs.path(sha256)
    if not path.exists():
        raise NoSuchRecord("This file is not on this laptop.")
    kind, ending = TYPES.get(type_, ("", ""))
    if kind == IMAGE and record.values.get("derived"):
        return send_file(path, mimetype=type_)
    return send_file(
        path,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=f"{sha256[:12]}{ending}",
    )


def why(code: str, message: str) -> str:
    """In words why a file was not taken, here or at headquarters."""
    words = {
        WrongBlobType.code: _(
            "Not taken: only JPEG, PNG or WebP photos, PDF, and M4A, MP3, Ogg, WebM or WAV sound "
            "that is not damaged. Set a phone that makes HEIC photos to JPEG."
        ),
        BlobTooLarge.code: _("Not taken: the file is empty or larger than 50 MB."),
        TooManyPixels.code: _("Not taken: the photo has too many pixels."),
        OverQuota.code: _("Headquarters has no room left for your files. Tell it."),
    }
    return words.get(code) or message
