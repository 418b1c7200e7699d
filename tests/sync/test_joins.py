"""What two people made twice: joined it counts once, separated it counts as before."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from sync.log import connect
from sync.projection import Projector, paths_of
from tests.sync.conftest import Chain, Node


class Scene:
    """Two cases of two observers, with a person, a hearing and an observation each."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node, self.folder = node, folder
        self.anna, self.ben = node.enrol("ANNA"), node.enrol("BEN")
        self.first = self._case(self.anna, "First (fictional)")
        self.second = self._case(self.ben, "Second (fictional)")
        self.projector = Projector(node.log, *paths_of(folder, "training"))

    def _case(self, author: Chain, title: str) -> dict[str, str]:
        ids = {name: str(uuid7()) for name in ("case", "person", "hearing", "observation")}
        case = {"case": ids["case"]}
        yes = {"value": "yes"}
        self.node.push(
            author.change(ids["case"], {"title": title, "answers/case.stage": yes}, "case"),
            author.change(ids["person"], {**case, "code": "A1", "role": "accused"}, "person"),
            author.change(ids["hearing"], {**case, "date": "2026-03-02", "number": 1}, "hearing"),
            author.change(
                ids["observation"],
                {
                    **case,
                    "hearing": ids["hearing"],
                    "mode": "full",
                    f"answers/custody.detained/{ids['person']}": yes,
                },
            ),
        )
        return ids

    def join(self, *kinds: str, to: str | None = "first") -> None:
        """Ben says that his are Anna's, or that they are not."""
        for kind in kinds:
            other = self.first[kind] if to else None
            record = self.second[kind]
            heads = tuple(c.hash for c in self.node.log.changes_of(record)[-1:])
            self.node.push(self.ben.change(record, {"same_as": other}, kind, heads))
        while self.projector.catch_up():
            pass

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the facts say; made at once they say the same."""
        with closing(connect(paths_of(self.folder, "training")[0])) as db:
            found = db.conn.execute(sql).fetchall()
        self.projector.rebuild()
        with closing(connect(paths_of(self.folder, "training")[0])) as db:
            assert db.conn.execute(sql).fetchall() == found
        return found


@pytest.fixture
def scene(node: Node, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(node, tmp_path / "tables")
    while made.projector.catch_up():
        pass
    yield made
    made.projector.close()


COUNTS = "SELECT title, persons, hearings, same_as IS NULL FROM cases ORDER BY title"


def test_joined_cases_count_once_and_paths_follow(scene: Scene) -> None:
    apart = [("First (fictional)", 1, 1, 1), ("Second (fictional)", 1, 1, 1)]
    assert scene.rows(COUNTS) == apart
    scene.join("case")
    assert scene.rows(COUNTS) == [("First (fictional)", 2, 2, 1), ("Second (fictional)", 0, 0, 0)]
    scene.join("person", "hearing")
    assert scene.rows(COUNTS) == [("First (fictional)", 1, 1, 1), ("Second (fictional)", 0, 0, 0)]
    first = scene.first
    # Both observations are there, each by its own id, of one case and one hearing.
    assert scene.rows("SELECT DISTINCT case_id, hearing_id FROM observations") == [
        (first["case"], first["hearing"])
    ]
    assert scene.rows("SELECT count(*) FROM observations") == [(2,)]
    people = "SELECT DISTINCT person_id FROM answers WHERE person_id IS NOT NULL"
    assert scene.rows(people) == [(first["person"],)]


def test_separated_again_all_is_as_before(scene: Scene) -> None:
    everything = "SELECT * FROM answers UNION SELECT * FROM answers ORDER BY 1"
    before = scene.rows(COUNTS), scene.rows(everything), scene.rows("SELECT * FROM observations")
    scene.join("case", "person", "hearing")
    assert scene.rows(everything) != before[1]
    scene.join("case", "person", "hearing", to=None)
    assert (scene.rows(COUNTS), scene.rows(everything)) == before[:2]
    columns = "SELECT id, case_id, hearing_id, answered FROM observations"
    assert len(scene.rows(columns)) == 2


def test_two_who_join_each_to_the_other_make_one_and_no_circle(scene: Scene) -> None:
    scene.join("case")
    heads = tuple(c.hash for c in scene.node.log.changes_of(scene.first["case"])[-1:])
    scene.node.push(
        scene.anna.change(scene.first["case"], {"same_as": scene.second["case"]}, "case", heads)
    )
    while scene.projector.catch_up():
        pass
    least = min(scene.first["case"], scene.second["case"])
    assert scene.rows("SELECT DISTINCT case_id FROM observations") == [(least,)]
    assert scene.rows("SELECT count(*) FROM cases WHERE same_as IS NULL") == [(1,)]


def test_what_both_answer_about_the_case_is_shown_once(scene: Scene) -> None:
    count = "SELECT count(*) FROM answers WHERE item_id = 'case.stage'"
    assert scene.rows(count) == [(2,)]
    scene.join("case")
    assert scene.rows(count) == [(1,)]
