"""Bodies of the protocol as bytes: unpacked with a cap, and parsed."""

import json
import zlib
from typing import Any

from sync.errors import BadRequest, TooLarge
from sync.wires import MAX_BODY_BYTES


def too_large() -> TooLarge:
    """The error for a body that is over the limit."""
    return TooLarge(f"A body has at most {MAX_BODY_BYTES} bytes, unpacked; send it in parts.")


def unpack(packed: bytes) -> bytes:
    """What is in a gzip body (RFC 1952).

    :raises TooLarge: more than a body may have
    :raises BadRequest: not gzip, or cut off
    """
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(packed, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise BadRequest("The body is not gzip. Send it again.") from error
    if len(body) > MAX_BODY_BYTES:
        raise too_large()
    if not unpacker.eof or unpacker.unused_data:
        raise BadRequest("The body was cut off. Send it again.")
    return body


def parse(body: bytes) -> Any:
    """The JSON of a body.

    :raises BadRequest: cut off, or not JSON
    """
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not whole JSON. Send it again.") from error
