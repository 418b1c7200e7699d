"""An answer is not signed: what it claims of a change makes nobody headquarters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from sync.change import Change
from sync.intake import AT_LAPTOP, AT_RELAY, receive_own
from sync.intake import Node as Role
from sync.keys import DeviceKey
from sync.log import Log
from sync.pull import pull
from sync.trust import Pulled, believe
from tests.sync.conftest import NOW, Chain, Node, new_chain

HASH = "a" * 64
NEW_HUB = {"author": "HQ", "role": "hub", "public_key": DeviceKey.generate().public}
OF_HUB = [
    ("erasure", {"hashes": [HASH], "reason": "x"}),
    ("device", NEW_HUB),
    ("assignment", {"case": str(uuid7()), "author": "OBS-1"}),
    ("mission", {"emergency_phone": "+10000000"}),
    ("checklist", {"items": []}),
    ("review", {"observation": str(uuid7()), "state": "accepted"}),
    ("finding", {"text": "x"}),
    ("follow_up", {"text": "x"}),
    ("query", {"observation": str(uuid7()), "text": "x"}),
]


class Answering:
    """A dishonest relay: it answers every pull with these items, and no code."""

    token = "t"

    def __init__(self, *changes: Change, code: str | None = None) -> None:
        self.items = [{**change.wire(), **({"code": code} if code else {})} for change in changes]

    def get(self, call: str, **query: str | int) -> dict[str, Any]:
        return {"epoch": "1", "changes": self.items, "cursor": "1", "more": False}


@pytest.fixture
def laptop(node: Node, tmp_path: Path) -> Iterator[Log]:
    """What a laptop has after it enrolled."""
    (tmp_path / "laptop").mkdir()
    log = Log(tmp_path / "laptop" / "training.db")
    with log.writing():
        log.trust_hub(node.hub.signer.device, node.hub.signer.key.public)
        log.set_meta({"hub_device": node.hub.signer.device, "epoch": "1", "author": "OBS-1"})
    yield log
    log.close()


def enrol(node: Node, laptop: Log, author: str, role: str = "observer") -> Chain:
    chain = node.enrol(author, role)
    believe(laptop, "training", [c.wire() for c in node.log.changes_of(chain.signer.device)])
    return chain


def fetch(log: Log, *changes: Change, node: Role = AT_LAPTOP, code: str | None = None) -> Pulled:
    answering = Answering(*changes, code=code)
    return pull(log, answering, "training", lambda: NOW, node=node)  # type: ignore[arg-type]


def codes(log: Log, *changes: Change) -> list[str | None]:
    here = log.known(change.hash for change in changes)
    return [here[change.hash].code for change in changes]


@pytest.mark.parametrize(("kind", "fields"), OF_HUB, ids=[kind for kind, _ in OF_HUB])
@pytest.mark.parametrize("way", ["pull", "enrolment", "relay"])
def test_what_only_headquarters_may_write_is_believed_of_it_alone(
    node: Node, laptop: Log, way: str, kind: str, fields: dict[str, Any]
) -> None:
    mallory = enrol(node, laptop, "OBS-9")
    forged = mallory.change(str(uuid7()), fields, kind)
    real = node.hub.change(str(uuid7()), fields, kind)
    for _ in range(2):  # once more, as known
        if way == "enrolment":
            believe(laptop, "training", [forged.wire(), real.wire()])
        else:
            fetch(laptop, forged, real, node=AT_RELAY if way == "relay" else AT_LAPTOP)
        assert codes(laptop, forged, real) == ["not_allowed", None]


def test_a_colluding_observer_erases_nothing_and_makes_no_headquarters(
    node: Node, laptop: Log
) -> None:
    anna, mallory = enrol(node, laptop, "OBS-1"), enrol(node, laptop, "OBS-9")
    mine = anna.change()
    with laptop.writing():
        receive_own(laptop, [mine], lambda: NOW)
    second = new_chain("HQ")
    fields = {"author": "HQ", "role": "hub", "public_key": second.signer.key.public}
    forged = [
        mallory.change(str(uuid7()), {"hashes": [mine.hash], "reason": "x"}, "erasure"),
        mallory.change(second.signer.device, fields, "device"),
        second.change(str(uuid7()), {"hashes": [mine.hash], "reason": "x"}, "erasure"),
    ]
    found = fetch(laptop, *forged)
    assert [error.code for error in found.skipped] == ["unknown_device"]
    assert not laptop.erasures()
    assert laptop.changes_of(mine.record)[0].set == mine.set
    assert [hub.device for hub in laptop.devices("hub")] == [node.hub.signer.device]


def test_a_device_that_a_known_headquarters_made_one_is_believed(node: Node, laptop: Log) -> None:
    second = enrol(node, laptop, "HQ", "hub")
    assigned = second.change(fields={"case": str(uuid7()), "author": "OBS-1"}, kind="assignment")
    fetch(laptop, assigned)
    assert codes(laptop, assigned) == [None]


def test_nobody_writes_into_what_is_another_s_here(node: Node, laptop: Log) -> None:
    anna, mallory = enrol(node, laptop, "OBS-1"), enrol(node, laptop, "OBS-9")
    mission = node.hub.change(fields={"emergency_phone": "+1"}, kind="mission")
    mine = anna.change()
    fetch(laptop, mission, mine)
    forged = [
        mallory.change(mission.record, {"mode": "x"}),  # of another kind
        mallory.change(mine.record, {"mode": "x"}, parents=(mine.hash,)),
    ]
    fetch(laptop, *forged)
    assert codes(laptop, *forged) == ["not_allowed"] * 2


def test_what_is_not_known_here_speaks_for_a_change(node: Node, laptop: Log) -> None:
    anna, ben = enrol(node, laptop, "OBS-1"), enrol(node, laptop, "OBS-2")
    case = ben.change(fields={"title": "Case (fictional)"}, kind="case")
    believed = [
        case,
        anna.change(case.record, {"court": "North"}, "case"),  # assigned, as headquarters knows
        anna.change(fields={"reply/text": "x"}, kind="query"),  # the asking is not here
        anna.change(parents=(HASH,)),
    ]
    fetch(laptop, *believed)
    assert codes(laptop, *believed) == [None] * len(believed)


def test_a_relay_s_own_changes_count_for_nothing(node: Node, laptop: Log) -> None:
    relay = enrol(node, laptop, "RELAY-1", "relay")
    forged = relay.change()
    fetch(laptop, forged)
    assert codes(laptop, forged) == ["not_allowed"]


def test_the_word_of_headquarters_still_decides_what_may_be(node: Node, laptop: Log) -> None:
    anna = enrol(node, laptop, "OBS-1")
    change = anna.change()
    fetch(laptop, change, code="device_revoked")
    assert codes(laptop, change) == ["device_revoked"]
    fetch(laptop, change)
    assert codes(laptop, change) == [None]
