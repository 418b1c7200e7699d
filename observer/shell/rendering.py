"""Renders the shell's pages with the laptop's templates and filters, but without its records.

An app of its own with no route and no session: what a phone gets must not be able to hold a CSRF
token, a cookie or a link of the laptop's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, render_template
from flask_babel import Babel, force_locale
from flask_babel import gettext as _

from observer.forms.answers import Question, Slot, section_form
from observer.forms.records import ENTRY_KINDS, NOT_ADMITTED_BY
from observer.shell.phrases import phrases
from observer.views.words import install_filters
from schemas.checklist import Checklist, Section

PACKAGE = Path(__file__).resolve().parent.parent
SCREENS = "shell/screens"
# What court needs at once stands in the document; the other screens come right after it.
AT_ONCE = ("20-today", "50-log", "60-checklist")


class Renderer:
    """Templates in a language.

    :param name: what the app is called where others may look; says nothing of trials
    :param languages: those that the app can be had in
    """

    def __init__(self, name: str | None, languages: list[str]) -> None:
        self.name = name
        self.languages = languages
        self.app = Flask("observer", root_path=str(PACKAGE), static_folder=None)
        self.app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's own provider has it
        Babel(self.app, locale_selector=lambda: "en")
        install_filters(self.app)

    @contextmanager
    def _speaking(self, language: str) -> Iterator[None]:
        with self.app.test_request_context(), force_locale(language):
            yield

    def document(self, language: str, version: str) -> bytes:
        """The one document: every screen, hidden, and the program's words."""
        with self._speaking(language):
            return _lean(
                render_template(
                    "shell/document.html",
                    **self._page(language),
                    version=version,
                    screens=self._screens(at_once=True),
                    words=phrases(),
                    languages=self.languages,
                    kinds=ENTRY_KINDS,
                )
            )

    def more(self, language: str) -> bytes:
        """The screens that are not in the document."""
        with self._speaking(language):
            page = {**self._page(language), "kinds": ENTRY_KINDS, "refusals": NOT_ADMITTED_BY}
            return _lean(
                "".join(render_template(name, **page) for name in self._screens(at_once=False))
            )

    def _screens(self, *, at_once: bool) -> list[str]:
        names = self.app.jinja_env.list_templates(
            filter_func=lambda name: name.startswith(f"{SCREENS}/") and name.endswith(".html")
        )
        first = {f"{SCREENS}/{name}.html" for name in AT_ONCE}
        return sorted(name for name in names if (name in first) == at_once)

    def guidance(self, checklist: Checklist, language: str) -> dict[str, str]:
        """The guidance to each of the observer's questions, by item; fetched when it is opened."""
        with self._speaking(language):
            return {
                item.id: _lean(
                    render_template(
                        "guidance.html",
                        q=Question(item, True),
                        sitting={"checklist": checklist},
                    )
                ).decode()
                for item in checklist.items.values()
                if item.who == "observer"
            }

    def notice(self, language: str, reason: str) -> bytes:
        """A page of one sentence.

        :param reason: ``offline``, ``missing`` or ``unbuilt``
        """
        with self._speaking(language):
            return _lean(
                render_template("shell/notice.html", **self._page(language), reason=reason)
            )

    def section(self, checklist: Checklist, section: Section, language: str) -> bytes:
        """The observer's questions of a section, for nobody in particular."""
        asked = [
            Question(item, True, [Slot(item, None, False, {})])
            for item in section.items
            if item.who == "observer"
        ]
        with self._speaking(language):
            form = section_form([slot for each in asked for slot in each.slots], language)
            blank = {
                "blank": True,
                "sitting": {"checklist": checklist},
                "section": section,
                "form": form(formdata=None, meta={"csrf": False}),
                **{name: {} for name in ("errors", "disputed", "proposed", "entries")},
            }
            return _lean(
                "".join(render_template("question.html", q=each, **blank) for each in asked)
            )

    def withdrawn(self, caches: str) -> bytes:
        """The worker that ends itself.

        :param caches: what the names of its caches begin with
        """
        with self._speaking("en"):
            return render_template("shell/withdrawn.js", caches=caches).encode()

    def app_name(self, language: str) -> str:
        """What the app is called."""
        with self._speaking(language):
            return self.name or str(_("Notes"))

    def _page(self, language: str) -> dict[str, Any]:
        return {
            "app_name": self.app_name(language),
            "language": tag(language),
            "direction": direction(language),
            "base": base(language),
        }


def tag(language: str) -> str:
    """A language as HTML names it."""
    return language.replace("_", "-")


def direction(language: str) -> str:
    """``rtl`` or ``ltr``."""
    order = Locale.parse(language).character_order
    return "rtl" if order == "right-to-left" else "ltr"


def base(language: str) -> str:
    """Where the shell of a language lies, and all that its worker may touch."""
    return f"/app/{language}/"


def _lean(text: str) -> bytes:
    """Without the line breaks and blank lines that templates leave."""
    return "\n".join(line for line in map(str.strip, text.splitlines()) if line).encode()
