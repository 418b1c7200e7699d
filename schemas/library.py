"""The published checklists, instruments and wordings that come with this package.

The one module of this room that reads: its own package data, once. A published file whose bytes
do not have the hash in the ledger is refused.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from schemas.checklist import Checklist, Item, SourceRef
from schemas.checklist_schema import ChecklistError, load_checklist, load_instruments
from schemas.instruments import Authority, Instrument
from schemas.wording import Wording, load_wording

__all__ = [
    "Wording",
    "checklist_by_hash",
    "default_checklist",
    "extended_checklist",
    "instruments",
    "load_published",
    "option_label",
    "provisions_for",
    "published",
    "read_published",
    "wording",
]

DEFAULT = ("default-due-process", "2.0.0")
EXTENDED = ("default-due-process-extended", "2.0.0")

# A language comes from a browser and becomes part of a file's name.
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Za-z]{2,8})*")


def _read(*names: str) -> bytes:
    return resources.files("schemas").joinpath(*names).read_bytes()


@lru_cache
def instruments() -> Mapping[str, Instrument]:
    """All instruments by key."""
    return load_instruments(json.loads(_read("instruments", "instruments.json")))


@lru_cache
def _references() -> Mapping[SourceRef, Authority]:
    return {
        SourceRef(instrument.key, provision.ref): Authority(
            instrument.title, provision.ref, provision.gist, provision.is_authority
        )
        for instrument in instruments().values()
        for provision in instrument.provisions
    }


@lru_cache
def published() -> tuple[Mapping[str, str], ...]:
    """The ledger: ``id``, ``version``, ``file`` and ``sha256`` of every published version."""
    return tuple(json.loads(_read("checklists", "published.json")))


def read_published(body: bytes, sha256: str) -> Checklist:
    """A checklist from the bytes of its published file.

    :raises ChecklistError: the bytes are not those that were published, or not sound
    """
    if hashlib.sha256(body).hexdigest() != sha256:
        raise ChecklistError(
            "The file of a published checklist was changed. Put the published file back; "
            "a change makes a new version."
        )
    return load_checklist(json.loads(body), sha256, _references().keys())


@lru_cache
def checklist_by_hash(sha256: str) -> Checklist:
    """The published checklist with this content hash.

    :raises ChecklistError: there is none here
    """
    for entry in published():
        if entry["sha256"] == sha256:
            return read_published(_read("checklists", entry["file"]), sha256)
    raise ChecklistError("This checklist version is not on this machine.")


def load_published(id_: str, version: str) -> Checklist:
    """A published checklist by id and version.

    :raises ChecklistError: there is none here
    """
    for entry in published():
        if (entry["id"], entry["version"]) == (id_, version):
            return checklist_by_hash(entry["sha256"])
    raise ChecklistError(f"There is no checklist {id_} {version} on this machine.")


def default_checklist() -> Checklist:
    """The default due-process checklist."""
    return load_published(*DEFAULT)


def extended_checklist() -> Checklist:
    """The default checklist with the optional items."""
    return load_published(*EXTENDED)


def provisions_for(item: Item) -> tuple[Authority, ...]:
    """The provisions an item rests on, those only that may be shown as authority."""
    found = (_references()[source] for source in item.sources)
    return tuple(authority for authority in found if authority.is_authority)


@lru_cache
def wording(checklist: Checklist, language: str) -> Wording:
    """The wording of a checklist in a language.

    :raises ChecklistError: the wording's file names an item, option or section that does not exist
    """
    file = f"{DEFAULT[0]}.{language}.json"
    if language == checklist.language or not _LANGUAGE.fullmatch(language):
        return Wording(checklist, checklist.language, {})
    path = resources.files("schemas").joinpath("checklists", "wording", file)
    if not path.is_file():
        return Wording(checklist, language, {})
    loaded = load_wording(json.loads(path.read_bytes()), language, extended_checklist())
    return Wording(checklist, language, loaded)


@lru_cache
def _labels(language: str) -> Mapping[str, str]:
    if not _LANGUAGE.fullmatch(language):
        return {}
    path = resources.files("schemas").joinpath("checklists", "labels", f"{language}.json")
    return json.loads(path.read_bytes()) if path.is_file() else {}


def option_label(item: Item, option: str, language: str = "en") -> str:
    """An answer's option in words."""
    for labels in (_labels(language), _labels("en")):
        found = labels.get(f"{item.id}/{option}") or labels.get(option)
        if found:
            return found
    return option.replace("_", " ").capitalize()
