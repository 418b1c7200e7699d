"""The receiving end of a push: what is taken, what stops a device, what is put in quarantine.

The longest valid prefix per device is taken in one transaction; one device's stop holds up no
other. What was here already is *known* and harmless. Knows neither HTTP nor who carried the batch.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.records import unknown_paths
from schemas.rights import Writer, may_write
from sync.change import Change, read_change
from sync.errors import (
    BadEnvelope,
    BadPayload,
    BadRequest,
    ChainBroken,
    Fork,
    Gap,
    SyncError,
    TooLarge,
    UnknownDevice,
    UnknownMission,
)
from sync.keys import PublicKeys, sha256_hex
from sync.log import Device, Head, Log
from sync.profile import parse_payload

MAX_CHANGES = 100
MAX_BODY_BYTES = 1_000_000


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
    """A push after all checks that need no transaction."""

    checked: list[Checked] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    stopped: dict[str, Stop] = field(default_factory=dict)
    devices: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Outcome:
    """What became of a batch: receipts of newly taken changes, known hashes, stops."""

    receipts: list[dict[str, Any]] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    stopped: dict[str, Stop] = field(default_factory=dict)
    devices: set[str] = field(default_factory=set)


def wires(document: object) -> list[tuple[str, str]]:
    """The (payload, signature) pairs of a push body.

    :raises BadRequest: not ``{"changes": [{"payload", "signature"}, ...]}``
    :raises TooLarge: more than 100 changes
    """
    if not isinstance(document, dict) or set(document) != {"changes"}:
        raise BadRequest('A push is {"changes": [...]}.')
    changes = document["changes"]
    if not isinstance(changes, list):
        raise BadRequest('A push is {"changes": [...]}.')
    if len(changes) > MAX_CHANGES:
        raise TooLarge(f"A push has at most {MAX_CHANGES} changes; send them in parts.")
    pairs = []
    for change in changes:
        if (
            not isinstance(change, dict)
            or set(change) != {"payload", "signature"}
            or not all(isinstance(text, str) for text in change.values())
        ):
            raise BadRequest('A change is {"payload": text, "signature": text}.')
        pairs.append((change["payload"], change["signature"]))
    return pairs


def check_batch(
    log: Log, mission: str, pairs: Sequence[tuple[str, str]], keys: PublicKeys
) -> Batch:
    """All checks that need no transaction: known, profile, signature, envelope, mission."""
    hashes = [_hash(payload) for payload, _ in pairs]
    here = log.known(hashes)
    batch = Batch()
    registered: dict[str, Device | None] = {}
    for (payload, signature), hash_ in zip(pairs, hashes, strict=True):
        entry = here.get(hash_)
        if entry is not None:
            batch.known.append(hash_)
            batch.devices.add(entry.device)
            continue
        device, seq = "", 0
        try:
            if not hash_:
                raise BadPayload("The payload is not Unicode text.")
            document = parse_payload(payload)
            device, seq = _claimed(document)
            if device in batch.stopped:
                continue
            if device not in registered:
                registered[device] = log.device(device)
            batch.checked.append(
                _check(document, payload, signature, hash_, mission, registered[device], keys)
            )
            batch.devices.add(device)
        except SyncError as error:
            batch.stopped.setdefault(device, Stop(seq, error))
    return batch


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
    chained: bool = True,
) -> Outcome:
    """Store what follows each device's head; inside ``log.writing()``.

    :param sheet: number of the receipt sheet that will name the changes, if one is issued here
    :param chained: false for what the hub gives out: that is whole records, never whole chains
    """
    outcome = Outcome(known=list(batch.known), stopped=dict(batch.stopped), devices=batch.devices)
    heads: dict[str, Head] = {}
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
        try:
            if chained:
                _follows(log, change, head, received_at)
        except SyncError as error:
            outcome.stopped[change.device] = Stop(change.seq, error)
            continue
        heads[change.device] = Head(change.seq, change.hash)
        outcome.receipts.append(_store(log, checked, received_at, sheet))
    return outcome


def _follows(log: Log, change: Change, head: Head, received_at: str) -> None:
    if change.seq > head.seq + 1:
        raise Gap(f"Change {head.seq + 1} of this device is missing; send from there on.")
    if change.seq <= head.seq:
        log.keep_fork(change, received_at)
        raise Fork("Two changes of this device have one number. Both are kept; tell headquarters.")
    if change.prev != head.hash:
        raise ChainBroken("The change does not follow the last one that is here.")


def _store(log: Log, checked: Checked, received_at: str, sheet: int | None) -> dict[str, Any]:
    change = checked.change
    code = judge(log, checked)
    state = "quarantined" if code else "stored"
    position = log.append(change, state=state, code=code, received_at=received_at, sheet=sheet)
    receipt = {
        "hash": change.hash,
        "device": change.device,
        "seq": change.seq,
        "state": state,
        "hub_seq": position,
        "received_at": received_at,
    }
    return {**receipt, "code": code} if code else receipt


def judge(log: Log, checked: Checked) -> str | None:
    """The code a change is quarantined with, ``None`` when it is acceptable.

    Decided once, from the change, its device's record and who created what is here.
    """
    change, device = checked.change, checked.device
    if unknown_paths(change.kind, change.set):
        return "unknown_field"
    case = change.set.get("case")
    standing = log.standing(change.record, case if isinstance(case, str) else None)
    writer = Writer(device.author, device.role)
    if not may_write(writer, change.kind, change.set.keys(), standing):
        return "not_allowed"
    return None


def receive_own(log: Log, changes: Iterable[Change], now: Callable[[], str]) -> None:
    """Append changes that this node itself has just signed; inside ``log.writing()``.

    :raises SyncError: when one does not follow the device's head
    """
    for change in changes:
        device = log.device(change.device)
        if device is None:
            raise UnknownDevice("This device is not enrolled here.")
        moment = now()
        _follows(log, change, log.head(change.device), moment)
        _store(log, Checked(change, device), moment, None)
