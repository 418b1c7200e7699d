"""Whether the receipt sheets of a log are headquarters' own, unbroken, and say what is here.

The chain of sheets goes on over restores: the first sheet of a new epoch names the last restored.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sync.epochs import read_succession
from sync.errors import ForgedReceipt, SyncError
from sync.keys import PublicKeys, sha256_hex
from sync.log.audit import SheetRow


class Standing(NamedTuple):
    """Where and how a change stands in the log; ``hub``: one of headquarters' own."""

    hash: str
    position: int
    device: str
    seq: int
    state: str
    code: str | None
    received_at: str
    sheet: int | None
    hub: bool


@dataclass(slots=True)
class Sheets:
    """How many sheets, and what is wrong, with the change where it shows in one."""

    count: int = 0
    faults: list[tuple[str, Standing | None]] = field(default_factory=list)


def check_sheets(
    sheets: Iterable[SheetRow],
    meta: Mapping[str, str],
    hubs: Mapping[str, str],
    standing: Mapping[str, Standing],
    keys: PublicKeys,
) -> Sheets:
    """Check all sheets, and each receipt on them against its change.

    :param sheets: by number
    :param hubs: keys of the present and the former hubs, by device
    :param standing: all changes by hash
    """
    found, last, signed_for = Sheets(), (0, ""), set()
    epochs = {meta.get("hub_device", ""): meta.get("epoch", "")}
    for row in sheets:
        found.count += 1
        document = _document(row, meta.get("mission", ""), hubs, keys)
        why = (
            "it is not a sheet that headquarters signed"
            if document is None
            else "it does not follow the sheet before it"
            if (row.sheet, document.get("prev")) != (last[0] + 1, last[1])
            else "it is of another epoch than the others of its hub"
            if epochs.setdefault(document["hub"], document["epoch"]) != document["epoch"]
            else ""
        )
        last = (row.sheet, row.hash)
        if why:
            found.faults.append((f"receipt sheet {row.sheet}: {why}", None))
        for receipt in document["receipts"] if document else ():
            at = standing.get(str(receipt.get("hash")))
            if at is None:
                found.faults.append(
                    (f"receipt sheet {row.sheet} signs for a change that is not here", None)
                )
            elif _differs(receipt, at):
                found.faults.append((f"receipt sheet {row.sheet} says something else of it", at))
            elif at.sheet == row.sheet:
                signed_for.add(at.hash)
    for at in standing.values():
        if at.hash not in signed_for and not (at.hub and at.sheet is None):
            found.faults.append(("no receipt sheet signs for it", at))
    return found


def _document(
    row: SheetRow, mission: str, hubs: Mapping[str, str], keys: PublicKeys
) -> dict[str, Any] | None:
    """A sheet's document, when a hub signed it for this mission under this number."""
    try:
        document = json.loads(row.payload)
        keys.check(hubs[document["hub"]], "receipt", row.payload, row.signature)
        sound = (document["mission"], document["sheet"]) == (mission, row.sheet)
        shaped = isinstance(document["receipts"], list) and isinstance(document["epoch"], str)
        if sound and shaped and sha256_hex(row.payload) == row.hash:
            return dict(document)
    except (SyncError, KeyError, TypeError, ValueError, RecursionError):
        pass
    return None


def _differs(receipt: Mapping[str, Any], at: Standing) -> bool:
    said = (receipt.get(name) for name in ("device", "seq", "state", "hub_seq", "received_at"))
    here = (at.device, at.seq, at.state, at.position, at.received_at)
    return tuple(said) != here or receipt.get("code") != at.code


def check_succession(
    meta: Mapping[str, str], hubs: Mapping[str, str], keys: PublicKeys
) -> list[str]:
    """What is wrong with the statements by which each former hub named the next.

    :param hubs: keys of the present and the former hubs, by device
    """
    before = ""
    try:
        statements = json.loads(meta.get("succession", "[]"))
        for wire in statements:
            former = str(json.loads(wire["payload"])["former"])
            stated = read_succession(wire, hubs.get(former, ""), keys)
            if before not in ("", former) or stated.mission != meta.get("mission"):
                return ["the statements of former headquarters do not follow each other"]
            before = stated.hub
    except (ForgedReceipt, KeyError, TypeError, ValueError, RecursionError):
        return ["a statement of a former headquarters is not signed by it"]
    if not statements:
        return []
    named = (stated.hub, stated.public_key, stated.epoch)
    if named != (meta.get("hub_device"), meta.get("hub_key"), meta.get("epoch")):
        return ["the last statement of the former headquarters does not name the present one"]
    return []
