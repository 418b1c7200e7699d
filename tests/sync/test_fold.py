"""The laws of the fold: order, duplicates and batches cannot matter; who descends settles."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.change import Change
from sync.fold import RecordFold, fold
from tests.sync.conftest import Chain, new_chain

RECORD = "01900000-0000-7000-8000-000000000001"
MOMENTS = ["2026-03-02T09:30:00.000Z", "2026-03-02T10:30:00.000+01:00", "2026-03-02T11:00:00Z"]


def history(seed: int, size: int, chains: list[Chain]) -> list[Change]:
    """A random graph of changes of one record by several devices."""
    rng = random.Random(seed)
    made: list[Change] = []
    for _ in range(size):
        parents = rng.sample(made, min(len(made), rng.randint(0, 3)))
        fields = {
            rng.choice(["mode", "observed_by", "hearing"]): rng.choice(["full", "quick", None])
            for _ in range(rng.randint(1, 3))
        }
        made.append(
            rng.choice(chains).change(
                RECORD,
                fields,
                parents=tuple(p.hash for p in parents),
                recorded_at=rng.choice(MOMENTS),
            )
        )
    return made


def shape(changes: list[Change]) -> object:
    """Everything a fold says, comparable."""
    folded = fold(changes)
    return folded.values, folded.conflicts, folded.origins, folded.heads


@settings(max_examples=1000)
@given(st.integers(0, 2**32), st.integers(1, 12), st.randoms(use_true_random=False))
def test_order_and_duplicates_do_not_matter(seed: int, size: int, rng: random.Random) -> None:
    changes = history(seed, size, [new_chain("OBS-1"), new_chain("OBS-2")])
    mixed = changes + rng.choices(changes, k=3)
    rng.shuffle(mixed)
    one_by_one = RecordFold()
    for change in mixed:
        one_by_one.add(change)
    expected = shape(changes)
    assert shape(mixed) == expected
    result = one_by_one.result
    assert (result.values, result.conflicts, result.origins, result.heads) == expected


def test_who_descends_from_all_settles_a_conflict() -> None:
    one, two = new_chain("OBS-1"), new_chain("OBS-2")
    first = one.change(RECORD, {"mode": "full"})
    left = one.change(RECORD, {"mode": "quick"}, parents=(first.hash,))
    right = two.change(RECORD, {"mode": "other"}, parents=(first.hash,))
    assert len(fold([first, left, right]).conflicts["mode"]) == 2
    settled = one.change(RECORD, {"mode": "full"}, parents=(left.hash, right.hash))
    folded = fold([first, left, right, settled])
    assert (folded.values["mode"], folded.conflicts) == ("full", {})


def test_writers_that_agree_are_no_conflict() -> None:
    one, two = new_chain("OBS-1"), new_chain("OBS-2")
    folded = fold([one.change(RECORD, {"mode": "full"}), two.change(RECORD, {"mode": "full"})])
    assert (folded.values, folded.conflicts) == ({"mode": "full"}, {})


def test_a_quarantined_change_keeps_its_place_and_gives_no_value() -> None:
    from dataclasses import replace

    one = new_chain("OBS-1")
    first = one.change(RECORD, {"mode": "full"})
    aside = replace(one.change(RECORD, {"mode": "bad"}, parents=(first.hash,)), counts=False)
    last = one.change(RECORD, {"hearing": "x"}, parents=(aside.hash,))
    folded = fold([first, aside, last])
    assert folded.values == {"mode": "full", "hearing": "x"}
    assert folded.heads == (last.hash,)
