"""Intake over HTTP, beside Datasette's upsert and a bare SQLite loop with the same bytes.

``whole``: 150 answers in one change. ``taps``: batches of 100 changes of one answer. Signing and
making the bodies is not measured; the clients share the machine with the servers.
"""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figures import Figures
from bench.servers import Ingest, Server, datasette, ingest, post, wait_for
from sync.change import Change

PUSH: Final = "/-/sync/v1/push"
UPSERT: Final = "/peer/changes/-/upsert"
CLIENTS: Final = (1, 8)
PUSHES: Final = {"whole": {1: 100, 8: 40}, "taps": {1: 30, 8: 10}}  # of each client
TAPS: Final = 100


@dataclass(frozen=True, slots=True)
class Load:
    """What one client sends: a token and the changes of each push."""

    token: str
    pushes: Sequence[Sequence[Change]]


def body_of(changes: Sequence[Change]) -> bytes:
    """The body of a push."""
    return json.dumps({"changes": [change.wire() for change in changes]}).encode()


def loads_of(target: Ingest, shape: str, clients: int) -> list[Load]:
    """What each of several fresh devices sends; its case and hearing are sent already."""
    made = []
    for _ in range(clients):
        writer, token = target.device()
        opening, base = writer.opening()
        with contextlib.closing(target.server.connect()) as connection:
            post(connection, PUSH, token, body_of(opening))
        pushes: list[list[Change]] = []
        for _ in range(PUSHES[shape][clients]):
            pushes.append([writer.whole(base)] if shape == "whole" else writer.taps(base, TAPS))
        made.append(Load(token, pushes))
    return made


def timed(jobs: Sequence[Callable[[], None]]) -> float:
    """Seconds until all jobs, begun together, are done.

    :raises RuntimeError: one of them failed
    """
    faults: list[Exception] = []
    start = threading.Barrier(len(jobs) + 1)

    def run(job: Callable[[], None]) -> None:
        start.wait()
        try:
            job()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError("A client failed.") from faults[0]
    return time.perf_counter() - begun


def rate(server: Server, path: str, loads: Sequence[Load], pack: Callable[..., bytes]) -> float:
    """Changes per second that were acknowledged."""

    def client(load: Load, bodies: Sequence[bytes]) -> None:
        with contextlib.closing(server.connect()) as connection:
            for body in bodies:
                post(connection, path, load.token, body)

    packed = [(load, [pack(changes) for changes in load.pushes]) for load in loads]
    seconds = timed([lambda each=each: client(*each) for each in packed])  # type: ignore[misc]
    return count(loads) / seconds


def count(loads: Sequence[Load]) -> int:
    """The number of changes."""
    return sum(len(changes) for load in loads for changes in load.pushes)


def rows_of(changes: Sequence[Change]) -> bytes:
    """The same changes as rows for Datasette."""
    rows = [{"id": change.hash, **change.wire()} for change in changes]
    return json.dumps({"rows": rows}).encode()


def bare(path: Path, loads: Sequence[Load]) -> float:
    """Changes per second into a table, one commit with FULL for each push."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE IF NOT EXISTS c (id TEXT PRIMARY KEY, p TEXT, s TEXT)")
        begun = time.perf_counter()
        for load in loads:
            for changes in load.pushes:
                db.execute("BEGIN IMMEDIATE")
                rows = [(one.hash, one.payload, one.signature) for one in changes]
                db.executemany("INSERT INTO c VALUES (?, ?, ?)", rows)
                db.execute("COMMIT")
        return count(loads) / (time.perf_counter() - begun)


def _rows_in(path: Path) -> list[tuple[str]]:
    """What Datasette really stored, so that nobody compares with answers that did nothing."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT id FROM changes").fetchall()


def measure(folder: Path, rounds: int) -> Figures:
    """All shapes and numbers of clients, the servers by turns in each round."""
    found: dict[str, list[float]] = {}
    figures = Figures()
    with (
        ingest(folder / "with", projecting=True) as full,
        ingest(folder / "without", projecting=False) as plain,
        datasette(folder / "peer") as peer,
    ):
        for _ in range(rounds):
            for shape in PUSHES:
                for clients in CLIENTS:
                    name = f"{shape}_{clients}_client{'s' if clients > 1 else ''}"
                    for key, value in _turn(full, plain, peer, shape, clients, folder):
                        found.setdefault(f"{name}{key}_per_s", []).append(value)
        for shape in PUSHES:
            body = body_of(loads_of(plain, shape, 1)[0].pushes[-1])
            figures.put(f"{shape}_push_bytes", len(body))
        figures.put("datasette_rows_stored", len(_rows_in(folder / "peer" / "peer.db")))
    for name, values in found.items():
        figures.spread(name, values)
    for shape in PUSHES:
        name = f"{shape}_8_clients"
        for other in ("_datasette", "_bare_sqlite", "_without_projector"):
            figures.ratio(f"{name}_to{other}", f"{name}_per_s", f"{name}{other}_per_s")
    return figures


def _turn(
    full: Ingest, plain: Ingest, peer: Server, shape: str, clients: int, folder: Path
) -> list[tuple[str, float]]:
    loads = loads_of(full, shape, clients)
    wait_for(lambda: full.behind() == 0, 60)
    begun = time.perf_counter()
    taken = rate(full.server, PUSH, loads, body_of)
    # What the tables have to catch up with must not slow down the next.
    wait_for(lambda: full.behind() == 0, 60)
    shown = count(loads) / (time.perf_counter() - begun)
    others = loads_of(plain, shape, clients)
    alone = rate(plain.server, PUSH, others, body_of)
    rows = [Load(peer.token, load.pushes) for load in loads]
    return [
        ("", taken),
        ("_without_projector", alone),
        ("_until_in_tables", shown),
        ("_datasette", rate(peer, UPSERT, rows, rows_of)),
        ("_bare_sqlite", bare(folder / "bare.db", loads)),
    ]
