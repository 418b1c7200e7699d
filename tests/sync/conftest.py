"""A hub's and an observer's log on real files, with keys."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from sync.change import Change, Signer, make_change
from sync.intake import Outcome, check_batch, receive_own, take
from sync.keys import DeviceKey, PublicKeys
from sync.log import Log

NOW = "2026-03-02T09:30:00.000Z"


@dataclass
class Chain:
    """Makes the changes of one device, each after the other."""

    signer: Signer
    seq: int = 0
    prev: str = ""

    def change(
        self,
        record: str | None = None,
        fields: dict[str, Any] | None = None,
        kind: str = "observation",
        parents: tuple[str, ...] = (),
        recorded_at: str = NOW,
    ) -> Change:
        """The device's next change."""
        made = make_change(
            self.signer,
            seq=self.seq + 1,
            prev=self.prev,
            kind=kind,
            record=record or str(uuid7()),
            parents=parents,
            recorded_at=recorded_at,
            fields=fields or {"mode": "full"},
        )
        self.seq, self.prev = made.seq, made.hash
        return made


def new_chain(author: str, mission: str = "training") -> Chain:
    """A device of an author, not enrolled anywhere yet."""
    return Chain(Signer(mission, str(uuid7()), author, DeviceKey.generate()))


@dataclass
class Node:
    """A log with its hub chain, as the hub has it."""

    log: Log
    hub: Chain
    keys: PublicKeys = field(default_factory=PublicKeys)

    def enrol(self, author: str, role: str = "observer") -> Chain:
        """A device enrolled for an author."""
        chain = new_chain(author)
        fields = {"author": author, "role": role, "public_key": chain.signer.key.public}
        change = self.hub.change(chain.signer.device, fields, "device")
        with self.log.writing():
            receive_own(self.log, [change], lambda: NOW)
        return chain

    def push(self, *changes: Change) -> Outcome:
        """What becomes of these changes when they come in one batch."""
        pairs = [(change.payload, change.signature) for change in changes]
        batch = check_batch(self.log, "training", pairs, self.keys)
        with self.log.writing():
            return take(self.log, batch, NOW)


def new_node(path: Path) -> Node:
    """A hub's log with nothing but the hub's own device."""
    log, hub = Log(path / "training.db"), new_chain("HQ")
    with log.writing():
        log.trust_hub(hub.signer.device, hub.signer.key.public)
        log.set_meta({"hub_device": hub.signer.device})
    return Node(log, hub)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A fresh hub log."""
    made = new_node(tmp_path)
    yield made
    made.log.close()
