"""What was said to be saved is there: browsers killed at random, no server, the same profile."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from tests.client.phone_browser import PhoneBrowser
from tests.client.stage import Stage, begin, open_hearing, saved, stage
from tests.review.hub_process import wait_for

pytestmark = pytest.mark.browser
KILLS = 20


@pytest.fixture(scope="module")
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


def write_entry(page: Page, kind: str, words: str) -> None:
    """Stamp an entry and write it; the phone says that it is saved before this returns."""
    rows = page.locator(".entries > li")
    count = rows.count()
    page.click(f"[data-screen=log] [data-kind={kind}]")
    # The row is shown after it was saved; until then the first one is another entry.
    expect(rows).to_have_count(count + 1)
    saved(page)
    page.click("[data-screen=log] .entries li:first-of-type [data-act=write]")
    page.fill("[data-screen=write] textarea[name=text]", words)
    saved(page)
    page.click("[data-screen=write] button.main")
    page.wait_for_selector("[data-screen=log]:not([hidden])")


def words_in_log(page: Page) -> set[str]:
    """The words of all entries that the log shows."""
    return {text for text in page.locator(".entries [data-text=words]").all_text_contents() if text}


def test_no_answer_that_was_said_to_be_saved_is_lost(at: Stage, phone: PhoneBrowser) -> None:
    """Two hearings with the server killed, twenty kills of the browser, then all arrives once."""
    rand = random.Random(7)
    page = phone.start(at.app)
    begin(page, at)
    page.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready")
    at.end_relay()
    said: dict[str, set[str]] = {"one": set(), "two": set()}
    tapped: dict[tuple[str, str], str] = {}
    for name in said:
        if name == "two":
            page = phone.start(at.app) if phone.page is None else page
            page.click("header [data-go=today]")
        open_hearing(page, f"Case {name} (fictional)")
        for kill in range(KILLS // 2):
            for number in range(rand.randint(1, 3)):
                words = f"{name} {kill}.{number}"
                write_entry(page, "note", words)
                said[name].add(words)
            if kill % 2:
                path, value = tap_one(page, rand)
                tapped[name, path] = value
            # In the middle of a write as well.
            page.click("[data-screen=log] [data-kind=note]", no_wait_after=True)
            page.wait_for_timeout(rand.random() * 30)
            phone.kill()
            page = phone.start(at.app)
            page.wait_for_selector("[data-screen=log]:not([hidden])")
            assert said[name] <= words_in_log(page)
    at.relay.start()
    page.click("header [data-go=today]")
    send(page, at, said)
    answers = answers_of(at)
    assert {(path, value) for (_name, path), value in tapped.items()} <= answers


def tap_one(page: Page, rand: random.Random) -> tuple[str, str]:
    """Answer a question by one tap; the answer's path and value."""
    page.click("[data-screen=log] [data-go=checklist]")
    page.wait_for_selector("[data-questions] .question:not([hidden])")
    pills = page.locator("[data-questions] .question:not([hidden]) input[type=radio]:visible")
    pill = pills.nth(rand.randrange(pills.count()))
    name, value = pill.get_attribute("name"), pill.get_attribute("value")
    pill.check()
    saved(page)
    page.click("[data-screen=checklist] [data-go=log]")
    page.wait_for_selector("[data-screen=log]:not([hidden])")
    return str(name).removeprefix("special/"), str(value)


def send(page: Page, at: Stage, said: dict[str, set[str]]) -> None:
    """Send everything as it is, and find all of it at headquarters, each once."""
    page.click("[data-screen=today] [data-go=headquarters]")
    page.click("[data-screen=headquarters] [data-act=drafts]")
    wanted = set().union(*said.values())

    def arrived() -> bool:
        return wanted <= {text for text in texts(at) if text}

    wait_for(arrived, 30)
    found = texts(at)
    assert sorted(text for text in found if text in wanted) == sorted(wanted)


def texts(at: Stage) -> list[str]:
    """The words of all log entries at headquarters."""
    latest = {
        path: value
        for change in at.changes("observation")
        for path, value in json.loads(change.payload)["set"].items()
        if path.startswith("log/")
    }
    return [str(entry["text"]) for entry in latest.values() if entry]


def answers_of(at: Stage) -> set[tuple[str, str]]:
    """All answers at headquarters, by path and value."""
    return {
        (path, str(answer["value"]))
        for kind in ("case", "observation")
        for change in at.changes(kind)
        for path, answer in json.loads(change.payload)["set"].items()
        if path.startswith("answers/") and answer
    }
