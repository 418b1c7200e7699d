"""How much is sent at once: little at first, much where it goes fast, half after a failure."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import pace
from sync.errors import NotReached
from sync.log import Log
from sync.pace import Pace


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = Log(tmp_path / "log.db")
    yield opened
    opened.close()


def new(log: Log) -> Pace:
    return Pace(log, "pace_test", first=4000, least=1000, most=100_000)


def send(sender: Pace, size: int, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((100.0, 100.0 + seconds))
    with monkeypatch.context() as patch:
        patch.setattr(pace.time, "monotonic", lambda: next(times))
        with sender.sending(size):
            pass


def test_a_fast_network_gets_more_up_to_the_limit(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = new(log)
    sizes = []
    for _ in range(3):
        send(sender, sender.size, 0.1, monkeypatch)
        sizes.append(sender.size)
    assert sizes == [32_000, 100_000, 100_000]


def test_a_small_call_makes_no_larger_one_small(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = new(log)
    send(sender, 10, 0.1, monkeypatch)
    assert sender.size == 4000


def test_what_takes_too_long_is_sent_in_smaller_parts(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = new(log)
    send(sender, 4000, 40.0, monkeypatch)
    assert sender.size == 2000


def test_half_of_what_was_lost_and_kept_for_the_next_conversation(log: Log) -> None:
    for expected in (2000, 1000, 1000):
        sender = new(log)
        with pytest.raises(NotReached), sender.sending(sender.size):
            raise NotReached("cut")
        assert (sender.size, new(log).size) == (expected, expected)
