"""The sheet of paper: what stands on each of its two sides, from the checklist and a hearing.

It knows neither Flask nor the browser that prints it. How much fits on a side is reckoned here in
lines of print, on the careful side; the rest of each side is log.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from observer.typed import PERSON_LETTER
from observer.workspace import Record
from schemas.checklist import Checklist, Item
from schemas.library import option_label, wording

# Boxes to write into for an item about a person: all, and so many by number.
PERSON_BOXES = {"accused": 5, "witness": 3}
ROSTER = ("A1", "A2", "A3", "A4", "A5", "W1", "W2", "W3", "J1", "P1", "C1", "I1")
_ROLE_OF = {"A": "accused", "W": "witness", "J": "judge", "P": "prosecutor", "C": "counsel"}
HASH_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on paper: its options by number, and boxes for persons where it is about them."""

    item: Item
    text: str
    options: tuple[str, ...]
    boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the roster: a code, a role, and nothing else of a person."""

    code: str
    role: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What is known when the sheet is printed; empty places are filled in by hand."""

    mission: str = ""
    observer: str = ""
    date: str = ""
    court: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Both sides, and what stands on each of them."""

    heading: Heading
    version: str
    roster: tuple[Place, ...]
    more_people: int
    sides: tuple[tuple[Asked, ...], ...]
    size: str
    first_has_log: bool


@dataclass(frozen=True, slots=True)
class _Print:
    """A size of print: letters to a line of a column, and lines to a side, roster left out."""

    name: str
    letters: int
    first: int
    second: int


# Reckoned with a wide typeface, and with room for ten rows of log on the second side (in the least
# print for seven).
_SIZES = (
    _Print("large", 52, 90, 66),
    _Print("middle", 55, 95, 70),
    _Print("small", 58, 101, 80),
    _Print("least", 62, 104, 90),
)
# A log shorter than this, in lines of print, is not worth its heading.
_LEAST_LOG = 30


def make_sheet(
    checklist: Checklist,
    language: str,
    heading: Heading,
    people: Sequence[Record] = (),
    sections: Iterable[str] = (),
) -> Sheet:
    """The sheet of the core questions.

    :param sections: ids or letters of sections; without any, all
    """
    wanted = {section.lower() for section in sections}
    codes = [(str(p.values.get("code")), str(p.values.get("role"))) for p in people]
    asked = [
        _asked(item, checklist, language, codes)
        for section in checklist.sections
        if not wanted or {section.id, section.letter.lower()} & wanted
        for item in section.items
        if item.core and item.who == "observer"
    ]
    size, sides = _on_two_sides(asked)
    used = sum(lines_of(each, size.letters) for each in sides[0])
    roster = tuple(_roster(codes))
    return Sheet(
        heading,
        f"{checklist.version} {checklist.sha256[:HASH_SHOWN]}",
        roster,
        max(len(codes) - len(ROSTER), 0),
        sides,
        size.name,
        first_has_log=size.first - used > _LEAST_LOG,
    )


def _asked(
    item: Item, checklist: Checklist, language: str, codes: Sequence[tuple[str, str]]
) -> Asked:
    options = tuple(option_label(item, option, language) for option in item.options)
    boxes = tuple(_boxes(item, codes)) if item.per != "none" else ()
    return Asked(item, wording(checklist, language).text(item.id), options, boxes)


def _boxes(item: Item, codes: Sequence[tuple[str, str]]) -> Iterator[str]:
    """All, then those of the case, then codes that are still free."""
    yield "*"
    letter, count = PERSON_LETTER[item.per], PERSON_BOXES[item.per]
    roles = ("witness", "expert") if item.per == "witness" else (item.per,)
    known = [code for code, role in codes if role in roles]
    free = (f"{letter}{n}" for n in range(1, count + 1 + len(known)))
    yield from [*known, *(code for code in free if code not in known)][:count]


def _roster(codes: Sequence[tuple[str, str]]) -> Iterator[Place]:
    """Those of the case, and empty places by the codes that the app would give."""
    taken = {code for code, _ in codes}
    free = [(code, _ROLE_OF.get(code[0], "interpreter")) for code in ROSTER if code not in taken]
    for code, role in [*codes, *free][: len(ROSTER)]:
        yield Place(code, role)


def lines_of(asked: Asked, letters: int) -> float:
    """How many lines of print a question takes in a column."""
    words = len(asked.item.code) + 2 + len(asked.text)
    kind = asked.item.answer
    if asked.boxes:
        words += 10 if kind == "compliance" else 0
        options, room = sum(len(option) + 4 for option in asked.options), 1.8
    else:
        options = sum(len(option) + 6 for option in asked.options) + 10 * bool(asked.options)
        room = {"compliance": 1.0, "text": 5.8}.get(kind, 0.0)
        if kind in ("time", "number", "datetime"):
            words, room = words + 26, 0.8
    return ceil(words / letters) + ceil(options / letters) + room + 0.4


def _on_two_sides(asked: Sequence[Asked]) -> tuple[_Print, tuple[tuple[Asked, ...], ...]]:
    """The largest print in which all of it fits, and the questions of each side."""
    for size in _SIZES:
        lengths = [lines_of(each, size.letters) for each in asked]
        first = _fitting(lengths, size.first)
        if sum(lengths[first:]) <= size.second:
            break
    return size, (tuple(asked[:first]), tuple(asked[first:]))


def _fitting(lengths: Sequence[float], room: float) -> int:
    total = 0.0
    for place, length in enumerate(lengths):
        total += length
        if total > room:
            return place
    return len(lengths)
