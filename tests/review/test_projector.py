"""The projector as a process beside ingest: it follows, is patient, comes back, is never left."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hub_process import MISSION, Process, Running, new_hub, wait_for

from review.projector import NICE


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Running]:
    """A headquarters that takes in and projects."""
    hub, process = new_hub(tmp_path), Process(tmp_path)
    process.start("--projecting")
    yield Running(hub, process)
    process.stop()
    hub.close()


def projectors(of: Process) -> list[int]:
    """The ids of the processes that an ingest has started."""
    assert of.process is not None
    tasks = Path(f"/proc/{of.process.pid}/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def cases(instance: Path, mission: str = MISSION) -> int:
    """How many cases the tables show; none when there are no tables yet."""
    path = instance / "projections" / f"{mission}.db"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM cases").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def push_case(at: Running) -> None:
    """One more case from a device of its own."""
    device = at.device()
    answer = at.process.push(device, device.change(kind="case", fields={"title": "Fictional"}))
    assert answer.status == 200, answer.json


def test_the_tables_follow_in_a_process_that_lets_intake_go_first(at: Running) -> None:
    push_case(at)
    wait_for(lambda: cases(at.hub.instance) == 1, 20)
    (pid,) = projectors(at.process)
    assert os.getpriority(os.PRIO_PROCESS, pid) >= NICE


def test_a_projector_that_was_killed_holds_up_nothing_and_comes_back(at: Running) -> None:
    wait_for(lambda: len(projectors(at.process)) == 1, 20)
    (first,) = projectors(at.process)
    os.kill(first, signal.SIGKILL)
    push_case(at)
    wait_for(lambda: cases(at.hub.instance) == 1, 30)
    assert projectors(at.process) != [first]
    assert "ended with code -9" in at.process.stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_ingest_however_that_ends(at: Running, how: int) -> None:
    wait_for(lambda: len(projectors(at.process)) == 1, 20)
    (pid,) = projectors(at.process)
    assert at.process.stop(how) == ""
    wait_for(lambda: gone(pid), 20)


def test_a_mission_made_while_it_runs_gets_its_tables(at: Running) -> None:
    at.hub.create("second", "Fictional second", "Europe/Berlin", practice=True)
    path = at.hub.instance / "projections" / "second.db"
    wait_for(path.exists, 20)
