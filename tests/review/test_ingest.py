"""What ingest answers to whatever comes, over real HTTP to a real process."""

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub_process import MISSION, Process, Running, fails, new_hub, packed, wait_for
from uuid6 import uuid7

from review.ingest import ROUTES
from sync.change import Change
from sync.cut import Dirty, cut
from sync.log import Log
from sync.projection import paths_of
from sync.push import push
from sync.wires import MAX_BODY_BYTES


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One process for the whole module."""
    hub = new_hub(tmp_path_factory.mktemp("hub"))
    process = Process(hub.instance)
    process.start()
    yield Running(hub, process)
    said = process.stop()
    hub.close()
    assert said == "", said


def test_hello_tells_version_time_and_limits(at: Running) -> None:
    answer = at.process.hello()
    assert answer is not None
    assert answer.json["protocol"] == 1
    assert answer.json["limits"] == {"changes": 100, "bytes": 1_000_000}
    assert answer.headers["trial-sync"] == "1"
    assert answer.headers["cache-control"] == "no-store"


def test_a_push_is_answered_with_heads_and_signed_receipts(at: Running) -> None:
    device = at.device()
    batch = [device.change() for _ in range(3)]
    answer = at.process.push(device, *batch)
    assert answer.status == 200
    assert answer.json["heads"] == {device.signer.device: {"seq": 3, "hash": batch[2].hash}}
    assert (answer.json["known"], answer.json["stopped"]) == ([], {})
    assert answer.json["backed_up_seq"] == 0
    receipts = at.receipts(*answer.json["receipts"])
    assert [one["hash"] for one in receipts] == [change.hash for change in batch]
    assert {one["state"] for one in receipts} == {"stored"}


def test_the_same_push_again_gets_the_same_receipts_and_stores_nothing(at: Running) -> None:
    device = at.device()
    batch = [device.change() for _ in range(3)]
    first, again = at.process.push(device, *batch), at.process.push(device, *batch)
    assert again.json["known"] == [change.hash for change in batch]
    assert again.json["receipts"] == first.json["receipts"]
    assert again.json["heads"] == first.json["heads"]


def test_a_push_that_overlaps_gets_old_and_new_sheets(at: Running) -> None:
    device = at.device()
    batch = [device.change() for _ in range(4)]
    first = at.process.push(device, *batch[:2])
    answer = at.process.push(device, *batch)
    assert len(answer.json["known"]) == 2
    assert first.json["receipts"][0] in answer.json["receipts"]
    hashes = [one["hash"] for one in at.receipts(*answer.json["receipts"])]
    assert hashes == [change.hash for change in batch]


def test_a_gap_says_where_to_send_on_from(at: Running) -> None:
    device = at.device()
    first, _lost, third = (device.change() for _ in range(3))
    answer = at.process.push(device, first, third)
    assert answer.json["heads"][device.signer.device]["seq"] == 1
    assert answer.json["stopped"][device.signer.device]["code"] == "gap"
    assert answer.json["stopped"][device.signer.device]["retry"] is True


def _altered(change: Change) -> Change:
    return replace(change, payload=change.payload.replace('"full"', '"fulk"'))


@pytest.mark.parametrize("purpose", ["receipt", "enrol", "token", "altered"])
def test_a_signature_for_something_else_stops_the_device(at: Running, purpose: str) -> None:
    device = at.device()
    change = device.change()
    if purpose == "altered":
        forged = _altered(change)
    else:
        forged = replace(change, signature=device.signer.key.sign(purpose, change.payload))
    answer = at.process.push(device, forged)
    assert answer.json["stopped"][device.signer.device]["code"] == "bad_signature"
    assert answer.json["receipts"] == []


def test_another_observers_change_needs_that_observers_signature(at: Running) -> None:
    device, other = at.device(), at.device("OBS-2")
    change = other.change()
    forged = replace(change, signature=device.signer.key.sign("change", change.payload))
    answer = at.process.push(device, forged)
    assert answer.json["stopped"][other.signer.device]["code"] == "bad_signature"


def test_any_node_of_the_mission_may_carry(at: Running) -> None:
    device, other = at.device(), at.device("OBS-2")
    answer = at.process.push(device, other.change())
    assert [one["state"] for one in at.receipts(*answer.json["receipts"])] == ["stored"]


def test_a_change_of_another_mission_is_not_stored(at: Running) -> None:
    device = at.device()
    answer = at.process.push(device, device.change(mission="elsewhere"))
    stop = answer.json["stopped"][device.signer.device]
    assert (stop["code"], stop["status"]) == ("unknown_mission", 404)


def test_a_kind_of_headquarters_is_quarantined_and_the_chain_goes_on(at: Running) -> None:
    device = at.device()
    answer = at.process.push(
        device, device.change(kind="mission", fields={"title": "Mine"}), device.change()
    )
    receipts = at.receipts(*answer.json["receipts"])
    assert [one["state"] for one in receipts] == ["quarantined", "stored"]
    assert answer.json["heads"][device.signer.device]["seq"] == 2


def test_text_that_is_not_unicode_stops_nobody_else(at: Running) -> None:
    device = at.device()
    poison = {"payload": '{"device":"\ud800"}', "signature": "x"}
    answer = at.process.post("push", {"changes": [poison, device.change().wire()]}, device.token)
    assert answer.status == 200
    assert answer.json["stopped"][""]["code"] == "bad_payload"
    assert len(at.receipts(*answer.json["receipts"])) == 1


# What is refused whole


def test_who_is_not_signed_in_is_refused(at: Running) -> None:
    body = {"changes": []}
    for headers in (
        {},
        {"Cookie": f"token={at.device().token}; ds_actor=x"},
        {"Authorization": "Bearer unknown"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic eDp5"},
    ):
        answer = at.process.post("push", body, **headers)
        fails(answer, 401, "signed_out")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_device_brings_nothing_more(at: Running) -> None:
    device = at.device()
    assert at.process.push(device, device.change()).status == 200
    at.hub.revoke(MISSION, device.signer.device)
    fails(at.process.push(device, device.change()), 403, "device_revoked")


WHOLE = json.dumps({"changes": []}).encode()


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (WHOLE[:-2], {}, 400, "bad_request"),
        (b"", {}, 400, "bad_request"),
        (b"\xff\xfe", {}, 400, "bad_request"),
        (b"[" * 100_000, {}, 400, "bad_request"),
        (b"[]", {}, 400, "bad_request"),
        (b'{"changes": [], "more": 1}', {}, 400, "bad_request"),
        (packed({"changes": []})[:-9], {"Content_Encoding": "gzip"}, 400, "bad_request"),
        (packed({}) + b"x", {"Content_Encoding": "gzip"}, 400, "bad_request"),
        (b"not gzip", {"Content_Encoding": "gzip"}, 400, "bad_request"),
        (WHOLE, {"Content_Type": "text/plain"}, 415, "wrong_type"),
        (WHOLE, {"Content_Type": "application/x-www-form-urlencoded"}, 415, "wrong_type"),
        (WHOLE, {"Content_Encoding": "br"}, 415, "wrong_type"),
        (b" " * (MAX_BODY_BYTES + 1), {}, 413, "too_large"),
        (packed("x" * 50_000_000), {"Content_Encoding": "gzip"}, 413, "too_large"),
        (
            json.dumps({"changes": [{"payload": "", "signature": ""}] * 101}).encode(),
            {},
            413,
            "too_large",
        ),
    ],
)
def test_a_body_that_cannot_be_taken(
    at: Running, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    fails(at.process.post("push", body, at.device().token, **headers), status, code)


@pytest.mark.parametrize(
    ("method", "call", "status", "code"),
    [
        ("GET", "push", 405, "method_not_allowed"),
        ("POST", "hello", 405, "method_not_allowed"),
        ("DELETE", "token", 405, "method_not_allowed"),
        ("GET", "pull-request", 404, "not_found"),
        ("GET", "../v1/hello", 404, "not_found"),
    ],
)
def test_a_call_that_there_is_not(
    at: Running, method: str, call: str, status: int, code: str
) -> None:
    fails(at.process.ask(method, call), status, code)


def test_the_table_of_routes_is_what_there_is(at: Running) -> None:
    for method, path in ROUTES:
        call = path.partition("/v1/")[2].replace("{sha256}", "a" * 64)
        answer = at.process.ask(method, call, b"" if method == "POST" else None)
        assert answer.status not in (404, 405)


def test_a_gzip_body_is_taken(at: Running) -> None:
    device = at.device()
    body = packed({"changes": [device.change().wire()]})
    answer = at.process.post("push", body, device.token, Content_Encoding="gzip")
    assert len(at.receipts(*answer.json["receipts"])) == 1


# Kills, seconds, and the whole way


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    process = Process(tmp_path)
    acknowledged: dict[str, str] = {}
    process.start("--no-projecting")
    device = process.device(hub, "OBS-1")
    for _ in range(4):
        for _ in range(5):
            change = device.change()
            answer = process.push(device, change)
            acknowledged[change.hash] = answer.json["heads"][device.signer.device]["hash"]
        process.stop(signal.SIGKILL)
        process.start("--no-projecting")
    again = process.push(device, device.change())
    assert again.json["heads"][device.signer.device]["seq"] == 21
    process.stop()
    log = hub.log(MISSION)
    assert set(acknowledged) <= set(log.known(acknowledged))
    log.close()
    hub.close()
    assert all(hash_ == head for hash_, head in acknowledged.items())


def test_a_second_ingest_refuses_to_start(at: Running) -> None:
    second = Process(at.hub.instance)
    done = subprocess.run(second.command(), capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "Another process already writes to training.db" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_busy_port_is_told_in_one_sentence(at: Running, tmp_path: Path) -> None:
    new_hub(tmp_path).close()
    second = Process(tmp_path, at.process.port)
    done = subprocess.run(second.command(), capture_output=True, text=True, timeout=20)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert f"Port {at.process.port}" in done.stderr


def test_from_an_observers_log_to_the_tables_of_headquarters(at: Running, tmp_path: Path) -> None:
    device = at.device("OBS-9")
    hub_log = at.hub.log(MISSION)
    seat = at.hub.seat(hub_log)
    hub_log.close()
    log = Log(tmp_path / f"{MISSION}.db")
    with log.writing():
        log.trust_hub(seat.device, seat.key.public)
        log.set_meta({"hub_device": seat.device, "hub_key": seat.key.public, "epoch": seat.epoch})
        log.db["devices"].insert(  # type: ignore[union-attr]
            {
                "device": device.signer.device,
                "author": "OBS-9",
                "role": "observer",
                "public_key": device.signer.key.public,
            }
        )
    case = str(uuid7())
    cut(
        log,
        device.signer,
        [Dirty("case", case, {"title": "Fictional"})],
        lambda: "2026-03-02T09:30:00.000Z",
    )
    transport = at.process.transport(device.token)
    report = push(log, transport, MISSION)
    again = push(log, transport, MISSION)
    transport.close()
    assert (report.sent, report.clean, log.count_unreceived()) == (1, True, 0)
    assert (again.sent, again.known) == (0, 0)
    log.close()
    facts, _ = paths_of(at.hub.instance / "projections", MISSION)
    wait_for(lambda: case in _cases(facts), 10)


def _cases(path: Path) -> list[str]:
    from sync.log import connect

    if not path.exists():
        return []
    db = connect(path)
    try:
        return [row["id"] for row in db["cases"].rows] if "cases" in db.table_names() else []
    finally:
        db.close()
