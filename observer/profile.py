"""Who uses this laptop for which mission, and where its files are. Read once, never written here
but at enrolment.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from observer.errors import AlreadySetUp, NotSetUp, StoreNotEncrypted
from sync.change import Signer
from sync.clock import utc_now
from sync.errors import ForgedReceipt
from sync.http import HttpTransport
from sync.invitation import Invitation, enrol_body
from sync.keys import DeviceKey, fingerprint
from sync.log import Log
from sync.trust import believe

NOT_ENCRYPTED = (
    "This is a real mission, and this version cannot encrypt its store yet. "
    "Only practice missions may be entered on this laptop."
)


@dataclass(frozen=True, slots=True)
class Profile:
    """The enrolment of this laptop: mission, device, author, and the hub it belongs to."""

    mission: str
    device: str
    author: str
    role: str
    practice: bool
    address: str
    hub: str


@dataclass(frozen=True, slots=True)
class Home:
    """The folder with everything of one mission on this laptop."""

    folder: Path

    @property
    def profile_path(self) -> Path:
        """Who uses this laptop for which mission."""
        return self.folder / "profile.json"

    def key_path(self, device: str) -> Path:
        """The private key of a device that this laptop is or was."""
        return self.folder / "keys" / f"{device}.key"

    @property
    def drafts_path(self) -> Path:
        """What is not sent yet."""
        return self.folder / "drafts.db"

    @property
    def blobs_path(self) -> Path:
        """The files that records here name, by their hash."""
        return self.folder / "blobs"

    @property
    def device_path(self) -> Path:
        """The id under which this laptop enrols, kept before the first try."""
        return self.folder / "device.id"

    @property
    def sync_lock(self) -> Path:
        """Held by the one conversation with headquarters at a time."""
        return self.folder / "sync.lock"

    @property
    def secret_path(self) -> Path:
        """The key of the app's own cookies."""
        return self.folder / "cookies.key"

    def log_path(self, mission: str) -> Path:
        """The log."""
        return self.folder / "log" / f"{mission}.db"

    def profile(self) -> Profile:
        """The enrolment.

        :raises NotSetUp: nobody enrolled this laptop yet
        :raises StoreNotEncrypted: it is for a real mission
        """
        if not self.profile_path.exists():
            raise NotSetUp(
                "No mission is set up here. Ask headquarters for an invitation and run: "
                "observer init INVITATION"
            )
        profile = Profile(**json.loads(self.profile_path.read_text()))
        if not profile.practice:
            raise StoreNotEncrypted(NOT_ENCRYPTED)
        return profile

    def signer(self) -> Signer:
        """What signs this laptop's changes."""
        profile = self.profile()
        key = DeviceKey.load(self.key_path(profile.device))
        return Signer(profile.mission, profile.device, profile.author, key)

    @property
    def renewing(self) -> bool:
        """Whether going on as another device was begun and cut off."""
        return (self.folder / "successor.id").exists()

    def successor(self) -> str:
        """The id of the device that this laptop is to become; its key is made and kept here."""
        path = self.folder / "successor.id"
        if not path.exists():
            _write_new(path, str(uuid7()))
        device = path.read_text().strip()
        _ensure_key(self, device)
        return device

    def become(self, device: str) -> None:
        """Go on as another device of the same author. The old key stays: its chain is evidence."""
        profile = replace(self.profile(), device=device)
        _write_new(self.profile_path, json.dumps(asdict(profile), indent=1))
        (self.folder / "successor.id").unlink(missing_ok=True)

    def log(self) -> Log:
        """The opened log."""
        return Log(self.log_path(self.profile().mission))


def enrol(
    home: Home,
    invitation: Invitation,
    connect: Callable[[str], HttpTransport] = HttpTransport,
) -> Profile:
    """Use an invitation: make the device's key, prove it, keep what the hub answers.

    :param connect: makes a connection to an address

    :raises AlreadySetUp: the folder holds a mission
    :raises StoreNotEncrypted: the mission is a real one
    :raises SyncError: the hub was not reached or refused
    """
    if home.profile_path.exists():
        raise AlreadySetUp(
            f"{home.folder} holds a mission already. "
            "For another one choose another folder with OBSERVER_INSTANCE."
        )
    if not invitation.practice:
        raise StoreNotEncrypted(NOT_ENCRYPTED)
    home.folder.mkdir(parents=True, exist_ok=True)
    device = _device_id(home)
    key = _ensure_key(home, device)
    transport = connect(invitation.address)
    try:
        answer = transport.post("enrol", enrol_body(invitation, device, key, utc_now()))
    finally:
        transport.close()
    return _keep(home, invitation, device, answer)


def _device_id(home: Home) -> str:
    # Kept, so that a try whose answer was lost can be repeated: the hub knows who used the code.
    if not home.device_path.exists():
        _write_new(home.device_path, str(uuid7()))
    return home.device_path.read_text().strip()


def _ensure_key(home: Home, device: str) -> DeviceKey:
    path = home.key_path(device)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        DeviceKey.generate().save(path)
    return DeviceKey.load(path)


def _keep(home: Home, invitation: Invitation, device: str, answer: dict[str, Any]) -> Profile:
    hub = answer["hub"]
    if not fingerprint(hub["public_key"]).startswith(invitation.hub):
        raise ForgedReceipt(
            "What answered is not the headquarters of this invitation. Nothing was set up."
        )
    if not answer["practice"]:
        raise StoreNotEncrypted(NOT_ENCRYPTED)
    profile = Profile(
        mission=answer["mission"],
        device=device,
        author=answer["author"],
        role=answer["role"],
        practice=True,
        address=invitation.address,
        hub=fingerprint(hub["public_key"]),
    )
    log = Log(home.log_path(profile.mission))
    try:
        with log.writing():
            log.trust_hub(hub["device"], hub["public_key"])
            log.set_meta(
                {
                    "hub_device": hub["device"],
                    "hub_key": hub["public_key"],
                    "epoch": answer["epoch"],
                    "author": profile.author,
                }
            )
        believe(log, profile.mission, answer["changes"])
    finally:
        log.close()
    _write_new(home.profile_path, json.dumps(asdict(profile), indent=1))
    return profile


def _write_new(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
