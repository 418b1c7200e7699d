"""Strings of headquarters' pages in the reader's language, through gettext.

English is the source. The language is chosen per request and kept in a context variable, so that
code and templates just call ``gettext``. Reads the package's catalogues and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

SOURCE = "en"
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})

_language: ContextVar[str] = ContextVar("review_language", default=SOURCE)


@lru_cache
def languages() -> tuple[str, ...]:
    """The languages there is a compiled catalogue for, the source first."""
    folder = files("review") / "translations"
    found = [
        entry.name
        for entry in folder.iterdir()
        if (entry / "LC_MESSAGES" / "messages.mo").is_file()
    ]
    return (SOURCE, *sorted(set(found) - {SOURCE}))


@lru_cache
def _catalogue(language: str) -> NullTranslations:
    path = files("review") / "translations" / language / "LC_MESSAGES" / "messages.mo"
    if not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        return GNUTranslations(file)


def preferred(accept_language: str | None) -> str:
    """The best language we have for an ``Accept-Language`` header; English when none fits."""
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "").split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), place, tag.lower().split("-")[0]))
        except ValueError:
            continue
    have = languages()
    return next((tag for weight, _, tag in sorted(wishes) if weight and tag in have), SOURCE)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within the block, strings are in this language."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def speak(language: str) -> None:
    """From here on in this task, strings are in this language."""
    _language.set(language)


def language() -> str:
    """The language of the current request."""
    return _language.get()


def direction(tag: str) -> str:
    """``rtl`` or ``ltr``, as HTML wants it."""
    return "rtl" if tag in RIGHT_TO_LEFT else "ltr"


def gettext(message: str, **values: object) -> str:
    """The message in the current language, with its ``%(name)s`` places filled."""
    said = _catalogue(_language.get()).gettext(message)
    return said % values if values else said


def ngettext(singular: str, plural: str, n: int, **values: object) -> str:
    """Likewise for a message that counts; ``%(n)s`` is the number."""
    said = _catalogue(_language.get()).ngettext(singular, plural, n)
    return said % {"n": n, **values}
