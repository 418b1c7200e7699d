"""The line language in which a sheet of paper is typed in: lines to data, and data to lines.

Pure: a line, a checklist and the persons of a case go in; what the line says, or a fault with a
code, comes out (``docs/paper.md`` has the grammar). The words for a fault are the interface's.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.answers import MAX_TEXT, NONE_EXCLUDES, TIME, check_value
from schemas.checklist import COMPLIANCE, SPECIAL, Checklist, Item
from schemas.late import HANDED_IN, RETURNED
from schemas.relevance import persons_of_kind

# Fixed in every language: what stands on paper in one is typed in by somebody who uses another.
LETTERS: Final = {
    **dict(zip("ypn", COMPLIANCE, strict=True)),
    **dict(zip("ox", SPECIAL, strict=True)),
}
KINDS: Final = {
    "s": "start",
    "b": "break",
    "c": "resume",
    "f": "end",
    "e": "enters",
    "l": "leaves",
    "r": "request",
    "d": "ruling",
    "j": "objection",
    "q": "quotation",
    "n": "note",
    "h": HANDED_IN,
    "g": RETURNED,
}
ALL: Final = "*"
PERSON_LETTER: Final = {"accused": "A", "witness": "W"}
_LETTER_OF = {word: letter for letter, word in LETTERS.items()}
_KIND_LETTER = {kind: letter for letter, kind in KINDS.items()}
_CODE = re.compile(r"[A-Z][0-9]{2,3}")
_CLOCK = re.compile(r"([0-9]{1,2})[:.H]([0-9]{2})|([0-9]{2})([0-9]{2})")
# A lone letter that is a word in some language is no mistyped kind.
_WORDS_OF_ONE_LETTER = "aeiouy"


@dataclass(frozen=True, slots=True)
class Moment:
    """The court's clock ``HH:MM``, exact or about; without a time only the order is known."""

    time: str | None
    about: bool = False

    @property
    def precision(self) -> str:
        """As a log entry has it."""
        if self.time is None:
            return "order_only"
        return "about" if self.about else "exact"


