"""A push from checking to its answer: what needs no transaction first, the rest in the writer.

The checks (signatures, profile, envelope) run before the writer sees the batch; heads, rights and
receipts are settled within one transaction. Knows no HTTP.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from review.channel import Channel
from review.hub import Seat
from sync.clock import Clock
from sync.evidence import verdicts_of
from sync.intake import Batch, Outcome, check_batch, receipt_of, take
from sync.log import Entry, Log
from sync.receipts import issue_sheet
from sync.wires import Wire


async def take_in(
    channel: Channel, pairs: Sequence[Wire], now: Clock, sheets: Sequence[object] = ()
) -> dict[str, Any]:
    """Check a push, store it, and give the answer of ``POST push`` once it is on disk.

    :param pairs: payloads and signatures
    :param sheets: receipts of hubs before this one, for changes that come back
    :raises Busy: too many pushes wait
    :raises StorageFull: nothing of the push was stored
    """
    channel.check_room()
    batch = check_batch(channel.reader, channel.seat.mission, pairs, channel.keys)
    if sheets:
        batch.judged = verdicts_of(channel.reader, channel.seat.mission, sheets, channel.keys)
    if not batch.checked and not batch.judged and not stale(channel.reader, batch.known):
        # Nothing to store: all known or all stopped, as after a reply that was cut off.
        outcome = Outcome(known=batch.known, stopped=batch.stopped, devices=batch.devices)
        return answer(channel.seat, channel.reader, outcome)
    found: dict[str, Any] = await asyncio.wrap_future(
        channel.submit(lambda log: store(channel.seat, log, batch, now))
    )
    if any(one.change.kind == "erasure" for one in batch.checked):
        # After a restore it comes back from a device that had pulled it.
        await asyncio.to_thread(channel.log.scrub)
    return found


def store(seat: Seat, log: Log, batch: Batch, now: Clock) -> dict[str, Any]:
    """Store a checked batch and sign for it; inside ``log.writing()``. The answer of a push."""
    outcome, issued, repeated = settle(seat, log, batch, now)
    return answer(seat, log, outcome, issued, repeated)


def settle(
    seat: Seat, log: Log, batch: Batch, now: Clock
) -> tuple[Outcome, list[dict[str, str]], set[str]]:
    """Store a checked batch and sign for it: outcome, new sheets, known ones that stand on them."""
    moment, last = now(), log.last_sheet()
    outcome = take(log, batch, moment, last[0] + 1)
    mended = [
        entry
        for hash_ in outcome.known
        if (before := batch.judged.get(hash_))
        and (entry := log.rejudge(hash_, before.code, before.hub_seq))
    ]
    again = {entry.hash: entry for entry in (*stale(log, outcome.known), *mended)}.values()
    receipts = [*outcome.receipts, *(_receipt(entry) for entry in again)]
    issued = []
    # One sheet for each author: it is shown to all of the author's devices, and to no other's.
    for theirs in _by_author(log, receipts).values():
        sheet = issue_sheet(seat.issuer, last, theirs, moment)
        log.add_sheet(sheet.number, sheet.hash, sheet.payload, sheet.signature)
        log.stands_on((receipt["hash"] for receipt in theirs), sheet.number)
        last = (sheet.number, sheet.hash)
        issued.append(sheet.wire())
    return outcome, issued, {entry.hash for entry in again}


def stale(log: Log, known: Sequence[str]) -> list[Entry]:
    """Those of the known changes whose receipt is of a time before this hub was restored."""
    since = int(log.meta("first_sheet") or 0)
    if not since or not known:
        return []
    return [entry for entry in log.known(known).values() if (entry.sheet or 0) < since]


def _receipt(entry: Entry) -> dict[str, Any]:
    return receipt_of(
        *(entry.hash, entry.device, entry.seq, entry.state, entry.position),
        *(entry.received_at, entry.code),
    )


def _by_author(log: Log, receipts: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    authors: dict[str, str] = {}
    found: dict[str, list[dict[str, Any]]] = {}
    for receipt in receipts:
        name = receipt["device"]
        if name not in authors:
            device = log.device(name)
            authors[name] = device.author if device else ""
        found.setdefault(authors[name], []).append(receipt)
    return found


def backed_up(log: Log) -> int:
    """The position up to which this log is in a backup that was checked."""
    return int(log.meta("backed_up_seq") or 0)


def answer(
    seat: Seat,
    log: Log,
    outcome: Outcome,
    new: Iterable[dict[str, str]] = (),
    without: Collection[str] = (),
) -> dict[str, Any]:
    """The answer of ``POST push``; known changes come with the sheets they already stand on.

    :param without: known changes that stand on a new sheet
    """
    heads = {device: log.head(device) for device in sorted(outcome.devices)}
    known = [hash_ for hash_ in outcome.known if hash_ not in without]
    return {
        "ok": True,
        "heads": {device: {"seq": h.seq, "hash": h.hash} for device, h in heads.items()},
        "receipts": [*_sheets_of(log, known), *new],
        "known": outcome.known,
        "stopped": {device: stop.as_json() for device, stop in outcome.stopped.items()},
        "epoch": seat.epoch,
        "backed_up_seq": backed_up(log),
    }


def _sheets_of(log: Log, hashes: Sequence[str]) -> list[dict[str, str]]:
    """The sheets on which the receipts of known changes stand."""
    if not hashes:
        return []
    entries = log.known(hashes).values()
    return log.sheets(entry.sheet for entry in entries if entry.sheet is not None)
