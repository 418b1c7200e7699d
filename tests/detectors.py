"""Finds in Python source what the architecture forbids. Reads syntax trees; runs nothing.

Each function takes source text (or its tree) and gives what it found, so that the tests can also
show planted faults to it.
"""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNTRACKED = {".git", ".venv", "__pycache__", "node_modules", "build", "dist"}


@dataclass(frozen=True)
class Found:
    """Something found at a line of a source."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


def tracked_files() -> list[Path]:
    """The files of the project: those that git knows, or all in an unpacked archive."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
        return [path for path in paths if path.is_file()]
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in UNTRACKED]
        found += [Path(folder) / name for name in names]
    return found


def imports(source: str, package: str = "") -> Iterator[Found]:
    """Full dotted names of all modules that a source imports, also inside functions.

    :param package: the dotted package of the source, to resolve relative imports
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Found(node.lineno, name.name)
        elif isinstance(node, ast.ImportFrom):
            yield Found(node.lineno, _absolute(node, package))
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
            first = node.args[0] if node.args else None
            known = isinstance(first, ast.Constant) and isinstance(first.value, str)
            yield Found(node.lineno, first.value if known else "a name made at run time")


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    kept = parents[: len(parents) - node.level + 1]
    return ".".join([*kept, node.module] if node.module else kept)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


# In capitals a statement is SQL wherever it stands in a string.
CAPITALS = re.compile(
    r"""\bSELECT\b[\s\S]+?\bFROM\b | \b(?:INSERT|REPLACE)\b[\w\s]*?\bINTO\b
    | \bUPDATE\b\s+\S+\s+SET\b | \bDELETE\s+FROM\b | \bPRAGMA\s+\w
    | \bCREATE\b[\w\s]*?\b(?:TABLE|INDEX|VIEW|TRIGGER)\b | \b(?:ALTER|DROP)\s+TABLE\b
    | \bATTACH\s+(?:DATABASE\b|') | \bVACUUM\s+INTO\b | \bBEGIN\s+IMMEDIATE\b""",
    re.VERBOSE,
)
# In small letters it could be prose, so it must be the whole string and have a statement's form.
_NAME = r"""["\[`]?[\w.{}]+["\]`]?"""
_COLUMN = r"""(?:\*|[\w.]+\([^()]*\)|["\w.{}]+)(?:\s+as\s+\w+)?"""
SMALL = re.compile(
    rf"""\s*(?:
    select\s+(?:distinct\s+)?{_COLUMN}(?:\s*,\s*{_COLUMN})*\s+from\s+{_NAME}
        (?:\s*;?\s*$|\s+(?:where|order|group|limit|join|left|inner|union|having|as)\b)
    | (?:insert|replace)\s+(?:or\s+\w+\s+)?into\s+{_NAME}\s*(?:\(|values|select|default)
    | update\s+{_NAME}\s+set\s+{_NAME}\s*=
    | delete\s+from\s+{_NAME}(?:\s*;?\s*$|\s+where\b)
    | create\s+(?:unique\s+|virtual\s+|temp\s+)?(?:table|index|view|trigger)\s+{_NAME}\s*
        (?:\(|on\b|as\b|using\b|after\b|before\b)
    | (?:alter|drop)\s+table\s+{_NAME} | pragma\s+\w+\s*(?:[=(;]|$)
    )""",
    re.VERBOSE,
)


def sql(source: str) -> Iterator[Found]:
    """Strings that are SQL statements; docstrings and other bare strings are prose."""
    tree = ast.parse(source)
    bare = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {
        part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(tree):
        if node in bare or node in inside:
            continue
        text = _text(node)
        if text and (CAPITALS.search(text) or SMALL.match(text)):
            yield Found(node.lineno, " ".join(text.split())[:60])


def _text(node: ast.AST) -> str:
    """The text of a string or f-string, with ``{}`` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "{}" for part in node.values)
    return ""


CONNECTIONS = {"conn", "connection", "_conn", "_connection"}


def with_connection(source: str) -> Iterator[Found]:
    """``with`` on a connection itself: it commits halfway and closes nothing."""
    for node in ast.walk(ast.parse(source)):
        for item in node.items if isinstance(node, ast.With | ast.AsyncWith) else ():
            expression = item.context_expr
            name = getattr(expression, "attr", getattr(expression, "id", ""))
            if name in CONNECTIONS:
                yield Found(node.lineno, f"with {ast.unparse(expression)}")


def long_functions(source: str, cap: int) -> Iterator[Found]:
    """Functions of more than ``cap`` lines, decorators not counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > cap:
                yield Found(node.lineno, f"{node.name} has {length} lines")


def open_calls(source: str) -> Iterator[Found]:
    """Calls of ``open``, ``print`` and ``input``, and readings of the clock: none is pure."""
    impure = {"open", "print", "input", "now", "utcnow", "today", "read_text", "write_text"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node) in impure:
            yield Found(node.lineno, f"calls {ast.unparse(node.func)}")


# Put together from pieces, or this file would find itself.
_HERE = "|".join(("work", "tmp", "root"))
MACHINE = re.compile(rf"(?<![\w.\-/])/(?:{_HERE})(?![\w-])|\.\./shared\b")
REGISTRIES = re.compile(
    "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.", "registry" + r"\.npm"))
)


def local_words(text: str) -> Iterator[Found]:
    """Paths that exist on one machine only, and hosts of package registries."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in (MACHINE, REGISTRIES):
            if match := pattern.search(line):
                yield Found(number, match.group())
