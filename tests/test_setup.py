"""``scripts/setup`` and ``scripts/chromium``: whatever is missing is said in one sentence."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from detectors import ROOT

# What the scripts use of any system.
TOOLS = ("sh", "dirname", "cat", "cmp", "grep", "rm", "id", "env")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the scripts need, in a folder of its own with a space in its name."""
    copy = tmp_path / "a copy"
    shutil.copytree(ROOT / "scripts", copy / "scripts")
    shutil.copytree(ROOT / "requirements", copy / "requirements")
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.fixture
def run(project: Path, tmp_path: Path) -> Run:
    """Runs a script of the copy with an empty home and only some programs to be found."""
    programs = tmp_path / "bin"
    programs.mkdir()
    home = tmp_path / "home"
    home.mkdir()

    def run(*command: str, tools: dict[str, str], **environment: str):
        found = {tool: shutil.which(tool) for tool in TOOLS}
        for name, target in (found | tools).items():
            assert target, name
            (programs / name).symlink_to(target)
        environment |= {"HOME": str(home), "PATH": str(programs), "LANG": "C.UTF-8"}
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)

    return run


def script(path: Path, body: str) -> str:
    """A program that does little."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    """What a failed script said last; it said nothing else but what it was doing."""
    assert result.returncode == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert all(line.startswith(("setup: ", "chromium: ")) for line in lines), result.stderr
    assert lines[-1].endswith((".", "run make setup first.", "chromium"))
    return lines[-1]


def test_no_python(run: Run) -> None:
    assert "Python 3.11 or newer is needed" in one_sentence(run("scripts/setup", tools={}))


def test_an_old_python(run: Run, tmp_path: Path) -> None:
    old = script(tmp_path / "python3", "exit 1")
    said = one_sentence(run("scripts/setup", tools={"python3": old}))
    assert "Python 3.11 or newer is needed" in said


def test_no_git(run: Run) -> None:
    assert "git is needed" in one_sentence(run("scripts/setup", tools={"python3": sys.executable}))


def test_an_unknown_kind(run: Run) -> None:
    assert "say base, hub or dev" in one_sentence(run("scripts/setup", "all", tools={}))


def test_no_venv_module(run: Run, tmp_path: Path) -> None:
    """Debian packs it apart; without the right to install it, the sentence says how."""
    bare = script(
        tmp_path / "python3",
        f'case "$2" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac',
    )
    said = one_sentence(run("scripts/setup", "hub", tools={"python3": bare}))
    assert "sudo apt-get install python3-venv" in said


def test_no_network(run: Run, project: Path) -> None:
    """Nothing is installed, no stamp is left, and the next try begins again."""
    said = one_sentence(
        run(
            "scripts/setup",
            "base",
            tools={"python3": sys.executable},
            PIP_INDEX_URL="http://127.0.0.1:9/simple",
            PIP_CONFIG_FILE=os.devnull,
            PIP_RETRIES="1",
        )
    )
    assert "could not reach its package index" in said
    assert not list((project / ".venv").glob(".stamp-*"))


def test_a_chromium_that_does_not_start(run: Run, tmp_path: Path) -> None:
    said = one_sentence(run("scripts/chromium", tools={}, CHROMIUM=str(tmp_path / "gone")))
    assert "does not start" in said


def test_the_named_chromium_comes_first(run: Run, tmp_path: Path) -> None:
    mine = script(tmp_path / "mine", "exit 0")
    other = script(tmp_path / "other", "exit 0")
    result = run("scripts/chromium", tools={"chromium": other}, CHROMIUM=mine)
    assert (result.returncode, result.stdout) == (0, f"{mine}\n")


def test_a_placeholder_is_passed_over(run: Run, tmp_path: Path) -> None:
    """Some systems have a chromium-browser that only says where to get one."""
    placeholder = script(tmp_path / "placeholder", "echo install the snap; exit 1")
    real = script(tmp_path / "real", "exit 0")
    result = run("scripts/chromium", tools={"chromium-browser": placeholder, "google-chrome": real})
    assert result.stdout.strip().endswith("google-chrome")


def test_no_chromium(run: Run) -> None:
    assert "no Chromium was found" in one_sentence(run("scripts/chromium", "--find", tools={}))
