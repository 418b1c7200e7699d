"""The writer of a mission's log: many jobs in one transaction, each on its own."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_process import MISSION, new_hub
from uuid6 import uuid7

from review.channel import MAX_WAITING, Channel, Job
from review.faults import told_without_content
from review.hub import Hub
from sync.errors import Busy, LogInUse, StorageFull
from sync.log import Log


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    """An open channel, and ``channel.commits`` as a list with one entry for each commit."""
    hub = new_hub(tmp_path)
    commits: list[int] = []
    made = Channel(hub, MISSION)
    made.log.db.conn.set_trace_callback(lambda sql: commits.extend([1] * (sql == "COMMIT")))
    made.commits = commits  # type: ignore[attr-defined]
    yield made
    made.close()
    hub.close()


def note(name: str) -> Job:
    """A job that stores something of its own."""
    return lambda log: log.set_meta({name: "here"})


def hold(channel: Channel) -> threading.Event:
    """Keep the writer busy, so that what is submitted now waits; set the event to let it go on."""
    started, go = threading.Event(), threading.Event()

    def job(_log: Log) -> None:
        started.set()
        go.wait(10)

    channel.submit(job)
    started.wait(10)
    return go


def test_what_waits_is_committed_together_and_a_fault_is_its_own(channel: Channel) -> None:
    go = hold(channel)

    def faulty(log: Log) -> None:
        log.set_meta({"faulty": "here"})
        raise ValueError("made up")

    jobs = [note("a"), faulty, note("b")]
    futures = [channel.submit(job) for job in jobs]
    go.set()
    for future in (futures[0], futures[2]):
        future.result(10)
    with pytest.raises(ValueError, match="made up"):
        futures[1].result(10)
    known = [channel.reader.meta(name) for name in ("a", "faulty", "b")]
    assert known == ["here", None, "here"]
    channel.submit(note("c")).result(10)
    assert len(channel.commits) == 3  # type: ignore[attr-defined]


def test_a_full_disk_fails_all_that_waited_and_stores_nothing(channel: Channel) -> None:
    pages = channel.log.db.conn.execute("PRAGMA page_count").fetchone()[0]
    go = hold(channel)
    first = channel.submit(note("first"))

    def fill(log: Log) -> None:
        log.db.conn.execute(f"PRAGMA max_page_count = {pages + 1}")
        log.set_meta({"large": "x" * 1_000_000})

    large = channel.submit(fill)
    go.set()
    for future in (first, large):
        with pytest.raises(StorageFull):
            future.result(10)
    assert channel.reader.meta("first") is None
    channel.log.db.conn.execute("PRAGMA max_page_count = 1000000")
    channel.submit(note("first")).result(10)
    assert channel.reader.meta("first") == "here"


def test_when_too_many_wait_the_next_is_told_to_come_again(channel: Channel) -> None:
    go = hold(channel)
    futures = [channel.submit(note(str(number))) for number in range(MAX_WAITING)]
    with pytest.raises(Busy) as refused:
        channel.submit(note("one more"))
    assert (refused.value.status, refused.value.retry) == (503, True)
    go.set()
    for future in futures:
        future.result(10)
    assert channel.reader.meta("one more") is None


def test_what_was_given_up_before_its_turn_is_not_stored(channel: Channel) -> None:
    go = hold(channel)
    given_up, kept = channel.submit(note("a")), channel.submit(note("b"))
    assert given_up.cancel()
    go.set()
    kept.result(10)
    assert (channel.reader.meta("a"), channel.reader.meta("b")) == (None, "here")


def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    channel = Channel(hub, MISSION)
    futures = [channel.submit(note(str(number))) for number in range(40)]
    channel.close()
    hub.close()
    assert all(future.done() and future.exception() is None for future in futures)


def test_a_log_has_one_channel(channel: Channel, tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    with pytest.raises(LogInUse):
        Channel(hub, MISSION)
    hub.close()


def test_what_an_error_says_is_not_logged() -> None:
    canary = f"CANARY-{uuid7()}"
    try:
        raise ValueError(canary)
    except ValueError as error:
        told = told_without_content(error)
    assert canary not in told
    assert "ValueError at test_ingest_writer.py" in told
