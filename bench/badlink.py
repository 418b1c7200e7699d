"""One observation and a small photo over a link of 2 kbit/s, 400 ms late, that loses requests.

The link is a proxy of ours (``bench/proxy.py``) before a real ingest. All times are ``FASTER``
times shorter than on such a link: its speed, its lateness, the client's timeout and its waits
between tries. The server's own work is not, so it weighs more here.
"""

import contextlib
import hashlib
import io
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from uuid6 import uuid7

from bench.figures import Figures
from bench.laptops import Laptop, enrolled
from bench.proxy import Link, Proxy, now_and_then
from bench.servers import Ingest, ingest
from sync.backoff import Backoff
from sync.errors import SyncError
from sync.files import FileSender, Shelf

FASTER: Final = 20.0
LINK_BYTES_PER_S: Final = 250.0  # 2 kbit/s
LATENCY: Final = 0.4
TIMEOUT: Final = 30.0  # as HttpTransport's own
SLOWEST: Final = 125.0  # as HttpTransport's own
LOSS: Final = 0.05  # of the requests
TAPS: Final = 20
LONGEST: Final = 1800.0  # seconds on the link for one run; then it counts as not completed
TRIES: Final = 8  # runs in a round


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took."""

    done: bool
    seconds: float
    up: int
    down: int
    requests: int
    conversations: int
    cuts: int

    @property
    def bytes(self) -> int:
        """Both ways."""
        return self.up + self.down


def measure(folder: Path, rounds: int) -> Figures:
    """Bytes on the wire with loss, to those without any trouble; calls, and seconds on the link."""
    figures, rand = Figures(), random.Random(1)
    figures.notes["time"] = f"all times {FASTER:g} times faster than on the link that is meant"
    slow = LINK_BYTES_PER_S * FASTER, LATENCY / FASTER
    with ingest(folder / "hub", projecting=False) as at:
        needed = [_one(at, folder / f"n{n}", Link(), 60.0) for n in range(3)]
        plain = [_one(at, folder / f"p{n}", Link(*slow), LONGEST) for n in range(rounds)]
        lossy = [
            _one(at, folder / f"l{n}", Link(*slow, now_and_then(LOSS, rand)), LONGEST)
            for n in range(rounds * TRIES)
        ]
    least = [run.bytes for run in needed]
    figures.spread("needed_bytes", least)
    figures.put("needed_requests", needed[0].requests)
    for name, runs in (("slow", plain), ("lossy", lossy)):
        figures.spread(f"{name}_bytes", [run.bytes for run in runs])
        figures.spread(f"{name}_s", [run.seconds for run in runs])
        figures.spread(f"{name}_requests", [run.requests for run in runs])
        figures.spread(f"{name}_conversations", [run.conversations for run in runs])
        figures.put(f"{name}_completed_share", sum(run.done for run in runs) / len(runs))
        base = sorted(least)[len(least) // 2]
        figures.ratio_spread(
            f"{name}_bytes_to_needed", [run.bytes for run in runs], [base] * len(runs)
        )
        figures.ratios[f"{name}_all_bytes_to_needed"] = round(
            sum(run.bytes for run in runs) / (base * len(runs)), 3
        )
    figures.put("lossy_cuts", sum(run.cuts for run in lossy))
    figures.put("lossy_runs", len(lossy))
    return figures


def _one(at: Ingest, folder: Path, link: Link, longest: float) -> Run:
    folder.mkdir()
    laptop = enrolled(at.hub, at.address, folder / "laptop.db", f"OBS-{folder.name.upper()}")
    with contextlib.closing(laptop.log):
        with contextlib.closing(laptop.transport()) as direct:
            opening, base = laptop.writer.opening()
            laptop.keep(opening)
            laptop.session(direct).run()
        if not link.bytes_per_s:
            with laptop.log.writing():
                laptop.log.set_meta({"pace_text": "1000000", "pace_files": "524288"})
        sender = _write(laptop, Shelf(folder), base)
        proxy = Proxy(at.server.port, link)
        laptop.address = laptop.address.replace(at.address, f"http://127.0.0.1:{proxy.port}")
        try:
            return _send(laptop, sender, proxy, longest)
        finally:
            proxy.close()


def _write(laptop: Laptop, shelf: Shelf, base: dict[str, object]) -> FileSender:
    """A whole observation, twenty taps, and a photo of about 20 kB with its record."""
    whole = laptop.writer.whole(base)
    noise = Image.frombytes("L", (160, 120), random.Random(whole.hash).randbytes(160 * 120))
    picture = io.BytesIO()
    noise.save(picture, "JPEG", quality=75)
    content = picture.getvalue()
    shelf.blobs.add(io.BytesIO(content))
    fields = {
        "observation": whole.record,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "type": "image/jpeg",
    }
    photo = laptop.writer.change("attachment", str(uuid7()), fields)
    laptop.keep([whole, photo, *laptop.writer.taps(base, TAPS)])
    return FileSender(laptop.log, shelf)


def _send(laptop: Laptop, sender: FileSender, proxy: Proxy, longest: float) -> Run:
    """Conversations until all is at headquarters, with the waits that the app makes."""
    backoff, talks, begun = Backoff(), 0, time.perf_counter()
    done = False
    while not done and (time.perf_counter() - begun) * FASTER < longest:
        talks += 1
        transport = laptop.transport(TIMEOUT / FASTER, SLOWEST * FASTER)
        try:
            laptop.session(transport, files=sender).run()
            done = not laptop.log.count_unreceived() and not sender.waiting()
        except SyncError:
            time.sleep(backoff.failed() / FASTER)
        finally:
            transport.close()
    seconds = (time.perf_counter() - begun) * FASTER
    time.sleep(0.1)  # what is on its way still counts
    count = proxy.count
    return Run(done, seconds, count.up, count.down, count.requests, talks, count.cuts)
