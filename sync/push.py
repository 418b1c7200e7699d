"""The sending end: push what headquarters is not known to hold, keep the receipts, say what became.

The receipt is stored before anything else happens with a change. An unknown outcome means: send
again, which is harmless.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.errors import ForgedReceipt, NewEpoch
from sync.intake import MAX_BODY_BYTES, MAX_CHANGES
from sync.keys import PublicKeys
from sync.log import Log
from sync.receipts import NOT_PROVED, Sheet, issuer_of, read_sheet
from sync.transport import Transport

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

    def run(self, progress: Progress) -> Report:
        """Push until nothing waits that could still be taken."""
        total, done = self.log.count_unreceived(), 0
        progress(done, total)
        while batch := list(self._next_batch()):
            answer = self.transport.post(
                "push", {"changes": [{k: c[k] for k in ("payload", "signature")} for c in batch]}
            )
            settled = self._settle(answer, batch)
            done += settled
            progress(done, max(total, done))
            if settled == 0 and not answer.get("stopped"):
                raise ForgedReceipt(
                    "Headquarters answered without receipts. Nothing is lost; retry."
                )
        return self.report

    def _next_batch(self) -> Iterator[dict[str, str]]:
        size = count = 0
        wanted = MAX_CHANGES + len(self._carried)
        for change in self.log.unreceived(wanted, without=self.report.stopped):
            if change["hash"] in self._carried:
                continue
            size += len(json.dumps(change["payload"], ensure_ascii=False).encode()) + 200
            if count == MAX_CHANGES or (count and size > MAX_BODY_BYTES):
                return
            count += 1
            yield change

    def _settle(self, answer: Mapping[str, Any], batch: list[dict[str, str]]) -> int:
        asked = {change["hash"] for change in batch}
        known = set(answer.get("known", ()))
        settled: set[str] = set()
        for wire in answer.get("receipts", ()):
            sheet, receipts, from_hub = read_any_sheet(self.log, wire, self.mission, self.keys)
            with self.log.writing():
                self.log.add_sheet(sheet.number, sheet.hash, sheet.payload, sheet.signature)
                for receipt in receipts:
                    if receipt["hash"] in asked:
                        self._keep(receipt, sheet, from_hub, receipt["hash"] in known)
                        settled.add(receipt["hash"])
        self._stop(answer)
        keep_backed_up(self.log, answer)
        return len(settled)

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
                with self.log.writing():
                    self.log.mark_held_upto(device, int(head["seq"]))
                continue
            self.report.stopped[device] = stop


def read_any_sheet(
    log: Log, wire: object, mission: str, keys: PublicKeys
) -> tuple[Sheet, list[dict[str, Any]], bool]:
    """A sheet of the hub or of a relay of this mission, its receipts, and whether it is the hub's.

    :raises ForgedReceipt: it is neither's
    :raises NewEpoch: it is from another epoch than the one known here
    """
    issuer = issuer_of(wire)
    if issuer == log.meta("hub_device"):
        sheet, receipts = read_sheet(wire, mission, log.meta("hub_key") or "", keys)
        if sheet.epoch != log.meta("epoch"):
            raise NewEpoch("Headquarters was restored. Sign in again.")
        return sheet, receipts, True
    relay = log.device(issuer)
    if relay is None or relay.role != "relay":
        raise ForgedReceipt(NOT_PROVED)
    sheet, receipts = read_sheet(wire, mission, relay.public_key, keys)
    return sheet, receipts, False


def keep_backed_up(log: Log, answer: Mapping[str, Any]) -> None:
    """Remember how far headquarters has backed up; an answer of another epoch says nothing.

    :raises NewEpoch: the hub was restored since
    """
    if answer.get("epoch") != log.meta("epoch"):
        raise NewEpoch("Headquarters was restored. Sign in again.")
    seq = answer.get("backed_up_seq", 0)
    if isinstance(seq, int) and str(seq) != log.meta("backed_up_seq"):
        with log.writing():
            log.set_meta({"backed_up_seq": str(seq)})
