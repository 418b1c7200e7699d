"""A push from checking to its answer: what needs no transaction first, the rest in the writer.

The checks (signatures, profile, envelope) run before the writer sees the batch; heads, rights and
receipts are settled within one transaction. Knows no HTTP.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from review.channel import Channel
from sync.clock import Clock
from sync.intake import Batch, Outcome, check_batch, take
from sync.log import Log
from sync.receipts import issue_sheet

BACKED_UP_SEQ = 0  # backups do not report yet


async def take_in(channel: Channel, pairs: Sequence[tuple[str, str]], now: Clock) -> dict[str, Any]:
    """Check a push, store it, and give the answer of ``POST push`` once it is on disk.

    :param pairs: payloads and signatures
    :raises Busy: too many pushes wait
    :raises StorageFull: nothing of the push was stored
    """
    channel.check_room()
    batch = check_batch(channel.reader, channel.seat.mission, pairs, channel.keys)
    if not batch.checked:
        # Nothing to store: all known or all stopped, as after a reply that was cut off.
        outcome = Outcome(known=batch.known, stopped=batch.stopped, devices=batch.devices)
        return _answer(channel, channel.reader, outcome)
    return await asyncio.wrap_future(channel.submit(lambda log: _store(channel, log, batch, now)))


def _store(channel: Channel, log: Log, batch: Batch, now: Clock) -> dict[str, Any]:
    moment, last = now(), log.last_sheet()
    outcome = take(log, batch, moment, last[0] + 1)
    sheets = []
    if outcome.receipts:
        sheet = issue_sheet(channel.seat.issuer, last, outcome.receipts, moment)
        log.add_sheet(sheet.number, sheet.hash, sheet.payload, sheet.signature)
        sheets.append(sheet.wire())
    return _answer(channel, log, outcome, sheets)


def _answer(
    channel: Channel, log: Log, outcome: Outcome, new: Iterable[dict[str, str]] = ()
) -> dict[str, Any]:
    heads = {device: log.head(device) for device in sorted(outcome.devices)}
    return {
        "ok": True,
        "heads": {device: {"seq": h.seq, "hash": h.hash} for device, h in heads.items()},
        "receipts": [*_sheets_of(log, outcome.known), *new],
        "known": outcome.known,
        "stopped": {device: stop.as_json() for device, stop in outcome.stopped.items()},
        "epoch": channel.seat.epoch,
        "backed_up_seq": BACKED_UP_SEQ,
    }


def _sheets_of(log: Log, hashes: Sequence[str]) -> list[dict[str, str]]:
    """The sheets on which the receipts of known changes stand."""
    if not hashes:
        return []
    entries = log.known(hashes).values()
    return log.sheets(entry.sheet for entry in entries if entry.sheet is not None)
