"""The service worker in a real Chromium; the server is killed, changed, or somebody else."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.client.shell_server import (
    Door,
    Fault,
    Version,
    broken,
    cut,
    login_page,
    login_script,
    make_version,
    other_way,
    redirect,
)
from tests.observer.test_relay import new_relay
from tests.review.hub_process import Process, new_hub, wait_for

pytestmark = pytest.mark.browser
READY = "html[data-ready]"
KEPT = "html[data-shell=ready]"
WAITING = "html[data-shell=waiting][data-update]"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A relay's folder; headquarters is gone after it was enrolled."""
    folder = tmp_path_factory.mktemp("relay")
    hub = new_hub(folder / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    relay = new_relay(folder / "relay", hub, process)
    process.stop()
    hub.close()
    return relay.folder


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return make_version(tmp_path_factory.mktemp("one"), "one")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return make_version(tmp_path_factory.mktemp("two"), "two")


@pytest.fixture
def door(home: Path, one: Version) -> Iterator[Door]:
    """Version one is served."""
    made = Door(home)
    made.serve(one)
    yield made
    made.kill()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's profile; uncaught errors of its pages fail the test."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.set_default_timeout(15_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert not errors


def open_app(phone: BrowserContext, door: Door, until: str = KEPT) -> Page:
    page = phone.new_page()
    page.goto(door.app)
    page.wait_for_selector(f"{READY}{until.removeprefix('html')}")
    return page


def editions(page: Page) -> set[str]:
    """The words in the open document, in a section and in a style as the page gets them now."""
    found: list[str] = page.evaluate(
        """async () => {
          const texts = await Promise.all(["sections/access.html", "client.css"].map(
            async (path) => (await fetch(document.documentElement.dataset.base + path)).text()));
          texts.push(document.querySelector("[data-screen=edition]").textContent);
          return texts.map((text) => text.match(/edition (\\w+)/)[1]);
        }"""
    )
    return set(found)


def caches(page: Page) -> list[str]:
    found: list[str] = page.evaluate("caches.keys()")
    return found


def look(page: Page) -> None:
    """Let the browser ask for a new version, and wait until it has it or gave up."""
    page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.getRegistration();
          await registration.update().catch(() => {});
          const worker = registration.installing;
          if (worker) await new Promise((done) => {
            worker.addEventListener("statechange", () => worker.state === "installing" || done());
          });
        }"""
    )


def take_over(page: Page) -> bool:
    return bool(page.evaluate("shell.takeOver()"))


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


# A new version


def test_a_new_version_waits_until_the_hearing_is_over_and_somebody_agrees(
    door: Door, phone: BrowserContext, two: Version
) -> None:
    page = open_app(phone, door)
    before = caches(page)
    page.evaluate("document.documentElement.dataset.hearing = ''")
    door.serve(two)
    look(page)
    page.wait_for_selector(WAITING, state="attached")
    assert not take_over(page)
    assert editions(page) == {"one"}
    page.reload()
    page.wait_for_selector(WAITING, state="attached")
    assert editions(page) == {"one"}
    assert page.evaluate("shell.version") in before[0]
    assert set(before) < set(caches(page))
    with page.expect_navigation():
        assert page.evaluate("shell.takeOver().then(Boolean)")
    page.wait_for_selector(KEPT)
    assert editions(page) == {"two"}
    assert len(caches(page)) == 1
    assert caches(page) != before
    door.kill()
    page.reload()
    page.wait_for_selector(READY)
    assert editions(page) == {"two"}


def test_another_window_with_an_open_hearing_is_not_changed_under_its_hands(
    door: Door, phone: BrowserContext, two: Version
) -> None:
    page, other = open_app(phone, door), open_app(phone, door)
    other.evaluate("document.documentElement.dataset.hearing = ''")
    door.serve(two)
    look(page)
    page.wait_for_selector(WAITING, state="attached")
    assert not take_over(page)
    assert editions(other) == editions(page) == {"one"}
    other.evaluate("delete document.documentElement.dataset.hearing")
    with other.expect_navigation(), page.expect_navigation():
        assert page.evaluate("shell.takeOver().then(Boolean)")
    for each in (page, other):
        each.wait_for_selector(KEPT)
        assert editions(each) == {"two"}


def test_what_did_not_change_does_not_travel_again(
    door: Door, phone: BrowserContext, two: Version
) -> None:
    page = open_app(phone, door)
    assert door.asked.count("/app/en/sections.json") == 1
    assert not [path for path in door.asked if "/sections/" in path]
    door.serve(two)
    door.asked.clear()
    look(page)
    page.wait_for_selector(WAITING, state="attached")
    assert "/app/en/client.css" in door.asked
    assert not {"/app/en/checklist.json", "/app/en/observer.css"} & set(door.asked)


def server_dies(door: Door) -> Fault:
    def fault(call: BaseHTTPRequestHandler) -> bool:
        process = door.process
        if process:
            process.kill()
        return False

    return fault


FAULTS = {
    "a fault of the server": ("client.css", broken),
    "a fault for the sections": ("sections.json", broken),
    "a cut": ("client.css", cut),
    "a login page for the document": ("", login_page),
    "a login page for a style": ("client.css", login_page),
    "a login page for the sections": ("sections.json", login_page),
    "a redirect to a login page": ("client.css", redirect),
    "the right file by a redirect": ("client.css", other_way),
    "a redirect of the document": ("", redirect),
    "a login page for the worker": ("sw.js", login_page),
    "a login page that says it is the worker": ("sw.js", login_script),
    "a redirect of the worker": ("sw.js", redirect),
}


def test_a_new_version_that_cannot_be_had_whole_changes_nothing(
    door: Door, phone: BrowserContext, two: Version
) -> None:
    page = open_app(phone, door)
    before = caches(page)
    door.serve(two)
    for name, (path, fault) in FAULTS.items():
        door.faults = {path: fault}
        door.asked.clear()
        look(page)
        assert f"/app/en/{path}" in door.asked, name
        nothing_changed(page, before, name)
    door.faults, door.statuses = {}, {"/app/en/client.css": 500}
    look(page)
    nothing_changed(page, before, "the right file with a fault's status")
    door.statuses.clear()
    goes_on_and_takes_it_later(page, door, two)


def test_a_server_that_dies_while_it_gives_a_new_version_changes_nothing(
    door: Door, phone: BrowserContext, two: Version
) -> None:
    page = open_app(phone, door)
    before = caches(page)
    door.serve(two)
    door.faults["client.css"] = server_dies(door)
    look(page)
    nothing_changed(page, before, "")
    goes_on_and_takes_it_later(page, door, two)


def nothing_changed(page: Page, before: list[str], name: str) -> None:
    """No version waits, and what was there is there."""
    waiting = "navigator.serviceWorker.getRegistration().then((r) => r.waiting)"
    assert page.evaluate(waiting) is None, name
    assert caches(page) == before, name
    assert editions(page) == {"one"}, name


def goes_on_and_takes_it_later(page: Page, door: Door, two: Version) -> None:
    """The version that is there starts without a network; the new one comes when it can."""
    door.kill()
    page.reload()
    page.wait_for_selector(READY)
    assert editions(page) == {"one"}
    door.faults.clear()
    door.serve(two)
    look(page)
    page.wait_for_selector(WAITING, state="attached")
    with page.expect_navigation():
        assert page.evaluate("shell.takeOver().then(Boolean)")
    page.wait_for_selector(KEPT)
    assert editions(page) == {"two"}


@pytest.mark.parametrize("fault", [broken, cut, login_page, redirect])
def test_a_first_visit_that_is_cut_off_keeps_nothing_and_the_next_one_all(
    fault: Fault, door: Door, phone: BrowserContext
) -> None:
    door.faults["checklist.json"] = fault
    page = phone.new_page()
    page.goto(door.app)
    page.wait_for_selector(READY)
    page.wait_for_function(
        "navigator.serviceWorker.getRegistration().then((r) => !r?.installing && !r?.active)"
    )
    assert caches(page) == []
    door.faults.clear()
    page.reload()
    page.wait_for_selector(KEPT)
    door.kill()
    page.reload()
    page.wait_for_selector(READY)


def test_going_back_to_the_version_in_use_breaks_nothing(
    door: Door, phone: BrowserContext, one: Version, two: Version
) -> None:
    page = open_app(phone, door)
    door.serve(two)
    look(page)
    page.wait_for_selector(WAITING, state="attached")
    door.serve(one)
    look(page)
    door.kill()
    page.reload()
    page.wait_for_selector(READY)
    assert editions(page) == {"one"}


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
