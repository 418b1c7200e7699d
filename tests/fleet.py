"""Laptops without pages: a log, a key and a session against a real ingest process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from sync.change import Change, Signer
from sync.clock import utc_now
from sync.cut import Dirty, cut
from sync.fold import Folded, fold
from sync.http import HttpTransport
from sync.invitation import Invitation, enrol_body
from sync.keys import DeviceKey
from sync.log import Log
from sync.session import Exchange, Session
from sync.trust import believe
from tests.review.hub_process import MISSION, Running


@dataclass
class Phone:
    """A device of an author, with what it holds."""

    log: Log
    signer: Signer
    transport: HttpTransport

    def write(self, kind: str, record: str, fields: Mapping[str, Any]) -> Change:
        """Cut a change of a record."""
        return cut(self.log, self.signer, [Dirty(kind, record, fields)], utc_now)[0]

    def sync(self, going_on: Callable[[], bool] = lambda: True) -> Exchange:
        """A conversation with headquarters."""
        session = Session(self.log, self.transport, self.signer)
        return session.run(going_on=going_on)

    def folded(self, record: str) -> Folded:
        """A record as this device sees it."""
        return fold(self.log.changes_of(record))

    def close(self) -> None:
        """Close the log and the connections."""
        self.transport.close()
        self.log.close()


def new_phone(at: Running, folder: Path, author: str, role: str = "observer") -> Phone:
    """A device that has just enrolled."""
    invitation = at.hub.invite(MISSION, author, role, 600, at.process.address)
    return enrolled(invitation, folder)


def enrolled(invitation: Invitation, folder: Path) -> Phone:
    """A device that uses an invitation."""
    key, device = DeviceKey.generate(), str(uuid7())
    transport = HttpTransport(invitation.address)
    answer = transport.post("enrol", enrol_body(invitation, device, key, utc_now()))
    log = Log(folder / f"{device}.db")
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
    believe(log, invitation.mission, answer["changes"])
    return Phone(log, Signer(invitation.mission, device, answer["author"], key), transport)
