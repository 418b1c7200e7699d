"""How long after its acknowledgement a tap stands in the tables, at 200 taps per second."""

import contextlib
import time
from pathlib import Path
from typing import Final

from bench.figures import Figures, percentile
from bench.intake import PUSH, body_of
from bench.servers import Ingest, ingest, post, wait_for
from sync.change import Change
from sync.log import Log

PER_SECOND: Final = 200
BATCH: Final = 10
SECONDS: Final = 10
LONGEST: Final = 30.0  # seconds to wait for the rest


def measure(folder: Path, rounds: int) -> Figures:
    """The lag of each batch of taps; ``rounds`` does not matter, there is one run of 10 s."""
    del rounds
    figures = Figures()
    with ingest(folder / "hub", projecting=True) as hub:
        lags, sent_per_s = _run(hub)
    figures.put("sent_per_s", sent_per_s)
    figures.put("lag_p50_ms", percentile(lags, 0.5) * 1000)
    figures.put("lag_p95_ms", percentile(lags, 0.95) * 1000)
    figures.put("lag_max_ms", max(lags) * 1000)
    return figures


def _run(hub: Ingest) -> tuple[list[float], float]:
    writer, token = hub.device()
    opening, base = writer.opening()
    taps: list[Change] = []
    while len(taps) < PER_SECOND * SECONDS:
        taps += writer.taps(base, 100)
    bodies = [body_of(taps[at : at + BATCH]) for at in range(0, len(taps), BATCH)]
    waiting: list[tuple[int, float]] = []
    lags: list[float] = []
    log = Log(hub.hub.log_path("measured"))
    with contextlib.closing(hub.server.connect()) as connection, contextlib.closing(log):
        post(connection, PUSH, token, body_of(opening))
        wait_for(lambda: hub.behind() == 0, 30)
        begun = time.perf_counter()
        for number, body in enumerate(bodies):
            while time.perf_counter() < begun + number * BATCH / PER_SECOND:
                _note(hub, waiting, lags)
                time.sleep(0.005)
            post(connection, PUSH, token, body)
            waiting.append((log.position(), time.perf_counter()))
        sent_per_s = len(taps) / (time.perf_counter() - begun)
        end = time.perf_counter() + LONGEST
        while waiting and time.perf_counter() < end:
            _note(hub, waiting, lags)
            time.sleep(0.005)
    lags += [LONGEST] * len(waiting)
    return lags, sent_per_s


def _note(hub: Ingest, waiting: list[tuple[int, float]], lags: list[float]) -> None:
    position, now = hub.projected(), time.perf_counter()
    while waiting and waiting[0][0] <= position:
        lags.append(now - waiting.pop(0)[1])
