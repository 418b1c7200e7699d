"""A browser of its own process and profile, as on a phone: killed without warning, and started."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

ARGUMENTS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--window-size=360,640",
)


@dataclass
class PhoneBrowser:
    """Chromium on a profile; :meth:`kill` is what a phone does when it needs the memory."""

    playwright: Playwright
    chromium: str
    profile: Path
    process: "subprocess.Popen[bytes] | None" = None
    browser: Browser | None = None
    page: Page | None = None
    errors: list[str] = field(default_factory=list)

    def start(self, address: str) -> Page:
        """Start, and open an address."""
        port_file = self.profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(
            [self.chromium, *ARGUMENTS, *root, f"--user-data-dir={self.profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 30
        while not port_file.exists() or not port_file.read_text().strip():
            if time.monotonic() > deadline:
                raise TimeoutError("Chromium does not start.")
            time.sleep(0.05)
        port = port_file.read_text().split()[0]
        self.browser = self.playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        context = self.browser.contexts[0]
        context.set_default_timeout(20_000)
        self.page = context.pages[0] if context.pages else context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.set_viewport_size({"width": 360, "height": 640})
        self.page.goto(address)
        self.page.wait_for_selector("html[data-ready]")
        return self.page

    def kill(self) -> None:
        """End all its processes at once; nothing is given time to write."""
        if self.process is None:
            return
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)
        self.process = None
        self._forget()
        (self.profile / "SingletonLock").unlink(missing_ok=True)

    def _forget(self) -> None:
        browser, self.browser, self.page = self.browser, None, None
        if browser is not None:
            # The other end was killed on purpose.
            with contextlib.suppress(Exception):
                browser.close()

    def close(self) -> None:
        """End it as its user does."""
        if self.process is None:
            return
        self.process.terminate()
        self.process.wait(20)
        self.process = None
        self._forget()
