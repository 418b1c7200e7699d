"""Where devices bring their changes: a small ASGI application, and the process that runs it.

It takes bytes, asks ``sync.intake`` what they are worth, and answers after they are on disk. The
bearer says who carries, the signature says who wrote. No page, no cookie, no content in its log.
"""

import asyncio
import logging
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import click
import uvicorn

from review.bearers import Bearers
from review.blobs import METHODS, Blobs, Carrier, headers_of
from review.bodies import Gone, Receive, Scope, Send, read_json, send_json
from review.calls import Calls
from review.channel import Channel
from review.enrolment import Enrolment
from review.errors import HubPortBusy
from review.faults import told_without_content
from review.hub import CALLS, Hub
from review.projector import ProjectorProcess
from review.renewal import Renewal
from review.supervised import end_with_parent
from schemas.errors import TrialObserverError
from sync.blob_limits import Limits
from sync.clock import utc_now
from sync.errors import (
    MethodNotAllowed,
    NotFound,
    ServerFault,
    SignedOut,
    UnknownMission,
)
from sync.log import Device
from sync.trust import check_device
from sync.wires import MAX_BODY_BYTES, MAX_CHANGES

PROTOCOL: Final = 1
ROUTES: Final = (
    ("GET", f"{CALLS}/hello"),
    ("POST", f"{CALLS}/enrol"),
    ("POST", f"{CALLS}/token"),
    ("POST", f"{CALLS}/renew"),
    ("POST", f"{CALLS}/push"),
    ("POST", f"{CALLS}/heads"),
    ("GET", f"{CALLS}/pull"),
    *((method, f"{CALLS}/blobs/{{sha256}}") for method in METHODS),
)
BLOBS: Final = f"{CALLS}/blobs/"
RETRY_AFTER: Final = {503: b"2", 507: b"60", 429: b"300"}  # seconds

logger = logging.getLogger(__name__)
_Answer = Awaitable[Mapping[str, Any]]


