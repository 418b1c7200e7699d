"""Phones and laptops in one world under 5,000 random schedules."""

import pytest
from progress import Part, scaled

from tests.client.phones import Phones
from tests.client.test_phone_schedules import SEEDS, run

pytestmark = pytest.mark.soak

SCHEDULES = 5_000
EACH = 50


def test_five_thousand_schedules_with_phones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_QUICKLY", "1")
    part, phones = Part("phone-schedules"), Phones()
    try:
        for number in part.rounds(max(1, scaled(SCHEDULES) // EACH)):
            run(phones, SEEDS[-1] + 1 + number, EACH)
            part.figures["schedules"] += EACH
    finally:
        phones.close()
