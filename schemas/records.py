"""The fields of every kind of record, and the class each field has.

A field path is ``name`` or ``group/key`` or ``group/key/key``. The class decides where a value may
go: ``fact`` into the database that SQL may touch, ``text`` (notes and log text) into the one that
only reviewers' pages read, ``sealed`` nowhere readable. A field that is not listed does not exist.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

FACT: Final = "fact"
TEXT: Final = "text"
SEALED: Final = "sealed"

UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ITEM: Final = r"[a-z][a-z0-9_]*\.[a-z0-9_]+"

_ANSWERS = {rf"answers/{ITEM}": TEXT, rf"answers/{ITEM}/{UUID}": TEXT}
_COMMON = {"practice": FACT, "same_as": FACT, "withdrawn": TEXT}

# An answer and a log entry hold facts (value, kind, time) and text (comment, words) in one value;
# the projection splits them by the item's kind, so the path as a whole counts as text.
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    # What every phone of the mission shows: whom to call, the name it goes by, what to do first.
    "mission": {
        "title": FACT,
        "practice": FACT,
        "time_zone": FACT,
        "closed_at": FACT,
        "phone": FACT,
        "app_name": FACT,
        "emergency": TEXT,
    },
    "device": {
        "author": FACT,
        "role": FACT,
        "public_key": FACT,
        "expires_at": FACT,
        "revoked_at": FACT,
        "renewed_as": FACT,
    },
    "checklist": {"checklist": FACT, "version": FACT, "sha256": FACT},
    "assignment": {"case": FACT, "hearing": FACT, "author": FACT, "by": FACT, "ended_at": FACT},
    "case": {"title": FACT, "court": FACT, "opened_at": FACT, **_COMMON, **_ANSWERS},
    "person": {"case": FACT, "code": FACT, "role": FACT, **_COMMON},
    "hearing": {
        "case": FACT,
        "number": FACT,
        "date": FACT,
        "court": FACT,
        "room": FACT,
        "time_zone": FACT,
        "scheduled_at": FACT,
        **_COMMON,
    },
    "observation": {
        "case": FACT,
        "hearing": FACT,
        "checklist": FACT,
        "mode": FACT,
        "observed_by": FACT,
        "entered_by": FACT,
        "attendance": FACT,
        "started_at": FACT,
        "submitted_at": FACT,
        rf"log/{UUID}": TEXT,
        r"overrides/[a-z0-9_./-]+": TEXT,
        **_COMMON,
        **_ANSWERS,
    },
    # Names of files are not kept: they tell of persons and places. ``original_...`` is what stays
    # on the device when ``derived`` says that the file sent was made from it without its metadata.
    "attachment": {
        "observation": FACT,
        "entry": FACT,
        "sha256": FACT,
        "size": FACT,
        "type": FACT,
        "derived": FACT,
        "original_sha256": FACT,
        "original_size": FACT,
        "taken_at": FACT,
        "added_at": FACT,
        **_COMMON,
    },
    "source": {"type": FACT, "reliability": FACT, "hand": FACT, **_COMMON},
    "query": {
        "observation": FACT,
        "field": FACT,
        "question": TEXT,
        "asked_by": FACT,
        rf"reply/{UUID}": TEXT,
    },
    # Of an observation or an incident; ``of`` are the heads that were read.
    "review": {
        "observation": FACT,
        "incident": FACT,
        "of": FACT,
        "decision": FACT,
        "by": FACT,
        "comment": TEXT,
    },
    "finding": {"case": FACT, "severity": FACT, "by": FACT, "text": TEXT},
    "follow_up": {"finding": FACT, "owner": FACT, "due": FACT, "state": FACT, "action": TEXT},
    "translation": {"record": FACT, "field": FACT, "language": FACT, "text": TEXT},
    # ``persons`` are ids of persons at risk, ``needs`` a list of codes; ``code`` is what the phone
    # showed (``schemas.incident``). ``text`` is for practice; words of real incidents are sealed.
    "incident": {
        "kind": FACT,
        "case": FACT,
        "hearing": FACT,
        "observation": FACT,
        "persons": FACT,
        "needs": FACT,
        "code": FACT,
        "opened_at": FACT,
        "text": TEXT,
        "sealed": SEALED,
        "practice": FACT,
        "withdrawn": TEXT,
    },
    "erasure": {
        "hashes": FACT,
        "by": FACT,
        "reason": TEXT,
        # SHA-256 of what stays of the change: its envelope, a newline, its signature.
        r"kept/[0-9a-f]{64}": FACT,
        r"restated/[0-9a-f]{64}/[a-z0-9_./-]+": TEXT,
    },
}

_COMPILED = {
    kind: [(re.compile(pattern), name) for pattern, name in patterns.items()]
    for kind, patterns in FIELDS.items()
}


@lru_cache(maxsize=65536)
def field_class(kind: str, path: str) -> str | None:
    """``fact``, ``text`` or ``sealed``; ``None`` if records of this kind have no such field."""
    for pattern, name in _COMPILED.get(kind, ()):
        if pattern.fullmatch(path):
            return name
    return None


def unknown_paths(kind: str, paths: Mapping[str, object]) -> list[str]:
    """The paths that records of this kind do not have."""
    return [path for path in paths if field_class(kind, path) is None]
