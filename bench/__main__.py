"""``python -m bench NAME --json``: one JSON object for each measurement. Judges nothing."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from bench import (
    badlink,
    blob,
    fold,
    form,
    incremental,
    intake,
    lag,
    phone,
    reconnect,
    replay,
    tables,
)
from bench.figures import Figures
from bench.machine import machine

BENCHES: Final[dict[str, Callable[[Path, int], Figures]]] = {
    "intake": intake.measure,
    "replay": replay.measure,
    "lag": lag.measure,
    "tables": tables.measure,
    "fold": fold.measure,
    "form": form.measure,
    "phone": phone.measure,
    "incremental": incremental.measure,
    "reconnect": reconnect.measure,
    "badlink": badlink.measure,
    "blob": blob.measure,
}


@click.command()
@click.argument("name", type=click.Choice([*BENCHES, "all"]), default="all")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 50))
@click.option("--json", "as_json", is_flag=True, help="One JSON object on a line.")
def main(name: str, rounds: int, as_json: bool) -> None:
    """Measure, and print the figures."""
    for each in BENCHES if name == "all" else (name,):
        on = machine()
        with tempfile.TemporaryDirectory(prefix="trial-observer-bench-") as folder:
            found = BENCHES[each](Path(folder), rounds)
        document = {
            "bench": each,
            "machine": {**on, **found.notes},
            "figures": found.figures,
            "ratios": found.ratios,
        }
        click.echo(json.dumps(document, indent=None if as_json else 2))


if __name__ == "__main__":
    main()
