"""Stores of other versions, and rows that cannot be read: read, or refused and kept."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.client.stage import Stage, stage
from tests.client.test_survives import texts
from tests.client.trapped import (
    DELETE_STORE,
    MAKE_STORE,
    READY,
    ROWS,
    WORDS,
    all_well,
    in_hearing,
    phone_of,
    send_drafts,
    start_entry,
    store,
    told,
    words_of,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as started:
        yield started


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with phone_of(browser) as context:
        yield context


VERSION_1 = [
    "meta/profile",
    "meta/key",
    "meta/head",
    "meta/format",
    "meta/hubs",
    "meta/hub_key",
    "meta/hub_device",
    "meta/epoch",
    "meta/cursor",
    "meta/backed_up_seq",
    "meta/place",
]


def rows_of_version_1(page: Page) -> list[tuple[str, str]]:
    """A store as version 1 wrote it, with the enrolment of a phone and the log of a hearing.

    What stands here is how released versions write, and stays as it is when the program changes.
    """
    here = store(page)
    place = here["meta/place"]["params"]["observation"]
    rows = {name: here[name] for name in VERSION_1}
    rows |= {name: row for name, row in here.items() if name.startswith(("change/", "draft/"))}
    at = "2026-03-02T09:30:00.000Z"
    entry = {
        **{"text": "Of version 1", "kind": "note", "basis": "observed_fact", "at": at},
        **{"at_precision": "exact", "entered_at": at, "via": "direct", "quote": False},
        **{"about": [], "items": []},
    }
    name = "log/01954f00-0000-7000-8000-000000000001"
    rows[f"draft/{place}/{name}"] = {"kind": "observation", "value": entry, "heads": [], "at": at}
    return [(f"r{number:022}", json.dumps(row)) for number, row in enumerate(rows.items())]


def exchange_store(page: Page, at: Stage, version: int, rows: list[tuple[str, str]]) -> None:
    """Put another store in the place of the phone's."""
    page.goto(f"{at.origin}/sync/v1/hello")
    page.evaluate(DELETE_STORE)
    page.evaluate(MAKE_STORE, [version, rows])
    page.goto(at.app)


def test_a_store_of_every_released_version_is_read_and_sent(
    phone: BrowserContext, at: Stage
) -> None:
    page = in_hearing(phone, at)
    released = {1: rows_of_version_1}
    for version, rows in released.items():
        exchange_store(page, at, version, rows(page))
        page.wait_for_selector(READY)
        assert words_of(page) == {"Of version 1"}
        all_well(page)
    send_drafts(page)
    assert texts(at).count("Of version 1") == 1


@pytest.mark.parametrize("newer", ["structure", "rows"])
def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(
    newer: str, phone: BrowserContext, at: Stage
) -> None:
    page = in_hearing(phone, at)
    rows = rows_of_version_1(page)
    if newer == "rows":
        rows = [
            (key, '["meta/format", 2]' if "meta/format" in text else text) for key, text in rows
        ]
    exchange_store(page, at, 2 if newer == "structure" else 1, rows)
    told(page, "What is stored here is of a newer version of this app. Nothing was changed.")
    assert sorted(page.evaluate(ROWS)) == sorted(text for _key, text in rows)
    assert not page.is_visible("[data-screen]")


def test_a_row_that_cannot_be_read_is_kept_and_told(phone: BrowserContext, at: Stage) -> None:
    page = in_hearing(phone, at)
    rows = [*rows_of_version_1(page), ("r-damaged-damaged-damage", "\ufffd neither JSON")]
    exchange_store(page, at, 1, rows)
    page.wait_for_selector(READY)
    assert words_of(page) == {"Of version 1"}
    start_entry(page)
    page.fill(WORDS, "Goes on")
    all_well(page)
    assert "\ufffd neither JSON" in page.evaluate(ROWS)
    page.click("header [data-go=today]")
    page.click("[data-screen=today] [data-go=headquarters]")
    page.click("[data-screen=headquarters] [data-go=phone]")
    page.wait_for_selector("[data-screen=phone] >> text=1 things stored here cannot be read.")


def test_a_store_that_nothing_of_can_be_read_is_not_begun_anew(
    phone: BrowserContext, at: Stage
) -> None:
    page = in_hearing(phone, at)
    rows = [("r-damaged-damaged-damage", "\ufffd neither JSON")]
    exchange_store(page, at, 1, rows)
    told(page, "What is stored on this phone cannot be opened. It was left as it is.")
    assert page.evaluate(ROWS) == [rows[0][1]]