class Ingest:
    """The application.

    :param hub: the headquarters; closed together with the application
    :param projecting: keep the projections as well
    :param limits: what files may be
    """

    def __init__(self, hub: Hub, *, projecting: bool = True, limits: Limits | None = None) -> None:
        self.hub = hub
        self.blobs = Blobs(hub.instance / "blobs", limits)
        self.projecting = projecting
        self.enrolment = Enrolment(hub, self.channel)
        self.renewal = Renewal(hub, self.channel)
        self.calls = Calls(hub.now)
        self._bearers = Bearers(hub.instance / "hub.db", hub.store)
        self._opening = threading.Lock()
        self._channels: dict[str, Channel] = {}
        self._projector: ProjectorProcess | None = None
        # One at a time: enrolments wait for the disk, and wrong codes are counted in turn.
        self._desk = ThreadPoolExecutor(1, thread_name_prefix="enrolment")
        self._calls: dict[str, tuple[str, Callable[[Scope, Receive], _Answer]]] = {
            path: (method, getattr(self, f"_{path.rpartition('/')[2]}"))
            for method, path in ROUTES
            if "{" not in path
        }

    def open(self) -> None:
        """Open all missions.

        :raises LogInUse: another process holds one of the logs
        """
        for mission in self.hub.missions():
            self._open(mission)
        if self.projecting:
            self._projector = ProjectorProcess(self.hub.instance)

    def close(self) -> None:
        """Finish what waits and close everything."""
        self._desk.shutdown()
        self.blobs.close()
        for channel in self._channels.values():
            channel.close()
        if self._projector is not None:
            self._projector.close()
        self._channels.clear()
        self._bearers.close()
        self.hub.close()

    def _open(self, mission: str) -> Channel:
        self._channels[mission] = Channel(self.hub, mission)
        return self._channels[mission]

    def channel(self, mission: str) -> Channel:
        """The channel of a mission, opened now if it was made since the start.

        :raises UnknownMission: there is none of this name
        """
        found = self._channels.get(mission)
        if found is not None:
            return found
        with self._opening:
            if mission in self._channels:
                return self._channels[mission]
            if mission not in self.hub.missions():
                raise UnknownMission("There is no such mission here.")
            return self._open(mission)

    # -- ASGI -------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self.close)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"].startswith(BLOBS):
                await self._blob(scope, receive, send)
                return
            document = await self._called(scope)(scope, receive)
        except Gone:
            return
        except TrialObserverError as error:
            await send_json(send, error.status, error.as_json(), _headers_of(error, scope))
        except Exception as error:
            logger.error("%s: %s", scope["method"], told_without_content(error))
            fault = ServerFault("A fault at headquarters. Everything is saved here; try again.")
            await send_json(send, fault.status, fault.as_json())
        else:
            await send_json(send, 200, document)

    def _called(self, scope: Scope) -> Callable[[Scope, Receive], _Answer]:
        found = self._calls.get(scope["path"])
        if found is None:
            raise NotFound("There is no such call.")
        method, call = found
        if scope["method"] != method:
            raise MethodNotAllowed(f"This call is made with {method}.")
        return call

    # -- calls ------------------------------------------------------------------------

    async def _hello(self, _scope: Scope, _receive: Receive) -> dict[str, Any]:
        return {
            "ok": True,
            "protocol": PROTOCOL,
            "time": utc_now(),
            "limits": {"changes": MAX_CHANGES, "bytes": MAX_BODY_BYTES},
            # Each mission has an epoch of its own, which only its devices are told.
            "epoch": None,
        }

    async def _enrol(self, scope: Scope, receive: Receive) -> Any:
        body = await read_json(scope, receive)
        return await self._at_desk(self.enrolment.enrol, body)

    async def _token(self, scope: Scope, receive: Receive) -> Any:
        body = await read_json(scope, receive)
        return await self._at_desk(self.enrolment.token, body)

    async def _at_desk(self, call: Callable[[object], Any], body: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._desk, call, body)

    async def _renew(self, scope: Scope, receive: Receive) -> Any:
        body = await read_json(scope, receive)
        return await self._at_desk(self.renewal.renew, body)

    async def _push(self, scope: Scope, receive: Receive) -> Any:
        channel, _device = self._carrier(scope)
        return await self.calls.push(channel, await read_json(scope, receive))

    async def _heads(self, scope: Scope, receive: Receive) -> Any:
        channel, _device = self._carrier(scope)
        return await self.calls.heads(channel, await read_json(scope, receive))

    async def _pull(self, scope: Scope, _receive: Receive) -> Any:
        channel, device = self._carrier(scope)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return await self.calls.pull(channel, device, {key: v[0] for key, v in query.items()})

    async def _blob(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in METHODS:
            raise MethodNotAllowed(f"This call is made with {', '.join(METHODS)}.")
        channel, device = self._carrier(scope)
        carrier = Carrier(channel.reader, channel.seat.mission, device)
        await self.blobs.answer(scope, receive, send, carrier, scope["path"].removeprefix(BLOBS))

    def _carrier(self, scope: Scope) -> tuple[Channel, Device]:
        """The mission and the device of the bearer, if it may still carry."""
        session = self._bearers.session(scope)
        channel = self.channel(session.mission)
        self.blobs.tidy(session.mission, channel.reader)
        device = channel.reader.device(session.device)
        return channel, check_device(device, self.hub.now())


def _headers_of(error: TrialObserverError, scope: Scope) -> list[tuple[bytes, bytes]]:
    headers = []
    if error.status in RETRY_AFTER:
        headers.append((b"retry-after", RETRY_AFTER[error.status]))
    if isinstance(error, SignedOut):
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, MethodNotAllowed):
        allowed = [method for method, path in ROUTES if path == scope["path"]] or METHODS
        headers.append((b"allow", ", ".join(allowed).encode()))
    return headers + headers_of(error) if scope["path"].startswith(BLOBS) else headers


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound, so that a busy port is told before anything starts.

    :raises HubPortBusy: another program uses the port
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: else asyncio leaves Nagle's delay on, 40 ms for each small answer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise HubPortBusy(f"Port {port} of {host} cannot be used: {error.strerror}.") from error
    return bound


@click.command()
@click.option("--instance", type=click.Path(path_type=Path), required=True, help="The folder.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8002, show_default=True, help="Port to listen on.")
@click.option("--projecting/--no-projecting", default=True, help="Keep the tables as well.")
def main(instance: Path, host: str, port: int, projecting: bool) -> None:
    """Take in what devices push, and keep the tables."""
    os.umask(0o077)
    try:
        bound = listen(host, port)
        app = Ingest(Hub(instance), projecting=projecting, limits=Limits.of(os.environ))
        app.open()
    except TrialObserverError as error:
        click.echo(error.message, err=True)
        sys.exit(1)
    end_with_parent()
    # No access log: it would tell who sent something, when and from where.
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    main()
