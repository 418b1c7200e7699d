"""Bodies that are not held in memory: what comes in piece by piece, and what part is asked for."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Final

from review.bodies import Gone, Receive, Scope, header
from sync.errors import BadRange, BadRequest

WRITE: Final = 1 << 16  # bytes of a body that are written at once, and held for each request
MAX_DRAINED: Final = 4_000_000  # bytes of a refused body that are read, so that the answer is heard
SILENCE: Final = 60.0  # seconds without a byte of a body
RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Body:
    """A request's body, piece by piece."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

    async def _part(self) -> bytes:
        try:
            async with asyncio.timeout(SILENCE):
                message = await self._receive()
        except TimeoutError as error:
            self._more = False
            raise BadRequest("The body stopped coming. Go on from where it is here.") from error
        if message["type"] == "http.disconnect":
            self._more = False
            raise Gone
        self._more = bool(message.get("more_body", False))
        return bytes(message.get("body", b""))

    async def pieces(self) -> AsyncIterator[bytearray]:
        """Pieces that are worth a write each; the last one also when the body was cut."""
        waiting = bytearray()
        try:
            while self._more:
                waiting += await self._part()
                if len(waiting) >= WRITE:
                    yield waiting
                    waiting = bytearray()
        except (Gone, BadRequest):
            if waiting:
                yield waiting
            raise
        if waiting:
            yield waiting

    async def drain(self) -> None:
        """Read on for a while, so that the sender is there to hear the refusal."""
        read = 0
        with contextlib.suppress(BadRequest):
            while self._more and read < MAX_DRAINED:
                read += len(await self._part())


def range_of(scope: Scope, size: int) -> tuple[int, int, int]:
    """Status, first and last byte (RFC 9110, section 14.2); what is no range is not looked at."""
    match = RANGE.fullmatch(header(scope, b"range"))
    if match is None or match.groups() == ("", ""):
        return 200, 0, size - 1
    start, stop = match.groups()
    if not start:
        first, last = max(0, size - int(stop)), size - 1
    else:
        first, last = int(start), min(int(stop or size), size - 1)
    if first > last:
        raise BadRange(f"The file has {size} bytes.")
    return 206, first, last
