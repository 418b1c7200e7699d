"""A laptop whose folder was put back from a copy: it goes on as a new device and loses nothing."""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from observer.profile import Home, enrol
from observer.renewal import renew
from observer.sending import send_and_receive
from observer.workspace import Workspace
from review.backup import back_up
from review.hub import Hub
from review.restore import restore
from sync.errors import SyncError
from sync.http import HttpTransport
from sync.session import Session
from tests.review.hub_process import MISSION, Process, new_hub


@dataclass
class Office:
    """A headquarters and the folder of a laptop."""

    hub: Hub
    process: Process
    home: Home

    def back_up(self) -> Path:
        """Make a backup; where it is."""
        return back_up(self.hub, self.hub.instance.parent / "backups").folder

    def restore(self, backup: Path) -> None:
        """Lose everything that is not in the backup."""
        self.process.stop(signal.SIGKILL)
        self.hub.close()
        instance = self.hub.instance.with_name("restored")
        restore(backup, instance)
        self.hub = Hub(instance)
        self.process = Process(instance, self.process.port)
        self.process.start("--no-projecting")

    def enrol(self, home: Home, author: str) -> None:
        """Enrol a laptop."""
        address = f"http://127.0.0.1:{self.process.port}"
        enrol(home, self.hub.invite(MISSION, author, "observer", 600, address))

    def titles(self) -> dict[str, str]:
        """The title of each case at headquarters, by record."""
        log = self.hub.log(MISSION)
        try:
            found = {}
            for record in log.records("case"):
                for change in log.changes_of(record):
                    if change.counts and "title" in change.set:
                        found[record] = change.set["title"]
            return found
        finally:
            log.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    made = Office(hub, process, Home(tmp_path / "laptop"))
    made.enrol(made.home, "OBS-1")
    yield made
    assert made.process.stop() == ""
    made.hub.close()


def write(home: Home, title: str, *, send: bool = True) -> str:
    """A case on a laptop, cut and perhaps sent."""
    space = Workspace(home)
    try:
        record = space.create("case", {"title": title})
        space.send([space.get("case", record)])
        if send:
            send_and_receive(space)
        return record
    finally:
        space.close()


def copy_of(home: Home) -> Home:
    """The folder as somebody copied it."""
    folder = home.folder.with_name("copy")
    shutil.copytree(home.folder, folder)
    return Home(folder)


def test_a_copy_that_writes_goes_on_as_another_device_and_both_stay(office: Office) -> None:
    write(office.home, "First (fictional)")
    copy = copy_of(office.home)
    write(office.home, "From the laptop (fictional)")
    device = office.home.profile().device
    space = Workspace(copy)
    record = space.create("case", {"title": "From the copy (fictional)"})
    space.send([space.get("case", record)])
    found = send_and_receive(space)
    assert found.renewed
    assert space.profile.device == device  # as it was opened
    assert copy.profile().device != device
    # What was not taken is a draft again, under the new device.
    assert space.get("case", record).dirty == {
        "practice": True,
        "title": "From the copy (fictional)",
    }
    space.send(space.unsent())
    assert send_and_receive(space).pushed.clean
    titles = {space.get("case", one.id).values["title"] for one in space.all("case")}
    space.close()
    assert sorted(office.titles().values()) == sorted(titles)
    assert len(titles) == 3
    log = office.hub.log(MISSION)
    closed = log.device(device)
    assert closed is not None
    assert closed.revoked_at is not None
    log.close()


def test_an_older_copy_learns_at_once_that_it_is_one(office: Office) -> None:
    write(office.home, "First (fictional)")
    copy = copy_of(office.home)
    later = write(office.home, "Later (fictional)")
    device = office.home.profile().device
    space = Workspace(copy)
    found = send_and_receive(space)
    assert found.renewed
    assert copy.profile().device != device
    # As another device of the same author it has what the older copy lacked.
    assert space.get("case", later).values["title"] == "Later (fictional)"
    space.close()


def test_cut_off_anywhere_the_renewal_is_done_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(office.home, "First (fictional)")
    copy = copy_of(office.home)
    write(office.home, "From the laptop (fictional)")
    record = write(copy, "From the copy (fictional)", send=False)
    for place in ("become", "draft"):
        space = Workspace(copy)
        with monkeypatch.context() as patched:
            if place == "become":
                patched.setattr(Home, "become", _cut)
            else:
                patched.setattr("observer.renewal.draft_again", _cut)
            with pytest.raises(_Cut):
                _renew(space)
        space.close()
        if place == "become":
            assert copy.profile().device == office.home.profile().device
    space = Workspace(copy)
    send_and_receive(space)
    assert space.get("case", record).dirty
    space.send(space.unsent())
    assert send_and_receive(space).pushed.clean
    space.close()
    assert len(office.titles()) == 3


@pytest.mark.parametrize("backed_up", ["before it enrolled", "before it asked", "after it asked"])
def test_headquarters_restored_in_the_middle_of_a_renewal_is_followed(
    office: Office, monkeypatch: pytest.MonkeyPatch, backed_up: str
) -> None:
    backup = office.back_up()
    home = Home(office.home.folder.with_name("late"))
    office.enrol(home, "OBS-2")
    write(home, "First (fictional)")
    copy = copy_of(home)
    write(home, "From the laptop (fictional)")
    record = write(copy, "From the copy (fictional)", send=False)
    if backed_up == "before it asked":
        backup = office.back_up()
    space = Workspace(copy)
    with monkeypatch.context() as patched:
        patched.setattr(Home, "become", _cut)
        with pytest.raises(_Cut):
            send_and_receive(space)
    space.close()
    if backed_up == "after it asked":
        backup = office.back_up()
    office.restore(backup)
    space = Workspace(copy)
    send_and_receive(space)
    space.close()
    assert copy.profile().device != home.profile().device
    space = Workspace(copy)
    assert space.get("case", record).dirty
    space.send(space.unsent())
    assert send_and_receive(space).pushed.clean
    space.close()
    assert "From the copy (fictional)" in office.titles().values()


def test_what_an_older_copy_wrote_outlives_the_restore_of_headquarters(office: Office) -> None:
    write(office.home, "First (fictional)")
    copy = copy_of(office.home)
    for _ in range(2):
        write(office.home, "From the laptop (fictional)")
    office.restore(office.back_up())
    record = write(copy, "From the copy (fictional)", send=False)
    space = Workspace(copy)
    found = send_and_receive(space)
    assert (found.renewed, len(space.unsent())) == (True, 1)
    space.send(space.unsent())
    assert send_and_receive(space).pushed.clean
    space.close()
    assert office.titles()[record] == "From the copy (fictional)"


class _Cut(Exception):  # noqa: N818
    """The power is gone."""


def _cut(*_args: object) -> None:
    raise _Cut


def _renew(space: Workspace) -> None:
    transport = HttpTransport(space.profile.address)
    try:
        renew(space, Session(space.log, transport, space.signer))
    finally:
        transport.close()


def test_somebody_else_cannot_renew_a_device(office: Office) -> None:
    write(office.home, "First (fictional)")
    space = Workspace(office.home)
    transport = HttpTransport(space.profile.address)
    forged = {"payload": "{}", "signature": "x", "proof": "x"}
    with pytest.raises(SyncError):
        transport.post("renew", forged)
    transport.close()
    space.close()
