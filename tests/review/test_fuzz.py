"""Random input, in short; `make soak` does it for long."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import payload_fuzz
import pytest
import request_fuzz
from hub_process import MISSION, Process, Running, new_hub
from request_fuzz import RequestFuzz, drip, peak_memory, real_bodies, signed_in
from uuid6 import uuid7

from observer.profile import Home, enrol
from observer.relay.app import create_relay
from review.hub import CALLS
from schemas.envelope import envelope_problems
from sync.change import Signer, make_change, read_change
from sync.errors import BadEnvelope, BadPayload
from sync.http import OFFSET_BYTES
from sync.keys import DeviceKey
from sync.profile import parse_payload
from tests.observer.test_relay import Relay

MEMORY = 400_000_000  # bytes


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One process for the whole module."""
    hub = new_hub(tmp_path_factory.mktemp("hub"))
    process = Process(hub.instance)
    process.start("--no-projecting")
    yield Running(hub, process)
    said = process.stop()
    hub.close()
    assert "Traceback" not in said, said


def test_two_thousand_payloads_are_read_or_refused() -> None:
    ended = payload_fuzz.fuzz(int(os.environ.get("FUZZ_SEED", "1")), 2_000)
    assert {"taken", "bad_payload", "bad_envelope", "too_large"} <= set(ended)


def odd_change(**changed: object) -> str:
    signer = Signer(MISSION, str(uuid7()), "OBS-1", DeviceKey.generate())
    made = make_change(
        signer,
        seq=1,
        prev="",
        kind="observation",
        record=str(uuid7()),
        parents=(),
        recorded_at="2026-03-02T09:30:00Z",
        fields={"mode": "full"},
    )
    return payload_fuzz.with_keys(made.payload, changed)


def test_a_number_that_is_none_is_a_bad_envelope() -> None:
    with pytest.raises(BadEnvelope):
        read_change(odd_change(seq="1"), "x")


def test_an_offset_of_five_thousand_digits_is_no_fault_of_the_relay(
    at: Running, tmp_path: Path
) -> None:
    home = Home(tmp_path / "relay")
    address = f"http://127.0.0.1:{at.process.port}"
    enrol(home, at.hub.invite(MISSION, "RELAY-1", "relay", 600, address))
    app = create_relay(home, forwarding=False)
    try:
        headers = {"Content-Type": OFFSET_BYTES, "Upload-Offset": "9" * 5000}
        answer = app.test_client().patch(f"/sync/v1/blobs/{'a' * 64}", headers=headers)
        assert answer.status_code < 500
    finally:
        app.extensions["relay"].close()


def test_the_schema_itself_says_so_too() -> None:
    assert envelope_problems(parse_payload(odd_change(seq="1")))


def test_a_lone_surrogate_is_a_bad_payload_however_it_comes() -> None:
    for text in ('{"a":"\ud800"}', '{"a":"\\ud800"}'):
        with pytest.raises(BadPayload):
            parse_payload(text)


def test_two_hundred_requests_to_headquarters(at: Running) -> None:
    device = at.device()
    bodies = real_bodies({"changes": [device.change().wire()]})
    source = RequestFuzz(1, CALLS, device.token, bodies)
    request_fuzz.fuzz(source, at.process.port, 200)
    assert at.process.process
    assert peak_memory(at.process.process.pid) < MEMORY
    assert at.process.push(device, at_last := device.change()).status == 200, at_last


def test_two_hundred_requests_to_a_relay(at: Running, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{at.process.port}"
    home = Home(tmp_path / "relay")
    invitation = at.hub.invite(MISSION, "RELAY-1", "relay", 600, address)
    enrol(home, invitation)
    relay = Relay(home.folder)
    relay.start()
    try:
        device = at.device()
        bodies = real_bodies({"changes": [device.change().wire()]})
        token = signed_in(relay.address, invitation.hub, device.signer)
        source = RequestFuzz(2, "/sync/v1", token, bodies)
        request_fuzz.fuzz(source, relay.port, 200)
        assert relay.process
        assert peak_memory(relay.process.pid) < MEMORY
    finally:
        relay.end()


def test_who_sends_byte_by_byte_holds_up_nobody(at: Running) -> None:
    socks = drip(at.process.port, f"{CALLS}/token")
    try:
        for _ in range(10):
            for sock in socks:
                sock.sendall(b" ")
            began = time.monotonic()
            assert at.process.hello() is not None
            assert time.monotonic() - began < 1
    finally:
        for sock in socks:
            sock.close()
