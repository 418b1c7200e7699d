"""Headquarters' own hand: missions, their keys, and the changes that headquarters signs.

Works on the folder of one headquarters, beside a running ingest too: each change is made inside one
transaction of the log. Knows neither HTTP nor Datasette.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from uuid6 import uuid7

from review.errors import MissionExists, NoSuchMission, NotAcceptable
from review.store.enrolment import EnrolmentStore
from schemas.envelope import AUTHOR_CODE, MISSION_ID
from schemas.rights import HUB, ROLES
from schemas.zones import zone_of
from sync.change import Change, Signer, make_change
from sync.clock import Clock, utc_now
from sync.fold import fold
from sync.intake import receive_own
from sync.invitation import Invitation, new_code, plain_code
from sync.keys import DeviceKey, fingerprint
from sync.log import Log
from sync.receipts import Issuer

AUTHOR: Final = "HQ"
CALLS: Final = "/-/sync/v1"
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
# What every device of a mission is told, with the most characters of each.
LONGEST: Final = {"phone": 32, "app_name": 30, "emergency": 2000, "title": 200}
PHONE: Final = re.compile(r"\+?[0-9](?:[ ()./-]*[0-9]){2,}")


@dataclass(frozen=True, slots=True)
class Seat:
    """Headquarters in one mission: its device and key, the epoch, the mission's record."""

    mission: str
    device: str
    epoch: str
    record: str
    practice: bool
    key: DeviceKey

    @property
    def fingerprint(self) -> str:
        """What an invitation names headquarters by."""
        return fingerprint(self.key.public)

    @property
    def issuer(self) -> Issuer:
        """Who signs receipts."""
        return Issuer(self.mission, self.device, self.epoch, self.key)

    def write(
        self, log: Log, kind: str, record: str, fields: Mapping[str, Any], now: Clock
    ) -> Change:
        """Sign a change of a record and append it; inside ``log.writing()``."""
        head = log.head(self.device)
        change = make_change(
            Signer(self.mission, self.device, AUTHOR, self.key),
            seq=head.seq + 1,
            prev=head.hash,
            kind=kind,
            record=record,
            parents=fold(log.changes_of(record)).heads,
            recorded_at=now(),
            fields=fields,
        )
        receive_own(log, [change], now)
        return change


def seat_of(log: Log, keys: Path) -> Seat | None:
    """Headquarters in the mission of this log; ``None`` if the mission was never finished."""
    known = {name: log.meta(name) for name in ("mission", "hub_device", "epoch", "record")}
    mission, device, epoch, record = known.values()
    if mission is None or device is None or epoch is None or record is None:
        return None
    practice = log.meta("practice") == "1"
    return Seat(mission, device, epoch, record, practice, DeviceKey.load(keys / f"{mission}.key"))


