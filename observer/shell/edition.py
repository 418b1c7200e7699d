"""All files of the shell in one language, as one version."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from observer.shell.files import HTML, JSON, MANIFEST, SCRIPT, STYLE, ShellFile
from observer.shell.icons import SIZES, icons
from observer.shell.packing import pack
from observer.shell.rendering import PACKAGE, Renderer, base, direction, tag
from observer.shell.rules import checklist_rules
from schemas.library import default_checklist

BUNDLE: Final = PACKAGE / "static" / "client"
SECTIONS: Final = "sections.json"
STYLES: Final = ("observer.css", "client.css")
VERSION_LENGTH: Final = 16  # hexadecimal digits of the hash over all
NOT_BUILT: Final = "The app for phones is not built. Run: make client"


class ShellNotBuilt(Exception):
    """The bundle of the client is not there."""


@dataclass(frozen=True)
class Edition:
    """One version in one language.

    :param files: by path below its base, as the worker keeps them; the document is the empty path
    :param sections: all sections in one file, from which the worker makes them
    :param worker: ``sw.js``
    """

    version: str
    files: dict[str, ShellFile]
    sections: ShellFile
    worker: ShellFile

    def find(self, path: str) -> ShellFile | None:
        """The file of a path below the base."""
        by_itself = {"sw.js": self.worker, SECTIONS: self.sections}
        return by_itself.get(path) or self.files.get(path)


class Shell:
    """What ``observer serve`` gives to browsers; made when first asked for, then kept in memory.

    :param languages: English first
    :param name: what the app is called; by default *Notes*
    :param withdrawn: the worker ends itself and drops its caches
    """

    def __init__(
        self, languages: list[str], *, name: str | None = None, withdrawn: bool = False
    ) -> None:
        self.languages = languages
        self.renderer = Renderer(name, languages)
        self.withdrawn = withdrawn
        self._editions: dict[str, Edition] = {}
        self._lock = Lock()

    def edition(self, language: str) -> Edition:
        """The shell in a language.

        :raises ShellNotBuilt: the client was not bundled
        """
        with self._lock:
            if language not in self._editions:
                self._editions[language] = self._make(language)
            return self._editions[language]

    def worker(self, language: str) -> ShellFile:
        """The service worker's script, or the one that ends it.

        :raises ShellNotBuilt: the client was not bundled
        """
        if self.withdrawn:
            return ShellFile(self.renderer.withdrawn(cache_prefix(language)), SCRIPT)
        return self.edition(language).worker

    def _make(self, language: str) -> Edition:
        program = bundle()
        files = self._files(language) | {
            f"client/{path.name}": ShellFile(path.read_bytes(), SCRIPT) for path in program
        }
        worker = (BUNDLE / "sw.js").read_bytes()
        # The document says which version it is of, so it is counted without that.
        nameless = ShellFile(self.renderer.document(language, ""), HTML)
        version = _version({**files, "": nameless, "sw.js": ShellFile(worker, SCRIPT)})
        files[""] = ShellFile(self.renderer.document(language, version), HTML)
        facts = {
            "version": version,
            "base": base(language),
            "caches": cache_prefix(language),
            "sections": SECTIONS,
            "files": {path: file.sha256 for path, file in sorted(files.items())},
        }
        head = f"const SHELL={json.dumps(facts, separators=(',', ':'))};\n".encode()
        sections = {
            path: pack(file.body.decode())
            for path, file in sorted(files.items())
            if path.startswith("sections/")
        }
        return Edition(version, files, _json(sections, JSON), ShellFile(head + worker, SCRIPT))

    def _files(self, language: str) -> dict[str, ShellFile]:
        checklist = default_checklist()
        sections = {
            f"sections/{each.id}.html": ShellFile(
                self.renderer.section(checklist, each, language), HTML
            )
            for each in checklist.sections
        }
        styles = {
            name: ShellFile((PACKAGE / "static" / name).read_bytes(), STYLE) for name in STYLES
        }
        return {
            **sections,
            **styles,
            **icons(),
            "guidance.json": _json(self.renderer.guidance(checklist, language), JSON),
            "more.html": ShellFile(self.renderer.more(language), HTML),
            "checklist.json": _json(checklist_rules(checklist, language), JSON),
            "manifest.webmanifest": _json(self._manifest(language), MANIFEST),
            "offline.html": ShellFile(self.renderer.notice(language, "offline"), HTML),
        }

    def _manifest(self, language: str) -> dict[str, Any]:
        name = self.renderer.app_name(language)
        plain = [
            {"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
            for size in SIZES
        ]
        maskable = {"src": "icon-maskable.png", "sizes": "512x512", "type": "image/png"}
        return {
            "id": base(language),
            "name": name,
            "short_name": name,
            "lang": tag(language),
            "dir": direction(language),
            "start_url": "./",
            "scope": "./",
            "display": "standalone",
            "background_color": "#fbfaf7",
            "theme_color": "#fbfaf7",
            "icons": [*plain, {**maskable, "purpose": "maskable"}],
        }


def bundle() -> list[Path]:
    """The client's modules as bundled, without the worker.

    :raises ShellNotBuilt: they are not there
    """
    if not all((BUNDLE / name).is_file() for name in ("app.js", "sw.js")):
        raise ShellNotBuilt(NOT_BUILT)
    return sorted(path for path in BUNDLE.glob("*.js") if path.name != "sw.js")


def cache_prefix(language: str) -> str:
    """What the names of the caches of one language's worker begin with."""
    return f"shell {language} "


def _json(document: dict[str, Any], type_: str) -> ShellFile:
    return ShellFile(
        json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), type_
    )


def _version(files: dict[str, ShellFile]) -> str:
    lines = (f"{file.sha256} {path}\n" for path, file in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:VERSION_LENGTH]
