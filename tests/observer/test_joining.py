"""What two people made twice is joined on a page, sent, counted once, and separated again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from observer.app import create_app
from observer.profile import Home, enrol
from observer.sending import send_and_receive
from observer.workspace import Workspace
from tests.review.hub_process import MISSION, Process, new_hub

pytestmark = pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    made = Home(tmp_path / "laptop")
    enrol(made, hub.invite(MISSION, "OBS-1", "observer", 600, process.address))
    yield made
    assert process.stop() == ""
    hub.close()


def test_two_cases_made_twice_are_one_and_are_two_again(home: Home) -> None:
    app = create_app(home, {"TESTING": True})
    client = app.test_client()
    client.get("/")
    space: Workspace = app.extensions["workspace"]
    first = space.create("case", {"title": "Made first (fictional)"})
    second = space.create("case", {"title": "Made twice (fictional)"})
    one = space.create("person", {"case": first, "code": "A1", "role": "accused"})
    two = space.create("person", {"case": second, "code": "A1", "role": "accused"})

    def press(page: str, address: str, other: str) -> str:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
        assert token
        data = {"csrf_token": token.group(1), "other": other}
        answer = client.post(address, data=data, follow_redirects=True)
        assert client.post(address, data={"other": other}).status_code == 400
        return str(answer.text)

    page = f"/cases/{second}"
    assert f'<option value="{first}">' in client.get(page).text
    # A person of another case cannot be meant until the cases are one.
    assert f'<option value="{one}">' not in client.get(page).text
    said = press(page, f"/records/case/{second}/same", first)
    assert "The same as: Made first (fictional)" in " ".join(said.split())
    assert f'<option value="{one}">' in said
    press(page, f"/records/person/{two}/same", one)
    space.send(space.unsent())
    assert send_and_receive(space).pushed.clean
    rows = space.projector.facts.conn.execute(
        "SELECT title, persons, same_as IS NULL FROM cases ORDER BY title"
    ).fetchall()
    assert rows == [("Made first (fictional)", 1, 1), ("Made twice (fictional)", 0, 0)]
    assert press(page, f"/records/case/{second}/same", "not a record").count("not on this laptop")
    assert "Made twice?" in press(page, f"/records/case/{second}/same", "")
    space.send(space.unsent())
    rows = space.projector.facts.conn.execute("SELECT persons FROM cases").fetchall()
    assert sorted(rows) == [(0,), (1,)]
    space.close()