class Hub:
    """One headquarters.

    :param instance: its folder
    :param clock: seconds since 1970, for what is valid until when
    :param now: times as they are written into changes
    """

    def __init__(
        self, instance: Path, clock: Callable[[], float] = time.time, now: Clock = utc_now
    ) -> None:
        instance.mkdir(parents=True, exist_ok=True)
        self.instance = instance
        self.now = now
        self.store = EnrolmentStore(instance / "hub.db", clock)

    def close(self) -> None:
        """Close ``hub.db``."""
        self.store.close()

    @property
    def keys(self) -> Path:
        """The folder of the missions' keys."""
        return self.instance / "keys"

    def log_path(self, mission: str) -> Path:
        """Where a mission's log is."""
        return self.instance / "log" / f"{mission}.db"

    def blobs_path(self, mission: str) -> Path:
        """The folder of a mission's files."""
        return self.instance / "blobs" / mission

    def missions(self) -> list[str]:
        """The names of all missions here."""
        return sorted(
            path.stem for path in self.keys.glob("*.key") if self.log_path(path.stem).exists()
        )

    def log(self, mission: str, *, exclusive: bool = False) -> Log:
        """The opened log of a mission; who calls closes it.

        :raises NoSuchMission: there is none of this name
        :raises LogInUse: exclusively wanted, and held by another process
        """
        if not MISSION_ID.fullmatch(mission) or mission not in self.missions():
            raise NoSuchMission(f"There is no mission {mission!r} here. See: observer-hub status")
        return Log(self.log_path(mission), exclusive=exclusive)

    def seat(self, log: Log) -> Seat:
        """Headquarters in the mission of an opened log.

        :raises NoSuchMission: making the mission was cut off
        """
        seat = seat_of(log, self.keys)
        if seat is None:
            raise NoSuchMission(
                f"Making the mission {log.path.stem!r} was cut off. Run observer-hub init again."
            )
        return seat

    # -- what headquarters signs ------------------------------------------------------

    def create(self, mission: str, title: str, time_zone: str, *, practice: bool) -> Seat:
        """A new mission: a key of its own, a log, and the first changes in it.

        :raises NotAcceptable: the name or the time zone cannot be used
        :raises MissionExists: there is one of this name
        """
        _check_mission(mission, time_zone)
        self.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        key_path = self.keys / f"{mission}.key"
        if not key_path.exists():
            DeviceKey.generate().save(key_path)
        seat = Seat(
            mission, str(uuid7()), str(uuid7()), str(uuid7()), practice, DeviceKey.load(key_path)
        )
        log = Log(self.log_path(mission))
        try:
            with log.writing():
                if seat_of(log, self.keys) is not None:
                    raise MissionExists(f"There is a mission {mission!r} already.")
                self._begin(log, seat, {"title": title, "time_zone": time_zone})
        finally:
            log.close()
        return seat

    def _begin(self, log: Log, seat: Seat, fields: Mapping[str, Any]) -> None:
        log.trust_hub(seat.device, seat.key.public)
        log.set_meta(
            {
                "mission": seat.mission,
                "hub_device": seat.device,
                "hub_key": seat.key.public,
                "epoch": seat.epoch,
                "record": seat.record,
                "practice": "1" if seat.practice else "0",
            }
        )
        own = {"author": AUTHOR, "role": HUB, "public_key": seat.key.public}
        seat.write(log, "device", seat.device, own, self.now)
        seat.write(log, "mission", seat.record, {**fields, "practice": seat.practice}, self.now)

    def set_mission(self, mission: str, values: Mapping[str, str]) -> Change:
        """Set what every device of a mission is told; an empty value clears.

        :param values: of ``phone``, ``app_name``, ``emergency``, ``title``
        :raises NotAcceptable: a value is not of its form
        """
        _check_told(values)
        log = self.log(mission)
        try:
            record = self.seat(log).record
        finally:
            log.close()
        fields = {name: value.strip() or None for name, value in values.items()}
        return self._sign(mission, "mission", record, fields)

    def _sign(self, mission: str, kind: str, record: str, fields: Mapping[str, Any]) -> Change:
        log = self.log(mission)
        try:
            with log.writing():
                return self.seat(log).write(log, kind, record, fields, self.now)
        finally:
            log.close()

    def assign(
        self, mission: str, case: str, author: str, by: str = AUTHOR, hearing: str | None = None
    ) -> Change:
        """Let an author write the records of a case.

        :param hearing: the one they are sent to; they see the whole case all the same
        :raises NotAcceptable: there is no such case or hearing, or it is not an author's code
        """
        _check_author(author)
        log = self.log(mission)
        try:
            known = case in log.records("case")
            of_case = log.records_of_case(case)
        finally:
            log.close()
        if not known:
            raise NotAcceptable(f"There is no case {case!r} in the mission {mission!r}.")
        fields = {"case": case, "author": author, "by": by}
        if hearing is not None:
            if (hearing, "hearing") not in of_case:
                raise NotAcceptable(f"There is no hearing {hearing!r} in the case {case!r}.")
            fields["hearing"] = hearing
        return self._sign(mission, "assignment", str(uuid7()), fields)

    def unassign(self, mission: str, case: str, author: str) -> None:
        """End every assignment of an author to a case.

        :raises NotAcceptable: there is none
        """
        log = self.log(mission)
        try:
            found = log.assigned(case, author)
        finally:
            log.close()
        if not found:
            raise NotAcceptable(f"{author} is not assigned to the case {case!r} in {mission!r}.")
        for record in found:
            self._sign(mission, "assignment", record, {"ended_at": self.now()})

    def revoke(self, mission: str, device: str) -> Change:
        """From now on take nothing more from a device; what it sent before stays.

        :raises NotAcceptable: there is no such device, or it is headquarters' own
        """
        log = self.log(mission)
        try:
            found = log.device(device)
        finally:
            log.close()
        if found is None or found.role == HUB:
            raise NotAcceptable(f"There is no device {device!r} in the mission {mission!r}.")
        return self._sign(mission, "device", device, {"revoked_at": self.now()})

    # -- who may come in --------------------------------------------------------------

    def invite(
        self,
        mission: str,
        author: str,
        role: str,
        valid_for: float,
        address: str,
        *,
        active: bool = True,
        device_expires_at: str | None = None,
    ) -> Invitation:
        """A new invitation, good once and for ``valid_for`` seconds.

        :param address: where the observers' devices reach the ingest process
        :param active: false: it waits until :meth:`activate`, and only then its time runs
        :param device_expires_at: until when the device may sign in (RFC 3339)
        :raises NotAcceptable: an argument is not of its form
        """
        _check_author(author)
        if role not in ROLES:
            raise NotAcceptable(f"{role!r} is not a role. Roles are: {', '.join(ROLES)}.")
        log = self.log(mission)
        try:
            seat = self.seat(log)
        finally:
            log.close()
        invitation = Invitation(
            address=_calls_at(address, practice=seat.practice),
            mission=mission,
            code=new_code(),
            hub=seat.fingerprint,
            practice=seat.practice,
        )
        self.store.invite(
            plain_code(invitation.code),
            mission,
            author,
            role,
            valid_for,
            active=active,
            device_expires_at=device_expires_at,
        )
        return invitation

    def activate(self, mission: str, number: int) -> None:
        """Let an invitation that waits be used from now on.

        :raises NotAcceptable: there is none of this number that waits
        """
        if not self.store.activate(mission, number):
            raise NotAcceptable(
                f"No invitation {number} of {mission!r} waits to be activated. "
                f"See: observer-hub invitations {mission}"
            )


