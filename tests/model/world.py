"""A headquarters, a relay and devices, all of them the real code, on links that fail.

Only processes are missing: the hub is its ASGI application, the relay its WSGI application, and a
crash is a transaction that is cut before or after its commit, after which the files are opened
anew.
"""

import asyncio
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from observer.profile import Home, enrol
from observer.relay import create_relay
from review.backup import back_up
from review.hub import Hub
from review.ingest import Ingest
from review.restore import restore
from sync.change import Change, Signer
from sync.cut import Dirty, cut
from sync.errors import SyncError
from sync.fold import fold
from sync.http import HttpTransport
from sync.intake import AT_RELAY
from sync.invitation import enrol_body
from sync.keys import DeviceKey, PublicKeys
from sync.log import Log
from sync.receipts import issuer_of, read_sheet
from sync.session import Session
from sync.trust import believe
from tests.model.links import Link, Net, to_asgi, to_wsgi
from tests.model.oracle import Fact, fact

MISSION = "modelled"
HUB_ADDRESS = "http://hub.invalid/-/sync/v1"
RELAY_ADDRESS = "http://relay.invalid/sync/v1"
AUTHORS = ("ANNA", "BEN", "CARA")


class Crash(Exception):  # noqa: N818 - a power cut is not an error of ours
    """The program is gone."""


class CrashingLog(Log):
    """A log whose commits can be cut: ``before`` or ``after`` the next one."""

    crash_at = ""

    def _commit(self) -> None:
        at, self.crash_at = self.crash_at, ""
        if at == "before":
            raise Crash
        super()._commit()
        if at == "after":
            raise Crash


