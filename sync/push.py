"""The sending end: push what has no receipt yet, keep the receipts, say what became of it.

The receipt is stored before anything else happens with a change. An unknown outcome means: send
again, which is harmless.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sync.errors import ForgedReceipt
from sync.intake import MAX_BODY_BYTES, MAX_CHANGES
from sync.keys import PublicKeys
from sync.log import Log
from sync.receipts import read_sheet

Progress = Callable[[int, int], None]


class Transport(Protocol):
    """What carries a call to the hub; raises ``SyncError`` when the answer is not a success."""

    def post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON body to ``/sync/v1/<call>``; the answer's JSON object."""
        ...


@dataclass(slots=True)
class Report:
    """What a push did: counts, and what was not accepted with the reason."""

    sent: int = 0
    known: int = 0
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    stopped: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether everything that waited was stored."""
        return not self.quarantined and not self.stopped


def push(
    log: Log, transport: Transport, mission: str, progress: Progress = lambda done, total: None
) -> Report:
    """Send all changes without a receipt.

    :raises SyncError: when the hub could not be reached or refused the call; what had a receipt
        by then keeps it
    :raises ForgedReceipt: when receipts do not carry the hub's signature
    """
    hub_key = log.meta("hub_key") or ""
    keys, report = PublicKeys(), Report()
    total, done = log.count_unreceived(), 0
    progress(done, total)
    while batch := list(_next_batch(log, report)):
        answer = transport.post(
            "push",
            {"changes": [{k: c[k] for k in ("payload", "signature")} for c in batch]},
        )
        settled = _settle(log, answer, batch, mission, hub_key, keys, report)
        done += settled
        progress(done, total)
        if settled == 0 and not answer.get("stopped"):
            raise ForgedReceipt("Headquarters answered without receipts. Nothing is lost; retry.")
    return report


def _next_batch(log: Log, report: Report) -> Iterator[dict[str, str]]:
    size = 0
    for count, change in enumerate(log.unreceived(MAX_CHANGES, without=report.stopped)):
        size += len(json.dumps(change["payload"], ensure_ascii=False).encode()) + 200
        if count and size > MAX_BODY_BYTES:
            return
        yield change


def _settle(
    log: Log,
    answer: Mapping[str, Any],
    batch: list[dict[str, str]],
    mission: str,
    hub_key: str,
    keys: PublicKeys,
    report: Report,
) -> int:
    asked = {change["hash"] for change in batch}
    known = set(answer.get("known", ()))
    settled = 0
    for wire in answer.get("receipts", ()):
        sheet, receipts = read_sheet(wire, mission, hub_key, keys)
        with log.writing():
            log.add_sheet(sheet.number, sheet.hash, sheet.payload, sheet.signature)
            for receipt in receipts:
                if receipt["hash"] not in asked:
                    continue
                asked.discard(receipt["hash"])
                log.add_receipt(receipt, sheet.hash)
                settled += 1
                _count(report, receipt, known)
    report.stopped.update(answer.get("stopped", {}))
    return settled


def _count(report: Report, receipt: dict[str, Any], known: set[str]) -> None:
    if receipt["state"] == "quarantined":
        report.quarantined.append(receipt)
    elif receipt["hash"] in known:
        report.known += 1
    else:
        report.sent += 1
