"""The tables: made at once or step by step they are the same, and the search finds what stands."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid6 import uuid7

from schemas.library import default_checklist
from sync.change import Change, Signer, make_change
from sync.keys import DeviceKey
from sync.log import Log, connect
from sync.projection import Projector, paths_of
from sync.projection.tables import texts

ITEMS = list(default_checklist().items.values())[:60]
AT = "2026-03-02T10:00:00Z"


class Story:
    """Random changes of one fictional case by two devices of two authors, stored as they come."""

    def __init__(self, path: Path, rng: Random) -> None:
        self.log, self.rng = Log(path), rng
        self.devices = [
            (Signer("training", str(uuid7()), author, DeviceKey.generate()), count(1))
            for author in ("OBS-1", "OBS-2")
        ]
        # Two of each: what two people made of one and the same may be joined.
        self.cases, self.hearings = [str(uuid7()), str(uuid7())], [str(uuid7()), str(uuid7())]
        self.people = [str(uuid7()) for _ in range(3)]
        self.observations = [str(uuid7()) for _ in range(3)]
        self.entry = str(uuid7())
        self.incidents = [str(uuid7()) for _ in range(2)]
        self.reviews = [str(uuid7()) for _ in range(3)]
        self.last: dict[str, Change] = {}
        # In practice words of incidents are shown.
        self._change("mission", str(uuid7()), {"practice": True})

    def tell(self, changes: int) -> None:
        """Store so many changes."""
        for _ in range(changes):
            told = [self._about, self._hearing, self._person, self._seen, self._joined]
            told += [self._asked_for, self._acknowledged]
            self._change(*self.rng.choice(told)())

    def _change(self, kind: str, record: str, fields: dict[str, Any]) -> None:
        signer, seq = self.rng.choice(self.devices)
        number, before = next(seq), self.last.get(record)
        made = make_change(
            signer,
            seq=number,
            prev="" if number == 1 else "0" * 64,
            kind=kind,
            record=record,
            parents=[before.hash] if before and self.rng.random() < 0.7 else [],
            recorded_at=AT,
            fields=fields,
        )
        self.last[record] = made
        state = "stored" if self.rng.random() < 0.9 else "quarantined"
        with self.log.writing():
            self.log.append(made, state=state, code=None, received_at=AT, sheet=None)

    def _one(self, ids: list[str]) -> tuple[str, str]:
        """One of some records, and the case that it belongs to for good."""
        place = self.rng.randrange(len(ids))
        return ids[place], self.cases[place % 2]

    def _joined(self) -> tuple[str, str, dict[str, Any]]:
        kind, ids = self.rng.choice(
            [("case", self.cases), ("hearing", self.hearings), ("person", self.people)]
        )
        one, other = self.rng.sample(ids, 2)
        return kind, one, {"same_as": self.rng.choice([other, None, one, str(uuid7())])}

    def _asked_for(self) -> tuple[str, str, dict[str, Any]]:
        incident, case = self._one(self.incidents)
        said = {"case": case, "needs": self.rng.choice([["doctor"], ["free words"], None, 3])}
        return "incident", incident, said | {"text": self.rng.choice(["Fictional.", None])}

    def _acknowledged(self) -> tuple[str, str, dict[str, Any]]:
        place = self.rng.randrange(len(self.reviews))
        incident = self.incidents[place % 2]
        here = self.last.get(incident)
        said = {"incident": incident, "decision": "acknowledged", "by": "vera"}
        read = [here.hash] if here else []
        return "review", self.reviews[place], said | {"of": read, "comment": "Fictional."}

    def _about(self) -> tuple[str, str, dict[str, Any]]:
        return (
            "case",
            self.rng.choice(self.cases),
            {"title": "Fictional", **self._answer(), "practice": True},
        )

    def _hearing(self) -> tuple[str, str, dict[str, Any]]:
        zone = self.rng.choice(["Europe/Berlin", "Nowhere/Town"])
        hearing, case = self._one(self.hearings)
        return "hearing", hearing, {"case": case, "time_zone": zone, "date": "2026-03-02"}

    def _person(self) -> tuple[str, str, dict[str, Any]]:
        role = self.rng.choice(["accused", "witness"])
        person, case = self._one(self.people)
        return (
            "person",
            person,
            {
                "case": case,
                "role": role,
                "withdrawn": self.rng.random() < 0.3,
            },
        )

    def _seen(self) -> tuple[str, str, dict[str, Any]]:
        observation, case = self._one(self.observations)
        fields: dict[str, Any] = {
            "case": case,
            "hearing": self.hearings[self.cases.index(case)],
        }
        for _ in range(self.rng.randrange(6)):
            fields |= self._answer()
        if self.rng.random() < 0.4:
            # One id in several observations is a fault of the sender that must not hurt the search.
            id_ = self.rng.choice([self.entry, str(uuid7())])
            fields[f"log/{id_}"] = {"kind": "note", "at": AT, "entered_at": AT, "text": "Fictional"}
        if self.rng.random() < 0.3:
            fields["overrides/no_accused/case.accused_count"] = {"reason": "Fictional"}
        return "observation", observation, fields

    def _answer(self) -> dict[str, Any]:
        item = self.rng.choice(ITEMS)
        person = self.rng.choice(["", *(f"/{one}" for one in self.people)])
        values = [None, "not_observed", "no", 5, ["a"], {"time": "10:30"}, *item.choices[:2]]
        answer = {"value": self.rng.choice(values), "comment": self.rng.choice(["", "Fictional"])}
        return {f"answers/{item.id}{person}": self.rng.choice([answer, answer, answer, "x", None])}


def rows(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of both files but the place in the log, sorted."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for path in paths_of(folder, "training"):
        with closing(sqlite3.connect(path)) as db:
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = [row[0] for row in db.execute(names) if "_" not in row[0] or row[0] in SHOWN]
            found |= {t: sorted(db.execute(f"SELECT * FROM {t}"), key=repr) for t in tables}
    return found


SHOWN = ("log_entries", "item_provisions")


def check_search(folder: Path) -> None:
    """The search table agrees with the notes, word by word; SQLite checks it."""
    with closing(sqlite3.connect(paths_of(folder, "training")[1])) as db:
        db.execute("INSERT INTO notes_fts (notes_fts, rank) VALUES ('integrity-check', 1)")


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    """A folder; each example takes a new one in it."""
    return (tmp_path / str(number) for number in count())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(seed=st.integers(0, 10**6), parts=st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_step_by_step_is_as_at_once(folders: Iterator[Path], seed: int, parts: list[int]) -> None:
    folder, rng = next(folders), Random(seed)
    story = Story(folder / "log.db", rng)
    steps = Projector(story.log, *paths_of(folder / "steps", "training"))
    once = Projector(story.log, *paths_of(folder / "once", "training"))
    try:
        for part in parts:
            story.tell(part)
            while steps.catch_up(rng.randrange(1, 9)):
                pass
            check_search(folder / "steps")
        once.rebuild()
        found = rows(folder / "once")
        assert without_shared(rows(folder / "steps"), story) == without_shared(found, story)
        steps.rebuild()
        assert rows(folder / "steps") == found
        check_search(folder / "steps")
        assert not steps.catch_up()
    finally:
        steps.close()
        once.close()
        story.log.close()


def without_shared(
    found: dict[str, list[tuple[Any, ...]]], story: Story
) -> dict[str, list[tuple[Any, ...]]]:
    """Without the entry that several observations claim: it stands with the last one written."""
    return {
        table: [row for row in of if not str(row[0]).startswith(story.entry)]
        for table, of in found.items()
    }


def test_nobody_is_told_of_a_log_that_is_still(tmp_path: Path) -> None:
    story = Story(tmp_path / "log.db", Random(1))
    other = Log(tmp_path / "log.db")
    projector = Projector(other, *paths_of(tmp_path / "tables", "training"))
    assert projector.stirred()
    assert not projector.stirred()
    story.tell(1)
    assert projector.stirred()
    assert not projector.stirred()
    projector.close()
    other.close()
    story.log.close()


def test_a_search_that_triggers_kept_is_kept_on(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    old = connect(paths_of(folder, "training")[1])
    old.conn.execute("PRAGMA trusted_schema=ON")
    texts.apply(old, stop_before="m002_search_by_step")
    columns = ("id", "observation_id", "text")
    story = Story(tmp_path / "log.db", Random(1))
    gone, kept = story.observations[0], str(uuid7())
    old["notes"].insert_all(  # type: ignore[union-attr]
        dict(zip(columns, row, strict=True))
        for row in ((f"{gone}/x/comment", gone, "Old words"), (f"{kept}/x", kept, "Kept words"))
    )
    old.close()
    story._change(
        "observation", gone, {"answers/hearing.date": {"value": AT[:10], "comment": "New"}}
    )
    projector = Projector(story.log, *paths_of(folder, "training"))
    projector.catch_up()
    check_search(folder)
    found = "SELECT text FROM notes WHERE rowid IN (SELECT rowid FROM notes_fts(?))"
    hits = {
        word: projector.texts.conn.execute(found, [word]).fetchall() for word in ("old", "words")
    }
    assert hits == {"old": [], "words": [("Kept words",)]}
    projector.close()
    story.log.close()
