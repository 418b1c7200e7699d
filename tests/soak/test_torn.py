"""A log whose write-ahead log was torn: what is left is whole transactions from the start on."""

import json
import random
import shutil
import sqlite3
from contextlib import ExitStack
from pathlib import Path

import pytest
from progress import Part, scaled
from uuid6 import uuid7

from sync.keys import sha256_hex
from sync.log import Log
from tests.fleet import Phone, new_phone
from tests.review.hub_process import Process, Running, new_hub

pytestmark = pytest.mark.soak

REOPENINGS = 200
EACH = 20  # of one log
COMMITS = 40


def state_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    conn = sqlite3.connect(path)
    try:
        assert conn.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        named = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        names = [row[0] for row in conn.execute(named).fetchall()]
        return {one: sorted(conn.execute(f'SELECT * FROM "{one}"'), key=repr) for one in names}
    finally:
        conn.close()


def digest(path: Path) -> str:
    """A name for all that is in a log."""
    return sha256_hex(json.dumps(state_of(path), default=repr))


def heads_agree(path: Path) -> None:
    """What is noted as a device's head is its last change, and its chain has no hole."""
    conn = sqlite3.connect(path)
    try:
        noted = conn.execute("SELECT device, seq, hash FROM heads").fetchall()
        for device, seq, hash_ in noted:
            last = conn.execute(
                "SELECT seq, hash FROM changes WHERE device = ? ORDER BY seq DESC", [device]
            ).fetchone()
            assert last == (seq, hash_)
    finally:
        conn.close()


def tear(wal: Path, dice: random.Random) -> str:
    """Cut or garble it somewhere, as a power cut or a worn disk does."""
    data = bytearray(wal.read_bytes())
    at = dice.randrange(len(data))
    how = dice.choice(("cut", "bit", "zeroes", "noise"))
    if how == "cut":
        del data[at:]
    elif how == "bit":
        data[at] ^= 1 << dice.randrange(8)
    else:
        end = min(len(data), at + dice.choice((1, 100, 5000)))
        data[at:end] = bytes(end - at) if how == "zeroes" else dice.randbytes(end - at)
    wal.write_bytes(data)
    return how


def copy(log: Path, to: Path) -> Path:
    """The log and its write-ahead log as they are on disk now, without a checkpoint."""
    to.mkdir(parents=True, exist_ok=True)
    for name in (log.name, f"{log.name}-wal"):
        if (log.parent / name).exists():
            shutil.copy(log.parent / name, to / name)
    return to / log.name


def written(phone: Phone, folder: Path) -> list[str]:
    """Write change after change, some pushed; the digests of all states in their order."""
    phone.log.scrub()  # what comes before is in the file; all that follows stays in the WAL
    phone.log.db.conn.execute("PRAGMA wal_autocheckpoint=0")
    states = [digest(copy(phone.log.path, folder / "state-0"))]
    hear = phone.log._commit

    def commit() -> None:
        hear()
        at = folder / f"state-{len(states)}"
        states.append(digest(copy(phone.log.path, at)))
        shutil.rmtree(at)

    phone.log._commit = commit  # type: ignore[method-assign]
    records = [str(uuid7()) for _ in range(5)]
    for number in range(COMMITS):
        phone.write("observation", records[number % 5], {"mode": f"fictional {number}"})
        if number % 10 == 9 and number < COMMITS - 10:
            phone.sync()
    return states


def test_a_torn_tail_leaves_whole_transactions_only(tmp_path: Path, ending: ExitStack) -> None:
    part = Part("torn write-ahead logs")
    for number in part.rounds(max(1, scaled(REOPENINGS) // EACH)):
        folder = tmp_path / str(number)
        hub = new_hub(folder / "hub")
        process = Process(hub.instance)
        ending.callback(process.stop)
        process.start("--no-projecting")
        at = Running(hub, process)
        phone = new_phone(at, folder, f"OBS-{number}")
        fresh = new_phone(at, folder, f"OBS-{number}")
        states = written(phone, folder)
        dice = random.Random(number)
        for turn in range(EACH):
            torn = copy(phone.log.path, folder / f"torn-{turn}")
            how = tear(torn.with_name(f"{torn.name}-wal"), dice)
            log = Log(torn)
            found = digest(torn)
            assert found in states, f"half a transaction, or none that was ever there ({how})"
            heads_agree(torn)
            part.figures[how] += 1
            part.figures["reopened"] += 1
            part.figures["lost nothing"] += found == states[-1]
            if turn == EACH - 1:
                mends(log, phone, part, fresh)
            log.close()
        phone.close()
        fresh.close()
        process.stop()
        hub.close()


def mends(log: Log, phone: Phone, part: Part, fresh: Phone) -> None:
    """The torn copy goes on in the device's place: nothing is lost unseen, and a new device of
    the same author, as the laptop becomes after a fork, gets all that headquarters has.
    """
    own = phone.signer.device
    before = {change.hash for change in phone.log.changes_of_device(own)}
    received = before - {one["hash"] for one in phone.log.unreceived(1000)}
    again = Phone(log, phone.signer, phone.transport)
    assert not again.sync().pushed.stopped  # what was sent already is known, and harmless
    assert log.count_unreceived() == 0
    behind = not received <= {change.hash for change in log.changes_of_device(own)}
    again.write("observation", str(uuid7()), {"mode": "after the power cut"})
    stopped = again.sync().pushed.stopped
    part.figures["behind headquarters"] += behind
    # Its numbers were used by what it lost: told as a fork, and nothing is written over.
    assert {one["code"] for one in stopped.values()} == ({"fork"} if behind else set())
    assert log.count_unreceived() == (1 if behind else 0)
    fresh.sync()
    assert received <= {change.hash for change in fresh.log.changes_of_device(own)}
