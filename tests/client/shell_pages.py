"""The shell's addresses without a process, for tests that only read what they give."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from observer.shell import Shell, add_shell


def put_bundle(folder: Path) -> Path:
    """A bundle that needs no Node, where what is in it is not asked about."""
    folder.mkdir()
    for name in ("app", "part-A", "sw"):
        (folder / f"{name}.js").write_text(f"/* {name} */")
    return folder


def browser_of(shell: Shell) -> FlaskClient:
    """Asks an app that has only the shell."""
    app = Flask("relay", static_folder=None)
    add_shell(app, shell)
    return app.test_client()


class Elements(HTMLParser):
    """Every element with its attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str, **wanted: str) -> Iterator[dict[str, str | None]]:
        for name, attrs in self.found:
            if name == tag and all(attrs.get(key) == value for key, value in wanted.items()):
                yield attrs
