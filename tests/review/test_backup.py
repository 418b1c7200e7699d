"""A backup is whole, checked and private; only then devices are told of it."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from review.backup import SUMS, back_up, latest, verify_backup
from review.cli import main
from review.errors import NoBackup, NotEmpty, NotSound
from review.hub import Hub
from review.restore import restore
from review.verification import verify_mission
from sync.blobs import BlobStore
from tests.review.custody import enrol, push, rich_hub
from tests.review.hub_process import MISSION, Process, Running, new_hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A headquarters with something of everything."""
    made = rich_hub(tmp_path / "hub")
    yield made
    made.close()


def meta(hub: Hub, key: str) -> str | None:
    """What the live log says of itself."""
    log = hub.log(MISSION)
    try:
        return log.meta(key)
    finally:
        log.close()


def add_file(hub: Hub, content: bytes, folder: Path) -> str:
    """A whole file of an attachment at headquarters."""
    path = folder / "file"
    path.write_bytes(content)
    with path.open("rb") as file:
        return BlobStore(hub.blobs_path(MISSION)).add(file)[0]


def test_a_backup_is_whole_private_and_told_to_devices(hub: Hub, tmp_path: Path) -> None:
    sha256 = add_file(hub, b"a photo (fictional)", tmp_path)
    assert meta(hub, "backed_up_seq") is None
    made = back_up(hub, tmp_path / "backups")
    assert made.sound
    assert meta(hub, "backed_up_seq") == "17"
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [made.folder.name]
    paths = sorted(
        p.relative_to(made.folder).as_posix() for p in made.folder.rglob("*") if p.is_file()
    )
    key, log = f"keys/{MISSION}.key", f"log/{MISSION}.db"
    assert paths == [SUMS, f"blobs/{MISSION}/{sha256[:2]}/{sha256}", "hub.db", key, log]
    for path in [made.folder, *made.folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    checked = subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=made.folder)
    assert checked.returncode == 0
    # What was verified is what is there, without side files.
    assert verify_backup(made.folder)[MISSION].position == 17


def test_files_that_an_older_backup_has_take_no_room_again(hub: Hub, tmp_path: Path) -> None:
    first, backups = add_file(hub, b"one (fictional)", tmp_path), tmp_path / "backups"
    old = back_up(hub, backups)
    second = add_file(hub, b"two (fictional)", tmp_path)
    new = back_up(hub, backups)
    assert (old.linked, new.linked) == (0, 1)
    assert latest(backups) == new.folder

    def inode(folder: Path, sha256: str) -> int:
        return BlobStore(folder / "blobs" / MISSION).path(sha256).stat().st_ino

    assert inode(old.folder, first) == inode(new.folder, first)
    assert (
        inode(new.folder, second) != BlobStore(hub.blobs_path(MISSION)).path(second).stat().st_ino
    )
    # What is damaged in the older one is copied again.
    damaged = BlobStore(new.folder / "blobs" / MISSION).path(first)
    damaged.write_bytes(b"damaged")
    third = back_up(hub, backups)
    assert (third.sound, third.linked) == (True, 1)


def test_an_unsound_log_is_kept_but_devices_are_not_told(hub: Hub, tmp_path: Path) -> None:
    with closing(sqlite3.connect(hub.log_path(MISSION), isolation_level=None)) as conn:
        conn.execute("UPDATE changes SET payload = replace(payload, 'quick', 'slow!')")
    made = back_up(hub, tmp_path / "backups")
    assert not made.sound
    assert made.folder.name.endswith(".unsound")
    assert latest(tmp_path / "backups") is None
    assert meta(hub, "backed_up_seq") is None
    with pytest.raises(NotSound, match="position 10"):
        restore(made.folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    arguments = ["--instance", str(hub.instance), "backup", str(tmp_path / "backups")]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, "NOT SOUND" in done.output) == (1, True)


