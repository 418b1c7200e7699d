"""The sending end: push what headquarters is not known to hold, keep the receipts, say what became.

The receipt is stored before anything else happens with a change. An unknown outcome means: send
again, which is harmless.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.rights import HUB
from sync.errors import ForgedReceipt
from sync.keys import PublicKeys
from sync.log import Log
from sync.pace import Pace
from sync.receipts import Sheet
from sync.transport import Transport
from sync.trust import believe, keep_backed_up, read_any_sheet
from sync.wires import MAX_BODY_BYTES, MAX_CHANGES

FIRST: Final = 16_000  # bytes of changes sent at once, before packing, on an unknown network
LEAST: Final = 4_000
ROOM: Final = MAX_BODY_BYTES - 50_000  # of which changes and former hubs' sheets take so many

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Report:
    """What a push did: counts, and what was not accepted with the reason.

    ``sent`` are new at headquarters, ``known`` were there, ``carried`` lie with a relay.
    """

    sent: int = 0
    known: int = 0
    carried: int = 0
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    stopped: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether everything that waited was stored."""
        return not self.quarantined and not self.stopped


def push(
    log: Log, transport: Transport, mission: str, progress: Progress = lambda done, total: None
) -> Report:
    """Send all changes that headquarters is not known to hold.

    :raises SyncError: when the hub could not be reached or refused the call; what had a receipt
        by then keeps it
    :raises NewEpoch: the hub was restored since; sign in again
    :raises ForgedReceipt: when receipts do not carry the hub's signature
    """
    return Pushing(log, transport, mission).run(progress)


class Pushing:
    """One push, batch after batch."""

    def __init__(self, log: Log, transport: Transport, mission: str) -> None:
        self.log = log
        self.transport = transport
        self.mission = mission
        self.keys = PublicKeys()
        self.report = Report()
        self._carried: set[str] = set()
        self._gaps: set[str] = set()
        self._pace = Pace(log, "pace_text", first=FIRST, least=LEAST, most=ROOM)

    def run(self, progress: Progress) -> Report:
        """Push until nothing waits that could still be taken."""
        total, done = self.log.count_unreceived(), 0
        progress(done, total)
        while batch := list(self._next_batch()):
            with self._pace.sending(sum(map(_size, batch))):
                answer = self.transport.post("push", self._body(batch))
            settled = self._settle(answer, batch)
            done += settled
            progress(done, max(total, done))
            if settled == 0 and not answer.get("stopped"):
                raise ForgedReceipt(
                    "Headquarters answered without receipts. Nothing is lost; retry."
                )
        return self.report

    def _body(self, batch: list[dict[str, str]]) -> dict[str, Any]:
        body: dict[str, Any] = {"changes": [_wire(change) for change in batch]}
        if self._restored():
            # Headquarters was restored: how these were judged before is signed for.
            body["receipts"] = self.log.former_sheets(change["hash"] for change in batch)
        return body

    def _restored(self) -> bool:
        return len(self.log.devices(HUB)) > 1

    def _next_batch(self) -> Iterator[dict[str, str]]:
        size = count = 0
        restored, sheets = self._restored(), dict[str, int]()
        wanted = MAX_CHANGES + len(self._carried)
        for change in self.log.unreceived(wanted, without=self.report.stopped):
            if change["hash"] in self._carried:
                continue
            size += _size(change)
            for sheet in self.log.former_sheets([change["hash"]]) if restored else ():
                sheets[sheet["signature"]] = _size(sheet)
            full = size > self._pace.size or size + sum(sheets.values()) > ROOM
            if count == MAX_CHANGES or (count and full):
                return
            count += 1
            yield change
            if '"kind":"device"' in change.get("payload", ""):
                return  # what the device wrote is taken once its record is there

    def _settle(self, answer: Mapping[str, Any], batch: list[dict[str, str]]) -> int:
        # First the epoch: receipts of a hub that is not known yet cannot be read.
        keep_backed_up(self.log, answer)
        asked = {change["hash"] for change in batch}
        known = set(answer.get("known", ()))
        settled: set[str] = set()
        # A relay shows the record by which headquarters made it one.
        believe(self.log, self.mission, list(answer.get("relay", ())))
        for wire in answer.get("receipts", ()):
            sheet, receipts, from_hub = read_any_sheet(self.log, wire, self.mission, self.keys)
            with self.log.writing():
                self.log.keep_sheet(sheet)
                for receipt in receipts:
                    if receipt["hash"] in asked:
                        self._keep(receipt, sheet, from_hub, receipt["hash"] in known)
                        settled.add(receipt["hash"])
        settled |= self._own_of_hub(batch, known - settled)
        self._stop(answer)
        return len(settled)

    def _own_of_hub(self, batch: list[dict[str, str]], known: set[str]) -> set[str]:
        """Headquarters signs no receipts for what it wrote itself; that it knows it is enough."""
        hubs = {device.device for device in self.log.devices(HUB)}
        found = {c["hash"] for c in batch if c["device"] in hubs and c["hash"] in known}
        if found:
            with self.log.writing():
                self.log.mark_held(found)
            self.report.known += len(found)
        return found

    def _keep(self, receipt: dict[str, Any], sheet: Sheet, from_hub: bool, known: bool) -> None:
        if not from_hub:
            self.log.add_sent(receipt, sheet.hub, sheet.hash)
            self._carried.add(receipt["hash"])
            self.report.carried += 1
            return
        self.log.add_receipt(receipt, sheet.hash)
        if receipt["hash"] in self._carried:
            self._carried.discard(receipt["hash"])
            self.report.carried -= 1
        if receipt["state"] == "quarantined":
            self.report.quarantined.append(receipt)
        elif known:
            self.report.known += 1
        else:
            self.report.sent += 1

    def _stop(self, answer: Mapping[str, Any]) -> None:
        for device, stop in answer.get("stopped", {}).items():
            head = answer.get("heads", {}).get(device, {})
            if stop.get("code") == "gap" and device not in self._gaps and "seq" in head:
                # What was believed to be there is not: send from its head on, once.
                self._gaps.add(device)
                seq = int(head["seq"])
                # Of a chain with another change at its head, nothing is known to be there.
                same = seq == 0 or self.log.hash_at(device, seq) == head.get("hash")
                with self.log.writing():
                    self.log.mark_held_upto(device, seq if same else 0)
                continue
            self.report.stopped[device] = stop


def _size(change: Mapping[str, str]) -> int:
    text = change.get("payload") or change["envelope"]
    return len(json.dumps(text, ensure_ascii=False).encode()) + 200


def _wire(change: Mapping[str, str]) -> dict[str, str]:
    """As it travels; of an erased change only its envelope does."""
    names = ("payload", "signature") if "payload" in change else ("envelope", "signature", "hash")
    return {name: change[name] for name in names}
