"""The offline client in Firefox: what it said was saved outlives it, and the server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.driven import answer, answered, words_in_log, write
from tests.client.firefox import Firefox
from tests.client.stage import Stage, begin, open_hearing, stage
from tests.client.test_survives import answers_of, send

pytestmark = pytest.mark.browser
KILLS = 3


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Firefox]:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not here; Debian's package firefox-esr brings it.")
    made = Firefox(program, tmp_path / "profile")
    yield made
    made.kill()
    assert not made.errors, made.errors


def test_firefox_keeps_what_it_said_was_saved(phone: Firefox, at: Stage) -> None:
    """A hearing without the server, Firefox killed three times in it, then all arrives once."""
    phone.start(at.app)
    begin(phone, at)
    phone.wait_for_selector("html[data-shell=ready]")
    at.end_relay()
    open_hearing(phone)
    said: set[str] = set()
    given: dict[str, str] = {}
    for kill in range(KILLS):
        for number in range(2):
            words = f"{kill}.{number}: the door was closed, “nobody may come in”"
            write(phone, words)
            said.add(words)
        path, value = answer(phone, kill, f"assessment {kill}")
        given |= {path: value, f"comment/{path}": f"assessment {kill}"}
        # In the middle of a write as well.
        phone.click("[data-screen=log] [data-kind=note]")
        phone.kill()
        phone.start(at.app)
        phone.wait_for_selector("[data-screen=log]:not([hidden])")
        assert said <= words_in_log(phone)
        assert given.items() <= answered(phone).items()
    at.relay.start()
    phone.click("header [data-go=today]")
    send(phone, at, {"all": said})
    ticked = {pair for pair in given.items() if not pair[0].startswith("comment/")}
    assert ticked <= answers_of(at)
