"""From the court form in Chromium to headquarters' tables, with the app killed in between."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from review.datasette_config import datasette_command
from tests.observer.court import OBSERVER, Court
from tests.review.hub_process import MISSION, free_port, wait_for

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parents[2] / "docs" / "screenshots"


def open_case(page: Page, court: Court) -> None:
    """A fictional case with two accused and a witness, and its hearing of today."""
    page.goto(court.laptop.address)
    page.click("text=New case")
    page.fill("#title", "The State v. A1 and A2 (fictional)")
    page.fill("#court", "Court of Exampleton (fictional)")
    page.click("text=Open the case")
    for role in ("accused", "accused", "witness"):
        page.select_option("#role", role)
        page.click("text=Add person")
    page.click("text=Add a hearing")
    page.fill("#scheduled_at", "09:30")
    page.click("button:has-text('Add the hearing')")
    page.click("text=I am in the hearing")


def stamp(page: Page, kind: str, text: str) -> None:
    """One tap, then the words."""
    page.click(f".stamps button:text-is('{kind}')")
    page.fill("#edit textarea", text)
    page.click("#edit button.main")


def tick(page: Page, item: str, value: str, slot: int = 0) -> None:
    """Choose an answer, and wait until it is said to be saved."""
    page.locator(f"#q-{item} .slot").nth(slot).locator(f"input[value='{value}']").check()
    settle(page)


def settle(page: Page) -> None:
    """Wait until the page says that it saved."""
    page.locator("#saved", has_text="Saved").wait_for(timeout=5000)


def section(page: Page, name: str) -> None:
    """Open a section."""
    details = page.locator("details.sections")
    if details.get_attribute("open") is None:
        details.locator("> summary").click()
    page.click(f"[data-section='{name}']")


def observation_of(page: Page) -> str:
    found = re.search(r"/observations/([0-9a-f-]{36})", page.url)
    assert found
    return found.group(1)


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchall()


def test_a_hearing_from_the_form_to_headquarters(
    court: Court, page_factory: Callable[..., Page]
) -> None:
    page = page_factory(390, 844)
    open_case(page, court)
    observation = observation_of(page)
    stamp(page, "Start", "The bench entered.")
    stamp(page, "Request", "Counsel of A1 asked for an interpreter.")
    stamp(page, "Ruling", "Refused: no interpreter could be found.")
    page.goto(f"{court.laptop.address}/observations/{observation}?section=person")
    details = page.locator("#q-person\\.features details.exceptions > summary")
    details.click()
    tick(page, "person\\.features", "detained", 1)
    tick(page, "person\\.features", "interpretation_needed", 1)
    tick(page, "person\\.features", "none", 2)
    section(page, "hearing")
    tick(page, "hearing\\.kind", "trial")
    tick(page, "hearing\\.parties_present", "judge")
    section(page, "interp")
    assert page.locator("#q-interp\\.provided").is_visible()
    tick(page, "interp\\.provided", "no")
    page.locator("#q-interp\\.provided .evidence > summary").click()
    page.fill("#q-interp\\.provided textarea[name^='entry/']", "A1 asked twice what was said.")
    page.locator("#q-interp\\.provided textarea[name^='comment/']").focus()
    page.wait_for_selector("#q-interp\\.provided blockquote")
    section(page, "torture")
    tick(page, "torture\\.allegation", "yes_alleged", 0)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "form-phone.png")

    court.laptop.end(signal.SIGKILL)
    court.laptop.start()
    page.goto(f"{court.laptop.address}/observations/{observation}?section=interp")
    assert page.locator("#q-interp\\.provided input[value='no']").first.is_checked()
    assert "asked twice" in page.locator("#q-interp\\.provided blockquote").inner_text()

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{court.laptop.address}/observations/{observation}/log")
    page.screenshot(path=SHOTS / "log-phone.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()

    page.click("text=Submit")
    page.fill("#all", "Left the rest for the second day (fictional).")
    page.click("text=Submit the record")
    page.wait_for_selector("h1:has-text('Submitted')")
    sent = court.laptop.command("sync")
    assert (sent.returncode, "0 known" in sent.stdout) == (0, True), sent.stderr
    again = court.laptop.command("sync")
    assert "Received at headquarters: 0 new" in again.stdout
    arrived(court, observation)
    read_at_headquarters(page, court, observation)


def read_at_headquarters(page: Page, court: Court, observation: str) -> None:
    """A reviewer signs in to the real Datasette and finds every answer and entry."""
    folder, port = court.hub.instance, free_port()
    subprocess.run(
        [OBSERVER.with_name("observer-hub"), "reviewer", "add", "reader", "--mission", MISSION],
        env={**os.environ, "HUB_INSTANCE": str(folder), "HUB_REVIEWER_PASSWORD": "fictional-words"},
        check=True,
        capture_output=True,
    )
    command = datasette_command(folder, "127.0.0.1", port)
    datasette = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port), 30)
        page.goto(f"http://127.0.0.1:{port}/-/login")
        page.fill("input[name=username]", "reader")
        page.fill("input[name=password]", "fictional-words")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Sign out")
        page.goto(f"http://127.0.0.1:{port}/-/missions/{MISSION}/observations/{observation}")
        page.screenshot(path=SHOTS / "reading-page.png")
        shown = page.inner_text("main")
        for words in (
            "The bench entered.",
            "Counsel of A1 asked for an interpreter.",
            "Refused: no interpreter could be found.",
            "A1 asked twice what was said.",
        ):
            assert words in shown
        facts = folder / "projections" / f"{MISSION}.db"
        for (item,) in rows(facts, "SELECT DISTINCT item_id FROM answers"):
            assert page.locator(f"[id='q-{item}']").count() == 1
    finally:
        datasette.terminate()
        datasette.wait(20)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def arrived(court: Court, observation: str) -> None:
    """Headquarters' tables have the answers, the entries and the reason."""
    folder = court.hub.instance / "projections"
    facts, notes = folder / f"{MISSION}.db", folder / f"{MISSION}_text.db"
    wait_for(lambda: rows(facts, "SELECT id FROM observations") == [(observation,)], 20)
    answers = dict(rows(facts, "SELECT item_id, value FROM answers WHERE observation_id NOTNULL"))
    assert answers["interp.provided"] == "no"
    assert answers["hearing.kind"] == '["trial"]'
    kinds = [row[0] for row in rows(facts, "SELECT kind FROM log_entries ORDER BY place")]
    assert kinds == ["start", "request", "ruling", "note"]
    assert rows(facts, "SELECT count(*) FROM log_entries WHERE re_id NOTNULL") == [(1,)]
    words = {row[0] for row in rows(notes, "SELECT text FROM notes")}
    assert {"Refused: no interpreter could be found.", "A1 asked twice what was said."} <= words
    assert rows(facts, "SELECT open_problems FROM observations") == [(0,)]


