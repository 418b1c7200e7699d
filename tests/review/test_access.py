"""Nobody sees a word of a mission that is not theirs, through whatever door."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from headquarters import PASSWORD, Headquarters
from hypothesis import given
from hypothesis import strategies as st
from reading_records import CANARY, fill_other, fill_training

from review import access
from review.throttle import Throttle

ACTIONS = [
    *("view-instance", "view-database", "view-table", "execute-sql", "view-query"),
    *("view-database-download", "insert-row", "update-row", "delete-row", "create-table"),
    *("alter-table", "drop-table", "execute-write-sql", "store-query", "permissions-debug"),
    access.READ,
]


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Headquarters]:
    """Two missions; whatever the second one says contains the canary."""
    instance: Path = tmp_path_factory.mktemp("hub")
    fill_training(instance)
    observation = fill_other(instance)
    made = Headquarters(instance)
    made.instance, made.observation = instance, observation  # type: ignore[attr-defined]
    yield made
    made.close()


TABLES = ["cases", "persons", "hearings", "observations", "answers", "log_entries", "conflicts"]
TABLES += ["incidents"]
DOORS = [
    "/other",
    "/other.json",
    *(f"/other/{table}{kind}" for table in TABLES for kind in ("", ".json", ".csv")),
    "/other/cases.csv?_stream=1",
    "/other/cases.json?_facet=title",
    "/other/cases?_facet=court",
    "/other/cases.json?title__startswith=C",
    "/other/cases.json?_sort=title&_size=1",
    "/other/observations.json?_labels=on",
    "/other/cases/-/autocomplete?q=C",
    "/other/cases/-/count",
    "/other/cases/-/fragment",
    "/other/cases.json?_where=1",
    "/other/-/query?sql=select+title+from+cases",
    "/other/-/query.json?sql=select+title+from+cases",
    "/other.json?sql=select+title+from+cases",
    "/other/-/schema",
    "/other/-/schema.json",
    "/other/cases/-/schema.json",
    "/other.db",
    "/other_text",
    "/other_text.json",
    "/other_text/notes",
    "/other_text/notes.json",
    "/other_text/notes.csv?_stream=1",
    "/other_text/notes.json?_search=words",
    "/other_text/notes_fts.json",
    "/other_text/notes_fts_content.json",
    "/other_text/notes_fts_data.json",
    "/other_text/-/query.json?sql=select+*+from+notes",
    "/training_text/-/query.json?sql=select+*+from+notes",
    "/training/-/query.json?sql=attach+'other.db'+as+o",
    "/-/missions/other",
    "/-/missions/other.json",
    "/-/missions/other/observations/{id}",
    "/-/missions/other/observations/{id}.json",
    "/-/missions/training/observations/{id}",
    "/training/observations/{id}",
    "/other/observations/{id}",
    "/other/observations/{id}.json",
    "/",
    "/.json",
    "/-/",
    "/-/databases",
    "/-/databases.json",
    "/-/jump",
    "/-/jump.json?q=o",
    "/-/schema",
    "/-/schema.json",
    "/-/schema.md",
    "/-/queries.json",
    "/-/config",
    "/-/config.json",
    "/-/api",
    "/-/allowed.json?action=view-table",
    "/-/rules.json?action=view-table",
    "/-/check.json?action=view-table&parent=other&child=cases",
    "/-/permissions",
    "/-/create-token",
    "/-/debug/autocomplete",
    "/-/debug/autocomplete?database=other&table=cases",
    "/-/plugins.json",
    "/-/threads.json",
    "/-/actor.json",
]


@pytest.mark.parametrize("who", [None, "vera", "paul", "anna", "nora", "removed", "root"])
@pytest.mark.parametrize("door", DOORS)
def test_no_door_shows_a_word_of_another_mission(
    hq: Headquarters, door: str, who: str | None
) -> None:
    door = door.replace("{id}", hq.observation)  # type: ignore[attr-defined]
    answer = hq.get(door, who)
    assert CANARY not in answer.text
    if door.startswith(("/other", "/-/missions/other", "/training_text/-/query")):
        assert answer.status in (403, 404, 405)
    if not door.startswith("/-/api"):
        assert "other_text" not in answer.text.replace(door, "")


def test_the_canary_is_there_to_be_found(hq: Headquarters) -> None:
    """By who reviews that mission, so that not finding it says something."""
    assert hq.get("/other/cases.json", "omar").text.count(CANARY)
    assert hq.get("/other_text/notes.json?_search=words", "omar").text.count(CANARY)
    assert hq.get("/other/-/query.json?sql=select+title+from+cases", "omar").text.count(CANARY)
    page = f"/-/missions/other/observations/{hq.observation}"  # type: ignore[attr-defined]
    assert hq.get(page, "omar").text.count(CANARY) > 2
    assert hq.get(f"{page}.json", "omar").text.count(CANARY) > 2
    assert f"{CANARY} help" in hq.get("/-/missions/other", "omar").text
    assert hq.get("/other/incidents.json", "omar").text.count(CANARY)


@pytest.mark.parametrize("path", ["/", "/training", "/training/cases", "/-/missions/training"])
def test_anonymous_is_led_to_sign_in(hq: Headquarters, path: str) -> None:
    answer = hq.get(path)
    assert answer.status == 403
    assert 'href="/-/login"' in answer.text
    assert "harbour" not in answer.text


PAIRS = [
    ("/other", "/nowhere"),
    ("/other/cases", "/nowhere/cases"),
    ("/other/cases", "/other/no_such_table"),
    ("/other/observations/{id}", "/other/observations/0"),
    ("/-/missions/other", "/-/missions/nowhere"),
]


@pytest.mark.parametrize("who", [None, "vera"])
@pytest.mark.parametrize(("there", "absent"), PAIRS)
def test_what_is_not_there_looks_like_what_is_not_open(
    hq: Headquarters, there: str, absent: str, who: str | None
) -> None:
    there = there.replace("{id}", hq.observation)  # type: ignore[attr-defined]
    first, second = hq.get(there, who), hq.get(absent, who)
    assert (first.status, first.text) == (second.status, second.text) == (403, first.text)


OPEN = [
    ("vera", "/training/observations", 200),
    ("vera", "/training/observations.csv", 200),
    ("vera", "/training/-/query.json?sql=select+count(*)+from+answers", 200),
    ("vera", "/training_text/notes?_search=relative", 200),
    ("vera", "/training_text/-/query.json?sql=select+1", 403),
    ("vera", "/training_text/notes.json?_where=1", 403),
    ("vera", "/training/_projection", 403),
    ("vera", "/training/_sqlite_migrations.json", 403),
    ("vera", "/training.db", 403),
    ("vera", "/-/config.json", 403),
    ("vera", "/-/password-tool", 403),
    ("vera", "/-/create-token", 403),
    ("vera", "/training/nothing", 404),
    ("paul", "/training/answers", 200),
    ("paul", "/training/-/query.json?sql=select+1", 200),
    ("paul", "/training_text/notes", 403),
    ("paul", "/-/missions/training", 403),
    ("anna", "/training/answers", 403),
    ("anna", "/-/missions/training", 403),
    ("nora", "/training", 403),
    ("nora", "/", 200),
    ("removed", "/", 403),
]


@pytest.mark.parametrize(("who", "path", "status"), OPEN)
def test_each_role_reads_what_it_may(hq: Headquarters, who: str, path: str, status: int) -> None:
    assert hq.get(path, who).status == status


def test_a_refusal_as_json_has_the_one_shape(hq: Headquarters) -> None:
    answer = hq.get("/other/cases.json")
    assert answer.status == 403
    assert answer.json["ok"] is False


def test_signing_in_gives_a_cookie_that_only_says_who(hq: Headquarters) -> None:
    form = {"username": "vera", "password": PASSWORD}
    answer = hq.post("/-/login", form)
    assert answer.status == 302
    assert "ds_actor" in answer.headers["set-cookie"]
    assert hq.post("/-/login", {**form, "password": "wrong"}).status == 200
    forged = hq.datasette.sign({"a": {"id": "vera", "missions": ["other"]}}, "actor")

    async def ask() -> Any:
        return await hq.datasette.client.get("/other/cases", cookies={"ds_actor": forged})

    assert hq.run(ask).status_code == 403


def test_datasette_cannot_write_to_a_projection(hq: Headquarters) -> None:
    again = Headquarters(hq.instance)  # type: ignore[attr-defined]

    async def write() -> None:
        await again.datasette.get_database("training").execute_write("DELETE FROM cases")

    try:
        with pytest.raises(Exception, match="readonly"):
            again.run(write)
    finally:
        again.close()


@pytest.mark.parametrize("path", ["/training/cases", "/-/missions/training", "/nowhere", "/"])
def test_every_answer_forbids_frames_and_other_origins(hq: Headquarters, path: str) -> None:
    headers = hq.get(path, "vera").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "no-store" in headers["cache-control"]


@given(
    st.text(max_size=12),
    st.lists(st.from_regex(r"[a-z0-9_]{1,10}", fullmatch=True), max_size=4, unique=True),
    st.sampled_from(ACTIONS),
)
def test_nothing_is_granted_beyond_a_persons_missions(
    role: str, missions: list[str], action: str
) -> None:
    """A law: whatever the role, only databases of one's own missions, and never a write."""
    for each in (role, "reviewer", "publisher"):
        reviewer = access.Reviewer("x", each, tuple(missions))
        own = {*missions, *(access.text_database(one) for one in missions)}
        granted = list(access._granted(reviewer, action))
        assert all(database in own for database, _ in granted if action != "view-instance")
        if action in ("execute-sql", access.READ):
            assert {database for database, _ in granted} <= set(missions)
        if action not in (
            "view-instance",
            "view-database",
            "view-table",
            "execute-sql",
            access.READ,
        ):
            assert not granted


