"""Random requests over real sockets, and what every answer to one must be like."""

import gzip
import json
import random
import re
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from uuid6 import uuid7

from sync.change import Signer
from sync.clock import utc_now
from sync.http import HttpTransport
from sync.invitation import token_body

SLOWEST = 1.0  # seconds
SHAPE = {"ok", "code", "error", "status", "retry"}
BY_DESIGN = {503, 507}
PROTOCOL = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"
CODES = set(re.findall(r"^\| `([a-z_]+)` \| \d{3} \|", PROTOCOL.read_text(), re.MULTILINE))
CALLS = (
    "hello",
    "enrol",
    "token",
    "renew",
    "push",
    "heads",
    "pull",
    "blobs/" + "a" * 64,
    "blobs/x",
)
METHODS = ("GET", "POST", "HEAD", "PATCH", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "BREW")
QUERIES = (
    *("", "?cursor=", "?cursor=x", "?limit=0", "?limit=-1", "?limit=99999", "?limit=999999999999"),
    *(
        "?limit=%D9%A3",
        "?cursor=%00",
        "?cursor=" + "9" * 3000,
        "?limit=1&limit=x",
        "?%ff=%ff",
        "?&&=",
    ),
    "?cursor=01a20dc9.99999999999999999999999",
)
PATHS = (
    "",
    "/",
    "/%00",
    "/../hello",
    "//",
    "/hello/",
    "/%2e%2e/",
    "/" + "x" * 3000,
    "/blobs/",
    "/é",
)
HEADERS = (
    *(
        "Cookie: token=x; ds_actor=y",
        "Content-Type: text/plain",
        "Content-Type: application/json; charset=utf-7",
    ),
    *(
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: multipart/form-data; boundary=x",
    ),
    *(
        "Content-Encoding: gzip",
        "Content-Encoding: br",
        "Content-Encoding: gzip, gzip",
        "Accept: */*;q=x",
    ),
    *("Upload-Offset: 0", "Upload-Offset: -1", "Upload-Offset: " + "9" * 5000, "Upload-Offset: x"),
    *("Tus-Resumable: 1.0.0", "Tus-Resumable: 9", "Content-Type: application/offset+octet-stream"),
    *(
        "Range: bytes=0-",
        "Range: bytes=-1",
        "Range: bytes=9-1,2-3",
        "Range: x",
        "Range: bytes=" + "9" * 5000 + "-",
    ),
    *(
        "X-Forwarded-For: 1.2.3.4",
        "Authorization: Basic eDp5",
        "Authorization: Bearer \xff",
        "Authorization:",
    ),
    *(
        "Expect: 100-continue",
        "Transfer-Encoding: identity",
        "X-Long: " + "x" * 9000,
        "Referer: \xe9",
    ),
)
# The relay reads the number before it knows its length: see test_fuzz.
FAULTS_OF_RELAY = ("Upload-Offset: " + "9" * 5000,)
NASTY = (
    *(
        "null",
        "[]",
        "{}",
        "1",
        '"x"',
        "NaN",
        "1e999",
        "9" * 5000,
        "[" * 100_000,
        '{"a":' * 5000,
        "\x00",
    ),
    *('{"changes":null}', '{"changes":[null]}', '{"changes":[{"payload":1,"signature":2}]}'),
    *(
        '{"changes":[{"payload":"{}","signature":""}]}',
        '{"devices":[1]}',
        '{"devices":[]}',
        '{"devices":{}}',
    ),
    *(
        '{"changes":[{"payload":"\\ud800","signature":"x"}]}',
        '{"devices":["\\ud800"]}',
        '{"a":"\\u0000"}',
    ),
    *(
        '{"payload":"{}","signature":"x"}',
        '{"payload":"\\ud800","signature":"\\ud800"}',
        '{"payload":"[1]","signature":""}',
    ),
    *('{"payload":"x","signature":"x","proof":"x"}', '{"payload":{},"signature":[],"records":1}'),
    '{"payload":"{\\"v\\":1}","signature":"x"}',
)


def bomb() -> bytes:
    """Fifty megabytes in fifty kilobytes."""
    return gzip.compress(b" " * 50_000_000, 6)


@dataclass
class Raw:
    """What is written to the socket."""

    head: bytes
    body: bytes
    whole: bool  # as many bytes as were promised, in a shape that HTTP knows


