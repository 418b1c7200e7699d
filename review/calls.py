"""What each call of the protocol does, after its bearer is known: push, pull, heads.

Knows bodies and queries, not HTTP messages.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from review.channel import Channel
from review.pushes import backed_up, take_in
from schemas.envelope import UUID_TEXT
from schemas.rights import HUB
from sync.clock import Clock
from sync.errors import BadRequest
from sync.feed import page
from sync.log import Device, Head
from sync.log.backup import unbroken_head
from sync.wires import wires

MAX_HEADS = 100


class Calls:
    """The calls that a signed-in device makes."""

    def __init__(self, now: Clock) -> None:
        self.now = now

    async def push(self, channel: Channel, body: object) -> dict[str, Any]:
        """``POST push``: take in changes."""
        pairs = wires(body)
        sheets = body.get("receipts") if isinstance(body, dict) else None
        if not isinstance(sheets, list | None):
            raise BadRequest('"receipts" is a list of sheets.')
        return await take_in(channel, pairs, self.now, sheets or ())

    async def pull(
        self, channel: Channel, device: Device, query: Mapping[str, str]
    ) -> dict[str, Any]:
        """``GET pull``: the next page of what the device's author may see.

        :raises BadRequest: not a cursor, or not a number of changes
        """
        limit = query.get("limit", "200")
        if not (limit.isdecimal() and len(limit) < 6):
            raise BadRequest("limit is a number of changes.")
        log, cursor = channel.reader, query.get("cursor", "")
        found = await asyncio.to_thread(page, log, device, channel.seat.epoch, cursor, int(limit))
        return {
            "ok": True,
            **found,
            "epoch": channel.seat.epoch,
            "backed_up_seq": backed_up(log),
        }

    async def heads(self, channel: Channel, body: object) -> dict[str, Any]:
        """``POST heads``: how far the chains of some devices have come here.

        :raises BadRequest: not a list of at most 100 device ids
        """
        devices = body.get("devices") if isinstance(body, dict) else None
        if (
            not isinstance(devices, list)
            or len(devices) > MAX_HEADS
            or not all(isinstance(one, str) and UUID_TEXT.fullmatch(one) for one in devices)
        ):
            raise BadRequest(f'The body is {{"devices": [at most {MAX_HEADS} ids]}}.')
        heads = {one: _head(channel, one) for one in devices}
        return {
            "ok": True,
            "heads": {one: {"seq": h.seq, "hash": h.hash} for one, h in heads.items()},
            "epoch": channel.seat.epoch,
        }


def _head(channel: Channel, device: str) -> Head:
    """How far a device's chain has come; that of a former headquarters only up to the first gap.

    What it wrote after the backup comes back in pieces, from whoever has them.
    """
    log = channel.reader
    found = log.device(device)
    if found is not None and found.role == HUB and device != channel.seat.device:
        return Head(*unbroken_head(log, device))
    return log.head(device)
