"""Request bodies and answers of the protocol over ASGI: sizes, types, JSON, headers.

Every answer carries ``Trial-Sync: 1`` and is not to be cached. Cookies are never looked at.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from sync.bodies import parse, too_large, unpack
from sync.errors import BadRequest, WrongType
from sync.wires import MAX_BODY_BYTES

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# A body that is too large is read on for a while, so that the sender is there to hear the answer.
MAX_DRAINED: Final = 16 * MAX_BODY_BYTES
SILENCE: Final = 60.0  # seconds without a byte of a body
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"trial-sync", b"1"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


class Gone(Exception):  # noqa: N818 - not an error: there is nobody left to answer
    """The client went away."""


def header(scope: Scope, name: bytes) -> str:
    """A request header's value, empty if there is none; ``name`` in small letters."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1")).strip()
    return ""


async def send_json(
    send: Send, status: int, document: Mapping[str, Any], more: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Answer with a JSON object."""
    body = _encode(document).encode("utf-8", "replace")
    length = (b"content-length", str(len(body)).encode())
    headers = [*_HEADERS, length, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read_json(scope: Scope, receive: Receive) -> Any:
    """The JSON of a request body.

    :raises WrongType: neither plain nor gzip ``application/json``
    :raises TooLarge: over the limit, packed or unpacked
    :raises BadRequest: cut off, or not JSON
    :raises Gone: the client went away
    """
    kind = header(scope, b"content-type").partition(";")[0].strip().lower()
    encoding = header(scope, b"content-encoding").lower()
    packed = await _read(receive)
    if kind != "application/json" or encoding not in ("", "identity", "gzip"):
        raise WrongType("A body is application/json, plain or gzip.")
    if packed is None:
        raise too_large()
    return parse(unpack(packed) if encoding == "gzip" else packed)


async def _read(receive: Receive) -> bytes | None:
    """The body as sent; ``None`` when it is over the limit."""
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= MAX_DRAINED:
        try:
            async with asyncio.timeout(SILENCE):
                message = await receive()
        except TimeoutError as error:
            raise BadRequest("The body stopped coming. Send it again.") from error
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size <= MAX_BODY_BYTES:
            parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts) if size <= MAX_BODY_BYTES else None
