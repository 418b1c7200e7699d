"""Loading and checking checklists and instruments: shapes by marshmallow, then what hangs together.

An unknown key is refused. Every problem is found and said at once, as ``where: what``.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from schemas.checklist import SPECIAL, Checklist, Gate, Item, Section, SourceRef
from schemas.errors import TrialObserverError
from schemas.instruments import Instrument, Provision

KINDS = ("compliance", "choice", "multi", "text", "number", "date", "time", "datetime", "duration")
HEARING_KINDS = (
    "first_appearance",
    "detention_review",
    "preliminary",
    "plea",
    "trial",
    "judgment",
    "sentencing",
    "appeal",
    "other",
)


class ChecklistError(TrialObserverError):
    """A checklist or an instrument file is not sound, or not published here.

    ``problems`` holds each as ``where: what``; the message is all of them.
    """

    code = "bad_checklist"
    status = 422

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class _Strict(Schema):
    class Meta:
        unknown = RAISE


def _all_stands_alone(proceedings: list[str]) -> None:
    if "all" in proceedings and len(proceedings) > 1:
        raise ValidationError("all stands alone in proceedings")


class _GateSchema(_Strict):
    item = fields.String(required=True)
    any_of = fields.List(fields.String(), required=True, validate=validate.Length(min=1))

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Gate:
        return Gate(data["item"], tuple(data["any_of"]))


class _ItemSchema(_Strict):
    id = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]*\.[a-z0-9_]+\Z"))
    code = fields.String(required=True, validate=validate.Regexp(r"^[A-Z][0-9]{2}\Z"))
    text = fields.String(required=True, validate=validate.Length(min=1))
    help = fields.String(required=True)
    scope = fields.String(required=True, validate=validate.OneOf(("case", "hearing")))
    per = fields.String(required=True, validate=validate.OneOf(("none", "accused", "witness")))
    who = fields.String(required=True, validate=validate.OneOf(("observer", "lead", "analyst")))
    proceedings = fields.List(
        fields.String(validate=validate.OneOf(("all", *HEARING_KINDS))),
        required=True,
        validate=[validate.Length(min=1), _all_stands_alone],
    )
    answer = fields.String(required=True, validate=validate.OneOf(KINDS))
    options = fields.List(fields.String(validate=validate.Regexp(r"^[a-z0-9_]+\Z")))
    relevant_if = fields.Nested(_GateSchema)
    core = fields.Boolean()
    critical = fields.Boolean()
    critical_on = fields.List(fields.String())
    derived = fields.String(validate=validate.OneOf(("log", "record")))
    anchor_partly = fields.String()
    sources = fields.List(fields.List(fields.String(), validate=validate.Length(equal=2)))


class _SectionSchema(_Strict):
    id = fields.String(required=True)
    title = fields.String(required=True)
    stage = fields.String(required=True)
    letter = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]\Z"))
    items = fields.List(fields.Nested(_ItemSchema), required=True)


class ChecklistSchema(_Strict):
    """The file of a published checklist version."""

    schema = fields.String(required=True, validate=validate.Equal("trial-observation-checklist/2"))
    id = fields.String(required=True)
    version = fields.String(required=True)
    language = fields.String(required=True)
    title = fields.String(required=True)
    conventions = fields.List(fields.String(), required=True)
    sections = fields.List(fields.Nested(_SectionSchema), required=True)


class _ProvisionSchema(_Strict):
    ref = fields.String(required=True)
    gist = fields.String(required=True)
    checked = fields.String(
        required=True,
        validate=validate.OneOf(("text_or_heading_seen", "from_memory", "needs_checking")),
    )

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Provision:
        return Provision(**data)


class _InstrumentSchema(_Strict):
    key = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    year = fields.Integer(allow_none=True)
    kind = fields.String(required=True)
    regions = fields.List(fields.String(), required=True)
    provisions = fields.List(fields.Nested(_ProvisionSchema), required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Instrument:
        return Instrument(
            **{
                "year": None,
                **data,
                "regions": tuple(data["regions"]),
                "provisions": tuple(data["provisions"]),
            }
        )


class InstrumentsSchema(_Strict):
    """The file of instruments."""

    schema = fields.String(required=True)
    note = fields.String(required=True)
    instruments = fields.List(fields.Nested(_InstrumentSchema), required=True)


def load_instruments(document: object) -> dict[str, Instrument]:
    """Instruments by key.

    :raises ChecklistError: the file is not sound
    """
    loaded = _load(InstrumentsSchema(), document)["instruments"]
    problems = [
        *_repeated("instrument", [instrument.key for instrument in loaded]),
        *_repeated("provision", [f"{i.key} {p.ref}" for i in loaded for p in i.provisions]),
    ]
    if problems:
        raise ChecklistError(*problems)
    return {instrument.key: instrument for instrument in loaded}


def load_checklist(document: object, sha256: str, provisions: Collection[SourceRef]) -> Checklist:
    """A checklist from its parsed file.

    :param provisions: all provisions that a source may name
    :raises ChecklistError: with every problem found
    """
    data = _load(ChecklistSchema(), document)
    sections = tuple(_section(section) for section in data["sections"])
    checklist = Checklist(
        data["id"], data["version"], data["language"], data["title"], sha256, sections
    )
    problems = list(_problems(checklist, provisions))
    if problems:
        raise ChecklistError(*problems)
    return checklist


def _load(schema: Schema, document: object) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(document)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ChecklistError(*message_lines(error.messages)) from error
    return loaded


def message_lines(messages: Any, where: str = "") -> Iterator[str]:
    """Marshmallow's nested messages as ``sections.0.items.3.code: what``."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from message_lines(inner, f"{where}.{key}" if where else str(key))
    else:
        for message in messages:
            yield f"{where}: {message}"


