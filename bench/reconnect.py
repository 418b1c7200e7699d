"""200 laptops with 50 changes each that come back within 10 seconds, while a reviewer reads.

The real ``observer-hub run``: ingest, projector and Datasette. Each laptop has a log and a session
of its own, signed in already; when it is refused it waits as ``sync.backoff`` says. The clients are
threads of two processes and share the machine with the servers.
"""

import contextlib
import http.client
import multiprocessing
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from datasette.app import Datasette

from bench.figures import Figures, percentile
from bench.intake import timed
from bench.laptops import Kept, Laptop, enrolled
from bench.servers import MISSION, Ingest, Server, free_port, new_hub, running, wait_for
from review.datasette_config import secret_of
from review.reviewers import add_reviewer
from sync.backoff import Backoff
from sync.clock import utc_now
from sync.errors import SyncError
from sync.http import HttpTransport, HubRefused
from sync.log import Log
from sync.pull import pull

DEVICES: Final = 200
CHANGES: Final = 50
ARRIVING: Final = 10.0  # seconds
PROCESSES: Final = 2
LONGEST: Final = 120.0  # seconds; a laptop that is not done then has lost
REVIEWER: Final = "vera"
PAUSE: Final = 0.2  # seconds between two pages
READ_BEFORE: Final = 25  # pages while nothing else goes on


@dataclass(slots=True)
class Seen:
    """What the laptops of one process saw; times are of the clock that all processes share."""

    first: float = float("inf")
    last: float = 0.0
    pushed: float = 0.0
    push_s: list[float] = field(default_factory=list)
    refused: int = 0
    without_retry_after: int = 0
    other: list[str] = field(default_factory=list)


