"""Starts ingest, a relay or a log so that it kills itself at a chosen point of its own work.

``python -m tests.soak.failing POINT:NUMBER ingest|relay|log ARGUMENT...``: the NUMBERth time that
POINT is reached is the last. The programs themselves have no such hook.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sync.log import Log
from sync.log import store as log_store

POINTS = ("before_commit", "after_commit", "in_group", "opening")


def _after(number: int) -> Callable[[], None]:
    """To be called each time; the ``number``th call does not return."""
    left = [number]

    def reached(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def arm(point: str, number: int) -> None:
    """Patch the store so that it dies at this point."""
    reached = _after(number)
    if point in ("before_commit", "after_commit"):
        commit = log_store.LogFile._commit

        def dying(self: Any) -> None:
            if point == "before_commit":
                reached()
            commit(self)
            if point == "after_commit":
                reached()

        log_store.LogFile._commit = dying  # type: ignore[method-assign]
    elif point == "in_group":
        append = Log.append

        def appending(self: Any, *args: Any, **more: Any) -> int:
            position = append(self, *args, **more)
            reached()
            return position

        Log.append = appending  # type: ignore[method-assign]
    elif point == "opening":
        apply = log_store.migrations.apply

        def applying(db: Any, *args: Any) -> None:
            db.conn.set_trace_callback(reached)
            apply(db, *args)
            db.conn.set_trace_callback(None)

        log_store.migrations.apply = applying  # type: ignore[method-assign]
    else:
        raise SystemExit(f"No such point: {point}")


def main() -> None:
    """Arm, then start the real thing."""
    where, program, *arguments = sys.argv[1:]
    point, _, number = where.partition(":")
    arm(point, int(number))
    if program == "log":
        Log(Path(arguments[0])).close()
        return
    sys.argv = [program, *arguments]
    if program == "ingest":
        from review.ingest import main as start
    else:
        from observer.cli import main as start
    start()


if __name__ == "__main__":
    main()
