"""Follows one mission's log with the projection, in a thread of its own.

Asks SQLite ten times a second whether anybody wrote to the log; that reads one counter in shared
memory. A fault here is logged and tried again; it never holds up another mission.
"""

import contextlib
import fcntl
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from review.faults import told_without_content
from sync.log import Log
from sync.projection import Projector, paths_of

INTERVAL: Final = 0.1  # seconds between looks at the log
LONGEST_PAUSE: Final = 30.0  # seconds
STEP: Final = 100  # changes folded before others may have their turn

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def turn(instance: Path, mission: str) -> Iterator[Path]:
    """Be the only one that writes to a mission's projection; gives the projections' folder."""
    folder = instance / "projections"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{mission}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder


@contextlib.contextmanager
def projecting(instance: Path, mission: str, log_path: Path) -> Iterator[Projector]:
    """The projector of a mission with a log handle of its own; takes no turn yet."""
    log = Log(log_path)
    try:
        with turn(instance, mission) as folder:
            projector = Projector(log, *paths_of(folder, mission))
        try:
            yield projector
        finally:
            projector.close()
    finally:
        log.close()


class Follower:
    """The thread."""

    def __init__(self, instance: Path, mission: str, log_path: Path) -> None:
        self.instance = instance
        self.mission = mission
        self.log_path = log_path
        self._end = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"projector of {mission}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End after the step in hand."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        pause = INTERVAL
        while not self._end.is_set():
            try:
                with projecting(self.instance, self.mission, self.log_path) as projector:
                    while not self._end.is_set():
                        self._follow(projector)
                        pause = INTERVAL
            except Exception as error:
                logger.error("projection of %s: %s", self.mission, told_without_content(error))
                self._end.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _follow(self, projector: Projector) -> None:
        folded = STEP if projector.stirred() else 0
        while folded and not self._end.is_set():
            with turn(self.instance, self.mission):
                folded = projector.catch_up(STEP)
        self._end.wait(INTERVAL)
