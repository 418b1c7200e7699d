"""The pages as a person gets them: in a browser, without JavaScript, narrow, dark, on paper."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from headquarters import PASSWORD, Headquarters, accounts
from playwright.sync_api import Page
from reading_records import Ids, fill_training

from review import datasette_config
from review.datasette_config import datasette_command, secret_of
from review.i18n import direction, gettext, languages, ngettext, preferred, speaking


@pytest.fixture(scope="module")
def ids(instance: Path) -> Ids:
    """The records."""
    return fill_training(instance)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A headquarters' folder."""
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def hq(instance: Path, ids: Ids) -> Iterator[Headquarters]:
    """The Datasette over it, in this process."""
    made = Headquarters(instance)
    yield made
    made.close()


@pytest.fixture(scope="module")
def url(instance: Path, ids: Ids) -> Iterator[str]:
    """The real server, started by the command that headquarters starts it with."""
    with socket.socket() as probe, pytest.MonkeyPatch.context() as patch:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        patch.setattr(datasette_config, "reviewers", lambda _instance: accounts())
        command = datasette_command(instance, "127.0.0.1", port)
    with (
        (instance / "server.txt").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as server,
    ):
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{address}/-/login")
            yield address
        finally:
            server.terminate()


def _wait_for(address: str) -> None:
    for _ in range(150):
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - our own server
                return
        except URLError:
            time.sleep(0.2)
    pytest.fail("the server did not start")


def _signed_in(page: Page, url: str) -> Page:
    page.goto(f"{url}/-/login")
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_the_reading_page_has_an_anchor_for_each_question_and_entry(
    hq: Headquarters, ids: Ids
) -> None:
    text = hq.get(f"/-/missions/training/observations/{ids.observation}", "vera").text
    found = re.findall(r'\bid="([^"]+)"', text)
    assert len(found) == len(set(found))
    assert {f"entry-{id_}" for id_ in ids.entries.values()} <= set(found)
    targets = set(re.findall(r'href="#([^"]+)"', text))
    assert targets <= set(found)
    assert "2 observers recorded this hearing" in text
    assert "Practice: made-up data" in text


def test_the_reading_page_carries_no_script_and_no_style(hq: Headquarters, ids: Ids) -> None:
    answer = hq.get(f"/-/missions/training/observations/{ids.observation}", "vera")
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_observers_write_is_text_and_never_markup(hq: Headquarters, ids: Ids) -> None:
    text = hq.get(f"/-/missions/training/observations/{ids.observation}", "vera").text
    assert "A1 leaves &lt;b&gt;early&lt;/b&gt;." in text
    assert "<b>early" not in text


def test_json_says_the_same(hq: Headquarters, ids: Ids) -> None:
    data = hq.get(f"/-/missions/training/observations/{ids.observation}.json", "vera").json
    assert data["ok"]
    assert data["header"]["observer"] == "OBS-1"
    assert len(data["entries"]) == len(ids.entries)
    assert data["attention"]["quarantined"] == 1


def test_an_observation_that_is_not_there(hq: Headquarters) -> None:
    nobody = "00000000-0000-7000-8000-000000000000"
    assert hq.get(f"/-/missions/training/observations/{nobody}", "vera").status == 404


def test_the_start_page_lists_observations_and_what_needs_looking_at(
    hq: Headquarters, ids: Ids
) -> None:
    answer = hq.get("/-/missions/training", "vera")
    for link in (ids.observation, ids.second):
        assert f'href="/-/missions/training/observations/{link}"' in answer.text
    assert "recorded by OBS-1, OBS-2" in answer.text or "recorded by OBS-2, OBS-1" in answer.text
    data = hq.get("/-/missions/training.json", "vera").json
    assert data["totals"]["observations"] == 2


def test_tables_lead_to_the_reading_page(hq: Headquarters, ids: Ids) -> None:
    page = f"/-/missions/training/observations/{ids.observation}"
    assert f'href="{page}"' in hq.get("/training/observations", "vera").text
    assert f'href="{page}"' in hq.get(f"/training/observations/{ids.observation}", "vera").text
    entry = ids.entries["quote"]
    row = hq.get(f"/training/log_entries/{entry}", "vera").text
    assert f'href="{page}#entry-{entry}"' in row
    notes = hq.get("/training_text/notes?_search=impatient", "vera").text
    assert f'href="{page}#q-indep.no_bias_expressed"' in notes


