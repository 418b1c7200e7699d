"""A phone in a browser, with a real headquarters and a real relay behind it: all processes."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from review.hub import Hub
from sync.change import Change
from tests.observer.test_relay import Relay, new_relay
from tests.review.hub_process import MISSION, Process, new_hub


@dataclass
class Stage:
    """Headquarters and the relay that serves phones."""

    hub: Hub
    ingest: Process
    relay: Relay

    @property
    def origin(self) -> str:
        """Where phones open the app."""
        return f"http://127.0.0.1:{self.relay.port}"

    @property
    def app(self) -> str:
        """The app in English."""
        return f"{self.origin}/app/en/"

    def invitation(self, author: str = "OBS-1") -> str:
        """An invitation as it is pasted into a phone."""
        return self.hub.invite(MISSION, author, "observer", 600, self.relay.address).text()

    def changes(self, kind: str | None = None) -> list[Change]:
        """What headquarters has stored, oldest first."""
        log = self.hub.log(MISSION)
        try:
            records = dict.fromkeys(
                record for each in ([kind] if kind else KINDS) for record in log.records(each)
            )
            return [change for record in records for change in log.changes_of(record)]
        finally:
            log.close()

    def end_relay(self) -> None:
        """Kill the process that serves phones."""
        self.relay.end(signal.SIGKILL)


KINDS = ("case", "person", "hearing", "observation", "attachment", "incident", "query", "review")


@contextmanager
def stage(folder: Path, *, projecting: bool = False) -> Iterator[Stage]:
    """Start headquarters and a relay; end them afterwards."""
    hub = new_hub(folder / "hub")
    ingest = Process(hub.instance)
    ingest.start(*(() if projecting else ("--no-projecting",)))
    relay = new_relay(folder / "relay", hub, ingest)
    relay.start()
    try:
        yield Stage(hub, ingest, relay)
    finally:
        relay.end()
        ingest.stop()
        hub.close()


def begin(page: Page, at: Stage, author: str = "OBS-1") -> None:
    """Open the app for the first time and use an invitation."""
    page.goto(at.app)
    page.wait_for_selector("html[data-ready]")
    page.fill("textarea[name=invitation]", at.invitation(author))
    page.click("[data-screen=enrol] button.main")
    page.wait_for_selector("[data-screen=today]:not([hidden])")


def open_hearing(page: Page, title: str = "Case Kestrel (fictional)", accused: int = 1) -> None:
    """A case with its accused and a hearing, made on the phone; ends in the log."""
    page.click("[data-screen=today] [data-go=case_new]")
    page.fill("[data-screen=case_new] input[name=title]", title)
    page.click("[data-screen=case_new] button.main")
    page.wait_for_selector("[data-screen=case]:not([hidden])")
    for _ in range(accused):
        page.click("[data-screen=case] form[data-act=person] button")
    page.click("[data-screen=case] summary:has-text('Add a hearing')")
    page.fill("[data-screen=case] input[name=time_zone]", "Europe/Vienna")
    page.click("[data-screen=case] form[data-act=hearing] button.main")
    page.wait_for_selector("[data-screen=brief]:not([hidden])")
    page.click("[data-attendance=observed]")
    page.wait_for_selector("[data-screen=log]:not([hidden])")


def saved(page: Page) -> None:
    """Wait until the phone says that everything is saved."""
    page.wait_for_selector("#saved:has-text('Saved')")
