"""Random cases for the twins: documents, times, graphs of changes.

Everything comes from the dice that are given, and all content is fictional.
"""

import hashlib
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from nacl.bindings import crypto_scalarmult_ed25519_base_noclamp
from nacl.signing import SigningKey

from sync.change import Change, Signer, envelope_of, make_change, read_change, read_erased
from sync.keys import DeviceKey, b64url, from_b64url

LIMIT = 2**53 - 1
TEXTS = (
    *(
        "",
        "x",
        "Fictional",
        "é",
        "e\u0301",
        "𐍈",
        "a𐍈" * 9,
        "\u2028\u2029",
        "\ufeff",
        "\x7f",
        "\x1f",
    ),
    *(
        "\n\r\t\b\f",
        '"\\/',
        "</script>",
        "\ue000",
        "\uffff",
        "😀" * 30,
        "\U0010ffff",
        "\x85",
        "null",
    ),
)
KEYS = (
    "a",
    "b",
    "_",
    "__proto__",
    "constructor",
    "to_string",
    "a1",
    "a.b/c-d",
    "set",
    "answers/x.y",
)
BAD_KEYS = ("1", "0", "10", "A", "", "é", "a b", "a\n", "-a", "2a", "𐍈")
BAD_VALUES = (1.5, 2**53, -(2**53), 10**20, "\x00", "\ud800", "a\udc00b", "\udfff\ud800")


def value(dice: random.Random, depth: int = 0, bad: float = 0.0) -> Any:
    """A value that is inside the profile but for one in so many."""
    if dice.random() < bad:
        return dice.choice(BAD_VALUES)
    kind = dice.randrange(8 if depth < 4 else 6)
    if kind < 3:
        return dice.choice(TEXTS)
    if kind == 3:
        return dice.choice((0, 1, -1, LIMIT, -LIMIT, dice.randint(-LIMIT, LIMIT)))
    if kind < 6:
        return dice.choice((None, True, False))
    size = dice.randrange(4)
    if kind == 6:
        return [value(dice, depth + 1, bad) for _ in range(size)]
    return fields(dice, size, depth + 1, bad)


def fields(dice: random.Random, size: int, depth: int = 0, bad: float = 0.0) -> dict[str, Any]:
    """An object of random keys in random order."""
    keys = [dice.choice(BAD_KEYS if dice.random() < bad else KEYS) for _ in range(size)]
    return {key: value(dice, depth, bad) for key in keys}


def document(dice: random.Random) -> dict[str, Any]:
    """A document for a payload, often outside the profile; keys in any order."""
    found = fields(dice, dice.randint(0, 6), bad=dice.choice((0, 0, 0.02, 0.2)))
    if dice.random() < 0.1:
        nested: Any = 1
        for _ in range(dice.randint(5, 9)):
            nested = [nested] if dice.random() < 0.5 else {"a": nested}
        found["deep"] = nested
    if dice.random() < 0.02:
        # Of two things that are wrong each side may name the one that it meets first.
        found = fields(dice, 2)
        found["long"] = dice.choice(("x", "é", "𐍈", "\n")) * dice.choice(
            (9000, 16_000, 33_000, 66_000)
        )
    return found


def instant(dice: random.Random) -> str:
    """A text that is a time, or nearly one."""
    year = dice.choice((1, 99, 1600, 1900, 1969, 1970, 2000, 2024, 2026, 2026, 9999))
    day = f"{year:04}-{dice.randint(1, 12):02}-{dice.randint(1, 30):02}"
    time = f"{dice.randrange(24):02}:{dice.randrange(60):02}:{dice.randrange(60):02}"
    digits = "".join(dice.choices("0123456789", k=dice.choice((0, 1, 3, 6, 7, 9))))
    fraction = f".{digits}" if digits else ""
    offset = f"{dice.choice('+-')}{dice.randrange(24):02}:{dice.choice((0, 15, 30, 59, 60, 99)):02}"
    text = f"{day}T{time}{fraction}{dice.choice(('Z', offset, offset))}"
    if dice.random() < 0.15:
        at = dice.randrange(len(text))
        text = text[:at] + dice.choice(" 0129.:zZtT+-é\n") + text[at + dice.randrange(2) :]
    return text


# Graphs of changes

RECORD = "01900000-0000-7000-8000-000000000001"
PATHS = ("mode", "place", "__proto__", "constructor")
# Some mean the same, and some only look so.
SAID = (
    *(None, 1, True, "1", "full", 0, False, "", [], {}, [1, "1"], ["1", 1]),
    *({"a": 1, "b": [True]}, {"b": [True], "a": 1}, {"a": True, "b": [1]}, "é", "e\u0301"),
)
KEYS_OF = {f"OBS-{n}": DeviceKey(SigningKey(bytes([n]) * 32)) for n in (1, 2, 3)}
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def recorded_at(dice: random.Random) -> str:
    """One of a few instants, a microsecond or an hour apart, written with one offset or another."""
    when = START + timedelta(
        microseconds=dice.choice((0, 0, 1, 999, 1000)), hours=dice.choice((0, 1))
    )
    zone = timezone(timedelta(minutes=dice.choice((0, 60, -300, 345, -1439))))
    text = when.astimezone(zone).isoformat(timespec=dice.choice(("auto", "microseconds")))
    if dice.random() < 0.2 and "." in text:
        # What is finer than a microsecond says nothing.
        return text.replace("+", f"{dice.randrange(100, 1000)}+", 1)
    return text.replace("+00:00", "Z")


