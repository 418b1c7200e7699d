"""Two versions of the shell, and a phone before the door that they are served behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.client.shell_server import Door, Version, make_version
from tests.observer.test_relay import new_relay
from tests.review.hub_process import Process, new_hub


@pytest.fixture(scope="session")
def relay_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A relay's folder; headquarters is gone after it was enrolled."""
    folder = tmp_path_factory.mktemp("relay")
    hub = new_hub(folder / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    relay = new_relay(folder / "relay", hub, process)
    process.stop()
    hub.close()
    return relay.folder


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return make_version(tmp_path_factory.mktemp("one"), "one")


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return make_version(tmp_path_factory.mktemp("two"), "two")


@pytest.fixture
def door(relay_home: Path, one: Version) -> Iterator[Door]:
    """Version one is served."""
    made = Door(relay_home)
    made.serve(one)
    yield made
    made.kill()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's profile; uncaught errors of its pages fail the test."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.set_default_timeout(15_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert not errors
