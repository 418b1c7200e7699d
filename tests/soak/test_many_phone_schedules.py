"""Phones and laptops in one world under 5,000 random schedules."""

import logging
import os
from collections import Counter

import pytest
from progress import Part, scaled

from tests.client.phones import Phones
from tests.client.test_phone_schedules import SEEDS, run

pytestmark = pytest.mark.soak

SCHEDULES = 5_000
EACH = 50


def test_five_thousand_schedules_with_phones() -> None:
    Part("phone-schedules").side_by_side(max(1, scaled(SCHEDULES) // EACH), one_round)


def one_round(number: int) -> Counter[str]:
    """Some schedules of one seed, with the client's program in a process of its own."""
    os.environ["MODEL_QUICKLY"] = "1"
    logging.disable()  # of what is crashed on purpose
    phones = Phones()
    try:
        run(phones, max(SEEDS) + 1 + number, EACH)
    finally:
        phones.close()
    return Counter(schedules=EACH)
