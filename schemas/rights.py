"""Who may write what: the whole table, decided from the change and who its device was enrolled for.

Everything outside this table is kept, but quarantined as ``not_allowed``: it is authentic, and it
counts for nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

HUB: Final = "hub"
RELAY: Final = "relay"
ROLES: Final = ("observer", "team_lead", "reviewer", "analyst", RELAY)

HUB_KINDS: Final = frozenset(
    {"mission", "device", "checklist", "assignment", "review", "erasure", "finding", "follow_up"}
)
SHARED_KINDS: Final = frozenset({"case", "person", "hearing"})
OWN_KINDS: Final = frozenset({"observation", "attachment", "source", "incident", "translation"})


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote: the author and role the device is enrolled for."""

    author: str
    role: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the record: who created it (``None``: nobody yet) and who is assigned."""

    creator: str | None
    assigned: Collection[str] = ()


def may_write(writer: Writer, kind: str, paths: Collection[str], standing: Standing) -> bool:
    """Whether this author's device may write these fields of a record of this kind.

    Hub kinds, and asking a query: the hub's key only. A relay carries and writes nothing. Case,
    person, hearing: who created it or is assigned to the case. Observation, attachment, source,
    incident: the author who created it, from any of that author's devices. A reply to a query: any
    author's device here, since whose record the query asks about is for the reader of both to
    judge.
    """
    if writer.role == HUB:
        return kind in HUB_KINDS or kind == "query"
    if writer.role == RELAY or kind in HUB_KINDS:
        return False
    if kind == "query":
        return standing.creator is not None and all(path.startswith("reply/") for path in paths)
    if standing.creator in (None, writer.author):
        return True
    return kind in SHARED_KINDS and writer.author in standing.assigned
