"""The rooms import only what they may, SQL stays in the stores, and files stay small.

The rules are those of ``docs/architecture.md``; here they are read off the source itself. Each
detector is shown faults first: one that finds nothing would let everything pass.
"""

import sys
from pathlib import Path

import pytest
from detectors import (
    ROOT,
    imports,
    local_words,
    long_functions,
    open_calls,
    sql,
    tracked_files,
    with_connection,
)

ROOMS = {
    "schemas": {"marshmallow"},
    "sync": {"schemas", "httpx2", "nacl", "pyrage", "sqlite_utils", "uuid6"},
    "observer": {
        *("schemas", "sync", "click", "httpx2", "marshmallow", "sqlite_utils", "uuid6"),
        *("babel", "flask", "flask_babel", "flask_wtf", "jinja2", "markupsafe", "PIL", "waitress"),
        *("werkzeug", "wtforms"),
    },
    "review": {
        *("schemas", "sync", "click", "httpx2", "marshmallow", "sqlite_utils", "uuid6"),
        *("datasette", "datasette_auth_passwords", "jinja2", "markupsafe", "segno", "uvicorn"),
    },
}
# Where these may be imported at all; a path ending in / is a folder.
SQL_HOMES = (
    *("sync/log.py", "sync/log/", "sync/projection.py", "sync/projection/"),
    *("observer/store/", "review/store/"),
)
ONLY_IN = {
    "nacl": ("sync/keys.py",),
    "sqlite3": SQL_HOMES,
    "sqlite_utils": SQL_HOMES,
    "importlib.resources": ("schemas/library.py", "observer/", "review/"),
}
# schemas/ is pure: what reads or writes anything is not imported there.
IMPURE = {
    *("asyncio", "http", "io", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil"),
    *("socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib"),
}
MAX_FILE, MAX_FUNCTION = 400, 60  # lines; 300 and 40 are what we aim at
EMPTY_NAMES = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}

PYTHON = [path for path in tracked_files() if path.suffix == ".py"]
ROOM_FILES = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in ROOMS]


def name(path: Path) -> str:
    """The path as in git."""
    return path.relative_to(ROOT).as_posix()


def within(path: str, places: tuple[str, ...]) -> bool:
    """Whether a path is one of some files, or below one of some folders."""
    return any(path.startswith(place) if place.endswith("/") else path == place for place in places)


def import_faults(path: str, source: str) -> list[str]:
    """What a file of a room imports although it may not."""
    room = path.split("/")[0]
    package = ".".join(Path(path).parent.parts)
    faults = []
    for found in imports(source, package):
        top = found.what.split(".")[0]
        if top != room and top not in ROOMS[room] and top not in sys.stdlib_module_names:
            faults.append(f"{path} {found}: {room} may not import this")
        if room == "schemas" and top in IMPURE:
            faults.append(f"{path} {found}: schemas does no input or output")
        for module, places in ONLY_IN.items():
            if f"{found.what}.".startswith(f"{module}.") and not within(path, places):
                faults.append(f"{path} {found}: only for {', '.join(places)}")
    return faults


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    """The table of rooms, from the imports themselves."""
    files = [path for path in ROOM_FILES if name(path).startswith(f"{room}/")]
    assert files, f"{room}/ has no Python file"
    faults = [fault for path in files for fault in import_faults(name(path), path.read_text())]
    assert not faults, "\n".join(faults)


def test_schemas_is_pure() -> None:
    """Only the library of published checklists reads files, and those are the package's own."""
    faults = [
        f"{name(path)} {found}"
        for path in ROOM_FILES
        if name(path).startswith("schemas/") and name(path) != "schemas/library.py"
        for found in open_calls(path.read_text())
    ]
    assert not faults, "\n".join(faults)


def test_sql_lives_in_the_stores() -> None:
    """No statement outside them, so that whoever reads a view need not know the tables."""
    faults = [
        f"{name(path)} {found}"
        for path in ROOM_FILES
        if not within(name(path), SQL_HOMES)
        for found in sql(path.read_text())
    ]
    assert not faults, "\n".join(faults)


def test_no_transaction_is_opened_by_with_connection() -> None:
    """One transaction per request, opened by who calls the service, and in one way."""
    faults = [f"{name(p)} {found}" for p in PYTHON for found in with_connection(p.read_text())]
    assert not faults, "\n".join(faults)


def test_files_and_functions_stay_small() -> None:
    """The caps; a file is split by noun before it reaches them."""
    faults = [f"{name(p)} {f}" for p in PYTHON for f in long_functions(p.read_text(), MAX_FUNCTION)]
    for path in tracked_files():
        if path.suffix in {".py", ".js"} and "vendor" not in path.parts:
            length = len(path.read_text().splitlines())
            if length > MAX_FILE:
                faults.append(f"{name(path)} has {length} lines")
    assert not faults, "\n".join(faults)


