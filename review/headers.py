"""Headers that every answer of headquarters carries. Changes nothing else."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Any, Send], Awaitable[None]]

# Datasette's own pages carry scripts and styles inside; nothing is loaded from anywhere else.
POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    b"form-action 'self'"
)
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"content-security-policy", POLICY),
)


def with_headers(app: App) -> App:
    """The application, adding each header that an answer does not have itself."""

    async def wrapped(scope: Message, receive: Any, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers") or ())
                have = {name.lower() for name, _ in given}
                message["headers"] = given + [one for one in HEADERS if one[0] not in have]
            await send(message)

        await app(scope, receive, sending)

    return wrapped
