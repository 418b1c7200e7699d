"""A device whose chain forked goes on as a new device of the same author.

What was written with the old one stays; it takes nothing more. A copied folder can do this as well
as the original, so the fork stays in the log for a person to look at.
"""

import secrets
from collections.abc import Callable
from typing import Any

from review.channel import Channel
from review.hub import Hub
from schemas.envelope import UUID_TEXT
from sync.change import Change
from sync.errors import BadRequest, BadSignature, SignedOut, UnknownDevice
from sync.invitation import RENEW_KEYS, read_signed
from sync.log import Device, Log
from sync.trust import check_device

WAIT = 60  # seconds for the log's writer


class Renewal:
    """Replaces devices.

    :param channel: the open channel of a mission by name; raises ``UnknownMission``
    """

    def __init__(self, hub: Hub, channel: Callable[[str], Channel]) -> None:
        self.hub = hub
        self.channel = channel

    def renew(self, body: object) -> dict[str, Any]:
        """The answer of ``POST renew``: a token for the new device, whose record is in the log.

        :raises BadRequest: another shape, or the new device's id is none or is taken
        :raises UnknownMission: there is none of this name
        :raises UnknownDevice: the old device is not enrolled in it
        :raises DeviceRevoked: headquarters revoked it, or it was renewed before
        :raises BadSignature: not signed with both keys
        :raises SignedOut: it is for another headquarters, or was used before
        """
        document, payload, signature = read_signed(body, RENEW_KEYS)
        proof = body.get("proof") if isinstance(body, dict) else None
        if not isinstance(proof, str):
            raise BadSignature("The new key did not sign.")
        channel = self.channel(document["mission"])
        if not UUID_TEXT.fullmatch(document["device"]):
            raise UnknownDevice("This device is not enrolled in this mission.")
        if not UUID_TEXT.fullmatch(document["successor"]):
            raise BadRequest("A device's id is a lowercase UUID.")
        device = channel.reader.device(document["device"])
        if device is None:
            raise UnknownDevice("This device is not enrolled in this mission.")
        channel.keys.check(device.public_key, "enrol", payload, signature)
        channel.keys.check(document["public_key"], "enrol", signature, proof)
        following = channel.reader.device(document["successor"])
        again = following is not None and (following.author, following.public_key) == (
            device.author,
            document["public_key"],
        )
        if not again:
            check_device(device, self.hub.now())
        if document["aud"] != channel.seat.fingerprint:
            raise SignedOut("This is for another headquarters.")
        token, store = secrets.token_urlsafe(32), self.hub.store
        with store.writing():
            if not store.add_nonce(device.device, document["nonce"]):
                raise SignedOut("This was used before. Begin again.")
            changes = channel.submit(
                lambda log: self._replace(
                    channel, log, device, document["successor"], document["public_key"]
                )
            )
            wires = [change.wire() for change in changes.result(WAIT)]
            store.add_token(token, channel.seat.mission, document["successor"])
        return {"ok": True, "token": token, "changes": wires}

    def _replace(
        self, channel: Channel, log: Log, device: Device, successor: str, public_key: str
    ) -> list[Change]:
        here = log.device(successor)
        if here is not None and (here.author, here.public_key) == (device.author, public_key):
            # The answer to the first try was lost.
            return [*log.changes_of(successor), *log.changes_of(device.device)]
        if here is not None or log.creator(successor) is not None:
            raise BadRequest("This device id is taken. Begin again.")
        seat, now = channel.seat, self.hub.now
        fields = {"author": device.author, "role": device.role, "public_key": public_key}
        if device.expires_at is not None:
            fields["expires_at"] = device.expires_at
        made = seat.write(log, "device", successor, fields, now)
        old = {"revoked_at": now(), "renewed_as": successor}
        return [made, seat.write(log, "device", device.device, old, now)]
