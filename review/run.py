"""Keeps the two processes of headquarters running together: ingest, and Datasette.

When one ends, the other is stopped and one sentence says so; when this process is told to end, or
is killed, both end.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from review.datasette_config import datasette_command
from review.errors import ProcessEnded
from review.ingest import listen
from review.supervised import end_children, start_child

GRACE: Final = 15.0  # seconds to end by itself
LOOK: Final = 0.2  # seconds between looks at the processes


@dataclass(frozen=True, slots=True)
class Address:
    """Where headquarters listens."""

    host: str
    port: int
    ingest_port: int


def ingest_command(instance: Path, host: str, port: int) -> list[str]:
    """The command that runs ingest, which starts the projector itself."""
    return [
        *(sys.executable, "-m", "review.ingest", "--instance", str(instance)),
        *("--host", host, "--port", str(port)),
    ]


def run(instance: Path, address: Address, started: Callable[[], None]) -> None:
    """Run both until a signal comes or one of them ends.

    :param started: called once both are started
    :raises HubPortBusy: another program uses one of the ports; nothing was started
    :raises ProcessEnded: one ended by itself; the other was stopped
    """
    for port in (address.port, address.ingest_port):
        listen(address.host, port).close()
    told = threading.Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        told.set()

    before = {one: signal.signal(one, tell) for one in (signal.SIGINT, signal.SIGTERM)}
    commands = {
        "Ingest": ingest_command(instance, address.host, address.ingest_port),
        "Datasette": datasette_command(instance, address.host, address.port),
    }
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            children[name] = start_child(command)
        started()
        _watch(children, told)
    finally:
        end_children(children.values(), GRACE)
        for one, handler in before.items():
            signal.signal(one, handler)


def _watch(children: "Mapping[str, subprocess.Popen[bytes]]", told: threading.Event) -> None:
    while not told.wait(LOOK):
        for name, child in children.items():
            if child.poll() is not None:
                raise ProcessEnded(
                    f"{name} ended with code {child.returncode}; headquarters was stopped. "
                    "What it said stands above. Everything acknowledged is in the log."
                )
