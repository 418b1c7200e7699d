"""A whole conversation of a device with headquarters: sign in, send, fetch, and say how it went.

Text goes before files. Being signed out, offline or refused is a state that is kept and shown; it
never keeps anybody from writing. Knows neither HTTP nor pages.
"""

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sync.change import Signer
from sync.clock import Clock, utc_now
from sync.epochs import adopt
from sync.errors import NewEpoch, NotReached, SignedOut, SyncError, SyncRunning, UnknownDevice
from sync.http import HubRefused
from sync.intake import AT_LAPTOP, Node
from sync.invitation import token_body
from sync.keys import fingerprint
from sync.log import Log
from sync.pull import pull
from sync.push import Progress, Report, push
from sync.transport import Transport
from sync.trust import Pulled

ROUNDS = 3


class Files(Protocol):
    """What sends and fetches attachments; after all text."""

    def exchange(self, transport: Transport, going_on: Callable[[], bool]) -> None:
        """Send what headquarters lacks of one's files, resuming where it stopped."""
        ...


@dataclass(frozen=True, slots=True)
class Condition:
    """How the last conversation ended; ``code`` is that of the error, empty when all went well."""

    code: str
    message: str
    at: str
    last_good_at: str


@dataclass(slots=True)
class Exchange:
    """What went out and what came in.

    ``new_epoch``: headquarters had been restored. ``renewed``: this goes on as a new device.
    ``behind``: headquarters has changes of this device that are not here, so this is an older copy
    of it; what it wrote next would be a fork.
    """

    pushed: Report = field(default_factory=Report)
    pulled: Pulled = field(default_factory=Pulled)
    new_epoch: bool = False
    renewed: bool = False
    behind: bool = False


@contextlib.contextmanager
def alone(lock: Path) -> Iterator[None]:
    """One conversation at a time for a device, across processes.

    :raises SyncRunning: another one is under way
    """
    with open(lock, "a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SyncRunning(
                "Another program on this device is sending already. It will finish by itself."
            ) from error
        yield


class Session:
    """One device's conversations with headquarters, directly or by a relay."""

    def __init__(
        self,
        log: Log,
        transport: Transport,
        signer: Signer,
        now: Clock = utc_now,
        *,
        node: Node = AT_LAPTOP,
        files: Files | None = None,
    ) -> None:
        self.log = log
        self.transport = transport
        self.signer = signer
        self.now = now
        self.node = node
        self.files = files

    def run(
        self,
        progress: Progress = lambda done, total: None,
        going_on: Callable[[], bool] = lambda: True,
    ) -> Exchange:
        """Send and fetch; what was done when an error comes stays done.

        :param going_on: asked between the steps; false ends the conversation, to be resumed
        :raises SyncError: as :func:`condition` tells afterwards
        """
        found = Exchange()
        try:
            self._converse(found, progress, going_on)
        except SyncError as error:
            self._remember(error.code, error.message)
            raise
        self._remember("", "")
        return found

    def _converse(self, found: Exchange, progress: Progress, going_on: Callable[[], bool]) -> None:
        mission = self.signer.mission
        for attempt in range(ROUNDS):
            try:
                if not self.transport.token:
                    found.new_epoch |= self.sign_in()
                if going_on():
                    found.pushed = push(self.log, self.transport, mission, progress)
                if going_on():
                    found.pulled = pull(
                        self.log,
                        self.transport,
                        mission,
                        self.now,
                        node=self.node,
                        going_on=going_on,
                    )
                    seq, hash_ = found.pulled.head
                    here = self.log.hash_at(self.signer.device, seq) if seq else ""
                    found.behind = here != hash_
                if self.files is not None and going_on():
                    self.files.exchange(self.transport, going_on)
                return
            except (NewEpoch, SignedOut, HubRefused) as error:
                if error.code not in (SignedOut.code, NewEpoch.code) or attempt == ROUNDS - 1:
                    raise
                self.transport.token = ""

    def sign_in(self) -> bool:
        """Get a fresh token; true when headquarters had been restored and was followed.

        :raises SyncError: not reached, or refused
        """
        moved = False
        records: dict[str, Any] = {}
        for _ in range(ROUNDS):
            hub = fingerprint(self.log.meta("hub_key") or "")
            signer = self.signer
            body = token_body(hub, signer.mission, signer.device, signer.key, self.now())
            try:
                self.transport.token = str(
                    self.transport.post("token", {**body, **records})["token"]
                )
            except HubRefused as error:
                if error.code == UnknownDevice.code and not records:
                    # Enrolled after the backup that was restored: its record is kept here.
                    own = self.log.changes_of(signer.device)
                    records = {"records": [change.wire() for change in own]}
                    continue
                statements = error.answer.get("succession", ())
                if error.code != NewEpoch.code or not adopt(self.log, signer.mission, statements):
                    raise
                moved = True
                continue
            if moved:
                self._ask_what_is_held()
            return moved
        raise NotReached("Headquarters changes its key again and again. Tell headquarters.")

    def _ask_what_is_held(self) -> None:
        """After a restore: count as held only what the hub says it has of each chain."""
        devices = [device.device for device in self.log.devices()]
        for start in range(0, len(devices), 100):
            part = devices[start : start + 100]
            heads: dict[str, Any] = self.transport.post("heads", {"devices": part})["heads"]
            with self.log.writing():
                for device, head in heads.items():
                    seq, hash_ = int(head["seq"]), str(head["hash"])
                    here, known = self.log.hash_at(device, seq), self.log.device(device)
                    # Of others' chains only parts are here. Of one's own all is: where its end
                    # there is not here, or another, all is sent, and told as a fork if it is one.
                    others = known is not None and known.author != self.signer.author
                    same = here == hash_ or (here is None and others)
                    self.log.mark_held_upto(device, seq if same else 0)

    def _remember(self, code: str, message: str) -> None:
        at, before = self.now(), condition(self.log)
        last_good = at if not code else before.last_good_at if before else ""
        with self.log.writing():
            self.log.set_meta(
                {"condition": json.dumps(asdict(Condition(code, message, at, last_good)))}
            )


def condition(log: Log) -> Condition | None:
    """How the last conversation ended; ``None`` before the first."""
    text = log.meta("condition")
    return Condition(**json.loads(text)) if text else None
