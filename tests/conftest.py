"""What every test has: a watch for open databases, hypothesis' profiles, and a browser to ask for.

Nothing here stands in for a part of the project; a test that needs a server starts a real one.
"""

import os
import sqlite3
import subprocess
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("default", max_examples=100, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "soak", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


class WatchedConnection(sqlite3.Connection):
    """A connection that knows whether it was closed, and where it was opened."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened = _place(traceback.extract_stack()[:-2])
        self.thread = threading.get_ident()
        self.open = True
        _connections.add(self)

    def close(self) -> None:
        """Close, and be forgotten."""
        super().close()
        self.open = False

    def __del__(self) -> None:
        if getattr(self, "open", False):
            _dropped.append((self.thread, self.opened))


def _place(stack: list[traceback.FrameSummary]) -> str:
    """The innermost three places of our own code in a stack, or of anybody's if there is none."""
    ours = [f for f in stack if f.filename.startswith(f"{ROOT}/") and "/.venv/" not in f.filename]
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed((ours or stack)[-3:]))


_connections: "weakref.WeakSet[WatchedConnection]" = weakref.WeakSet()
_dropped: list[tuple[int, str]] = []
_connect = sqlite3.connect


def _watched_connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    if len(args) < 6:  # the factory may also come as the sixth argument
        kwargs.setdefault("factory", WatchedConnection)
    return _connect(*args, **kwargs)


sqlite3.connect = _watched_connect  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def no_open_databases() -> Iterator[None]:
    """Fail a test that opens an SQLite connection and does not close it.

    Connections of wider fixtures, and of threads that ran before the test, are not the test's.
    """
    before = weakref.WeakSet(_connections)
    others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
    _dropped.clear()
    yield
    left = [one for one in list(_connections) if one.open and one not in before]
    places = [(one.thread, one.opened) for one in left] + _dropped
    for one in left:
        one.open = False  # said once: the next test is not to blame
    _dropped.clear()
    leaks = [place for thread, place in places if thread not in others]
    if leaks:
        said = "database connections were left open, opened at:\n  " + "\n  ".join(leaks)
        pytest.fail(said, pytrace=False)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The executable that the browser tests drive; without one they fail, saying what to do."""
    found = subprocess.run([ROOT / "scripts/chromium", "--find"], capture_output=True, text=True)
    if found.returncode:
        pytest.fail(found.stderr.strip(), pytrace=False)
    return found.stdout.strip()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """A headless Chromium that talks to nobody by itself.

    One per module, because Playwright's event loop lives as long as the browser and no other test
    could use ``asyncio.run`` meanwhile.
    """
    arguments = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
    ]
    if os.name == "posix" and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses its sandbox to root
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium_path, headless=True, args=arguments
        )
        yield launched
        launched.close()


PageFactory = Callable[..., Page]


@pytest.fixture
def page_factory(browser: Browser) -> Iterator[PageFactory]:
    """Opens a page in a context of its own (own storage, cookies and service worker).

    ``page_factory(width=360, height=740, java_script_enabled=True, **context_options)``; the rest
    are options of Playwright's ``Browser.new_context``, such as ``locale`` or ``offline``. A page
    that throws an uncaught error fails its test.
    """
    contexts, errors = [], []

    def new_page(
        width: int = 360, height: int = 740, *, java_script_enabled: bool = True, **options: Any
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=java_script_enabled,
            **options,
        )
        context.set_default_timeout(15_000)  # milliseconds
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield new_page
    for context in contexts:
        context.close()
    assert not errors, f"errors in the page: {errors}"
