"""Files added in Chromium, without JavaScript, from a log entry to headquarters' folder."""

import hashlib
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page

from tests.observer.court import Court
from tests.observer.test_end_to_end import observation_of, open_case, stamp
from tests.review.hub_process import MISSION, wait_for

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False])
def test_a_photo_and_a_document_from_an_entry_to_headquarters(
    court: Court, page_factory: Callable[..., Page], tmp_path: Path, javascript: bool
) -> None:
    photo, paper = tmp_path / "Secret Name.JPG", tmp_path / "order.pdf"
    exif = Image.Exif()
    exif[0x010F] = "Fictional Camera"
    Image.effect_noise((1200, 900), 60).convert("RGB").save(photo, "JPEG", exif=exif, quality=95)
    paper.write_bytes(b"%PDF-1.7\n% fictional".ljust(1_400_000, b"."))
    page = page_factory(320, 640, java_script_enabled=javascript)
    open_case(page, court)
    observation = observation_of(page)
    stamp(page, "Start", "The bench entered.")
    page.click(".entries a")
    page.click("text=Add a file")
    page.set_input_files("#file", [photo, paper])
    page.click("button:text-is('Add')")
    assert page.locator(".list li").count() == 2
    assert "Only here; goes with the record" in page.inner_text("main")
    assert "Start" in page.locator(".list li").first.inner_text()
    assert "Secret" not in page.content()
    if javascript:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_input_files("#file", [__file__])
    page.click("button:text-is('Add')")
    assert page.locator("[role=alert]").is_visible()

    court.laptop.end(signal.SIGKILL)
    court.laptop.start()
    page.goto(f"{court.laptop.address}/observations/{observation}/submit")
    page.fill("#all", "Left early (fictional).")
    page.click("text=Submit the record")
    page.goto(f"{court.laptop.address}/observations/{observation}/attachments")
    assert page.inner_text("main").count("Only here; goes after all text.") == 2
    sent = court.laptop.command("sync")
    assert sent.returncode == 0, sent.stderr
    page.reload()
    assert page.inner_text("main").count("At headquarters") == 2
    folder = court.hub.instance / "blobs" / MISSION
    wait_for(lambda: len(list(folder.glob("??/*"))) == 2, 10)
    for path in folder.glob("??/*"):
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == path.name
        assert b"Fictional Camera" not in content
    assert not list((court.laptop.folder / "incoming").iterdir())
