"""Epochs: a restored hub never continues its old chain, it begins anew with another key.

What makes a device follow is a statement that the former hub's key signed: which device and key
come after it. Devices then ask what the hub still holds, and send again what is missing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sync.errors import BadSignature, ForgedReceipt
from sync.keys import PublicKeys
from sync.log import Log
from sync.receipts import NOT_PROVED, Issuer

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Succession:
    """Which hub device and key follow another; signed by the key of the one before."""

    mission: str
    former: str
    hub: str
    public_key: str
    epoch: str


def state_succession(former: Issuer, following: Issuer, at: str) -> dict[str, str]:
    """The statement of a hub about the one that follows it, as it travels."""
    payload = _encode(
        {
            "v": 1,
            "mission": former.mission,
            "former": former.hub,
            "hub": following.hub,
            "public_key": following.key.public,
            "epoch": following.epoch,
            "at": at,
        }
    )
    return {"payload": payload, "signature": former.key.sign("epoch", payload)}


def read_succession(wire: object, former_key: str, keys: PublicKeys) -> Succession:
    """A statement whose signature is the former hub's.

    :raises ForgedReceipt: it is not
    """
    try:
        payload, signature = wire["payload"], wire["signature"]  # type: ignore[index]
        keys.check(former_key, "epoch", payload, signature)
        found: dict[str, Any] = json.loads(payload)
        names = ("mission", "former", "hub", "public_key", "epoch")
        return Succession(*(str(found[name]) for name in names))
    except (BadSignature, KeyError, TypeError, ValueError) as error:
        raise ForgedReceipt(NOT_PROVED) from error


def adopt(log: Log, mission: str, statements: Iterable[object]) -> bool:
    """Follow the hub's successions from the one known here; true when there was one to follow.

    Nothing is counted as held by the new hub until it has said so.

    :raises ForgedReceipt: a statement about the hub known here is not signed by it
    """
    keys, wires, moved = PublicKeys(), list(statements), False
    while True:
        hub, key = log.meta("hub_device") or "", log.meta("hub_key") or ""
        following = [wire for wire in wires if _former(wire) == hub]
        if not following:
            return moved
        found = read_succession(following[0], key, keys)
        if found.mission != mission:
            raise ForgedReceipt(NOT_PROVED)
        with log.writing():
            log.trust_hub(found.hub, found.public_key)
            log.set_meta(
                {
                    "hub_device": found.hub,
                    "hub_key": found.public_key,
                    "epoch": found.epoch,
                    "cursor": "",
                    "backed_up_seq": "0",
                }
            )
            log.doubt_held()
        wires.remove(following[0])
        moved = True


def _former(wire: object) -> str:
    try:
        return str(json.loads(wire["payload"])["former"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError, RecursionError):
        return ""
