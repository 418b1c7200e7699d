"""Receipt sheets: what the hub signs for having stored, each naming the sheet before it.

A sheet is ``{payload, signature}``; its payload is in the profile of a change and has the keys
``v mission hub epoch sheet prev issued_at receipts``. A receipt says ``hash device seq state
hub_seq received_at`` and, in quarantine, ``code``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.errors import BadSignature, ForgedReceipt
from sync.keys import DeviceKey, PublicKeys, sha256_hex

NOT_PROVED: Final = (
    "What answered could not prove that it is headquarters. Nothing is counted as "
    "received; your changes stay here. Tell headquarters."
)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs receipts: the hub's device and key, in its present epoch."""

    mission: str
    hub: str
    epoch: str
    key: DeviceKey


@dataclass(frozen=True, slots=True)
class Sheet:
    """A signed receipt sheet and the hash of its payload; ``hub`` is the device that issued it."""

    hub: str
    epoch: str
    number: int
    hash: str
    payload: str
    signature: str

    def wire(self) -> dict[str, str]:
        """The form in which a sheet travels."""
        return {"payload": self.payload, "signature": self.signature}


def issue_sheet(
    issuer: Issuer, last: tuple[int, str], receipts: Sequence[dict[str, Any]], issued_at: str
) -> Sheet:
    """The next sheet of the hub's chain.

    :param last: number and hash of the sheet before, ``(0, "")`` for the first
    """
    number, prev = last[0] + 1, last[1]
    payload = _encode(
        {
            "v": 1,
            "mission": issuer.mission,
            "hub": issuer.hub,
            "epoch": issuer.epoch,
            "sheet": number,
            "prev": prev,
            "issued_at": issued_at,
            "receipts": list(receipts),
        }
    )
    return Sheet(
        issuer.hub,
        issuer.epoch,
        number,
        sha256_hex(payload),
        payload,
        issuer.key.sign("receipt", payload),
    )


def issuer_of(wire: object) -> str:
    """Which device a sheet says that it is from; not proved yet.

    :raises ForgedReceipt: it is not a sheet at all
    """
    try:
        return str(json.loads(wire["payload"])["hub"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ForgedReceipt(NOT_PROVED) from error


def read_sheet(
    wire: object, mission: str, hub_key: str, keys: PublicKeys
) -> tuple[Sheet, list[dict[str, Any]]]:
    """A sheet from an answer and the receipts on it.

    :param hub_key: public key of the device that must have issued it
    :raises ForgedReceipt: it is not signed by this mission's hub, or is not a sheet at all
    """
    try:
        payload, signature = wire["payload"], wire["signature"]  # type: ignore[index]
        keys.check(hub_key, "receipt", payload, signature)
        document = json.loads(payload)
        if document["mission"] != mission:
            raise ForgedReceipt("The receipt is for another mission.")
        receipts = [_receipt(entry) for entry in document["receipts"]]
        sheet = Sheet(
            *(str(document["hub"]), str(document["epoch"]), int(document["sheet"])),
            *(sha256_hex(payload), payload, signature),
        )
        return sheet, receipts
    except (BadSignature, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ForgedReceipt(NOT_PROVED) from error


def _receipt(entry: dict[str, Any]) -> dict[str, Any]:
    if entry["state"] not in ("stored", "quarantined"):
        raise ValueError("unknown receipt state")
    return {
        "hash": str(entry["hash"]),
        "state": entry["state"],
        "code": entry.get("code"),
        "hub_seq": int(entry["hub_seq"]),
        "received_at": str(entry["received_at"]),
    }
