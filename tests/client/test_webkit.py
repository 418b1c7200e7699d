"""The offline client in WebKitGTK, the nearest to Safari there is here: one session, no restart.

An automated session keeps nothing when it ends. It has no ``navigator.storage.persist``.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.driven import answer, answered, words_in_log, write
from tests.client.stage import Stage, begin, open_hearing, stage
from tests.client.test_survives import answers_of, send
from tests.client.webkit import WebKit

pytestmark = pytest.mark.browser
NEEDED = {"WebKitWebDriver": "webkit2gtk-driver", "Xvfb": "xvfb"}


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[WebKit]:
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here; Debian's package {package} brings it.")
    made = WebKit(tmp_path / "browser")
    yield made
    made.end()


def test_webkit_goes_on_without_the_server(phone: WebKit, at: Stage) -> None:
    """Written before and after the server died, and over two reloads; then all arrives once."""
    phone.start(at.app)
    # Who leaves the page within milliseconds of a first registration leaves WebKitGTK 2.50 with a
    # worker that is never told to install, until the app was closed for half a minute.
    phone.wait_for_selector("html[data-shell=ready]")
    begin(phone, at)
    open_hearing(phone)
    said = {"before: the door was closed"}
    write(phone, *said)
    given = dict([answer(phone, 0)])
    at.end_relay()
    for number in range(1, 3):
        phone.reload()
        phone.wait_for_selector("[data-screen=log]:not([hidden])")
        assert phone.run("return navigator.serviceWorker.controller !== null")
        assert phone.run("return document.getElementById('reader').hidden")
        assert said <= words_in_log(phone)
        assert given.items() <= answered(phone).items()
        words = f"{number}: “nobody may come in”"
        write(phone, words)
        said.add(words)
        path, value = answer(phone, number, f"assessment {number}")
        given |= {path: value, f"comment/{path}": f"assessment {number}"}
    at.relay.start()
    phone.click("header [data-go=today]")
    send(phone, at, {"all": said})
    ticked = {pair for pair in given.items() if not pair[0].startswith("comment/")}
    assert ticked <= answers_of(at)
