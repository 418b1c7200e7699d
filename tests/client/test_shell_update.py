"""A new version of the shell in a real Chromium: with consent, or when it cannot be had whole."""

from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.client.shell_server import (
    Door,
    Fault,
    Version,
    broken,
    cut,
    login_page,
    login_script,
    other_way,
    redirect,
)
from tests.client.shell_window import (
    KEPT,
    READY,
    WAITING,
    caches,
    editions,
    look,
    open_app,
    take_over,
)

pytestmark = pytest.mark.browser


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
