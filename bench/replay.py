"""Pushing again what headquarters has already, as after an answer that was cut off."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figures
from bench.intake import PUSH, Load, body_of, loads_of, rate
from bench.servers import Server, ingest, post, wait_for


def measure(folder: Path, rounds: int) -> Figures:
    """Known taps at 1 and 8 clients, in batches of 100."""
    figures = Figures()
    with ingest(folder / "hub", projecting=True) as hub:
        for clients, name in ((1, "1_client"), (8, "8_clients")):
            loads = loads_of(hub, "taps", clients)
            rate(hub.server, PUSH, loads, body_of)
            wait_for(lambda: hub.behind() == 0, 60)
            _check_known(hub.server, loads)
            values = [rate(hub.server, PUSH, loads, body_of) for _ in range(rounds)]
            figures.spread(f"replay_{name}_per_s", values)
    return figures


def _check_known(server: Server, loads: Sequence[Load]) -> None:
    """Stop if headquarters does not know what was sent: then this measured something else."""
    with contextlib.closing(server.connect()) as connection:
        for load in loads:
            for changes in load.pushes:
                answer = post(connection, PUSH, load.token, body_of(changes))
                if answer["known"] != [change.hash for change in changes]:
                    raise RuntimeError("A change that was taken is not known.")