def _check_mission(mission: str, time_zone: str) -> None:
    # Datasette names databases after missions: "_internal" is its own, "x_text" the notes of x.
    if not MISSION_ID.fullmatch(mission) or mission.startswith("_") or mission.endswith("_text"):
        raise NotAcceptable(
            "The name of a mission has 1 to 40 small letters, digits and _; "
            "it does not begin with _ and does not end in _text."
        )
    if zone_of(time_zone) is None:
        raise NotAcceptable(f"{time_zone!r} is not a time zone. An example is: Europe/Berlin")


def _check_told(values: Mapping[str, str]) -> None:
    if not values:
        raise NotAcceptable("Name what to set, for example: --phone '+49 30 5550100'")
    for name, value in values.items():
        if len(value.strip()) > LONGEST[name]:
            raise NotAcceptable(f"{name} has at most {LONGEST[name]} characters.")
    phone = values.get("phone", "").strip()
    if phone and not PHONE.fullmatch(phone):
        raise NotAcceptable(f"{phone!r} is not a phone number. An example is: +49 30 5550100")
    if not values.get("title", "x").strip():
        raise NotAcceptable("A mission keeps a title.")


def _check_author(author: str) -> None:
    if not AUTHOR_CODE.fullmatch(author) or author.upper() == AUTHOR:
        raise NotAcceptable(
            f"{author!r} cannot be an author's code. Take a code such as OBS-1, never a name."
        )


def _calls_at(address: str, *, practice: bool) -> str:
    parts = urlsplit(address.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise NotAcceptable(
            f"{address!r} is not an address. An example is: https://hub.example.org"
        )
    if not practice and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise NotAcceptable("A real mission needs an address that begins with https.")
    path = parts.path.rstrip("/") or CALLS
    return f"{parts.scheme}://{parts.netloc}{path}"
