"""What a node believes of what it is given: sheets of the hub and of relays, changes of others.

Nothing is taken on the word of who carried it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.rights import RELAY
from sync.change import read_change
from sync.clock import Clock, instant, utc_now
from sync.errors import (
    BadSignature,
    DeviceExpired,
    DeviceRevoked,
    ForgedReceipt,
    NewEpoch,
    SyncError,
    UnknownDevice,
)
from sync.intake import AT_LAPTOP, Batch, Checked, Node, check_batch, overstep, take
from sync.keys import PublicKeys, sha256_hex
from sync.log import Device, Log
from sync.receipts import NOT_PROVED, Sheet, issuer_of, read_sheet


@dataclass(slots=True)
class Pulled:
    """What a pull brought: new changes by kind, records to forget, what could not be read.

    ``head``: number and hash of this device's last change at headquarters.
    """

    new: dict[str, int] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    skipped: list[SyncError] = field(default_factory=list)
    erased: bool = False
    head: tuple[int, str] = (0, "")


def read_any_sheet(
    log: Log, wire: object, mission: str, keys: PublicKeys, roles: Collection[str] = (RELAY,)
) -> tuple[Sheet, list[dict[str, Any]], bool]:
    """A sheet of the hub or of a relay of this mission, its receipts, and whether it is the hub's.

    :param roles: whose sheets are read besides the present hub's; ``hub`` for the hubs before it
    :raises ForgedReceipt: it is neither's
    :raises NewEpoch: it is from another epoch than the one known here
    """
    issuer = issuer_of(wire)
    if issuer == log.meta("hub_device"):
        sheet, receipts = read_sheet(wire, mission, log.meta("hub_key") or "", keys)
        if sheet.epoch != log.meta("epoch"):
            raise NewEpoch("Headquarters was restored. Sign in again.")
        return sheet, receipts, True
    relay = log.device(issuer)
    if relay is None or relay.role not in roles:
        raise ForgedReceipt(NOT_PROVED)
    sheet, receipts = read_sheet(wire, mission, relay.public_key, keys)
    return sheet, receipts, False


def keep_backed_up(log: Log, answer: Mapping[str, Any]) -> None:
    """Remember how far headquarters has backed up; an answer of another epoch says nothing.

    :raises NewEpoch: the hub was restored since
    """
    if answer.get("epoch") != log.meta("epoch"):
        raise NewEpoch("Headquarters was restored. Sign in again.")
    seq = answer.get("backed_up_seq", 0)
    if isinstance(seq, int) and str(seq) != log.meta("backed_up_seq"):
        with log.writing():
            log.set_meta({"backed_up_seq": str(seq)})


@dataclass(slots=True)
class Taking:
    """What goes along while a node takes in what it was given."""

    mission: str
    now: Clock
    node: Node = AT_LAPTOP
    keys: PublicKeys = field(default_factory=PublicKeys)
    found: Pulled = field(default_factory=Pulled)


def believe(log: Log, mission: str, items: list[dict[str, Any]], now: Clock = utc_now) -> None:
    """Keep what headquarters gave with an enrolment: its own records and the device's.

    :raises ForgedReceipt: something is signed by nobody known here
    """
    taking = Taking(mission, now)
    while items:
        part, items = next_part(items)
        keep_part(log, part, taking)


def next_part(
    waiting: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What can be taken at once, up to a device's record that the rest may need; and the rest."""
    for count, item in enumerate(waiting):
        if '"kind":"device"' in item["payload"]:
            return waiting[: count + 1], waiting[count + 1 :]
    return waiting, []


def keep_part(log: Log, part: list[dict[str, Any]], taking: Taking) -> None:
    """Take in changes as headquarters judged them, as far as that can be.

    That judgement is not signed: no missing ``code`` makes acceptable what is not the writer's.

    :raises ForgedReceipt: one is not signed by who should have written it
    """
    pairs = [(str(item["payload"]), str(item["signature"])) for item in part]
    batch, found = check_batch(log, taking.mission, pairs, taking.keys), taking.found
    _check_stops(batch, found)
    given = {str(item["payload"]): item.get("code") for item in part}
    verdicts = {each.change.hash: given[each.change.payload] for each in batch.checked}
    with log.writing():
        outcome = take(log, batch, taking.now(), node=taking.node, verdicts=verdicts)
        log.mark_held(outcome.known)
        items = {sha256_hex(str(item["payload"])): item for item in part}
        for hash_, entry in log.known(outcome.known).items():
            # Headquarters' word may be another than this node's own was.
            code = items[hash_].get("code")
            log.rejudge(hash_, code or (_still(log, items[hash_]) if entry.code else None))
    kinds = {each.change.hash: each.change.kind for each in batch.checked}
    for receipt in outcome.receipts:
        kind = kinds[receipt["hash"]]
        found.new[kind] = found.new.get(kind, 0) + 1
        found.erased = found.erased or kind == "erasure"
    for device, stop in outcome.stopped.items():
        if device not in batch.stopped:
            found.skipped.append(stop.error)


def _still(log: Log, item: Mapping[str, Any]) -> str | None:
    """Why a change that is kept apart here stays so, whatever the answer says."""
    change = read_change(str(item["payload"]), str(item["signature"]))
    device = log.device(change.device)
    return overstep(log, Checked(change, device)) if device else None


def _check_stops(batch: Batch, found: Pulled) -> None:
    for stop in batch.stopped.values():
        if isinstance(stop.error, BadSignature):
            raise ForgedReceipt(
                "A change in the answer is not signed by who should have written it. "
                "Nothing of it was taken. Tell headquarters."
            ) from stop.error
        found.skipped.append(stop.error)


def check_device(device: Device | None, now: str) -> Device:
    """The device, if it may still sign in and carry.

    :param now: this node's time, as it is written into changes
    :raises UnknownDevice: it is not enrolled in this mission
    :raises DeviceRevoked: headquarters revoked it
    :raises DeviceExpired: it was enrolled until a day that is over
    """
    if device is None:
        raise UnknownDevice("This device is not enrolled in this mission.")
    if device.revoked_at is not None:
        raise DeviceRevoked(
            "Headquarters has revoked this device. What it holds stays on it; call headquarters."
        )
    if device.expires_at is not None and instant(device.expires_at) <= instant(now):
        raise DeviceExpired(
            "This device was enrolled until a day that is over. What it holds stays on it; "
            "ask headquarters for a new invitation."
        )
    return device
