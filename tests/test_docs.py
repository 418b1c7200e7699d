"""The documentation names everything that a person can type, set, call or be answered.

The lists are read off the program itself, so a command, option, setting, call or code that is
added without a word in ``docs/`` fails here.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import click
import pytest
from detectors import ROOT, tracked_files

import schemas.errors

ROOMS = ("schemas", "sync", "observer", "review")
PROGRAMS = {"observer": "observer.cli", "observer-hub": "review.cli"}
MARKDOWN = [path for path in tracked_files() if path.suffix == ".md"]


@cache
def docs() -> str:
    """All pages of ``docs/``."""
    pages = sorted((ROOT / "docs").rglob("*.md"))
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


@cache
def protocol() -> str:
    """The page of the protocol."""
    return (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


@cache
def modules() -> list[ModuleType]:
    """Every module of the four rooms, imported."""
    found = []
    for room in ROOMS:
        package = importlib.import_module(room)
        found.append(package)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if not module.name.endswith("__main__"):
                found.append(importlib.import_module(module.name))
    return found


def missing(names: set[str], text: str) -> list[str]:
    """Those of the names that the text does not contain as whole words."""
    return sorted(name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}\b", text))


def test_the_readme_is_short() -> None:
    """One screen or two; the rest is in docs/."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 100


# Commands and options


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, each with what one types for it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, f"{path} {name}")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_and_option_is_described(program: str) -> None:
    """In docs/ by what one types, and in its own --help."""
    main = importlib.import_module(PROGRAMS[program]).main
    names, silent = set(), []
    for path, command in commands(main, program):
        names.add(path)
        if not command.help:
            silent.append(path)
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                names.add(max(option.opts, key=len))
                if not option.help:
                    silent.append(f"{path} {option.opts[0]}")
    assert not missing(names, docs()), "not in docs/"
    assert not silent, "without help"


# Settings

SETTING = re.compile(r"(?:OBSERVER|HUB)_[A-Z][A-Z_]*|CHROMIUM|HYPOTHESIS_PROFILE")


def settings(source: str) -> set[str]:
    """Names of environment variables among the strings of a Python source."""
    strings = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {text for text in strings if isinstance(text, str) and SETTING.fullmatch(text)}


def test_every_setting_is_described() -> None:
    """Those that the rooms read; scripts/chromium reads one more."""
    names = {"CHROMIUM"}
    for path in tracked_files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in {*ROOMS, "scripts"}:
            names |= settings(path.read_text(encoding="utf-8"))
    text = docs() + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert not missing(names, text)


def test_a_setting_is_found_in_source() -> None:
    source = "import os\na = os.environ.get('OBSERVER_INSTANCE')\nb = 'observer_b'\nHUB_C = 1"
    assert settings(source) == {"OBSERVER_INSTANCE"}


# Calls and codes


def call_names(routes: object) -> set[str]:
    """The calls in a table of routes, however nested: what follows ``v1/`` in its strings."""
    if isinstance(routes, str):
        return set(re.findall(r"v1/([a-z]+)", routes))
    if isinstance(routes, dict):
        return {name for key in (*routes, *routes.values()) for name in call_names(key)}
    if isinstance(routes, list | tuple | set | frozenset):
        return {name for entry in routes for name in call_names(entry)}
    path = getattr(routes, "path", None)
    return call_names(path) if isinstance(path, str) else set()


def test_every_page_of_the_observers_app_is_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every rule of a fresh app, and those under /sync in the protocol."""
    monkeypatch.setenv("OBSERVER_INSTANCE", str(tmp_path))
    app = importlib.import_module("observer").create_app()
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"}
    assert rules
    assert not [rule for rule in sorted(rules) if f"`{rule}`" not in docs()]
    assert not missing(call_names([rule for rule in rules if "/sync/" in rule]), protocol())


def test_every_call_of_headquarters_is_described() -> None:
    """The ROUTES of the modules that take records in."""
    tables = [getattr(module, "ROUTES", ()) for module in modules() if "review" in module.__name__]
    names = call_names(tables)
    assert names, "no module of review has ROUTES with calls of the protocol"
    assert not missing(names, protocol())


def error_classes(base: type) -> Iterator[type]:
    """All classes below one."""
    for below in base.__subclasses__():
        yield below
        yield from error_classes(below)


def codes() -> set[str]:
    """Every code that anybody can be answered: of errors, and from tables of codes."""
    known = {module.__name__ for module in modules()}
    found = {
        error.__dict__["code"]
        for error in error_classes(schemas.errors.TrialObserverError)
        if "code" in error.__dict__ and error.__module__ in known
    }
    for module in modules():
        for table in ("CODES", "QUARANTINE"):
            found |= set(getattr(module, table, ()))
    return found


def test_every_code_is_described() -> None:
    """With what it means and what to do, in the protocol or on another page."""
    assert len(codes()) > 10
    assert not missing(codes(), docs())


# Links

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s+(\S+)", re.M)


def links(text: str) -> Iterator[str]:
    """Targets of the links in a page, outside code, that lead to other files or headings."""
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))
    for match in LINK.finditer(prose):
        target = match.group(1) or match.group(2)
        if not re.match(r"[a-z][a-z0-9+.-]*:", target):
            yield target


def anchors(text: str) -> set[str]:
    """What the headings of a page can be linked as."""
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", FENCE.sub("", text), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


def broken(page: Path, text: str) -> list[str]:
    """Links of a page to files that are not there, or to headings that their page has not."""
    found = []
    for target in links(text):
        where, _, anchor = target.partition("#")
        path = (page.parent / where).resolve() if where else page
        if not path.exists() or ROOT not in (path, *path.parents):
            found.append(target)
        elif anchor and path.suffix == ".md":
            linked = text if path == page else path.read_text(encoding="utf-8")
            if anchor not in anchors(linked):
                found.append(target)
    return found


def test_every_link_between_pages_leads_somewhere() -> None:
    """To a file of the project, and to a heading that its page has."""
    found = {
        str(page.relative_to(ROOT)): broken(page, page.read_text("utf-8")) for page in MARKDOWN
    }
    assert not {page: targets for page, targets in found.items() if targets}


def test_a_broken_link_is_found() -> None:
    page = ROOT / "README.md"
    text = "# Here it is\n[a](LICENSE) [b](gone.md) [c](#here-it-is) [d](#there) [e](https://a.b/c)"
    assert broken(page, text + "\n`[f](code.md)`\n```\n[g](code.md)\n```\n") == [
        "gone.md",
        "#there",
    ]
    assert broken(page, "[out](../elsewhere.md)") == ["../elsewhere.md"]
