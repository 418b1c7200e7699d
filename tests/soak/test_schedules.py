"""The model of all ends under 10,000 random schedules."""

import pytest
from progress import Part, scaled

from tests.model.test_model import SEEDS, run

pytestmark = pytest.mark.soak

SCHEDULES = 10_000
EACH = 50


def test_ten_thousand_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_QUICKLY", "1")
    part = Part("schedules")
    for number in part.rounds(max(1, scaled(SCHEDULES) // EACH)):
        run(SEEDS[-1] + 1 + number, EACH)
        part.figures["schedules"] += EACH
