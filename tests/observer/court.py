"""A real laptop beside a real headquarters: processes, an enrolled folder, a page to type into."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from observer.profile import Home, enrol
from tests.review.hub_process import MISSION, Process, free_port, new_hub, wait_for

OBSERVER = Path(sys.executable).with_name("observer")


@dataclass
class Laptop:
    """An observer's laptop with its own folder and process."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """Where the app listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of its commands."""
        return {**os.environ, "OBSERVER_INSTANCE": str(self.folder)}

    def start(self) -> None:
        """Run the app until it answers."""
        self.process = subprocess.Popen(
            [OBSERVER, "run", "--port", str(self.port)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._answers, 20)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.address, timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def end(self, how: int = signal.SIGTERM) -> None:
        """End the process; SIGKILL leaves it no time."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run one of its commands."""
        return subprocess.run(
            [OBSERVER, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@dataclass
class Court:
    """A headquarters and a laptop enrolled there."""

    hub: Process
    laptop: Laptop


def new_court(folder: Path) -> Court:
    """Both, started."""
    hub = new_hub(folder / "hub")
    process = Process(folder / "hub")
    process.start()
    laptop = Laptop(folder / "laptop")
    invitation = hub.invite(MISSION, "OBS-1", "observer", 600, f"http://127.0.0.1:{process.port}")
    hub.close()
    enrol(Home(laptop.folder), invitation)
    laptop.start()
    return Court(process, laptop)
