"""The page of headquarters in Chromium when all is not well: signed out, with everything shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from observer.profile import Home
from review.hub import Hub
from tests.observer.court import Court
from tests.observer.test_conflicts_browser import check
from tests.observer.test_end_to_end import open_case, stamp
from tests.review.hub_process import MISSION

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signed_out_is_told_and_the_log_goes_on(
    court: Court, page_factory: Callable[..., Page], tmp_path: Path, scheme: str
) -> None:
    page = page_factory(360, 740, color_scheme=scheme)
    open_case(page, court)
    log = page.url
    page.goto(f"{court.laptop.address}/sync")
    page.click("button:has-text('Also send')")
    page.wait_for_selector("text=Last time it worked")
    hub = Hub(court.hub.instance)
    hub.revoke(MISSION, Home(court.laptop.folder).profile().device)
    hub.close()
    page.click("button:has-text('Send and receive now')")
    page.wait_for_selector("[role=alert]:has-text('This laptop is signed out')")
    page.locator("details > summary").click()
    assert "Received at headquarters" in page.inner_text("details")
    check(page)
    page.screenshot(path=tmp_path / f"signed-out-{scheme}.png", full_page=True)
    page.goto(log)
    stamp(page, "Start", "The bench entered.")
    assert "The bench entered." in page.inner_text(".entries")
    page.goto(court.laptop.address)
    assert "Signed out; everything is saved here." in page.inner_text("main")
    check(page)
    page.screenshot(path=tmp_path / f"home-{scheme}.png", full_page=True)
