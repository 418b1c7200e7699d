import json
from importlib import resources
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.late import HANDED_IN, RETURNED, late_entries, phone_gaps

VECTORS = json.loads(resources.files("schemas").joinpath("vectors", "late.json").read_bytes())
TIMES = st.integers(0, 59).map(lambda minute: f"2026-03-02T09:{minute:02}:00Z")
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from([HANDED_IN, RETURNED, "note"]),
            "at": TIMES | st.none(),
            "entered_at": TIMES | st.just("later"),
        }
    ),
    max_size=12,
)


@pytest.mark.parametrize("vector", VECTORS["cases"], ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    found = phone_gaps(vector["observation"])
    assert [{"from": gap.since, "until": gap.until} for gap in found] == vector["gaps"]
    assert sorted(late_entries(vector["observation"])) == vector["late"]


@given(ENTRIES, st.randoms(use_true_random=False))
def test_gaps_do_not_overlap_and_order_of_writing_is_nothing(
    entries: list[dict[str, Any]], rng: Random
) -> None:
    observation = {f"log/{number:02}": entry for number, entry in enumerate(entries)}
    gaps, late = phone_gaps(observation), late_entries(observation)
    assert all(gap.until is not None for gap in gaps[:-1])
    edges = [edge for gap in gaps for edge in (gap.since, gap.until) if edge is not None]
    assert edges == sorted(edges)
    mixed = list(observation.items())
    rng.shuffle(mixed)
    assert (phone_gaps(dict(mixed)), late_entries(dict(mixed))) == (gaps, late)
