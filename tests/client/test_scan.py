"""An invitation that is scanned: a square code before a camera, read by the client's own reader."""

import io
import os
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.client.stage import stage

pytestmark = pytest.mark.browser


def film(path: Path, text: str) -> None:
    """What the camera sees: one picture of the code, again and again."""
    picture = io.BytesIO()
    segno.make(text, error="l").save(picture, kind="png", scale=5, border=6)
    frame = Image.new("RGB", (720, 720), "white")
    code = Image.open(picture).convert("RGB")
    frame.paste(code, ((720 - code.width) // 2, (720 - code.height) // 2))
    one = io.BytesIO()
    frame.save(one, "JPEG", quality=95)
    path.write_bytes(one.getvalue() * 30)


def test_an_invitation_is_scanned(tmp_path: Path, chromium_path: str) -> None:
    seen = tmp_path / "seen.mjpeg"
    with stage(tmp_path) as at, sync_playwright() as playwright:
        film(seen, at.invitation())
        arguments = [
            "--disable-gpu",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={seen}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        page = browser.new_page(viewport={"width": 360, "height": 640})
        page.goto(at.app)
        page.wait_for_selector("html[data-ready]")
        page.click("[data-screen=enrol] [data-act=scan]")
        page.wait_for_selector("[data-screen=today]:not([hidden])", timeout=20_000)
        page.wait_for_timeout(1000)
        assert page.evaluate("document.querySelector('video').srcObject") is None
        browser.close()
