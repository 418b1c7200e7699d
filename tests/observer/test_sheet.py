"""The sheet as real Chromium prints it: two sides of A4 or letter, with every core question."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from observer.sheet import Heading, make_sheet
from observer.workspace import Record
from schemas.library import default_checklist, wording
from sync.fold import fold
from tests.observer.court import OBSERVER, Court
from tests.observer.test_end_to_end import SHOTS, open_case

pytestmark = pytest.mark.browser
PRINTED_WIDTH = 718  # CSS pixels: A4 less its margins
CORE = [item for item in default_checklist().items.values() if item.core and item.who == "observer"]
# What of each side is where: all of it within the side, and how many rows of log are whole.
MEASURE = """() => [...document.querySelectorAll('.side')].map(side => {
  const edge = side.getBoundingClientRect();
  const parts = [...side.querySelectorAll('header, .legend, .roster, .question, .log')];
  const out = parts.filter(part => {
    const box = part.getBoundingClientRect();
    return box.bottom > edge.bottom + 1 || box.left < edge.left - 1 || box.right > edge.right + 1;
  });
  const rows = [...side.querySelectorAll('.rows li:not(.head)')].filter(row => {
    const box = row.getBoundingClientRect(), frame = row.parentNode.getBoundingClientRect();
    const beside = box.left >= frame.right - 1 || box.right <= frame.left + 1;
    return !beside && box.bottom <= frame.bottom + 1;
  });
  return {out: out.map(part => part.textContent.trim()), rows: rows.length};
})"""


def sheet(folder: Path, *options: str) -> Path:
    """The page that the command writes where no mission is set up."""
    out = folder / "sheet.html"
    done = subprocess.run(
        [OBSERVER, "sheet", *options, str(out)],
        env={"OBSERVER_INSTANCE": str(folder / "none"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "none").exists()
    return out


def pages(page: Page, paper: str) -> int:
    """How many sides Chromium prints."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=paper)))


def fits(page: Page) -> list[dict[str, Any]]:
    """What each printed side holds; nothing is outside of it."""
    page.emulate_media(media="print")
    sides: list[dict[str, Any]] = page.evaluate(MEASURE)
    assert [side["out"] for side in sides] == [[], []]
    return sides


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
@pytest.mark.parametrize("typeface", ["", "DejaVu Sans"])
def test_it_prints_on_two_sides_with_every_core_question(
    tmp_path: Path, page_factory: Callable[..., Page], language: str, typeface: str
) -> None:
    page = page_factory(PRINTED_WIDTH, 1000)
    page.goto(sheet(tmp_path, "--language", language).as_uri())
    if typeface:  # a wide one, which a computer may have instead of the narrow one
        page.add_style_tag(content=f"html {{ font-family: '{typeface}' !important; }}")
    assert [pages(page, paper) for paper in ("A4", "Letter")] == [2, 2]
    assert fits(page)[1]["rows"] >= 7
    shown = page.locator(".question")
    assert [shown.nth(n).get_attribute("data-item") for n in range(shown.count())] == [
        item.id for item in CORE
    ]
    words = wording(default_checklist(), language)
    for item in CORE:
        text = page.locator(f"[data-item='{item.id}']").inner_text()
        assert item.code in text
        assert words.text(item.id) in text
        assert all(re.search(rf"\b{n}\b", text) for n in range(1, len(item.options) + 1))
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")


def test_it_holds_nothing_that_is_elsewhere_and_no_script(tmp_path: Path) -> None:
    text = sheet(tmp_path).read_text()
    assert not re.search(r"<script|<link|<img|src=|url\(|https?:|@import| style=", text)
    assert default_checklist().sha256[:12] in text
    assert "1/2" in text
    assert "2/2" in text


def test_sections_alone_leave_the_rest_to_the_log(
    tmp_path: Path, page_factory: Callable[..., Page]
) -> None:
    page = page_factory(PRINTED_WIDTH, 1000)
    page.goto(sheet(tmp_path, "--section", "J", "--section", "sentence").as_uri())
    assert [pages(page, paper) for paper in ("A4", "Letter")] == [2, 2]
    assert [side["rows"] > 20 for side in fits(page)] == [True, True]
    assert page.locator(".question").count() == 2


def test_what_does_not_exist_is_said(tmp_path: Path) -> None:
    for option, value in (("--section", "nowhere"), ("--language", "12"), ("--hearing", "none")):
        done = subprocess.run(
            [OBSERVER, "sheet", option, value, str(tmp_path / "a.html")],
            env={"OBSERVER_INSTANCE": str(tmp_path / "none"), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "a.html").exists()


def test_forty_accused_have_their_codes_and_no_more_room_than_there_is() -> None:
    people = [
        Record(str(n), "person", fold([]), {}, {"code": f"A{n}", "role": "accused"})
        for n in range(1, 41)
    ]
    made = make_sheet(default_checklist(), "en", Heading(), people)
    assert [place.code for place in made.roster] == [f"A{n}" for n in range(1, 13)]
    assert made.more_people == 28
    boxes = {each.boxes for side in made.sides for each in side if each.item.per == "accused"}
    assert boxes == {("*", "A1", "A2", "A3", "A4", "A5")}


def test_from_the_hearing_to_paper_and_back(
    court: Court, page_factory: Callable[..., Page], tmp_path: Path
) -> None:
    page = page_factory(360, 740, java_script_enabled=False)
    open_case(page, court)
    page.goto(court.laptop.address)
    page.locator("a[href*='/hearings/']").first.click()
    hearing = page.url.rsplit("/", 1)[1]
    page.click("text=Sheet to print for this hearing")
    assert page.locator("header").first.inner_text().count("OBS-1") == 1
    assert "Exampleton" in page.locator("header").first.inner_text()
    found = page.evaluate("getComputedStyle(document.querySelector('.side')).display")
    assert found == "flex", "the page's own style is let in by its headers"
    out = tmp_path / "hearing.html"
    assert court.laptop.command("sheet", "--hearing", hearing, str(out)).returncode == 0
    assert "Exampleton" in out.read_text()
    wide = page_factory(PRINTED_WIDTH, 1000)
    wide.goto(out.as_uri())
    assert [pages(wide, paper) for paper in ("A4", "Letter")] == [2, 2]
    fits(wide)
    for number, side in enumerate(wide.query_selector_all(".side"), 1):
        side.screenshot(path=SHOTS / f"sheet-{number}.png")

    page.go_back()
    page.click("text=Type in from paper")
    for line in ("R01 y *", "R01 n 2 0915 A2 was led out", "R01 n 3", "0920 r counsel: water"):
        page.fill("#next", line)
        page.press("#next", "Enter")
    assert page.locator("tr.wrong").count() == 1
    header, box = page.locator("header").bounding_box(), page.locator("#next").bounding_box()
    assert header
    assert box
    assert box["y"] >= header["y"] + header["height"], "the place to type is not covered"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=SHOTS / "typing-phone.png", full_page=True)
    mended = page.locator("tr.wrong input")
    mended.fill("L01 1 1")
    mended.press("Enter")
    page.click("button.main")
    assert "4 lines are taken into the record." in page.locator("main").inner_text()
    assert page.locator(".lines").count() == 0

    scripted = page_factory(360, 740)
    scripted.goto(page.url.partition("?")[0])
    scripted.fill("#next", "R01 k")
    scripted.press("#next", "Enter")
    scripted.wait_for_selector("tr.wrong")
    results = Axe().run(scripted)
    assert results.violations_count == 0, results.generate_report()
