"""The walk through a fictional hearing that ``docs/walk.md`` shows.

The pictures are made anew only where ``WALK_PICTURES`` is set; otherwise the way is gone without
them, and each of its screens must have its pictures.
"""

import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.client.filled import add_hearing, home, section, shown, stamp, tap, today, write
from tests.client.stage import Stage, begin, saved, stage

pytestmark = pytest.mark.browser
DOCS = Path(__file__).parents[2] / "docs"
WALK = DOCS / "walk"
LOOKS = ("light", "dark", "right-to-left")
MOST = 40_000  # bytes of a picture


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


@dataclass
class Walk:
    """What was seen on the way."""

    page: Page
    seen: list[str] = field(default_factory=list)

    def see(self, name: str) -> None:
        """Look at the screen in each of its looks; picture it where that is wished."""
        self.seen.append(name)
        self.page.evaluate("scrollTo(0, 0)")
        for look in LOOKS:
            self.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
            self.page.evaluate(
                "dir => { document.documentElement.dir = dir }",
                "rtl" if look == "right-to-left" else "ltr",
            )
            if os.environ.get("WALK_PICTURES"):
                keep(self.page.screenshot(), WALK / f"{name}-{look}.png")
        self.page.evaluate("document.documentElement.dir = 'ltr'")


def keep(picture: bytes, path: Path) -> None:
    """A small file of few colours."""
    path.parent.mkdir(exist_ok=True)
    small = Image.open(io.BytesIO(picture)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def test_the_walk_and_its_pictures(page_factory: Callable[..., Page], at: Stage) -> None:
    page = page_factory(360, 640)
    walk = Walk(page)
    page.goto(at.app)
    shown(page, "enrol")
    walk.see("enrol")
    begin(page, at)
    prepare(page)
    walk.see("today")
    page.locator("[data-of=coming] button").first.click()
    shown(page, "brief")
    walk.see("brief")
    tap(page, "brief", "[data-attendance=observed]", "log")
    write(page, "start", "The bench entered.")
    write(page, "request", "Counsel of A1 asked for an interpreter.")
    stamp(page, "ruling")
    page.locator(".entries li [data-act=write]").first.click()
    shown(page, "write")
    page.fill("#w-text", "Refused: none could be found.")
    walk.see("write")
    tap(page, "write", "button.main", "log")
    walk.see("log")
    tap(page, "log", "nav [data-go=checklist]", "checklist")
    section(page, "hearing")
    page.locator("[data-item='hearing.kind'] input[value=trial]").check()
    saved(page)
    walk.see("checklist")
    tap(page, "checklist", "nav [data-go=submit]", "submit")
    page.locator("[data-of=problem]").first.wait_for()
    walk.see("submit")
    page.fill("#s-all", "Left the rest for the second day (fictional).")
    tap(page, "submit", "button.main", "headquarters")
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")
    walk.see("headquarters")
    home(page)
    tap(page, "today", "[data-go=urgent]", "urgent")
    page.check("[data-screen=urgent] input[value=lawyer]")
    page.fill("#u-text", "A1 was led away by two men without uniform.")
    page.click("[data-screen=urgent] .bottom button")
    page.wait_for_selector("[data-screen=urgent] [data-if=received]:visible")
    walk.see("urgent")
    complete(walk.seen)


def prepare(page: Page) -> None:
    """A case and its hearing of today; ends at Today."""
    tap(page, "today", "[data-go=case_new]", "case_new")
    page.fill("#new-title", "The State v. A1 (fictional)")
    page.fill("#new-court", "Court of Exampleton")
    tap(page, "case_new", "button.main", "case")
    for role in ("accused", "judge"):
        page.select_option("#case-role", role)
        tap(page, "case", "form[data-act=person] button")
    add_hearing(page, today())
    home(page)


def complete(seen: list[str]) -> None:
    """Each screen has its pictures, each is shown, and none is large or of something else."""
    wanted = {f"{name}-{look}.png" for name in seen for look in LOOKS}
    assert {each.name for each in WALK.iterdir()} == wanted
    shown_there = re.findall(r"walk/([\w-]+\.png)", (DOCS / "walk.md").read_text())
    assert sorted(shown_there) == sorted(wanted)
    assert all((WALK / name).stat().st_size < MOST for name in wanted)
