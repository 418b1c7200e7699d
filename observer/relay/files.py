"""Files by a relay: passed through to headquarters piece by piece, nothing of them is kept here.

A file can be named only by a change that headquarters has, so there is nothing to hold it for.
"""

import re
from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, request

from observer.relay.node import RelayNode, node
from sync.errors import BadRequest, BlobTooLarge
from sync.http import OFFSET_BYTES, TUS

MAX_PIECE: Final = 4_000_000  # bytes of one PATCH; devices send half a megabyte
OFFSET: Final = re.compile(r"[0-9]{1,15}")
pages = Blueprint("files", __name__, url_prefix="/sync/v1")


@pages.route("/blobs/<sha256>", methods=["HEAD"])
def head(sha256: str) -> Response:
    """How much of a file headquarters has."""
    here = node()
    with here.hub() as hub:
        hub.token = _token(here)
        return _passed(hub.head(f"blobs/{sha256}"), 200)


@pages.route("/blobs/<sha256>", methods=["PATCH"])
def patch(sha256: str) -> Response:
    """The next bytes of a file."""
    here = node()
    offset_text = request.headers.get("Upload-Offset", "")
    if request.mimetype != OFFSET_BYTES or not OFFSET.fullmatch(offset_text):
        raise BadRequest(f"A piece of a file is {OFFSET_BYTES} with its Upload-Offset.")
    if (request.content_length or 0) > MAX_PIECE:
        raise BlobTooLarge(f"A piece has at most {MAX_PIECE} bytes by a relay; send less at once.")
    data, offset = request.get_data(cache=False), int(offset_text)
    with here.hub() as hub:
        hub.token = _token(here)
        return _passed(hub.patch(f"blobs/{sha256}", data, offset), 204)


@pages.get("/blobs/<sha256>")
def get(sha256: str) -> Response:
    """The bytes of a file that this device may see."""
    here, token = node(), _token(node())
    start = request.range.ranges[0][0] if request.range else 0

    def pieces() -> Iterator[bytes]:
        with here.hub() as hub:
            hub.token = token
            with hub.stream(f"blobs/{sha256}", start or 0) as found:
                yield from found

    body = pieces()
    first = next(body, b"")  # what headquarters refuses is told before anything is sent

    def whole() -> Iterator[bytes]:
        yield first
        yield from body

    return Response(whole(), 206 if start else 200, mimetype="application/octet-stream")


def _token(here: RelayNode) -> str:
    return here.desk.carrier(request.headers.get("Authorization", ""))[1]


def _passed(headers: dict[str, str], status: int) -> Response:
    kept = {
        name: headers[name.lower()]
        for name in ("Upload-Offset", "Upload-Length")
        if name.lower() in headers
    }
    return Response(status=status, headers={**TUS, **kept})
