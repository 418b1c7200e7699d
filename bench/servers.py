"""The real servers that are measured, on loopback, each ended by its own process."""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from uuid6 import uuid7

from bench.records import Writer
from review.hub import Hub
from sync.change import Signer
from sync.clock import utc_now
from sync.http import HttpTransport
from sync.invitation import enrol_body
from sync.keys import DeviceKey
from sync.log import Log

MISSION = "measured"


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until a condition holds.

    :raises TimeoutError: it does not in time
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("A server did not get ready in time.")
        time.sleep(0.02)


@dataclass
class Server:
    """A server that answers; ``token`` goes with each request."""

    port: int
    token: str = ""

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open."""
        made = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        made.connect()
        made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


@contextlib.contextmanager
def running(command: list[str], port: int, *, plugins: bool = False) -> Iterator[int]:
    """Run a server until the end of the block; gives its process id."""
    # Without plugins Datasette is measured as it comes.
    environment = dict(os.environ)
    if not plugins:
        environment["DATASETTE_LOAD_PLUGINS"] = ""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: _listens(port), 30)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Ingest:
    """Headquarters with its ingest process."""

    hub: Hub
    server: Server
    pid: int = 0

    @property
    def address(self) -> str:
        """Where it is, as an invitation says."""
        return f"http://127.0.0.1:{self.server.port}"

    def device(self) -> tuple[Writer, str]:
        """An enrolled device and its token."""
        invitation = self.hub.invite(MISSION, "OBS-1", "observer", 600, self.address)
        key, id_ = DeviceKey.generate(), str(uuid7())
        transport = HttpTransport(invitation.address, "")
        answer = transport.post("enrol", enrol_body(invitation, id_, key, utc_now()))
        return Writer(Signer(MISSION, id_, "OBS-1", key)), str(answer["token"])

    def behind(self) -> int:
        """How many positions of the log the tables do not show yet."""
        log = Log(self.hub.log_path(MISSION))
        try:
            return log.position() - self.projected()
        finally:
            log.close()

    def projected(self) -> int:
        """How far in the log the tables have come."""
        path = self.hub.instance / "projections" / f"{MISSION}.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            found = db.execute("SELECT position FROM _projection").fetchone()
            return int(found[0]) if found else 0


@contextlib.contextmanager
def ingest(folder: Path, *, projecting: bool) -> Iterator[Ingest]:
    """A fresh headquarters with one practice mission."""
    with contextlib.closing(new_hub(folder)) as hub, serving(hub, projecting=projecting) as found:
        yield found


def new_hub(folder: Path) -> Hub:
    """A fresh headquarters' folder with one practice mission; nothing runs yet."""
    hub = Hub(folder)
    hub.create(MISSION, "Fictional", "Europe/Berlin", practice=True)
    return hub


@contextlib.contextmanager
def serving(hub: Hub, *, projecting: bool) -> Iterator[Ingest]:
    """The ingest process of a headquarters."""
    port, switch = free_port(), "--projecting" if projecting else "--no-projecting"
    command = [sys.executable, "-m", "review.ingest", "--instance", str(hub.instance)]
    with running([*command, "--port", str(port), switch], port) as pid:
        yield Ingest(hub, Server(port), pid)


@contextlib.contextmanager
def datasette(folder: Path) -> Iterator[Server]:
    """Datasette as it comes, with one table in a file in WAL mode that anybody signed in fills."""
    folder.mkdir(parents=True)
    file, port, secret = folder / "peer.db", free_port(), secrets.token_hex(16)
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE changes (id TEXT PRIMARY KEY, payload TEXT, signature TEXT)")
    run = [sys.executable, "-m", "datasette"]
    made = subprocess.run(
        [*run, "create-token", "root", "--secret", secret],
        env={**os.environ, "DATASETTE_LOAD_PLUGINS": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    allow = [f"-s permissions.{name}-row.id root".split() for name in ("insert", "update")]
    command = [*run, str(file), "--secret", secret, "--port", str(port), *sum(allow, [])]
    with running(command, port):
        yield Server(port, made.stdout.strip())


def post(
    connection: http.client.HTTPConnection, path: str, token: str, body: bytes
) -> dict[str, object]:
    """POST a JSON body; the answer.

    :raises RuntimeError: the answer is not a success
    """
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    raw = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{path}: {answer.status} {raw[:200]!r}")
    document: dict[str, object] = json.loads(raw)
    if document.get("stopped"):
        raise RuntimeError(f"{path}: {raw[:300]!r}")
    return document
