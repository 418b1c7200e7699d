"""How far a soak run has come: a small file in ``.soak/``, so that an interruption costs one round.

``SOAK_SCALE=0.05`` runs a twentieth of everything, with a state file of its own.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".soak"
SCALE = float(os.environ.get("SOAK_SCALE", "1"))


def scaled(number: int) -> int:
    """So many of a number as this run does."""
    return max(1, round(number * SCALE))


def say(text: str) -> None:
    """Tell the person who waits, past pytest's capture."""
    print(f"soak: {text}", file=sys.__stderr__, flush=True)


@dataclass
class Part:
    """One part of the soak: rounds that are done, and figures that add up."""

    name: str
    done: int = 0
    seconds: float = 0.0
    figures: Counter[str] = field(default_factory=Counter)

    @property
    def path(self) -> Path:
        """Where it is remembered."""
        return FOLDER / f"{self.name}-{SCALE:g}.json"

    def rounds(self, total: int) -> Iterator[int]:
        """The numbers of the rounds that are left; each counts when its body has ended."""
        self._load()
        if self.done >= total:
            self.done, self.seconds, self.figures = 0, 0.0, Counter()
        elif self.done:
            say(f"{self.name}: goes on after round {self.done} of {total}")
        for number in range(self.done, total):
            began = time.monotonic()
            yield number
            self.done = number + 1
            self.seconds += time.monotonic() - began
            self._save()
            figures = ", ".join(f"{value} {key}" for key, value in self.figures.items())
            say(f"{self.name}: {self.done}/{total}, {self.seconds:.0f} s; {figures}")

    def side_by_side(self, total: int, work: Callable[[int], Counter[str]]) -> None:
        """Run rounds on all cores, each in a process of its own, in bundles of one for each core.

        :param work: a function of a module, given the round's number; what it gives adds up
        """
        cores = os.cpu_count() or 1
        bundles = -(-total // cores)
        # A fresh process for each round: what a round leaves behind is no other's.
        with ProcessPoolExecutor(cores, get_context("spawn"), max_tasks_per_child=1) as pool:
            for bundle in self.rounds(bundles):
                numbers = range(bundle * cores, min(total, (bundle + 1) * cores))
                for found in pool.map(work, numbers):
                    self.figures.update(found)

    def _load(self) -> None:
        if self.path.exists():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            self.done, self.seconds = kept["done"], kept["seconds"]
            self.figures = Counter(kept["figures"])

    def _save(self) -> None:
        FOLDER.mkdir(exist_ok=True)
        beside = self.path.with_suffix(".new")
        kept = {"done": self.done, "seconds": self.seconds, "figures": self.figures}
        beside.write_text(json.dumps(kept), encoding="utf-8")
        beside.replace(self.path)
