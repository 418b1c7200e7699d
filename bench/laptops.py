"""Laptops without pages: a log, a key and a session, as the app has them, against a real ingest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from bench.records import Writer
from bench.servers import MISSION
from review.hub import Hub
from sync.change import Change, Signer
from sync.clock import utc_now
from sync.http import HttpTransport
from sync.intake import receive_own
from sync.invitation import enrol_body
from sync.keys import DeviceKey
from sync.log import Log
from sync.session import Session
from sync.transport import Transport
from sync.trust import believe


@dataclass(frozen=True, slots=True)
class Kept:
    """What another process opens a laptop with; its key lies beside its log."""

    path: Path
    address: str
    token: str
    device: str
    author: str

    def open(self) -> "Laptop":
        """The laptop."""
        key = DeviceKey.load(self.path.with_suffix(".key"))
        signer = Signer(MISSION, self.device, self.author, key)
        return Laptop(Log(self.path), signer, self.address, self.token)


class Laptop:
    """A device of an author, with what it holds."""

    def __init__(self, log: Log, signer: Signer, address: str, token: str) -> None:
        self.log = log
        self.signer = signer
        self.address = address
        self.token = token
        self.writer = Writer(signer)
        head = log.head(signer.device)
        self.writer.seq, self.writer.prev = head.seq, head.hash

    def keep(self, changes: Sequence[Change]) -> None:
        """Store changes that were just signed here."""
        with self.log.writing():
            receive_own(self.log, changes, utc_now)

    def session(self, transport: Transport, **more: Any) -> Session:
        """A session over a transport."""
        return Session(self.log, transport, self.signer, **more)

    def transport(self, timeout: float = 30.0, slowest: float = 125.0) -> HttpTransport:
        """A transport that is signed in already."""
        return HttpTransport(self.address, self.token, timeout, slowest)


def enrolled(hub: Hub, address: str, path: Path, author: str) -> Laptop:
    """A laptop that has just enrolled at a running ingest."""
    invitation = hub.invite(MISSION, author, "observer", 600, address)
    key, device = DeviceKey.generate(), str(uuid7())
    transport = HttpTransport(invitation.address)
    answer = transport.post("enrol", enrol_body(invitation, device, key, utc_now()))
    transport.close()
    log = Log(path)
    with log.writing():
        log.trust_hub(answer["hub"]["device"], answer["hub"]["public_key"])
        log.set_meta(
            {
                "hub_device": answer["hub"]["device"],
                "hub_key": answer["hub"]["public_key"],
                "epoch": answer["epoch"],
                "author": answer["author"],
            }
        )
    believe(log, MISSION, answer["changes"])
    signer = Signer(MISSION, device, answer["author"], key)
    key.save(path.with_suffix(".key"))
    return Laptop(log, signer, invitation.address, str(answer["token"]))
