"""A relay carries no files: text goes through it, and files wait for headquarters itself."""

import hashlib
import io
from pathlib import Path

from uuid6 import uuid7

from sync.files import FileSender, Shelf
from sync.http import HttpTransport
from sync.session import Session
from tests.observer.test_relay import Scene, scene

__all__ = ["scene"]  # the fixture


def test_a_file_waits_where_only_a_relay_is_reached(scene: Scene, tmp_path: Path) -> None:
    phone, shelf = scene.phone("OBS-1"), Shelf(tmp_path / "phone")
    content = b"%PDF-1.7\n" + uuid7().bytes.hex().encode()
    sha256, size = shelf.blobs.add(io.BytesIO(content))
    assert sha256 == hashlib.sha256(content).hexdigest()
    fields = {"observation": str(uuid7()), "sha256": sha256, "size": size}
    phone.write("attachment", str(uuid7()), {**fields, "type": "application/pdf"})
    sender = FileSender(phone.log, shelf)
    found = Session(phone.log, phone.transport, phone.signer, files=sender).run()
    assert found.pushed.carried == 1
    assert (shelf.state(sha256).state, shelf.state(sha256).code) == ("here", "")
    direct = HttpTransport(scene.at.process.address)
    Session(phone.log, direct, phone.signer, files=sender).run()
    direct.close()
    assert shelf.state(sha256).state == "received"