def graph(dice: random.Random, size: int) -> list[Change]:
    """Changes of one record by several devices, each after some of those before."""
    made: list[Change] = []
    for seq in range(1, size + 1):
        author = dice.choice(list(KEYS_OF))
        parents = {p.hash for p in dice.sample(made, min(len(made), dice.randint(0, 3)))}
        if dice.random() < 0.1:
            parents.add(f"{dice.randrange(16**4):064x}")
        paths = dice.sample(PATHS, dice.randint(1, len(PATHS)))
        made.append(
            make_change(
                Signer("training", "01900000-0000-7000-8000-00000000000a", author, KEYS_OF[author]),
                seq=seq,
                prev="" if seq == 1 else "f" * 64,
                kind="observation",
                record=RECORD,
                parents=sorted(parents),
                recorded_at=recorded_at(dice),
                fields={path: dice.choice(SAID) for path in paths},
            )
        )
    return made


def known_graph(dice: random.Random, size: int) -> list[tuple[Change, dict[str, Any]]]:
    """What a node knows of such a graph, in any order: some missing, in quarantine or erased.

    With each change comes what headquarters says in its place.
    """
    known: list[tuple[Change, dict[str, Any]]] = []
    for change in graph(dice, size):
        fate = dice.random()
        if fate < 0.1 and size > 1:
            continue
        if fate < 0.2:
            known.append((replace(change, counts=False), {}))
        elif fate < 0.35:
            restated = {"mode": dice.choice(SAID)} if dice.random() < 0.5 else {}
            envelope = envelope_of(change.payload)
            erased = read_erased(envelope, change.signature, change.hash, restated)
            known.append((erased, restated))
        elif fate < 0.4:
            known.append((later(change), {}))
        else:
            known.append((change, {}))
    dice.shuffle(known)
    return known or [(change, {})]


def later(change: Change) -> Change:
    """The change as a later version might write it."""
    payload = change.payload.replace('{"v":1,', '{"v":2,"new":true,', 1)
    return read_change(payload, change.signature)


# Of the group that signatures are made in.
ORDER = 2**252 + 27742317777372353535851937790883648493
# Of small order, or not in their one form: what proves nothing.
WEAK_POINTS = (
    *("00" * 32, f"01{'00' * 31}", f"ec{'ff' * 30}7f", f"ed{'ff' * 30}7f", f"ee{'ff' * 30}7f"),
    *("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", f"ff{'ff' * 30}7f"),
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)


def _answer_to_nought(given: dict[str, str], seed: bytes) -> bytes:
    """The second half of a signature whose first half is the point nought."""
    secret = bytearray(hashlib.sha512(seed).digest()[:32])
    secret[0] &= 248
    secret[31] = secret[31] & 127 | 64
    said = f"trial-sync/1 {given['purpose']}\n{given['payload']}".encode()
    digest = hashlib.sha512(bytes.fromhex(WEAK_POINTS[1]) + from_b64url(given["key"]) + said)
    product = int.from_bytes(digest.digest(), "little") * int.from_bytes(secret, "little")
    return (product % ORDER).to_bytes(32, "little")


def forged(dice: random.Random, given: dict[str, str], seed: bytes) -> list[dict[str, str]]:
    """The same signature for something else, and what is no signature."""
    key, signature = given["key"], given["signature"]
    other = dice.choice([p for p in ("change", "receipt", "token") if p != given["purpose"]])
    at = dice.randrange(len(signature))
    swapped = "A" if signature[at] != "A" else "B"
    bad_signatures = (
        *(signature[:at] + swapped + signature[at + 1 :], signature[:-1], signature + "A"),
        *(signature + "==", "", "é", signature[:-1] + "_", f"+{signature[1:]}", f"{signature}\n"),
    )
    bad_keys = (key[:-1], "", key[::-1], "A" * 43, "_" * 43, f"{key}A")
    weak = [bytes.fromhex(point) for point in WEAK_POINTS]
    weak += [point[:31] + bytes([point[31] | 0x80]) for point in weak]
    scalar = (dice.randrange(2**250)).to_bytes(32, "little")
    some_point = crypto_scalarmult_ed25519_base_noclamp(scalar)
    return [
        *({**given, "key": b64url(p), "signature": b64url(p + bytes(32))} for p in weak),
        # The sums of these two are right, as one of the points is nought.
        {**given, "key": b64url(weak[1]), "signature": b64url(some_point + scalar)},
        {**given, "signature": b64url(weak[1] + _answer_to_nought(given, seed))},
        {**given, "signature": b64url(weak[1] + from_b64url(signature)[32:])},
        {**given, "signature": b64url(from_b64url(signature)[:32] + b"\xff" * 32)},
        {**given, "purpose": other},
        {**given, "payload": f"{given['payload']} "},
        {**given, "payload": "\ud800"},
        *({**given, "signature": bad} for bad in bad_signatures),
        *({**given, "key": bad} for bad in bad_keys),
    ]
