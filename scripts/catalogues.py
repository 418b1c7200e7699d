"""Translation catalogues of the rooms that have an interface: extract, update, compile, check.

``python scripts/catalogues.py compile`` makes the ``.mo`` files that are missing or older than
their ``.po``; ``update`` extracts the strings anew, brings them into every ``.po`` and compiles;
``add LANGUAGE`` begins a catalogue. ``stale()`` is what the test asks.

Nothing here writes a date of its own: extracting twice gives the same file.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("observer", "review")
# Lines of a header that change by themselves, or that say nothing.
IDLE = tuple(
    f'"{name}'
    for name in (
        *("Project-Id-Version", "Report-Msgid-Bugs-To", "POT-Creation-Date", "PO-Revision-Date"),
        *("Last-Translator", "Language-Team", "Generated-By"),
    )
)
# Besides gettext and its relatives, the names under which flask_babel gives them.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def folder(room: str) -> Path:
    """Where the catalogues of a room lie."""
    return ROOT / room / "translations"


def template_path(room: str) -> Path:
    """The file of all strings of a room, which every catalogue of it follows."""
    return folder(room) / "messages.pot"


def po_files(room: str) -> list[Path]:
    """The catalogues of a room, one per language."""
    return sorted(folder(room).glob("*/LC_MESSAGES/messages.po"))


def new_catalogue(language: str | None) -> Catalog:
    """An empty catalogue with a header that says what is known, and no blanks to fill in."""
    return Catalog(
        locale=language,
        header_comment="# Strings of Trial Observer, under the same licence as the program.\n#",
        project="trial-observer",
        charset="utf-8",
        fuzzy=False,
    )


def extract(room: str) -> Catalog:
    """All strings of a room as its sources have them now, in a fixed order."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # babel
    catalog = new_catalogue(None)
    found = extract_from_dir(
        ROOT / room, methods, options, keywords=KEYWORDS, comment_tags=("Translators:",)
    )
    for filename, _, message, comments, context in sorted(found, key=lambda one: one[:2]):
        # Line numbers would change the file with every edit of a source, so they are left out.
        place = [(f"{room}/{Path(filename).as_posix()}", 0)]
        catalog.add(message, None, place, auto_comments=comments, context=context)
    return catalog


def read_catalogue(path: Path) -> Catalog:
    """The catalogue in a ``.po`` or ``.pot`` file."""
    locale = None if path.suffix == ".pot" else path.parent.parent.name
    with path.open("rb") as file:
        return read_po(file, locale=locale, charset="utf-8", abort_invalid=True)


def write_catalogue(path: Path, catalog: Catalog) -> None:
    """Write a ``.po`` or ``.pot`` file without the lines that would differ without a reason."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, omit_header=False, include_lineno=False)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(IDLE)]
    path.write_text("".join(kept), encoding="utf-8")


def identities(catalog: Catalog) -> set[tuple[str, str]]:
    """(context, msgid) of every message of a catalogue; of a plural the singular."""
    found = set()
    for message in catalog:
        msgid = message.id if isinstance(message.id, str) else message.id[0]
        if msgid:
            found.add((message.context or "", msgid))
    return found


def stale() -> Iterator[str]:
    """A sentence for every catalogue that lacks a string of the sources, or has one too many."""
    for room in ROOMS:
        wanted = identities(extract(room))
        paths = [template_path(room)] if wanted or po_files(room) else []
        for path in [*paths, *po_files(room)]:
            have = identities(read_catalogue(path)) if path.exists() else set()
            for _, missing in sorted(wanted - have):
                yield f"{path.relative_to(ROOT)} lacks {missing!r}: run make translations"
            for _, extra in sorted(have - wanted):
                yield f"{path.relative_to(ROOT)} has {extra!r}, which no source uses"


def update_all() -> None:
    """Extract, and bring what is new into every catalogue; translations in use are kept.

    Nothing is guessed from similar strings: a wrong question in court is worse than an English one.
    """
    for room in ROOMS:
        template = extract(room)
        if not identities(template) and not po_files(room):
            continue
        write_catalogue(template_path(room), template)
        for path in po_files(room):
            catalog = read_catalogue(path)
            catalog.update(template, no_fuzzy_matching=True)
            catalog.obsolete.clear()
            write_catalogue(path, catalog)


def add(language: str) -> None:
    """Begin the catalogues of a language, empty; those that exist are left alone."""
    for room in ROOMS:
        path = folder(room) / language / "LC_MESSAGES" / "messages.po"
        if template_path(room).exists() and not path.exists():
            catalog = new_catalogue(language)
            header = catalog.header_comment
            catalog.update(read_catalogue(template_path(room)))
            catalog.header_comment = header
            write_catalogue(path, catalog)


def compile_all() -> None:
    """Make every ``.mo`` that is missing or older than its ``.po``."""
    for room in ROOMS:
        for path in po_files(room):
            target = path.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime_ns > path.stat().st_mtime_ns:
                continue
            catalog = read_catalogue(path)
            with target.open("wb") as file:
                write_mo(file, catalog)


def main(arguments: list[str]) -> int:
    """Do what the first argument says; the exit status."""
    match arguments:
        case ["compile"]:
            compile_all()
        case ["update"]:
            update_all()
            compile_all()
        case ["add", language]:
            add(language)
        case ["check"]:
            sentences = list(stale())
            print("\n".join(sentences), end="\n" if sentences else "")
            return bool(sentences)
        case _:
            print("say compile, update, check, or add LANGUAGE", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
