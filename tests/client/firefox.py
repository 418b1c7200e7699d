"""Firefox on a profile, driven over WebDriver BiDi: killed without warning, and started again."""

import json
import os
import signal
import subprocess
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.client.driven import Driven
from tests.review.hub_process import wait_for

# Firefox itself is quiet when it is driven; these are what is left.
SETTINGS = {
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#nobody",
    "toolkit.telemetry.server": "data:,",
}


@dataclass
class Firefox(Driven):
    """A browser of its own process; :meth:`kill` is what a phone does when it needs the memory."""

    program: str
    profile: Path
    process: "subprocess.Popen[bytes] | None" = None
    context: str = ""
    errors: list[str] = field(default_factory=list)
    _socket: ClientConnection | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _last: int = 0

    def start(self, address: str) -> None:
        """Start, and open an address of the app."""
        self.profile.mkdir(exist_ok=True)
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in SETTINGS.items())
        (self.profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        where = self.profile / "WebDriverBiDiServer.json"
        where.unlink(missing_ok=True)
        arguments = ["--headless", "--no-remote", "--remote-debugging-port=0", "about:blank"]
        self.process = subprocess.Popen(
            [self.program, "--profile", str(self.profile), *arguments],
            env={**os.environ, "HOME": str(self.profile), "MOZ_CRASHREPORTER_DISABLE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(lambda: where.exists() and where.read_text().endswith("}"), 60)
        server = json.loads(where.read_text())
        at = f"ws://{server['ws_host']}:{server['ws_port']}/session"
        self._socket = self._open.enter_context(connect(at, max_size=None))
        self.tell("session.new", capabilities={})
        self.tell("session.subscribe", events=["log.entryAdded"])
        self.context = self.tell("browsingContext.getTree")["contexts"][0]["context"]
        size = {"width": 360, "height": 640}
        self.tell("browsingContext.setViewport", context=self.context, viewport=size)
        self.goto(address)

    def tell(self, method: str, **params: Any) -> Any:
        """Send a command; its result."""
        assert self._socket
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv(120))
            if said.get("id") == self._last:
                if said["type"] == "error":
                    raise RuntimeError(f"{method}: {said['error']}: {said['message']}")
                return said["result"]
            entry = said.get("params", {})
            if entry.get("type") == "javascript" and entry.get("level") == "error":
                self.errors.append(entry["text"])

    def goto(self, address: str) -> None:
        """Open an address of the app, and wait until it is ready."""
        self.tell("browsingContext.navigate", context=self.context, url=address, wait="complete")
        self.wait_for_selector("html[data-ready]")

    def reload(self) -> None:
        """Load the page again."""
        self.tell("browsingContext.reload", context=self.context, wait="complete")
        self.wait_for_selector("html[data-ready]")

    def _call(self, declaration: str, args: tuple[Any, ...]) -> Any:
        done = self.tell(
            "script.callFunction",
            functionDeclaration=declaration,
            arguments=[{"type": "string", "value": json.dumps(args)}],
            awaitPromise=True,
            target={"context": self.context},
            userActivation=True,
        )
        if done["type"] == "exception":
            raise RuntimeError(done["exceptionDetails"]["text"])
        return done["result"]

    def run(self, body: str, *args: Any) -> Any:
        """What the body of an asynchronous function gives, called with ``args``."""
        inner = f"async (args) => {{ {body} }}"
        text = self._call(
            f"async (args) => JSON.stringify(await ({inner})(JSON.parse(args)) ?? null)", args
        )
        return json.loads(text["value"])

    def press(self, finder: str, *args: Any) -> None:
        """Press the element that a function's body gives."""
        found = self._call(f"(text) => {{ const args = JSON.parse(text); {finder} }}", args)
        origin = {"type": "element", "element": {"sharedId": found["sharedId"]}}
        steps = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._perform({"type": "pointer", "id": "pointer", "actions": steps})

    def type(self, words: str) -> None:
        """Type into what has the focus."""
        steps = [
            {"type": kind, "value": "\ue007" if letter == "\n" else letter}
            for letter in words
            for kind in ("keyDown", "keyUp")
        ]
        self._perform({"type": "key", "id": "keys", "actions": steps})

    def _perform(self, source: dict[str, Any]) -> None:
        self.tell("input.performActions", context=self.context, actions=[source])

    def kill(self) -> None:
        """End all its processes at once; nothing is given time to write."""
        if self.process is None:
            return
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)
        self.process = None
        # The other end was killed on purpose.
        with suppress(ConnectionClosed, OSError):
            self._open.close()
