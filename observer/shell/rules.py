"""The checklist as the client's rules read it (``rules/checklist.js``): no wording but titles.

Only what an observer is asked, and what opens it: what a lead or an analyst answers later is no
part of a record in court, and a phone fetches a fifth less without it.
"""

from typing import Any, Final

from schemas.checklist import Checklist, Item, Section
from schemas.library import wording

# What most items have, and what is therefore left out.
USUAL: Final[dict[str, Any]] = {
    "scope": "hearing",
    "per": "none",
    "who": "observer",
    "proceedings": ("all",),
    "answer": "compliance",
    "options": (),
    "relevant_if": None,
    "core": False,
    "critical": False,
    "critical_on": (),
    "derived": None,
}


def checklist_rules(checklist: Checklist, language: str) -> dict[str, Any]:
    """All sections and items, with titles in a language."""
    return {
        "id": checklist.id,
        "version": checklist.version,
        "sha256": checklist.sha256,
        "title": checklist.title,
        "sections": [_section(checklist, each, language) for each in checklist.sections],
    }


def _section(checklist: Checklist, section: Section, language: str) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": wording(checklist, language).section(section.id),
        "letter": section.letter,
        "stage": section.stage,
        "items": [
            _item(item)
            for item in section.items
            if item.who == "observer" or item.id in checklist.gates
        ],
    }


def _item(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {"id": item.id, "code": item.code}
    for name, usual in USUAL.items():
        value = getattr(item, name)
        if value == usual:
            continue
        if name == "relevant_if":
            value = {"item": value.item, "any_of": value.any_of}
        found[name] = value
    return found
