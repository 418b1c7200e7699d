"""What a push may do to a log: prefixes, stops, quarantine."""

from pathlib import Path

import pytest
from uuid6 import uuid7

from sync import intake
from sync.change import Change
from sync.errors import BadRequest, TooLarge
from sync.intake import AT_LAPTOP, AT_RELAY, Outcome, check_batch, take
from sync.keys import DeviceKey
from sync.log import Log
from sync.wires import MAX_CHANGES, wires
from tests.sync.conftest import NOW, Node, new_chain


def states(outcome: object) -> list[str]:
    return [receipt["state"] for receipt in outcome.receipts]  # type: ignore[attr-defined]


def test_the_same_batch_twice_is_known_and_changes_nothing(node: Node) -> None:
    device = node.enrol("OBS-1")
    batch = [device.change() for _ in range(3)]
    assert states(node.push(*batch)) == ["stored"] * 3
    position = node.log.position()
    again = node.push(*batch)
    assert (again.receipts, again.known) == ([], [change.hash for change in batch])
    assert node.log.position() == position


def test_a_batch_overlapping_a_known_prefix_stores_only_the_rest(node: Node) -> None:
    device = node.enrol("OBS-1")
    batch = [device.change() for _ in range(4)]
    node.push(*batch[:2])
    outcome = node.push(*batch)
    assert [receipt["seq"] for receipt in outcome.receipts] == [3, 4]
    assert len(outcome.known) == 2


def test_a_gap_stops_only_its_own_device(node: Node) -> None:
    one, two = node.enrol("OBS-1"), node.enrol("OBS-2")
    first, _lost, third = one.change(), one.change(), one.change()
    outcome = node.push(first, third, two.change())
    assert len(outcome.receipts) == 2
    assert outcome.stopped[one.signer.device].as_json()["code"] == "gap"
    assert outcome.stopped[one.signer.device].seq == 3


def test_two_changes_with_one_number_are_a_fork_and_both_are_kept(node: Node) -> None:
    device = node.enrol("OBS-1")
    first = device.change()
    device.seq, device.prev = 0, ""
    other = device.change(fields={"mode": "quick"})
    node.push(first)
    outcome = node.push(other)
    assert outcome.stopped[device.signer.device].error.code == "fork"
    assert node.log.db["forks"].get(other.hash)["payload"] == other.payload


def test_a_change_after_another_one_than_the_head_breaks_the_chain(node: Node) -> None:
    device = node.enrol("OBS-1")
    first = device.change()
    device.prev = "0" * 64
    second = device.change()
    outcome = node.push(first, second)
    assert outcome.stopped[device.signer.device].error.code == "chain_broken"
    assert node.log.head(device.signer.device).seq == 1


def _forged(change: Change, payload: str | None = None, signature: str | None = None) -> Change:
    from dataclasses import replace

    return replace(
        change, payload=payload or change.payload, signature=signature or change.signature
    )


def test_one_changed_byte_is_a_bad_signature(node: Node) -> None:
    device = node.enrol("OBS-1")
    change = device.change(fields={"mode": "full"})
    outcome = node.push(_forged(change, payload=change.payload.replace("full", "fulk")))
    assert outcome.stopped[device.signer.device].error.code == "bad_signature"
    assert node.log.head(device.signer.device).seq == 0


@pytest.mark.parametrize("purpose", ["receipt", "enrol", "token"])
def test_a_text_signed_for_another_purpose_is_a_bad_signature(node: Node, purpose: str) -> None:
    device = node.enrol("OBS-1")
    change = device.change()
    signature = device.signer.key.sign(purpose, change.payload)
    outcome = node.push(_forged(change, signature=signature))
    assert outcome.stopped[device.signer.device].error.code == "bad_signature"


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "é", "A" * 86])
def test_a_signature_that_is_none_is_a_bad_signature(node: Node, signature: str) -> None:
    device = node.enrol("OBS-1")
    outcome = node.push(_forged(device.change(), signature=signature or " "))
    assert outcome.stopped[device.signer.device].error.code == "bad_signature"


def test_a_foreign_mission_is_not_stored(node: Node) -> None:
    node.enrol("OBS-1")
    stranger = new_chain("OBS-1", mission="elsewhere")
    outcome = node.push(stranger.change())
    assert outcome.stopped[stranger.signer.device].as_json()["status"] == 404


def test_a_device_that_is_not_enrolled_is_refused(node: Node) -> None:
    stranger = new_chain("OBS-1")
    outcome = node.push(stranger.change())
    assert outcome.stopped[stranger.signer.device].error.code == "unknown_device"


def test_a_device_writes_only_as_its_own_author(node: Node) -> None:
    device = node.enrol("OBS-1")
    liar = new_chain("OBS-2")
    liar.signer = type(liar.signer)("training", device.signer.device, "OBS-2", device.signer.key)
    outcome = node.push(liar.change())
    assert outcome.stopped[device.signer.device].error.code == "bad_envelope"


