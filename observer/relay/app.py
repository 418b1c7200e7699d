"""The relay's Flask app: the calls of the protocol under ``/sync/v1``, and nothing else."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from observer.profile import Home
from observer.relay.desk import Desk
from observer.relay.forwarding import Forwarding
from observer.store.carriers import Carriers
from schemas.errors import TrialObserverError
from sync.bodies import parse, too_large, unpack
from sync.clock import utc_now
from sync.errors import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    ServerFault,
    SignedOut,
    SyncError,
    WrongType,
)
from sync.http import HttpTransport, HubRefused
from sync.intake import MAX_BODY_BYTES, MAX_CHANGES, wires
from sync.relay import Relay

RETRY_AFTER: Final = {503: 2, 507: 60, 429: 300}  # seconds
HUB_TIMEOUT: Final = 20.0  # seconds
Connect = Callable[[], HttpTransport]

calls = Blueprint("relay", __name__, url_prefix="/sync/v1")
logger = logging.getLogger(__name__)


class RelayNode:
    """What the app holds open.

    :param home: the folder of a device with the role ``relay``
    :param connect: makes a connection to headquarters
    """

    def __init__(
        self, home: Home, *, forwarding: bool = True, connect: Connect | None = None
    ) -> None:
        profile = home.profile()
        self._connect = connect or partial(HttpTransport, profile.address, timeout=HUB_TIMEOUT)
        self.log = home.log()
        self.carriers = Carriers(home.folder / "carriers.db")
        self.desk = Desk(self.log, self.carriers, profile.mission, utc_now)
        self.relay = Relay(self.log, home.signer(), utc_now)
        self.forwarding = Forwarding(home, self.relay) if forwarding else None

    def close(self) -> None:
        """Finish and close everything."""
        if self.forwarding is not None:
            self.forwarding.close()
        self.carriers.close()
        self.log.close()

    @contextmanager
    def hub(self) -> Iterator[HttpTransport]:
        """A connection to headquarters of a call of its own: tokens must not mix."""
        transport = self._connect()
        try:
            yield transport
        finally:
            transport.close()


def create_relay(home: Home, *, forwarding: bool = True, connect: Connect | None = None) -> Flask:
    """The app over a relay's folder.

    :param forwarding: false: who calls carries on what was taken in
    :param connect: makes a connection to headquarters; by default to the profile's address
    """
    app = Flask("observer.relay", static_folder=None, instance_path=str(home.folder))
    # What is read beyond it is cut by ``_body``; this bounds what is buffered at all.
    app.config["MAX_CONTENT_LENGTH"] = 16 * MAX_BODY_BYTES
    app.extensions["relay"] = RelayNode(home, forwarding=forwarding, connect=connect)
    app.register_blueprint(calls)
    app.register_error_handler(TrialObserverError, _told)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)
    app.after_request(_headers)
    return app


def _node() -> RelayNode:
    found: RelayNode = current_app.extensions["relay"]
    return found


@calls.get("/hello")
def hello() -> dict[str, Any]:
    """Protocol version, this relay's time, limits."""
    return {
        "ok": True,
        "protocol": 1,
        "time": utc_now(),
        "limits": {"changes": MAX_CHANGES, "bytes": MAX_BODY_BYTES},
        "epoch": None,
        "relay": True,
    }


@calls.post("/enrol")
@calls.post("/token")
@calls.post("/renew")
def come_in() -> dict[str, Any]:
    """Pass an enrolment, a sign-in or a renewal on to headquarters."""
    node, body = _node(), _object()
    with node.hub() as hub:
        return node.desk.pass_on(hub, request.path.rpartition("/")[2], body)


@calls.post("/push")
def push() -> dict[str, Any]:
    """Take in changes, to be carried on."""
    node = _node()
    node.desk.carrier(request.headers.get("Authorization", ""))
    answer = node.relay.push(wires(_body()))
    if node.forwarding is not None:
        node.forwarding.wake()
    return answer


@calls.get("/pull")
def pull() -> dict[str, Any]:
    """Ask headquarters for what this device may see, with the device's own token."""
    node = _node()
    _device, token = node.desk.carrier(request.headers.get("Authorization", ""))
    query = {name: request.args[name] for name in ("cursor", "limit") if name in request.args}
    with node.hub() as hub:
        return node.desk.ask(hub, token, "pull", **query)


@calls.post("/heads")
def heads() -> dict[str, Any]:
    """Ask headquarters how far chains have come there."""
    node = _node()
    _device, token = node.desk.carrier(request.headers.get("Authorization", ""))
    with node.hub() as hub:
        return node.desk.tell(hub, token, "heads", _object())


def _body() -> Any:
    if request.mimetype != "application/json":
        raise WrongType("A body is application/json, plain or gzip.")
    encoding = request.headers.get("Content-Encoding", "").lower()
    if encoding not in ("", "identity", "gzip"):
        raise WrongType("A body is application/json, plain or gzip.")
    data = request.get_data(cache=False)
    if len(data) > MAX_BODY_BYTES:
        raise too_large()
    return parse(unpack(data) if encoding == "gzip" else data)


def _object() -> dict[str, Any]:
    body = _body()
    if not isinstance(body, dict):
        raise BadRequest("The body is a JSON object.")
    return body


def _told(error: TrialObserverError) -> Response:
    document = dict(error.answer) if isinstance(error, HubRefused) else error.as_json()
    response = current_app.response_class(
        json.dumps(document, ensure_ascii=False), error.status, mimetype="application/json"
    )
    after = getattr(error, "retry_after", None) or RETRY_AFTER.get(error.status)
    if after:
        response.headers["Retry-After"] = str(int(after))
    if error.code == SignedOut.code:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http(error: HTTPException) -> Response:
    plain: dict[int | None, SyncError] = {
        404: NotFound("There is no such call."),
        405: MethodNotAllowed("This call is made with another method."),
        413: too_large(),
    }
    return _told(plain.get(error.code, BadRequest("The request is not one of the protocol.")))


def _fault(error: Exception) -> Response:
    logger.error("%s: %s", request.endpoint, type(error).__name__)
    return _told(ServerFault("A fault at the relay. Everything is saved here; try again."))


def _headers(response: Response) -> Response:
    response.headers["Trial-Sync"] = "1"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
