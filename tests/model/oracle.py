"""What must hold, said a second time and as plainly as possible; slow, and sharing no code."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Fact:
    """A change as the oracle sees it, with its position and judgement at headquarters."""

    hash: str
    position: int
    state: str
    code: str | None
    author: str
    device: str
    seq: int
    prev: str
    kind: str
    record: str
    parents: tuple[str, ...]
    recorded_at: str
    fields: dict[str, Any]

    @classmethod
    def of(cls, change: Any) -> "Fact":
        """A change as a device has it; it has no position at headquarters."""
        return cls(
            *(change.hash, 0, "stored", None, change.author, change.device, change.seq),
            *(change.prev, change.kind, change.record, change.parents, change.recorded_at),
            dict(change.set),
        )


SHARED = ("case", "person", "hearing")


def fact(row: tuple[str, int, str, str | None, str]) -> Fact:
    """From (payload or what an erasure left of it, position, state, code, hash)."""
    payload, position, state, code, hash_ = row
    document = json.loads(payload)
    assert "set" not in document or hashlib.sha256(payload.encode()).hexdigest() == hash_
    return Fact(
        hash_,
        position,
        state,
        code,
        document["author"],
        document["device"],
        document["seq"],
        document["prev"],
        document["kind"],
        document["record"],
        tuple(document["parents"]),
        document["recorded_at"],
        document.get("set", {}),
    )


def descends(facts: dict[str, Fact], later: str, earlier: str) -> bool:
    """Whether a change follows another, by any way through the changes that are there."""
    waiting, seen = [later], set()
    while waiting:
        name = waiting.pop()
        for parent in facts[name].parents if name in facts else ():
            if parent == earlier:
                return True
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return False


def folded(facts: Iterable[Fact]) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """Values, and for each field in conflict the differing values as JSON."""
    here = {one.hash: one for one in facts}
    values: dict[str, Any] = {}
    conflicts: dict[str, set[str]] = {}
    paths = {path for one in here.values() if one.state == "stored" for path in one.fields}
    for path in paths:
        writers = [o for o in here.values() if o.state == "stored" and path in o.fields]
        latest = [
            one
            for one in writers
            if not any(descends(here, o.hash, one.hash) for o in writers if o is not one)
        ]
        latest.sort(key=lambda o: (datetime.fromisoformat(o.recorded_at), o.hash))
        said = {json.dumps(one.fields[path], sort_keys=True) for one in latest}
        if len(said) > 1:
            conflicts[path] = said
        if latest[-1].fields[path] is not None:
            values[path] = latest[-1].fields[path]
    return values, conflicts


def visible(facts: list[Fact], author: str, makers: dict[str, str] | None = None) -> set[str]:
    """The records that an author sees, read off everything headquarters has stored.

    :param makers: who made which record, when the order of the log no longer tells
    """
    stored = [one for one in facts if one.state == "stored"]
    creator: dict[str, str] = dict(makers or {})
    linked: dict[str, dict[str, str]] = {}
    for one in stored:
        if one.kind not in SHARED or not one.parents:
            creator.setdefault(one.record, one.author)
        for name in ("case", "observation", "incident"):
            if isinstance(one.fields.get(name), str):
                linked.setdefault(one.record, {}).setdefault(name, one.fields[name])
    own = {record for record, made_by in creator.items() if made_by == author}
    assignments: dict[str, dict[str, Any]] = {}
    for one in stored:
        if one.kind == "assignment":
            assignments.setdefault(one.record, {}).update(one.fields)
    mine = {record: a for record, a in assignments.items() if a.get("author") == author}
    kinds = {one.record: one.kind for one in reversed(stored)}
    cases = {record for record in own if kinds.get(record) == "case"}
    cases |= {a["case"] for a in mine.values() if not a.get("ended_at")}
    found = own | set(mine)
    for record, kind in kinds.items():
        where = linked.get(record, {})
        if (
            kind in ("mission", "device", "checklist")
            or record in cases
            or (kind in ("person", "hearing", "assignment") and where.get("case") in cases)
            or (kind in ("query", "review") and where.get("observation") in own)
            or (kind == "review" and where.get("incident") in own)
        ):
            found.add(record)
    seen = {one.hash for one in facts if one.record in found}
    return found | {
        one.record for one in stored if one.kind == "erasure" and seen & set(one.fields["hashes"])
    }


def allowed(writer: tuple[str, str], one: Fact, before: list[Fact]) -> bool:
    """Whether this change may count, by the table in words (``docs/protocol.md``, Rights)."""
    author, role = writer
    stored = [b for b in before if b.state == "stored"]
    kinds = {b.kind for b in stored if b.record == one.record}
    if kinds - {one.kind}:
        return False
    made = [b for b in stored if b.record == one.record]
    first = next((b for b in made if b.kind not in SHARED or not b.parents), None)
    hub_only = {"mission", "device", "checklist", "assignment", "review", "erasure"}
    hub_only |= {"finding", "follow_up"}
    if role == "hub":
        return one.kind in hub_only | {"query"}
    if role == "relay" or one.kind in hub_only:
        return False
    if one.kind == "query":
        return first is not None and all(path.startswith("reply/") for path in one.fields)
    if first is None or first.author == author:
        return True
    case = case_of(one, stored)
    return one.kind in ("case", "person", "hearing") and (case, author) in assigned(stored)


def case_of(one: Fact, stored: list[Fact]) -> str | None:
    """The case that a shared record belongs to: the first that was named."""
    if one.kind == "case":
        return one.record
    named = [b.fields.get("case") for b in stored if b.record == one.record]
    return next((case for case in named if isinstance(case, str)), None)


def assigned(stored: list[Fact]) -> set[tuple[str, str]]:
    """(case, author) of the assignments that have not ended."""
    running: dict[str, dict[str, Any]] = {}
    for b in stored:
        if b.kind == "assignment":
            running.setdefault(b.record, {}).update(b.fields)
    return {(a["case"], a["author"]) for a in running.values() if not a.get("ended_at")}
