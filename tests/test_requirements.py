"""The pinned requirements fit ``pyproject.toml`` and mean the same on every machine."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import lock

FILES = ("base", "hub", "dev")
PIN = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,-]+\])?==(\S+)(?: ; [a-z_]+ != \"[A-Za-z]+\")? \\\n"
    r"((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.M,
)


def text(name: str) -> str:
    """A file of requirements."""
    return (lock.FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    """Version by package of one file."""
    return {canonicalize_name(match[1]): match[2] for match in PIN.finditer(text(name))}


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_what_pyproject_asks_for(name: str) -> None:
    """When this fails, ``make lock`` was forgotten."""
    pyproject = tomllib.loads(Path(lock.ROOT, "pyproject.toml").read_text(encoding="utf-8"))
    pinned = pins(name)
    for line in lock.wanted(pyproject)[name]:
        wanted = Requirement(line)
        version = pinned.get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} is not pinned"
        assert wanted.specifier.contains(version, prereleases=True), f"{wanted} but {version}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_holds_pins_with_hashes_and_nothing_else(name: str) -> None:
    """No option, host, path or unpinned line."""
    rest = re.sub(r"^\s*#.*\n", "", PIN.sub("", text(name)), flags=re.M)
    assert rest.strip() == ""
    assert "://" not in text(name)


def test_smaller_files_take_over_the_pins_of_the_larger() -> None:
    """What the tests ran with is what is installed in court and at headquarters."""
    for smaller, larger in (("base", "hub"), ("hub", "dev")):
        assert pins(smaller).items() <= pins(larger).items()


def test_the_laptop_in_court_gets_no_datasette() -> None:
    assert "datasette" not in pins("base")
    assert pins("hub")["datasette"] == "1.0a41"
