"""``make demo`` as a real process: its first start, its second one, its end, and a busy port."""

import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from observer.profile import Home
from observer.workspace import Workspace
from scripts.demo import make_hub
from scripts.demo_mission import read_data

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 90  # until it must be ready, on a slow machine
START = """
import sys
from pathlib import Path
from scripts import demo
demo.FOLDER = Path(sys.argv[1])
demo.OBSERVER_PORT, demo.REVIEW_PORT, demo.INGEST_PORT, demo.PHONE_PORT = map(int, sys.argv[2:])
sys.exit(demo.main())
"""


def free_ports() -> list[int]:
    """Four ports that nobody uses now."""
    probes = [socket.socket() for _ in range(4)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def started(folder: Path, ports: list[int]) -> "subprocess.Popen[str]":
    """The demo, in another folder and on other ports than its own."""
    return subprocess.Popen(
        [sys.executable, "-c", START, str(folder), *map(str, ports)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_until_ready(process: "subprocess.Popen[str]") -> str:
    """What it says until it says how to stop it, or until it ends."""
    said = ""
    assert process.stdout is not None
    watch = threading.Timer(SECONDS, process.terminate)
    watch.start()
    for line in process.stdout:
        said += line
        if "Ctrl-C stops everything" in line:
            break
    watch.cancel()
    return said


def one_run(folder: Path, how: signal.Signals) -> tuple[str, int]:
    """Start, wait until it is ready, end it; what it said and its exit code."""
    ports = free_ports()
    process = started(folder, ports)
    try:
        said = said_until_ready(process)
        for port in ports if process.poll() is None else ():
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        process.send_signal(how)
        rest, _ = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, "a program was left running"
    return said + rest, process.returncode


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """A first start, ended by a signal."""
    folder = tmp_path_factory.mktemp("practice") / "demo"
    return (folder, *one_run(folder, signal.SIGTERM))


def test_the_first_start_says_where_and_how(first: tuple[Path, str, int]) -> None:
    _, said, code = first
    assert code == 0, said
    assert "sign in at" in said
    assert "fictional" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("name", "sittings"), [("observer-1", 3), ("observer-2", 1)])
def test_all_is_submitted_sent_and_practice(
    first: tuple[Path, str, int], name: str, sittings: int
) -> None:
    with closing(Workspace(Home(first[0] / name))) as workspace:
        made = [
            one
            for one in workspace.all("observation")
            if one.sent.origins["mode"].author == workspace.profile.author
        ]
        assert len(made) == sittings
        assert workspace.log.count_unreceived() == 0
        assert not workspace.unsent()
        for one in made:
            sitting = workspace.sitting(one.id)
            assert one.values["submitted_at"]
            assert one.values["practice"] is True
            assert not sitting.assessment.inconsistent
            assert not sitting.assessment.blocking(one.values)
            assert len(sitting.entries) >= 5


def test_a_second_start_uses_what_is_there(first: tuple[Path, str, int]) -> None:
    began = time.monotonic()
    said, code = one_run(first[0], signal.SIGINT)
    assert code == 0, said
    assert "Writing" not in said
    assert time.monotonic() - began < SECONDS


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports[1])):
        process = started(tmp_path / "demo", ports)
        said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert f"Port {ports[1]} is in use" in said
    assert not (tmp_path / "demo").exists()


def test_the_case_says_that_it_is_fictional() -> None:
    data = read_data()
    assert "fictional" in data["case"]["title"]
    assert "fictional" in data["case"]["court"]
    assert all("fictional" in hearing["room"] for hearing in data["hearings"].values())


def test_headquarters_has_tables_before_it_starts(tmp_path: Path) -> None:
    make_hub(tmp_path)
    assert (tmp_path / "projections" / "practice.db").exists()
