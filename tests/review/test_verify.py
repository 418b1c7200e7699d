"""A sound log is found sound; any bit changed in it is found, by us and by strangers."""

import ast
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from review.cli import main
from review.verification import verify_mission
from sync.log.audit import audit
from sync.verify import verify
from tests.detectors import ROOT, imports
from tests.review.custody import rich_hub, script
from tests.review.hub_process import MISSION

COLUMNS = ("payload", "signature", "envelope")
TELLING = (*COLUMNS, "hash", "device", "seq", "kind", "record", "state", "sheet", "position")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a headquarters with something of everything."""
    hub = rich_hub(tmp_path_factory.mktemp("verify") / "hub")
    hub.close()
    return hub.instance


@pytest.fixture
def copied(instance: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(instance, tmp_path / "hub"))


@pytest.fixture
def damaged(copied: Path) -> Iterator[sqlite3.Connection]:
    """Its log, opened by somebody who changes it."""
    with closing(sqlite3.connect(copied / "log" / f"{MISSION}.db", isolation_level=None)) as conn:
        conn.execute("PRAGMA synchronous=OFF")
        yield conn


def test_a_sound_log_is_sound_and_counted(instance: Path) -> None:
    found = verify_mission(instance, MISSION)
    assert found.sound, found.faults
    assert not found.notes
    assert found.counts["changes"] == found.position == 17
    assert (found.counts["quarantined"], found.counts["erased"], found.counts["forks"]) == (1, 1, 1)
    log = script().check(str(instance / "log" / f"{MISSION}.db"), found.hub)
    assert log.wrong == []
    assert len(log.changes) == 17


def cells(conn: sqlite3.Connection, names: tuple[str, ...]) -> list[tuple[int, str, object]]:
    """Position, column and value of all cells that have one."""
    found = []
    for name in names:
        rows = conn.execute(f"SELECT position, {name} FROM changes WHERE {name} IS NOT NULL")
        found += [(position, name, value) for position, value in rows]
    return found


def put(conn: sqlite3.Connection, position: int, name: str, value: object) -> None:
    """Write a cell; text as the bytes that it has."""
    what = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
    conn.execute(f"UPDATE changes SET {name} = {what} WHERE position = ?", (value, position))


def flipped(value: object, chance: random.Random) -> object:
    """The value with one bit changed."""
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(20))
    data = bytearray(str(value).encode())
    bit = chance.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


def test_a_thousand_flipped_bits_are_each_found_where_they_are(
    copied: Path, damaged: sqlite3.Connection
) -> None:
    chance, places = random.Random(1), cells(damaged, COLUMNS)
    assert any(name == "envelope" for _, name, _ in places)
    missed = []
    # Each envelope often enough, though few changes have one.
    names = [chance.choice(COLUMNS) for _ in range(1000)]
    for wanted in names:
        position, name, value = chance.choice([p for p in places if p[1] == wanted])
        changed = flipped(value, chance)
        put(damaged, position, name, changed)
        with audit(copied / "log" / f"{MISSION}.db") as opened:
            found = verify(opened)
        if found.sound or found.faults[0].position != position:
            missed.append((position, name, changed, found.faults[:2]))
        put(damaged, position, name, str(value).encode())
    assert not missed


def test_strangers_find_the_same(copied: Path, damaged: sqlite3.Connection) -> None:
    chance, places, path = random.Random(2), cells(damaged, TELLING), copied / "log"
    other, file = script(), path / f"{MISSION}.db"
    for _ in range(300):
        position, name, value = chance.choice(places)
        changed = flipped(value, chance)
        try:
            put(damaged, position, name, changed)
        except sqlite3.IntegrityError:
            continue  # another change has this number, hash or position
        moved = changed if name == "position" else position
        with audit(file) as opened:
            ours = verify(opened)
        theirs = other.check(str(file)).wrong
        put(damaged, moved, name, value if isinstance(value, int) else str(value).encode())  # type: ignore[arg-type]
        assert theirs, (position, name, changed)
        assert not ours.sound, (position, name, changed)
        assert ours.faults[0].position == theirs[0][0], (position, name, changed, ours.faults[0])


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM changes WHERE position = 7", "missing"),
        ("DELETE FROM changes WHERE position = 17", "head"),
        ("UPDATE changes SET received_at = '2026-01-01T00:00:00Z' WHERE position = 9", "else"),
        ("UPDATE changes SET state = 'stored', code = NULL WHERE state = 'quarantined'", "else"),
        ("UPDATE changes SET payload = '{}' WHERE payload IS NULL", "both"),
        ("UPDATE changes SET payload = NULL WHERE position = 8", "no sound erasure"),
        ("UPDATE changes SET sheet = 1 WHERE position = 15", "no receipt sheet"),
        ("UPDATE heads SET seq = seq - 1", "head"),
        ("UPDATE devices SET role = 'hub'", "record says"),
        ("DELETE FROM erased", "erasure noted"),
        ("DELETE FROM sheets WHERE sheet = 1", "follow the sheet"),
        ("UPDATE sheets SET payload = replace(payload, 'stored', 'storex') WHERE sheet = 2", "not"),
        ("UPDATE forks SET signature = 'AAAA'", "fork"),
        ("UPDATE meta SET value = 'other' WHERE key = 'epoch'", "epoch"),
        ("UPDATE meta SET value = 'other' WHERE key = 'mission'", "mission"),
    ],
)
def test_what_was_done_to_a_log_is_named(
    copied: Path, damaged: sqlite3.Connection, statement: str, words: str
) -> None:
    damaged.execute(statement)
    found = verify_mission(copied, MISSION)
    assert not found.sound
    assert words in " ".join(fault.what for fault in found.faults)


def test_a_log_of_somebody_elses_key_is_not_ours(copied: Path) -> None:
    (copied / "keys" / f"{MISSION}.key").write_text("01" * 32)
    found = verify_mission(copied, MISSION)
    assert "not headquarters' key" in found.faults[0].what
    file = str(copied / "log" / f"{MISSION}.db")
    assert script().check(file, "00" * 32).wrong


def test_a_file_that_sqlite_cannot_read_is_told(copied: Path) -> None:
    path = copied / "log" / f"{MISSION}.db"
    data = bytearray(path.read_bytes())
    for at in range(4096 * 3, len(data), 4096):
        data[at : at + 200] = b"\xff" * 200
    path.write_bytes(bytes(data))
    assert not verify_mission(copied, MISSION).sound


def test_a_damaged_file_of_an_attachment_is_found(copied: Path) -> None:
    sha256 = "ab" * 32
    folder = copied / "blobs" / MISSION / "ab"
    folder.mkdir(parents=True)
    (folder / sha256).write_bytes(b"something else")
    assert sha256 in verify_mission(copied, MISSION).faults[0].what


def test_the_command_names_the_first_and_ends_with_1(
    copied: Path, damaged: sqlite3.Connection
) -> None:
    run = CliRunner()
    arguments = ["--instance", str(copied), "verify", MISSION]
    done = run.invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1].startswith("Sound: 17 changes, 16 stored, 1 quarantined")
    damaged.execute("UPDATE changes SET payload = replace(payload, 'quick', 'slow!')")
    done = run.invoke(main, arguments)
    assert done.exit_code == 1
    assert re.search(
        r"first that is wrong: position 10, device \S+, change 1: the payload", done.output
    )
    done = run.invoke(main, [*arguments, "--json"])
    told = json.loads(done.output)[0]
    assert (done.exit_code, told["ok"], told["faults"][0]["position"]) == (1, False, 10)


def test_the_script_is_for_strangers() -> None:
    source = (ROOT / "scripts/verify_log.py").read_text()
    tops = {found.what.split(".")[0] for found in imports(source)}
    assert tops - set(sys.stdlib_module_names) == {"nacl"}
    assert not tops & {"schemas", "sync", "observer", "review", "scripts", "tests"}
    assert len(source.splitlines()) <= 200
    assert ast.get_docstring(ast.parse(source))


def test_the_script_runs_alone(instance: Path, tmp_path: Path) -> None:
    file, lone = instance / "log" / f"{MISSION}.db", tmp_path / "verify_log.py"
    shutil.copy(ROOT / "scripts/verify_log.py", lone)
    hub = verify_mission(instance, MISSION).hub

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-I", str(lone), *arguments], capture_output=True, text=True
        )

    done = run(str(file), "--hub", hub)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Sound."), done
    assert run(str(file), "--hub", "00" * 32).returncode == 1
    assert run(str(lone)).returncode == 1
