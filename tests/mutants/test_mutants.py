"""The tests bite: each planted bug makes them fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from detectors import ROOT, tracked_files

FOLDER = Path(__file__).parent
PATCHES = sorted(FOLDER.glob("*.patch"))
LIMIT = 600  # seconds
# The quickest that sees it decides; each stops at its first failure.
TESTS = (
    ("tests/sync", "tests/review/test_pull.py"),
    ("tests/model/test_model.py",),
    (
        "tests/review/test_ingest.py",
        "tests/review/test_enrolment.py",
        "tests/review/test_restore.py",
    ),
)


def names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def test_there_are_at_least_twelve() -> None:
    assert len(PATCHES) >= 12


@pytest.mark.parametrize("patch", PATCHES, ids=names(PATCHES))
def test_a_patch_fits_what_it_is_for(patch: Path) -> None:
    done = subprocess.run(
        ["git", "apply", "--check", str(patch)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what git has, as it is now."""
    folder = tmp_path / "copy"
    for path in tracked_files():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return folder


@pytest.mark.soak
@pytest.mark.parametrize("patch", PATCHES, ids=names(PATCHES))
def test_a_planted_bug_is_caught(patch: Path, copy: Path) -> None:
    subprocess.run(["git", "apply", str(patch)], cwd=copy, check=True)
    assert any(fails(copy, tests) for tests in TESTS), "no test saw it"


@pytest.mark.soak
def test_without_a_bug_nothing_fails(copy: Path) -> None:
    for tests in TESTS:
        assert not fails(copy, tests)


def fails(copy: Path, tests: tuple[str, ...]) -> bool:
    """Whether a run of these tests in the copy ends with a failed test, and not otherwise badly."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "MODEL_QUICKLY": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("HYPOTHESIS_PROFILE", None)
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    return done.returncode == 1
