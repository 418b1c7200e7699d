"""Every screen of the shell, filled in: what axe finds, contrast, zoom, right to left, targets."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.client.filled import fill_phone, home, visits
from tests.client.stage import Stage
from tests.client.translated import translated_stage

pytestmark = pytest.mark.browser
LEAST = 47.5  # CSS pixels: 48 but for rounding
# What a finger must meet and is smaller than it; a tick is met by its label.
SMALL = """least => [...document.querySelectorAll(
    "button, a[href], summary, select, textarea, input, label:has(input)")]
  .filter((each) => each.checkVisibility() && !each.closest(".hidden, .skip, [hidden]"))
  .filter((each) => !(each.matches("input") && each.closest("label")))
  .filter((each) => each.getBoundingClientRect().height < least)
  .map((each) => each.outerHTML.slice(0, 120))"""

# Words whose contrast with what lies behind them is less than 4.5 (WCAG 2.2, 1.4.3).
FAINT = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3)
    .map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return parts(backgroundColor)[3] === 0 && element.parentElement
      ? behind(element.parentElement) : backgroundColor;
  };
  const hasWords = (each) => each.matches("input, select, textarea")
    || [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.checkVisibility() && hasWords(each))
    .filter((each) => {
      const words = each.placeholder && !each.value ? "::placeholder" : null;
      const [one, two] = [getComputedStyle(each, words).color, behind(each)].map(light);
      return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05) < 4.5;
    })
    .map((each) => each.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with translated_stage(tmp_path_factory.mktemp("stage")) as started:
        yield started


@pytest.fixture(scope="module")
def phone(browser: Browser, at: Stage) -> Iterator[Page]:
    """A phone that was used for two days of a trial."""
    context = browser.new_context(viewport={"width": 360, "height": 640})
    context.set_default_timeout(15_000)
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    fill_phone(page, at)
    yield page
    context.close()
    assert not errors


def findings(page: Page, place: str) -> list[str]:
    """What axe finds on the page as it is, and whether it is wider than the screen."""
    found = Axe().run(page)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    said = [found.generate_report()] if found.violations_count else []
    return [f"{place}: {each}" for each in [*said, *([f"{wide} px too wide"] if wide > 0 else [])]]


def faint(page: Page, place: str) -> list[str]:
    """Words that are hard to see, in the dark and where the screen is dimmed."""
    found = []
    for theme in ("light", "dark", "dim"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.evaluate(
            "dim => document.documentElement.toggleAttribute('data-dim', dim)", theme == "dim"
        )
        found += [f"{place}, {theme}: faint {each}" for each in page.evaluate(FAINT)]
    page.evaluate("document.documentElement.removeAttribute('data-dim')")
    return found


def zoomed(page: Page, place: str) -> list[str]:
    """As with letters twice as large: nothing beside the screen."""
    page.set_viewport_size({"width": 180, "height": 320})
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.set_viewport_size({"width": 360, "height": 640})
    return [f"{place}, zoomed: {wide} px too wide"] if wide > 0 else []


def test_every_screen_can_be_read_in_light_dark_dim_and_large(phone: Page) -> None:
    found = []
    for name in visits(phone):
        found += findings(phone, name) + faint(phone, name) + zoomed(phone, name)
        found += [f"{name}: small {each}" for each in phone.evaluate(SMALL, LEAST)]
    assert not found, "\n".join(found)


def test_every_screen_can_be_read_from_the_right_and_in_the_dark(phone: Page, at: Stage) -> None:
    phone.emulate_media(color_scheme="dark")
    phone.goto(f"{at.origin}/app/ar/")
    phone.wait_for_selector("html[data-ready][dir=rtl]")
    found = []
    for name in visits(phone):
        found += findings(phone, f"{name}, right to left")
        found += zoomed(phone, f"{name}, right to left")
    phone.emulate_media(color_scheme="light")
    phone.goto(at.app)
    phone.wait_for_selector("html[data-ready]")
    assert not found, "\n".join(found)


def test_the_button_that_dims_keeps_words_legible(phone: Page) -> None:
    home(phone)
    phone.click("[data-act=dim]")
    found = phone.evaluate(FAINT)
    filters = phone.evaluate("getComputedStyle(document.body).filter")
    phone.click("[data-act=dim]")
    assert (found, filters) == ([], "none"), "nor does a filter take from them"


def test_the_cover_is_one_thing_and_says_how_it_is_lifted(phone: Page) -> None:
    home(phone)
    phone.click("[data-act=blank]")
    found = findings(phone, "covered")
    label = phone.evaluate("document.activeElement.getAttribute('aria-label')")
    phone.keyboard.press("Escape")
    assert not found, "\n".join(found)
    assert "Escape" in label


def test_the_page_without_the_app(phone: Page, at: Stage) -> None:
    phone.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready")
    phone.context.set_offline(True)
    try:
        phone.goto(f"{at.app}no/such/page")
        assert "not on this phone" in phone.inner_text("h1")
        found = findings(phone, "offline") + faint(phone, "offline") + zoomed(phone, "offline")
    finally:
        phone.context.set_offline(False)
    assert not found, "\n".join(found)
    phone.goto(at.app)
    phone.wait_for_selector("html[data-ready]")


def test_the_first_screen(browser: Browser, at: Stage) -> None:
    found = []
    for language in ("en", "ar"):
        page = browser.new_page(viewport={"width": 360, "height": 640})
        page.goto(f"{at.origin}/app/{language}/")
        page.wait_for_selector("[data-screen=enrol]:not([hidden])")
        page.click("[data-act=scan]")
        page.fill("#invitation", "Half of a line (fictional)")
        page.click("[data-screen=enrol] button.main")
        page.wait_for_selector("#trouble:not([hidden])")
        place = f"enrol, {language}"
        found += findings(page, place) + faint(page, place) + zoomed(page, place)
        found += [f"enrol: small {each}" for each in page.evaluate(SMALL, LEAST)]
        page.context.close()
    assert not found, "\n".join(found)
