"""A stage whose phones are served in a language that is read from the right as well."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.client.shell_server import ROOT, Version
from tests.client.stage import Stage, stage
from tests.observer.test_relay import Relay


@dataclass
class TranslatedRelay(Relay):
    """A relay of a copy of the program."""

    program: Path = ROOT

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.process = Version(self.program).begin(self.folder, self.port)


@contextmanager
def translated_stage(folder: Path) -> Iterator[Stage]:
    """A stage whose app can be had in Arabic, as a language begins: with an empty catalogue."""
    program = folder / "program"
    skip = shutil.ignore_patterns("node_modules", "__pycache__")
    shutil.copytree(ROOT / "observer", program / "observer", ignore=skip)
    for room in ("schemas", "sync"):
        (program / room).symlink_to(ROOT / room)
    arabic = program / "observer" / "translations" / "ar" / "LC_MESSAGES"
    arabic.mkdir(parents=True)
    (arabic / "messages.po").touch()
    with stage(folder) as at:
        at.relay.end()
        at.relay = TranslatedRelay(at.relay.folder, at.relay.port, program=program)
        at.relay.start()
        try:
            yield at
        finally:
            at.relay.end()
