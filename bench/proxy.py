"""A small TCP proxy on loopback that is a bad link: slow, late, and cut at a random byte.

Runs in threads of the measuring process. Only bytes that crossed the link are counted; what the
client's kernel took and the link did not is lost with the connection, as on a real one.
"""

import contextlib
import random
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BUFFER = 4096  # bytes that a socket may hold: as little as a slow modem would


@dataclass(slots=True)
class Link:
    """How the link is, in seconds of this machine.

    :ivar bytes_per_s: each way; 0 for as fast as it goes
    :ivar latency_s: added to the first byte of each burst that the client sends
    :ivar cut: given the length of a fresh request's body, after how many bytes of it the
        connection is cut; ``None``: it is not
    """

    bytes_per_s: float = 0.0
    latency_s: float = 0.0
    cut: Callable[[int], int | None] = lambda length: None


@dataclass(slots=True)
class Count:
    """What crossed: bytes up (``body``: of these in bodies) and down, requests, connections cut."""

    up: int = 0
    body: int = 0
    down: int = 0
    requests: int = 0
    cuts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Proxy:
    """Listens on a port of its own; every connection goes to ``target``."""

    def __init__(self, target: int, link: Link) -> None:
        self.target = target
        self.link = link
        self.count = Count()
        self._listener = socket.socket()
        if link.bytes_per_s:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            both = _Pair(client, server, self.link, self.count)
            down = threading.Thread(target=both.down, daemon=True)
            down.start()
            both.up()
            down.join()


class _Pair:
    """One connection through the proxy."""

    def __init__(
        self, client: socket.socket, server: socket.socket, link: Link, count: Count
    ) -> None:
        self.client = client
        self.server = server
        self.link = link
        self.count = count
        self.answered = True  # the next byte from the client begins a request
        self.head: bytes | None = None  # of the request, while it is coming
        self.left: int | None = None

    def up(self) -> None:
        """Carry what the client sends, until it ends or is cut."""
        with contextlib.suppress(OSError):
            while self.left != 0 and (data := self.client.recv(self._piece())):
                if self.answered:
                    self._begin()
                in_body, body = self.head is None, 0
                if self.head is not None:
                    body = self._look(data)
                elif self.left is not None:
                    data = data[: self.left]
                    self.left -= len(data)
                self._wait(len(data))
                self.server.sendall(data)
                with self.count.lock:
                    self.count.up += len(data)
                    self.count.body += body + (len(data) if in_body else 0)
        if self.left == 0:
            with self.count.lock:
                self.count.cuts += 1
        self._end()

    def _begin(self) -> None:
        self.answered, self.head = False, b""
        time.sleep(self.link.latency_s)
        with self.count.lock:
            self.count.requests += 1

    def _look(self, data: bytes) -> int:
        """At the end of a request's head, decide where it is cut; the bytes behind the head."""
        head, end, body = ((self.head or b"") + data).partition(b"\r\n\r\n")
        self.head = None if end else head
        if end:
            found = re.search(rb"(?i)content-length: *(\d+)", head)
            cut = self.link.cut(int(found[1]) if found else 0)
            self.left = None if cut is None else max(0, cut - len(body))
        return len(body)

    def down(self) -> None:
        """Carry what the server answers."""
        with contextlib.suppress(OSError):
            while data := self.server.recv(self._piece()):
                self.answered = True
                self._wait(len(data))
                self.client.sendall(data)
                with self.count.lock:
                    self.count.down += len(data)
        self._end()

    def _piece(self) -> int:
        """Bytes of a twentieth of a second, so that speed is even and a cut is where it should."""
        rate = self.link.bytes_per_s
        return max(16, int(rate / 20)) if rate else 1 << 16

    def _wait(self, size: int) -> None:
        if self.link.bytes_per_s:
            time.sleep(size / self.link.bytes_per_s)

    def _end(self) -> None:
        for one in (self.client, self.server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def now_and_then(share: float, rand: random.Random) -> Callable[[int], int | None]:
    """Cuts a share of the requests, each at a random byte."""

    def cut(length: int) -> int | None:
        return rand.randint(0, length) if rand.random() < share else None

    return cut
