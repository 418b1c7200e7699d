"""Clocks that are wrong, names that were taken back, and networks that lie."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from sync.fold import fold
from tests.client.shell_server import Door, Fault, login_page, redirect
from tests.client.stage import Stage, saved, stage
from tests.client.test_survives import texts, write_entry
from tests.client.trapped import (
    WORDS,
    all_well,
    done,
    go_to_headquarters,
    in_hearing,
    on_disk,
    open_again,
    phone_of,
    pushed,
    send_drafts,
    start_entry,
    store,
    words_of,
)
from tests.review.hub_process import wait_for

pytestmark = pytest.mark.browser
NAME = "Ilmatar Kuusniemi"  # made up
PORTAL = "This network wants you to sign in first: something else than headquarters answered."
AWAY = "headquarters is not reached. Everything stays here and is sent later."


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as started:
        yield started


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with phone_of(browser) as context:
        yield context


# Clocks


def rewrite(page: Page, before: str, after: str, what: str = "[data-text=words]") -> None:
    """Correct an entry: the one whose words, or whose kind, are these."""
    page.click(f".entries li:has({what}:text-is('{before}')) [data-act=write]")
    page.wait_for_selector(WORDS)
    page.fill(WORDS, after)
    all_well(page)
    done(page)


def test_a_clock_that_is_set_back_changes_no_order_and_overwrites_nothing(
    phone: BrowserContext, at: Stage
) -> None:
    page = in_hearing(phone, at)
    observation = store(page)["meta/place"]["params"]["observation"]
    write_entry(page, "note", "First words")
    page.clock.set_system_time(datetime.now(UTC) - timedelta(days=365))
    rewrite(page, "First words", "Second words")
    page.click("[data-screen=log] [data-kind=ruling]")
    rewrite(page, "Ruling", "Ruled a year before", "[data-text=kind]")
    open_again(page)
    assert words_of(page) == {"Second words", "Ruled a year before"}
    rewrite(page, "Second words", "Third words")
    send_drafts(page)
    page.clock.set_system_time(datetime.now(UTC) - timedelta(days=500))
    page.go_back()
    page.go_back()
    rewrite(page, "Third words", "Fourth words")
    send_drafts(page)
    changes = [change for change in at.changes("observation") if change.record == observation]
    found = fold(changes)
    entries = [value["text"] for path, value in found.values.items() if path.startswith("log/")]
    assert sorted(entries) == ["Fourth words", "Ruled a year before"]
    assert found.conflicts == {}
    device = store(page)["meta/profile"]["device"]
    chain = sorted((c for c in at.changes() if c.device == device), key=lambda change: change.seq)
    assert [change.seq for change in chain] == list(range(1, len(chain) + 1))
    assert [change.prev for change in chain] == ["", *(change.hash for change in chain[:-1])]
    assert chain[-1].recorded_at < chain[0].recorded_at


# Names


def test_a_name_that_was_deleted_before_sending_is_nowhere(
    phone: BrowserContext, at: Stage
) -> None:
    sent: list[str] = []

    def keep(request: Request) -> None:
        if request.method == "POST":
            sent.append(pushed(request))

    phone.on("request", keep)
    page = phone.new_page()
    page.clock.install()
    page.close()
    page = in_hearing(phone, at)
    start_entry(page)
    page.locator(WORDS).press_sequentially(NAME)
    saved(page)
    assert NAME in on_disk(page)
    page.fill(WORDS, "The witness left")
    done(page)
    page.click("[data-screen=log] [data-go=checklist]")
    evidence = page.locator("[data-questions] .question:not([hidden]) details.evidence").first
    evidence.locator("summary").click()
    for field in ("entry", "comment"):
        area = evidence.locator(f"textarea[name^='{field}/']")
        area.press_sequentially(NAME)
        saved(page)
        assert NAME in on_disk(page)
        area.fill("")
        saved(page)
    page.clock.fast_forward(600_000)
    send_drafts(page)
    assert any("The witness left" in body for body in sent)
    kept = "JSON.stringify([localStorage, sessionStorage, history.state, document.title])"
    for place in (*sent, on_disk(page), page.evaluate(kept), page.url):
        assert NAME not in place
    assert not [change for change in at.changes() if NAME in change.payload]


# Networks


class CourtNetwork(Door):
    """The network of a court building: it may answer itself, whatever is asked."""

    lie: Fault | None = None

    def pass_on(self, call: BaseHTTPRequestHandler) -> None:
        """One request."""
        if self.lie is None:
            super().pass_on(call)
            return
        call.rfile.read(int(call.headers.get("Content-Length") or 0))
        self.lie(call)


@pytest.fixture
def network(at: Stage) -> Iterator[CourtNetwork]:
    """It lies between phones and the relay."""
    made = CourtNetwork(Path(), behind=at.relay.port)
    made.open()
    yield made
    made.kill()


@pytest.mark.parametrize("fault", [login_page, redirect])
def test_a_login_page_is_told_and_writing_goes_on(
    fault: Fault, phone: BrowserContext, at: Stage, network: CourtNetwork
) -> None:
    words = f"Behind a login page {network.port}"
    outside = Stage(at.hub, at.ingest, replace(at.relay, port=network.port))
    page = in_hearing(phone, outside)
    page.wait_for_selector("html[data-shell=ready]")
    network.lie = fault
    open_again(page)
    write_entry(page, "note", words)
    go_to_headquarters(page)
    page.click("[data-screen=headquarters] [data-act=send]")
    page.wait_for_selector(f"[data-screen=headquarters] >> text={PORTAL}")
    assert page.is_visible("[data-screen=headquarters] >> text=Everything is saved here.")
    assert page.is_visible("[data-screen=headquarters] >> text=Last time it worked:")
    assert page.is_visible("[data-screen=headquarters] >> text=records are only on this phone.")
    all_well(page)
    assert words in on_disk(page)
    network.lie = None
    send_drafts(page)
    assert not page.is_visible(f"text={PORTAL}")
    assert texts(at).count(words) == 1


def test_a_relay_that_is_gone_is_told_and_writing_goes_on(phone: BrowserContext, at: Stage) -> None:
    page = in_hearing(phone, at)
    page.wait_for_selector("html[data-shell=ready]")
    at.end_relay()
    open_again(page)
    write_entry(page, "note", "While the relay is gone")
    go_to_headquarters(page)
    page.click("[data-screen=headquarters] [data-act=drafts]")
    page.wait_for_selector(f"[data-screen=headquarters] >> text={AWAY}")
    page.wait_for_selector("text=Saved and signed here, waits to be sent")
    all_well(page)
    at.relay.start()
    page.click("[data-screen=headquarters] [data-act=send]")
    wait_for(lambda: "While the relay is gone" in texts(at), 20)
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")
    assert not page.is_visible(f"text={AWAY}")
