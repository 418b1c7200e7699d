"""How long to wait before trying again: twice as long each time, never the same for two devices.

Full jitter (every wait is random between none and the limit), so that many devices that lost the
network together do not come back together. A server that says ``Retry-After`` is believed.
"""

import random
from collections.abc import Callable
from typing import Final

FIRST: Final = 2.0  # seconds
LONGEST: Final = 300.0  # seconds


class Backoff:
    """The waits of one sender.

    :param rand: a number from 0 to 1
    """

    def __init__(self, rand: Callable[[], float] = random.random) -> None:
        self._rand = rand
        self._limit = FIRST

    def succeeded(self) -> None:
        """Begin again with short waits."""
        self._limit = FIRST

    def failed(self, retry_after: float | None = None) -> float:
        """Seconds to wait before the next try; at most five minutes.

        :param retry_after: seconds that the other side asked for; the wait is not shorter
        """
        wait = self._rand() * self._limit
        if retry_after is not None:
            # Those who were told the same time must not all come at it.
            wait += retry_after
        self._limit = min(self._limit * 2, LONGEST)
        return min(wait, LONGEST)
