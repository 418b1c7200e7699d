"""A checklist with further items: the file of the whole, made from a base and an extension.

It makes the bytes to publish and publishes nothing: observations name published files only, so the
whole is a version of its own with a hash of its own. The loader then checks it like any other.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from schemas.checklist_schema import ChecklistError, message_lines

_NAME = validate.Length(min=1)


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class _ExtendsSchema(_Strict):
    id = fields.String(required=True, validate=_NAME)
    version = fields.String(required=True, validate=_NAME)


class _AdditionsSchema(_Strict):
    id = fields.String(required=True, validate=_NAME)
    items = fields.List(fields.Dict(), required=True, validate=validate.Length(min=1))


class ExtensionSchema(_Strict):
    """The file of an extension; its items have the format of a checklist's."""

    schema = fields.String(required=True, validate=validate.Equal("trial-observation-extension/1"))
    id = fields.String(required=True, validate=_NAME)
    version = fields.String(required=True, validate=_NAME)
    title = fields.String(required=True, validate=_NAME)
    extends = fields.Nested(_ExtendsSchema, required=True)
    sections = fields.List(fields.Nested(_AdditionsSchema), required=True)


def with_extension(base: Mapping[str, Any], extension: object) -> bytes:
    """The published file of a checklist that has the items of both, each section's own first.

    :param base: the parsed file of the published checklist that is extended
    :param extension: the parsed file of the extension; id, version and title of the whole are its
    :raises ChecklistError: the extension is not sound, or is meant for another checklist
    """
    try:
        added: dict[str, Any] = ExtensionSchema().load(extension)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ChecklistError(*message_lines(error.messages)) from error
    problems = list(_misplaced(base, added))
    if problems:
        raise ChecklistError(*problems)
    more = {section["id"]: section["items"] for section in added["sections"]}
    sections = [
        {**section, "items": [*section["items"], *more.get(section["id"], ())]}
        for section in base["sections"]
    ]
    names = {name: added[name] for name in ("id", "version", "title")}
    return file_bytes({**base, **names, "sections": sections})


def file_bytes(document: Mapping[str, Any]) -> bytes:
    """The bytes of a checklist's file, as published ones are written."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _misplaced(base: Mapping[str, Any], added: Mapping[str, Any]) -> Iterator[str]:
    for name in ("id", "version"):
        if added["extends"][name] != base[name]:
            yield f"extends: meant for {added['extends'][name]}, not for {base[name]}"
    known = [section["id"] for section in base["sections"]]
    seen: set[str] = set()
    for section in added["sections"]:
        if section["id"] not in known:
            yield f"{section['id']}: there is no such section to extend"
        if section["id"] in seen:
            yield f"{section['id']}: this section stands twice"
        seen.add(section["id"])
