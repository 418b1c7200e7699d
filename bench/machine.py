"""What the figures were measured on. Reads the machine only; changes nothing."""

import os
import platform
import sqlite3
from importlib.metadata import version


def machine() -> dict[str, str | int | float]:
    """Cores, load of the last minute, system and versions of what was measured."""
    return {
        "cores": os.cpu_count() or 0,
        "load_1min": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "datasette": version("datasette"),
    }
