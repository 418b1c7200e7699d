"""The table of attachments: from old tables too, and the same step by step as made anew."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from sync.change import Signer
from sync.clock import utc_now
from sync.cut import Dirty, cut
from sync.keys import DeviceKey
from sync.log import Log
from sync.projection import Projector, paths_of

FILE = {"sha256": "ab" * 32, "size": 7, "type": "application/pdf"}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = Log(tmp_path / "training.db")
    yield opened
    opened.close()


def write(log: Log, signer: Signer, kind: str, record: str, **fields: Any) -> None:
    cut(log, signer, [Dirty(kind, record, fields)], utc_now)


def signer(log: Log) -> Signer:
    made = Signer("training", str(uuid7()), "OBS-1", DeviceKey.generate())
    with log.writing():
        log.trust_hub(made.device, made.key.public)
        log.db.conn.execute("UPDATE devices SET author = 'OBS-1', role = 'observer'")
    return made


def rows(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(
            "SELECT id, observation_id, type, size, derived, withdrawn, author FROM attachments"
        ).fetchall()


def follow(log: Log, folder: Path, *, rebuild: bool = False) -> Path:
    paths = paths_of(folder, "training")
    projector = Projector(log, *paths)
    if rebuild:
        projector.rebuild()
    while projector.catch_up():
        pass
    projector.close()
    return paths[0]


def test_a_table_made_step_by_step_is_as_one_made_anew(log: Log, tmp_path: Path) -> None:
    me, record, observation = signer(log), str(uuid7()), str(uuid7())
    write(log, me, "attachment", record, observation=observation, **FILE)
    path = follow(log, tmp_path)
    assert rows(path) == [(record, observation, "application/pdf", 7, 0, 0, "OBS-1")]
    write(log, me, "attachment", record, withdrawn={"reason": "fictional"})
    assert rows(follow(log, tmp_path)) == [(record, observation, FILE["type"], 7, 0, 1, "OBS-1")]
    assert rows(follow(log, tmp_path, rebuild=True)) == rows(path)


def test_tables_from_before_are_filled_with_what_the_log_holds(log: Log, tmp_path: Path) -> None:
    me, record = signer(log), str(uuid7())
    write(log, me, "attachment", record, observation=str(uuid7()), **FILE)
    path = follow(log, tmp_path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DROP TABLE attachments")
        conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'm004_attachments'")
        conn.commit()
    assert [row[0] for row in rows(follow(log, tmp_path))] == [record]
