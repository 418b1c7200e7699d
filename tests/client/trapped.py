"""A phone whose browser plays tricks with the store, and what lies in the store then."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.client.stage import Stage, begin, open_hearing, saved

READY = "html[data-ready]"
TROUBLE = "#trouble:visible"
WORDS = "[data-screen=write] textarea[name=text]"
READER = "Another window of this app is writing. Here you can only read."

# Reaches what browsers do to a store from outside: nothing of the app knows of it.
TRAP = """(() => {
  const trap = (window.trap = { open: new Set(), shut: false, full: "" });
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...given) {
    trap.open.add(this);
    return transaction.apply(this, given);
  };
  trap.close = () => trap.open.forEach((database) => database.close());
  const lost = "Connection to Indexed Database server lost.";
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...given) {
    if (trap.shut) throw new DOMException(lost, "UnknownError");
    return open.apply(this, given);
  };
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...given) {
    const full = new DOMException("There is no room.", "QuotaExceededError");
    if (trap.full === "throws") throw full;
    const request = put.apply(this, given);
    if (trap.full === "aborts") {
      Object.defineProperty(this.transaction, "error", { value: full });
      this.transaction.abort();
    }
    return request;
  };
})()"""

# All rows of the store as they lie on the disk; a row's text, also where it cannot be read.
ROWS = """async () => {
  const database = await new Promise((done, fail) => {
    const asked = indexedDB.open("store");
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  const rows = await new Promise((done) => {
    const all = database.transaction("rows").objectStore("rows").getAll();
    all.onsuccess = () => done(all.result);
  });
  database.close();
  return rows.map((row) => new TextDecoder().decode(row));
}"""

# A store of some version with these rows, made past the app.
MAKE_STORE = """async ([version, rows]) => {
  const database = await new Promise((done, fail) => {
    const asked = indexedDB.open("store", version);
    asked.onupgradeneeded = () => asked.result.createObjectStore("rows");
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  await new Promise((done) => {
    const writing = database.transaction("rows", "readwrite", { durability: "strict" });
    for (const [key, text] of rows) {
      writing.objectStore("rows").put(new TextEncoder().encode(text), key);
    }
    writing.oncomplete = done;
  });
  database.close();
}"""

DELETE_STORE = """() => new Promise((done, fail) => {
  const asked = indexedDB.deleteDatabase("store");
  asked.onsuccess = done;
  asked.onerror = fail;
})"""


@contextmanager
def phone_of(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's profile with the trap in it; uncaught errors of its pages fail the test."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.set_default_timeout(15_000)
    context.add_init_script(TRAP)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert not errors, errors


def in_hearing(phone: BrowserContext, at: Stage) -> Page:
    """A page of an enrolled phone, at the log of a hearing."""
    page = phone.new_page()
    begin(page, at)
    open_hearing(page)
    saved(page)
    return page


def open_again(page: Page) -> None:
    """Close the app and open it."""
    page.reload()
    page.wait_for_selector(READY)


def start_entry(page: Page) -> None:
    """Stamp an entry and go where its words are written."""
    page.click("[data-screen=log] [data-kind=note]")
    page.click("[data-screen=log] .entries li:first-of-type [data-act=write]")
    page.wait_for_selector(WORDS)


def done(page: Page) -> None:
    """Back to the log."""
    page.click("[data-screen=write] button.main")
    page.wait_for_selector("[data-screen=log]:not([hidden])")


def words_of(page: Page) -> set[str]:
    """The words of all entries of the log, also of those that are not scrolled to."""
    return {text for text in page.locator(".entries [data-text=words]").all_text_contents() if text}


def told(page: Page, words: str) -> None:
    """The bar at the top says this, and it is seen."""
    page.wait_for_selector(f"{TROUBLE} >> text={words}")


def not_saved(page: Page) -> None:
    """The phone says that something is not saved."""
    page.wait_for_selector("#saved:has-text('NOT SAVED')")


def all_well(page: Page) -> None:
    """Everything is saved, and nothing is complained about."""
    saved(page)
    page.wait_for_selector("#trouble", state="hidden")


def go_to_headquarters(page: Page) -> None:
    """The screen where one sends."""
    page.click("header [data-go=today]")
    page.click("[data-screen=today] [data-go=headquarters]")
    page.wait_for_selector("[data-screen=headquarters]:not([hidden])")


def send_drafts(page: Page) -> None:
    """Send everything as it is; wait until headquarters has it."""
    go_to_headquarters(page)
    page.click("[data-screen=headquarters] [data-act=drafts]")
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")


def on_disk(page: Page) -> str:
    """The whole store as one text."""
    return "\n".join(page.evaluate(ROWS))


def store(page: Page) -> dict[str, Any]:
    """The rows of the store by name."""
    return dict(json.loads(row) for row in page.evaluate(ROWS))


def pushed(request: Request) -> str:
    """What a request carries to headquarters, unpacked."""
    body = request.post_data_buffer or b""
    return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()
