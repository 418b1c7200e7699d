"""Calls for files, byte for byte as given, and fictional documents."""

import hashlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_process import MISSION, Device, Running
from uuid6 import uuid7

from sync.change import Change


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def offset(self) -> int:
        return int(self.headers["upload-offset"])


def pdf(size: int = 1000, seed: bytes = b"") -> bytes:
    """A fictional document that nobody else has."""
    start = b"%PDF-1.7\n%" + (seed or uuid7().bytes.hex().encode())
    return start + b"." * (size - len(start))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def call(
    at: Running,
    method: str,
    name: str,
    token: str,
    body: "bytes | Iterator[bytes] | None" = None,
    **more: str,
) -> Answer:
    """One request for a file."""
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    if method == "PATCH":
        headers["Content-Type"] = "application/offset+octet-stream"
    headers |= {key.replace("_", "-"): value for key, value in more.items()}
    connection = http.client.HTTPConnection("127.0.0.1", at.process.port, timeout=20)
    try:
        path = f"/-/sync/v1/blobs/{name}"
        connection.request(method, path, body, {k: v for k, v in headers.items() if v})
        answer = connection.getresponse()
        found = {key.lower(): value for key, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


def patch(at: Running, name: str, device: Device, body: bytes, offset: int, **more: str) -> Answer:
    return call(at, "PATCH", name, device.token, body, Upload_Offset=str(offset), **more)


def head(at: Running, name: str, device: Device) -> Answer:
    return call(at, "HEAD", name, device.token)


def attach(
    at: Running, device: Device, content: bytes, type_: str = "application/pdf", **more: Any
) -> str:
    """Push a record that names a file; gives the file's hash."""
    fields = {"sha256": sha256(content), "size": len(content), "type": type_, **more}
    change: Change = device.change(fields=fields, kind="attachment")
    answer = at.process.push(device, change)
    assert at.receipts(*answer.json["receipts"])[0]["state"] == "stored", answer.json
    return str(fields["sha256"])


def code(answer: Answer) -> str:
    found = json.loads(answer.body)
    assert set(found) == {"ok", "code", "error", "status", "retry"}
    assert found["status"] == answer.status
    assert answer.headers["trial-code"] == found["code"]
    return str(found["code"])


def author() -> str:
    return f"OBS-{uuid7().hex[-8:]}"


def stored(at: Running, name: str) -> Path:
    return at.hub.instance / "blobs" / MISSION / name[:2] / name