@dataclass
class Ends:
    """What the answers were."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0


class RequestFuzz:
    """A source of requests for one server.

    :param real: bodies that its clients do send, by call
    :param known: headers whose fault has a test of its own, marked as one that must fail
    """

    def __init__(
        self, seed: int, prefix: str, token: str, real: dict[str, bytes], known: Sequence[str] = ()
    ) -> None:
        self.headers = [one for one in HEADERS if one not in known]
        self.dice = random.Random(seed)
        self.prefix, self.token, self.real = prefix, token, real
        self.bomb = bomb()

    def next(self) -> Raw:
        """A request that nobody would send."""
        dice = self.dice
        call = dice.choice(CALLS)
        path = f"{self.prefix}/{call}" + (dice.choice(QUERIES) if dice.random() < 0.4 else "")
        if dice.random() < 0.1:
            path = dice.choice((self.prefix, "")) + dice.choice(PATHS) or "/"
        method = "POST" if dice.random() < 0.5 else dice.choice(METHODS)
        lines = ["Host: localhost", "Connection: close"]
        if dice.random() < 0.6:
            lines.append(f"Authorization: Bearer {self.token}")
        if dice.random() < 0.7:
            lines.append("Content-Type: application/json")
        lines += dice.sample(self.headers, dice.choice((0, 0, 1, 2, 4)))
        body = self._body(call)
        if dice.random() < 0.2:
            body = gzip.compress(body)
            lines.append("Content-Encoding: gzip")
        if not body and "Expect: 100-continue" in lines:
            lines.remove("Expect: 100-continue")  # without content nobody may send it (RFC 9110)
        body, whole, length = self._sent(body)
        text = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, *length, "", ""])
        return Raw(text.encode("latin-1", "replace"), body, whole)

    def _body(self, call: str) -> bytes:
        dice, real = self.dice, self.real.get(call, b"{}")
        choice = dice.random()
        if choice < 0.01:
            return self.bomb
        if choice < 0.02:
            return b" " * dice.choice((1_000_000, 1_000_001, 3_000_000))
        if choice < 0.4:
            return dice.choice(NASTY).encode("utf-8", "surrogatepass")
        if choice < 0.5:
            return dice.randbytes(dice.randint(0, 300))
        at = dice.randrange(len(real) + 1)
        if choice < 0.65:
            return real[:at]
        if choice < 0.9:
            return (
                real[:at] + dice.choice((b"\x00", b"\xff", b'"', b"{", b"1", b"")) + real[at + 1 :]
            )
        return real

    def _sent(self, body: bytes) -> tuple[bytes, bool, list[str]]:
        """The body as it goes out, whether it is whole, and the header that says how long it is."""
        choice = self.dice.random()
        if choice < 0.1:
            parts = [body[at : at + 1000] for at in range(0, len(body), 1000)]
            sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
            return sent + b"0\r\n\r\n", True, ["Transfer-Encoding: chunked"]
        if choice < 0.13:
            return b"zz\r\n" + body, False, ["Transfer-Encoding: chunked"]
        if choice < 0.17:
            return body, False, [f"Content-Length: {len(body) + 50}"]
        if choice < 0.2:
            return body, False, [f"Content-Length: {self.dice.choice(('-1', 'x', '9' * 30))}"]
        return body, True, [f"Content-Length: {len(body)}"]


def exchange(port: int, raw: Raw) -> tuple[bytes, float]:
    """Send, say that no more comes, and read to the end; with the seconds to the first byte."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        found, took = b"", 0.0
        try:
            sock.sendall(raw.head + raw.body)
            began = time.monotonic()
            if not raw.whole:
                sock.shutdown(socket.SHUT_WR)
            while part := sock.recv(65536):
                took = took or time.monotonic() - began
                found += part
        except TimeoutError:
            raise
        except OSError:
            pass  # it answered before it had read all, or gave up
        return found, took


def judge(raw: Raw, answer: bytes) -> int:
    """Check an answer's shape; gives its status, 0 for none."""
    while answer.startswith(b"HTTP/1.1 100"):
        answer = answer.partition(b"\r\n\r\n")[2]
    if not answer:
        assert not raw.whole or len(raw.body) > 60_000, "no answer to a whole request"
        return 0
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    headers = {
        key.lower(): value.strip() for key, _, value in (one.partition(":") for one in lines[1:])
    }
    if "trial-sync" not in headers:
        # The HTTP server's own word: what came was no HTTP, and no call saw it.
        assert status in (400, 413, 414, 431, 501), f"{status} without Trial-Sync: {body[:200]!r}"
        return status
    assert status < 500 or status in BY_DESIGN, f"{status}: {body[:300]!r}"
    assert headers["cache-control"] == "no-store"
    if status >= 400 and raw.head.startswith(b"HEAD"):
        assert headers.get("trial-code", "not_found") in CODES
    elif status >= 400:
        document = json.loads(body)
        assert set(document) >= SHAPE, document
        assert document["code"] in CODES, document
        assert (document["ok"], document["status"]) == (False, status)
        assert status not in (503, 507, 429) or int(headers["retry-after"]) > 0
    return status


def fuzz(source: RequestFuzz, port: int, requests: int) -> Ends:
    """So many requests, each judged."""
    ends = Ends()
    for number in range(requests):
        raw = source.next()
        try:
            answer, took = exchange(port, raw)
            if took > SLOWEST:  # another program may have had the processor: twice is our fault
                answer, took = exchange(port, raw)
            ends.statuses[judge(raw, answer)] += 1
            assert took <= SLOWEST, f"{took:.2f} s"
        except Exception as error:
            what = raw.head[:600] + raw.body[:300]
            raise AssertionError(f"request {number}: {error!r} to {what!r}") from error
        ends.slowest = max(ends.slowest, took)
    return ends


def drip(port: int, path: str, many: int = 40) -> list[socket.socket]:
    """Connections that send a byte now and then; the caller feeds and closes them."""
    socks = []
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for _ in range(many):
        sock = socket.create_connection(("127.0.0.1", port), timeout=5)
        sock.sendall(f"{head}Content-Length: 5000\r\n\r\n".encode())
        socks.append(sock)
    return socks


def peak_memory(pid: int) -> int:
    """The most memory that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def real_bodies(push: dict[str, object]) -> dict[str, bytes]:
    """Bodies as clients send them."""
    signed = {
        "payload": json.dumps({"aud": "0" * 64, "mission": "training"}),
        "signature": "x" * 86,
    }
    return {
        "push": json.dumps(push).encode(),
        "heads": json.dumps({"devices": [str(uuid7())]}).encode(),
        "token": json.dumps(signed).encode(),
        "enrol": json.dumps(signed).encode(),
        "renew": json.dumps({**signed, "proof": "x"}).encode(),
        "blobs/" + "a" * 64: b"%PDF-1.7 fictional",
    }


def signed_in(address: str, hub: str, signer: Signer) -> str:
    """A device's token, fetched by this address: a relay knows only those that passed by it."""
    transport = HttpTransport(address)
    try:
        body = token_body(hub, signer.mission, signer.device, signer.key, utc_now())
        return str(transport.post("token", body)["token"])
    finally:
        transport.close()
