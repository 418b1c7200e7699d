"""What browsers do to a store meanwhile: lost, full, deleted, newer, unreadable, private."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.client.stage import Stage, begin, saved, stage
from tests.client.trapped import (
    DELETE_STORE,
    READY,
    WORDS,
    all_well,
    done,
    in_hearing,
    not_saved,
    on_disk,
    open_again,
    phone_of,
    start_entry,
    store,
    told,
    words_of,
)

pytestmark = pytest.mark.browser

# Writes to another database of this origin, less each time, until not even a little fits.
FILL_UP = """async () => {
  const database = await new Promise((done) => {
    const asked = indexedDB.open("ballast", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("rows");
    asked.onsuccess = () => done(asked.result);
  });
  const put = (size) => new Promise((done) => {
    const writing = database.transaction("rows", "readwrite", { durability: "strict" });
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65536));
    }
    writing.objectStore("rows").put(bytes, `${Math.random()}`);
    writing.oncomplete = () => done("");
    writing.onabort = () => done(writing.error?.name ?? "aborted");
  });
  let error = "";
  for (let size = 4194304; size >= 1024; size /= 2) {
    for (let times = 0; times < 8 && !(error = await put(size)); times++);
  }
  database.close();
  return error;
}"""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as started:
        yield started


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with phone_of(browser) as context:
        yield context


def back_to_log(page: Page) -> None:
    """From what was opened above the log."""
    page.go_back()
    page.wait_for_selector("[data-screen=log]:not([hidden])")
    all_well(page)


# Lost


def test_a_connection_that_is_closed_under_it_is_opened_again(
    phone: BrowserContext, at: Stage
) -> None:
    page = in_hearing(phone, at)
    start_entry(page)
    saved(page)
    page.evaluate("trap.close()")
    page.fill(WORDS, "Written after it was closed")
    all_well(page)
    assert "Written after it was closed" in on_disk(page)


def test_what_cannot_be_written_is_kept_and_saved_when_it_works_again(
    phone: BrowserContext, at: Stage
) -> None:
    page = in_hearing(phone, at)
    start_entry(page)
    saved(page)
    page.evaluate("trap.shut = true; trap.close()")
    page.fill(WORDS, "Only in memory")
    not_saved(page)
    told(page, "NOT SAVED: this browser lost its storage. Leave this page open")
    # It goes on, and goes elsewhere; nothing of it is forgotten meanwhile.
    done(page)
    page.click("[data-screen=log] [data-kind=ruling]")
    assert words_of(page) == {"Only in memory"}
    page.click("#remedy")
    page.wait_for_selector("[data-screen=phone] >> text=The last thing you wrote is NOT SAVED.")
    page.evaluate("trap.shut = false")
    all_well(page)
    assert "Only in memory" in on_disk(page)
    back_to_log(page)
    open_again(page)
    assert words_of(page) == {"Only in memory"}
    assert page.locator(".entries li").count() == 2


# Full


@pytest.mark.parametrize("how", ["throws", "aborts"])
def test_a_full_phone_says_what_to_do_and_saves_all_when_there_is_room(
    how: str, phone: BrowserContext, at: Stage
) -> None:
    page = in_hearing(phone, at)
    start_entry(page)
    saved(page)
    page.evaluate(f"trap.full = '{how}'")
    page.fill(WORDS, "No room for this")
    not_saved(page)
    told(page, "NOT SAVED: there is no space left on this phone. Make some free")
    done(page)
    for _ in range(3):
        page.click("[data-screen=log] [data-kind=ruling]")
    not_saved(page)
    assert "No room for this" not in on_disk(page)
    page.evaluate("trap.full = ''")
    # Asked for by hand, it does not wait for the next try.
    page.click("#remedy")
    page.click("[data-screen=phone] [data-act=retry]")
    all_well(page)
    back_to_log(page)
    open_again(page)
    assert words_of(page) == {"No room for this"}
    assert page.locator(".entries li").count() == 4


def test_a_quota_that_is_used_up_for_real(phone: BrowserContext, at: Stage) -> None:
    page = phone.new_page()
    # Before the first byte: a browser grants room in advance.
    phone.new_cdp_session(page).send(
        "Storage.overrideQuotaForOrigin", {"origin": at.origin, "quotaSize": 12_000_000}
    )
    begin(page, at)
    assert page.evaluate(FILL_UP) == "QuotaExceededError"
    page.click("[data-screen=today] [data-go=case_new]")
    page.fill("[data-screen=case_new] input[name=title]", f"Full {'x' * 100}")
    page.click("[data-screen=case_new] button.main")
    for _ in range(40):
        page.click("[data-screen=case] form[data-act=person] button")
    not_saved(page)
    told(page, "NOT SAVED: there is no space left on this phone. Make some free")
    page.evaluate(DELETE_STORE.replace("store", "ballast"))
    all_well(page)
    open_again(page)
    assert page.locator("[data-screen=case] [data-of=party]").count() == 40


# Deleted


def test_a_store_that_is_deleted_under_it_is_told_and_nothing_is_begun_over_it(
    phone: BrowserContext, at: Stage
) -> None:
    page = in_hearing(phone, at)
    start_entry(page)
    saved(page)
    page.evaluate(DELETE_STORE)
    page.fill(WORDS, "Still on the screen")
    not_saved(page)
    told(page, "NOT SAVED: what was stored on this phone was deleted")
    assert page.evaluate("indexedDB.databases()") == []
    done(page)
    assert words_of(page) == {"Still on the screen"}
    invited_again(page, at)


def test_a_store_that_is_deleted_between_starts_is_told(phone: BrowserContext, at: Stage) -> None:
    page = in_hearing(phone, at)
    page.wait_for_selector("html[data-shell=ready]")
    page.goto(f"{at.origin}/sync/v1/hello")
    page.evaluate(DELETE_STORE)
    page.goto(at.app)
    page.wait_for_selector(READY)
    invited_again(page, at)


def invited_again(page: Page, at: Stage) -> None:
    """The loss is told after a restart, and a new invitation is all that is needed."""
    page.goto(at.app)
    page.wait_for_selector(READY)
    page.wait_for_selector("[data-screen=enrol] >> text=what it had stored is gone")
    page.wait_for_selector("[data-screen=enrol] >> text=ask for a new invitation")
    begin(page, at, "OBS-2")
    all_well(page)
    assert store(page)["meta/profile"]["author"] == "OBS-2"


# Private

SMALL = """
const { storage } = navigator; // not of an empty page
if (storage) {
  storage.estimate = async () => ({ quota: 120000000, usage: 0 });
  storage.persisted = storage.persist = async () => false;
}
"""


def test_a_private_window_is_told_before_the_first_answer(browser: Browser, at: Stage) -> None:
    with phone_of(browser) as phone:
        phone.add_init_script(SMALL)
        page = phone.new_page()
        page.goto(at.app)
        page.wait_for_selector("[data-screen=enrol] >> text=This looks like a private window")


def test_a_private_window_that_hides_it_is_warned_of_too(phone: BrowserContext, at: Stage) -> None:
    """Playwright's contexts are such windows, and say that they have room for gigabytes."""
    page = phone.new_page()
    page.goto(at.app)
    page.wait_for_selector("[data-screen=enrol] >> text=Not in a private window")
    begin(page, at)
    page.wait_for_selector("[data-screen=today] >> text=This browser may delete what you write")
