"""Versions of the shell, each a copy of the program served by a real process, and a door before it.

The door is the network between a phone and the server: it passes everything on, or behaves as a
network in a court building does.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

from scripts.client import install
from tests.review.hub_process import free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "observer" / "client"
START = "from observer.cli import main; main()"


@dataclass(frozen=True)
class Version:
    """A copy of the program in a folder of its own."""

    folder: Path

    def begin(self, home: Path, port: int, *more: str) -> "subprocess.Popen[bytes]":
        """``observer serve`` of this version, answering."""
        process = self.start(home, port, *more)
        wait_for(lambda: status_of(f"http://127.0.0.1:{port}/app/en/") == 200, 30)
        return process

    def start(
        self, home: Path, port: int, *more: str, errors: IO[bytes] | None = None
    ) -> "subprocess.Popen[bytes]":
        """``observer serve`` of this version, perhaps not answering yet.

        :param errors: where it says what is wrong
        """
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
        return subprocess.Popen(
            [sys.executable, "-c", START, "serve", "--port", str(port), *more],
            env={**inherited, "OBSERVER_INSTANCE": str(home), "PYTHONPATH": str(self.folder)},
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )


def status_of(address: str) -> int:
    """The status of an address; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def make_version(folder: Path, edition: str) -> Version:
    """The program as it is, but with a word in the document, in every section and in a style.

    :param edition: the word
    """
    skip = shutil.ignore_patterns("client", "__pycache__")
    shutil.copytree(ROOT / "observer", folder / "observer", ignore=skip)
    for room in ("schemas", "sync"):
        (folder / room).symlink_to(ROOT / room)
    arabic = folder / "observer" / "translations" / "ar" / "LC_MESSAGES"
    arabic.mkdir(parents=True)
    (arabic / "messages.po").touch()  # a language begins with an empty catalogue
    templates = folder / "observer" / "templates"
    # Beside a screen that stands in the document itself.
    with (templates / "shell/screens/20-today.html").open("a") as screen:
        screen.write(f'<section data-screen="edition" hidden>edition {edition}</section>')
    with (templates / "slot.html").open("a") as slot:
        slot.write(f"<!-- edition {edition} -->")
    node = install()
    static = folder / "observer" / "static"
    with (static / "client.css").open("a") as style:
        style.write(f"/* edition {edition} */")
    for source, name, form in (
        (ROOT / "tests/client/shell_page.js", "app.js", "esm"),
        (CLIENT / "src/sw.js", "sw.js", "iife"),
    ):
        subprocess.run(
            [
                *(node, str(CLIENT / "node_modules/esbuild/bin/esbuild")),
                *(str(source), "--bundle", f"--format={form}", "--log-level=warning"),
                f"--outfile={static / 'client' / name}",
            ],
            check=True,
        )
    return Version(folder)


Fault = Callable[[BaseHTTPRequestHandler], bool]


@dataclass
class Door:
    """Listens where phones call, and passes on to the version that is served now."""

    home: Path
    port: int = field(default_factory=free_port)
    behind: int = field(default_factory=free_port)
    faults: dict[str, Fault] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = None
    server: ThreadingHTTPServer | None = None

    @property
    def app(self) -> str:
        """Where the app is opened."""
        return f"http://127.0.0.1:{self.port}/app/en/"

    def serve(self, version: Version, *more: str) -> None:
        """Serve a version from now on; what was served before is killed."""
        self.kill()
        self.process = version.begin(self.home, self.behind, *more)
        self.open()

    def open(self) -> None:
        """Let phones in."""
        if self.server is None:
            door = self

            class Passage(BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"

                def do_GET(self) -> None:
                    door.pass_on(self)

                do_HEAD = do_POST = do_GET

                def log_message(self, *args: object) -> None:
                    """Say nothing."""

            self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Passage)
            self.server.daemon_threads = True
            threading.Thread(target=self.server.serve_forever, args=(0.05,)).start()

    def pass_on(self, call: BaseHTTPRequestHandler) -> None:
        """One request: a fault, or the server's answer."""
        path = call.path.split("?")[0]
        self.asked.append(path)
        plain = "?" not in call.path
        fault = self.faults.get(path.removeprefix("/app/en/"))
        if plain and fault and fault(call):
            return
        body = call.rfile.read(int(call.headers.get("Content-Length") or 0))
        passed = {k: v for k, v in call.headers.items() if k.lower() not in ("host", "connection")}
        connection = HTTPConnection("127.0.0.1", self.behind, timeout=30)
        try:
            connection.request(call.command, call.path, body or None, passed)
            answer = connection.getresponse()
            content = answer.read()
            call.send_response_only(self.statuses.get(path, answer.status))
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "via", "server"):
                    call.send_header(name, value)
            call.end_headers()
            call.wfile.write(content)
        except OSError:
            call.close_connection = True
        finally:
            connection.close()

    def kill(self) -> None:
        """The server is gone at once, and nobody listens any more."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)
            self.process = None
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


def answer_with(status: int, body: bytes = b"", **headers: str) -> Fault:
    """A fault: somebody else answers."""

    def fault(call: BaseHTTPRequestHandler) -> bool:
        call.send_response_only(status)
        for name, value in headers.items():
            call.send_header(name.replace("_", "-"), value)
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body)
        return True

    return fault


LOGIN = b"<!doctype html><title>Free WiFi</title><form>Room number <input></form>"
login_page = answer_with(200, LOGIN, Content_Type="text/html")
login_script = answer_with(200, LOGIN, Content_Type="text/javascript")
redirect = answer_with(302, Location="/sync/v1/hello")
other_way = answer_with(302, Location="/app/en/client.css?from=elsewhere")
broken = answer_with(500, b"fault")


def cut(call: BaseHTTPRequestHandler) -> bool:
    """A fault: the connection ends in the middle of an answer."""
    call.send_response_only(200)
    call.send_header("Content-Type", "text/css")
    call.send_header("Content-Length", "5000")
    call.end_headers()
    call.wfile.write(b":root {")
    call.close_connection = True
    return True
