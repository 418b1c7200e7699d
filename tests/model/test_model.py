"""Real hub, relay and client code under random schedules of faults: nothing is lost or doubled."""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Schedules

SCHEDULES = 350
STEPS = 30
# Each seed runs its share of schedules; one that found a fault is kept here for good.
SEEDS = (1, 2, 3, 4, 5, 7, 9)


@pytest.mark.parametrize("number", SEEDS)
def test_whatever_happens_nothing_acknowledged_is_lost(number: int) -> None:
    """350 schedules of 30 steps."""
    run(number, SCHEDULES // len(SEEDS))


def run(number: int, schedules: int) -> None:
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
    machine = seed(number)(Schedules)
    run_state_machine_as_test(machine, settings=how)
