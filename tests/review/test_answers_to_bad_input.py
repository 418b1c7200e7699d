"""What headquarters answers to input that should not come, row by row, each with its exact code.

Rows that stand elsewhere: bodies, signatures, missions and cookies in ``test_ingest``, codes and
sign-ins in ``test_enrolment``, later versions and revoked devices in ``test_pull``, offsets of
files in ``test_blobs``.
"""

import json
import resource
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fleet import new_phone
from hub_process import MISSION, Answer, Device, Process, Running, fails, new_hub, wait_for
from uuid6 import uuid7

from review.channel import MAX_WAITING
from sync.change import Change, make_change


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Running]:
    """A fresh headquarters and its process."""
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    yield Running(hub, process)
    process.stop()
    hub.close()


def made_at(device: Device, recorded_at: str = "2026-03-02T09:30:00Z", **changed: Any) -> Change:
    """The device's next change, with something of it said otherwise."""
    values: dict[str, Any] = {"seq": device.seq + 1, "prev": device.prev, **changed}
    return make_change(
        device.signer,
        kind="observation",
        record=str(uuid7()),
        parents=(),
        recorded_at=recorded_at,
        fields={"mode": "full"},
        **values,
    )


def stop_of(answer: Answer, device: Device) -> dict[str, Any]:
    """Why this device's changes were not taken; in the one shape."""
    assert answer.status == 200
    stop: dict[str, Any] = answer.json["stopped"][device.signer.device]
    assert set(stop) == {"seq", "code", "error", "status", "retry"}
    return stop


def count(at: Running, device: Device) -> int:
    """How many changes of the device headquarters has."""
    log = at.hub.log(MISSION)
    try:
        return len(log.changes_of_device(device.signer.device))
    finally:
        log.close()


def test_when_the_reply_is_cut_after_the_commit_sending_again_is_harmless(at: Running) -> None:
    device = at.device()
    batch = [device.change() for _ in range(5)]
    body = json.dumps({"changes": [change.wire() for change in batch]}).encode()
    head = (
        f"POST /-/sync/v1/push HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {device.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", at.process.port)) as sock:
        sock.sendall(head.encode() + body)
        wait_for(lambda: count(at, device) == 5, 10)
    again = at.process.push(device, *batch)
    assert again.json["known"] == [change.hash for change in batch]
    receipts = at.receipts(*again.json["receipts"])
    assert [one["hash"] for one in receipts] == [change.hash for change in batch]
    assert count(at, device) == 5


def test_another_change_with_the_same_number_is_a_fork_and_both_are_kept(at: Running) -> None:
    device = at.device()
    other = made_at(device)
    mine = device.change()
    at.process.push(device, mine)
    stop = stop_of(at.process.push(device, other), device)
    assert (stop["code"], stop["status"], stop["retry"], stop["seq"]) == ("fork", 409, False, 1)
    conn = sqlite3.connect(at.hub.log_path(MISSION))
    assert conn.execute("SELECT payload FROM forks").fetchall() == [(other.payload,)]
    kept = conn.execute("SELECT payload FROM changes WHERE hash = ?", [mine.hash]).fetchall()
    conn.close()
    assert kept == [(mine.payload,)]


def test_a_gap_is_told_with_the_head(at: Running) -> None:
    device = at.device()
    first = device.change()
    device.change()
    answer = at.process.push(device, first, device.change())
    stop = stop_of(answer, device)
    assert (stop["code"], stop["status"], stop["retry"], stop["seq"]) == ("gap", 409, True, 3)
    assert answer.json["heads"][device.signer.device] == {"seq": 1, "hash": first.hash}


def test_a_change_that_follows_another_head_breaks_the_chain(at: Running) -> None:
    device = at.device()
    first = device.change()
    answer = at.process.push(device, first, made_at(device, prev="0" * 64))
    stop = stop_of(answer, device)
    assert (stop["code"], stop["status"], stop["retry"]) == ("chain_broken", 409, False)
    assert answer.json["heads"][device.signer.device]["seq"] == 1


def test_an_unknown_field_is_quarantined_and_the_chain_goes_on(at: Running) -> None:
    device = at.device()
    odd = device.change(fields={"mode": "full", "no_such_field": "x"})
    answer = at.process.push(device, odd, device.change())
    first, second = at.receipts(*answer.json["receipts"])
    assert (first["state"], first["code"]) == ("quarantined", "unknown_field")
    assert second["state"] == "stored"


def test_a_number_that_is_text_stops_its_device_and_nobody_else(at: Running) -> None:
    device, other = at.device(), at.device("OBS-2")
    change = device.change()
    payload = change.payload.replace('"seq":1', '"seq":"1"')
    odd = replace(change, payload=payload, signature=device.signer.key.sign("change", payload))
    answer = at.process.push(device, odd, other.change())
    assert stop_of(answer, device)["code"] == "bad_envelope"
    assert len(at.receipts(*answer.json["receipts"])) == 1