class Watched(HttpTransport):
    """Notes how long each push that was taken took."""

    def __init__(self, address: str, token: str) -> None:
        super().__init__(address, token)
        self.push_s: list[float] = []
        self.pushed_at = 0.0

    def post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST, with its seconds noted."""
        begun = time.perf_counter()
        answer = super().post(call, body)
        if call == "push":
            self.push_s.append(time.perf_counter() - begun)
            self.pushed_at = time.time()
        return answer


def measure(folder: Path, rounds: int) -> Figures:
    """All rounds, each with a headquarters of its own."""
    figures = Figures()
    found: dict[str, list[float]] = {}
    for number in range(rounds):
        for name, value in _round(folder / str(number), figures).items():
            found.setdefault(name, []).append(value)
    for name, values in found.items():
        figures.spread(name, values)
    figures.put("devices", DEVICES)
    figures.put("changes", DEVICES * CHANGES)
    return figures


def _round(folder: Path, figures: Figures) -> dict[str, float]:
    port, ingest_port = free_port(), free_port()
    hub = new_hub(folder)
    add_reviewer(hub.store, REVIEWER, "reviewer", MISSION, "correct horse battery")
    observer_hub = [sys.executable, "-m", "review.cli", "--instance", str(folder)]
    # Datasette opens the tables that are there when it starts.
    subprocess.run([*observer_hub, "rebuild", MISSION], check=True, stdout=subprocess.DEVNULL)
    ports = ["--port", str(port), "--ingest-port", str(ingest_port)]
    command = [*observer_hub, "run", *ports]
    with contextlib.closing(hub), running(command, ingest_port, plugins=True):
        at = Ingest(hub, Server(ingest_port))
        wait_for(lambda: at.server.connect() is not None, 30)
        kept, hashes, page = _laptops(at, folder)
        reader = Reader(Server(port), page, _cookie(folder))
        wait_for(reader.answers, 30)
        quiet = [reader.read() for _ in range(READ_BEFORE)]
        with reader.reading() as pages:
            seen = _arrive(kept)
        log = Log(hub.log_path(MISSION))
        lost = len(hashes) - len(log.known(hashes))
        log.close()
    for text in sorted({text for one in seen for text in one.other}):
        figures.notes[f"other_{len(figures.notes)}"] = text
    begun = min(one.first for one in seen)
    pushes = [seconds for one in seen for seconds in one.push_s]
    return {
        "all_in_s": max(one.pushed for one in seen) - begun,
        "all_conversations_over_s": max(one.last for one in seen) - begun,
        "lost_changes": lost,
        "push_p50_ms": 1000 * percentile(pushes, 0.5),
        "push_p95_ms": 1000 * percentile(pushes, 0.95),
        "pushes": len(pushes),
        "refused_503": sum(one.refused for one in seen),
        "refused_without_retry_after": sum(one.without_retry_after for one in seen),
        "other_failures": sum(len(one.other) for one in seen),
        "page_quiet_p50_ms": 1000 * percentile(quiet, 0.5),
        "page_quiet_p95_ms": 1000 * percentile(quiet, 0.95),
        "page_p50_ms": 1000 * percentile(pages, 0.5),
        "page_p95_ms": 1000 * percentile(pages, 0.95),
        "pages": len(pages),
    }


def _laptops(at: Ingest, folder: Path) -> tuple[list[Kept], list[str], str]:
    """The laptops with what they have to send, its hashes, and the path of a page to read."""
    kept: list[Kept] = []
    hashes: list[str] = []
    page = ""
    for number in range(DEVICES):
        laptop = enrolled(at.hub, at.address, folder / f"laptop{number}.db", f"OBS-{number}")
        opening, base = laptop.writer.opening()
        if not page:
            whole = laptop.writer.whole(base)
            laptop.keep([*opening, whole])
            with contextlib.closing(laptop.transport()) as transport:
                laptop.session(transport).run()
            page, opening = f"/-/missions/{MISSION}/observations/{whole.record}", []
        changes = [*opening, *laptop.writer.taps(base, CHANGES - len(opening))]
        laptop.keep(changes)
        hashes += [change.hash for change in changes]
        path = folder / f"laptop{number}.db"
        signer = laptop.signer
        kept.append(Kept(path, laptop.address, laptop.token, signer.device, signer.author))
        laptop.log.close()
    for one in kept:
        _fetch(one)
    return kept, hashes, page


def _fetch(kept: Kept) -> None:
    """What a laptop that was here before knows already: the mission, the devices."""
    laptop = kept.open()
    with contextlib.closing(laptop.log), contextlib.closing(laptop.transport()) as transport:
        pull(laptop.log, transport, MISSION, utc_now)


def _arrive(kept: list[Kept]) -> list[Seen]:
    # Not forked: a process must not inherit open databases.
    method = multiprocessing.get_context("spawn")
    start = time.time() + 5.0
    with ProcessPoolExecutor(PROCESSES, mp_context=method) as pool:
        parts = [kept[number::PROCESSES] for number in range(PROCESSES)]
        return list(pool.map(_part, parts, [start] * PROCESSES))


def _part(kept: list[Kept], start: float) -> Seen:
    """The laptops of one process: each comes at a random moment."""
    seen, lock = Seen(), threading.Lock()
    laptops = [(one.open(), Watched(one.address, one.token)) for one in kept]

    def run(laptop: Laptop, transport: Watched) -> None:
        time.sleep(max(0.0, start + random.random() * ARRIVING - time.time()))
        _send(laptop, transport, seen, lock)

    timed([lambda each=each: run(*each) for each in laptops])  # type: ignore[misc]
    for laptop, transport in laptops:
        laptop.log.close()
        transport.close()
    return seen


def _send(laptop: Laptop, transport: Watched, seen: Seen, lock: threading.Lock) -> None:
    backoff, begun, done = Backoff(), time.time(), False
    while not done and time.time() < begun + LONGEST:
        wait, said, refused = 0.0, "", False
        retry_after: float | None = None
        try:
            laptop.session(transport).run()
            done = True
        except HubRefused as error:
            refused, retry_after = error.status == 503, error.retry_after
            said = "" if refused else f"{error.status} {error.code}"
            wait = backoff.failed(retry_after)
        except SyncError as error:
            said, wait = f"{error.code}: {error.__cause__!r}"[:120], backoff.failed()
        with lock:
            seen.refused += refused
            seen.without_retry_after += refused and retry_after is None
            seen.other += [said] if said else []
        time.sleep(wait)
    with lock:
        seen.first, seen.last = min(seen.first, begun), max(seen.last, time.time())
        seen.pushed = max(seen.pushed, transport.pushed_at)
        seen.push_s += transport.push_s


def _cookie(folder: Path) -> str:
    """What the sign-in page would give the reviewer."""
    signed = Datasette(secret=secret_of(folder)).sign({"a": {"id": REVIEWER}}, "actor")
    return f"ds_actor={signed}"


class Reader:
    """A reviewer who reads one observation again and again."""

    def __init__(self, server: Server, page: str, cookie: str) -> None:
        self.server = server
        self.page = page
        self.cookie = cookie

    def answers(self) -> bool:
        """Whether the page is there already."""
        try:
            self.read()
        except (OSError, RuntimeError, http.client.HTTPException):
            return False
        return True

    def read(self) -> float:
        """Seconds until the whole page is here.

        :raises RuntimeError: something else came
        """
        begun = time.perf_counter()
        with contextlib.closing(self.server.connect()) as connection:
            connection.request("GET", self.page, headers={"Cookie": self.cookie})
            answer = connection.getresponse()
            raw = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self.page}: {answer.status} {raw[:200]!r}")
        return time.perf_counter() - begun

    @contextlib.contextmanager
    def reading(self) -> Iterator[list[float]]:
        """Read in a thread until the end of the block; the seconds of each page."""
        pages: list[float] = []
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(PAUSE):
                pages.append(self.read())

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield pages
        finally:
            ended.set()
            thread.join()
