"""Waits grow to five minutes, differ between devices, and respect what the other side asks."""

from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import FIRST, LONGEST, Backoff


@given(
    st.lists(st.tuples(st.floats(0, 1), st.one_of(st.none(), st.floats(0, 10_000))), max_size=40)
)
def test_no_wait_is_longer_than_five_minutes_nor_shorter_than_asked(
    tries: list[tuple[float, float | None]],
) -> None:
    drawn = iter([chance for chance, _ in tries])
    backoff, limit = Backoff(lambda: next(drawn)), FIRST
    for chance, asked in tries:
        wait = backoff.failed(asked)
        assert 0 <= wait <= LONGEST
        assert wait >= min(asked or 0, LONGEST)
        assert wait <= (asked or 0) + chance * limit + 1e-9
        limit = min(limit * 2, LONGEST)


def test_waits_grow_and_begin_anew_after_a_success() -> None:
    backoff = Backoff(lambda: 1.0)
    waits = [backoff.failed() for _ in range(10)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (FIRST, LONGEST)
    backoff.succeeded()
    assert backoff.failed() == FIRST


def test_those_who_were_told_the_same_time_do_not_all_come_at_it() -> None:
    assert len({Backoff().failed(2.0) for _ in range(50)}) > 40
