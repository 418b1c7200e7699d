"""Ingest and a relay are killed again and again while devices push: what was acknowledged stays."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from beings import Client, Killed, press
from failing import POINTS
from progress import Part, scaled

from observer.profile import Home, enrol
from review.hub import Hub
from sync.keys import fingerprint
from sync.log import Log
from sync.log.audit import audit
from sync.verify import verify
from tests.review.hub_process import MISSION, Process, new_hub, wait_for

pytestmark = pytest.mark.soak

KILLS = 500  # of each
SEASON = 50  # kills of one folder
CLIENTS = 3


def rows(path: Path) -> dict[str, tuple[str, str, int, str, int, str]]:
    """What is in a log: by hash the payload, state, position, device, seq and prev."""
    conn = sqlite3.connect(path)
    try:
        found = conn.execute(
            "SELECT hash, payload, state, position, device, seq FROM changes ORDER BY position"
        ).fetchall()
        assert conn.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    finally:
        conn.close()
    return {row[0]: row[1:] for row in found}


def check(path: Path, clients: Sequence[Client]) -> None:
    """Everything acknowledged is here, byte for byte, and no push is here in half."""
    here = rows(path)
    for client in clients:
        assert not client.faults, client.faults
        for hash_, (payload, state, position) in client.acknowledged.items():
            assert hash_ in here, f"lost: {hash_}"
            assert here[hash_][:3] == (payload, state, position)
        flying = [change.hash in here for change in client.in_flight]
        assert len(set(flying)) <= 1, f"half a push is here: {flying}"
        mine = sorted(row[4] for row in here.values() if row[3] == client.device.signer.device)
        assert mine == list(range(1, len(mine) + 1))


def season(killed: Killed, clients: list[Client], part: Part, kills: int, seed: int) -> None:
    """So many kills of one folder, half at random moments, half at points of the store's work."""
    dice = random.Random(seed)
    done = 0
    while done < kills:
        point = None
        if done % 2:
            name = POINTS[done // 2 % len(POINTS)]
            # One commit or a few statements are of the opening itself.
            most = {"in_group": 60, "opening": 3}.get(name, 12)
            point = f"{name}:{dice.randint(1, most)}"
        if killed.start(point):
            check(killed.log, clients)
            pressing = press(clients, killed.address)
            itself = killed.live_for(dice.uniform(0.02, 0.6) if point is None else 6)
            pressing.end()
        else:
            itself = True
        part.figures["kills"] += 1
        part.figures["at points" if itself else "at random"] += 1
        done += 1
    assert killed.start(None)
    check(killed.log, clients)
    before = [client.pushes for client in clients]
    again = press(clients, killed.address)  # what was in flight is sent again
    wait_for(lambda: _went_on(clients, before), 30)
    again.end()
    check(killed.log, clients)
    assert not any(client.in_flight for client in clients)
    part.figures["acknowledged"] += sum(len(client.acknowledged) for client in clients)
    part.figures["known when sent again"] += sum(client.known for client in clients)
    part.figures["lost"] += 0  # a lost one ends the run


def _went_on(clients: list[Client], before: list[int]) -> bool:
    faults = any(client.faults for client in clients)
    return faults or all(c.pushes > b for c, b in zip(clients, before, strict=True))


def clients_of(
    process: Process, hub: Hub, seed: int, issuer: tuple[str, str] | None = None
) -> list[Client]:
    """Devices that are enrolled at headquarters, and whose receipts they look for."""
    log = hub.log(MISSION)
    seat = hub.seat(log)
    log.close()
    issuer = issuer or (seat.device, seat.key.public)
    return [
        Client(
            process.device(hub, f"OBS-{number}"),
            issuer,
            fingerprint(seat.key.public),
            random.Random(seed * 10 + number),
        )
        for number in range(CLIENTS)
    ]


def seasons() -> tuple[int, int]:
    """How many there are and how many kills each has."""
    kills = scaled(KILLS)
    size = min(SEASON, kills)
    return -(-kills // size), size


def test_ingest_is_killed(tmp_path: Path, ending: ExitStack) -> None:
    part = Part("kills of ingest")
    many, size = seasons()
    for number in part.rounds(many):
        hub = new_hub(tmp_path / str(number))
        killed = Killed("ingest", hub.instance, hub.log_path(MISSION))
        ending.callback(killed.end)
        process = Process(hub.instance, killed.port)
        ending.callback(process.stop)
        process.start("--no-projecting")
        clients = clients_of(process, hub, number)
        process.stop()
        season(killed, clients, part, size, number)
        killed.live_for(0)
        hub.close()
        sound(killed.log)


def sound(path: Path) -> None:
    """The whole log verifies: signatures, chains, heads, receipt sheets."""
    with audit(path) as opened:
        verdict = verify(opened)
    assert not verdict.faults, verdict.faults


def test_a_relay_is_killed(tmp_path: Path, ending: ExitStack) -> None:
    part = Part("kills of a relay")
    many, size = seasons()
    for number in part.rounds(many):
        hub = new_hub(tmp_path / f"{number}-hub")
        process = Process(hub.instance)
        ending.callback(process.stop)
        process.start("--no-projecting")
        address = f"http://127.0.0.1:{process.port}"
        home = Home(tmp_path / f"{number}-relay")
        enrol(home, hub.invite(MISSION, "RELAY-1", "relay", 600, address))
        signer = home.signer()
        killed = Killed("relay", home.folder, home.log_path(MISSION))
        ending.callback(killed.end)
        clients = clients_of(process, hub, number, (signer.device, signer.key.public))
        season(killed, clients, part, size, number)
        everything = {one for client in clients for one in client.acknowledged}
        wait_for(lambda: everything <= set(rows(hub.log_path(MISSION))), 120)  # noqa: B023
        killed.live_for(0)
        process.stop()
        hub.close()
        sound(hub.log_path(MISSION))


def test_a_log_is_killed_while_it_is_made(tmp_path: Path) -> None:
    """At every statement of the first opening: the next one finds a whole log or makes it."""
    root = Path(__file__).resolve().parents[2]
    for number in range(1, 200):
        path = tmp_path / f"{number}.db"
        done = subprocess.run(
            [sys.executable, "-m", "tests.soak.failing", f"opening:{number}", "log", path],
            cwd=root,
            env=dict(os.environ),
            check=False,
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        log = Log(path)
        with log.writing():
            log.set_meta({"whole": "yes"})
        assert log.meta("whole") == "yes"
        log.close()
    assert number > 5
