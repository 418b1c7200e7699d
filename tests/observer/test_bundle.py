"""Work carried by hand: one encrypted file, taken in any number of times, by hub or laptop."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from fleet import Phone, new_phone
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid6 import uuid7

from observer.profile import Home, enrol
from observer.workspace import Workspace
from sync.bundle import BundleFile, BundleReader, write_bundle
from sync.by_hand import outgoing
from sync.clock import utc_now
from sync.errors import BadBundle, SyncError, WrongPassphrase
from tests.review.hub_process import MISSION, Process, Running, environment, new_hub

HUB = Path(sys.executable).with_name("observer-hub")
OBSERVER = Path(sys.executable).with_name("observer")
SECRET = "one two three"


def command(program: Path, env: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [program, *words], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made() -> bytes:
    """A small bundle; its slow key is derived once for all tests."""
    out = io.BytesIO()
    write_bundle(
        out,
        SECRET,
        "training",
        utc_now(),
        [{"payload": f"p{n}", "signature": "s"} for n in range(250)],
        [BundleFile("ab" * 32, 5, lambda: io.BytesIO(b"bytes"))],
    )
    return out.getvalue()


def test_what_goes_in_comes_out_in_batches_and_nothing_of_it_is_readable(made: bytes) -> None:
    batches: list[int] = []
    files: dict[str, bytes] = {}
    reader = BundleReader(io.BytesIO(made), SECRET)
    reader.read(
        "training",
        lambda batch: batches.append(len(batch)),
        lambda name, content: files.update({name: content.read()}),
    )
    assert batches == [100, 100, 50]
    assert files == {"ab" * 32: b"bytes"}
    for word in (b"training", b"payload", b"abab"):
        assert word not in made


def test_another_passphrase_another_mission_and_another_file_are_told(made: bytes) -> None:
    with pytest.raises(WrongPassphrase):
        BundleReader(io.BytesIO(made), "four")
    with pytest.raises(BadBundle, match="training"):
        BundleReader(io.BytesIO(made), SECRET).read("elsewhere", list, lambda n, c: None)  # type: ignore[arg-type]
    with pytest.raises(BadBundle, match="not a bundle"):
        BundleReader(io.BytesIO(b"PK\x03\x04"), SECRET)


@settings(max_examples=4, deadline=None)
@given(st.data())
def test_a_damaged_bundle_is_told_and_gives_nothing_wrong(data: st.DataObject) -> None:
    whole = CACHED[0]
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        damaged = whole[:at]
    else:
        damaged = bytearray(whole)
        damaged[at] ^= data.draw(st.integers(1, 255))
    got: list[dict[str, str]] = []
    with pytest.raises(SyncError) as told:
        BundleReader(io.BytesIO(bytes(damaged)), SECRET).read(
            "training", got.extend, lambda name, content: None
        )
    assert told.value.code in ("bad_bundle", "wrong_passphrase")
    assert all(wire == {"payload": f"p{n}", "signature": "s"} for n, wire in enumerate(got))


CACHED: list[bytes] = []


@pytest.fixture(autouse=True)
def cached(made: bytes) -> None:
    CACHED[:] = [made]


def test_a_laptops_work_reaches_headquarters_by_hand_and_again_by_network(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    home = Home(tmp_path / "laptop")
    env = {"OBSERVER_INSTANCE": str(home.folder)}
    address = f"http://127.0.0.1:{process.port}"
    enrol(home, hub.invite(MISSION, "OBS-1", "observer", 600, address))
    space = Workspace(home)
    case = space.create("case", {"title": "Case (fictional)"})
    space.send(space.unsent())
    space.close()
    file = tmp_path / "stick" / "work.bundle"
    file.parent.mkdir()
    said = command(OBSERVER, env, "export-bundle", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    passphrase = said.split()[-1]
    words = ("import-bundle", MISSION, str(file), "--passphrase", passphrase)
    assert "1 new changes" in command(HUB, environment(hub.instance), *words)
    assert "0 new changes" in command(HUB, environment(hub.instance), *words)
    # The laptop learns of it with its next conversation, and sends nothing twice.
    assert "0 new, 1 known already" in command(OBSERVER, env, "sync")
    log = hub.log(MISSION)
    assert [change.record for change in log.changes_of(case)] == [case]
    log.close()
    assert process.stop() == ""
    hub.close()


def test_a_colleagues_laptop_carries_it_and_does_not_show_it(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    at = Running(hub, process)
    anna: Phone = new_phone(at, tmp_path, "OBS-1")
    change = anna.write("observation", str(uuid7()), {"mode": "full"})
    file = tmp_path / "work.bundle"
    with file.open("wb") as out:
        wires = outgoing(anna.log, "OBS-1", everything=False)
        write_bundle(out, SECRET, MISSION, utc_now(), wires)
    anna.close()
    ben = Home(tmp_path / "ben")
    enrol(ben, hub.invite(MISSION, "OBS-2", "observer", 600, f"http://127.0.0.1:{process.port}"))
    env = {"OBSERVER_INSTANCE": str(ben.folder)}
    words = ("import-bundle", str(file), "--passphrase", SECRET)
    assert "new changes" in command(OBSERVER, env, *words)
    assert "0 new changes" in command(OBSERVER, env, *words)
    space = Workspace(ben)
    assert space.all("observation") == []
    assert not space.log.known([change.hash])[change.hash].code
    space.close()
    command(OBSERVER, env, "sync")
    log = hub.log(MISSION)
    assert log.known([change.hash])[change.hash].state == "stored"
    log.close()
    assert process.stop() == ""
    hub.close()
