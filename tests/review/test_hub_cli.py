"""The command line of headquarters, as real processes."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from datasette_auth_passwords import verify_password
from hub_process import MISSION, Process, environment, free_port, new_hub, wait_for

from review.reviewers import new_passphrase
from review.store.enrolment import reviewers
from sync.invitation import read_invitation
from sync.log import Log
from sync.projection import paths_of

PYTHON = (sys.executable, "-m", "review.cli")


def hub(instance: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run ``observer-hub`` to its end."""
    return subprocess.run(
        [*PYTHON, *arguments],
        env={**environment(instance), **more},
        capture_output=True,
        text=True,
        timeout=60,
    )


def refused(done: "subprocess.CompletedProcess[str]", words: str) -> None:
    """One sentence on standard error, exit code 1."""
    assert (done.returncode, done.stdout) == (1, ""), done
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """The folder of a headquarters with one mission and one reviewer."""
    done = hub(
        tmp_path,
        *("init", MISSION, "--title", "Fictional training", "--time-zone", "Europe/Berlin"),
        *("--practice", "--reviewer", "vera"),
    )
    assert done.returncode == 0, done.stderr
    shown = re.search(r"Passphrase, shown only now: (\S+)", done.stdout)
    assert shown is not None
    (tmp_path / "passphrase").write_text(shown.group(1))
    return tmp_path


def test_a_new_mission_has_signed_records_tables_and_a_reviewer(instance: Path) -> None:
    log = Log(instance / "log" / f"{MISSION}.db")
    mission = log.changes_of(log.records("mission")[0])[0]
    log.close()
    assert mission.set == {
        "title": "Fictional training",
        "time_zone": "Europe/Berlin",
        "practice": True,
    }
    assert all(path.exists() for path in paths_of(instance / "projections", MISSION))
    (vera,) = reviewers(instance)
    assert (vera["id"], vera["role"], vera["missions"]) == ("vera", "reviewer", [MISSION])
    assert verify_password((instance / "passphrase").read_text(), vera["password_hash"])


def test_what_is_secret_is_the_owners_alone(instance: Path) -> None:
    for path in [*(instance / "keys").iterdir(), *instance.glob("hub.db*"), instance / "keys"]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert all(path.stat().st_mode & 0o077 == 0 for path in (instance / "log").iterdir())


def test_a_mission_is_never_written_over(instance: Path) -> None:
    refused(hub(instance, "init", MISSION, "--title", "Other"), "already")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["init", "Upper", "--title", "x"], "small letters"),
        (["init", "_internal", "--title", "x"], "does not begin with _"),
        (["init", "training_text", "--title", "x"], "does not end in _text"),
        (["init", "two", "--title", "x", "--time-zone", "Nowhere/At_all"], "not a time zone"),
        (["invite", "nothing", "OBS-1"], "no mission"),
        (["invite", "../training", "OBS-1"], "no mission"),
        (["invite", MISSION, "Jane Doe"], "never a name"),
        (["invite", MISSION, "HQ"], "cannot be an author"),
        (["invite", MISSION, "OBS-1", "--address", "hub.example.org"], "not an address"),
        (["assign", MISSION, "none", "OBS-1"], "no case"),
        (["revoke", MISSION, "none"], "no device"),
        (["rebuild", "nothing"], "no mission"),
        (["reviewer", "add", "Vera W", "--mission", MISSION], "sign-in name"),
        (["reviewer", "add", "omar", "--mission", "nothing"], "no mission"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(
    instance: Path, arguments: list[str], words: str
) -> None:
    refused(hub(instance, *arguments), words)


def test_an_invitation_is_one_line_with_where_to_and_who_answers(instance: Path) -> None:
    done = hub(instance, "invite", MISSION, "OBS-1", "--address", "https://hub.example.org")
    assert done.returncode == 0
    invitation = read_invitation(done.stdout)
    assert done.stdout.count("\n") == 1
    assert invitation.address == "https://hub.example.org/-/sync/v1"
    assert (invitation.mission, invitation.practice) == (MISSION, True)
    assert len(invitation.code) >= 22


def test_a_real_mission_is_not_reached_in_the_clear(instance: Path) -> None:
    assert hub(instance, "init", "real", "--title", "x", "--real").returncode == 0
    refused(hub(instance, "invite", "real", "OBS-1", "--address", "http://a.example"), "https")
    assert hub(instance, "invite", "real", "OBS-1").returncode == 0


def test_a_script_gives_the_password_and_nothing_is_shown(instance: Path) -> None:
    arguments = ("reviewer", "add", "omar", "--mission", MISSION, "--role", "analyst")
    refused(hub(instance, *arguments, HUB_REVIEWER_PASSWORD="short"), "12 characters")
    done = hub(instance, *arguments, HUB_REVIEWER_PASSWORD="a long fictional one")
    assert "Passphrase" not in done.stdout
    (omar,) = [one for one in reviewers(instance) if one["id"] == "omar"]
    assert omar["role"] == "analyst"
    assert verify_password("a long fictional one", omar["password_hash"])


def test_a_known_reviewer_gets_one_more_mission_and_keeps_the_passphrase(instance: Path) -> None:
    done = hub(instance, "init", "second", "--title", "Fictional", "--reviewer", "vera")
    assert "Passphrase" not in done.stdout
    (vera,) = reviewers(instance)
    assert vera["missions"] == ["second", MISSION]
    assert verify_password((instance / "passphrase").read_text(), vera["password_hash"])


def test_passphrases_are_five_words_and_differ() -> None:
    made = {new_passphrase() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"[a-z]{5}(-[a-z]{5}){4}", one) for one in made)


