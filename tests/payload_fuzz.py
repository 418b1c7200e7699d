"""Random payloads made from real ones: only the protocol's own errors may come out of reading one.

No coverage guides it; half of what it makes stays canonical JSON, so that the deeper checks see it.
"""

import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from uuid6 import uuid7

from schemas.envelope import KINDS, envelope_problems
from sync.change import Signer, make_change, read_change
from sync.errors import SyncError
from sync.keys import DeviceKey
from sync.profile import parse_payload

SLOWEST = 1.0  # seconds
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

NASTY: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**53 - 1, 2**53, -(2**53), 10**400, 1.5, 1e308, float("inf")),
    *(
        "",
        "x",
        "\x00",
        "\ud800",
        "\udfff\ud800",
        "\u2028",
        "\ufeff",
        "é",
        "e\u0301",
        "𐍈",
        "x" * 70_000,
    ),
    *(
        "0" * 64,
        "g" * 64,
        "0" * 64 + "\n",
        "٣" * 64,
        str(uuid7()),
        str(uuid7()) + "\n",
        "training\n",
    ),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *("2026-02-30T00:00:00Z", "2016-12-31T23:59:60Z", "2026-03-02T09:30:00.123456789Z"),
    *(
        "２０２６-03-02T09:30:00Z",
        "2026-03-02T09:30:00+24:00",
        "2026-03-02T24:00:00Z",
        "1970-01-01T00:00:00Z",
    ),
    *([], {}, [[]], {"a": {}}, [None], [1, "1"], {"set": {"set": 1}}, {"": 1}, {"__proto__": 1}),
    *(list(range(3000)), ["0" * 64] * 2, {"A": 1}, {"a\x00": 1}, {"x" * 500: 1}, {"ü": 1}),
]
TOKENS = [
    *('"', "'", "{", "}", "[", "]", ":", ",", "\\", "\\u0000", "\\ud800", "\\u0041", "\\/", "\x00"),
    *("\ud800", "\udc00", "NaN", "Infinity", "-Infinity", "-0", "1e5", "0.1", "01", "1" * 5000),
    *("\ufeff", " ", "\n", "//", "null", "true", "[" * 2000, '{"a":' * 2000, "é", "\u2028", "𐍈"),
]


def real_payloads() -> list[str]:
    """Changes as devices make them, of every kind."""
    signer = Signer("training", str(uuid7()), "OBS-1", DeviceKey.generate())
    fields = {
        "mode": "full",
        "answers/q1": "yes",
        "note": "Fictional: « été » \u2028 𐍈",
        "checked": ["a", "b"],
        "count": 3,
        "cleared": None,
        "inner": {"a": {"b": [1, {"c": True}]}},
    }
    made, seq, prev = [], 0, ""
    for kind in KINDS:
        change = make_change(
            signer,
            seq=seq + 1,
            prev=prev,
            kind=kind,
            record=str(uuid7()),
            parents=[prev] if prev else [],
            recorded_at="2026-03-02T09:30:00.000+01:00",
            fields=fields,
        )
        made.append(change.payload)
        seq, prev = seq + 1, change.hash
    return made


class PayloadFuzz:
    """A source of payloads."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.corpus = real_payloads()

    def next(self) -> str:
        """A payload that nobody would send."""
        text = self.dice.choice(self.corpus)
        if self.dice.random() < 0.6:
            text = self._shaped(text)
        if self.dice.random() < 0.5:
            for _ in range(self.dice.randint(1, 4)):
                text = self._written(text)
        return text

    def _shaped(self, text: str) -> str:
        """Another JSON document."""
        document = json.loads(text)
        for _ in range(self.dice.randint(1, 3)):
            within, key = self._place(document)
            choices: list[Callable[[], Any]] = [
                lambda: within.__setitem__(key, self.dice.choice(NASTY)),  # noqa: B023
                lambda: within.__delitem__(key),  # noqa: B023
                lambda: self._grow(within),  # noqa: B023
                lambda: within.__setitem__(key, self._nest(within[key])),  # noqa: B023
            ]
            self.dice.choice(choices)()
        try:
            return _encode(document)
        except (ValueError, RecursionError):
            return text

    def _place(self, document: Any) -> tuple[Any, Any]:
        within = document
        while True:
            keys = list(within) if isinstance(within, dict) else list(range(len(within)))
            if not keys:
                if isinstance(within, list):
                    within.append(1)
                    return within, 0
                within["x"] = 1
                return within, "x"
            key = self.dice.choice(keys)
            if not isinstance(within[key], (dict, list)) or self.dice.random() < 0.4:
                return within, key
            within = within[key]

    def _grow(self, within: Any) -> None:
        value = self.dice.choice(NASTY)
        if isinstance(within, list):
            within.append(value)
        else:
            keys = ["v", "set", "x", "A", "", "a.b/c-d", "parents", "x" * 130, "_", "é"]
            within[self.dice.choice(keys)] = value

    def _nest(self, value: Any) -> Any:
        for _ in range(self.dice.choice((1, 3, 6, 7, 8, 9, 300))):
            value = [value] if self.dice.random() < 0.5 else {"a": value}
        return value

    def _written(self, text: str) -> str:
        """The text with something cut, put in or doubled."""
        at = self.dice.randrange(len(text) + 1)
        to = min(len(text), at + self.dice.choice((0, 1, 1, 2, 10, 100)))
        what = self.dice.random()
        if what < 0.4:
            return text[:at] + self.dice.choice(TOKENS) + text[to:]
        if what < 0.6:
            return text[:at] + text[to:]
        if what < 0.8:
            return text[:to] + text[at:]
        return text[:at] + chr(self.dice.choice((0, 9, 34, 127, 255, 0xFFFF, 0x10FFFF))) + text[to:]


def read_one(text: str) -> str:
    """Read a payload in every way; gives what became of it.

    Anything but the protocol's own errors goes through to the caller.
    """
    began = time.perf_counter()
    try:
        document = parse_payload(text)
    except SyncError as error:
        found = error.code
    else:
        # What is taken is written alike by whoever reads it, byte for byte.
        assert _encode(document).encode("utf-8") == text.encode("utf-8")
        problems = _problems(document)
        try:
            change = read_change(text, "signature", document=document)
            assert change.instant < 1e12
            assert 1 <= change.seq < 2**53
            found = "later" if change.later else "taken"
        except SyncError as error:
            found = error.code
        assert (found in ("later", "taken")) == (not problems), problems
    with contextlib.suppress(SyncError):
        read_change(text, "signature")
    took = time.perf_counter() - began
    assert took < SLOWEST, f"{took:.2f} s"
    return found


def _problems(document: dict[str, Any]) -> list[str]:
    try:
        return envelope_problems(document)
    except TypeError:
        # Known, see test_fuzz: the schema compares a seq before it knows that it is a number.
        assert type(document.get("seq")) is not int
        return ["seq: not an integer"]


def fuzz(seed: int, executions: int) -> Counter[str]:
    """So many executions; how many of them ended how."""
    source, ended = PayloadFuzz(seed), Counter[str]()
    for _ in range(executions):
        text = source.next()
        try:
            ended[read_one(text)] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r} of {text[:3000]!r}") from error
    return ended


def with_keys(payload: str, changed: dict[str, object]) -> str:
    """A payload with some keys set otherwise."""
    return _encode({**json.loads(payload), **changed})
