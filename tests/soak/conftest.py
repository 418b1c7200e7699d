"""What a soak test started ends with it, also when it failed."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    """Calls that are made at the end of the test."""
    with ExitStack() as stack:
        yield stack
