"""A page that ends in the middle of typing, or behind the camera, comes back where it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, sync_playwright

from tests.client.phone_browser import PhoneBrowser
from tests.client.stage import Stage, begin, open_hearing, saved, stage
from tests.client.trapped import WORDS, done, open_again, start_entry, words_of

pytestmark = pytest.mark.browser
EVIDENCE = "[data-questions] .question:not([hidden]) details.evidence"


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


@pytest.fixture
def phone(playwright: Playwright, chromium_path: str, tmp_path: Path) -> Iterator[PhoneBrowser]:
    made = PhoneBrowser(playwright, chromium_path, tmp_path / "profile")
    yield made
    made.kill()
    assert not made.errors, made.errors


def typed(page: Page, selector: str, words: str) -> None:
    """Type letter by letter, and stay in the field."""
    page.locator(selector).first.press_sequentially(words)
    saved(page)


def test_what_was_being_typed_is_there_after_a_reload_and_after_the_camera(
    at: Stage, phone: PhoneBrowser
) -> None:
    page = phone.start(at.app)
    begin(page, at)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    open_hearing(page)
    start_entry(page)
    typed(page, WORDS, "The judge said th")
    open_again(page)
    assert page.input_value(WORDS) == "The judge said th"
    done(page)
    typing_beside_a_question(page)
    page.click("[data-screen=checklist] [data-go=log]")
    page.click("[data-screen=log] .entries li:has-text('The judge said') [data-act=write]")
    typed(page, WORDS, "at")
    page.click("[data-screen=write] [data-act=attach]")
    with page.expect_file_chooser():
        page.click("[data-screen=files] [data-act=camera]")
    phone.kill()
    page = phone.start(at.app)
    page.wait_for_selector("[data-screen=files]:not([hidden]) >> text=For the log entry:")
    page.click("[data-screen=files] nav [data-go=log]")
    assert {"The judge said that", "A door stood open"} <= words_of(page)


def typing_beside_a_question(page: Page) -> None:
    """An assessment and an entry that nobody left the field of."""
    page.click("[data-screen=log] [data-go=checklist]")
    page.locator(f"{EVIDENCE} summary").first.click()
    typed(page, f"{EVIDENCE} textarea[name^='comment/']", "Seems to be la")
    open_again(page)
    place = page.locator(f"{EVIDENCE} textarea[name^='comment/']").first
    place.wait_for(state="attached")
    assert place.input_value() == "Seems to be la"
    page.locator(f"{EVIDENCE} summary").first.click()
    typed(page, f"{EVIDENCE} textarea[name^='entry/']", "A door stood open")
    open_again(page)
    page.wait_for_selector("[data-questions] blockquote >> text=A door stood open")
    assert page.locator("[data-questions] [data-of=attached]").count() == 1
