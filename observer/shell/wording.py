"""Words of the screens for notices, custody of the phone, questions and versions."""

from flask_babel import gettext as _

from observer.views.versions import field_name
from observer.views.words import kind, term
from schemas.late import HANDED_IN, RETURNED

FIELDS = (
    *("title", "court", "room", "code", "role", "case", "hearing", "number", "date"),
    *("scheduled_at", "time_zone", "opened_at", "practice", "same_as", "withdrawn", "mode"),
    *("attendance", "started_at", "submitted_at", "log", "overrides"),
)
TERMS = ("full", "quick", "observed_fact")


def wording() -> dict[str, str]:
    """All of them by name, in the language that is spoken now."""
    return {
        **{f"field.{name}": field_name(name) for name in FIELDS},
        **{f"term.{code}": term(code) for code in TERMS},
        "incident.urgent": _("Urgent"),
        "incident.incident": _("Incident"),
        "incident.safe_arrival": _("Safe arrival"),
        f"kind.{HANDED_IN}": kind(HANDED_IN),
        f"kind.{RETURNED}": kind(RETURNED),
        "name.reply": _("Reply to a question of headquarters"),
        "no_answer": _("No answer"),
        "rests_on": _("Rests on {count} log entries."),
        "rests_on_one": _("Rests on one log entry."),
        "cleared": _("Cleared"),
        "yes": _("Yes"),
        "no": _("No"),
        "taken_back": _("Taken back"),
        "conflicts": _("{count} fields have different versions."),
        "conflict_one": _("One field has different versions."),
        "ago": _("{age} ago"),
        "away_for": _("{time} without the phone"),
    }
