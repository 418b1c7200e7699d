"""Restoring a headquarters from a backup: the same records, and a new device, key and epoch.

A restored hub never continues its old chain: what the old one signed after the backup is still out
there, under the same numbers. It begins anew, the old key names the new one once, and devices send
again what the backup lacks.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from uuid6 import uuid7

from review.backup import verify_backup
from review.errors import NoBackup, NotEmpty
from review.follower import projecting, turn
from review.hub import AUTHOR, Hub, Seat, seat_of
from review.verification import check_sound
from schemas.rights import HUB
from sync.epochs import state_succession
from sync.keys import DeviceKey
from sync.log import Log

PARTS = ("log", "keys", "blobs", "hub.db")


@dataclass(frozen=True, slots=True)
class Restored:
    """A mission that was restored: its new fingerprint, and how far the backup went."""

    mission: str
    fingerprint: str
    position: int
    files: int


def restore(backup: Path, instance: Path) -> list[Restored]:
    """Make a headquarters from a backup; whole, or nothing of it.

    :raises NotEmpty: there is something in the folder already
    :raises NoBackup: it is no backup, or it is damaged
    :raises NotSound: its verification found something wrong
    """
    if instance.exists() and any(instance.iterdir()):
        raise NotEmpty(f"{instance} is not empty. A backup is restored into an empty folder only.")
    verdicts = verify_backup(backup)
    for found in verdicts.values():
        check_sound(found, "This backup")
    making = instance.with_name(instance.name + ".restoring")
    if making.exists():
        raise NotEmpty(f"A restore was cut off. Look at {making}, remove it, and try again.")
    making.mkdir(mode=0o700, parents=True)
    try:
        _copy(backup, making)
        hub = Hub(making)
        try:
            hub.store.drop_tokens()
            seats = [_begin_anew(hub, mission) for mission in verdicts]
        finally:
            hub.close()
        os.replace(making, instance)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    _make_tables(instance, verdicts)
    return [
        Restored(
            *(seat.mission, seat.fingerprint),
            *(verdicts[seat.mission].position, verdicts[seat.mission].counts["files"]),
        )
        for seat in seats
    ]


def _copy(backup: Path, making: Path) -> None:
    for name in PARTS:
        source = backup / name
        if source.is_dir():
            shutil.copytree(source, making / name)
        elif source.exists():
            shutil.copyfile(source, making / name)
    for path in making.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _begin_anew(hub: Hub, mission: str) -> Seat:
    """Let a new device of headquarters follow the one of the backup."""
    path = hub.keys / f"{mission}.key"
    log = Log(hub.log_path(mission))
    try:
        old = seat_of(log, hub.keys)
        if old is None:
            raise NoBackup(f"Making the mission {mission!r} was cut off before this backup.")
        new = Seat(
            *(mission, str(uuid7()), str(uuid7())),
            *(old.record, old.practice, DeviceKey.generate()),
        )
        with log.writing():
            _succeed(hub, log, old, new)
            # The old key has signed its last: were it kept, two hubs could speak with one voice.
            path.unlink()
            new.key.save(path)
        return new
    finally:
        log.close()


def _succeed(hub: Hub, log: Log, old: Seat, new: Seat) -> None:
    former = log.devices(HUB)
    statements = json.loads(log.meta("succession") or "[]")
    statements.append(state_succession(old.issuer, new.issuer, hub.now()))
    log.trust_hub(new.device, new.key.public)
    log.set_meta(
        {
            "hub_device": new.device,
            "hub_key": new.key.public,
            "epoch": new.epoch,
            "succession": json.dumps(statements),
            "first_sheet": str(log.last_sheet()[0] + 1),
            "restored_position": str(log.position()),
            "backed_up_seq": "0",
        }
    )
    for device, key in [
        (new.device, new.key.public),
        *((one.device, one.public_key) for one in former),
    ]:
        fields = {"author": AUTHOR, "role": HUB, "public_key": key}
        new.write(log, "device", device, fields, hub.now)


def _make_tables(instance: Path, missions: Iterable[str]) -> None:
    for mission in missions:
        path = instance / "log" / f"{mission}.db"
        with projecting(instance, mission, path) as projector, turn(instance, mission):
            projector.rebuild()
