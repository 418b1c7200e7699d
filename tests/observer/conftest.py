"""A court for each test that needs one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.observer.court import Court, new_court


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    """A headquarters and an enrolled laptop, both real processes."""
    made = new_court(tmp_path)
    yield made
    made.laptop.end()
    made.hub.stop()
