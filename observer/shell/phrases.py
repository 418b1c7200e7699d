"""Words that the client's program needs; what stands in a template is not among them.

``{name}`` is a place that the program fills.
"""

from flask_babel import gettext as _

from observer.forms.records import ENTRY_KINDS, NOT_ADMITTED_BY, ROLES
from observer.shell.sending_phrases import sending_phrases
from observer.shell.wording import wording
from observer.views.words import kind, problem, role, term

TERMS = ("observed", "not_held", "not_admitted", "reported_by_source", *NOT_ADMITTED_BY)
PROBLEMS = (
    *("unanswered", "no_accused", "no_entry", "entry_unknown", "bad_value", "end_before_start"),
    *("next_date_past", "absent_but_present", "counsel_contradiction", "in_absentia_but_present"),
    *("all_not_observed", "not_in_force"),
)


def phrases() -> dict[str, str]:
    """All of them by name, in the language that is spoken now."""
    return {
        name: str(words)
        for name, words in {
            **_said(),
            **_errors(),
            **_terms(),
            **wording(),
            **sending_phrases(),
        }.items()
    }


def _terms() -> dict[str, str]:
    groups = (
        ("role", role, ROLES),
        ("kind", kind, ENTRY_KINDS),
        ("term", term, TERMS),
        ("problem", problem, PROBLEMS),
    )
    return {f"{name}.{code}": word(code) for name, word, codes in groups for code in codes}


def _said() -> dict[str, str]:
    return {
        "saved": _("Saved"),
        "not_saved": _("NOT SAVED"),
        "all": _("All"),
        "about_time": _("about {time}"),
        "from_record": _("From the record: {value}. Confirm"),
        "flagged": _("{count} to look at"),
        "found": _("{count} questions"),
        "moment": _("less than a minute"),
        "running": _("running for {time}"),
        "all_sent": _("Everything was sent."),
        "unsent": _("{count} records are only on this phone."),
        "unsent_one": _("One record is only on this phone."),
        "oldest": _("The oldest has been here for {age}."),
        "also_assigned": _("Also here: {codes}"),
        "draft": _("begun"),
        "submitted": _("submitted"),
        "changed": _("submitted, changed since"),
        "missing": _("{count} answers are missing or contradict each other."),
        "missing_one": _("One answer is missing or contradicts another."),
        "bad_zone": _("There is no such time zone. Write one such as Europe/Vienna."),
        "no_camera": _("There is no camera to scan with. Paste the line instead."),
        "update_elsewhere": _("Another window of this app is in use. Close it, then try again."),
        "update_later": _(
            "Not while a hearing is open. Leave it first, then take the new version."
        ),
        **_complaints(),
    }


def _complaints() -> dict[str, str]:
    return {
        "complaint.number": _("Write a whole number, such as 3."),
        "complaint.duration": _("Write minutes as a whole number."),
        "complaint.date": _("Write the day as 2026-03-02."),
        "complaint.time": _("Write the time as 09:30."),
        "complaint.datetime": _("Write the day as 2026-03-02, with the time behind it if known."),
        "complaint.multi": _("“None” excludes the others. Untick one of them."),
        "complaint.choice": _("Choose one of the answers."),
        "complaint.compliance": _("Choose one of the answers."),
        "complaint.text": _("The answer does not fit the question"),
    }


def _errors() -> dict[str, str]:
    return {
        "error.start": _("The app could not start."),
        "error.storage_full": _(
            "NOT SAVED: there is no space left on this phone. Make some free, and leave this page "
            "open: it tries again by itself."
        ),
        "error.storage_lost": _(
            "NOT SAVED: this browser lost its storage. Leave this page open, it tries again by "
            "itself. If it does not help, write the last words on paper and open the app again."
        ),
        "error.storage_gone": _(
            "NOT SAVED: what was stored on this phone was deleted, by the browser or by somebody. "
            "Leave this page open: what you wrote is still on it. Tell headquarters, and ask for "
            "a new invitation."
        ),
        "error.store_damaged": _(
            "What is stored on this phone cannot be opened. It was left as it is. Delete nothing, "
            "and call headquarters."
        ),
        "error.store_newer": _(
            "What is stored here is of a newer version of this app. Nothing was changed. Close all "
            "its windows, then open it again with a network."
        ),
        "error.moved": _("Another window wrote meanwhile. Open the app again."),
        "error.not_reached": _(
            "No network, or headquarters is not reached. Everything stays here and is sent later."
        ),
        "error.signed_out": _("Headquarters does not know this phone at present. Ask it."),
    }
