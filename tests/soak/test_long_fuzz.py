"""Random payloads and requests for long; ``tests/review/test_fuzz.py`` is the short of it."""

import resource
import time
from pathlib import Path

import payload_fuzz
import pytest
import request_fuzz
from progress import Part, scaled
from request_fuzz import FAULTS_OF_RELAY, RequestFuzz, drip, peak_memory, real_bodies, signed_in

from observer.profile import Home, enrol
from review.hub import CALLS
from tests.observer.test_relay import Relay
from tests.review.hub_process import MISSION, Process, new_hub

pytestmark = pytest.mark.soak

PAYLOADS = 1_000_000
REQUESTS = 20_000  # to each
MEMORY = 400_000_000  # bytes


def test_a_million_payloads() -> None:
    part = Part("payloads")
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, limits[1]))
    try:
        for number in part.rounds(20):
            part.figures.update(payload_fuzz.fuzz(number + 1000, scaled(PAYLOADS) // 20))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
            part.figures["MB at most"] = max(part.figures["MB at most"], peak)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_requests_to_headquarters_and_a_relay(tmp_path: Path) -> None:
    part = Part("requests")
    for number in part.rounds(10):
        folder = tmp_path / str(number)
        hub = new_hub(folder / "hub")
        process = Process(hub.instance)
        process.start("--no-projecting")
        home = Home(folder / "relay")
        address = f"http://127.0.0.1:{process.port}"
        invitation = hub.invite(MISSION, "RELAY-1", "relay", 600, address)
        enrol(home, invitation)
        relay = Relay(home.folder)
        relay.start()
        assert process.process
        assert relay.process
        try:
            device = process.device(hub, "OBS-1")
            bodies = real_bodies({"changes": [device.change().wire()]})
            for port, prefix, pid, known in (
                (process.port, CALLS, process.process.pid, ()),
                (relay.port, "/sync/v1", relay.process.pid, FAULTS_OF_RELAY),
            ):
                token = signed_in(f"http://127.0.0.1:{port}{prefix}", invitation.hub, device.signer)
                slow = drip(port, f"{prefix}/token")
                source = RequestFuzz(number, prefix, token, bodies, known)
                for _ in range(10):
                    for sock in slow:
                        _feed(sock)
                    ends = request_fuzz.fuzz(source, port, scaled(REQUESTS) // 100)
                    part.figures.update({str(key): n for key, n in ends.statuses.items()})
                    slowest = round(ends.slowest * 1000)
                    part.figures["ms at most"] = max(part.figures["ms at most"], slowest)
                for sock in slow:
                    sock.close()
                assert peak_memory(pid) < MEMORY
                peak = peak_memory(pid) // 1_000_000
                part.figures["MB at most"] = max(part.figures["MB at most"], peak)
        finally:
            relay.end()
            process.stop()
            hub.close()
        time.sleep(0.1)


def _feed(sock: object) -> None:
    try:
        sock.sendall(b" ")  # type: ignore[attr-defined]
    except OSError:
        return  # it was cut off, as one so slow may be
