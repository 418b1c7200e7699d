"""What a phone cannot send is carried: made without a network, read by headquarters and laptops."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from observer.profile import Home, enrol
from tests.client.stage import Stage, begin, open_hearing, saved, stage
from tests.review.hub_process import MISSION, wait_for

pytestmark = pytest.mark.browser
PDF = b"%PDF-1.4\n% fictional document\n" + b"x" * 200_000
BIN = Path(sys.executable).parent


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        yield started


@pytest.fixture
def page(page_factory: Callable[..., Page], at: Stage) -> Page:
    """A phone with an entry and a document, and without a network."""
    made = page_factory(accept_downloads=True)
    begin(made, at)
    made.evaluate("navigator.serviceWorker.ready.then(() => true)")
    made.context.set_offline(True)
    at.end_relay()
    open_hearing(made)
    made.click("[data-screen=log] [data-kind=note]")
    made.click("[data-screen=log] .entries [data-act=write]")
    made.fill("[data-screen=write] textarea[name=text]", "Guards left – fictional")
    made.click("[data-screen=write] [data-act=attach]")
    made.set_input_files(
        "[data-screen=files] input[name=document]",
        {"name": "x.pdf", "mimeType": "application/pdf", "buffer": PDF},
    )
    made.wait_for_selector("[data-screen=files] [data-of=file]")
    saved(made)
    return made


def carry(page: Page, target: Path) -> str:
    """Make the file and save it; gives its passphrase."""
    page.click("header [data-go=today]")
    page.click("[data-screen=today] [data-go=headquarters]")
    page.click("[data-screen=headquarters] [data-go=by_hand]")
    page.click("[data-screen=by_hand] [data-act=make]")
    page.wait_for_selector("[data-screen=by_hand] .passphrase:visible", timeout=60_000)
    passphrase = page.inner_text("[data-screen=by_hand] .passphrase")
    with page.expect_download() as loading:
        page.click("[data-screen=by_hand] [data-act=save]")
    loading.value.save_as(target)
    return passphrase


def run(*command: str | Path, folder: Path | None = None) -> str:
    """A command of ours, as somebody types it; what it says."""
    env = {"OBSERVER_INSTANCE": str(folder)} if folder else {}
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/bin", **env})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_headquarters_takes_a_file_that_was_made_without_a_network_and_twice_harmlessly(
    page: Page, at: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "carried.bin"
    passphrase = carry(page, file)
    assert b"fictional" not in file.read_bytes()
    hub = (BIN / "observer-hub", "--instance", at.hub.instance)
    bring = ("import-bundle", MISSION, file, "--passphrase", passphrase)
    assert "1 files" in run(*hub, *bring)
    before = [change.hash for change in at.changes()]
    assert any("Guards left" in change.payload for change in at.changes("observation"))
    (attachment,) = at.changes("attachment")
    sha256 = hashlib.sha256(PDF).hexdigest()
    assert attachment.set["sha256"] == sha256
    assert str(attachment.set["entry"]) in str(dict(at.changes("observation")[0].set))
    assert (at.hub.blobs_path(MISSION) / sha256[:2] / sha256).read_bytes() == PDF
    assert "Brought in: 0 new changes" in run(*hub, *bring)
    assert [change.hash for change in at.changes()] == before
    verified = run(*hub, "verify", MISSION)
    assert "wrong" not in verified

    # The network comes back: the phone hears that all of it is there, and sends nothing twice.
    at.relay.start()
    page.context.set_offline(False)
    page.click("[data-screen=by_hand] [data-act=done]")
    page.click("[data-screen=headquarters] [data-act=send]")
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")
    assert [change.hash for change in at.changes()] == before


def test_a_laptop_carries_it_on(page: Page, at: Stage, tmp_path: Path) -> None:
    file, folder = tmp_path / "carried.bin", tmp_path / "laptop"
    passphrase = carry(page, file)
    at.relay.start()
    enrol(Home(folder), at.hub.invite(MISSION, "OBS-2", "observer", 600, at.relay.address))
    said = run(BIN / "observer", "import-bundle", file, "--passphrase", passphrase, folder=folder)
    assert "Files: 1." in said
    run(BIN / "observer", "sync", folder=folder)
    wait_for(lambda: len(at.changes("observation")) > 0, 20)


def test_the_passphrase_is_shown_once_and_another_one_opens_nothing(
    page: Page, at: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "carried.bin"
    passphrase = carry(page, file)
    page.click("[data-screen=by_hand] [data-act=done]")
    page.click("[data-screen=headquarters] [data-go=by_hand]")
    assert passphrase not in page.content()
    assert not page.is_visible("[data-screen=by_hand] .passphrase")
    done = subprocess.run(
        [
            *(BIN / "observer-hub", "--instance", at.hub.instance, "import-bundle", MISSION, file),
            *("--passphrase", "WRONG-WRONG"),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "another passphrase" in done.stderr