@pytest.mark.parametrize(
    "kind", ["mission", "device", "checklist", "assignment", "review", "erasure", "finding"]
)
def test_a_kind_that_only_the_hub_writes_is_quarantined_and_the_chain_moves_on(
    node: Node, kind: str
) -> None:
    device = node.enrol("OBS-1")
    fields = {"mission": {"title": "x"}, "device": {"role": "hub"}, "checklist": {"version": "9"}}
    outcome = node.push(
        device.change(kind=kind, fields=fields.get(kind, {"by": "OBS-1"})), device.change()
    )
    assert states(outcome)[1] == "stored"
    assert states(outcome)[0] == "quarantined"
    assert outcome.receipts[0]["code"] in ("not_allowed", "unknown_field")


@pytest.mark.parametrize("at", [AT_RELAY, AT_LAPTOP])
def test_headquarters_is_seen_in_parts_and_never_twice(
    node: Node, tmp_path: Path, at: intake.Node
) -> None:
    def device() -> Change:
        fields = {"author": "OBS-1", "role": "observer", "public_key": DeviceKey.generate().public}
        return node.hub.change(str(uuid7()), fields, "device")

    log, hub = Log(tmp_path / "other.db"), node.hub.signer

    def pull(change: Change) -> Outcome:
        batch = check_batch(log, "training", [(change.payload, change.signature)], node.keys)
        with log.writing():
            return take(log, batch, NOW, node=at, verdicts={change.hash: None})

    with log.writing():
        log.trust_hub(hub.device, hub.key.public)
        log.set_meta({"hub_device": hub.device})
    changes = [device() for _ in range(4)]
    for seen in (0, 3, 1):
        assert states(pull(changes[seen])) == ["stored"]
    assert log.head(hub.device).seq == 4
    node.hub.seq, node.hub.prev = 1, changes[0].hash
    assert pull(device()).stopped[hub.device].error.code == "fork"
    forged = _forged(changes[2], payload=changes[2].payload.replace("OBS-1", "OBS-2"))
    assert pull(forged).stopped[hub.device].error.code == "bad_signature"
    log.close()


def test_an_unknown_field_is_quarantined(node: Node) -> None:
    device = node.enrol("OBS-1")
    outcome = node.push(device.change(fields={"witness_name": "x"}))
    assert outcome.receipts[0]["code"] == "unknown_field"


def test_only_the_author_writes_an_observation_but_from_any_of_their_devices(node: Node) -> None:
    one, same, other = node.enrol("OBS-1"), node.enrol("OBS-1"), node.enrol("OBS-2")
    first = one.change()
    node.push(first)
    outcome = node.push(same.change(first.record), other.change(first.record))
    assert states(outcome) == ["stored", "quarantined"]


def test_who_is_assigned_to_a_case_writes_its_records(node: Node) -> None:
    one, two = node.enrol("OBS-1"), node.enrol("OBS-2")
    case = one.change(kind="case", fields={"title": "Fictional case"})
    hearing = one.change(kind="hearing", fields={"case": case.record, "number": 1})
    node.push(case, hearing)
    assert states(node.push(two.change(hearing.record, {"number": 2}, "hearing"))) == [
        "quarantined"
    ]
    from sync.intake import receive_own

    assignment = node.hub.change(kind="assignment", fields={"case": case.record, "author": "OBS-2"})
    with node.log.writing():
        receive_own(node.log, [assignment], lambda: "2026-03-02T09:30:00.000Z")
    outcome = node.push(
        two.change(hearing.record, {"number": 3}, "hearing"),
        two.change(case.record, {"title": "Renamed"}, "case"),
        two.change(kind="person", fields={"case": case.record, "code": "A3", "role": "accused"}),
    )
    assert states(outcome) == ["stored"] * 3


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"changes": {}},
        {"changes": [], "x": 1},
        {"changes": [1]},
        {"changes": [{"payload": "x"}]},
        {"changes": [{"payload": 1, "signature": "x"}]},
        {"changes": [{"payload": "x", "signature": "x", "more": 1}]},
    ],
)
def test_a_body_of_another_shape_is_refused_whole(body: object) -> None:
    with pytest.raises(BadRequest):
        wires(body)


def test_too_many_changes_are_refused_whole() -> None:
    with pytest.raises(TooLarge):
        wires({"changes": [{"payload": "", "signature": ""}] * (MAX_CHANGES + 1)})


def test_a_payload_that_is_no_change_stops_nothing_else(node: Node) -> None:
    device = node.enrol("OBS-1")
    poison = _forged(new_chain("OBS-1").change(), payload="{")
    outcome = node.push(poison, device.change())
    assert states(outcome) == ["stored"]
    assert outcome.stopped[""].error.code == "bad_payload"


def test_the_same_change_twice_in_one_batch_is_taken_once(node: Node) -> None:
    device = node.enrol("OBS-1")
    first, second = device.change(), device.change()
    outcome = node.push(first, first, second, second)
    assert not outcome.stopped
    assert [receipt["hash"] for receipt in outcome.receipts] == [first.hash, second.hash]
