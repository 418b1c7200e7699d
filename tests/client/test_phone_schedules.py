"""The real client among laptops, a relay and headquarters, under random schedules of faults."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.client.mixed import MixedSchedules
from tests.client.phones import Phones

SCHEDULES = 300
STEPS = 30
# Each seed runs its share of schedules; one that found a fault is kept here for good.
SEEDS = (1, 2, 3, 4, 5, 6)


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.close()


@pytest.mark.parametrize("number", SEEDS)
def test_phones_and_laptops_agree_whatever_happens(phones: Phones, number: int) -> None:
    """300 schedules of 30 steps."""
    run(phones, number, SCHEDULES // len(SEEDS))


def run(phones: Phones, number: int, schedules: int) -> None:
    """Some schedules of one seed; the first that fails is made small and told."""
    how = settings(
        max_examples=schedules,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] if os.environ.get("MODEL_QUICKLY") else tuple(Phase),
    )

    class Machine(MixedSchedules):
        pass

    Machine.phones = phones
    machine = seed(number)(Machine)
    run_state_machine_as_test(machine, settings=how)
