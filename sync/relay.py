"""A relay: it takes changes of many phones as bytes, signs that it has them, and carries them on.

It judges no rights and shows nothing of one device to another. What it has lost, a phone still
holds: only headquarters' receipt counts as *received*, a relay's says *sent*. Knows no HTTP.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from sync.change import Signer
from sync.clock import Clock
from sync.errors import Busy
from sync.intake import AT_RELAY, Batch, Outcome, check_batch, take
from sync.keys import PublicKeys
from sync.log import Log
from sync.receipts import Issuer, issue_sheet
from sync.wires import Wire

MAX_WAITING = 32


class Relay:
    """One mission's relay.

    :param log: what it carries
    :param signer: the relay's own device
    """

    def __init__(self, log: Log, signer: Signer, now: Clock) -> None:
        self.log = log
        self.signer = signer
        self.now = now
        self.keys = PublicKeys()
        self._refused: dict[str, Mapping[str, Any]] = {}
        self._room = threading.BoundedSemaphore(MAX_WAITING)

    def push(self, pairs: Sequence[Wire]) -> dict[str, Any]:
        """Take in a phone's push: the answer, after everything in it is on disk.

        :param pairs: payloads and signatures
        :raises Busy: too many wait already
        :raises StorageFull: nothing of the push was stored
        """
        if not self._room.acquire(blocking=False):
            raise Busy("Too many are sending at once. Everything is saved here; try again soon.")
        try:
            batch = check_batch(self.log, self.signer.mission, pairs, self.keys, believing=True)
            if not batch.checked:
                outcome = Outcome(known=batch.known, stopped=batch.stopped, devices=batch.devices)
                return self._answer(outcome)
            with self.log.writing():
                return self._store(batch)
        finally:
            self._room.release()

    def _store(self, batch: Batch) -> dict[str, Any]:
        moment, last = self.now(), self.log.last_sheet(self.signer.device)
        outcome = take(self.log, batch, moment, last[0] + 1, node=AT_RELAY)
        if outcome.receipts:
            sheet = issue_sheet(self._issuer, last, outcome.receipts, moment)
            self.log.keep_sheet(sheet)
        return self._answer(outcome, [receipt["hash"] for receipt in outcome.receipts])

    @property
    def _issuer(self) -> Issuer:
        signer = self.signer
        return Issuer(signer.mission, signer.device, self.log.meta("epoch") or "", signer.key)

    def _answer(self, outcome: Outcome, new: Sequence[str] = ()) -> dict[str, Any]:
        hashes = [*outcome.known, *new]
        numbers = {
            entry.sheet for entry in self.log.known(hashes).values() if entry.sheet is not None
        }
        heads = {device: self.log.head(device) for device in sorted(outcome.devices)}
        stopped = {device: stop.as_json() for device, stop in outcome.stopped.items()}
        refused = {d: self._refused[d] for d in outcome.devices if d in self._refused}
        return {
            "ok": True,
            "heads": {device: {"seq": h.seq, "hash": h.hash} for device, h in heads.items()},
            # Headquarters' own come last: they say more.
            "receipts": [
                *self.log.sheets(numbers, self.signer.device),
                *self.log.hub_sheets(hashes),
            ],
            "known": outcome.known,
            "stopped": {**refused, **stopped},
            "epoch": self.log.meta("epoch"),
            "backed_up_seq": int(self.log.meta("backed_up_seq") or 0),
            "relay": [change.wire() for change in self.log.changes_of(self.signer.device)],
        }

    def refused(self, stopped: Mapping[str, Mapping[str, Any]]) -> None:
        """Remember what headquarters refused, to tell the phones when they come again."""
        self._refused = dict(stopped)
