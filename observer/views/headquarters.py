"""Headquarters: what is still only here, what was received, and one button that sends and fetches.

Being offline, signed out or refused is said plainly; it keeps nobody from writing.
"""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_timedelta, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from observer.sending import Last, file_sender, last_exchange, send_and_receive
from observer.standing import (
    BACKED_UP,
    DRAFT,
    QUARANTINED,
    REFUSED,
    SENT,
    STORED,
    WAITING,
    Standing,
    oldest_unsent,
    standings,
)
from observer.views.versions import place, record_name
from observer.views.words import court_time, record_kinds, workspace
from schemas.rights import SHARED_KINDS
from sync.clock import instant
from sync.errors import (
    DeviceExpired,
    DeviceRevoked,
    Fork,
    NotReached,
    SignedOut,
    SyncError,
    UnknownDevice,
)
from sync.session import condition

pages = Blueprint("headquarters", __name__)
FILE_SECONDS: Final = 20.0  # how long one press of the button sends files, after all text
SIGNED_OUT: Final = frozenset(
    error.code for error in (DeviceExpired, DeviceRevoked, SignedOut, UnknownDevice)
)


@dataclass(frozen=True, slots=True)
class Row:
    """A record on the page: what it is, where it is shown, and where it stands in words."""

    name: str
    address: str
    states: list[str]
    is_trouble: bool
    is_here_only: bool


@pages.get("/sync")
def show() -> str:
    """Where each record stands, how the last conversation went, and the button."""
    return _render()


@pages.post("/sync")
def send() -> Response | tuple[str, int]:
    """Send and fetch now; with ``shared``, drafts of cases, hearings and persons too."""
    space = workspace()
    if "shared" in request.form:
        space.send(record for record in space.unsent() if record.kind in SHARED_KINDS)
    try:
        send_and_receive(space, file_seconds=FILE_SECONDS)
    except SyncError as error:
        return _render(error), error.status
    return redirect(url_for("headquarters.show"))


def _render(problem: SyncError | None = None) -> str:
    space = workspace()
    found, files = standings(space), file_sender(space)
    last = condition(space.log)
    code, message = (last.code, last.message) if last else ("", "")
    if problem is not None:
        code, message = problem.code, problem.message
    since = oldest_unsent(space, space.unsent())
    return render_template(
        "sync.html",
        rows=[_row(standing) for standing in found],
        shared=[s for s in found if DRAFT in s.states and s.record.kind in SHARED_KINDS],
        age=age(since) if since else "",
        trouble=trouble(code, message) if code else "",
        alert=problem is not None,
        good=court_time(last.last_good_at, space.time_zone) if last and last.last_good_at else "",
        good_age=age(last.last_good_at) if last and last.last_good_at else "",
        zone=space.time_zone,
        came=came(last_exchange(space.log)),
        files=len(files.waiting()),
        refused_files=files.refused(),
    )


def age(since: str) -> str:
    """How long ago a moment was, in words."""
    seconds = max(0, int(instant(workspace().now()) - instant(since)))
    if seconds < 60:
        return str(_("less than a minute"))
    return str(format_timedelta(seconds, granularity="minute"))


def is_signed_out() -> bool:
    """Whether headquarters did not let this laptop in the last time."""
    last = condition(workspace().log)
    return last is not None and last.code in SIGNED_OUT


def trouble(code: str, message: str) -> str:
    """Why the last conversation failed, in words; what to do is part of it."""
    if code in SIGNED_OUT:
        return str(
            _(
                "This laptop is signed out: headquarters does not let it in (%(code)s). You can "
                "go on writing, and everything is saved here. Ask headquarters to let it in again.",
                code=code,
            )
        )
    if code == NotReached.code:
        return str(
            _(
                "Headquarters was not reached. You can go on writing, and everything is saved "
                "here. Try again when there is a network."
            )
        )
    return message


def _row(standing: Standing) -> Row:
    space, record = workspace(), standing.record
    if record.kind == "observation":
        address = url_for("observations.show", observation=record.id)
    else:
        address = place(record, "").partition("#")[0]
    return Row(
        record_name(space, record),
        address,
        [state_words(standing, state) for state in standing.states],
        standing.is_trouble,
        standing.is_here_only,
    )


def state_words(standing: Standing, state: str) -> str:
    """One state of a record in words."""
    if state in (QUARANTINED, REFUSED):
        return _refused_words(standing, state)
    words = {
        DRAFT: _("Draft here only"),
        WAITING: _("Saved and signed here, waits to be sent"),
        SENT: _("Sent to the relay, not known to be at headquarters yet"),
        STORED: _("Received at headquarters"),
        BACKED_UP: _("Received at headquarters and backed up"),
    }
    return str(words[state])


def _refused_words(standing: Standing, state: str) -> str:
    why = " ".join(refusal_words(each.code, each.message) for each in standing.refusals)
    if state == REFUSED:
        return str(_("Refused by headquarters, kept here: %(why)s", why=why))
    return str(_("Kept apart by headquarters, does not count there: %(why)s", why=why))


def refusal_words(code: str, message: str) -> str:
    """Why a change was refused or kept apart."""
    words = {
        "not_allowed": _("you may not write this record. Ask headquarters to assign you."),
        "unknown_field": _("headquarters does not know one of its fields. Tell headquarters."),
        "unknown_version": _("it was written by a later version. Tell headquarters."),
        DeviceRevoked.code: _("this laptop was revoked. Call headquarters."),
        Fork.code: _("headquarters has another record under this number. Send again."),
    }
    return str(words.get(code) or message or code)


def came(last: Last) -> list[str]:
    """What the last conversation did, in sentences."""
    if not last.at:
        return []
    said = [_("Sent: %(sent)d new, %(known)d known already.", sent=last.sent, known=last.known)]
    if last.carried:
        said.append(_("%(num)d carried by the relay.", num=last.carried))
    said += [_("Came in: %(what)s", what=kind_count(k, n)) for k, n in sorted(last.new.items())]
    if not last.new:
        said.append(_("Nothing new came in."))
    if last.forgotten:
        said.append(
            ngettext(
                "%(num)d record is no longer yours to see.",
                "%(num)d records are no longer yours to see.",
                last.forgotten,
            )
        )
    if last.unread:
        said.append(_("Something that came in could not be read. Update this program."))
    if last.new_epoch:
        said.append(_("Headquarters was restored from a backup; what it lacked was sent again."))
    if last.renewed:
        said.append(_("This laptop goes on as a new device; what was not taken is drafted again."))
    return [str(sentence) for sentence in said]


def kind_count(kind: str, count: int) -> str:
    """So many changes of a kind of record."""
    kind = record_kinds().get(kind, kind)
    return str(
        ngettext("%(num)d change to %(kind)s", "%(num)d changes to %(kind)s", count, kind=kind)
    )
