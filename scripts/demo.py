"""``make demo``: a practice mission with fictional records, all programs running, until Ctrl-C.

Everything is kept in ``instance/demo``; the next start uses it as it is. Nothing here touches
another folder or a real mission.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from observer.profile import Home, enrol
from review.follower import projecting, turn
from review.hub import Hub
from review.reviewers import add_reviewer
from schemas.errors import TrialObserverError
from scripts.demo_mission import MISSION, ZONE, fill
from sync.errors import NotReached
from sync.http import HttpTransport

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "instance" / "demo"
TITLE: Final = "Practice mission (fictional)"
REVIEWER: Final = "reviewer"
PASSPHRASE: Final = "fictional-practice-only"  # noqa: S105 - opens made-up records, here alone
AUTHORS: Final = {"OBS-1": "observer-1", "OBS-2": "observer-2"}
HOST: Final = "127.0.0.1"
OBSERVER_PORT, REVIEW_PORT, INGEST_PORT, PHONE_PORT = 8000, 8001, 8002, 8003
INVITED: Final = 86400.0  # seconds that the phone's invitation holds
PATIENCE: Final = 60.0  # seconds for a server to answer


class DemoStopped(TrialObserverError):
    """The demo cannot start or go on; the message says what to do."""

    code = "demo_stopped"
    status = 500


class Told(BaseException):
    """Ctrl-C, or a signal to end."""


Children = dict[str, "subprocess.Popen[bytes]"]


def check_ports() -> None:
    """Find out before anything is written whether the ports are free.

    :raises DemoStopped: another program uses one
    """
    for port in (OBSERVER_PORT, REVIEW_PORT, INGEST_PORT, PHONE_PORT):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise DemoStopped(
                    f"Port {port} is in use by another program; stop that one "
                    "(another demo, perhaps) and run make demo again."
                ) from error


def make_hub(folder: Path) -> None:
    """Headquarters with the practice mission and one reviewer."""
    with closing(Hub(folder)) as hub:
        hub.create(MISSION, TITLE, ZONE, practice=True)
        # Datasette shows the tables that are there when it starts.
        with (
            projecting(folder, MISSION, hub.log_path(MISSION)) as projector,
            turn(folder, MISSION),
        ):
            projector.catch_up()
        add_reviewer(hub.store, REVIEWER, "reviewer", MISSION, PASSPHRASE)


def start(command: list[str], **settings: str) -> "subprocess.Popen[bytes]":
    """A program of ours, in a session of its own: Ctrl-C reaches the demo alone."""
    environment = {**os.environ, **settings}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=quiet, stdout=quiet, start_new_session=True
    )


def program(name: str) -> str:
    """The path of one of our commands."""
    return str(Path(sys.executable).parent / name)


def wait_for(child: "subprocess.Popen[bytes]", name: str, port: int) -> None:
    """Wait until a server takes connections.

    :raises DemoStopped: it ended, or it takes too long
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and child.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.2)
    raise DemoStopped(f"{name} did not start on port {port}; what it said stands above.")


def wait_for_hello(child: "subprocess.Popen[bytes]") -> None:
    """Wait until headquarters greets.

    :raises DemoStopped: it ended, or it takes too long
    """
    wait_for(child, "Headquarters", INGEST_PORT)
    with closing(HttpTransport(f"http://{HOST}:{INGEST_PORT}/-/sync/v1")) as transport:
        try:
            transport.get("hello")
        except NotReached as error:
            raise DemoStopped(f"Something else answers on port {INGEST_PORT}.") from error


def invite_phone() -> str:
    """Set the phones' relay up if it is not; the link by which a phone of OBS-1 comes in."""
    relay = Home(FOLDER / "relay")
    with closing(Hub(FOLDER / "hub")) as hub:
        if not relay.profile_path.exists():
            ingest = f"http://{HOST}:{INGEST_PORT}"
            enrol(relay, hub.invite(MISSION, "RELAY-1", "relay", INVITED, ingest))
        address = f"http://{HOST}:{PHONE_PORT}/app/en/"
        return hub.invite(MISSION, "OBS-1", "observer", INVITED, address).text()


def run(children: Children) -> None:
    """Make what is not there yet, start the programs, and watch them."""
    check_ports()
    done = FOLDER / "filled"
    if not done.exists():
        shutil.rmtree(FOLDER, ignore_errors=True)  # a first start that was cut off
        make_hub(FOLDER / "hub")
    ports = ["--port", str(REVIEW_PORT), "--ingest-port", str(INGEST_PORT)]
    hub_command = [program("observer-hub"), "--instance", str(FOLDER / "hub"), "run", *ports]
    children["Headquarters"] = start(hub_command)
    wait_for_hello(children["Headquarters"])
    if not done.exists():
        print("Writing the fictional records ...", flush=True)
        homes = {author: Home(FOLDER / name) for author, name in AUTHORS.items()}
        fill(FOLDER / "hub", homes, f"http://{HOST}:{INGEST_PORT}")
        done.touch()
    command = [program("observer"), "run", "--port", str(OBSERVER_PORT)]
    home = str(FOLDER / AUTHORS["OBS-1"])
    children["The observer's app"] = start(command, OBSERVER_INSTANCE=home)
    wait_for(children["The observer's app"], "The observer's app", OBSERVER_PORT)
    link = invite_phone()
    command = [program("observer"), "serve", "--port", str(PHONE_PORT)]
    children["The phones' app"] = start(command, OBSERVER_INSTANCE=str(FOLDER / "relay"))
    wait_for(children["The phones' app"], "The phones' app", PHONE_PORT)
    wait_for(children["Headquarters"], "Headquarters", REVIEW_PORT)
    print(
        f"\n{TITLE}: everything in it is made up.\n\n"
        f"  The observer's app  http://{HOST}:{OBSERVER_PORT}/   (OBS-1, no sign-in)\n"
        f"  Headquarters        http://{HOST}:{REVIEW_PORT}/   sign in at /-/login\n"
        f"                      name: {REVIEWER}   passphrase: {PASSPHRASE}\n"
        f"  The phones' app     {link}\n"
        "                      (in any browser here, once; then it works without a network)\n\n"
        "Ctrl-C stops everything. The records stay in instance/demo.",
        flush=True,
    )
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                raise DemoStopped(f"{name} ended; what it said stands above.")
        time.sleep(0.3)


def stop(children: Children) -> None:
    """End the programs, the last started first."""
    for child in reversed(children.values()):
        with suppress(ProcessLookupError):
            child.terminate()
    for child in reversed(children.values()):
        try:
            child.wait(PATIENCE / 2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def main() -> int:
    """Run the demo until it is told to end; the exit code."""
    os.umask(0o077)
    children: Children = {}

    def tell(_signal: int, _frame: FrameType | None) -> None:
        raise Told

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, tell)
    try:
        run(children)
    except Told:
        return 0
    except TrialObserverError as error:
        print(error.message, file=sys.stderr)
        return 1
    finally:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        stop(children)
    return 0


if __name__ == "__main__":
    sys.exit(main())
