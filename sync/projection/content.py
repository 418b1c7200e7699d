"""Rows of the published content: questions, and the provisions each rests on. Pure."""

from typing import Any

from schemas.checklist import Checklist
from schemas.library import default_checklist, instruments

Row = dict[str, Any]


def content_rows() -> dict[str, list[Row]]:
    """Rows of ``items``, ``provisions`` and ``item_provisions``."""
    checklist = default_checklist()
    return {
        "items": _items(checklist),
        "provisions": _provisions(),
        "item_provisions": _links(checklist),
    }


def _items(checklist: Checklist) -> list[Row]:
    return [
        {
            "id": item.id,
            "label": f"{item.code} {item.text}",
            "code": item.code,
            "section": section.title,
            "text": item.text,
            "help": item.help,
            "answer": item.answer,
            "scope": item.scope,
            "per": item.per,
            "who": item.who,
            "checklist": f"{checklist.id} {checklist.version}",
            "position": position,
            "core": int(item.core),
            "critical": int(item.critical),
        }
        for position, (section, item) in enumerate(
            ((section, item) for section in checklist.sections for item in section.items), 1
        )
    ]


def _provisions() -> list[Row]:
    return [
        {
            "id": f"{instrument.key}/{provision.ref}",
            "label": f"{instrument.title}, {provision.ref}",
            "instrument": instrument.title,
            "ref": provision.ref,
            "gist": provision.gist,
            "checked": provision.checked,
            "shown_as_authority": int(provision.is_authority),
        }
        for instrument in instruments().values()
        for provision in instrument.provisions
    ]


def _links(checklist: Checklist) -> list[Row]:
    return [
        {
            "id": f"{item.id}/{source.instrument}/{source.ref}",
            "item_id": item.id,
            "provision_id": f"{source.instrument}/{source.ref}",
        }
        for item in checklist.items.values()
        for source in item.sources
    ]