@pytest.mark.parametrize("table", ["training/observations", "training_text/notes"])
def test_a_table_with_few_columns_is_shown_as_well(hq: Headquarters, table: str) -> None:
    column = "label" if table.endswith("observations") else "kind"
    assert hq.get(f"/{table}?_col={column}", "vera").status == 200


def test_tables_have_titles_facets_and_labels(hq: Headquarters) -> None:
    text = hq.get("/training/answers", "vera").text
    assert "<h1>Answers" in text
    assert "The harbour case (fictional)" in text
    assert "_facet" in hq.get("/training/answers.json?_facet=scope", "vera").text
    assert "Code of the observer" in hq.get("/training/observations", "vera").text


def test_a_page_is_made_with_a_handful_of_queries(hq: Headquarters, ids: Ids) -> None:
    """One hop to each file, however many questions there are."""
    hops: list[str] = []
    for name in ("training", "training_text"):
        database = hq.datasette.get_database(name)
        original = database.execute_fn

        async def counted(fn: Any, original: Any = original, name: str = name) -> Any:
            hops.append(name)
            return await original(fn)

        database.execute_fn = counted
    try:
        hq.get(f"/-/missions/training/observations/{ids.observation}", "vera")
    finally:
        for name in ("training", "training_text"):
            del hq.datasette.get_database(name).execute_fn
    assert hops.count("training_text") == 1
    assert hops.count("training") == 1


@pytest.mark.parametrize("path", ["/", "/-/login", "/-/missions/training", "read"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.browser
def test_pages_are_accessible_and_fit_a_narrow_screen(
    page_factory: Any, url: str, ids: Ids, path: str, scheme: str
) -> None:
    page = _signed_in(page_factory(320, 640, color_scheme=scheme), url)
    path = f"/-/missions/training/observations/{ids.observation}" if path == "read" else path
    page.goto(f"{url}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert not found.response["violations"], found.generate_report()


@pytest.mark.browser
def test_everything_works_without_javascript(page_factory: Any, url: str, ids: Ids) -> None:
    page = _signed_in(page_factory(java_script_enabled=False), url)
    page.get_by_role("link", name="training").first.click()
    page.get_by_role("link", name="OBS-1").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Hearing 2")
    details = page.locator("#q-access\\.public_admitted details")
    details.locator("summary").click()
    assert details.get_attribute("open") is not None


@pytest.mark.browser
def test_on_paper_navigation_is_left_out(page_factory: Any, url: str, ids: Ids) -> None:
    page = _signed_in(page_factory(), url)
    page.goto(f"{url}/-/missions/training/observations/{ids.observation}")
    page.emulate_media(media="print")
    assert not page.locator(".contents").is_visible()
    assert page.locator("#chronology").is_visible()


@pytest.mark.browser
def test_from_right_to_left_the_page_mirrors(page_factory: Any, url: str, ids: Ids) -> None:
    page = _signed_in(page_factory(360, 740), url)
    page.goto(f"{url}/-/missions/training/observations/{ids.observation}")
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator("#q-access\\.public_admitted .code").first.bounding_box()
    assert box["x"] > 180


def test_the_command_hides_the_secret_and_writes_files_for_the_owner_only(
    instance: Path, url: str
) -> None:
    for name in ("datasette.json", "metadata.json", "secret"):
        assert (instance / name).stat().st_mode & 0o077 == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasette_config, "reviewers", lambda _instance: accounts())
        command = datasette_command(instance, "127.0.0.1", 1)
    assert command[0] == sys.executable
    assert "--default-deny" in command
    assert secret_of(instance) not in " ".join(command)
    assert str(instance / "projections" / "training_text.db") in command


def test_a_mission_without_tables_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "new.db").touch()
    assert datasette_config.missions(tmp_path) == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("xx", "en"),
        ("en-GB,xx;q=0.5", "en"),
        ("xx,en;q=0.1", "en"),
        ("en;q=broken", "en"),
        ("en;q=0", "en"),
    ],
)
def test_the_language_is_one_we_have(header: str | None, language: str) -> None:
    assert preferred(header) == language
    assert "en" in languages()


def test_strings_go_through_gettext() -> None:
    with speaking("xx"):
        assert gettext("about %(time)s", time="1") == "about 1"
        assert ngettext("%(n)s case", "%(n)s cases", 2) == "2 cases"
    assert (direction("ar"), direction("en")) == ("rtl", "ltr")
