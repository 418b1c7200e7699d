"""A hearing without touching the glass: from enrolment to submission with keys only."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.client.filled import home, shown
from tests.client.stage import Stage, begin, open_hearing, saved, stage

pytestmark = pytest.mark.browser
MOST = 400  # presses of a key until something must be reached
IS_AT = "wanted => document.activeElement.matches(wanted)"
# What is wrong with how the focus can be seen, and what has it.
UNSEEN = """() => {
  const at = document.activeElement;
  const said = at.outerHTML.slice(0, 160);
  if (at === document.body) return "nothing has the focus";
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return `no outline: ${said}`;
  const { left, top, width, height } = at.getBoundingClientRect();
  if (width < 4 || height < 4) return `too small: ${said}`;
  const [x, y] = [left + width / 2, Math.max(top, 0) + Math.min(height, innerHeight - top) / 2];
  const met = document.elementFromPoint(x, y);
  const isMet = met && (at.contains(met) || met.contains(at));
  return isMet ? "" : `covered: ${said} by ${met?.outerHTML.slice(0, 120)}`;
}"""
HEADING = "h1, h2[data-landing]"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


class Keys:
    """Somebody who uses the keyboard only; the focus must be seen at every step."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def seen(self) -> None:
        """The focus is somewhere, and can be seen there."""
        assert not (wrong := self.page.evaluate(UNSEEN)), wrong

    def reach(self, wanted: str, key: str = "Tab") -> None:
        """Press a key until something has the focus."""
        for _ in range(MOST):
            if self.page.evaluate(IS_AT, wanted):
                return self.seen()
            self.press(key)
            self.seen()
        raise AssertionError(f"never reached: {wanted}")

    def go(self, wanted: str, screen: str, key: str = "Enter") -> None:
        """Reach a button and use it; the next screen's heading has the focus."""
        self.reach(wanted)
        self.press(key)
        shown(self.page, screen)
        self.page.wait_for_function(IS_AT, arg=f"[data-screen={screen}] :is({HEADING}, textarea)")
        self.seen()

    def write(self, wanted: str, words: str) -> None:
        """Reach a field and type."""
        self.reach(wanted)
        self.page.keyboard.type(words)


def test_a_hearing_with_keys_only(page_factory: Callable[..., Page], at: Stage) -> None:
    page = page_factory(360, 640)
    page.goto(at.app)
    page.wait_for_selector("html[data-ready]")
    keys = Keys(page)
    keys.reach("#invitation")
    page.keyboard.insert_text(at.invitation())  # as it is pasted
    keys.go("[data-screen=enrol] button.main", "today")
    keys.go("[data-go=case_new]", "case_new")
    keys.write("#new-title", "Case Kestrel (fictional)")
    page.keyboard.press("Enter")
    shown(page, "case")
    for _ in range(2):
        keys.reach("[data-screen=case] form[data-act=person] button")
        keys.press("Space")
    keys.reach("[data-screen=case] summary")
    keys.press("Enter")
    keys.go("form[data-act=hearing] button", "brief")
    keys.reach("[data-screen=brief] input[value=full]")
    keys.press("ArrowDown")
    keys.reach("[data-screen=brief] input[value=quick]:checked")
    keys.press("ArrowUp")
    keys.go("[data-attendance=observed]", "log")
    keys.reach("[data-kind=start]")
    keys.press("Space")
    saved(page)
    keys.reach("[data-act=undo]")
    keys.press("Space")
    expect(page.locator("[data-screen=log] [data-act=undo]")).to_be_hidden()
    keys.seen()
    keys.reach("[data-kind=note]", "Shift+Tab")
    keys.press("Space")
    page.wait_for_selector(".entries [data-act=write]")
    keys.go(".entries [data-act=write]", "write")
    keys.write("#w-text", "Two men without uniform sat behind A1 (fictional).")
    keys.go("[data-screen=write] button.main", "log")
    answer(keys)
    keys.reach("[data-screen=checklist] nav [data-go=submit]", "Shift+Tab")
    keys.press("Enter")
    page.wait_for_function(IS_AT, arg="[data-screen=submit] h1")
    keys.write("#s-all", "Left the rest for the second day (fictional).")
    keys.go("[data-screen=submit] button.main", "headquarters")
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")
    assert at.changes("observation")


def answer(keys: Keys) -> None:
    """A section, a pill, guidance, evidence from the log, all by keys."""
    page = keys.page
    keys.reach("[data-screen=log] nav [data-go=checklist]")
    keys.press("Enter")
    shown(page, "checklist")
    keys.reach("[data-screen=checklist] .sections summary")
    keys.press("Space")
    keys.reach("[data-of=section][data-key=access] button")
    keys.press("Enter")
    page.wait_for_function(IS_AT, arg="[data-screen=checklist] h2[data-landing]")
    keys.reach("[data-questions] .question summary")
    keys.press("Space")
    keys.reach("[data-questions] input[type=radio]")
    keys.press("ArrowDown")
    saved(page)
    keys.reach("[data-questions] .evidence summary")
    keys.press("Enter")
    page.wait_for_selector("[data-questions] [data-of=suggestion]:visible")
    keys.reach("[data-of=suggestion]")
    keys.press("Space")
    page.wait_for_selector("[data-questions] blockquote")
    keys.seen()
    keys.reach("[data-questions] [data-act=detach]", "Shift+Tab")
    keys.press("Space")
    page.wait_for_selector("[data-questions] blockquote", state="detached")
    keys.seen()


def test_the_cover_is_lifted_by_escape_and_one_is_where_one_was(
    page_factory: Callable[..., Page], at: Stage
) -> None:
    page = page_factory(360, 640)
    begin(page, at)
    keys = Keys(page)
    keys.reach("[data-act=blank]", "Shift+Tab")
    keys.press("Enter")
    page.wait_for_selector("#blank:not([hidden])")
    keys.press("Tab")
    assert not page.evaluate("document.activeElement.closest('header, main')"), "all else is inert"
    page.locator("#blank").focus()
    keys.press("Escape")
    page.wait_for_selector("#blank", state="hidden")
    keys.reach("[data-act=blank]")


def test_headings_are_outlined_for_keys_and_not_for_fingers(
    page_factory: Callable[..., Page], at: Stage
) -> None:
    page = page_factory(360, 640)
    begin(page, at)
    open_hearing(page)
    home(page)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert (page.evaluate("document.activeElement.tagName"), page.evaluate(outline)) == (
        "H1",
        "none",
    )
    keys = Keys(page)
    keys.press("Tab")
    keys.go("[data-screen=today] [data-go=headquarters]", "headquarters")
