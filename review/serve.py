"""Starts Datasette with the instance's secret in its environment instead of on its command line.

``python -m review.serve <instance> <arguments of datasette>``. Decides nothing else.
"""

import os
import sys
from pathlib import Path

from datasette.cli import cli

from review.datasette_config import secret_of
from review.supervised import end_with_parent


def main(arguments: list[str]) -> None:
    """Run Datasette's command line; does not return."""
    end_with_parent()
    instance, *rest = arguments
    os.environ["DATASETTE_SECRET"] = secret_of(Path(instance))
    cli(rest, prog_name="datasette")


if __name__ == "__main__":
    main(sys.argv[1:])
