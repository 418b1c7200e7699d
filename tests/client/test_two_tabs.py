"""Two windows of the app on one phone: one writes, the other reads, and the chain stays one."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.client.stage import Stage, saved, stage
from tests.client.test_survives import texts, write_entry
from tests.client.trapped import (
    READER,
    READY,
    WORDS,
    done,
    go_to_headquarters,
    in_hearing,
    open_again,
    phone_of,
    start_entry,
    store,
    told,
    words_of,
)
from tests.review.hub_process import wait_for

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as started:
        yield started


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with phone_of(browser) as context:
        yield context


def second(phone: BrowserContext, at: Stage) -> Page:
    """Another window of the app."""
    page = phone.new_page()
    page.goto(at.app)
    page.wait_for_selector(READY)
    return page


def take_over(page: Page) -> None:
    page.click("#reader button")
    page.wait_for_selector("#reader", state="hidden")


def test_the_second_reads_says_so_and_cannot_write(phone: BrowserContext, at: Stage) -> None:
    first = in_hearing(phone, at)
    write_entry(first, "note", "Words of the first")
    reader = second(phone, at)
    reader.wait_for_selector(f"#reader:visible >> text={READER}")
    assert words_of(reader) == {"Words of the first"}
    before = store(reader)
    reader.click("[data-screen=log] [data-kind=note]")
    told(reader, READER)
    reader.click("[data-screen=log] .entries [data-act=write]")
    reader.locator(WORDS).press_sequentially(" and others")
    assert reader.input_value(WORDS) == "Words of the first"
    done(reader)
    reader.click("[data-screen=log] [data-go=checklist]")
    pill = reader.locator(
        "[data-questions] .question:not([hidden]) input[type=radio]:visible"
    ).first
    pill.click(force=True)
    assert not pill.is_checked()
    go_to_headquarters(reader)
    for act in ("send", "drafts"):
        assert not reader.is_visible(f"[data-screen=headquarters] [data-act={act}]")
    assert store(reader) == before
    # The first one was not disturbed.
    write_entry(first, "note", "Goes on")
    assert not first.is_visible("#reader")


def test_who_writes_here_instead_has_all_and_the_other_reads_at_once(
    phone: BrowserContext, at: Stage
) -> None:
    first = in_hearing(phone, at)
    reader = second(phone, at)
    start_entry(first)
    first.locator(WORDS).press_sequentially("Half a sent")
    # Not waited for: it is on its way to the disk while the other takes over.
    take_over(reader)
    first.wait_for_selector(f"#reader:visible >> text={READER}")
    first.locator(WORDS).press_sequentially("ence")
    assert first.input_value(WORDS) == "Half a sent"
    told(first, READER)
    reader.wait_for_selector(".entries >> text=Half a sent", state="attached")
    write_entry(reader, "note", "Second window")
    saved(first)
    # And back again.
    take_over(first)
    reader.wait_for_selector("#reader:visible")
    done(first)
    assert not first.is_visible("#trouble")
    assert words_of(first) == {"Half a sent", "Second window"}
    open_again(first)
    assert not first.is_visible("#reader")
    assert words_of(first) == {"Half a sent", "Second window"}


def test_what_could_not_be_saved_before_the_other_took_over_is_not_lost(
    phone: BrowserContext, at: Stage
) -> None:
    first = in_hearing(phone, at)
    start_entry(first)
    saved(first)
    reader = second(phone, at)
    first.evaluate("trap.full = 'throws'")
    first.fill(WORDS, "Kept in memory")
    first.wait_for_selector("#saved:has-text('NOT SAVED')")
    take_over(reader)
    first.wait_for_selector("#reader:visible")
    first.wait_for_selector("#saved:has-text('NOT SAVED')")
    first.evaluate("trap.full = ''")
    saved(first)
    wait_for(lambda: reader.input_value(WORDS) == "Kept in memory", 10)


def test_both_send_at_once_and_the_chain_is_one(phone: BrowserContext, at: Stage) -> None:
    first = in_hearing(phone, at)
    write_entry(first, "note", "Before both sent")
    other = second(phone, at)
    go_to_headquarters(first)
    go_to_headquarters(other)
    send = "document.querySelector('[data-screen=headquarters] [data-act=drafts]').click()"
    take = "document.querySelector('#reader button').click()"
    first.evaluate(send)
    other.evaluate(f"{take}; {send}")
    first.evaluate(send)
    other.wait_for_selector("#reader", state="hidden")
    other.click("header [data-go=today]")
    other.go_back()
    button = other.locator("[data-screen=headquarters] [data-act=drafts]:visible")
    if button.count():
        button.click()
    wait_for(lambda: "Before both sent" in texts(at), 20)
    other.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")
    device = store(other)["meta/profile"]["device"]
    chain = sorted(
        (change for change in at.changes() if change.device == device), key=lambda each: each.seq
    )
    assert [change.seq for change in chain] == list(range(1, len(chain) + 1))
    assert [change.prev for change in chain] == ["", *(change.hash for change in chain[:-1])]
    assert store(other)["meta/head"]["hash"] == chain[-1].hash
    assert not [name for name in store(other) if name.startswith("draft/")]
    assert sum("Before both sent" in json.dumps(dict(change.set)) for change in chain) == 1
    assert store(other)["meta/last_exchange"]["renewed"] is False
