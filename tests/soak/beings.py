"""Programs that are killed, and clients that push meanwhile and remember what was acknowledged."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from sync.change import Change
from sync.clock import utc_now
from sync.errors import SyncError
from sync.http import HttpTransport, HubRefused
from sync.invitation import token_body
from sync.keys import PublicKeys
from sync.receipts import read_sheet
from tests.review.hub_process import MISSION, Device, free_port


@dataclass
class Killed:
    """A program that answers calls until it is killed, by us or by itself."""

    program: str
    folder: Path
    log: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """Where its calls are."""
        path = "/-/sync/v1" if self.program == "ingest" else "/sync/v1"
        return f"http://127.0.0.1:{self.port}{path}"

    def start(self, point: str | None) -> bool:
        """Start it, to die at a point if one is given; false when it died before it answered."""
        plain = ["review.ingest"] if self.program == "ingest" else ["observer.cli"]
        begin = plain if point is None else ["tests.soak.failing", point, self.program]
        more = ["--instance", str(self.folder), "--no-projecting"]
        if self.program != "ingest":
            more = ["serve"]
            begin = ["tests.soak.failing", point or "before_commit:1000000000", "relay"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *begin, *more, "--port", str(self.port)],
            env={**os.environ, "OBSERVER_INSTANCE": str(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 30
        while self.process.poll() is None:
            if self._answers():
                return True
            assert time.monotonic() < end, "it does not answer"
            time.sleep(0.03)
        self.dead()
        return False

    def _answers(self) -> bool:
        transport = HttpTransport(self.address)
        try:
            transport.get("hello")
            return True
        except SyncError:
            return False
        finally:
            transport.close()

    def dead(self) -> None:
        """It must have been killed, and not have ended by a fault of its own."""
        assert self.process is not None
        assert self.process.wait(10) == -signal.SIGKILL
        self.process = None

    def end(self) -> None:
        """Kill it, if it lives."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def live_for(self, seconds: float) -> bool:
        """Wait, then kill it; true when it had killed itself before."""
        assert self.process is not None
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.005)
        itself = self.process.poll() is not None
        if not itself:
            self.process.send_signal(signal.SIGKILL)
        self.dead()
        return itself


@dataclass
class Client:
    """A device that pushes batches; the one whose answer did not come is sent again."""

    device: Device
    issuer: tuple[str, str]  # who signs the receipts: device and key
    hub: str  # headquarters' fingerprint
    random: random.Random
    acknowledged: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    in_flight: list[Change] = field(default_factory=list)
    pushes: int = 0
    known: int = 0
    faults: list[str] = field(default_factory=list)

    def push_until(self, address: str, stop: threading.Event) -> None:
        """Push batch after batch, until the other end is gone."""
        transport = HttpTransport(address, self.device.token, timeout=10)
        try:
            while not stop.is_set():
                if not self.in_flight:
                    many = self.random.randint(1, 12)
                    self.in_flight = [self.device.change() for _ in range(many)]
                self._push(transport)
        except SyncError as error:
            if error.code != "not_reached":
                self.faults.append(f"{error.code}: {error.message}")
        finally:
            transport.close()

    def _push(self, transport: HttpTransport) -> None:
        wires = [change.wire() for change in self.in_flight]
        try:
            answer = transport.post("push", {"changes": wires})
        except HubRefused as error:
            if error.code != "signed_out":
                raise
            signer = self.device.signer
            body = token_body(self.hub, signer.mission, signer.device, signer.key, utc_now())
            self.device.token = transport.token = transport.post("token", body)["token"]
            answer = transport.post("push", {"changes": wires})
        self._acknowledge(answer)

    def _acknowledge(self, answer: dict[str, object]) -> None:
        if answer["stopped"]:
            self.faults.append(f"stopped: {answer['stopped']}")
            return
        states = {}
        for sheet in answer["receipts"]:  # type: ignore[attr-defined]
            if json.loads(sheet["payload"])["hub"] != self.issuer[0]:
                continue  # a relay passes on what headquarters signed, too
            for one in read_sheet(sheet, MISSION, self.issuer[1], PublicKeys())[1]:
                states[one["hash"]] = (str(one["state"]), int(str(one["hub_seq"])))
        for change in self.in_flight:
            if change.hash not in states:
                self.faults.append(f"answered without a receipt: {change.seq}")
                return
            self.acknowledged[change.hash] = (change.payload, *states[change.hash])
        self.pushes += 1
        self.known += len(answer["known"])  # type: ignore[arg-type]
        self.in_flight = []


def press(clients: list[Client], address: str) -> "Pressing":
    """All clients push at once."""
    return Pressing(clients, address)


class Pressing:
    """Clients at work in threads of their own."""

    def __init__(self, clients: list[Client], address: str) -> None:
        self.stop = threading.Event()
        self.threads = [
            threading.Thread(target=client.push_until, args=(address, self.stop))
            for client in clients
        ]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        """Wait until all have noticed."""
        self.stop.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()
