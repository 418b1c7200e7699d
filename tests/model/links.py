"""Links that lose, double, hold back and cut what they carry, between the real ends."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from flask import Flask

Deliver = Callable[[httpx2.Request, bytes], tuple[int, list[tuple[str, str]], bytes]]

FAULTS = (
    "lost",  # the request never arrives
    "held",  # it arrives later, when others have been before it
    "cut",  # half of it arrives
    "doubled",  # it arrives twice
    "unanswered",  # it arrives, the answer does not
    "short",  # half of the answer arrives
    "portal",  # a sign-in page of the network answers
)


@dataclass
class Net:
    """The faults that wait for the next requests, and the requests that are held back."""

    faults: deque[str] = field(default_factory=deque)
    held: list[tuple[Deliver, httpx2.Request, bytes]] = field(default_factory=list)
    calls: int = 0

    def release(self, index: int) -> None:
        """Let a held request arrive now; nobody waits for its answer."""
        deliver, request, body = self.held.pop(index % len(self.held))
        deliver(request, body)


class Link(httpx2.BaseTransport):
    """Carries requests to a real application in this process, with the net's faults."""

    def __init__(self, net: Net, deliver: Deliver) -> None:
        self.net = net
        self.deliver = deliver

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Carry one request."""
        body = request.read()
        self.net.calls += 1
        fault = self.net.faults.popleft() if self.net.faults else ""
        if fault == "lost":
            raise httpx2.ConnectError("lost", request=request)
        if fault == "held":
            self.net.held.append((self.deliver, request, body))
            raise httpx2.ReadTimeout("held", request=request)
        if fault == "cut":
            self.deliver(request, body[: len(body) // 2])
            raise httpx2.ReadError("cut", request=request)
        if fault == "portal":
            return httpx2.Response(200, text="<html>Welcome to the hotel</html>", request=request)
        status, headers, content = self.deliver(request, body)
        if fault == "doubled":
            status, headers, content = self.deliver(request, body)
        if fault == "unanswered":
            raise httpx2.ReadError("unanswered", request=request)
        if fault == "short":
            content = content[: len(content) // 2]
            headers = [(name, value) for name, value in headers if name != "content-length"]
        return httpx2.Response(status, headers=headers, content=content, request=request)


def to_asgi(app: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> Deliver:
    """Delivers to an ASGI application; asked for anew each time, since it may have crashed."""

    def deliver(request: httpx2.Request, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": request.method,
            "path": request.url.path,
            "query_string": request.url.query,
            "headers": [(k.lower(), v) for k, v in request.headers.raw],
        }
        loop.run_until_complete(app()(scope, receive, send))
        start = sent[0]
        headers = [(k.decode(), v.decode()) for k, v in start["headers"]]
        return start["status"], headers, b"".join(m.get("body", b"") for m in sent[1:])

    return deliver


def to_wsgi(app: Callable[[], Flask]) -> Deliver:
    """Delivers to a WSGI application."""

    def deliver(request: httpx2.Request, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = (
            app()
            .test_client()
            .open(
                path=request.url.raw_path.decode(),
                method=request.method,
                headers=[(k.decode(), v.decode()) for k, v in request.headers.raw],
                data=body,
            )
        )
        content = answer.get_data()
        headers = [(k.lower(), v) for k, v in answer.headers.items()]
        answer.close()
        return answer.status_code, headers, content

    return deliver
