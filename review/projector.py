"""The process that keeps the tables of all missions, started by ingest and ended with it.

A process of its own, and a patient one: what comes in goes first, and neither waits for the
other's interpreter. ``ProjectorProcess`` is ingest's hold on it. No change is less safe without
it, so its end stops nothing: it is told, and the process is started again.
"""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Final

import click

from review.follower import Follower
from review.hub import Hub
from review.supervised import end_children, end_with_parent, start_child

NICE: Final = 10  # taken in first, shown second
LOOK: Final = 1.0  # seconds between looks for a new mission
GRACE: Final = 3.0  # seconds to finish the step in hand
PAUSES: Final = (1.0, 60.0)  # seconds until a projector that ended is started again: first, longest

logger = logging.getLogger(__name__)


class ProjectorProcess:
    """Keeps the process running until it is closed."""

    def __init__(self, instance: Path) -> None:
        self._command = [sys.executable, "-m", "review.projector", "--instance", str(instance)]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the process after the step in hand."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        pause, longest = PAUSES
        while not self._end.is_set():
            child = start_child(self._command)
            while child.poll() is None and not self._end.wait(LOOK):
                pass
            if not self._end.is_set():
                code = child.returncode
                logger.error("The projector ended with code %s and is started again.", code)
            end_children([child], GRACE)
            self._end.wait(pause)
            pause = min(pause * 2, longest)


@click.command()
@click.option("--instance", type=click.Path(path_type=Path), required=True, help="The folder.")
def main(instance: Path) -> None:
    """Keep the tables of all missions, of those too that are made from now on."""
    os.umask(0o077)
    os.nice(NICE)
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, end)
    end_with_parent()
    hub = Hub(instance)
    followers: dict[str, Follower] = {}
    try:
        while not ended.is_set():
            for mission in hub.missions():
                if mission not in followers:
                    followers[mission] = Follower(instance, mission, hub.log_path(mission))
            ended.wait(LOOK)
    finally:
        for follower in followers.values():
            follower.close()
        hub.close()


if __name__ == "__main__":
    main()
