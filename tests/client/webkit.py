"""WebKitGTK's small browser on a screen of its own, driven over WebDriver."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.client.driven import Driven
from tests.review.hub_process import free_port, wait_for

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for an element


@dataclass
class WebKit(Driven):
    """An automated session, which keeps nothing when it ends."""

    folder: Path
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    session: str = ""
    _driver: str = ""

    def start(self, address: str) -> None:
        """Start, and open an address of the app."""
        self.folder.mkdir(mode=0o700)
        port = free_port()
        self._driver = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "DISPLAY": self._screen(),
            "HOME": str(self.folder),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "NO_AT_BRIDGE": "1",
            "XDG_RUNTIME_DIR": str(self.folder),
        }
        self._begin(["WebKitWebDriver", f"--port={port}"], environment)
        wait_for(self._is_ready, 30)
        self.session = self._call("POST", "session", {"capabilities": {}})["sessionId"]
        self.tell("POST", "timeouts", {"script": 60_000, "pageLoad": 60_000})
        self.goto(address)

    def _begin(self, command: list[str], environment: dict[str, str], *fds: int) -> None:
        self.processes.append(
            subprocess.Popen(
                command,
                env=environment,
                pass_fds=fds,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    def _screen(self) -> str:
        """Start a screen; its name."""
        reading, writing = os.pipe()
        arguments = ["-displayfd", str(writing), "-nolisten", "tcp", "-screen", "0", "800x900x24"]
        self._begin(["Xvfb", *arguments], dict(os.environ), writing)
        os.close(writing)
        with os.fdopen(reading) as said:
            return f":{said.readline().strip()}"

    def _is_ready(self) -> bool:
        try:
            return bool(self._call("GET", "status")["ready"])
        except OSError:
            return False

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(
            f"{self._driver}/{path}",
            data,
            {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(asked, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refused:
            with refused:
                said = json.load(refused)["value"]
        raise RuntimeError(f"{path}: {said['error']}: {said['message']}")

    def tell(self, method: str, path: str, body: Any = None) -> Any:
        """A command to the page; its result."""
        return self._call(method, f"session/{self.session}/{path}", body)

    def goto(self, address: str) -> None:
        """Open an address of the app, and wait until it is ready."""
        self.tell("POST", "url", {"url": address})
        self.wait_for_selector("html[data-ready]")

    def reload(self) -> None:
        """Load the page again."""
        self.tell("POST", "refresh", {})
        self.wait_for_selector("html[data-ready]")

    def run(self, body: str, *args: Any) -> Any:
        """What the body of an asynchronous function gives, called with ``args``."""
        script = f"return (async (args) => {{ {body} }})([...arguments])"
        return self.tell("POST", "execute/sync", {"script": script, "args": args})

    def press(self, finder: str, *args: Any) -> None:
        """Press the element that a function's body gives."""
        script = f"const args = [...arguments]; {finder}"
        found = self.tell("POST", "execute/sync", {"script": script, "args": args})
        self.tell("POST", f"element/{found[ELEMENT]}/click", {})

    def type(self, words: str) -> None:
        """Type into what has the focus."""
        focused = self.tell("GET", "element/active")
        self.tell("POST", f"element/{focused[ELEMENT]}/value", {"text": words})

    def end(self) -> None:
        """End the session and its screen."""
        for process in reversed(self.processes):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