@dataclass
class Device:
    """A phone or laptop: its log, its key, its clock, and the way that it knows."""

    log: CrashingLog
    signer: Signer
    transport: HttpTransport
    offset: timedelta = timedelta()
    retired: bool = False
    receipts: dict[str, str] = field(default_factory=dict)
    drafts: list[tuple[Dirty, frozenset[str]]] = field(default_factory=list)

    def now(self) -> str:
        """This device's own idea of the time."""
        try:
            moment = datetime.now(UTC) + self.offset
        except OverflowError:
            moment = datetime.now(UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def reopen(self) -> None:
        """As after a crash."""
        path = self.log.path
        self.log.close()
        self.log = CrashingLog(path)

    def write(self, kind: str, record: str, fields: dict[str, Any]) -> Change | None:
        """Cut a change; ``None`` when the device crashed meanwhile."""
        try:
            return cut(self.log, self.signer, [Dirty(kind, record, fields)], self.now)[0]
        except Crash:
            self.reopen()
            return None

    def draft(self, kind: str, record: str, fields: dict[str, Any]) -> None:
        """Write something that is sent later; what is here of the record has been seen."""
        changes = self.log.changes_of(record)
        dirty = Dirty(kind, record, fields, fold(changes).heads)
        self.drafts.append((dirty, frozenset(change.hash for change in changes)))

    def send(self) -> list[tuple[Change, frozenset[str]]]:
        """Cut the drafts; each change with what its author had seen of the record."""
        drafts, self.drafts = self.drafts, []
        try:
            changes = cut(self.log, self.signer, [dirty for dirty, _ in drafts], self.now)
        except Crash:
            self.reopen()
            return []
        return list(zip(changes, [seen for _, seen in drafts], strict=True))

    def sync(self, **how: Any) -> str:
        """A conversation; gives the code of the error it ended with, or nothing."""
        try:
            Session(self.log, self.transport, self.signer, self.now, **how).run()
        except SyncError as error:
            return error.code
        except Crash:
            self.reopen()
            return "crash"
        finally:
            self.remember()
        return ""

    def remember(self) -> None:
        """Keep what was acknowledged to this device: that must never be lost."""
        rows = self.log.db.execute("SELECT hash, state FROM receipts").fetchall()
        for hash_, state in rows:
            self.receipts.setdefault(hash_, state)


class World:
    """One headquarters with everybody around it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.net = Net()
        self.loop = asyncio.new_event_loop()
        self.hub = Hub(folder / "hub")
        if not self.hub.missions():
            self.hub.create(MISSION, "Modelled (fictional)", "UTC", practice=True)
            for name in ("vera", "paul"):
                self.hub.store.add_reviewer(name, "-", "reviewer", MISSION)
        self.app = self._open_app()
        self.devices: list[Device] = []
        self.relay_home: Home | None = None
        self.relay: Any = None
        self.relays = 0
        self.backup: Path | None = None
        self.restored = 0
        self.keys = dict([self._seat()])

    # -- headquarters -----------------------------------------------------------------

    def _open_app(self) -> Ingest:
        app = Ingest(self.hub, projecting=False)
        app.open()
        channel = app.channel(MISSION)
        channel.log.__class__ = CrashingLog
        return app

    def _seat(self) -> tuple[str, str]:
        log = self.hub.log(MISSION)
        try:
            seat = self.hub.seat(log)
            return seat.device, seat.key.public
        finally:
            log.close()

    def crash_hub_at_next_commit(self, when: str) -> None:
        """Cut the next transaction of the hub's log."""
        self.app.channel(MISSION).log.crash_at = when  # type: ignore[attr-defined]

    def restart_hub(self) -> None:
        """Headquarters goes down and up again."""
        path = self.hub.instance
        self.app.close()
        self.hub = Hub(path)
        self.app = self._open_app()

    def back_up(self) -> None:
        """A backup beside the running headquarters."""
        with self.calm():
            made = back_up(self.hub, self.folder / "backups")
        assert made.sound
        self.backup = made.folder

    def burn_and_restore(self) -> None:
        """Headquarters is lost, and a backup becomes one; the relay stays."""
        if self.backup is None:
            return
        self.app.close()
        self.restored += 1
        instance = self.folder / f"hub {self.restored}"
        restore(self.backup, instance)
        self.hub = Hub(instance)
        self.app = self._open_app()
        self.keys.update([self._seat()])
        self.back_up()  # as the command does: the new key must be in a backup

    def to_hub(self) -> Link:
        """A link to headquarters."""
        return Link(self.net, to_asgi(lambda: self.app, self.loop))

    def to_relay(self) -> Link:
        """A link to the relay."""
        return Link(self.net, to_wsgi(lambda: self.relay))

    def facts(self) -> list[Fact]:
        """Everything in the hub's log."""
        log = self.hub.log(MISSION)
        try:
            rows = log.db.execute(
                "SELECT coalesce(payload, envelope), position, state, code, hash FROM changes"
                " ORDER BY position"
            ).fetchall()
        finally:
            log.close()
        return [fact(row) for row in rows]

    def makers(self) -> dict[str, str] | None:
        """Who made each record: after a restore that is not the order of the log any more."""
        if not self.restored:
            return None
        log = self.hub.log(MISSION)
        try:
            return dict(log.db.execute("SELECT record, author FROM records").fetchall())
        finally:
            log.close()

    def roles(self) -> dict[str, tuple[str, str]]:
        """Author and role of each device, as headquarters has them."""
        log = self.hub.log(MISSION)
        try:
            return {d.device: (d.author, d.role) for d in log.devices()}
        finally:
            log.close()

    def receipts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All receipts that the hub ever signed, the chain of their sheets checked."""
        log = self.hub.log(MISSION)
        try:
            rows = log.db.execute("SELECT payload, signature, hash FROM sheets ORDER BY sheet")
            wires = [({"payload": r[0], "signature": r[1]}, r[2]) for r in rows.fetchall()]
        finally:
            log.close()
        before, keys = "", PublicKeys()
        for wire, hash_ in wires:
            sheet, receipts = read_sheet(wire, MISSION, self.keys[issuer_of(wire)], keys)
            assert f'"prev":"{before}"' in wire["payload"]
            assert sheet.hash == hash_
            before = hash_
            for receipt in receipts:
                yield receipt["hash"], receipt

    # -- devices ----------------------------------------------------------------------

    def enrol(self, author: str, *, by_relay: bool = False) -> Device:
        """A new device of an author; on a link without faults."""
        with self.calm():
            address = RELAY_ADDRESS if by_relay else HUB_ADDRESS
            invitation = self.hub.invite(MISSION, author, "observer", 600, HUB_ADDRESS)
            invitation = replace(invitation, address=address)
            key, id_ = DeviceKey.generate(), str(uuid7())
            link = self.to_relay() if by_relay else self.to_hub()
            transport = HttpTransport(address, link=link)
            body = enrol_body(invitation, id_, key, datetime.now(UTC).isoformat())
            answer = transport.post("enrol", body)
            log = CrashingLog(self.folder / "devices" / f"{id_}.db")
            keep_enrolment(log, answer, MISSION)
            self.devices.append(Device(log, Signer(MISSION, id_, author, key), transport))
            return self.devices[-1]

    @contextmanager
    def calm(self) -> Iterator[None]:
        """For a while nothing fails."""
        log = self.app.channel(MISSION).log
        faults, self.net.faults = self.net.faults, deque()
        crash, log.crash_at = log.crash_at, ""  # type: ignore[attr-defined]
        try:
            yield
        finally:
            self.net.faults = faults
            log.crash_at = crash  # type: ignore[attr-defined]

    def new_relay(self) -> None:
        """A relay, or another one when the one before is lost with all that it held."""
        if self.relay is not None:
            self.relay.extensions["relay"].close()
            shutil.rmtree(self.relay_home.folder)  # type: ignore[union-attr]
        self.relays += 1
        home = Home(self.folder / f"relay {self.relays}")
        name = f"RELAY-{self.relays}"
        with self.calm():
            invitation = self.hub.invite(MISSION, name, "relay", 600, HUB_ADDRESS)
            enrol(home, invitation, connect=lambda _address: self._to_hub())
        self.relay_home = home
        self.relay = create_relay(home, forwarding=False, connect=self._to_hub)
        self._relay_transport = self._to_hub()

    def _to_hub(self) -> HttpTransport:
        return HttpTransport(HUB_ADDRESS, link=self.to_hub())

    def forward(self) -> str:
        """The relay carries on what it has; gives the code of the error it ended with."""
        node = self.relay.extensions["relay"]
        try:
            session = Session(
                node.log, self._relay_transport, node.relay.signer, node.relay.now, node=AT_RELAY
            )
            node.relay.refused(session.run().pushed.stopped)
        except SyncError as error:
            return error.code
        return ""

    def close(self) -> None:
        """Close and remove everything."""
        for device in self.devices:
            device.transport.close()
            device.log.close()
        if self.relay is not None:
            self.relay.extensions["relay"].close()
            self._relay_transport.close()
        self.app.close()
        self.loop.close()
        shutil.rmtree(self.folder)


def keep_enrolment(log: Log, answer: dict[str, Any], mission: str) -> None:
    """What a device keeps of the answer to its enrolment."""
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
    believe(log, mission, answer["changes"])


def new_folder() -> Path:
    """A folder in memory where there is one: what is modelled is cuts, not disks."""
    memory = Path("/dev/shm")  # noqa: S108 - removed at the end
    return Path(tempfile.mkdtemp(prefix="modelled-", dir=memory if memory.is_dir() else None))
