"""Sound from a phone: kept when one stops or leaves, and not lost where there is no room."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.client.stage import Stage, begin, open_hearing, saved, stage
from tests.client.test_phone_headquarters import FULL

pytestmark = pytest.mark.browser
# A microphone that hears one tone; this machine may have none.
TONE = """() => {
  navigator.mediaDevices.getUserMedia = async () => {
    window.asked = (window.asked ?? 0) + 1;
    const context = new AudioContext();
    const tone = context.createOscillator();
    const heard = context.createMediaStreamDestination();
    tone.connect(heard);
    tone.start();
    window.microphone = heard.stream.getTracks()[0];
    return heard.stream;
  };
}"""
ONE = "[data-screen=files] [data-of=file]"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


@pytest.fixture
def page(page_factory: Callable[..., Page], at: Stage) -> Page:
    """A phone in a hearing, at its files, recording."""
    made = page_factory()
    begin(made, at)
    open_hearing(made)
    made.evaluate(TONE)
    made.click("[data-screen=log] nav [data-go=files]")
    assert made.evaluate("window.asked") is None
    made.click("[data-screen=files] [data-act=record]")
    made.wait_for_selector("[data-screen=files] >> text=Recording 0:01")
    return made


def test_what_was_recorded_is_kept_when_one_stops(page: Page) -> None:
    page.click("[data-screen=files] [data-act=stop]:visible")
    page.wait_for_selector(f"{ONE} >> text=Sound")
    saved(page)
    assert page.evaluate("window.microphone.readyState") == "ended"
    assert page.is_visible("[data-screen=files] [data-act=record]")


def test_what_was_recorded_is_kept_when_one_goes_to_another_screen(page: Page) -> None:
    page.click("[data-screen=files] nav [data-go=log]")
    page.click("[data-screen=log] nav [data-go=files]")
    page.wait_for_selector(f"{ONE} >> text=Sound")
    assert page.evaluate("window.microphone.readyState") == "ended"


def test_what_was_recorded_without_room_waits_until_there_is(page: Page) -> None:
    page.evaluate(FULL)
    page.click("[data-screen=files] [data-act=stop]:visible")
    page.wait_for_selector("[data-screen=files] >> text=The recording is NOT SAVED")
    assert page.locator(ONE).count() == 0
    page.evaluate("window.full = false")
    page.click("[data-screen=files] [data-act=stop]:visible")
    page.wait_for_selector(f"{ONE} >> text=Sound")
    assert not page.is_visible("[data-screen=files] >> text=The recording is NOT SAVED")


def test_without_a_microphone_it_says_so(page_factory: Callable[..., Page], at: Stage) -> None:
    page = page_factory()
    begin(page, at)
    open_hearing(page)
    page.click("[data-screen=log] nav [data-go=files]")
    page.click("[data-screen=files] [data-act=record]")
    page.wait_for_selector("#trouble:has-text('microphone')")