def test_the_same_without_javascript(court: Court, page_factory: Callable[..., Page]) -> None:
    page = page_factory(390, 844, java_script_enabled=False)
    open_case(page, court)
    observation = observation_of(page)
    stamp(page, "Start", "The bench entered.")
    page.goto(f"{court.laptop.address}/observations/{observation}?section=hearing")
    page.check("#q-hearing\\.kind input[value='trial']")
    page.fill("#q-hearing\\.scheduled_time input[type='time']", "09:30")
    page.click("#s-hearing button:text-is('Save')")
    assert page.locator("#q-hearing\\.kind input[value='trial']").is_checked()
    page.click("#s-hearing button:has-text('Rest of this section')")
    assert page.locator("#q-hearing\\.state_recording input[value='not_observed']").is_checked()
    page.goto(f"{court.laptop.address}/observations/{observation}/submit")
    page.click("text=Submit the record")
    assert page.locator("[role=alert]").is_visible()
    page.fill("#all", "Left early (fictional).")
    page.click("text=Submit the record")
    page.click("text=Send to headquarters")
    page.wait_for_selector("text=Last time it worked")
    folder = court.hub.instance / "projections"
    wait_for(
        lambda: rows(folder / f"{MISSION}.db", "SELECT id FROM observations") == [(observation,)],
        20,
    )


def test_not_admitted_in_two_taps(court: Court, page_factory: Callable[..., Page]) -> None:
    page = page_factory(320, 640)
    open_case(page, court)
    page.goto(court.laptop.address)
    page.click(".list a")
    page.click("text=Add a hearing")
    page.click("button:has-text('Add the hearing')")
    page.click("summary:has-text('Not admitted')")
    page.click("button:has-text('Police or guard')")
    assert "Nothing is missing" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
