"""A change: an immutable, signed set of fields of one record. Reading and making one.

No store, no clock: who calls gives the time and the heads.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from schemas.envelope import VERSION, envelope_problems, is_later
from sync.errors import BadEnvelope
from sync.keys import DeviceKey, sha256_hex
from sync.profile import dump_payload, parse_payload

HEADQUARTERS: Final = "HQ"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Change:
    """One change as signed, with its envelope taken apart (see ``docs/protocol.md``)."""

    payload: str
    signature: str
    hash: str
    mission: str
    device: str
    seq: int
    prev: str
    author: str
    kind: str
    record: str
    parents: tuple[str, ...]
    recorded_at: str
    set: Mapping[str, Any]
    counts: bool = True
    erased: bool = False
    later: bool = False

    @property
    def instant(self) -> float:
        """``recorded_at`` as seconds since 1970, so that offsets compare as instants."""
        return datetime.fromisoformat(self.recorded_at).timestamp()

    def wire(self) -> dict[str, str]:
        """The form in which a change travels; of an erased one, only its envelope does."""
        if self.erased:
            return {"envelope": self.payload, "hash": self.hash, "signature": self.signature}
        return {"payload": self.payload, "signature": self.signature}


def read_change(
    payload: str,
    signature: str,
    hash_: str | None = None,
    *,
    counts: bool = True,
    document: dict[str, Any] | None = None,
) -> Change:
    """Take a signed payload apart; the signature is not checked here.

    A change of a later version is read as far as every version goes: it gives no value.

    :param counts: false for a quarantined or erased change: it keeps its place, gives no value
    :param document: the parsed payload, when the caller has it already
    :raises TooLarge: over 64 kB
    :raises BadPayload: outside the profile
    :raises BadEnvelope: a key is missing, unknown or of the wrong shape
    """
    if document is None:
        document = parse_payload(payload)
    problems = envelope_problems(document)
    if problems:
        raise BadEnvelope("; ".join(problems))
    later = is_later(document)
    if later:
        # Its values have a meaning that this version does not know.
        document, counts = {**document, "set": {}}, False
    return Change(
        payload=payload,
        signature=signature,
        hash=hash_ or sha256_hex(payload),
        mission=document["mission"],
        device=document["device"],
        seq=document["seq"],
        prev=document["prev"],
        author=document["author"],
        kind=document["kind"],
        record=document["record"],
        parents=tuple(document["parents"]),
        recorded_at=document["recorded_at"],
        set=document["set"],
        counts=counts,
        later=later,
    )


def envelope_of(payload: str) -> str:
    """What an erasure leaves of a payload: everything but what was set."""
    document = {key: value for key, value in json.loads(payload).items() if key != "set"}
    return _encode(document)


def kept_hash(envelope: str, signature: str) -> str:
    """By what an erasure names the envelope and signature that stay of a change."""
    return sha256_hex(f"{envelope}\n{signature}")


def read_erased(
    envelope: str, signature: str, hash_: str, restated: Mapping[str, Any] | None = None
) -> Change:
    """An erased change: it keeps its place in the graph and gives no value of its own.

    :param restated: what headquarters says in its place; it counts, as headquarters' words
    :raises BadEnvelope: not the envelope of a change
    """
    try:
        document = {**json.loads(envelope), "set": dict(restated or {}) or {"erased": True}}
    except (TypeError, ValueError, RecursionError) as error:
        raise BadEnvelope("An erased change must keep its envelope.") from error
    change = read_change(envelope, signature, hash_, counts=bool(restated), document=document)
    return replace(change, erased=True, author=HEADQUARTERS if restated else change.author)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who writes: a device of one mission, its author and its key."""

    mission: str
    device: str
    author: str
    key: DeviceKey


def make_change(
    signer: Signer,
    *,
    seq: int,
    prev: str,
    kind: str,
    record: str,
    parents: Sequence[str],
    recorded_at: str,
    fields: Mapping[str, Any],
) -> Change:
    """A new signed change.

    :raises TooLarge: the fields do not fit into one change; the caller splits them
    :raises BadPayload: a value is outside the profile
    :raises BadEnvelope: an argument is not of the envelope's shape
    """
    payload = dump_payload(
        {
            "v": VERSION,
            "mission": signer.mission,
            "device": signer.device,
            "seq": seq,
            "prev": prev,
            "author": signer.author,
            "kind": kind,
            "record": record,
            "parents": sorted(parents),
            "recorded_at": recorded_at,
            "set": dict(fields),
        }
    )
    return read_change(payload, signer.key.sign("change", payload))