def _throttled(clock: list[float], status: int) -> tuple[Throttle, list[str]]:
    reached: list[str] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        reached.append(str(dict(scope["headers"])))
        await send({"type": "http.response.start", "status": status, "headers": []})

    return Throttle(app, lambda: clock[0]), reached


def _try(throttle: Throttle, address: str, method: str = "POST") -> int:
    answers: list[int] = []

    async def send(message: Any) -> None:
        answers.append(message.get("status", 0))

    scope = {
        "type": "http",
        "method": method,
        "path": "/-/login",
        "client": (address, 1),
        "headers": [(b"authorization", b"Basic eDp5"), (b"accept", b"*/*")],
    }
    asyncio.run(throttle(scope, None, send))
    return answers[0]


def test_guessing_passwords_is_slowed_down_for_who_guesses() -> None:
    clock = [0.0]
    throttle, reached = _throttled(clock, 200)
    assert [_try(throttle, "a") for _ in range(11)] == [200] * 10 + [429]
    assert _try(throttle, "b") == 200
    assert _try(throttle, "a", "GET") == 200
    clock[0] = 301.0
    assert _try(throttle, "a") == 200
    assert "authorization" not in "".join(reached)


def test_a_right_password_clears_the_count() -> None:
    throttle, _reached = _throttled([0.0], 302)
    assert {_try(throttle, "a") for _ in range(30)} == {302}


def test_a_password_cannot_be_sent_around_the_form(hq: Headquarters) -> None:
    basic = base64.b64encode(f"vera:{PASSWORD}".encode()).decode()
    assert hq.get("/training", authorization=f"Basic {basic}").status == 403
