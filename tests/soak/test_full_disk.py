"""A disk of three megabytes that fills up: told plainly, nothing lost, and going on afterwards."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page
from uuid6 import uuid7

from observer.profile import Home, enrol
from observer.store.drafts import Draft, Drafts
from sync.clock import utc_now
from sync.errors import StorageFull
from sync.http import HttpTransport, HubRefused
from sync.invitation import token_body
from tests.observer.court import Court, Laptop
from tests.observer.test_end_to_end import observation_of, open_case, stamp
from tests.observer.test_relay import Relay
from tests.review.hub_process import MISSION, NOW, Device, Process, fails, new_hub

pytestmark = pytest.mark.soak


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("Only root can mount the small disk that this needs.")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder: Path, leaving: int = 0) -> Path:
    """Leave no room but for some bytes."""
    path = folder / "ballast"
    with open(path, "ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    if leaving:
        os.truncate(path, max(0, path.stat().st_size - leaving))
    return path


def test_ingest_on_a_full_disk(small: Path, ending: ExitStack) -> None:
    hub = new_hub(small)
    process = Process(small)
    ending.callback(process.stop)
    process.start("--no-projecting")
    device = process.device(hub, "OBS-1")
    kept = [device.change() for _ in range(20)]
    assert process.push(device, *kept).status == 200
    ballast = fill(small, 20_000)
    acknowledged, batch = list(kept), []
    for _ in range(50):
        batch = [device.change(fields={"mode": "x" * 5000}) for _ in range(10)]
        answer = process.push(device, *batch)
        if answer.status != 200:
            break
        acknowledged += batch
    fails(answer, 507, "storage_full")
    assert process.hello() is not None
    ballast.unlink()
    assert process.push(device, *batch).json["stopped"] == {}
    log = hub.log(MISSION)
    assert len(log.known(change.hash for change in acknowledged)) == len(acknowledged)
    assert log.head(device.signer.device).seq == device.seq
    log.close()
    assert "Traceback" not in process.stop()
    hub.close()


def test_a_relay_on_a_full_disk(small: Path, tmp_path: Path, ending: ExitStack) -> None:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    ending.callback(process.stop)
    process.start("--no-projecting")
    home = Home(small)
    address = f"http://127.0.0.1:{process.port}"
    invitation = hub.invite(MISSION, "RELAY-1", "relay", 600, address)
    enrol(home, invitation)
    relay = Relay(home.folder)
    ending.callback(relay.end)
    relay.start()
    device = process.device(hub, "OBS-1")
    transport = HttpTransport(relay.address)
    sign_in(transport, device, invitation.hub)
    kept = [device.change() for _ in range(20)]
    transport.post("push", {"changes": [one.wire() for one in kept]})
    ballast = fill(small, 20_000)
    acknowledged, batch = list(kept), []
    told = None
    for _ in range(50):
        batch = [device.change(fields={"mode": "x" * 5000}) for _ in range(10)]
        try:
            transport.post("push", {"changes": [one.wire() for one in batch]})
        except HubRefused as error:
            told = error
            break
        acknowledged += batch
    assert told
    assert (told.code, told.status) == ("storage_full", 507)
    ballast.unlink()
    assert not transport.post("push", {"changes": [one.wire() for one in batch]})["stopped"]
    transport.close()
    log = home.log()
    assert len(log.known(change.hash for change in acknowledged)) == len(acknowledged)
    log.close()
    relay.end()
    process.stop()
    hub.close()


def sign_in(transport: HttpTransport, device: Device, hub: str) -> None:
    """Sign a device in by this transport."""
    signer = device.signer
    body = token_body(hub, signer.mission, signer.device, signer.key, utc_now())
    transport.token = transport.post("token", body)["token"]


def test_the_drafts_of_a_laptop_on_a_full_disk(small: Path) -> None:
    drafts = Drafts(small / "drafts.db")
    record = str(uuid7())
    drafts.write([Draft(record, "observation", "note", "kept")], [], NOW)
    ballast = fill(small)
    typed = "typed while the disk is full " * 1000
    many = [Draft(record, "observation", f"note{number}", typed) for number in range(100)]
    with pytest.raises(StorageFull):
        drafts.write(many, [], NOW)
    assert drafts.of(record) == {"note": "kept"}
    ballast.unlink()
    drafts.write([Draft(record, "observation", "last", typed)], [], NOW)
    assert drafts.of(record)["last"] == typed
    drafts.close()


@pytest.fixture
def court(small: Path, tmp_path: Path) -> Iterator[Court]:
    """A laptop on the small disk, its headquarters on another."""
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    laptop = Laptop(small)
    address = f"http://127.0.0.1:{process.port}"
    enrol(Home(small), hub.invite(MISSION, "OBS-1", "observer", 600, address))
    hub.close()
    laptop.start()
    yield Court(process, laptop)
    laptop.end()
    process.stop()


@pytest.mark.browser
def test_a_laptop_on_a_full_disk_says_not_saved_and_keeps_the_text(
    court: Court, page_factory: Callable[..., Page]
) -> None:
    page = page_factory(390, 844)
    open_case(page, court)
    stamp(page, "Start", "Before the disk was full.")
    page.goto(f"{court.laptop.address}/observations/{observation_of(page)}?section=hearing")
    opening = "#q-hearing\\.kind .evidence > summary"
    text = page.locator("#q-hearing\\.kind textarea[name^='comment/']").first
    page.click(opening)
    ballast = fill(court.laptop.folder)
    typed = "Typed while the disk is full. " * 400
    text.fill(typed)
    text.blur()
    page.locator("#saved", has_text="NOT SAVED").wait_for()
    assert text.input_value() == typed
    ballast.unlink()
    text.fill(f"{typed}And after.")
    text.blur()
    page.locator("#saved", has_text="Saved on").wait_for()
    page.reload()
    assert text.input_value() == f"{typed}And after."
