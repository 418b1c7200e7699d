"""Drafts are cut in the order of writing, whatever the clock said: none claims what it did not see.

For any order of writes, pulls and clock jumps the change of a field descends only from what was
here when the field was written, or from a part of the same author's that had seen no more.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from uuid6 import uuid7

from observer.profile import Home, Profile
from observer.renewal import draft_again
from observer.store import Draft, Drafts
from observer.workspace import Workspace
from sync.change import Change, Signer, make_change
from sync.fold import fold
from sync.keys import DeviceKey

MISSION, START = "practice", datetime(2026, 3, 2, 9, tzinfo=UTC)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("abcd")),
        st.tuples(st.just("pull"), st.booleans()),
        st.tuples(st.just("clock"), st.integers(-3, 3)),
    ),
    max_size=14,
)


class Desk:
    """A laptop without a headquarters, a colleague whose changes come, and a clock that jumps."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        device = str(uuid7())
        self.home.key_path(device).parent.mkdir(parents=True)
        DeviceKey.generate().save(self.home.key_path(device))
        profile = Profile(MISSION, device, "OBS-1", "observer", True, "http://hub.invalid", "")
        self.home.profile_path.write_text(json.dumps(asdict(profile)))
        self.time = START
        self.space = Workspace(self.home, self.now)
        self.other = Signer(MISSION, str(uuid7()), "OBS-2", DeviceKey.generate())
        self.end = (0, "")
        self.record = str(uuid7())
        self.written: dict[str, frozenset[str]] = {}
        self.pulled: set[str] = set()
        self._enrol(device)

    def _enrol(self, device: str) -> None:
        with self.space.log.writing():
            self.space.log.db.conn.execute(
                "INSERT INTO devices (device, author, role, public_key)"
                " VALUES (?, 'OBS-1', 'observer', 'none')",
                [device],
            )

    def become_another(self) -> None:
        """Go on as a new device; headquarters took nothing of the one before."""
        with self.space.log.writing():
            self.space.log.db.conn.execute(
                "UPDATE devices SET revoked_at = '2026-03-02T09:00:00.000Z'"
            )
        device = self.home.successor()
        self._enrol(device)
        self.home.become(device)
        draft_again(self.space)

    def now(self) -> str:
        """What the clock says; it may say the same again."""
        return self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def write(self, path: str) -> None:
        """Write a field, having seen what was pulled."""
        value = f"{path} {len(self.written)} {uuid7()}"
        self.space.edit("case", self.record, {path: value})
        self.written[value] = frozenset(self.pulled)

    def pull(self, on_top: bool) -> None:
        """A colleague's change comes, on top of the others of theirs or beside them."""
        theirs = [c for c in self.space.log.changes_of(self.record) if c.author == "OBS-2"]
        parents = fold(theirs).heads if on_top else ()
        seq, prev = self.end
        change = make_change(
            self.other,
            seq=seq + 1,
            prev=prev,
            kind="case",
            record=self.record,
            parents=parents,
            recorded_at=self.now(),
            fields={"title": f"{seq}"},
        )
        self.end = (seq + 1, change.hash)
        with self.space.log.writing():
            self.space.log.append(
                change, state="stored", code=None, received_at=self.now(), sheet=None, held=True
            )
        self.pulled.add(change.hash)

    def jump(self, hours: int) -> None:
        """Set the clock."""
        self.time += timedelta(hours=hours)

    def cut(self) -> list[Change]:
        """Cut all drafts of the record."""
        found = self.space.find("case", self.record)
        return self.space.send([found]) if found else []

    def play(self, steps: list[tuple[str, object]]) -> None:
        """Do one after another."""
        deeds = {"write": self.write, "pull": self.pull, "clock": self.jump}
        for name, with_what in steps:
            deeds[name](with_what)  # type: ignore[operator]

    def check(self, changes: list[Change]) -> None:
        """No field's change descends from what was not here when the field was written."""
        known = {change.hash: change for change in self.space.log.changes_of(self.record)}
        for change in changes:
            above, waiting = set(), list(change.parents)
            while waiting:
                parent = waiting.pop()
                if parent in known and parent not in above:
                    above.add(parent)
                    waiting += known[parent].parents
            for value in change.set.values():
                if value in self.written:
                    assert above & self.pulled <= self.written[value]


@contextmanager
def desk() -> Iterator[Desk]:
    """A new one."""
    with tempfile.TemporaryDirectory() as folder:
        made = Desk(Path(folder) / "laptop")
        try:
            yield made
        finally:
            made.space.close()


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_no_draft_claims_what_was_not_here(steps: list[tuple[str, object]]) -> None:
    with desk() as made:
        made.play(steps)
        made.check(made.cut())


@given(STEPS, STEPS, STEPS)
@settings(max_examples=40, deadline=None)
def test_nor_when_all_is_drafted_again(
    first: list[tuple[str, object]],
    second: list[tuple[str, object]],
    third: list[tuple[str, object]],
) -> None:
    with desk() as made:
        for steps in (first, second):
            made.play(steps)
            made.cut()
        made.play(third)
        made.become_another()
        made.check(made.cut())


def test_a_clock_set_back_hides_no_conflict() -> None:
    with desk() as made:
        made.write("title")
        made.jump(-2)
        made.pull(False)
        made.write("court")
        older, newer = made.cut()
        assert (list(older.set), list(newer.set)) == (["title"], ["court"])
        assert "title" in made.space.get("case", made.record).sent.conflicts


def test_drafts_from_before_turns_were_kept_come_first(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts.db")
    run = drafts.db.conn.execute
    for path, at in (("b", "2026-03-02T09:00:00Z"), ("a", "2026-03-02T10:00:00Z")):
        run(
            "INSERT INTO drafts (record, path, kind, value, written_at, heads)"
            " VALUES ('r', ?, 'case', '1', ?, '')",
            [path, at],
        )
    drafts.write([Draft("r", "case", "c", 1)], [], "2026-03-02T08:00:00Z")
    drafts.write_before([Draft("r", "case", path, 1) for path in "ed"], "2026-03-02T11:00:00Z")
    assert list(drafts.seen("r")) == ["e", "d", "b", "a", "c"]
    drafts.close()
