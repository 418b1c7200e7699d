"""Ten new changes to a headquarters that has 10, 10,000 or 100,000 of the device already.

Each size has a headquarters and a laptop of its own. Their logs are filled in this process, by the
device's own push and headquarters' own intake, signatures, checks and receipts included; then the
ingest process starts (without the projector). What is measured goes over HTTP.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bench.figures import Figures, percentile
from bench.laptops import Laptop, enrolled
from bench.servers import new_hub, serving
from review.channel import Channel
from review.hub import Hub
from review.pushes import store
from sync.change import Change
from sync.clock import utc_now
from sync.http import HttpTransport
from sync.intake import check_batch
from sync.pull import pull
from sync.push import push
from sync.wires import wires

SIZES: Final = (10, 10_000, 100_000)
NEW: Final = 10
CONVERSATIONS: Final = 20  # of each size in a round
PART: Final = 100  # changes of one observation
STEP: Final = 2_000  # changes kept on the laptop before they are pushed


class InProcess(HttpTransport):
    """Headquarters' intake in this process, to fill both logs through."""

    def __init__(self, channel: Channel) -> None:
        super().__init__("http://127.0.0.1:9")
        self.channel = channel

    def post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """``push``, as headquarters answers it."""
        channel = self.channel
        batch = check_batch(channel.reader, channel.seat.mission, wires(body), channel.keys)
        job = channel.submit(lambda log: store(channel.seat, log, batch, utc_now))
        answer: dict[str, Any] = job.result()
        return answer


def measure(folder: Path, rounds: int) -> Figures:
    """The conversation at each size, by turns."""
    figures = Figures()
    figures.notes["projector"] = "not running"
    runs: dict[int, list[float]] = {size: [] for size in SIZES}
    parts: dict[str, dict[int, list[float]]] = {
        name: {size: [] for size in SIZES} for name in ("push", "pull", "sign_in")
    }
    medians: dict[int, list[float]] = {size: [] for size in SIZES}
    with contextlib.ExitStack() as stack:
        open_ = {
            size: stack.enter_context(_filled(folder / f"of_{size}", size, figures))
            for size in SIZES
        }
        for _ in range(rounds):
            each: dict[int, list[float]] = {size: [] for size in SIZES}
            for _ in range(CONVERSATIONS):
                for size, talk in open_.items():
                    each[size].append(talk.whole())
                    for name, seconds in talk.parts().items():
                        parts[name][size].append(seconds)
            for size in SIZES:
                runs[size] += each[size]
                medians[size].append(percentile(each[size], 0.5))
    for size in SIZES:
        figures.spread(f"at_{size}_p50_ms", [1000 * value for value in medians[size]])
        figures.put(f"at_{size}_p95_ms", 1000 * percentile(runs[size], 0.95))
        for name, found in parts.items():
            figures.put(f"at_{size}_{name}_p50_ms", 1000 * percentile(found[size], 0.5))
            figures.put(f"at_{size}_{name}_p95_ms", 1000 * percentile(found[size], 0.95))
    for size in SIZES[1:]:
        figures.ratio_spread(f"p50_at_{size}_to_{SIZES[0]}", medians[size], medians[SIZES[0]])
    return figures


class Talk:
    """A laptop that talks to its headquarters again and again."""

    def __init__(self, laptop: Laptop, transport: HttpTransport, base: dict[str, Any]) -> None:
        self.laptop = laptop
        self.transport = transport
        self.session = laptop.session(transport)
        self.base = base

    def whole(self) -> float:
        """Seconds of a conversation that sends ten new changes."""
        self.laptop.keep(self.laptop.writer.taps(self.base, NEW))
        begun = time.perf_counter()
        found = self.session.run()
        taken = time.perf_counter() - begun
        if found.pushed.sent != NEW or not found.pushed.clean:
            raise RuntimeError(f"Not all was stored: {found.pushed}")
        return taken

    def parts(self) -> dict[str, float]:
        """Seconds of a push of ten new changes, of a pull after it, and of signing in."""
        laptop, transport = self.laptop, self.transport
        laptop.keep(laptop.writer.taps(self.base, NEW))
        at = [time.perf_counter()]
        push(laptop.log, transport, laptop.signer.mission)
        at.append(time.perf_counter())
        pull(laptop.log, transport, laptop.signer.mission, utc_now)
        at.append(time.perf_counter())
        self.session.sign_in()
        at.append(time.perf_counter())
        return dict(
            zip(
                ("push", "pull", "sign_in"),
                (after - before for before, after in zip(at, at[1:], strict=False)),
                strict=True,
            )
        )


@contextlib.contextmanager
def _filled(folder: Path, size: int, figures: Figures) -> Iterator[Talk]:
    with contextlib.closing(new_hub(folder)) as hub:
        with serving(hub, projecting=False) as at:
            laptop = enrolled(hub, at.address, folder / "laptop.db", "OBS-1")
            before = at.address
        begun = time.perf_counter()
        base = fill(hub, laptop, size)
        figures.put(f"filling_{size}_s", time.perf_counter() - begun)
        with serving(hub, projecting=False) as at:
            laptop.address = laptop.address.replace(before, at.address)
            transport = laptop.transport()
            begun = time.perf_counter()
            laptop.session(transport).run()
            figures.put(f"first_pull_at_{size}_s", time.perf_counter() - begun)
            yield Talk(laptop, transport, base)
            transport.close()
            laptop.log.close()


def fill(hub: Hub, laptop: Laptop, size: int) -> dict[str, Any]:
    """Write and push ``size`` changes; the fields that an observation of their case begins with."""
    opening, base = laptop.writer.opening()
    channel = Channel(hub, laptop.signer.mission)
    transport = InProcess(channel)
    try:
        waiting: list[Change] = list(opening)
        while laptop.writer.seq < size:
            waiting += laptop.writer.taps(base, min(PART, size - laptop.writer.seq))
            if len(waiting) >= STEP or laptop.writer.seq >= size:
                laptop.keep(waiting)
                report = push(laptop.log, transport, laptop.signer.mission)
                if report.sent != len(waiting):
                    raise RuntimeError(f"Not all was stored: {report}")
                waiting = []
    finally:
        channel.close()
        transport.close()
    return base
