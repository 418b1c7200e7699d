"""A relay between phones and headquarters, all real processes: bytes only, nothing lost with it."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fleet import Phone, enrolled, new_phone
from uuid6 import uuid7

from observer.profile import Home, enrol
from sync.errors import NotReached
from sync.files import FileSender, Shelf
from sync.http import HttpTransport, HubRefused
from tests.review.hub_process import MISSION, Process, Running, free_port, new_hub, wait_for

OBSERVER = Path(sys.executable).with_name("observer")


@dataclass
class Relay:
    """A relay's folder and process."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/sync/v1"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [OBSERVER, "serve", "--port", str(self.port)],
            env={**os.environ, "OBSERVER_INSTANCE": str(self.folder)},
            stdout=subprocess.DEVNULL,
        )
        wait_for(self._answers, 20)

    def _answers(self) -> bool:
        transport = HttpTransport(self.address)
        try:
            return bool(transport.get("hello")["relay"])
        except NotReached:
            return False
        finally:
            transport.close()

    def end(self, how: int = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None


@dataclass
class Scene:
    """Headquarters, a relay, and phones that know the relay only."""

    at: Running
    relay: Relay
    folder: Path
    phones: list[Phone] = field(default_factory=list)

    def phone(self, author: str) -> Phone:
        made = self.at.hub.invite(MISSION, author, "observer", 600, self.relay.address)
        self.phones.append(enrolled(made, self.folder))
        return self.phones[-1]

    def at_hub(self, *hashes: str) -> bool:
        log = self.at.hub.log(MISSION)
        try:
            return len(log.known(hashes)) == len(hashes)
        finally:
            log.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    made = Scene(Running(hub, process), new_relay(tmp_path / "relay", hub, process), tmp_path)
    made.relay.start()
    yield made
    for phone in made.phones:
        phone.close()
    made.relay.end()
    process.stop()
    hub.close()


def new_relay(folder: Path, hub: Any, process: Process) -> Relay:
    invitation = hub.invite(MISSION, "RELAY-1", "relay", 600, f"http://127.0.0.1:{process.port}")
    enrol(Home(folder), invitation)
    return Relay(folder)


def test_a_phone_comes_in_and_its_changes_arrive_by_the_relay(scene: Scene) -> None:
    phone = scene.phone("OBS-1")
    change = phone.write("observation", str(uuid7()), {"mode": "full"})
    first = phone.sync()
    assert first.pushed.carried + first.pushed.sent == 1
    wait_for(lambda: scene.at_hub(change.hash), 20)
    phone.sync()
    assert phone.log.receipt_states(change.record) == {"stored": 1}
    assert phone.log.count_unreceived() == 0


def test_while_headquarters_is_away_the_relay_takes_signs_and_carries_later(scene: Scene) -> None:
    phone, other = scene.phone("OBS-1"), scene.phone("OBS-2")
    scene.at.process.stop()
    change = phone.write("observation", str(uuid7()), {"mode": "full"})
    other.write("observation", str(uuid7()), {"mode": "full"})
    other.transport.token = ""  # it signs in at the relay, whose records know its key
    for one in (phone, other):
        with pytest.raises((NotReached, HubRefused)):
            one.sync()
    assert phone.log.receipt_states(change.record) == {"sent": 1}
    assert phone.log.count_unreceived() == 1  # sent is not received
    scene.at.process.start("--no-projecting")
    wait_for(lambda: scene.at_hub(change.hash), 40)
    for one in (phone, other):
        one.sync()
        assert one.log.count_unreceived() == 0


def test_losing_the_relay_loses_nothing_that_a_phone_still_holds(
    scene: Scene, tmp_path: Path
) -> None:
    phone = scene.phone("OBS-1")
    before = phone.write("observation", str(uuid7()), {"mode": "full"})
    phone.sync()
    wait_for(lambda: scene.at_hub(before.hash), 20)
    phone.sync()
    scene.at.process.stop()
    change = phone.write("observation", before.record, {"mode": "quick"})
    with pytest.raises((NotReached, HubRefused)):
        phone.sync()
    assert phone.log.receipt_states(change.record) == {"stored": 1, "sent": 1}
    scene.relay.end(signal.SIGKILL)
    shutil.rmtree(scene.relay.folder)
    scene.at.process.start("--no-projecting")
    fresh = new_relay(tmp_path / "relay again", scene.at.hub, scene.at.process)
    scene.relay.folder = fresh.folder
    scene.relay.start()
    phone.sync()
    wait_for(lambda: scene.at_hub(change.hash), 20)
    phone.sync()
    assert phone.log.receipt_states(change.record) == {"stored": 2}


def test_after_a_kill_the_relay_still_has_what_it_signed_for(scene: Scene) -> None:
    phone = scene.phone("OBS-1")
    scene.at.process.stop()
    changes = [phone.write("observation", str(uuid7()), {"mode": "full"}) for _ in range(20)]
    with pytest.raises((NotReached, HubRefused)):
        phone.sync()
    scene.relay.end(signal.SIGKILL)
    scene.relay.start()
    scene.at.process.start("--no-projecting")
    wait_for(lambda: scene.at_hub(*(change.hash for change in changes)), 40)


def test_no_phone_learns_of_another(scene: Scene) -> None:
    anna, ben = scene.phone("OBS-1"), scene.phone("OBS-2")
    secret = f"canary-{uuid7().hex}"
    change = anna.write("observation", str(uuid7()), {"mode": secret})
    anna.sync()
    wait_for(lambda: scene.at_hub(change.hash), 20)
    ben.sync()
    seen = []
    for call in ("hello", "pull", "pull?cursor=&limit=500"):
        seen.append(json.dumps(ben.transport.get(call)))
    answer = ben.transport.post("push", {"changes": []})
    seen.append(json.dumps(answer))
    assert not answer["heads"]
    assert not answer["receipts"]
    for text in seen:
        assert secret not in text
        assert change.hash not in text
        assert change.record not in text
    assert not ben.log.changes_of(change.record)


def test_the_relay_answers_no_page_and_nobody_without_a_token(scene: Scene) -> None:
    transport = HttpTransport(scene.relay.address)
    for call in ("pull", "nothing"):
        with pytest.raises(HubRefused) as told:
            transport.get(call)
        assert told.value.code in ("signed_out", "not_found")
    for call in ("push", "heads"):
        with pytest.raises(HubRefused) as told:
            transport.post(call, {"changes": []})
        assert told.value.code == "signed_out"
    transport.close()
    for path in ("/observations", "/static/observer.css"):
        with pytest.raises(urllib.error.HTTPError) as page:
            urllib.request.urlopen(f"http://127.0.0.1:{scene.relay.port}{path}", timeout=5)
        body = page.value.read()
        page.value.close()
        assert json.loads(body)["code"] == "not_found"


def test_a_revoked_phone_is_turned_away_and_what_it_holds_stays(scene: Scene) -> None:
    phone, other = scene.phone("OBS-1"), scene.phone("OBS-2")
    phone.sync()
    scene.at.hub.revoke(MISSION, phone.signer.device)
    other.write("observation", str(uuid7()), {"mode": "full"})
    other.sync()  # what comes in wakes the relay, which then hears of it
    relay_log = Home(scene.relay.folder).log()
    try:
        wait_for(
            lambda: (
                (relay_log.device(phone.signer.device) or relay_log.devices()[0]).revoked_at
                is not None
            ),
            40,
        )
    finally:
        relay_log.close()
    phone.write("observation", str(uuid7()), {"mode": "full"})
    with pytest.raises(HubRefused) as told:
        phone.sync()
    assert told.value.code == "device_revoked"
    assert phone.log.count_unreceived() == 1


def test_after_an_assignment_that_it_cannot_see_the_relay_still_hears_of_devices(
    scene: Scene,
) -> None:
    phone, other = scene.phone("OBS-1"), scene.phone("OBS-2")
    case = phone.write("case", str(uuid7()), {"title": "Fictional case"})
    phone.sync()
    wait_for(lambda: scene.at_hub(case.hash), 20)
    hub = scene.at.hub
    hub.assign(MISSION, case.record, "OBS-2")
    late = new_phone(scene.at, scene.folder, "OBS-3")  # not by this relay
    scene.phones.append(late)
    hub.revoke(MISSION, phone.signer.device)
    other.write("observation", str(uuid7()), {"mode": "full"})
    other.sync()  # what comes in wakes the relay, which then hears of it

    def heard() -> bool:
        log = Home(scene.relay.folder).log()
        try:
            revoked = log.device(phone.signer.device)
            return bool(revoked and revoked.revoked_at and log.device(late.signer.device))
        finally:
            log.close()

    wait_for(heard, 40)


def test_a_file_goes_through_the_relay_and_comes_back(scene: Scene, tmp_path: Path) -> None:
    phone = scene.phone("OBS-1")
    shelf = Shelf(tmp_path / "phone")
    content = b"%PDF-1.7\n" + os.urandom(1_200_000)
    sha256, size = shelf.blobs.add(io.BytesIO(content))
    observation = phone.write("observation", str(uuid7()), {"mode": "full"})
    fields = {
        "observation": observation.record,
        "sha256": sha256,
        "size": size,
        "type": "application/pdf",
    }
    change = phone.write("attachment", str(uuid7()), fields)
    phone.sync()
    wait_for(lambda: scene.at_hub(change.hash), 20)
    sender = FileSender(phone.log, shelf)
    sender.exchange(phone.transport, lambda: True)
    assert shelf.state(sha256).state == "received"
    stored = scene.at.hub.instance / "blobs" / MISSION / sha256[:2] / sha256
    assert stored.read_bytes() == content
    again = Shelf(tmp_path / "again")
    assert FileSender(phone.log, again).fetch(phone.transport, sha256).read_bytes() == content
    other = scene.phone("OBS-2")
    other.sync()
    for call in (other.transport.head, lambda call: other.transport.stream(call).__enter__()):
        with pytest.raises(HubRefused) as told:
            call(f"blobs/{sha256}")
        assert told.value.code == "unknown_blob"


def test_a_relay_writes_nothing_itself(scene: Scene) -> None:
    home = Home(scene.relay.folder)
    names = {path.name for path in home.folder.rglob("*") if path.is_file()}
    assert not {"drafts.db", "training.db.projection", "training_text.db"} & names
    answer = subprocess.run(
        [OBSERVER, "run", "--port", str(free_port())],
        env={**os.environ, "OBSERVER_INSTANCE": str(home.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode == 1
    assert "observer serve" in answer.stderr
