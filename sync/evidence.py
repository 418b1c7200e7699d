"""What a former hub signed for: after a restore, changes that come back are judged as they were.

A change is judged once. A hub that was restored may lack what the verdict rested on (who made the
record, who was assigned); the receipt that the former hub signed says what it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.rights import HUB
from sync.errors import SyncError
from sync.keys import PublicKeys
from sync.log import Log
from sync.receipts import issuer_of, read_sheet

MAX_SHEETS: Final = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a former hub judged a change, and where it stood in that hub's log."""

    code: str | None
    hub_seq: int


def verdicts_of(
    log: Log, mission: str, sheets: Iterable[object], keys: PublicKeys
) -> Mapping[str, Verdict]:
    """The verdicts on sheets that hubs before this one signed; what is not so is left out."""
    present, found = log.meta("hub_device"), {}
    former = {one.device: one.public_key for one in log.devices(HUB) if one.device != present}
    for wire in list(sheets)[:MAX_SHEETS] if former else ():
        try:
            issuer = issuer_of(wire)
            if issuer in former:
                _, receipts = read_sheet(wire, mission, former[issuer], keys)
                for receipt in receipts:
                    found[receipt["hash"]] = Verdict(receipt["code"], receipt["hub_seq"])
        except SyncError:
            continue
    return found
