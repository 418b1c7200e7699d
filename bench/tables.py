"""Making the tables from a log, in this process: whole observations and taps, at once or in steps.

The log is made before the clock starts. Each round begins with new files.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from uuid6 import uuid7

from bench.figures import Figures
from bench.records import Writer
from sync.change import Change, Signer
from sync.clock import utc_now
from sync.keys import DeviceKey
from sync.log import Log
from sync.projection import Projector, paths_of

OBSERVATIONS: Final = 300
TAPPED: Final = 30
STEP: Final = 100  # changes, as the projector of headquarters takes them


def measure(folder: Path, rounds: int) -> Figures:
    """Observations and changes per second that reach the tables."""
    figures = Figures()
    whole = _log(folder / "whole.db", lambda w, base: [w.whole(base)], OBSERVATIONS)
    taps = _log(folder / "taps.db", lambda w, base: w.taps(base, 100), TAPPED)
    rebuilt, followed, tapped = [], [], []
    for number in range(rounds):
        rebuilt.append(OBSERVATIONS / _seconds(whole, folder / f"a{number}", Projector.rebuild))
        followed.append(OBSERVATIONS / _seconds(whole, folder / f"b{number}", _follow))
        tapped.append(taps.position() / _seconds(taps, folder / f"c{number}", _follow))
    whole.close()
    taps.close()
    figures.spread("rebuild_observations_per_s", rebuilt)
    figures.spread("catch_up_observations_per_s", followed)
    figures.spread("catch_up_taps_per_s", tapped)
    return figures


def _log(path: Path, make: Callable[[Writer, dict[str, object]], Sequence[Change]], n: int) -> Log:
    """A log with ``n`` observations, each of a case of its own."""
    log, writer = Log(path), Writer(Signer("m", str(uuid7()), "OBS-1", DeviceKey.generate()))
    for _ in range(n):
        opening, base = writer.opening()
        with log.writing():
            for change in (*opening, *make(writer, base)):
                log.append(change, state="stored", code=None, received_at=utc_now(), sheet=None)
    return log


def _follow(projector: Projector) -> None:
    while projector.catch_up(STEP):
        pass


def _seconds(log: Log, folder: Path, work: Callable[[Projector], None]) -> float:
    projector = Projector(log, *paths_of(folder, "measured"))
    begun = time.perf_counter()
    work(projector)
    taken = time.perf_counter() - begun
    projector.close()
    return taken
