"""Settling in Chromium: by keyboard and with one tap, with and without JavaScript, on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from observer.profile import Home, enrol
from observer.sending import send_and_receive
from observer.workspace import Workspace
from review.hub import Hub
from sync.log import Log
from tests.observer.court import Court
from tests.observer.test_end_to_end import observation_of, open_case
from tests.review.hub_process import MISSION

pytestmark = pytest.mark.browser
CHARGES = "answers/case.charges"
FIRST = "Theft of a bicycle (fictional)"
SECOND = "Handling of stolen goods, as the clerk read it out (fictional)"


def check(page: Page) -> None:
    """Nothing that axe finds, and nothing beside the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def focus_by_keyboard(page: Page, words: str) -> None:
    """Press Tab until the focus is on the button with these words."""
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.locator("button:focus")
        if focused.count() and words in (focused.text_content() or ""):
            return
    pytest.fail(f"the keyboard does not come to {words}")


@pytest.fixture
def colleague(court: Court, tmp_path: Path) -> Iterator[Workspace]:
    """Another observer's laptop at the same headquarters."""
    hub = Hub(court.hub.instance)
    home = Home(tmp_path / "colleague")
    enrol(home, hub.invite(MISSION, "OBS-2", "observer", 600, court.hub.address))
    hub.close()
    space = Workspace(home)
    yield space
    space.close()


def differ(page: Page, court: Court, colleague: Workspace) -> str:
    """A case of both with different charges, court and code; gives the case."""
    page.goto(f"{court.laptop.address}/observations/{observation_of(page)}?section=case")
    page.fill("#q-case\\.charges input[name='answers/case.charges']", FIRST)
    page.click("#s-case button:text-is('Save')")
    assert court.laptop.command("sync", "--drafts").returncode == 0
    hub = Hub(court.hub.instance)
    log: Log = hub.log(MISSION)
    (case,) = log.records("case")
    person = log.records("person")[0]
    log.close()
    hub.assign(MISSION, case, "OBS-2")
    hub.close()
    send_and_receive(colleague)
    given = dict(colleague.get("case", case).values[CHARGES])
    colleague.edit("case", case, {CHARGES: {**given, "value": SECOND, "comment": "As heard."}})
    colleague.edit("person", person, {"role": "victim"})
    colleague.edit("case", case, {"court": "Second Court (fictional)"})
    colleague.send(colleague.unsent())
    return case


def differ_here(page: Page, court: Court, case: str) -> None:
    """What is written in the browser meanwhile, offline as to the colleague."""
    space = Workspace(Home(court.laptop.folder))
    space.edit("case", case, {"court": "First Court (fictional)"})
    person = space.of_case("person", case)[0]
    space.edit("person", person.id, {"role": "witness"})
    given = dict(space.get("case", case).values[CHARGES])
    space.edit("case", case, {CHARGES: {**given, "value": FIRST + ", again"}})
    space.send(space.unsent())
    space.close()


def settle_on_the_case(page: Page, case: str, *, javascript: bool) -> None:
    """Keep the first court, by keyboard where axe can see, and the colleague's role."""
    assert page.locator(".conflict").count() == 3
    if javascript:
        check(page)
        focus_by_keyboard(page, "Keep this one: First Court")
        page.keyboard.press("Enter")
    else:
        page.click("button:has-text('First Court')")
    page.locator(f"[id='conflict-{case}-court']", has_text="Settled here.").wait_for()
    page.click("button:has-text('Victim')")
    assert page.locator(".kept").count() == 2
    if javascript:
        check(page)


def settle_on_the_card(page: Page, *, javascript: bool) -> None:
    """Keep the colleague's charges while another answer is typed and not saved."""
    card = page.locator("#q-case\\.charges")
    assert SECOND in card.inner_text()
    assert "OBS-2" in card.inner_text()
    if javascript:
        check(page)
    page.fill("input[name='answers/case.accused_count']", "2")
    card.locator("button", has_text=SECOND).click()
    assert "Kept" in card.inner_text()
    assert page.input_value("input[name='answers/case.accused_count']") == "2"
    assert page.input_value(f"input[name='{CHARGES}']") == SECOND


@pytest.mark.parametrize(
    ("javascript", "scheme"), [(True, "light"), (True, "dark"), (False, "light")]
)
def test_conflicts_are_settled_on_the_card_and_on_the_case(
    court: Court,
    colleague: Workspace,
    page_factory: Callable[..., Page],
    javascript: bool,
    scheme: str,
) -> None:
    page = page_factory(320, 640, java_script_enabled=javascript, color_scheme=scheme)
    open_case(page, court)
    observation = observation_of(page)
    case = differ(page, court, colleague)
    differ_here(page, court, case)
    send_and_receive(colleague)
    page.goto(f"{court.laptop.address}/sync")
    focus_by_keyboard(page, "Send and receive now") if javascript else page.focus("main button")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Came in: 1 change to cases")
    if javascript:
        check(page)

    page.goto(court.laptop.address)
    assert page.locator("h2", has_text="3 fields have different versions").is_visible()
    if javascript:
        check(page)
    page.click("a:has-text('Role')")
    settle_on_the_case(page, case, javascript=javascript)
    page.goto(f"{court.laptop.address}/observations/{observation}?section=case")
    settle_on_the_card(page, javascript=javascript)
    page.goto(court.laptop.address)
    assert "different versions" not in page.inner_text("main")

    page.click("a:text-is('Headquarters')")
    page.click("button:has-text('Also send')")
    page.wait_for_selector("text=Sent: 2 new")
    send_and_receive(colleague)
    for id_, kind in ((case, "case"), (colleague.of_case("person", case)[0].id, "person")):
        assert not colleague.get(kind, id_).sent.conflicts
    assert colleague.get("case", case).values["court"] == "First Court (fictional)"
    assert colleague.get("case", case).values[CHARGES]["value"] == SECOND
    page.goto(f"{court.laptop.address}/cases/{case}")
    assert page.locator(".conflict").count() == 0


def test_enter_in_a_field_of_a_section_keeps_no_version(
    court: Court, colleague: Workspace, page_factory: Callable[..., Page]
) -> None:
    """A form is sent with its first button when somebody types Enter; that one saves."""
    page = page_factory(360, 740, java_script_enabled=False)
    open_case(page, court)
    observation = observation_of(page)
    case = differ(page, court, colleague)
    differ_here(page, court, case)
    send_and_receive(colleague)
    assert court.laptop.command("sync").returncode == 0
    page.goto(f"{court.laptop.address}/observations/{observation}?section=case")
    page.fill("input[name='answers/case.accused_count']", "2")
    page.press("input[name='answers/case.accused_count']", "Enter")
    assert page.input_value("input[name='answers/case.accused_count']") == "2"
    assert page.locator("#q-case\\.charges button", has_text="Keep this one").count() == 2