def test_what_cannot_be_written_leaves_nothing(hub: Hub, tmp_path: Path) -> None:
    (hub.keys / f"{MISSION}.key").rename(tmp_path / "key")
    (hub.keys / f"{MISSION}.key").symlink_to(tmp_path / "gone")
    with pytest.raises(OSError, match="No such file"):
        back_up(hub, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
    assert meta_of(hub.log_path(MISSION)) is None


def meta_of(path: Path) -> str | None:
    """``backed_up_seq`` in a log file."""
    with closing(sqlite3.connect(path)) as conn:
        row = conn.execute("SELECT value FROM meta WHERE key = 'backed_up_seq'").fetchone()
    return row[0] if row else None


def test_a_backup_is_of_one_moment_while_much_comes_in(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start()
    device, ended, pushed = Running(hub, process).device(), threading.Event(), [0]

    def write() -> None:
        while not ended.is_set():
            answer = process.push(device, *(device.change() for _ in range(20)))
            assert answer.status == 200, answer.json
            pushed[0] += 20

    thread = threading.Thread(target=write)
    thread.start()
    try:
        made = [back_up(hub, tmp_path / "backups") for _ in range(3)]
    finally:
        ended.set()
        thread.join()
        answer = process.push(device, device.change())
        process.stop()
        hub.close()
    assert all(one.sound for one in made)
    assert answer.json["backed_up_seq"] == made[-1].verdicts[MISSION].position > 3
    assert pushed[0] > 0


def damage(path: Path) -> None:
    """One bit."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("what", ["damaged", "missing", "added", "no sums"])
def test_a_backup_that_is_not_as_it_was_made_is_not_restored(
    hub: Hub, tmp_path: Path, what: str
) -> None:
    folder = back_up(hub, tmp_path / "backups").folder
    if what == "damaged":
        damage(folder / "log" / f"{MISSION}.db")
    elif what == "missing":
        (folder / "hub.db").unlink()
    elif what == "added":
        (folder / "keys" / "other.key").write_text("00" * 32)
    else:
        (folder / SUMS).unlink()
    with pytest.raises(NoBackup):
        restore(folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_nothing_is_restored_over_something(hub: Hub, tmp_path: Path) -> None:
    folder = back_up(hub, tmp_path / "backups").folder
    with pytest.raises(NotEmpty):
        restore(folder, hub.instance)
    arguments = ["--instance", str(hub.instance), "restore", str(folder)]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, "not empty" in done.output) == (1, True)
    empty = tmp_path / "empty"
    empty.mkdir()
    restore(folder, empty)
    assert (empty / "hub.db").exists()


def test_a_restored_hub_is_another_voice_over_the_same_records(hub: Hub, tmp_path: Path) -> None:
    add_file(hub, b"a photo (fictional)", tmp_path)
    hub.store.invite("code", MISSION, "OBS-9", "observer", 600)
    with hub.store.writing():
        hub.store.add_token("token", MISSION, "device")
    folder, instance = back_up(hub, tmp_path / "backups").folder, tmp_path / "new"
    before = {
        p: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*") if p.is_file()
    }
    done = CliRunner().invoke(main, ["--instance", str(instance), "restore", str(folder)])
    assert done.exit_code == 0, done.output
    after = {
        p: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*") if p.is_file()
    }
    assert after == before
    old, new = verify_mission(hub.instance, MISSION), verify_mission(instance, MISSION)
    assert new.sound, new.faults
    assert new.hub != old.hub
    assert new.hub in done.output
    assert (old.position, new.position, new.counts["files"]) == (17, 19, 1)
    assert sorted(p.name for p in (instance / "keys").iterdir()) == [f"{MISSION}.key"]
    for path in [instance, *instance.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert (instance / "projections" / f"{MISSION}.db").exists()
    restored = Hub(instance)
    key = hashlib.sha256(b"token").hexdigest()
    assert (hub.store.session(key) is None, restored.store.session(key)) == (False, None)
    assert restored.store.waiting_invitations(MISSION) == 1
    # It goes on, and can be backed up and restored again.
    push(restored, enrol(restored, "OBS-3").change())
    log = restored.log(MISSION)
    assert log.last_sheet()[0] == int(log.meta("first_sheet") or 0) == 6
    log.close()
    again = back_up(restored, tmp_path / "backups2").folder
    restored.close()
    shutil.rmtree(instance)
    restore(again, instance)
    third = verify_mission(instance, MISSION)
    assert third.sound, third.faults
    assert (third.position, len({third.hub, new.hub, old.hub})) == (24, 3)
    assert os.listdir(instance / "keys") == [f"{MISSION}.key"]
