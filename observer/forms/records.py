"""Forms for cases, persons, hearings and log entries."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Regexp, ValidationError

from schemas.answers import is_day
from schemas.late import HANDED_IN, RETURNED
from schemas.zones import zone_of

ROLES = ("accused", "witness", "expert", "judge", "prosecutor", "counsel", "victim", "interpreter")
ENTRY_KINDS = (
    "start",
    "break",
    "resume",
    "end",
    "enters",
    "leaves",
    "request",
    "ruling",
    "objection",
    "quotation",
    "note",
    HANDED_IN,
    RETURNED,
)
NOT_ADMITTED_BY = ("police_or_guard", "court_staff", "judge", "registry", "other")
HEARD = ("direct", "paper", "court_interpreter", "own_interpreter", "colleague")
# Words on paper were written down as they were heard.
_HEARD_ONESELF = ("direct", "paper")
_TIME = Regexp(r"^$|^([01][0-9]|2[0-3]):[0-5][0-9]\Z", message=_l("Write the time as 09:30."))


class CaseForm(FlaskForm):
    """A case, by its working name."""

    title = StringField(_l("Working name"), [DataRequired(_l("Give a name.")), Length(max=120)])
    court = StringField(_l("Court"), [Length(max=120)])


class PersonForm(FlaskForm):
    """A person, by code and role; a name is never asked."""

    role = SelectField(_l("Role"), choices=[(role, role) for role in ROLES])
    code = StringField(_l("Code"), [Length(max=20)])


class HearingForm(FlaskForm):
    """A hearing: the court's calendar day and clock."""

    date = StringField(_l("Date"), [DataRequired(_l("Choose the day of the hearing."))])
    scheduled_at = StringField(_l("Listed start"), [_TIME])
    court = StringField(_l("Court"), [Length(max=120)])
    room = StringField(_l("Room"), [Length(max=60)])
    time_zone = StringField(
        _l("Time zone of the court"), [DataRequired()], filters=[lambda zone: zone and zone.strip()]
    )

    def validate_date(self, field: Any) -> None:
        """A day that exists."""
        if not is_day(field.data):
            raise ValidationError(_("Write the day as 2026-03-02."))

    def validate_time_zone(self, field: Any) -> None:
        """A zone of the IANA data base."""
        if zone_of(field.data) is None:
            raise ValidationError(_("Write the zone as Europe/Paris."))


class EntryForm(FlaskForm):
    """One entry of the hearing log."""

    text = TextAreaField(_l("What happened"), [Length(max=10_000)])
    kind = SelectField(_l("Kind"), choices=[(kind, kind) for kind in ENTRY_KINDS])
    time = StringField(_l("Time in court"), [_TIME])
    at_precision = SelectField(
        _l("How exact"),
        choices=[("exact", "exact"), ("about", "about"), ("order_only", "order_only")],
    )
    speaker = StringField(_l("Speaker"), [Length(max=60)])
    re = SelectField(_l("Answers the request"), choices=[("", "")], validate_choice=False)
    basis = SelectField(
        _l("How you know"),
        choices=[("observed_fact", "observed_fact"), ("reported_by_source", "reported_by_source")],
    )
    via = SelectField(
        _l("Heard"),
        choices=[(v, v) for v in HEARD],
    )
    quote = BooleanField(_l("Exact words, heard directly"))

    def validate_quote(self, field: Any) -> None:
        """Exact words are only what was heard directly."""
        heard = self.via.data in _HEARD_ONESELF and self.basis.data == "observed_fact"
        if field.data and not heard:
            raise ValidationError(_("Exact words are only those you heard directly yourself."))


def local_now(zone: str) -> datetime:
    """Now on the court's clock."""
    return datetime.now(ZoneInfo(zone))


def at_court(day: str, time: str, zone: str) -> str:
    """The instant of a time of day on the court's calendar day, RFC 3339 in UTC."""
    local = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
