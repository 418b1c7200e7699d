"""Random cases for the twins: answers, and sittings with all that the rules look at.

Everything comes from the dice that are given, and all content is fictional.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.checklist import SPECIAL, Checklist, Item
from tests.client.twin_cases import instant

UUIDS = tuple(f"01900000-0000-7000-8000-00000000000{n}" for n in range(8))
NO_ANSWERS: tuple[Any, ...] = (
    *("", "x", "é" * 10_000, "𐍈" * 10_000, "𐍈" * 10_001, "\ufeff", "yes\n", "none", "no", "partly"),
    *(
        0,
        1,
        -1,
        1_000_000,
        1_000_001,
        True,
        False,
        [],
        {},
        [[]],
        [None],
        ["none"],
        {"time": "09:30"},
    ),
    *(
        "2026-03-02",
        "2026-02-30",
        "2024-02-29",
        "0000-01-01",
        "0001-01-01",
        "2026-3-2",
        "2026-03-02\n",
    ),
    *(
        "2026-03-02T09:30",
        "2026-02-30T09:30",
        "2026-03-02T24:00",
        "2026-03-02T09:30:00",
        "2026-13-01",
    ),
    *("09:30", "24:00", "9:30", "09:60", "09:30\n", "٠٩:٣٠", "２０２６-03-02", "23:59"),
    *({"time": "09:30", "precision": "about"}, {"time": "09:30", "precision": "exact"}),
    *({"time": 930, "precision": "about"}, {"time": "09:30", "precision": "about", "x": 1}),
)


def good_value(dice: random.Random, item: Item) -> Any:
    """A value that fits the question."""
    if item.answer == "multi":
        return dice.sample(item.options, dice.randint(1, min(3, len(item.options))))
    if item.choices:
        return dice.choice(item.choices)
    return {
        "text": "Fictional words",
        "number": dice.randrange(5),
        "duration": dice.randrange(300),
        "date": f"2026-03-0{dice.randint(1, 4)}",
        "time": dice.choice(("09:30", "10:15", {"time": "09:45", "precision": "about"})),
        "datetime": dice.choice(("2026-03-09T09:30", "2026-03-01", "2026-03-02T08:00")),
    }[item.answer]


def bad_answer(dice: random.Random, item: Item) -> Any:
    """An answer of which anything may be wrong."""
    if dice.random() < 0.05:
        return dice.choice((None, [], "yes", 1, {}, {"comment": "x"}, True))
    answer = {"value": any_value(dice, item, 0.5)}
    if dice.random() < 0.4:
        answer["entries"] = dice.choice(
            (
                [],
                [UUIDS[0]],
                list(UUIDS[:2]),
                "x",
                None,
                [1],
                [f"{UUIDS[0]}\n"],
                {},
                [UUIDS[0].upper()],
            )
        )
    if dice.random() < 0.4:
        answer["comment"] = dice.choice(
            ("", "x", None, 1, "𐍈" * 10_000, "𐍈" * 10_001, "x" * 10_001)
        )
    if dice.random() < 0.4:
        answer["answered_at"] = dice.choice((instant(dice), None, 1, ""))
    if dice.random() < 0.05:
        answer[dice.choice(("note", "__proto__", ""))] = {}
    return answer


def any_value(dice: random.Random, item: Item, bad: float) -> Any:
    """A value that fits, one of the special ones, or now and then one that does not fit."""
    what = dice.random()
    if what < bad:
        if item.options and dice.random() < 0.3:
            return [*dice.choices((*item.options, "none", "x"), k=dice.randint(1, 4))]
        return dice.choice(NO_ANSWERS)
    return dice.choice((None, *SPECIAL)) if what < bad + 0.15 else good_value(dice, item)


# Sittings

ROLES = ("accused", "accused", "accused", "witness", "expert", "judge", "prosecutor", None)
# What no screen writes, and a change may hold all the same.
ODD: tuple[Any, ...] = ([], ["leaves"], ["W1"], {}, {"value": "x"}, 5, 0, True, False, "")
KINDS = (
    "start",
    "end",
    "break",
    "resume",
    "leaves",
    "statement",
    "request",
    "ruling",
    "objection",
    None,
)
ATS = (
    *(
        None,
        "",
        "soon",
        20,
        "2026-03-02",
        "2026-03-02T09:30",
        "2026-03-02 10:15:30.5",
        "2026-03-02T09:30Z",
    ),
    *(
        "2026-03-02T09:30:00,25+01:00",
        "2026-03-02T25:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-03-02T09",
    ),
    *("2026W101", "2026-W10-1T09:30", "20260302", "20260302T0930", 20260302, ["2026-03-02"]),
    *("2026-03-02T24:00:00Z", "２０２６-03-02T09:30:00Z", "2026-03-02𐍈09:30", "2026-03-02\n09:30Z"),
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "0001-01-02T00:00:00Z"),
    *("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59", "9999-12-30T23:59:59.999999Z"),
    *(
        "2026-03-02T09:30:00.123456789+05:45",
        "2026-03-02T09:30:00-00:00:30",
        "2026-03-29T01:30:00Z",
    ),
)
ZONES = (
    *("Europe/Vienna", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "UTC"),
    *("America/New_York", "Asia/Calcutta", "Etc/GMT+12", "", None, "Nowhere/Land", "+01:00", 5),
    *("localtime", "posixrules", "Factory", "europe/vienna", "UTC ", ["UTC"], {}),
)
REASONS = (
    "The gallery was cleared.",
    "",
    " ",
    "\ufeff",
    "\x85",
    "\x1c\u2003",
    "\u200b",
    None,
    1,
    "𐍈",
)
DATES = (
    "2026-03-02",
    "2026-03-01T09:00",
    "",
    None,
    20260302,
    "2026-03-\ue000",
    "2026-03-𐍈",
    "𐍈" * 11,
)


def sitting(
    dice: random.Random, checklist: Checklist
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """A case, a hearing, its persons and an observation, in which much is odd."""
    roles = [dice.choice(ROLES) for _ in range(dice.randrange(6))]
    persons = [
        {
            "id": f"p-{n}",
            "role": role,
            "code": odd(dice, 0.03, dice.choice((f"{(role or 'x')[0].upper()}{n}", None))),
        }
        for n, role in enumerate(roles)
    ]
    hearing = {"date": dice.choice(DATES), "time_zone": dice.choice(ZONES)}
    case: dict[str, Any] = {}
    observation: dict[str, Any] = _opening(dice)
    for id_ in dice.sample(UUIDS, dice.randrange(7)):
        observation[f"log/{id_}"] = entry(dice, persons)
    bad, density = dice.choice((0.0, 0.05, 0.3)), dice.choice((0.1, 0.5, 0.95))
    lazy = dice.random() < 0.1
    for item in checklist.items.values():
        record = case if item.scope == "case" else observation
        for person in ("", *(p["id"] for p in persons)):
            if dice.random() < density * (0.3 if person else 1):
                path = f"answers/{item.id}/{person}".rstrip("/")
                given = "not_observed" if lazy else any_value(dice, item, bad)
                record[path] = answer(dice, given)
    _twist(dice, observation, persons)
    return case, hearing, persons, observation


def odd(dice: random.Random, often: float, usual: Any) -> Any:
    """What is usual, or now and then what no screen writes."""
    return dice.choice(ODD) if dice.random() < often else usual


def _opening(dice: random.Random) -> dict[str, Any]:
    said = [{"value": value} for value in (*["observed"] * 6, "not_held", "not_admitted")]
    attendance = dice.choice((*said, None, "x", {}))
    found = {"attendance": attendance, "mode": dice.choice(("full", "full", "quick", None))}
    for key in (
        "no_accused/case.accused_count",
        "all_not_observed",
        "end_before_start/hearing.end_time",
    ):
        found[f"overrides/{key}"] = dice.choice(({"reason": dice.choice(REASONS)}, None, "x"))
    return found


def answer(dice: random.Random, given: Any) -> Any:
    """An answer with this value, which may rest on entries of the log."""
    if dice.random() < 0.02:
        return dice.choice((None, "x", [], {}))
    found = {"value": given}
    if dice.random() < 0.3:
        found["entries"] = dice.choice((list(UUIDS[:3]), [UUIDS[7], "x", 5], "x", []))
    if dice.random() < 0.1:
        found["comment"] = dice.choice(("Fictional", 5))
    return found


def entry(dice: random.Random, persons: list[dict[str, Any]]) -> Any:
    """An entry of the log, or what stands in its place."""
    if dice.random() < 0.05:
        return dice.choice((None, "x", [], {}))
    people: list[Any] = [name for p in persons for name in (p["id"], p["code"])]
    at: Any = dice.choice(ATS)
    if dice.random() < 0.7:
        at = f"2026-03-02T{dice.randint(8, 12):02}:{dice.choice((0, 15, 30)):02}:00+01:00"
    kind = odd(dice, 0.03, dice.choice(KINDS))
    found: dict[str, Any] = {"at": at, "kind": kind, "text": "Fictional"}
    if dice.random() < 0.5:
        found["at_precision"] = dice.choice(("exact", "about", "order_only"))
    if dice.random() < 0.5:
        found["speaker"] = dice.choice((*people, "Z9", None, 5, []))
    if dice.random() < 0.5:
        found["about"] = dice.choice((people, *people, None, 5, [5, None], {}))
    if dice.random() < 0.2:
        found["withdrawn"] = dice.choice((None, {}, [], 0, "", False, {"reason": "x"}, True, [0]))
    return found


def _twist(
    dice: random.Random, observation: dict[str, Any], persons: Sequence[Mapping[str, Any]]
) -> None:
    """What the rules look at together, so that it meets often."""
    if dice.random() < 0.6:
        parties = dice.sample(("judge", "accused", "defence_counsel", "prosecutor", "none"), 3)
        observation["answers/hearing.parties_present"] = odd(dice, 0.2, {"value": parties})
    if dice.random() < 0.4:
        observation["answers/hearing.absent_no_reason"] = {"value": ["accused", "prosecutor"]}
    if dice.random() < 0.4:
        observation["answers/hearing.start_time"] = {"value": "10:30"}
        observation["answers/hearing.end_time"] = {
            "value": dice.choice(("09:00", "𐍈:", "\ue000:", ":"))
        }
    if dice.random() < 0.3:
        observation["answers/hearing.next_date"] = {"value": dice.choice([d for d in DATES if d])}
    if dice.random() < 0.3:
        observation["answers/hearing.kind"] = {
            "value": dice.choice((["trial"], ["plea", "other"], "trial"))
        }
    if dice.random() < 0.5:
        value_ = dice.choice(("none", "own_lawyer", "legal_aid"))
        observation["answers/counsel.represented"] = {"value": value_}
    for person in persons:
        if dice.random() < 0.3:
            observation[f"answers/person.features/{person['id']}"] = {"value": ["in_absentia"]}


# The log alone

SIGNS = "0123456789-:.,TtZzWw+ /\n\x00é٣２𐍈"


def at(dice: random.Random) -> Any:
    """A time of an entry, or nearly one."""
    if dice.random() < 0.2:
        return dice.choice((*ATS, *ODD))
    text = instant(dice)
    what = dice.random()
    if what < 0.2:
        text = text.replace("T", dice.choice(SIGNS))
    elif what < 0.3:
        text = text.replace("-", "").replace(":", "")
    elif what < 0.5:
        text = text[: dice.randrange(len(text))] + dice.choice(("", "Z", "+05", "-00:00:30.5"))
    if dice.random() < 0.2:
        place = dice.randrange(len(text) + 1)
        text = text[:place] + dice.choice(SIGNS) + text[place + dice.randrange(2) :]
    return text


def log(dice: random.Random) -> dict[str, Any]:
    """A log in which the phone is handed in and comes back, much of it at one instant."""
    found: dict[str, Any] = {"mode": "full"}
    for id_ in dice.sample(UUIDS, dice.randrange(8)):
        minutes, entered = dice.choice((0, 0, 10, 20, 31)), dice.choice((0, 10, 31, 45, 59))
        made = {
            "kind": odd(dice, 0.05, dice.choice(("phone_handed_in", "phone_returned", "note"))),
            "at": odd(dice, 0.05, f"2026-03-02T09:{minutes:02}:00Z"),
            "entered_at": odd(dice, 0.05, f"2026-03-02T10:{entered:02}:00+01:00"),
        }
        if dice.random() < 0.1:
            made["at"], made["entered_at"] = dice.choice(ATS), dice.choice(ATS)
        if dice.random() < 0.2:
            made["withdrawn"] = dice.choice((None, {}, [], 0, "", False, {"reason": "x"}, [0]))
        found[f"log/{id_}"] = odd(dice, 0.03, made)
    return found
