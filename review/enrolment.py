"""How a device comes in: an invitation becomes an enrolled device, a signed text a fresh token.

Both calls may wait for the disk, so they run outside the event loop. Knows no HTTP.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

from review.channel import Channel
from review.hub import Hub
from review.pushes import settle
from review.store.enrolment import Invited
from schemas.envelope import UUID_TEXT
from schemas.rights import HUB
from sync.change import Change
from sync.errors import (
    BadRequest,
    CodeNotActive,
    CodeUsed,
    NewEpoch,
    SignedOut,
    TooManyTries,
    UnknownDevice,
    WrongCode,
)
from sync.intake import check_batch
from sync.invitation import (
    ENROL_KEYS,
    TOKEN_KEYS,
    TYPED_FINGERPRINT,
    check_proof,
    plain_code,
    read_signed,
)
from sync.keys import PublicKeys, fingerprint
from sync.log import Log
from sync.trust import check_device
from sync.wires import wires

WAIT = 60  # seconds for the log's writer
MOST_RECORDS = 20  # changes of one device's record
UNKNOWN_CODE = "This invitation is not known here. Copy the whole line, or ask for a new one."
USED_CODE = "This invitation was used or has run out. Ask headquarters for a new one."


def check_successor(log: Log, fingerprint_: str) -> None:
    """Return when this hub never had the key that a sign-in is for.

    :raises NewEpoch: it had, before it was restored
    """
    statements = json.loads(log.meta("succession") or "[]")
    if any(fingerprint(device.public_key) == fingerprint_ for device in log.devices(HUB)):
        raise NewEpoch(
            "Headquarters was restored from a backup and has a new key. Sign in to it.", statements
        )


class Enrolment:
    """Enrols devices and gives out tokens.

    :param channel: the open channel of a mission by name; raises ``UnknownMission``
    """

    def __init__(self, hub: Hub, channel: Callable[[str], Channel]) -> None:
        self.hub = hub
        self.channel = channel

    def enrol(self, body: object) -> dict[str, Any]:
        """Use an invitation up: the answer of ``POST enrol``.

        :raises BadRequest: another shape, or a device id that is none or is taken
        :raises WrongCode: no such invitation, or the device did not prove its key
        :raises TooManyTries: a wrong code after too many others
        :raises CodeNotActive: it waits to be activated
        :raises CodeUsed: it was used or has run out
        """
        document, payload, signature = read_signed(body, ENROL_KEYS)
        mission, device = document["mission"], document["device"]
        if not UUID_TEXT.fullmatch(device):
            raise BadRequest("A device's id is a lowercase UUID.")
        invited = self._invited(document["code"], mission)
        check_proof(document, payload, signature, PublicKeys())
        channel = self.channel(mission)
        known_hub = document["hub"]
        if len(known_hub) < TYPED_FINGERPRINT or not channel.seat.fingerprint.startswith(known_hub):
            raise WrongCode("The invitation names another headquarters. Ask for a new one.")
        fields = {
            "author": invited.author,
            "role": invited.role,
            "public_key": document["public_key"],
        }
        if invited.device_expires_at is not None:
            fields["expires_at"] = invited.device_expires_at
        if not invited.open(self.hub.store.clock()) and invited.used_by != device:
            if not invited.active and invited.used_by is None:
                raise CodeNotActive("This invitation waits for your team lead to activate it.")
            raise CodeUsed(USED_CODE)
        return self._admit(channel, document["code"], device, fields)

    def _invited(self, code: str, mission: str) -> Invited:
        """What a code is for. Wrong codes are slowed down; a right one is never kept waiting."""
        store = self.hub.store
        invited = store.invited(plain_code(code), mission)
        if invited is not None:
            return invited
        seconds = store.wait_for_tries()
        if seconds > 0:
            raise TooManyTries(
                f"Too many wrong codes. Wait {max(1, round(seconds / 60))} minutes, then try again."
            )
        store.add_wrong_try()
        raise WrongCode(UNKNOWN_CODE)

    def _admit(
        self, channel: Channel, code: str, device: str, fields: dict[str, str]
    ) -> dict[str, Any]:
        """The invitation is used up only together with the device's record and the token.

        The same device with the same key may come again: the answer to its first try was lost.
        """
        token, seat = secrets.token_urlsafe(32), channel.seat
        with self.hub.store.writing():
            fresh = self.hub.store.use(plain_code(code), device)
            here = channel.reader.device(device)
            again = here is not None and here.public_key == fields["public_key"]
            if not fresh and not again:
                raise CodeUsed(USED_CODE)
            changes = channel.submit(
                lambda log: self._register(channel, log, device, fields, again=again)
            )
            wires = [change.wire() for change in changes.result(WAIT)]
            self.hub.store.add_token(token, seat.mission, device)
        return {
            "ok": True,
            "token": token,
            "mission": seat.mission,
            "author": fields["author"],
            "role": fields["role"],
            "practice": seat.practice,
            "hub": {
                "device": seat.device,
                "public_key": seat.key.public,
                "fingerprint": seat.fingerprint,
            },
            "epoch": seat.epoch,
            "changes": wires,
        }

    def _register(
        self,
        channel: Channel,
        log: Log,
        device: str,
        fields: dict[str, str],
        *,
        again: bool,
    ) -> list[Change]:
        seat = channel.seat
        if not again:
            if log.device(device) is not None or log.creator(device) is not None:
                raise BadRequest("This device id is taken. Start the enrolment again.")
            seat.write(log, "device", device, fields, self.hub.now)
        # Headquarters' present key vouches for those it had before; then come the others' words.
        vouched = [change for hub in log.devices(HUB) for change in log.changes_of(hub.device)]
        own = [change for change in vouched if change.device == seat.device]
        return [*own, *log.changes_of(seat.record), *log.changes_of(device)]

    def token(self, body: object) -> dict[str, Any]:
        """A fresh token for an enrolled device: the answer of ``POST token``.

        :raises BadRequest: another shape
        :raises UnknownMission: there is none of this name
        :raises UnknownDevice: the device is not enrolled in it
        :raises DeviceRevoked: headquarters revoked it
        :raises BadSignature: the text is not signed by the device, or for another purpose
        :raises NewEpoch: it is for a headquarters that this one follows, after a restore
        :raises SignedOut: it is for another headquarters, or was used before
        """
        document, payload, signature = read_signed(body, TOKEN_KEYS)
        if not 16 <= len(document["nonce"]) <= 200:
            raise BadRequest("A nonce has 16 to 200 characters.")
        channel = self.channel(document["mission"])
        if not UUID_TEXT.fullmatch(document["device"]):
            raise UnknownDevice("This device is not enrolled in this mission.")
        elsewhere = document["aud"] != channel.seat.fingerprint
        if elsewhere:
            # Also to a device that may come in no more: it may have to ask for its successor.
            check_successor(channel.reader, document["aud"])
        if channel.reader.device(document["device"]) is None:
            self._take_back(channel, document["device"], body)
        device = check_device(channel.reader.device(document["device"]), self.hub.now())
        channel.keys.check(device.public_key, "token", payload, signature)
        if elsewhere:
            raise SignedOut("This sign-in is for another headquarters.")
        token, store = secrets.token_urlsafe(32), self.hub.store
        with store.writing():
            if not store.add_nonce(device.device, document["nonce"]):
                raise SignedOut("This sign-in was used before. Sign in again.")
            store.add_token(token, channel.seat.mission, device.device)
        # By its record a relay that is new here knows the device at once.
        record = channel.reader.changes_of(device.device)
        return {"ok": True, "token": token, "changes": [change.wire() for change in record]}

    def _take_back(self, channel: Channel, device: str, body: object) -> None:
        """Take in the record of a device that was enrolled after the backup restored here.

        Only what a former headquarters signed of this very device: nothing else comes in without
        a token.
        """
        records = body.get("records") if isinstance(body, dict) else None
        if not isinstance(records, list) or not records or len(records) > MOST_RECORDS:
            return
        seat, log = channel.seat, channel.reader
        batch = check_batch(log, seat.mission, wires({"changes": records}), channel.keys)
        batch.checked = [
            one
            for one in batch.checked
            if (one.change.kind, one.change.record) == ("device", device)
            and one.device.role == HUB
            and one.device.device != seat.device
        ]
        if batch.checked:
            channel.submit(lambda log: settle(seat, log, batch, self.hub.now)).result(WAIT)
