"""The words of a checklist in another language, kept outside its content hash.

A translation can be mended without a new version, because it changes no question's meaning, id or
options. What is not translated falls back to the published words, one by one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from schemas.checklist import SPECIAL, Checklist
from schemas.checklist_schema import ChecklistError, message_lines

_WORDS = fields.String(required=True, validate=validate.Length(min=1))


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class _ItemWordsSchema(_Strict):
    text = fields.String(validate=validate.Length(min=1))
    help = fields.String()
    anchor_partly = fields.String(validate=validate.Length(min=1))


class WordingSchema(_Strict):
    """The file of a wording: titles by section id, words by item id."""

    schema = fields.String(required=True, validate=validate.Equal("trial-observation-wording/1"))
    checklist = fields.String(required=True)
    language = fields.String(required=True)
    status = fields.String(required=True)
    sections = fields.Dict(keys=fields.String(), values=_WORDS, required=True)
    items = fields.Dict(keys=fields.String(), values=fields.Nested(_ItemWordsSchema), required=True)


@dataclass(frozen=True)
class Wording:
    """Words of a checklist in a language, item by item, falling back to the published ones."""

    checklist: Checklist
    language: str
    document: Mapping[str, Any]

    def text(self, item: str) -> str:
        """The question."""
        return self._word(item, "text") or self.checklist.items[item].text

    def help(self, item: str) -> str:
        """The guidance."""
        return self._word(item, "help") or self.checklist.items[item].help

    def anchor_partly(self, item: str) -> str | None:
        """What *partly* means for this item, where the checklist says so."""
        published = self.checklist.items[item].anchor_partly
        return published and (self._word(item, "anchor_partly") or published)

    def section(self, section: str) -> str:
        """A section's title."""
        title = self.document.get("sections", {}).get(section)
        return title or next(s.title for s in self.checklist.sections if s.id == section)

    @property
    def complete(self) -> float:
        """The share of the questions that are in this language, from 0 to 1."""
        if self.language == self.checklist.language:
            return 1.0
        items = self.checklist.items
        return sum(self._word(item, "text") is not None for item in items) / max(len(items), 1)

    def _word(self, item: str, name: str) -> str | None:
        word: str | None = self.document.get("items", {}).get(item, {}).get(name)
        return word


def load_wording(document: object, language: str, everything: Checklist) -> Mapping[str, Any]:
    """A wording's parsed file, checked.

    :param everything: the checklist with all items that a wording may name, optional ones included
    :raises ChecklistError: it is not sound, or names an item or section that does not exist
    """
    try:
        loaded: dict[str, Any] = WordingSchema().load(document)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ChecklistError(*message_lines(error.messages)) from error
    problems = list(_strange(loaded, language, everything))
    if problems:
        raise ChecklistError(*problems)
    return loaded


def _strange(loaded: Mapping[str, Any], language: str, everything: Checklist) -> Iterator[str]:
    if loaded["language"] != language:
        yield f"language: the file is named for {language} and says {loaded['language']}"
    sections = {section.id for section in everything.sections}
    for section in loaded["sections"]:
        if section not in sections:
            yield f"{section}: the wording names a section that does not exist"
    for item, words in loaded["items"].items():
        if item not in everything.items:
            yield f"{item}: the wording names an item that does not exist"
        elif "anchor_partly" in words and everything.items[item].anchor_partly is None:
            yield f"{item}: the wording says what partly means, the checklist does not"


def label_problems(labels: Mapping[str, object], everything: Checklist) -> list[str]:
    """What is wrong with a file of option labels: keys are ``option`` or ``item/option``."""
    items = everything.items
    options = {option for item in items.values() for option in (*item.choices, *SPECIAL)}
    found = []
    for key, label in labels.items():
        item, _, option = key.rpartition("/")
        named = items.get(item)
        known = option in (*named.choices, *SPECIAL) if named else not item and option in options
        if not known:
            found.append(f"{key}: there is no such option")
        if not isinstance(label, str) or not label:
            found.append(f"{key}: a label is a text")
    return found
