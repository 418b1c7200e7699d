"""The relay's Flask app: the calls of the protocol under ``/sync/v1``, and the shell for phones."""

import json
import logging
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from observer.profile import Home
from observer.relay import files
from observer.relay.node import Connect, RelayNode, node
from observer.shell import Shell, add_shell
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
from sync.http import HubRefused
from sync.wires import MAX_BODY_BYTES, MAX_CHANGES, wires

RETRY_AFTER: Final = {503: 2, 507: 60, 429: 300}  # seconds

calls = Blueprint("relay", __name__, url_prefix="/sync/v1")
logger = logging.getLogger(__name__)


def create_relay(
    home: Home,
    *,
    forwarding: bool = True,
    connect: Connect | None = None,
    shell: Shell | None = None,
) -> Flask:
    """The app over a relay's folder.

    :param forwarding: false: who calls carries on what was taken in
    :param connect: makes a connection to headquarters; by default to the profile's address
    :param shell: what phones open, from the same origin; ``None`` for the calls alone
    """
    app = Flask("observer.relay", static_folder=None, instance_path=str(home.folder))
    # What is read beyond it is cut by ``_body``; this bounds what is buffered at all.
    app.config["MAX_CONTENT_LENGTH"] = 16 * MAX_BODY_BYTES
    app.extensions["relay"] = RelayNode(home, forwarding=forwarding, connect=connect)
    app.register_blueprint(calls)
    app.register_blueprint(files.pages)
    if shell is not None:
        add_shell(app, shell)
    app.register_error_handler(TrialObserverError, _told)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)
    app.after_request(_headers)
    return app


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
    here, body = node(), _object()
    with here.hub() as hub:
        return here.desk.pass_on(hub, request.path.rpartition("/")[2], body)


@calls.post("/push")
def push() -> dict[str, Any]:
    """Take in changes, to be carried on."""
    here = node()
    here.desk.carrier(request.headers.get("Authorization", ""))
    answer = here.relay.push(wires(_body()))
    if here.forwarding is not None:
        here.forwarding.wake()
    return answer


@calls.get("/pull")
def pull() -> dict[str, Any]:
    """Ask headquarters for what this device may see, with the device's own token."""
    here = node()
    _device, token = here.desk.carrier(request.headers.get("Authorization", ""))
    query = {name: request.args[name] for name in ("cursor", "limit") if name in request.args}
    with here.hub() as hub:
        return here.desk.ask(hub, token, "pull", **query)


@calls.post("/heads")
def heads() -> dict[str, Any]:
    """Ask headquarters how far chains have come there."""
    here = node()
    _device, token = here.desk.carrier(request.headers.get("Authorization", ""))
    with here.hub() as hub:
        return here.desk.tell(hub, token, "heads", _object())


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
    response.headers["Trial-Code"] = error.code  # HEAD has no body to say it in
    offset = getattr(error, "offset", None)
    if offset is not None:
        response.headers["Upload-Offset"] = str(offset)
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
    if request.blueprint == "shell":
        return response
    response.headers["Trial-Sync"] = "1"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