def test_files_are_named_for_what_they_hold() -> None:
    """A file called utils holds anything."""
    bad = [name(p) for p in tracked_files() if EMPTY_NAMES & {p.stem, *p.relative_to(ROOT).parts}]
    assert not bad


def test_no_file_names_this_machine() -> None:
    """Paths of one computer and hosts of registries mean nothing to anybody else."""
    faults = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an image or a font
        faults += [f"{name(path)} {found}" for found in local_words(text)]
    assert not faults, "\n".join(faults)


# The detectors, shown faults and what only looks like one.


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("observer/views/case.py", "import review.access"),
        ("observer/views/case.py", "def f():\n    from review import queue"),
        ("review/queue.py", "from observer.forms import answer"),
        ("review/queue.py", "import importlib\nimportlib.import_module('observer.forms')"),
        ("review/queue.py", "import flask"),
        ("observer/cli.py", "from datasette.app import Datasette"),
        ("sync/push.py", "import flask"),
        ("sync/push.py", "from ..observer import forms"),
        ("sync/push.py", "import nacl.signing"),
        ("sync/fold.py", "import sqlite3"),
        ("schemas/rules.py", "import pathlib"),
        ("schemas/rules.py", "from importlib.resources import files"),
        ("schemas/rules.py", "import sync.fold"),
        ("observer/views/case.py", "from sqlite_utils import Database"),
        ("sync/push.py", "import importlib\nimportlib.import_module(f'{1}')"),
    ],
)
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert import_faults(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "observer/views/case.py",
            "from flask import g\nfrom sync.fold import Folded\nimport json",
        ),
        ("sync/log/store.py", "import sqlite3\nfrom . import tables\nfrom ..keys import DeviceKey"),
        ("sync/keys.py", "from nacl.signing import SigningKey"),
        ("schemas/library.py", "from importlib.resources import files"),
        ("review/store/cases.py", "from sqlite_utils import Database"),
    ],
)
def test_a_permitted_import_is_not(path: str, source: str) -> None:
    assert not import_faults(path, source)


@pytest.mark.parametrize(
    "source",
    [
        "run('SELECT hash FROM changes')",
        "run(f'SELECT {columns} FROM \"{table}\"')",
        "run('WITH a AS (SELECT 1) SELECT * FROM a')",
        "run('''\n  INSERT OR IGNORE INTO heads VALUES (?)''')",
        "Q = 'UPDATE heads SET seq = ?'",
        "run('DELETE FROM ' + table)",
        "run('CREATE UNIQUE INDEX a ON b (c)')",
        "run('PRAGMA journal_mode')",
        "run('select * from cases')",
        "run('select id, count(*) as n from cases where id = ?')",
        "run('insert into cases (id) values (?)')",
        "run('update cases set title = ?')",
        "run('delete from cases where id = ?')",
        "run('pragma user_version')",
        "run('create table if_needed (id)')",
    ],
)
def test_sql_is_found(source: str) -> None:
    assert list(sql(source))


@pytest.mark.parametrize(
    "source",
    [
        "'''Runs SELECT hash FROM changes in the store.'''",
        "def f():\n    '''DELETE FROM is not for here.'''",
        "say('Select a case from the list')",
        "say('select the hearing from those of today')",
        "say('update the checklist set out below')",
        "say('insert into the record what was said')",
        "say('delete from the phone what was sent')",
        "say('create table of contents')",
    ],
)
def test_prose_is_not_sql(source: str) -> None:
    assert not list(sql(source))


def test_the_other_detectors_find_their_faults() -> None:
    """And leave alone what is right."""
    assert list(with_connection("with db.conn:\n    pass"))
    assert list(with_connection("with db.conn as c, other:\n    pass"))
    assert not list(with_connection("with closing(conn):\n    pass"))
    assert list(long_functions("def f():\n" + "    a = 1\n" * 60, 60))
    assert not list(long_functions("def f():\n" + "    a = 1\n" * 59, 60))
    assert list(open_calls("a = open('b')"))
    assert list(open_calls("datetime.now()"))
    slash = "/"
    for planted in (
        f"cd {slash}work{slash}main",
        f"{slash}tmp",
        f"..{slash}shared{slash}design.md",
    ):
        assert list(local_words(planted)), planted
    for fine in ("/workspace", "docs/work/plan", "https://a.example/tmp/x", "/rooted"):
        assert not list(local_words(fine)), fine
