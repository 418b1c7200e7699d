"""The receiving end: what is taken, what stops a device, what is put in quarantine.

The longest valid prefix per device is taken in one transaction; one device's stop holds up no
other. What was here already is *known* and harmless. Knows neither HTTP nor who carried the batch.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from schemas.records import unknown_paths
from schemas.rights import HUB, SHARED_KINDS, Standing, Writer, may_write
from sync.change import Change, kept_hash, read_change, read_erased
from sync.errors import (
    BadEnvelope,
    BadPayload,
    ChainBroken,
    ErasureUnknown,
    Fork,
    Gap,
    SyncError,
    UnknownDevice,
    UnknownMission,
)
from sync.evidence import Verdict
from sync.keys import PublicKeys, sha256_hex
from sync.log import Device, Head, Log
from sync.profile import parse_payload
from sync.wires import Wire


class Chain(Enum):
    """How much of a device's chain a node has.

    ``WHOLE``: all of it from the first change on, as the hub. ``ONWARD``: from the first that came
    here, as a relay that was set up later. ``LOOSE``: whatever concerns this node, as a laptop.
    Headquarters' own chain is ``LOOSE`` wherever it is not ``WHOLE``: a feed shows parts of it.
    """

    WHOLE = 1
    ONWARD = 2
    LOOSE = 3


@dataclass(frozen=True, slots=True)
class Node:
    """How a node takes in changes.

    :param decides: it knows all assignments, so its word on rights stands; another node only
        refuses to believe what is headquarters' alone to say
    """

    chain: Chain
    decides: bool


AT_HUB: Final = Node(Chain.WHOLE, decides=True)
AT_RELAY: Final = Node(Chain.ONWARD, decides=False)
AT_LAPTOP: Final = Node(Chain.LOOSE, decides=False)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a device's changes are not taken from ``seq`` on."""

    seq: int
    error: SyncError

    def as_json(self) -> dict[str, Any]:
        """The entry of ``stopped`` in the answer."""
        shape = self.error.as_json()
        return {
            "seq": self.seq,
            **{key: shape[key] for key in ("code", "error", "status", "retry")},
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """A change whose signature, profile and envelope hold, with its device's record."""

    change: Change
    device: Device


@dataclass(slots=True)
class Batch:
    """A push after all checks that need no transaction.

    ``judged``: verdicts that a former hub signed for.
    """

    checked: list[Checked] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    stopped: dict[str, Stop] = field(default_factory=dict)
    devices: set[str] = field(default_factory=set)
    judged: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What became of a batch: receipts of newly taken changes, known hashes, stops."""

    receipts: list[dict[str, Any]] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    stopped: dict[str, Stop] = field(default_factory=dict)
    devices: set[str] = field(default_factory=set)


def check_batch(
    log: Log,
    mission: str,
    pairs: Sequence[Wire],
    keys: PublicKeys,
    *,
    believing: bool = False,
) -> Batch:
    """All checks that need no transaction: known, profile, signature, envelope, mission.

    :param believing: carry erased changes whose erasure is not known here, as a relay does
    """
    hashes = [wire[2] if len(wire) == 3 else _hash(wire[0]) for wire in pairs]
    here = log.known(hashes)
    batch = Batch()
    registered: dict[str, Device | None] = {}
    seen: set[str] = set()
    for wire, hash_ in zip(pairs, hashes, strict=True):
        if hash_ and hash_ in seen:
            continue
        seen.add(hash_)
        entry = here.get(hash_)
        if entry is not None:
            batch.known.append(hash_)
            batch.devices.add(entry.device)
            continue
        device, seq = "", 0
        try:
            if not hash_:
                raise BadPayload("The payload is not Unicode text.")
            document = parse_payload(wire[0])
            device, seq = _claimed(document)
            if device in batch.stopped:
                continue
            if device not in registered:
                registered[device] = log.device(device)
            if len(wire) == 3:
                checked = _check_erased(log, wire, mission, registered[device], believing)
            else:
                payload, signature = wire
                checked = _check(
                    document, payload, signature, hash_, mission, registered[device], keys
                )
            batch.checked.append(checked)
            batch.devices.add(device)
        except SyncError as error:
            batch.stopped.setdefault(device, Stop(seq, error))
    return batch


def _check_erased(
    log: Log, wire: tuple[str, str, str], mission: str, device: Device | None, believing: bool
) -> Checked:
    """An erased change: what stays of it is vouched for by the erasure, which headquarters signed.

    It comes back this way to a hub that was restored, so that what follows it has its place.
    """
    envelope, signature, hash_ = wire
    change = read_erased(envelope, signature, hash_)
    if change.mission != mission:
        raise UnknownMission("The change is for another mission; it was not stored here.")
    if device is None:
        raise UnknownDevice("The change is from a device that is not enrolled in this mission.")
    if not believing and log.kept(hash_) != kept_hash(envelope, signature):
        raise ErasureUnknown(
            "The change is said to be erased, and no erasure here says so. It comes later."
        )
    return Checked(change, device)


def _check(
    document: dict[str, Any],
    payload: str,
    signature: str,
    hash_: str,
    mission: str,
    device: Device | None,
    keys: PublicKeys,
) -> Checked:
    if document.get("mission") != mission:
        raise UnknownMission("The change is for another mission; it was not stored here.")
    if device is None:
        raise UnknownDevice("The change is from a device that is not enrolled in this mission.")
    keys.check(device.public_key, "change", payload, signature)
    change = read_change(payload, signature, hash_, document=document)
    if change.author != device.author:
        raise BadEnvelope(f"author: this device was enrolled for {device.author}")
    return Checked(change, device)


def _claimed(document: dict[str, Any]) -> tuple[str, int]:
    device, seq = document.get("device"), document.get("seq")
    return (device if isinstance(device, str) else "", seq if isinstance(seq, int) else 0)


def _hash(payload: str) -> str:
    try:
        return sha256_hex(payload)
    except UnicodeEncodeError:
        return ""


def take(
    log: Log,
    batch: Batch,
    received_at: str,
    sheet: int | None = None,
    *,
    node: Node = AT_HUB,
    verdicts: Mapping[str, str | None] | None = None,
) -> Outcome:
    """Store what follows each device's head; inside ``log.writing()``.

    :param sheet: number of the receipt sheet that will name the changes, if one is issued here
    :param verdicts: the code by hash that headquarters is said to have given when it judged these
        changes; with them, headquarters is known to hold all of these
    """
    outcome = Outcome(known=list(batch.known), stopped=dict(batch.stopped), devices=batch.devices)
    heads: dict[str, Head] = {}
    hub = log.meta("hub_device")
    held = node.decides or verdicts is not None
    again = log.known(c.change.hash for c in batch.checked) if batch.checked else {}
    for checked in batch.checked:
        change = checked.change
        if change.hash in again:
            outcome.known.append(change.hash)
            continue
        stop = outcome.stopped.get(change.device)
        if stop is not None and change.seq >= stop.seq:
            continue
        head = heads.get(change.device) or log.head(change.device)
        # Of a hub that was replaced after a restore only what others kept comes back. Of what the
        # present one wrote another node is shown only what its author may see.
        in_parts = change.device != hub or node.chain is not Chain.WHOLE
        chain = Chain.LOOSE if checked.device.role == HUB and in_parts else node.chain
        try:
            _follows(log, change, head, received_at, chain)
        except SyncError as error:
            outcome.stopped[change.device] = Stop(change.seq, error)
            continue
        heads[change.device] = max(head, Head(change.seq, change.hash), key=lambda h: h.seq)
        before = batch.judged.get(change.hash)
        if verdicts is not None:
            code = verdicts[change.hash] or overstep(log, checked)
        else:
            code = before.code if before else judge(log, checked, node)
        outcome.receipts.append(_store(log, change, code, received_at, sheet, held))
        if before and not code:
            log.made_at(change, before.hub_seq)
    return outcome


def _follows(log: Log, change: Change, head: Head, received_at: str, chain: Chain) -> None:
    next_ = change.seq == head.seq + 1 and chain is Chain.WHOLE
    if not next_ and log.hash_at(change.device, change.seq) is not None:
        log.keep_fork(change, received_at)
        raise Fork("Two changes of this device have one number. Both are kept; tell headquarters.")
    if chain is Chain.LOOSE or (chain is Chain.ONWARD and head.seq == 0):
        return
    if change.seq > head.seq + 1:
        raise Gap(f"Change {head.seq + 1} of this device is missing; send from there on.")
    if change.prev != head.hash:
        raise ChainBroken("The change does not follow the last one that is here.")


def _store(
    log: Log,
    change: Change,
    code: str | None,
    received_at: str,
    sheet: int | None,
    held: bool,
) -> dict[str, Any]:
    state = "quarantined" if code else "stored"
    position = log.append(
        change, state=state, code=code, received_at=received_at, sheet=sheet, held=held
    )
    return receipt_of(change.hash, change.device, change.seq, state, position, received_at, code)


def receipt_of(
    hash_: str,
    device: str,
    seq: int,
    state: str,
    position: int,
    received_at: str,
    code: str | None,
) -> dict[str, Any]:
    """The receipt of a change that stands at a position of this node's log."""
    receipt = {
        "hash": hash_,
        "device": device,
        "seq": seq,
        "state": state,
        "hub_seq": position,
        "received_at": received_at,
    }
    return {**receipt, "code": code} if code else receipt


def judge(log: Log, checked: Checked, node: Node = AT_HUB) -> str | None:
    """The code a change is quarantined with, ``None`` when it is acceptable.

    Decided once, from the change, its device's record and who created what is here.
    """
    change, device = checked.change, checked.device
    if change.later:
        return "unknown_version"
    if node.decides and device.revoked_at is not None:
        return "device_revoked"
    fields = {} if change.erased else change.set
    if unknown_paths(change.kind, fields):
        return "unknown_field"
    case = fields.get("case")
    standing = log.standing(change.record, case if isinstance(case, str) else None)
    if not node.decides and change.kind in SHARED_KINDS:
        standing = Standing(device.author)
    kind = log.kind(change.record)
    if kind not in (None, change.kind) or not may_write(
        _writer(device), change.kind, fields.keys(), standing
    ):
        return "not_allowed"
    return None


def overstep(log: Log, checked: Checked) -> str | None:
    """``not_allowed`` where no answer can make a change acceptable, as its verdict is not signed.

    What this node does not know speaks for the change: who created the record, who is assigned.
    """
    change, device = checked.change, checked.device
    if device.role == HUB and change.later:
        return None  # what a later version lets headquarters write
    creator = None if change.kind in SHARED_KINDS else log.creator(change.record)
    fields = {} if change.erased else change.set
    standing = Standing(creator or device.author)
    fits = device.role == HUB or log.kind(change.record) in (None, change.kind)
    fits = fits and may_write(_writer(device), change.kind, fields.keys(), standing)
    return None if fits else "not_allowed"


def _writer(device: Device) -> Writer:
    return Writer(device.author, device.role)


def receive_own(log: Log, changes: Iterable[Change], now: Callable[[], str]) -> None:
    """Append changes that this node itself has just signed; inside ``log.writing()``.

    :raises SyncError: when one does not follow the device's head
    """
    for change in changes:
        device = log.device(change.device)
        if device is None:
            raise UnknownDevice("This device is not enrolled here.")
        moment = now()
        _follows(log, change, log.head(change.device), moment, Chain.WHOLE)
        # A device that was revoked keeps writing for its own author; the hub judges it.
        code = judge(log, Checked(change, device), AT_HUB if device.role == HUB else AT_LAPTOP)
        _store(log, change, code, moment, None, held=device.role == HUB)
