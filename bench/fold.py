"""Folding one record of 300 changes from nothing, and one change more."""

import time
from pathlib import Path
from typing import Final

from uuid6 import uuid7

from bench.figures import Figures
from bench.records import Writer, answers
from sync.change import Change, Signer
from sync.fold import RecordFold
from sync.keys import DeviceKey

CHANGES: Final = 300
TIMES: Final = 20  # of each round


def measure(folder: Path, rounds: int) -> Figures:
    """Milliseconds, from changes that are read already; needs no files."""
    del folder
    *changes, last = _chain()
    whole, more = [], []
    for _ in range(rounds * TIMES):
        begun = time.perf_counter()
        fold = RecordFold(changes)
        folded = time.perf_counter()
        fold.add(last)
        more.append((time.perf_counter() - folded) * 1000)
        whole.append((folded - begun) * 1000)
    figures = Figures()
    figures.spread("fold_300_changes_ms", whole)
    figures.spread("one_more_ms", more)
    return figures


def _chain() -> list[Change]:
    writer = Writer(Signer("measured", str(uuid7()), "OBS-1", DeviceKey.generate()))
    record, said = str(uuid7()), list(answers())
    made: list[Change] = []
    for number in range(CHANGES + 1):
        path, answer = said[number % len(said)]
        parents = (made[-1].hash,) if made else ()
        made.append(writer.change("observation", record, {path: answer}, parents))
    return made
