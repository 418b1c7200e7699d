"""The power goes: what was said to be saved is on the disk, and not only in the system's memory.

The profile lies on a file system of its own, which writes back by itself only every ten minutes.
At a cut the browser is killed, and what had reached the disk by then is copied before the system
can write back more; the phone goes on with the copy.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, sync_playwright

from tests.client.phone_browser import PhoneBrowser
from tests.client.stage import Stage, begin, open_hearing, stage
from tests.client.test_survives import words_in_log, write_entry

pytestmark = pytest.mark.browser
SIZE = 256 * 1024 * 1024


@dataclass
class Disk:
    """A file system in a file."""

    folder: Path
    number: int = 0
    mounted: Path | None = None
    made: list[Path] = field(default_factory=list)

    @property
    def image(self) -> Path:
        return self.folder / f"disk{self.number}.img"

    def make(self) -> Path:
        """Make one, and mount it."""
        with open(self.image, "wb") as file:
            file.truncate(SIZE)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        return self.mount()

    def mount(self) -> Path:
        """Where it is then."""
        self.mounted = self.folder / f"mnt{self.number}"
        self.mounted.mkdir()
        subprocess.run(
            ["mount", "-o", "loop,commit=600", self.image, self.mounted],
            check=True,
            capture_output=True,
        )
        return self.mounted

    def unmount(self) -> None:
        """Let go of it."""
        if self.mounted:
            subprocess.run(["umount", "-l", self.mounted], check=True)
            self.mounted = None

    def cut(self) -> Path:
        """The power goes and comes back: only what is on the disk stays."""
        before = self.image
        self.number += 1
        subprocess.run(["cp", "--sparse=always", before, self.image], check=True)
        self.unmount()
        before.unlink()
        return self.mount()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("mounting a file system of one's own takes root and mkfs.ext4")
    made = Disk(tmp_path / "disks")
    made.folder.mkdir()
    try:
        made.make()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no file system can be mounted here: {error.stderr}")
    yield made
    made.unmount()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def test_power_cuts_lose_nothing_that_was_said_to_be_saved(
    disk: Disk, playwright: Playwright, chromium_path: str, tmp_path: Path
) -> None:
    """Three here; forty in the long run."""
    assert cuts(disk, playwright, chromium_path, tmp_path, 3) >= 3


@pytest.mark.soak
def test_forty_power_cuts(
    disk: Disk, playwright: Playwright, chromium_path: str, tmp_path: Path
) -> None:
    said = cuts(disk, playwright, chromium_path, tmp_path, 40)
    print(f"\npower cuts: 40, {said} entries said to be saved, 0 lost")  # noqa: T201


def cuts(disk: Disk, playwright: Playwright, chromium_path: str, folder: Path, count: int) -> int:
    """Cut the power some times while somebody writes; how many entries were said to be saved."""
    rand, said = random.Random(count), set[str]()
    with stage(folder) as at:
        phone = PhoneBrowser(playwright, chromium_path, _profile(disk))
        try:
            _first_use(phone.start(at.app), at)
            for number in range(count):
                page = _open(phone, at)
                assert said <= words_in_log(page), f"lost at cut {number}"
                for each in range(rand.randint(1, 4)):
                    words = f"cut {number}.{each}"
                    write_entry(page, "note", words)
                    said.add(words)
                # One more is on its way when the power goes.
                page.click("[data-screen=log] [data-kind=note]", no_wait_after=True)
                page.wait_for_timeout(rand.random() * 30)
                phone.kill()
                phone.profile = disk.cut() / "profile"
            assert said <= words_in_log(_open(phone, at)), "lost at the last cut"
            assert not phone.errors, phone.errors
        finally:
            phone.kill()
    return len(said)


def _profile(disk: Disk) -> Path:
    assert disk.mounted
    return disk.mounted / "profile"


def _first_use(page: Page, at: Stage) -> None:
    begin(page, at)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    open_hearing(page)


def _open(phone: PhoneBrowser, at: Stage) -> Page:
    page = phone.page or phone.start(at.app)
    page.wait_for_selector("[data-screen=log]:not([hidden])")
    return page
