"""Files at headquarters, over real HTTP to a real process: cut, wrong, too large, not yours."""

import http.client
import os
import signal
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from blob_calls import attach, author, call, code, head, patch, pdf, sha256, stored
from hub_process import MISSION, Device, Process, Running, new_hub, wait_for
from uuid6 import uuid7

from review.blobs import Blobs
from sync.keys import DeviceKey

SMALL = {
    "HUB_BLOB_BYTES": "3000000",
    "HUB_BLOB_PIXELS": "1000000",
    "HUB_BLOB_AUTHOR_BYTES": "8000000",
}


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One process for the whole module, with small limits."""
    hub = new_hub(tmp_path_factory.mktemp("blobs") / "hub")
    hub.create("other", "Another fictional mission", "Europe/Berlin", practice=True)
    process = Process(hub.instance)
    before = {name: os.environ.get(name) for name in SMALL}
    os.environ.update(SMALL)
    try:
        process.start("--no-projecting")
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    yield Running(hub, process)
    said = process.stop()
    hub.close()
    assert said == "", said


def test_a_file_in_one_piece_arrives_and_is_read_back(at: Running) -> None:
    device, content = at.device(author()), pdf(200_000)
    name = attach(at, device, content)
    asked = head(at, name, device)
    assert (asked.status, asked.offset, asked.headers["upload-length"]) == (200, 0, "200000")
    assert asked.headers["tus-resumable"] == "1.0.0"
    assert asked.headers["cache-control"] == "no-store"
    sent = patch(at, name, device, content, 0)
    assert (sent.status, sent.offset) == (204, 200_000)
    assert head(at, name, device).offset == 200_000
    assert patch(at, name, device, b"", 200_000).status == 204
    assert stored(at, name).read_bytes() == content
    got = call(at, "GET", name, device.token)
    assert (got.status, got.body) == (200, content)
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"] == "attachment"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-", 10, 999),
        ("bytes=-10", 990, 999),
        ("bytes=5-9999", 5, 999),
    ],
)
def test_a_part_of_a_file_is_given(at: Running, wanted: str, first: int, last: int) -> None:
    device, content = at.device(author()), pdf(1000)
    name = attach(at, device, content)
    patch(at, name, device, content, 0)
    got = call(at, "GET", name, device.token, Range=wanted)
    assert (got.status, got.body) == (206, content[first : last + 1])
    assert got.headers["content-range"] == f"bytes {first}-{last}/1000"
    assert call(at, "GET", name, device.token, Range="lines=1-2").status == 200
    beyond = call(at, "GET", name, device.token, Range="bytes=1000-")
    assert (beyond.status, code(beyond)) == (416, "bad_range")


def test_cut_ten_times_it_goes_on_where_it_was(at: Running) -> None:
    device, content = at.device(author()), pdf(1_500_000)
    name, offset = attach(at, device, content), 0
    for _ in range(10):
        connection = http.client.HTTPConnection("127.0.0.1", at.process.port, timeout=20)
        connection.putrequest("PATCH", f"/-/sync/v1/blobs/{name}")
        for key, value in (
            ("Authorization", f"Bearer {device.token}"),
            ("Tus-Resumable", "1.0.0"),
            ("Content-Type", "application/offset+octet-stream"),
            ("Upload-Offset", str(offset)),
            ("Content-Length", str(len(content) - offset)),
        ):
            connection.putheader(key, value)
        connection.endheaders(content[offset : offset + 100_000])
        connection.close()  # in the middle of the body
        before = offset
        wait_for(lambda before=before: head(at, name, device).offset > before, 10)
        offset = head(at, name, device).offset
        assert offset < len(content)
    assert patch(at, name, device, content[offset:], offset).offset == len(content)
    assert stored(at, name).read_bytes() == content


def test_a_wrong_offset_is_told_the_right_one(at: Running) -> None:
    device, content = at.device(author()), pdf()
    name = attach(at, device, content)
    assert patch(at, name, device, content[:300], 0).offset == 300
    for offset in (0, 299, 301, 5000):
        refused = patch(at, name, device, content[300:], offset)
        assert (refused.status, code(refused), refused.offset) == (409, "wrong_offset", 300)
    assert patch(at, name, device, content[300:], 300).offset == 1000


def test_a_wrong_whole_is_dropped_and_stops_no_text(at: Running) -> None:
    device, content = at.device(author()), pdf()
    name = attach(at, device, content)
    refused = patch(at, name, device, content[:-1] + b"!", 0)
    assert (refused.status, code(refused)) == (460, "bad_blob")
    assert head(at, name, device).offset == 0
    assert call(at, "GET", name, device.token).status == 404
    assert at.process.push(device, device.change()).status == 200
    assert patch(at, name, device, content, 0).status == 204


def test_content_of_another_type_is_refused_with_the_first_piece(at: Running) -> None:
    device, content = at.device(author()), b"<html><script>" + uuid7().bytes * 100
    name = attach(at, device, content, "image/png")
    refused = patch(at, name, device, content[:100], 0)
    assert (refused.status, code(refused)) == (415, "wrong_blob_type")
    assert head(at, name, device).offset == 0


def test_a_type_that_is_not_taken_is_refused_before_any_byte(at: Running) -> None:
    device = at.device(author())
    name = attach(at, device, b"<html>" + uuid7().bytes, "text/html")
    asked = head(at, name, device)
    assert (asked.status, asked.headers["trial-code"]) == (415, "wrong_blob_type")


def test_a_file_over_the_limit_is_refused_before_any_byte(at: Running) -> None:
    device, content = at.device(author()), pdf(3_000_001)
    name = attach(at, device, content)
    asked = head(at, name, device)
    assert (asked.status, asked.headers["trial-code"]) == (413, "blob_too_large")
    refused = patch(at, name, device, content, 0)
    assert (refused.status, code(refused)) == (413, "blob_too_large")
    assert not list((at.hub.instance / "blobs" / MISSION / "parts").glob(name))


def test_more_bytes_than_the_record_names_are_refused(at: Running) -> None:
    device, content = at.device(author()), pdf()
    name = attach(at, device, content)
    refused = patch(at, name, device, content + b"more", 0)
    assert (refused.status, code(refused)) == (413, "blob_too_large")
    assert patch(at, name, device, content, head(at, name, device).offset).status == 204


def test_a_pixel_bomb_is_refused_by_its_header(at: Running) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IHDR") + header + uuid7().bytes * 5
    device = at.device(author())
    name = attach(at, device, bomb, "image/png")
    refused = patch(at, name, device, bomb, 0)
    assert (refused.status, code(refused)) == (413, "too_many_pixels")
    assert head(at, name, device).offset == 0


def test_a_file_that_no_record_names_is_not_taken(at: Running) -> None:
    device, content = at.device(author()), pdf()
    for name in (sha256(content), "x" * 64, "..", "%2e%2e%2fhub.db"):
        assert head(at, name, device).headers["trial-code"] == "unknown_blob"
        refused = patch(at, name, device, content, 0)
        assert (refused.status, code(refused)) == (404, "unknown_blob")


def test_who_does_not_see_the_record_neither_sends_nor_reads_its_file(at: Running) -> None:
    device, stranger, content = at.device(author()), at.device(author()), pdf()
    name = attach(at, device, content)
    assert code(patch(at, name, stranger, content, 0)) == "unknown_blob"
    patch(at, name, device, content, 0)
    assert head(at, name, stranger).status == 404
    refused = call(at, "GET", name, stranger.token)
    assert (refused.status, code(refused)) == (404, "unknown_blob")
    replacement = at.device(device.signer.author)
    assert call(at, "GET", name, replacement.token).body == content


def test_another_mission_has_other_files(at: Running) -> None:
    device, content = at.device(author()), pdf()
    name = attach(at, device, content)
    patch(at, name, device, content, 0)
    invitation = at.hub.invite("other", "OBS-1", "observer", 600, at.process.address)
    answer = at.process.enrol(invitation, str(uuid7()), DeviceKey.generate())
    assert call(at, "GET", name, answer.json["token"]).status == 404
    assert call(at, "HEAD", name, answer.json["token"]).status == 404


def test_a_revoked_device_and_who_is_not_signed_in_are_refused(at: Running) -> None:
    device, content = at.device(author()), pdf()
    name = attach(at, device, content)
    refused = call(at, "PATCH", name, "nonsense", content, Upload_Offset="0")
    assert (refused.status, code(refused)) == (401, "signed_out")
    assert refused.headers["www-authenticate"] == "Bearer"
    at.hub.revoke(MISSION, device.signer.device)
    for method in ("PATCH", "GET"):
        refused = call(at, method, name, device.token, Upload_Offset="0")
        assert (refused.status, code(refused)) == (403, "device_revoked")


@pytest.mark.parametrize(
    ("headers", "status", "name"),
    [
        ({"Tus_Resumable": "0.2.2"}, 412, "wrong_tus_version"),
        ({"Tus_Resumable": ""}, 412, "wrong_tus_version"),
        ({"Content_Type": "application/json"}, 415, "wrong_type"),
        ({"Content_Encoding": "gzip"}, 415, "wrong_type"),
        ({"Upload_Offset": "-1"}, 400, "bad_request"),
        ({"Upload_Offset": "٣"}, 400, "bad_request"),
        ({"Upload_Offset": "9" * 40}, 400, "bad_request"),
    ],
)
def test_a_request_that_is_not_tus_is_refused(
    at: Running, headers: dict[str, str], status: int, name: str
) -> None:
    device, content = at.device(author()), pdf()
    sha = attach(at, device, content)
    given = {key: value.encode().decode("latin-1") for key, value in headers.items()}
    refused = call(at, "PATCH", sha, device.token, content, **{"Upload_Offset": "0", **given})
    assert (refused.status, code(refused)) == (status, name)
    if status == 412:
        assert refused.headers["tus-version"] == "1.0.0"


def test_another_method_is_told_which_there_are(at: Running) -> None:
    refused = call(at, "DELETE", "a" * 64, at.device(author()).token)
    assert (refused.status, refused.headers["allow"]) == (405, "HEAD, PATCH, GET")


def test_an_author_has_a_quota_of_which_begun_files_are_part(at: Running) -> None:
    device = at.device(author())
    contents = [pdf(2_900_000) for _ in range(3)]
    names = [attach(at, device, content) for content in contents]
    for name, content in zip(names[:2], contents, strict=False):
        assert patch(at, name, device, content[:1000], 0).status == 204
    refused = patch(at, names[2], device, contents[2], 0)
    assert (refused.status, code(refused)) == (507, "over_quota")
    assert refused.headers["retry-after"] == "60"
    assert patch(at, names[0], device, contents[0][1000:], 1000).status == 204
    other = at.device(author())
    assert patch(at, attach(at, other, contents[2]), other, contents[2], 0).status == 204


def test_sixteen_at_once_arrive_whole(at: Running) -> None:
    devices = [at.device(author()) for _ in range(16)]
    contents = [pdf(400_000 + n) for n in range(16)]
    names = [attach(at, d, c) for d, c in zip(devices, contents, strict=True)]

    def send(n: int) -> int:
        for start in range(0, len(contents[n]), 150_000):
            piece = contents[n][start : start + 150_000]
            last = patch(at, names[n], devices[n], piece, start)
            assert last.status == 204, last.body
        return last.offset

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(send, range(16))) == [len(content) for content in contents]
    for name, content in zip(names, contents, strict=True):
        assert stored(at, name).read_bytes() == content


def test_two_who_send_the_same_file_at_once_harm_nothing(at: Running) -> None:
    devices, content = [at.device(author()) for _ in range(2)], pdf(1_000_000)
    names = {attach(at, device, content) for device in devices}
    (name,) = names

    def send(device: Device) -> set[int]:
        seen, offset = set(), 0
        while offset < len(content):
            answer = patch(at, name, device, content[offset : offset + 70_000], offset)
            seen.add(answer.status)
            offset = answer.offset
        return seen

    with ThreadPoolExecutor(2) as pool:
        statuses = set().union(*pool.map(send, devices))
    assert statuses <= {204, 409}
    assert stored(at, name).read_bytes() == content


def test_killed_in_the_middle_it_goes_on(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    at = Running(hub, process)
    try:
        device, content = at.device(author()), pdf(600_000)
        name = attach(at, device, content)
        assert patch(at, name, device, content[:250_000], 0).offset == 250_000
        process.stop(signal.SIGKILL)
        process.start("--no-projecting")
        assert head(at, name, device).offset == 250_000
        assert patch(at, name, device, content[250_000:], 250_000).offset == 600_000
        assert stored(at, name).read_bytes() == content
    finally:
        process.stop()
        hub.close()


def test_memory_stays_flat_while_many_large_files_come_in(at: Running) -> None:
    assert at.process.process is not None
    status = Path(f"/proc/{at.process.process.pid}/status")
    if not status.exists():
        pytest.skip("only where /proc tells how much memory a process used")

    def most() -> int:
        (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmHWM")]
        return int(line.split()[1])  # kB

    devices = [at.device(author()) for _ in range(16)]
    contents = [pdf(2_900_000) for _ in range(16)]
    names = [attach(at, d, c) for d, c in zip(devices, contents, strict=True)]
    before = most()
    with ThreadPoolExecutor(16) as pool:
        sent = list(pool.map(lambda n: patch(at, names[n], devices[n], contents[n], 0), range(16)))
    assert {one.status for one in sent} == {204}
    assert most() - before < 25_000, "46 MB came in"


def test_the_file_of_an_erased_record_is_removed(at: Running) -> None:
    device, content = at.device(author()), pdf()
    name = attach(at, device, content)
    assert patch(at, name, device, content, 0).status == 204
    log = at.hub.log(MISSION)
    (blob,) = log.blob(name)
    (change,) = log.changes_of(blob.record)
    with log.writing():
        fields = {"hashes": [change.hash], "by": "HQ", "reason": "fictional"}
        at.hub.seat(log).write(log, "erasure", str(uuid7()), fields, at.hub.now)
    assert call(at, "GET", name, device.token).status == 404
    files = Blobs(at.hub.instance / "blobs")
    files.tidy(MISSION, log)
    files.close()
    log.close()
    assert not stored(at, name).exists()
