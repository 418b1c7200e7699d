"""A limit on guessing passwords, and one way only to sign in.

Counts wrong passwords of each network address in memory; a restart forgets them. Checks no password
itself.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from review.headers import App, Message, Send

SIGN_IN = "/-/login"
WRONG_TRIES = 10
WITHIN = 300.0  # seconds
REMEMBERED = 10_000  # addresses


class Throttle:
    """The application behind the limit.

    :param clock: seconds, never going back
    """

    def __init__(self, app: App, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self.clock = clock
        self._wrong: dict[str, deque[float]] = defaultdict(deque)

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """Answer a request, or refuse it with 429."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = {**scope, "headers": [one for one in scope["headers"] if not _basic(one)]}
        if scope["method"] != "POST" or not scope["path"].endswith(SIGN_IN):
            await self.app(scope, receive, send)
            return
        address = (scope.get("client") or ("",))[0]
        if self._too_many(address):
            await _refuse(send)
            return

        async def watching(message: Message) -> None:
            # A right password leads on (302); a wrong one gets the form again.
            if message["type"] == "http.response.start":
                if message["status"] == 302:
                    self._wrong.pop(address, None)
                else:
                    self._wrong[address].append(self.clock())
            await send(message)

        await self.app(scope, receive, watching)

    def _too_many(self, address: str) -> bool:
        if len(self._wrong) > REMEMBERED:
            self._wrong.clear()
        tries = self._wrong[address]
        while tries and tries[0] < self.clock() - WITHIN:
            tries.popleft()
        return len(tries) >= WRONG_TRIES


def _basic(header: tuple[bytes, bytes]) -> bool:
    """Whether a header is a password sent with the request, a way around the form."""
    return header[0].lower() == b"authorization" and header[1][:6].lower() == b"basic "


async def _refuse(send: Send) -> None:
    body = b"Too many wrong passwords. Wait five minutes and try again."
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"retry-after", str(int(WITHIN)).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