def _repeated(what: str, values: Sequence[str]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{value}: this {what} stands {count} times"


def _section(data: dict[str, Any]) -> Section:
    items = tuple(
        Item(
            **{
                **item,
                "section": data["id"],
                "proceedings": tuple(item["proceedings"]),
                "options": tuple(item.get("options", ())),
                "critical_on": tuple(item.get("critical_on", ())),
                "sources": tuple(SourceRef(*source) for source in item.get("sources", ())),
            }
        )
        for item in data["items"]
    )
    return Section(data["id"], data["title"], data["stage"], data["letter"], items)


def _problems(checklist: Checklist, provisions: Collection[SourceRef]) -> Iterator[str]:
    everything = [item for section in checklist.sections for item in section.items]
    yield from _repeated("id", [item.id for item in everything])
    yield from _repeated("code", [item.code for item in everything])
    yield from _repeated("section", [section.id for section in checklist.sections])
    yield from _repeated("letter", [section.letter for section in checklist.sections])
    for section in checklist.sections:
        for item in section.items:
            if not item.code.startswith(section.letter):
                yield f"{item.id}: the code {item.code} is not of section {section.letter}"
            yield from _item_problems(item, provisions)
            yield from _gate_problems(item, checklist)


def _item_problems(item: Item, provisions: Collection[SourceRef]) -> Iterator[str]:
    if item.answer in ("choice", "multi"):
        if len(item.options) < 2:
            yield f"{item.id}: a {item.answer} has at least two options"
    elif item.options:
        yield f"{item.id}: a {item.answer} has no options of its own"
    if len(set(item.options)) != len(item.options) or set(item.options) & set(SPECIAL):
        yield f"{item.id}: an option stands twice, or repeats not_observed or not_applicable"
    if bool(item.critical) != bool(item.critical_on):
        yield f"{item.id}: critical and critical_on go together"
    for value in item.critical_on:
        if value not in item.choices:
            yield f"{item.id}: critical_on names {value}, which is no answer of it"
    for source in item.sources:
        if source not in provisions:
            yield f"{item.id}: no provision {source.instrument} {source.ref}"


def _gate_problems(item: Item, checklist: Checklist) -> Iterator[str]:
    gate = item.relevant_if
    if gate is None:
        return
    opener = checklist.items.get(gate.item)
    if opener is None:
        yield f"{item.id}: its gate {gate.item} does not exist"
        return
    for value in gate.any_of:
        if value not in opener.choices:
            yield f"{item.id}: its gate {gate.item} has no option {value}"
    if not opener.core:
        yield f"{gate.item}: a gate is core"
    # In court nobody would ever open it, and in the record of the case it would not last.
    if item.who == "observer" and opener.who != "observer":
        yield f"{item.id}: its gate {gate.item} is not asked in court"
    if item.scope == "case" and opener.scope != "case":
        yield f"{item.id}: its gate {gate.item} is answered anew at each hearing"
    seen = {item.id}
    while opener is not None and opener.relevant_if is not None:
        if opener.id in seen:
            yield f"{item.id}: its gates form a circle"
            return
        seen.add(opener.id)
        opener = checklist.items.get(opener.relevant_if.item)