def test_a_clock_that_is_wrong_by_decades_changes_no_order(at: Running) -> None:
    device = at.device()
    for moment in ("2038-01-19T03:14:08Z", "1970-01-01T00:00:00Z", "2026-03-02T09:30:00+14:00"):
        change = made_at(device, moment)
        device.seq, device.prev = change.seq, change.hash
        answer = at.process.push(device, change)
        (receipt,) = at.receipts(*answer.json["receipts"])
        assert (receipt["state"], receipt["hash"]) == ("stored", change.hash)
        assert answer.json["heads"][device.signer.device]["seq"] == change.seq


def test_a_token_that_runs_out_midway_is_renewed_and_nothing_is_sent_twice(
    at: Running, tmp_path: Path
) -> None:
    phone = new_phone(at, tmp_path, "OBS-1")
    for _ in range(150):
        phone.write("observation", str(uuid7()), {"mode": "full"})
    post, pushes, refused = phone.transport.post, [], []

    def watched(call: str, body: Any) -> Any:
        if call == "push":
            pushes.append([change["payload"] for change in body["changes"]])
            if len(pushes) == 2:
                expire_all(at)
        try:
            return post(call, body)
        except Exception as error:
            refused.append(getattr(error, "code", ""))
            raise

    phone.transport.post = watched  # type: ignore[method-assign]
    found = phone.sync()
    assert refused == ["signed_out"]
    assert pushes[1] == pushes[2]  # what was refused, and nothing before it
    assert len({one for part in pushes for one in part}) == 150
    assert found.pushed.known == 0
    assert phone.log.count_unreceived() == 0
    phone.close()


def expire_all(at: Running) -> None:
    """Every token is of yesterday; ingest, started again, remembers none."""
    at.process.stop()
    conn = sqlite3.connect(at.hub.instance / "hub.db")
    conn.execute("UPDATE tokens SET expires_at = 1")
    conn.commit()
    conn.close()
    at.process.start("--no-projecting")


# Trouble at headquarters


@contextmanager
def locked(path: Path) -> Iterator[Callable[[], None]]:
    """Another program writes to a log and does not end; the block may end it."""
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield lambda: conn.execute("ROLLBACK")
    finally:
        conn.close()


def test_a_disk_without_room_is_storage_full_and_later_all_is_well(at: Running) -> None:
    device = at.device()
    at.process.push(device, device.change())
    assert at.process.process
    pid = at.process.process.pid
    # No file may grow: what SQLite hears is what a full disk says.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    batch = [device.change() for _ in range(100)]
    refused = at.process.push(device, *batch)
    fails(refused, 507, "storage_full")
    assert int(refused.headers["retry-after"]) > 0
    assert count(at, device) == 1
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    taken = at.process.push(device, *batch)
    assert len(at.receipts(*taken.json["receipts"])) == 100
    assert count(at, device) == 101


def test_a_log_that_another_program_locks_is_busy_in_bounded_time(at: Running) -> None:
    device, waiting = at.device(), at.device("OBS-2")
    change = device.change()
    with locked(at.hub.log_path(MISSION)):
        began = time.monotonic()
        refused = at.process.push(device, change)
        assert time.monotonic() - began < 20
        fails(refused, 503, "busy")
        assert int(refused.headers["retry-after"]) > 0
        began = time.monotonic()
        assert at.process.hello() is not None
        assert at.process.post("heads", {"devices": []}, waiting.token).status == 200
        assert time.monotonic() - began < 1
    assert at.process.push(device, change).json["stopped"] == {}


def test_too_many_pushes_at_once_are_busy_and_those_that_wait_are_taken(at: Running) -> None:
    many = MAX_WAITING + 60
    device = at.device()
    records = [made_at(device) for _ in range(many)]  # forks, but for the one that is first
    answers: list[tuple[float, Answer]] = []

    def push(change: Change) -> None:
        began = time.monotonic()
        answer = at.process.push(device, change)
        answers.append((time.monotonic() - began, answer))

    with locked(at.hub.log_path(MISSION)) as release:
        threads = [threading.Thread(target=push, args=(change,)) for change in records]
        for thread in threads:
            thread.start()
        wait_for(lambda: any(one.status == 503 for _, one in answers), 8)
        release()
        for thread in threads:
            thread.join(20)
    refused = [(took, one) for took, one in answers if one.status != 200]
    assert len(answers) == many
    for took, one in refused:
        fails(one, 503, "busy")
        assert int(one.headers["retry-after"]) > 0
        assert took < 8
    taken = [one for _, one in answers if one.status == 200]
    assert len(taken) >= MAX_WAITING
    assert sum(1 for one in taken if one.json["receipts"]) == 1
