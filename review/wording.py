"""The words of coded values, in the reader's language. Reads nothing; a code it does not know is
shown as it is, never hidden.
"""

from collections.abc import Callable, Mapping
from typing import Final

from review.i18n import gettext, ngettext

Word = Callable[[], str]

# Called when shown, so that each request gets its own language.
VALUES: Final[Mapping[str, Word]] = {
    "yes": lambda: gettext("Yes"),
    "partly": lambda: gettext("Partly"),
    "no": lambda: gettext("No"),
    "not_observed": lambda: gettext("Not observed"),
    "not_applicable": lambda: gettext("Does not apply"),
    "unanswered": lambda: gettext("Unanswered"),
    "not_asked": lambda: gettext("Not asked"),
    "none": lambda: gettext("None of these"),
}
KINDS: Final[Mapping[str, Word]] = {
    "start": lambda: gettext("Start"),
    "break": lambda: gettext("Break"),
    "resume": lambda: gettext("Resumed"),
    "end": lambda: gettext("End"),
    "enters": lambda: gettext("Enters"),
    "leaves": lambda: gettext("Leaves"),
    "request": lambda: gettext("Request"),
    "ruling": lambda: gettext("Ruling"),
    "objection": lambda: gettext("Objection"),
    "quotation": lambda: gettext("Quotation"),
    "note": lambda: gettext("Note"),
    "phone_handed_in": lambda: gettext("Phone handed in"),
    "phone_returned": lambda: gettext("Phone returned"),
}
BASES: Final[Mapping[str, Word]] = {
    "observed_fact": lambda: gettext("Seen or heard in court"),
    "reported_by_source": lambda: gettext("Reported by a source"),
}
VIA: Final[Mapping[str, Word]] = {
    "paper": lambda: gettext("noted on paper, typed in later"),
    "own_interpreter": lambda: gettext("through the observer's interpreter"),
    "court_interpreter": lambda: gettext("through the court's interpreter"),
    "colleague": lambda: gettext("from a colleague"),
}
ATTENDANCE: Final[Mapping[str, Word]] = {
    "observed": lambda: gettext("Hearing observed"),
    "not_held": lambda: gettext("Hearing not held"),
    "not_admitted": lambda: gettext("Observer not admitted"),
}
REFUSED_BY: Final[Mapping[str, Word]] = {
    "police_or_guard": lambda: gettext("by police or guards"),
    "court_staff": lambda: gettext("by court staff"),
    "judge": lambda: gettext("by the judge"),
    "registry": lambda: gettext("by the registry"),
    "other": lambda: gettext("by someone else"),
}
ROLES: Final[Mapping[str, Word]] = {
    "accused": lambda: gettext("accused"),
    "witness": lambda: gettext("witness"),
    "judge": lambda: gettext("judge"),
    "prosecutor": lambda: gettext("prosecutor"),
    "counsel": lambda: gettext("counsel"),
    "victim": lambda: gettext("victim"),
    "interpreter": lambda: gettext("interpreter"),
    "expert": lambda: gettext("expert"),
    "other": lambda: gettext("other person"),
}
INCIDENTS: Final[Mapping[str, Word]] = {
    "urgent": lambda: gettext("Urgent"),
    "incident": lambda: gettext("Incident"),
    "safe_arrival": lambda: gettext("Safe arrival"),
}
NEEDS: Final[Mapping[str, Word]] = {
    "call_back": lambda: gettext("call back"),
    "lawyer": lambda: gettext("a lawyer"),
    "doctor": lambda: gettext("a doctor"),
    "interpreter": lambda: gettext("an interpreter"),
    "consulate": lambda: gettext("the consulate"),
    "attend_next_hearing": lambda: gettext("somebody at the next hearing"),
    "publicity": lambda: gettext("publicity"),
    "leave": lambda: gettext("to leave"),
    "other": lambda: gettext("something else"),
}
PROBLEMS: Final[Mapping[str, Word]] = {
    "unanswered": lambda: gettext("An answer is missing"),
    "no_entry": lambda: gettext("A no or partly rests on no log entry"),
    "unknown_checklist": lambda: gettext("The checklist of this record is not known here"),
    "unknown_item": lambda: gettext("An answer to a question that the checklist does not have"),
}


def said(words: Mapping[str, Word], code: object) -> str:
    """The word for a code; the code itself, made readable, when it has none."""
    text = str(code or "")
    known = words.get(text)
    return known() if known else text.replace("_", " ").strip().capitalize()


def minutes(total: int) -> str:
    """A duration as a person says it."""
    days, rest = divmod(total, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [
        ngettext("%(n)s day", "%(n)s days", days) if days else "",
        ngettext("%(n)s hour", "%(n)s hours", hours) if hours else "",
        ngettext("%(n)s minute", "%(n)s minutes", left) if left or not total else "",
    ]
    return " ".join(part for part in parts if part)
