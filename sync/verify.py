"""Whether headquarters' log of a mission is whole and true: every signature, hash, chain, receipt.

Starts from one key, headquarters' present one, and believes nothing else that it cannot prove from
it. What is checked in ``scripts/verify_log.py`` for strangers is checked here the same way, and
more: the profile and the envelope of each change. Reads only.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.envelope import is_instant
from schemas.rights import HUB
from sync.change import HEADQUARTERS, Change, read_change, read_erased
from sync.errors import BadSignature, DamagedLog, SyncError
from sync.keys import PublicKeys, fingerprint, sha256_hex
from sync.log.audit import Audit, ChangeRow
from sync.profile import parse_payload
from sync.verify_sheets import Standing, check_sheets, check_succession

STATES = ("stored", "quarantined")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, in words; with the change where it shows, when it shows in one."""

    what: str
    position: int | None = None
    device: str = ""
    seq: int = 0

    def __str__(self) -> str:
        if self.position is None:
            return self.what
        return f"position {self.position}, device {self.device}, change {self.seq}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """What a verification found. ``hub`` is the fingerprint of the key that all rests on."""

    mission: str = ""
    hub: str = ""
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    position: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        """For programs: ``ok``, and everything found."""
        return {
            "ok": self.sound,
            "mission": self.mission,
            "hub": self.hub,
            "position": self.position,
            "counts": dict(self.counts),
            "faults": [
                {"what": f.what, "position": f.position, "device": f.device, "seq": f.seq}
                for f in self.faults
            ],
            "notes": self.notes,
        }


class _Wrong(Exception):  # noqa: N818 - a finding, not an error of the program
    """The first thing wrong with a change."""


class _Orphaned(_Wrong):
    """The record or erasure that it rests on is not sound: that fault is told before this one."""


@dataclass(frozen=True, slots=True)
class _Erasure:
    hash: str
    kept: str | None


def verify(audit: Audit, public_key: str | None = None) -> Verdict:
    """Check a whole log.

    :param public_key: headquarters' present key as known from elsewhere; else the log's own word
    """
    verifying = _Verifying(audit, public_key)
    try:
        verifying.run()
    except DamagedLog as error:
        verifying.found.faults.append(Fault(error.message))
    return verifying.found


class _Verifying:
    """One verification."""

    def __init__(self, audit: Audit, public_key: str | None) -> None:
        self.audit, self.found, self.keys = audit, Verdict(), PublicKeys()
        self.expected = public_key
        self.meta: Mapping[str, str] = {}
        # Devices as proved: author, role and key, by device.
        self.devices: dict[str, tuple[str, str, str]] = {}
        self.erasures: dict[str, _Erasure] = {}
        self.ends: dict[str, tuple[int, str]] = {}
        self.former: dict[str, dict[int, tuple[Standing, str]]] = {}
        self.standing: dict[str, Standing] = {}

    def run(self) -> None:
        """Everything, in an order in which each step rests on what was proved before."""
        self.found.faults += [Fault(f"the file: {line}") for line in self.audit.quick_check()]
        self.meta = self.audit.meta()
        self.found.mission = self.meta.get("mission", "")
        hub, key = self.meta.get("hub_device", ""), self.meta.get("hub_key", "")
        try:
            self.found.hub = fingerprint(key)
        except BadSignature:
            self.found.faults.append(Fault("the log names no key of headquarters"))
        if self.expected is not None and key != self.expected:
            self.found.faults.append(Fault("the log's hub_key is not headquarters' key"))
        self.devices[hub] = (HEADQUARTERS, HUB, self.expected or key)
        self._prove_devices()
        self._prove_erasures()
        self._check_changes()
        self._check_former()
        self._check_tables()
        self._check_forks()
        hubs = {one: key for one, (_, role, key) in self.devices.items() if role == HUB}
        self.found.faults += [Fault(what) for what in check_succession(self.meta, hubs, self.keys)]
        sheets = check_sheets(self.audit.sheets(), self.meta, hubs, self.standing, self.keys)
        self.found.counts["receipt sheets"] = sheets.count
        for what, at in sheets.faults:
            self._fault(what, at)

    def _fault(self, what: str, at: Standing | None) -> None:
        if at is None:
            self.found.faults.append(Fault(what))
        else:
            self.found.faults.append(Fault(what, at.position, at.device, at.seq))

    # -- what the rest rests on -------------------------------------------------------

    def _signed_by_hub(self, row: ChangeRow) -> Change | None:
        """The change, if a hub proved by now signed it and it counts."""
        author, role, key = self.devices.get(row.device, ("", "", ""))
        if role != HUB or row.payload is None or row.state != "stored":
            return None
        try:
            self.keys.check(key, "change", row.payload, row.signature)
            change = read_change(row.payload, row.signature)
        except SyncError:
            return None
        sound = (change.device, change.author) == (row.device, author)
        return change if sound and change.mission == self.meta.get("mission") else None

    def _prove_devices(self) -> None:
        """Devices whose records a hub signed; the present hub vouches for those before it."""
        rows = list(self.audit.changes("device"))
        waiting = {row.position: row for row in rows}
        going_on = True
        while going_on:
            going_on = False
            for row in list(waiting.values()):
                change = self._signed_by_hub(row)
                if change is None:
                    continue
                del waiting[row.position]
                going_on = True
                if "public_key" in change.set:
                    names = ("author", "role", "public_key")
                    device = tuple(str(change.set.get(name)) for name in names)
                    if self.devices.setdefault(change.record, device) != device:  # type: ignore[arg-type]
                        self.found.faults.append(
                            Fault("it gives a device a second author, role or key", *_place(row))
                        )

    def _prove_erasures(self) -> None:
        for row in self.audit.changes("erasure"):
            change = self._signed_by_hub(row)
            hashes = change.set.get("hashes") if change else None
            for name in hashes if isinstance(hashes, list) else ():
                kept = change.set.get(f"kept/{name}") if change else None
                self.erasures.setdefault(str(name), _Erasure(row.hash, kept))

    # -- changes ----------------------------------------------------------------------

    def _check_changes(self) -> None:
        orphans, counts = [], self.found.counts
        for row in self.audit.changes():
            try:
                self._check(row)
            except _Orphaned as wrong:
                orphans.append(Fault(str(wrong), *_place(row)))
            except _Wrong as wrong:
                self.found.faults.append(Fault(str(wrong), *_place(row)))
            self.found.position = row.position
            counts["changes"] += 1
            counts[row.state] += 1
            self.standing[row.hash] = _standing(row, self._is_hub(row.device))
            if row.payload is None:
                counts["erased"] += 1
            if self._is_former(row.device):
                self.former.setdefault(row.device, {})
            else:
                self.ends[row.device] = (row.seq, row.hash)
        self.found.faults += orphans

    def _is_hub(self, device: str) -> bool:
        return self.devices.get(device, ("", "", ""))[1] == HUB

    def _is_former(self, device: str) -> bool:
        return self._is_hub(device) and device != self.meta.get("hub_device")

    def _check(self, row: ChangeRow) -> None:
        """Return when nothing is wrong with a change, where it stands."""
        if row.position != self.found.position + 1:
            raise _Wrong(f"after position {self.found.position} a change is missing")
        change = self._erased(row) if row.payload is None else self._signed(row, row.payload)
        if change.mission != self.meta.get("mission"):
            raise _Wrong("it is for another mission")
        for name in ("device", "seq", "kind", "record"):
            if getattr(change, name) != getattr(row, name):
                raise _Wrong(f"the column {name} is not what was signed")
        if row.device not in self.devices:
            raise _Orphaned("its device has no sound record signed by headquarters")
        author, role, _ = self.devices[row.device]
        if change.author != author:
            raise _Wrong(f"the author is not {author}, for whom the device was enrolled")
        if row.state not in STATES or (row.state == "stored") != (row.code is None):
            raise _Wrong("the state is none, or does not fit the code")
        if role == HUB and row.state != "stored":
            raise _Wrong("a change of headquarters counts always")
        if not is_instant(row.received_at):
            raise _Wrong("received_at is no time")
        self._follows(row, change)

    def _signed(self, row: ChangeRow, payload: str) -> Change:
        if row.envelope is not None:
            raise _Wrong("it has both a payload and what an erasure leaves")
        try:
            if sha256_hex(payload) != row.hash:
                raise _Wrong("the payload has another hash")
            change = read_change(payload, row.signature, document=parse_payload(payload))
            if row.device not in self.devices:
                raise _Orphaned("its device has no sound record signed by headquarters")
            self.keys.check(self.devices[row.device][2], "change", payload, row.signature)
        except SyncError as error:
            raise _Wrong(error.message) from error
        except UnicodeEncodeError as error:
            raise _Wrong("the payload is no Unicode text") from error
        if row.hash in self.erasures:
            raise _Wrong(f"erased by {self.erasures[row.hash].hash}, but its payload is here")
        return change

    def _erased(self, row: ChangeRow) -> Change:
        erasure = self.erasures.get(row.hash)
        if erasure is None:
            raise _Orphaned("its payload is gone, and no sound erasure of headquarters names it")
        if row.envelope is None or not row.signature:
            raise _Wrong("an erasure leaves the envelope and the signature, and here one is gone")
        if erasure.kept is None:
            self.found.notes.append(f"position {row.position}: the erasure vouches for no envelope")
        elif sha256_hex(f"{row.envelope}\n{row.signature}") != erasure.kept:
            raise _Wrong("the envelope or the signature is not the one that the erasure left")
        try:
            return read_erased(row.envelope, row.signature, row.hash)
        except SyncError as error:
            raise _Wrong(error.message) from error

    def _follows(self, row: ChangeRow, change: Change) -> None:
        if self._is_former(row.device):
            chain = self.former.setdefault(row.device, {})
            chain[row.seq] = (_standing(row, hub=True), change.prev)
            return
        seq, hash_ = self.ends.get(row.device, (0, ""))
        if row.seq != seq + 1:
            raise _Wrong(f"the change after {seq} of this device is missing")
        if change.prev != hash_:
            raise _Wrong("it does not follow the change before it")

    def _check_former(self) -> None:
        """Of a former hub others bring back what they have, in any order; gaps can stay."""
        for device, chain in self.former.items():
            gaps = sorted(set(range(1, max(chain, default=0) + 1)) - set(chain))
            for seq, (at, prev) in sorted(chain.items()):
                before = chain.get(seq - 1)
                if before is not None and before[0].hash != prev:
                    self._fault("it does not follow the change before it", at)
            if gaps:
                self.found.notes.append(
                    f"Of the former headquarters {device}, {len(gaps)} changes did not come back "
                    f"after a restore (the first is change {gaps[0]})."
                )
            last = max(chain, default=0)
            self.ends[device] = (last, chain[last][0].hash) if chain else (0, "")

    # -- what the log notes beside ----------------------------------------------------

    def _check_tables(self) -> None:
        heads = self.audit.heads()
        for device in sorted({*heads, *self.ends}):
            if heads.get(device) != self.ends.get(device):
                self.found.faults.append(Fault(f"the head noted for {device} is not its last"))
        noted = self.audit.devices()
        for device in sorted({*noted, *self.devices}):
            if noted.get(device) != self.devices.get(device):
                self.found.faults.append(
                    Fault(f"the device noted as {device} is not as its signed record says")
                )
        named = self.audit.erased()
        for hash_ in sorted({*named, *self.erasures}):
            erasure = self.erasures.get(hash_)
            if erasure is None or named.get(hash_) != erasure.hash:
                self.found.faults.append(Fault(f"the erasure noted for {hash_} is not signed so"))

    def _check_forks(self) -> None:
        for hash_, device, seq, payload, signature in self.audit.forks():
            self.found.counts["forks"] += 1
            key = self.devices.get(device, ("", "", ""))[2]
            try:
                if payload:
                    self.keys.check(key, "change", payload, signature)
                sound = not payload or sha256_hex(payload) == hash_
            except (SyncError, UnicodeEncodeError):
                sound = False
            if not sound:
                self.found.faults.append(Fault(f"the fork at change {seq} of {device} is unsound"))


def _place(row: ChangeRow) -> tuple[int, str, int]:
    return row.position, row.device, row.seq


def _standing(row: ChangeRow, hub: bool) -> Standing:
    return Standing(
        *(row.hash, row.position, row.device, row.seq, row.state),
        *(row.code, row.received_at, row.sheet, hub),
    )
