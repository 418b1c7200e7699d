"""The model of all ends under 10,000 random schedules."""

import logging
import os
from collections import Counter

import pytest
from progress import Part, scaled

from tests.model.test_model import SEEDS, run

pytestmark = pytest.mark.soak

SCHEDULES = 10_000
EACH = 50


def test_ten_thousand_schedules() -> None:
    Part("schedules").side_by_side(max(1, scaled(SCHEDULES) // EACH), one_round)


def one_round(number: int) -> Counter[str]:
    """Some schedules of one seed."""
    os.environ["MODEL_QUICKLY"] = "1"
    logging.disable()  # of what is crashed on purpose
    run(max(SEEDS) + 1 + number, EACH)
    return Counter(schedules=EACH)
