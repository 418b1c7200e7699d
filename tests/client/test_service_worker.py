"""The service worker in a real Chromium, when the server is killed or withdraws the shell."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error

from tests.client.shell_server import Door, Version, status_of
from tests.client.shell_window import KEPT, READY, WAITING, caches, editions, look, open_app
from tests.review.hub_process import free_port, wait_for

pytestmark = pytest.mark.browser

# Without a server


def test_a_phone_goes_on_when_the_server_is_killed(door: Door, phone: BrowserContext) -> None:
    page = open_app(phone, door)
    page.wait_for_function("navigator.serviceWorker.controller")
    door.kill()
    assert editions(page) == {"one"}  # at the very first visit, without having come again
    page.reload()
    page.wait_for_selector(READY)
    page.goto(f"{door.app}?from=home#x")
    page.wait_for_selector(READY)
    page.close()
    page = open_app(phone, door)
    assert editions(page) == {"one"}
    every = page.evaluate(
        """async () => {
          const [name] = await caches.keys();
          const kept = await (await caches.open(name)).keys();
          const answers = await Promise.all(kept.map((each) => fetch(each.url)));
          return answers.filter((each) => each.ok).length;
        }"""
    )
    assert every > 35


def test_it_starts_cold_in_a_new_browser(
    browser: Browser, chromium_path: str, door: Door, tmp_path: Path
) -> None:
    def start() -> BrowserContext:
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"]
        )
        context.set_default_timeout(15_000)
        return context

    phone = start()
    open_app(phone, door)
    phone.close()
    door.kill()
    phone = start()
    page = open_app(phone, door)
    assert editions(page) == {"one"}
    phone.close()


def test_an_unknown_address_is_not_taken_for_the_app(door: Door, phone: BrowserContext) -> None:
    page = open_app(phone, door)
    answer = page.goto(f"{door.app}no/such/page")
    assert answer
    assert (answer.status, page.title()) == (404, "Notes")
    door.kill()
    answer = page.goto(f"{door.app}no/such/page")
    assert answer
    assert answer.status == 503
    assert "not on this phone" in page.inner_text("h1")
    assert page.locator("[data-screen]").count() == 0
    page.click("a.button")
    page.wait_for_selector(READY)


def test_languages_are_kept_beside_each_other_and_one_is_read_from_the_right(
    door: Door, phone: BrowserContext, two: Version
) -> None:
    page = open_app(phone, door)
    arabic = phone.new_page()
    arabic.goto(door.app.replace("/en/", "/ar/"))
    arabic.wait_for_selector(f"{READY}[data-shell=ready][dir=rtl]")
    assert [name.rpartition(" ")[0] for name in sorted(caches(page))] == ["shell ar", "shell en"]
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert arabic.evaluate(wide) == page.evaluate(wide) == 0
    door.serve(two)
    look(page)
    page.wait_for_selector(WAITING, state="attached")
    arabic.evaluate("document.documentElement.dataset.hearing = ''")  # not of this language
    with page.expect_navigation():
        assert page.evaluate("shell.takeOver().then(Boolean)")
    page.wait_for_selector(KEPT)
    door.kill()
    arabic.reload()
    arabic.wait_for_selector(READY)
    assert (editions(page), editions(arabic)) == ({"two"}, {"one"})


def test_only_reading_below_the_base_is_answered_from_the_cache(
    door: Door, phone: BrowserContext
) -> None:
    page = open_app(phone, door)
    page.reload()  # from now on the worker sees every request
    tried = """async ([path, method]) => {
      try { return (await fetch(path, {method})).status; } catch { return 0; }
    }"""
    asked = [["/sync/v1/hello", "GET"], ["/app/en/", "POST"], ["/app/en/new.js", "GET"]]
    assert [page.evaluate(tried, each) for each in asked] == [200, 405, 404]
    door.kill()
    assert [page.evaluate(tried, each) for each in asked] == [0, 0, 0]
    assert page.evaluate(tried, ["/app/en/checklist.json", "GET"]) == 200


def test_a_file_that_the_browser_dropped_comes_back_only_if_it_is_the_same(
    door: Door, phone: BrowserContext, two: Version
) -> None:
    page = open_app(phone, door)
    page.reload()
    drop = """async (path) => {
      for (const name of await caches.keys()) await (await caches.open(name)).delete(path);
    }"""
    fetched = "async (path) => { try { return (await fetch(path)).status; } catch { return 0; } }"
    page.evaluate(drop, "/app/en/client.css")
    assert page.evaluate(fetched, "/app/en/client.css") == 200
    page.evaluate(drop, "/app/en/client.css")
    door.serve(two)
    assert page.evaluate(fetched, "/app/en/client.css") == 0
    page.evaluate(drop, "/app/en/checklist.json")  # the same in both
    assert page.evaluate(fetched, "/app/en/checklist.json") == 200


# Withdrawn


def test_a_withdrawn_shell_leaves_the_phone_and_the_records_stay(
    door: Door, phone: BrowserContext, one: Version
) -> None:
    page = open_app(phone, door)
    page.evaluate(
        """() => new Promise((done, fail) => {
          const opening = indexedDB.open("store", 1);
          opening.onupgradeneeded = () =>
            opening.result.createObjectStore("rows").put("kept", "r1");
          opening.onsuccess = () => { opening.result.close(); done(); };
          opening.onerror = fail;
        })"""
    )
    door.serve(one, "--withdraw-shell")
    page.evaluate("navigator.serviceWorker.getRegistration().then((r) => r.update())")
    page.wait_for_function(
        """async () => !(await caches.keys()).length
          && !(await navigator.serviceWorker.getRegistrations()).length"""
    )
    assert page.locator("[data-screen=edition]").count() == 1  # nothing was reloaded
    page.reload()
    page.wait_for_selector(READY)
    kept = page.evaluate(
        """() => new Promise((done) => {
          const opening = indexedDB.open("store");
          opening.onsuccess = () => {
            const asked = opening.result.transaction("rows").objectStore("rows").get("r1");
            asked.onsuccess = () => done(asked.result);
          };
        })"""
    )
    assert kept == "kept"
    wait_for(lambda: caches(page) == [], 5)
    door.kill()
    with pytest.raises(Error):
        page.reload()


def test_without_the_bundle_the_server_carries_on_and_says_what_to_run(
    relay_home: Path, one: Version, tmp_path: Path
) -> None:
    shutil.copytree(one.folder, tmp_path / "bare", symlinks=True)
    shutil.rmtree(tmp_path / "bare/observer/static/client")
    port = free_port()
    with (tmp_path / "said").open("wb") as said:
        process = Version(tmp_path / "bare").start(relay_home, port, errors=said)
        try:
            hello = f"http://127.0.0.1:{port}/sync/v1/hello"
            wait_for(lambda: status_of(hello) == 200, 30)
            assert status_of(f"http://127.0.0.1:{port}/app/en/") == 503
        finally:
            process.kill()
            process.wait(20)
    lines = (tmp_path / "said").read_text().splitlines()
    assert set(lines) == {"The app for phones is not built. Run: make client"}
