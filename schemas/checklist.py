"""A checklist as plain, frozen data: sections of items, and what each item asks of whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

SPECIAL = ("not_observed", "not_applicable")
COMPLIANCE = ("yes", "partly", "no")


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A provision by its instrument's key and its reference, such as ``iccpr``, ``14(3)(f)``."""

    instrument: str
    ref: str


@dataclass(frozen=True, slots=True)
class Gate:
    """An item is relevant when any of these values is among the gate item's values."""

    item: str
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One question (``docs/checklist-format.md`` has the meaning of each key)."""

    id: str
    code: str
    section: str
    text: str
    help: str
    scope: str
    per: str
    who: str
    proceedings: tuple[str, ...]
    answer: str
    options: tuple[str, ...] = ()
    relevant_if: Gate | None = None
    core: bool = False
    critical: bool = False
    critical_on: tuple[str, ...] = ()
    derived: str | None = None
    anchor_partly: str | None = None
    sources: tuple[SourceRef, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The values one may choose from, without not_observed and not_applicable."""
        return COMPLIANCE if self.answer == "compliance" else self.options


@dataclass(frozen=True, slots=True)
class Section:
    """A section and its items in order."""

    id: str
    title: str
    stage: str
    letter: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Checklist:
    """A published checklist; ``sha256`` is the content hash that observations name."""

    id: str
    version: str
    language: str
    title: str
    sha256: str
    sections: tuple[Section, ...]

    def __hash__(self) -> int:
        # The content hash says it all; hashing 222 items at each look-up cost a page a quarter.
        return hash(self.sha256)

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Items by id, in order."""
        return {item.id: item for section in self.sections for item in section.items}

    @cached_property
    def by_code(self) -> Mapping[str, Item]:
        """Items by the code printed on paper."""
        return {item.code: item for item in self.items.values()}

    @cached_property
    def gates(self) -> frozenset[str]:
        """Ids of the items that open others."""
        return frozenset(i.relevant_if.item for i in self.items.values() if i.relevant_if)