def test_assignment_revocation_rebuild_and_status_beside_a_running_ingest(tmp_path: Path) -> None:
    made = new_hub(tmp_path)
    process = Process(tmp_path)
    process.start()
    try:
        device, other = process.device(made, "OBS-1"), process.device(made, "OBS-2")
        case = device.change(kind="case", fields={"title": "Fictional"})
        process.push(device, case)
        rename = ({"title": "Renamed"}, "case")
        denied = process.push(other, other.change(case.record, *rename)).json
        assert "not_allowed" in denied["receipts"][0]["payload"]
        assert hub(tmp_path, "assign", MISSION, case.record, "OBS-2").returncode == 0
        allowed = process.push(other, other.change(case.record, *rename)).json
        assert "not_allowed" not in allowed["receipts"][0]["payload"]
        assert hub(tmp_path, "revoke", MISSION, other.signer.device).returncode == 0
        assert process.push(other, other.change()).status == 403
        rebuilt = hub(tmp_path, "rebuild", MISSION)
        assert rebuilt.returncode == 0, rebuilt.stderr
        told = hub(tmp_path, "status").stdout
        assert f"{device.signer.device} OBS-1 observer" in told
        assert "revoked" in told
    finally:
        said = process.stop()
        made.close()
    assert said == ""


# run


class Headquarters:
    """``observer-hub run`` as a process."""

    def __init__(self, instance: Path) -> None:
        self.port, self.ingest_port = free_port(), free_port()
        self.process = subprocess.Popen(
            [
                *(*PYTHON, "run", "--port", str(self.port)),
                *("--ingest-port", str(self.ingest_port)),
            ],
            env=environment(instance),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children: list[int] = []

    def wait(self) -> None:
        """Wait until both answer."""
        wait_for(lambda: answers(self.ingest_port, "/-/sync/v1/hello"), 30)
        wait_for(lambda: answers(self.port, "/-/login"), 30)
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.children = [int(one) for one in path.read_text().split()]
        assert len(self.children) == 2

    def end(self, how: int) -> tuple[int, str]:
        """Send a signal to the supervisor; gives exit code and standard error."""
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=40)
        return self.process.returncode, said


def answers(port: int, path: str) -> bool:
    """Whether somebody answers there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:  # noqa: S310 - our own
            return bool(answer.status == 200)
    except OSError:
        return False


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_both_and_exits_with_zero(instance: Path, how: int) -> None:
    running = Headquarters(instance)
    running.wait()
    code, said = running.end(how)
    assert code == 0, said
    assert not any(alive(pid) for pid in running.children)
    assert "Traceback" not in said


def test_nobody_is_left_behind_when_the_supervisor_is_killed(instance: Path) -> None:
    running = Headquarters(instance)
    running.wait()
    running.end(signal.SIGKILL)
    wait_for(lambda: not any(alive(pid) for pid in running.children), 20)


def test_when_one_dies_the_other_is_stopped_and_a_sentence_says_so(instance: Path) -> None:
    running = Headquarters(instance)
    running.wait()
    os.kill(running.children[0], signal.SIGKILL)
    _, said = running.process.communicate(timeout=40)
    assert running.process.returncode == 1
    assert "Ingest ended with code -9" in said
    assert "Traceback" not in said
    assert not any(alive(pid) for pid in running.children)


def test_a_busy_port_is_told_and_nothing_starts(instance: Path) -> None:
    process = Process(instance)
    process.start("--no-projecting")
    try:
        done = hub(instance, "run", "--port", str(free_port()), "--ingest-port", str(process.port))
        refused(done, f"Port {process.port}")
    finally:
        process.stop()


def test_without_a_mission_there_is_nothing_to_run(tmp_path: Path) -> None:
    refused(hub(tmp_path, "run"), "observer-hub init")
