"""A real headquarters' folder, its ingest as a real process, and devices that call it over HTTP."""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from review.hub import Hub
from sync.change import Change, Signer, make_change
from sync.clock import utc_now
from sync.http import HttpTransport
from sync.invitation import Invitation, enrol_body
from sync.keys import DeviceKey, PublicKeys
from sync.receipts import read_sheet

MISSION = "training"
NOW = "2026-03-02T09:30:00.000Z"
SHAPE = {"ok", "code", "error", "status", "retry"}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """What came back."""

    status: int
    json: Any
    headers: Mapping[str, str]


@dataclass
class Device:
    """A device that makes its chain of changes."""

    signer: Signer
    token: str
    seq: int = 0
    prev: str = ""

    def change(
        self,
        record: str | None = None,
        fields: dict[str, Any] | None = None,
        kind: str = "observation",
        mission: str | None = None,
    ) -> Change:
        """The device's next change."""
        signer = self.signer
        if mission is not None:
            signer = Signer(mission, signer.device, signer.author, signer.key)
        made = make_change(
            signer,
            seq=self.seq + 1,
            prev=self.prev,
            kind=kind,
            record=record or str(uuid7()),
            parents=(),
            recorded_at=NOW,
            fields=fields or {"mode": "full"},
        )
        self.seq, self.prev = made.seq, made.hash
        return made


@dataclass
class Process:
    """Ingest of one folder, started and ended like a real one."""

    instance: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[str] | None" = None

    @property
    def address(self) -> str:
        """Where the calls are."""
        return f"http://127.0.0.1:{self.port}/-/sync/v1"

    def command(self, *more: str) -> list[str]:
        """The command that starts it."""
        return [
            *(sys.executable, "-m", "review.ingest", "--instance", str(self.instance)),
            *("--port", str(self.port), *more),
        ]

    def start(self, *more: str) -> None:
        """Start, and wait until it answers."""
        self.process = subprocess.Popen(self.command(*more), stderr=subprocess.PIPE, text=True)
        wait_for(lambda: self.hello() is not None, 20)

    def hello(self) -> Answer | None:
        """``GET hello``; ``None`` when nobody listens."""
        try:
            return self.ask("GET", "hello")
        except OSError:
            return None

    def stop(self, how: int = signal.SIGTERM) -> str:
        """End it; gives what it said on standard error."""
        if self.process is None:
            return ""
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=20)
        self.process = None
        return str(said)

    def ask(self, method: str, call: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request, byte for byte as given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            names = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request(method, f"/-/sync/v1/{call}", body, names)
            answer = connection.getresponse()
            raw = answer.read()
            found = {key.lower(): value for key, value in answer.getheaders()}
            return Answer(answer.status, json.loads(raw) if raw else None, found)
        finally:
            connection.close()

    def post(self, call: str, document: object, token: str = "", **headers: str) -> Answer:
        """POST a JSON body."""
        sent = {"Content_Type": "application/json", **headers}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.ask("POST", call, body, **sent)

    def push(self, device: Device, *changes: Change, **headers: str) -> Answer:
        """Push changes as a device."""
        return self.post("push", {"changes": [c.wire() for c in changes]}, device.token, **headers)

    def enrol(self, invitation: Invitation, device: str = "", key: DeviceKey | None = None) -> Any:
        """POST enrol for a fresh device."""
        key, device = key or DeviceKey.generate(), device or str(uuid7())
        return self.post("enrol", enrol_body(invitation, device, key, utc_now()))

    def device(self, hub: Hub, author: str) -> Device:
        """A device enrolled with an invitation."""
        key, id_ = DeviceKey.generate(), str(uuid7())
        invitation = hub.invite(MISSION, author, "observer", 600, self.address)
        answer = self.enrol(invitation, id_, key)
        assert answer.status == 200, answer.json
        return Device(Signer(MISSION, id_, author, key), answer.json["token"])

    def transport(self, token: str = "") -> HttpTransport:
        """The observers' own transport."""
        return HttpTransport(self.address, token)


@dataclass
class Running:
    """A headquarters and its ingest."""

    hub: Hub
    process: Process

    def device(self, author: str = "OBS-1") -> Device:
        """An enrolled device."""
        return self.process.device(self.hub, author)

    def receipts(self, *sheets: dict[str, str]) -> list[dict[str, object]]:
        """The receipts on these sheets, the signature checked."""
        log = self.hub.log(MISSION)
        key = self.hub.seat(log).key.public
        log.close()
        return [one for s in sheets for one in read_sheet(s, MISSION, key, PublicKeys())[1]]


def fails(answer: Answer, status: int, code: str) -> None:
    """The answer is this error, in the one shape of all errors."""
    assert (answer.status, answer.json["code"]) == (status, code)
    assert set(answer.json) == SHAPE
    assert answer.json["status"] == status
    assert answer.headers["trial-sync"] == "1"
    assert answer.headers["cache-control"] == "no-store"


def wait_for(condition: Any, seconds: float) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def new_hub(instance: Path) -> Hub:
    """A headquarters with one practice mission."""
    hub = Hub(instance)
    hub.create(MISSION, "Fictional training", "Europe/Berlin", practice=True)
    return hub


def packed(document: object) -> bytes:
    """A JSON body as gzip."""
    return gzip.compress(json.dumps(document).encode(), 6)


def environment(instance: Path) -> dict[str, str]:
    """For a command line that works on a folder."""
    return {**os.environ, "HUB_INSTANCE": str(instance)}
