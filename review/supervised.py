"""A process that ends with the one that started it, however that one ended.

The parent holds the other end of standard input and never writes to it; when it is gone, even
killed, the operating system closes that end.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
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


def start_child(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start one of our own programs as a child that ends with this process."""
    # Its own session: Ctrl-C reaches the first parent alone, which then ends all in order.
    return subprocess.Popen(  # noqa: S603 - our own programs
        command, stdin=subprocess.PIPE, env={**os.environ, MARK: "1"}, start_new_session=True
    )


def end_children(children: "Iterable[subprocess.Popen[bytes]]", grace: float) -> None:
    """Tell all to end; kill the one that has not after ``grace`` seconds."""
    children = list(children)
    for child in children:
        with suppress(ProcessLookupError):
            child.terminate()
    for child in children:
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin is not None:
            child.stdin.close()
