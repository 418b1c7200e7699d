"""The row of an incident: what may be queried of it, and where its words go."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from schemas.incident import incident_code
from sync.change import Change, Signer
from sync.clock import utc_now
from sync.cut import Dirty, cut
from sync.keys import DeviceKey
from sync.log import Log
from sync.projection import Projector, paths_of

WORDS = "Help soon (fictional)."
SAID = {"kind": "urgent", "needs": ["doctor"], "opened_at": "2026-03-02T09:30:00Z", "text": WORDS}

SIGNERS = {
    author: Signer("training", str(uuid7()), author, DeviceKey.generate())
    for author in ("HQ", "OBS-1")
}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = Log(tmp_path / "training.db")
    with opened.writing():
        for author, signer in SIGNERS.items():
            opened.trust_hub(signer.device, signer.key.public)
            role = "hub" if author == "HQ" else "observer"
            run = opened.db.conn.execute
            run(
                "UPDATE devices SET author = ?, role = ? WHERE device = ?",
                [author, role, signer.device],
            )
    yield opened
    opened.close()


def write(log: Log, author: str, of: tuple[str, str], fields: dict[str, Any]) -> Change:
    kind, record = of
    return cut(log, SIGNERS[author], [Dirty(kind, record, fields)], utc_now)[0]


def tables(log: Log, folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Incidents, and the words of the notes."""
    projector = Projector(log, *paths_of(folder, "training"))
    while projector.catch_up():
        pass
    found = (
        list(projector.facts["incidents"].rows),
        [r["text"] for r in projector.texts["notes"].rows],
    )
    projector.close()
    return found


@pytest.mark.parametrize("practice", [True, False, None])
def test_words_are_shown_in_practice_alone_and_facts_always(
    log: Log, tmp_path: Path, practice: bool | None
) -> None:
    record = str(uuid7())
    if practice is not None:
        write(log, "HQ", ("mission", str(uuid7())), {"practice": practice})
    # What the author says of it decides nothing.
    write(log, "OBS-1", ("incident", record), {**SAID, "practice": True})
    (row,), words = tables(log, tmp_path)
    assert words == ([WORDS] if practice else [])
    assert (row["code"], row["kind"], row["needs"]) == (
        *(incident_code(record), "urgent", '["doctor"]'),
    )
    assert row["has_text"] == 1


def test_words_reach_no_fact_through_a_field_of_codes(log: Log, tmp_path: Path) -> None:
    fields: dict[str, Any] = {
        name: WORDS for name in ("kind", "case", "hearing", "observation", "code")
    }
    lists = {"needs": [WORDS, "doctor", 3, None], "persons": [WORDS, {"name": WORDS}]}
    write(log, "OBS-1", ("incident", str(uuid7())), fields | lists)
    (row,), _words = tables(log, tmp_path)
    assert WORDS not in str(row)
    assert row["needs"] == '["doctor"]'


def test_it_is_acknowledged_as_it_was_read(log: Log, tmp_path: Path) -> None:
    record = str(uuid7())
    read = write(log, "OBS-1", ("incident", record), SAID)
    review = {"incident": record, "decision": "acknowledged", "by": "vera"}
    (row,), _words = tables(log, tmp_path)
    assert (row["acknowledged_by"], row["changed_since"]) == (None, 0)
    write(log, "HQ", ("review", str(uuid7())), {**review, "of": [read.hash]})
    (row,), _words = tables(log, tmp_path)
    assert (row["acknowledged_by"], row["changed_since"]) == ("vera", 0)
    read = write(log, "OBS-1", ("incident", record), {"needs": ["consulate"]})
    (row,), _words = tables(log, tmp_path)
    assert (row["needs"], row["changed_since"]) == ('["consulate"]', 1)
    write(log, "HQ", ("review", str(uuid7())), {**review, "of": [read.hash]})
    (row,), _words = tables(log, tmp_path)
    assert row["changed_since"] == 0
