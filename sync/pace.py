"""How much to send at once: what this network carries in some seconds, little when it is unknown.

A call that takes longer than the timeout is lost whole and begins again, so on a slow network a
large one never ends. The size is kept with the log: each conversation begins where the last ended.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Final

from sync.errors import NotReached
from sync.log import Log

GOAL: Final = 20.0  # seconds that a call should take at most; a transport waits for 30
FASTEST: Final = 8.0  # times that the size grows at once


class Pace:
    """The size of one kind of call.

    :param name: under which the size is kept
    :param first: bytes at once, before anything is known of the network
    :param least: bytes at once at least
    :param most: bytes at once at most
    """

    def __init__(self, log: Log, name: str, *, first: int, least: int, most: int) -> None:
        self._log = log
        self._name = name
        self._least = min(least, most)
        self._most = most
        kept = log.meta(name) or ""
        self.size = self._within(int(kept) if kept.isdecimal() else first)

    @contextlib.contextmanager
    def sending(self, size: int) -> Iterator[None]:
        """Around a call with ``size`` bytes: how it goes decides on the size of the next."""
        begun = time.monotonic()
        try:
            yield
        except NotReached:
            self._keep(min(self.size, size) // 2)
            raise
        seconds = max(time.monotonic() - begun, 0.001)
        fits = size * min(GOAL / seconds, FASTEST)
        # What a small call took says nothing against a larger one.
        if seconds > GOAL or fits > self.size:
            self._keep(int(fits))

    def _keep(self, size: int) -> None:
        size = self._within(size)
        if size == self.size:
            return
        self.size = size
        with self._log.writing():
            self._log.set_meta({self._name: str(size)})

    def _within(self, size: int) -> int:
        return max(self._least, min(size, self._most))
