"""Pushing again what headquarters has already, as after an answer that was cut off."""

from pathlib import Path

from bench.figures import Figures
from bench.intake import PUSH, body_of, loads_of, rate
from bench.servers import ingest, wait_for


def measure(folder: Path, rounds: int) -> Figures:
    """Known taps at 1 and 8 clients, in batches of 100."""
    figures = Figures()
    with ingest(folder / "hub", projecting=True) as hub:
        for clients, name in ((1, "1_client"), (8, "8_clients")):
            loads = loads_of(hub, "taps", clients)
            rate(hub.server, PUSH, loads, body_of)
            wait_for(lambda: hub.behind() == 0, 60)
            values = [rate(hub.server, PUSH, loads, body_of) for _ in range(rounds)]
            figures.spread(f"replay_{name}_per_s", values)
    return figures
