"""What a phone says when it cannot send: the network wants a sign-in, it is signed out, no room."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from tests.client.stage import Stage, begin, open_hearing, saved, stage

pytestmark = pytest.mark.browser


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


@pytest.fixture
def page(page_factory: Callable[..., Page], at: Stage) -> Page:
    """A phone in a hearing."""
    made = page_factory()
    begin(made, at)
    open_hearing(made)
    return made


def headquarters(page: Page) -> None:
    """Go to headquarters, and send."""
    page.click("header [data-go=today]")
    page.click("[data-screen=today] [data-go=headquarters]")
    page.click("[data-screen=headquarters] [data-act=send]:visible")


def test_a_network_that_wants_a_sign_in_is_called_so_and_nothing_is_taken_for_sent(
    page: Page,
) -> None:
    def portal(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<h1>Fictional café</h1>")

    page.route("**/sync/v1/**", portal)
    headquarters(page)
    page.wait_for_selector("[data-screen=headquarters] >> text=sign in first")
    assert page.is_visible("[data-screen=headquarters] >> text=Everything is saved here.")
    assert page.is_visible("[data-screen=headquarters] >> text=Draft here only")
    page.unroute("**/sync/v1/**", portal)
    page.click("[data-screen=headquarters] [data-act=drafts]")
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")
    assert not page.is_visible("[data-screen=headquarters] >> text=sign in first")


def test_a_phone_that_was_signed_out_says_so_and_goes_on_writing(page: Page) -> None:
    page.route(
        "**/sync/v1/**",
        lambda route: route.fulfill(
            status=403,
            headers={"Trial-Sync": "1"},
            json={
                **{"ok": False, "code": "device_revoked", "error": "This device was revoked."},
                **{"status": 403, "retry": False},
            },
        ),
    )
    headquarters(page)
    page.wait_for_selector("[data-screen=headquarters] >> text=This phone is signed out")
    assert page.is_visible("[data-screen=headquarters] >> text=everything is saved here")
    page.click("header [data-go=today]")
    page.click("[data-screen=today] [data-of=coming] button")
    page.click("[data-screen=brief] [data-of=mine] button")
    page.click("[data-screen=log] [data-kind=note]")
    saved(page)


def test_a_conversation_can_be_stopped_and_goes_on(page: Page) -> None:
    page.route("**/sync/v1/**", lambda _route: None)  # never answered
    headquarters(page)
    page.wait_for_selector("[data-screen=headquarters] >> text=Talking with headquarters")
    page.click("[data-screen=headquarters] [data-act=cancel]")
    page.wait_for_selector("[data-screen=headquarters] [data-act=send]:visible")
    assert not page.is_visible("[data-screen=headquarters] .problem:visible")
    page.unroute("**/sync/v1/**")
    page.click("[data-screen=headquarters] [data-act=drafts]")
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")


# From now on no write finds room, until `full` is false.
FULL = """() => {
  const real = IDBDatabase.prototype.transaction;
  window.full = true;
  IDBDatabase.prototype.transaction = function (names, mode, options) {
    const made = real.call(this, names, mode, options);
    if (mode === "readwrite" && window.full) {
      const error = new DOMException("ordered", "QuotaExceededError");
      Object.defineProperty(made, "error", { get: () => error });
      queueMicrotask(() => made.abort());
    }
    return made;
  };
}"""


def test_without_room_it_says_so_what_to_do_and_saves_once_there_is(page: Page) -> None:
    page.evaluate(FULL)
    page.click("[data-screen=log] [data-kind=note]")
    page.wait_for_selector("#saved:has-text('NOT SAVED')")
    page.click("#remedy")
    page.wait_for_selector("[data-screen=phone] >> text=The last thing you wrote is NOT SAVED")
    page.evaluate("window.full = false")
    page.click("[data-screen=phone] [data-act=retry]")
    saved(page)
    page.wait_for_selector("#remedy", state="hidden")
    page.reload()
    page.click("header [data-go=today]")
    page.click("[data-screen=today] [data-of=coming] button")
    page.click("[data-screen=brief] [data-of=mine] button")
    page.wait_for_selector("[data-screen=log] [data-of=entry]")


def test_a_file_without_room_is_not_said_to_be_kept(page: Page) -> None:
    page.click("[data-screen=log] nav [data-go=files]")
    saved(page)
    page.evaluate(FULL)
    page.set_input_files(
        "[data-screen=files] input[name=document]",
        {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n" + b"x" * 9000},
    )
    page.wait_for_selector("#trouble:has-text('no space left')")
    page.wait_for_selector("#remedy")
    assert page.locator("[data-screen=files] [data-of=file]").count() == 0
