"""What may be logged of an unexpected error: its type and where it happened, never what it says.

The text of an exception may quote what somebody wrote.
"""

import traceback
from pathlib import Path

FRAMES = 6


def told_without_content(error: BaseException) -> str:
    """The error's type and its innermost places, such as ``ValueError at intake.py:120 take``."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
    return f"{type(error).__name__} at {' < '.join(reversed(places))}"