@dataclass(frozen=True, slots=True)
class LogLine:
    """An entry of the log."""

    moment: Moment
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """An answer; ``persons`` as typed (``*``, numbers or codes), and what it rests on."""

    item: str
    value: Any
    persons: tuple[str, ...] = ()
    moment: Moment | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line: a code, what was found there, and the question if it is known."""

    code: str
    found: str = ""
    item: str | None = None


Line = LogLine | AnswerLine


def plain(token: str) -> str:
    """A token as the grammar reads it: capitals, ASCII digits and commas, no marks of direction."""
    shown = (c for c in unicodedata.normalize("NFKC", token) if unicodedata.category(c) != "Cf")
    digits = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in shown)
    return "".join(digits).replace("،", ",").upper()


@dataclass
class _Scan:
    """What is left of a line."""

    rest: str
    faults: list[Fault] = field(default_factory=list)

    def peek(self) -> str:
        """The next token as typed; a list that goes on after a comma and a space is one token."""
        return self._split()[0]

    def take(self) -> str:
        """The next token as typed."""
        token, self.rest = self._split()
        return token

    def _split(self) -> tuple[str, str]:
        token, rest = _first(self.rest)
        while token and plain(token).endswith(",") and rest:
            more, rest = _first(rest)
            token += more
        return token, rest


def _first(text: str) -> tuple[str, str]:
    token, *rest = text.split(None, 1) or [""]
    return token, rest[0].strip() if rest else ""


def clock(token: str) -> str | None:
    """``HH:MM`` from 0915, 9:15, 9.15 or 9h15; ``None`` if it is no time of day."""
    found = _CLOCK.fullmatch(plain(token))
    if not found:
        return None
    hour, minute = (part for part in found.groups() if part)
    time = f"{int(hour):02}:{minute}"
    return time if TIME.fullmatch(time) else None


def _looks_like_time(token: str) -> bool:
    text = plain(token)
    return text.startswith(("#", "~")) or bool(_CLOCK.fullmatch(text))


def _moment(scan: _Scan) -> Moment | Fault:
    typed = plain(scan.take())
    if typed == "~":  # a space after the sign is no reason to refuse
        typed += plain(scan.take())
    if typed == "#":
        return Moment(None)
    time = clock(typed.removeprefix("~"))
    if time is None:
        return Fault("bad_time", typed)
    return Moment(time, typed.startswith("~"))


def parse(line: str, checklist: Checklist) -> Line | Fault:
    """What a line says, or the first thing that is wrong with it."""
    scan = _Scan(line.strip())
    if len(line) > MAX_TEXT:
        return Fault("too_long")
    first = plain(scan.peek())
    if first[:1].isdigit() or first.startswith(("#", "~")):
        if first.startswith("#") and len(first) > 1:
            scan.rest = scan.rest.replace("#", "# ", 1)
        return _log_line(scan)
    if not _CODE.fullmatch(first):
        return Fault("bad_start", scan.peek())
    scan.take()
    item = checklist.by_code.get(first)
    if item is None or item.who != "observer":
        return Fault("unknown_code", first)
    return _text_line(scan, item) if item.answer == "text" else _answer_line(scan, item)


def _log_line(scan: _Scan) -> LogLine | Fault:
    moment = _moment(scan)
    if isinstance(moment, Fault):
        return moment
    letter = plain(scan.peek()).lower()
    if letter in KINDS:
        scan.take()
        return LogLine(moment, KINDS[letter], scan.rest)
    if not letter:
        return Fault("no_kind")
    if len(letter) == 1 and letter.isascii() and letter not in _WORDS_OF_ONE_LETTER:
        return Fault("unknown_kind", letter)
    return LogLine(moment, "note", scan.rest)


def _text_line(scan: _Scan, item: Item) -> AnswerLine | Fault:
    """Words are the rest of the line, so persons stand before them."""
    persons = _persons(scan) if item.per != "none" and scan.peek() else ()
    if not scan.rest:
        return Fault("no_value", item=item.id)
    if not persons and item.per != "none":
        return Fault("person_missing", item=item.id)
    letter = plain(scan.rest).lower()
    value = LETTERS[letter] if letter in ("o", "x") else scan.rest
    return AnswerLine(item.id, value, persons)


def _answer_line(scan: _Scan, item: Item) -> AnswerLine | Fault:
    typed = scan.take()
    if not typed:
        return Fault("no_value", item=item.id)
    if plain(typed) == "~":
        typed += scan.take()
    value = _value(item, plain(typed), scan)
    problems = check_value(item, value)
    if value is None or problems:
        code = NONE_EXCLUDES if NONE_EXCLUDES in problems else "bad_value"
        return Fault(code, typed, item.id)
    persons: tuple[str, ...] = ()
    if scan.peek() and scan.peek() != "-" and not _looks_like_time(scan.peek()):
        if item.per == "none":
            whom = scan.peek() == ALL or plain(scan.peek()).replace(",", "").isdigit()
            return Fault("no_persons" if whom else "time_first", scan.peek(), item.id)
        persons = _persons(scan)
    return _with_evidence(scan, item, value, persons)


def _persons(scan: _Scan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in plain(scan.take()).split(",") if each))


def _with_evidence(
    scan: _Scan, item: Item, value: Any, persons: tuple[str, ...]
) -> AnswerLine | Fault:
    if scan.peek() == "-":  # parts a day from a time in court
        scan.take()
    if not scan.rest:
        return AnswerLine(item.id, value, persons)
    if not _looks_like_time(scan.peek()):
        return Fault("time_first", scan.peek(), item.id)
    if scan.rest.startswith("#"):
        scan.rest = scan.rest.replace("#", "# ", 1)
    moment = _moment(scan)
    if isinstance(moment, Fault):
        return Fault(moment.code, moment.found, item.id)
    if not scan.rest:
        return Fault("no_words", item=item.id)
    return AnswerLine(item.id, value, persons, moment, scan.rest)


def _value(item: Item, typed: str, scan: _Scan) -> Any:
    """The value, or ``None`` if the token cannot be one."""
    if typed in ("O", "X"):
        return LETTERS[typed.lower()]
    match item.answer:
        case "compliance":
            return LETTERS.get(typed.lower())
        case "choice":
            return _option(item, typed) or _yes_or_no(item, typed)
        case "multi":
            return [_option(item, each) for each in typed.split(",") if each]
        case "number" | "duration":
            return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None
        case "time":
            time = clock(typed.removeprefix("~"))
            return {"time": time, "precision": "about"} if time and typed[0] == "~" else time
        case "datetime":
            return _day_and_time(typed, scan)
        case _:
            return typed


def _option(item: Item, typed: str) -> str | None:
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
    return item.options[number - 1] if 0 < number <= len(item.options) else None


def _yes_or_no(item: Item, typed: str) -> str | None:
    word = {"Y": "yes", "N": "no"}.get(typed)
    return word if word in item.options else None


def _day_and_time(typed: str, scan: _Scan) -> str:
    """A time right after the day belongs to it."""
    if "T" not in typed and (time := clock(scan.peek())):
        scan.take()
        return f"{typed}T{time}"
    return typed


def write(line: Line, checklist: Checklist) -> str:
    """The line that :func:`parse` reads as this."""
    if isinstance(line, LogLine):
        return f"{_written(line.moment)} {_KIND_LETTER[line.kind]} {line.text}".rstrip()
    item = checklist.items[line.item]
    value, persons = _value_written(item, line.value), ",".join(line.persons)
    parts = [persons, value] if item.answer == "text" else [value, persons]
    if line.moment:
        parts += ["-"] if item.answer == "datetime" else []
        parts += [_written(line.moment), line.text]
    return " ".join([item.code, *(part for part in parts if part)])


def _written(moment: Moment) -> str:
    if moment.time is None:
        return "#"
    return ("~" if moment.about else "") + moment.time.replace(":", "")


def _value_written(item: Item, value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(item.options.index(each) + 1) for each in value)
    if isinstance(value, dict):
        return _written(Moment(value["time"], about=True))
    if value in SPECIAL or item.answer == "compliance":
        return _LETTER_OF[value]
    if item.answer == "choice":
        return str(item.options.index(value) + 1)
    return _written(Moment(value)) if item.answer == "time" else str(value)


def whom(
    line: AnswerLine, item: Item, people: Sequence[Mapping[str, Any]]
) -> tuple[str, ...] | Fault:
    """Ids of the persons an answer is for; the id "" stands for all, or for nobody in particular.

    :param people: the persons of the case, each with ``id``, ``code`` and ``role``
    """
    if item.per == "none" or line.persons == (ALL,):
        return ("",)
    asked = set(persons_of_kind(people, item.per))
    concerned = [person for person in people if person["id"] in asked]
    if not line.persons:
        if len(concerned) == 1:
            return (str(concerned[0]["id"]),)
        return Fault("person_missing", item=item.id)
    found = []
    for typed in line.persons:
        person = _person(typed, item, concerned)
        if person is None:
            return Fault("no_such_person", typed, item.id)
        found.append(person)
    return tuple(dict.fromkeys(found))


def _person(typed: str, item: Item, concerned: Sequence[Mapping[str, Any]]) -> str | None:
    """By code; by number with the letter of the role; by number where one code only ends in it."""
    codes = {plain("".join(str(p.get("code")).split())): str(p["id"]) for p in concerned}
    for code in (typed, f"{PERSON_LETTER[item.per]}{typed}"):
        if code in codes:
            return codes[code]
    ending = [id_ for code, id_ in codes.items() if re.fullmatch(rf"\D*0*{re.escape(typed)}", code)]
    return ending[0] if typed.isdigit() and len(ending) == 1 else None


def times(moments: Sequence[Moment | None], before: str | None, otherwise: str) -> list[str]:
    """A time for each moment: where only the order is known, that of the one before it.

    :param before: the time of what was typed last before these
    :param otherwise: where nothing before or after has a time
    """
    known = [moment.time for moment in moments if moment and moment.time]
    last = before or (known[0] if known else otherwise)
    found = []
    for moment in moments:
        last = (moment.time if moment else None) or last
        found.append(last)
    return found
