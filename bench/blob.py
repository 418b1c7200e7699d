"""A file of 20 MB cut ten times and resumed; sixteen such files at once, and what ingest holds.

The device's own ``FileSender`` over HTTP. Between a cut and the next try nobody waits.
"""

import contextlib
import hashlib
import io
import os
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from uuid6 import uuid7

from bench.figures import Figures
from bench.intake import timed
from bench.laptops import Laptop, enrolled
from bench.proxy import Link, Proxy
from bench.servers import Ingest, ingest
from sync.errors import NotReached
from sync.files import FileSender, Shelf

SIZE: Final = 20_000_000
CUTS: Final = 10
PARALLEL: Final = 16


def measure(folder: Path, rounds: int) -> Figures:
    """Bytes sent again, seconds, and the most memory that ingest has held."""
    figures = Figures()
    found: dict[str, list[float]] = {}
    with ingest(folder / "hub", projecting=False) as at:
        figures.put("ingest_before_any_peak_mb", _peak_mb(at.pid))
        for number in range(rounds):
            for name, value in _alone(at, folder / f"alone{number}", number):
                found.setdefault(name, []).append(value)
        before = _peak_mb(at.pid)
        for number in range(rounds):
            seconds = _together(at, folder / f"together{number}")
            found.setdefault("parallel_s", []).append(seconds)
            found.setdefault("parallel_mb_per_s", []).append(PARALLEL * SIZE / 1e6 / seconds)
        after = _peak_mb(at.pid)
    for name, values in found.items():
        figures.spread(name, values)
    figures.put("ingest_after_alone_peak_mb", before)
    figures.put("ingest_after_parallel_peak_mb", after)
    figures.put("ingest_grew_mb", after - before)
    figures.put("parallel_files", PARALLEL)
    figures.ratio("peak_after_to_before", *[f"ingest_after_{x}_peak_mb" for x in _PEAKS])
    return figures


_PEAKS: Final = ("parallel", "alone")


def _alone(at: Ingest, folder: Path, seed: int) -> list[tuple[str, float]]:
    """One file as it goes, and one that is cut."""
    found: list[tuple[str, float]] = []
    for name, link in (("whole", Link()), ("cut", Link(cut=_ten_cuts(random.Random(seed))))):
        laptop, sender = _laptop(at, folder / name)
        proxy = Proxy(at.server.port, link)
        laptop.address = laptop.address.replace(at.address, f"http://127.0.0.1:{proxy.port}")
        begun = time.perf_counter()
        talks = _exchange(laptop, sender)
        seconds = time.perf_counter() - begun
        proxy.close()
        laptop.log.close()
        found += [(f"{name}_s", seconds), (f"{name}_mb_per_s", SIZE / 1e6 / seconds)]
        found += [
            (f"{name}_resent_bytes", proxy.count.body - SIZE),
            (f"{name}_requests", proxy.count.requests),
            (f"{name}_cuts", proxy.count.cuts),
            (f"{name}_conversations", talks),
        ]
    return found


def _ten_cuts(rand: random.Random) -> Callable[[int], int | None]:
    left = CUTS

    def cut(length: int) -> int | None:
        nonlocal left
        # Of the 40 and more calls that it takes, about every third until ten were cut.
        if not left or not length or rand.random() > 0.35:
            return None
        left -= 1
        return rand.randint(1, length - 1)

    return cut


def _together(at: Ingest, folder: Path) -> float:
    """Seconds until all of several files, begun together, are at headquarters."""
    jobs: list[Callable[[], None]] = []
    with contextlib.ExitStack() as stack:
        for number in range(PARALLEL):
            laptop, sender = _laptop(at, folder / str(number))
            stack.callback(laptop.log.close)
            jobs.append(partial(_arrives, laptop, sender))
        return timed(jobs)


def _exchange(laptop: Laptop, sender: FileSender) -> int:
    """Send until nothing waits; the number of conversations."""
    for talks in range(1, 10 * CUTS):
        with contextlib.closing(laptop.transport()) as transport:
            with contextlib.suppress(NotReached):
                sender.exchange(transport, lambda: True)
            if not sender.waiting():
                return talks
    raise RuntimeError("The file did not arrive.")


def _arrives(laptop: Laptop, sender: FileSender) -> None:
    _exchange(laptop, sender)


def _laptop(at: Ingest, folder: Path) -> tuple[Laptop, FileSender]:
    """A laptop with an observation at headquarters, and a file of it here."""
    folder.mkdir(parents=True)
    laptop = enrolled(at.hub, at.address, folder / "laptop.db", f"OBS-{uuid7().hex[-8:].upper()}")
    content, shelf = b"%PDF-1.7\n" + os.urandom(SIZE - 9), Shelf(folder)
    shelf.blobs.add(io.BytesIO(content))
    opening, base = laptop.writer.opening()
    observation = laptop.writer.taps(base, 1)
    fields = {
        "observation": observation[0].record,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": SIZE,
        "type": "application/pdf",
    }
    record = laptop.writer.change("attachment", str(uuid7()), fields)
    laptop.keep([*opening, *observation, record])
    with contextlib.closing(laptop.transport()) as transport:
        laptop.session(transport).run()
    return laptop, FileSender(laptop.log, shelf)


def _peak_mb(pid: int) -> float:
    """The most memory that a process has held, as Linux counts it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("The system does not tell the memory of a process.")
