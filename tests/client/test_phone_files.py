"""Files from a phone: cleaned on it, sent after the text, resumed where they were cut."""

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route

from tests.client.stage import Stage, begin, open_hearing, saved, stage
from tests.review.hub_process import MISSION

pytestmark = pytest.mark.browser
# How many rows of the store are as large as a photo.
LARGE_ROWS = """async () => {
  const rows = await new Promise((done) => {
    const asked = indexedDB.open("store");
    asked.onsuccess = () => {
      const all = asked.result.transaction("rows").objectStore("rows").getAll();
      all.onsuccess = () => done(all.result);
    };
  });
  return rows.filter((row) => row.length > 100000).length;
}"""
PDF = b"%PDF-1.4\n% fictional document\n" + b"x" * 4000


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


@pytest.fixture
def page(page_factory: Callable[..., Page], at: Stage) -> Page:
    """A phone in a hearing, at its files."""
    made = page_factory()
    begin(made, at)
    open_hearing(made)
    made.click("[data-screen=log] nav [data-go=files]")
    return made


def photo(width: int = 3000, height: int = 2000) -> bytes:
    """A photo as a phone's camera makes it: lying on its side, with place, camera and thumbnail."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation (EXIF 2.31): to be turned a quarter
    exif[0x010F] = "Fictional Camera"
    exif.get_ifd(0x8769)[0x9003] = "2026:03:02 09:31:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (12.0, 34.0, 56.0), 3: "E", 4: (65.0, 43.0, 21.0)})
    out = io.BytesIO()
    noise = Image.effect_noise((width, height), 60).convert("RGB")
    noise.save(out, "JPEG", quality=90, exif=exif, comment=b"fictional comment")
    return out.getvalue()


def add(page: Page, name: str, content: bytes, type_: str, count: int = 1) -> None:
    """Give a file to one of the inputs; wait until so many are listed."""
    file: Any = {"name": "IMG-fictional-name", "mimeType": type_, "buffer": content}
    page.set_input_files(f"[data-screen=files] input[name={name}]", file)
    page.wait_for_selector(f"[data-screen=files] [data-of=file] >> nth={count - 1}")
    saved(page)


def send_all(page: Page) -> None:
    """Send everything as it is."""
    page.click("header [data-go=today]")
    page.click("[data-screen=today] [data-go=headquarters]")
    page.click("[data-screen=headquarters] [data-act=drafts]")


def wait(page: Page, condition: Callable[[], bool]) -> None:
    """Wait while the page goes on."""
    for _ in range(400):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail("It did not come about within 20 seconds.")


def blob(at: Stage, sha256: str) -> Path:
    """Where headquarters keeps a file that came wholly."""
    return at.hub.blobs_path(MISSION) / sha256[:2] / sha256


def attached(at: Stage) -> dict[str, Any]:
    """The fields of the one attachment at headquarters."""
    (change,) = at.changes("attachment")
    return dict(change.set)


def test_a_photo_arrives_upright_and_without_what_it_tells(page: Page, at: Stage) -> None:
    given = photo()
    assert b"Fictional Camera" in given
    add(page, "pick", given, "image/jpeg")
    send_all(page)
    wait(page, lambda: bool(at.changes("attachment")))
    fields = attached(at)
    path = blob(at, fields["sha256"])
    wait(page, path.exists)
    sent = path.read_bytes()
    assert hashlib.sha256(sent).hexdigest() == fields["sha256"]
    assert len(sent) == fields["size"]
    assert fields["derived"] is True
    assert fields["original_sha256"] == hashlib.sha256(given).hexdigest()
    assert fields["original_size"] == len(given)
    assert fields["taken_at"] == "2026-03-02T09:31:00"
    assert not any(word in str(fields) for word in ("fictional", "IMG"))
    for hidden in (b"Exif", b"Fictional", b"fictional", b"ICC_PROFILE", b"http://"):
        assert hidden not in sent
    with Image.open(io.BytesIO(sent)) as image:
        assert image.size == (1333, 2000)
        assert not dict(image.getexif())
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")


def test_the_original_stays_only_when_asked(page: Page, at: Stage) -> None:
    add(page, "pick", photo(1200, 900), "image/jpeg")
    assert page.evaluate(LARGE_ROWS) == 1
    page.click("[data-screen=files] summary")
    page.check("[data-screen=files] [data-act=keep]")
    add(page, "pick", photo(1201, 900), "image/jpeg", 2)
    assert page.evaluate(LARGE_ROWS) == 3
    assert page.is_visible("[data-of=file]:last-of-type >> text=Its original is kept")


def test_a_file_that_was_cut_goes_on_where_it_was(page: Page, at: Stage) -> None:
    offsets: list[int] = []
    cut: list[int] = []

    def patch(route: Route) -> None:
        if route.request.method == "PATCH":
            offset = int(route.request.headers["upload-offset"])
            offsets.append(offset)
            if len(offsets) == 3:
                at.end_relay()
                cut.append(offset)
        route.continue_()

    page.route("**/blobs/*", patch)
    add(page, "document", b"%PDF-1.4\n" + bytes(range(256)) * 8000, "application/pdf")
    send_all(page)
    wait(page, lambda: bool(cut))
    page.wait_for_selector("[data-screen=headquarters] [data-act=send]:visible")
    assert page.is_visible("[data-screen=headquarters] >> text=No network")
    at.relay.start()
    page.click("[data-screen=headquarters] [data-act=send]")
    page.wait_for_selector("[data-screen=headquarters] >> text=less than a minute ago")
    sha256 = attached(at)["sha256"]
    wait(page, lambda: blob(at, sha256).exists())
    assert offsets[3] == cut[0] > 0
    assert hashlib.sha256(blob(at, sha256).read_bytes()).hexdigest() == sha256


def test_a_refused_file_blocks_no_text_and_no_other_file(
    page_factory: Callable[..., Page], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_BLOB_BYTES", "5000")
    with stage(tmp_path) as at:
        page = page_factory()
        begin(page, at)
        open_hearing(page)
        page.click("[data-screen=log] nav [data-go=files]")
        add(page, "document", b"%PDF-1.4\n" + b"y" * 9000, "application/pdf")
        add(page, "document", PDF, "application/pdf", 2)
        send_all(page)
        small = hashlib.sha256(PDF).hexdigest()
        wait(page, lambda: blob(at, small).exists())
        page.wait_for_selector("[data-screen=headquarters] >> text=A file was refused")
        page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")
        page.click("header [data-go=today]")
        page.click("[data-screen=today] [data-of=coming] button")
        page.click("[data-screen=brief] [data-of=mine] button")
        page.click("[data-screen=log] [data-kind=note]")
        saved(page)
        page.click("[data-screen=log] nav [data-go=files]")
        page.wait_for_selector("[data-screen=files] >> text=Refused:")
        send_all(page)
        wait(page, lambda: any("log/" in each.payload for each in at.changes("observation")))


def test_what_is_taken_back_leaves_nothing_and_is_asked_for_twice(page: Page, at: Stage) -> None:
    add(page, "document", PDF, "application/pdf")
    page.click("[data-screen=files] [data-act=withdraw]")
    page.click("[data-screen=files] [data-act=retain]")
    assert page.locator("[data-screen=files] [data-of=file]").count() == 1
    page.click("[data-screen=files] [data-act=withdraw]")
    page.click("[data-screen=files] [data-act=withdraw_now]")
    page.wait_for_selector("[data-screen=files] >> text=No files yet.")
    page.reload()
    page.wait_for_selector("[data-screen=files] >> text=No files yet.")


def test_a_file_of_another_kind_is_refused_in_words_and_nothing_is_lost(page: Page) -> None:
    page.set_input_files(
        "[data-screen=files] input[name=document]",
        {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"no document"},
    )
    page.wait_for_selector("[data-screen=files] [role=alert] >> text=Not taken")
    add(page, "document", PDF, "application/pdf")


def test_files_fit_a_small_screen(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    add(page, "document", PDF, "application/pdf")
    for screen in ("files", "headquarters", "by_hand", "phone"):
        if screen == "headquarters":
            page.click("header [data-go=today]")
            page.click("[data-screen=today] [data-go=headquarters]")
        elif screen != "files":
            page.click(f"[data-screen=headquarters] [data-go={screen}]")
        page.wait_for_selector(f"[data-screen={screen}]:not([hidden])")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
        low = page.evaluate(
            "[...document.querySelectorAll('button')].filter((each) => each.offsetParent)"
            ".filter((each) => each.offsetHeight < 48).map((each) => each.textContent)"
        )
        assert not low
        if screen in ("by_hand", "phone"):
            page.go_back()
            page.wait_for_selector("[data-screen=headquarters]:not([hidden])")
