"""Words of the interface for the values of records, and the filters that templates use."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g
from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from observer.workspace import Workspace
from schemas.checklist import Checklist, Item
from schemas.library import option_label, provisions_for, wording
from schemas.moment import moment_of, on_clock
from sync.projection.rows import local_time


def workspace() -> Workspace:
    """The workspace of this app."""
    found: Workspace = g.workspace
    return found


def role(value: str) -> str:
    """A person's role."""
    words = {
        "accused": _("Accused"),
        "witness": _("Witness"),
        "expert": _("Expert"),
        "judge": _("Judge"),
        "prosecutor": _("Prosecutor"),
        "counsel": _("Defence counsel"),
        "victim": _("Victim"),
        "interpreter": _("Interpreter"),
    }
    return str(words.get(value, _("Other")))


def kind(value: str) -> str:
    """The kind of a log entry."""
    words = {
        "start": _("Start"),
        "break": _("Break"),
        "resume": _("Resume"),
        "end": _("End"),
        "enters": _("Enters"),
        "leaves": _("Leaves"),
        "request": _("Request"),
        "ruling": _("Ruling"),
        "objection": _("Objection"),
        "quotation": _("Quotation"),
        "note": _("Note"),
        "phone_handed_in": _("Phone handed in"),
        "phone_returned": _("Phone returned"),
    }
    return str(words.get(value, value))


def term(value: str) -> str:
    """Other closed vocabularies: how exact, how known, how heard, who refused."""
    words = {
        "exact": _("exact"),
        "about": _("about"),
        "order_only": _("order only"),
        "observed_fact": _("Seen or heard in court"),
        "reported_by_source": _("Told by a source"),
        "direct": _("directly"),
        "paper": _("directly, noted on paper"),
        "court_interpreter": _("through the court's interpreter"),
        "own_interpreter": _("through my interpreter"),
        "colleague": _("told by a colleague"),
        "police_or_guard": _("Police or guard"),
        "court_staff": _("Court staff"),
        "judge": _("Judge"),
        "registry": _("Registry"),
        "other": _("Somebody else"),
        "observed": _("Observed"),
        "not_held": _("Not held"),
        "not_admitted": _("Not admitted"),
        "full": _("Full checklist"),
        "quick": _("Quick checklist"),
    }
    return str(words.get(value, value))


def record_kinds() -> dict[str, str]:
    """The kinds of records, in the plural."""
    words = {
        "case": _("cases"),
        "person": _("persons"),
        "hearing": _("hearings"),
        "observation": _("observations"),
        "attachment": _("files"),
        "assignment": _("assignments"),
        "device": _("devices"),
        "query": _("queries"),
        "review": _("reviews"),
        "finding": _("findings"),
        "incident": _("incidents"),
        "mission": _("the mission"),
        "erasure": _("erasures"),
        "checklist": _("checklists"),
    }
    return {kind: str(word) for kind, word in words.items()}


def problem(code: str) -> str:
    """A missing or inconsistent answer, in words."""
    words = {
        "unanswered": _("Not answered"),
        "no_accused": _("No accused is recorded in this case"),
        "no_entry": _("“No” and “partly” rest on at least one log entry"),
        "entry_unknown": _("Rests on a log entry that is not there"),
        "bad_value": _("The answer does not fit the question"),
        "end_before_start": _("The end lies before the start"),
        "next_date_past": _("The next date is not after this hearing"),
        "absent_but_present": _("Somebody is both present and absent"),
        "counsel_contradiction": _("Defence counsel: the answers contradict each other"),
        "in_absentia_but_present": _("Tried in absence, but present"),
        "all_not_observed": _("Every answer says “not observed”"),
        "not_in_force": _("Answered, though the question does not apply now"),
    }
    return str(words.get(code, code))


def question_text(item: Item, checklist: Checklist) -> str:
    """A question in the reader's language."""
    return wording(checklist, str(get_locale())).text(item.id)


def guidance(item: Item, checklist: Checklist) -> str:
    """A question's guidance in the reader's language."""
    return wording(checklist, str(get_locale())).help(item.id)


def value_text(item: Item, value: Any) -> str:
    """An answer's value in words."""
    language = str(get_locale())
    if isinstance(value, list):
        return ", ".join(option_label(item, str(v), language) for v in value)
    if isinstance(value, dict):
        return str(_("about %(time)s", time=value.get("time")))
    if value in (*item.choices, "not_observed", "not_applicable"):
        return option_label(item, value, language)
    return str(value)


def day(value: str | None) -> str:
    """A plain date in the reader's language."""
    try:
        return str(format_date(date.fromisoformat(str(value)), "medium", rebase=False))
    except ValueError:
        return value or ""


def entry_time(entry: Mapping[str, Any], zone: str | None) -> str:
    """The court's clock of a log entry, with what is known of its exactness."""
    if entry.get("at_precision") == "order_only":
        return "–"
    time = local_time(entry.get("at"), zone) or "–"
    return f"≈ {time}" if entry.get("at_precision") == "about" else time


def court_time(at: str, zone: str) -> str:
    """Day and time of an RFC 3339 instant on the court's clock, in the reader's language."""
    local = on_clock(moment_of(at), zone)
    return f"{day(local.date().isoformat())}, {local:%H:%M}" if local else at


def zone_now(zone: str) -> str:
    """The court's clock now."""
    return datetime.now(ZoneInfo(zone)).strftime("%H:%M")


def install_filters(app: Flask) -> None:
    """Give the templates these words."""
    for function in (role, kind, term, problem, day, question_text, guidance, value_text):
        app.add_template_filter(function)
    for shared in (entry_time, zone_now, provisions_for):
        app.add_template_global(shared)
