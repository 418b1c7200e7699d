"""Who may see what: from a signed-in person's missions and role to permissions on databases.

Everything is denied unless a rule here allows it (Datasette runs with ``--default-deny``). The
cookie only says who somebody is; missions and role are looked up in the present configuration, so
that taking them away works at once. Decides only; reads no database.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datasette.permissions import Action, PermissionSQL
from datasette.resources import DatabaseResource

from review.store.grants import Resource, allowing
from sync.projection.tables import FACT_TABLES, TEXT_TABLES

PASSWORDS = "datasette-auth-passwords"  # noqa: S105 - the name of a plugin
CONTENT_TABLES = ("items", "provisions", "item_provisions")
READ = "read-observations"

# What a role may read. A role that is not here reads nothing, as an administrator of accounts.
READS_FACTS = frozenset({"reviewer", "lead", "analyst", "publisher"})
READS_NOTES = frozenset({"reviewer", "lead", "analyst"})


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person of headquarters, as the configuration has them now."""

    id: str
    role: str
    missions: tuple[str, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        """Missions whose facts this person may read and query."""
        return self.missions if self.role in READS_FACTS else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Missions of which this person may also read what was written in words."""
        return self.missions if self.role in READS_NOTES else ()


def text_database(mission: str) -> str:
    """The database of a mission's notes."""
    return f"{mission}_text"


def mission_of(database: str) -> str:
    """The mission a database of facts or notes belongs to."""
    return database.removesuffix("_text")


def reviewer_of(datasette: Any, actor: Mapping[str, Any] | None) -> Reviewer | None:
    """The person behind a signed-in actor; ``None`` for anonymous and for who was removed."""
    actors = (datasette.plugin_config(PASSWORDS) or {}).get("actors") or {}
    found = actors.get((actor or {}).get("id"))
    if found is None:
        return None
    return Reviewer(found["id"], found.get("role") or "", tuple(found.get("missions") or ()))


def actions() -> list[Action]:
    """The actions of our own pages."""
    return [
        Action(
            name=READ,
            description="Read a mission's observations in full",
            resource_class=DatabaseResource,
            also_requires="view-database",
        )
    ]


def permissions(datasette: Any, actor: Mapping[str, Any] | None, action: str) -> Any:
    """What the person behind ``actor`` may do of one kind; ``None``: nothing of it."""
    reviewer = reviewer_of(datasette, actor)
    if reviewer is None:
        return None
    granted = list(_granted(reviewer, action))
    rule: PermissionSQL | None = allowing(action, granted) if granted else None
    return rule


def _granted(reviewer: Reviewer, action: str) -> Iterator[Resource]:
    if action == "view-instance":
        yield None, None
    elif action == "view-database":
        yield from ((mission, None) for mission in reviewer.facts)
        yield from ((text_database(mission), None) for mission in reviewer.notes)
    elif action == "view-table":
        # Tables by name: one that is added later stays closed until it is listed.
        for table in (*FACT_TABLES, *CONTENT_TABLES):
            yield from ((mission, table) for mission in reviewer.facts)
        for table in TEXT_TABLES:
            # Searching asks for the search table besides.
            for name in (table, f"{table}_fts"):
                yield from ((text_database(mission), name) for mission in reviewer.notes)
    elif action == "execute-sql":
        # SQL sees a whole file, so it is for facts alone.
        yield from ((mission, None) for mission in reviewer.facts)
    elif action == READ:
        yield from ((mission, None) for mission in reviewer.notes)
