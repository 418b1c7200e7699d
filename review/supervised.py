"""A process that ends with the one that started it, however that one ended.

The parent holds the other end of standard input and never writes to it; when it is gone, even
killed, the operating system closes that end.
"""

import os
import signal
import sys
import threading
from typing import Final

MARK: Final = "TRIAL_OBSERVER_SUPERVISED"  # set by the parent for its children, by nobody else


def end_with_parent() -> None:
    """If a supervisor started this process: end, as by SIGTERM, when standard input ends."""
    if os.environ.pop(MARK, None):
        threading.Thread(target=_wait, name="parent", daemon=True).start()


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
