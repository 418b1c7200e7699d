"""How long an answer is waited for: as long as its body takes on a slow network."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sync.errors import NotReached
from sync.http import HttpTransport

LATE = 0.6  # seconds that the server takes for each answer


class _Late(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(LATE)
        self.send_response(200)
        self.send_header("Trial-Sync", "1")
        self.end_headers()
        self.wfile.write(b'{"ok": true}')

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Late)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_large_body_is_given_its_time_on_a_slow_network(address: str) -> None:
    transport = HttpTransport(address, timeout=0.3, slowest=1000.0)
    with pytest.raises(NotReached):
        transport.post("push", {"small": ""})
    assert transport.post("push", {"large": "x" * 900}) == {"ok": True}
    transport.close()


def test_but_not_for_ever(address: str) -> None:
    transport = HttpTransport(address, timeout=0.05, slowest=0.001)
    with pytest.raises(NotReached):
        transport.post("push", {"large": "x" * 900})
    transport.close()
