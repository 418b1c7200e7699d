"""Writes ``requirements/*.txt`` from ``pyproject.toml``: every release pinned, with its hashes.

``python scripts/lock.py`` keeps the pins that still fit; ``--upgrade`` takes the newest releases.
The files must mean the same on every machine, so settings of this machine's pip (other indexes,
folders of wheels, constraints) are kept out; ``PIP_INDEX_URL`` still names a mirror for who
needs one, and never reaches the files.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
OPTIONS = (
    "--allow-unsafe",  # pip refuses a dependency without a hash, and pip-tools depends on pip
    "--generate-hashes",
    "--no-config",
    "--no-emit-find-links",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--quiet",
    # Without its extras a pin does not bind ``name[extra]`` in every pip: 23.2 takes a newer
    # release for that, and then finds that it has no hash.
    "--no-strip-extras",
)
FOREIGN = ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT", "PIP_REQUIREMENT")


def group(pyproject: dict[str, Any], name: str) -> list[str]:
    """The requirements of a dependency group with those of the groups it includes (PEP 735)."""
    found: list[str] = []
    for entry in pyproject["dependency-groups"][name]:
        found += group(pyproject, entry["include-group"]) if isinstance(entry, dict) else [entry]
    return found


def wanted(pyproject: dict[str, Any]) -> dict[str, list[str]]:
    """What each file must contain, by file name; ``dev`` contains the others and comes first."""
    base = [*pyproject["project"]["dependencies"], *group(pyproject, "build")]
    hub = [*base, *pyproject["project"]["optional-dependencies"]["hub"]]
    node = group(pyproject, "node")
    return {"dev": [*hub, *group(pyproject, "dev")], "hub": hub, "base": base, "node": node}


def compile_file(target: Path, requirements: list[str], arguments: list[str]) -> None:
    """Pin ``requirements`` in ``target``, keeping the pins that it already has where they fit."""
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "CUSTOM_COMPILE_COMMAND": "make lock"}
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *arguments]
    subprocess.run(
        [*command, "--output-file", str(target), "-"],
        input="\n".join(requirements),
        text=True,
        env=environment,
        cwd=ROOT,
        check=True,
    )
    text = target.read_text(encoding="utf-8").replace("-r -", "pyproject.toml")
    target.write_text(text, encoding="utf-8")


def main() -> None:
    """Write the files; the smaller ones take over the pins of ``dev.txt``."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    FOLDER.mkdir(exist_ok=True)
    arguments = sys.argv[1:]
    for name, requirements in wanted(pyproject).items():
        target = FOLDER / f"{name}.txt"
        if name in ("hub", "base"):
            shutil.copyfile(FOLDER / "dev.txt", target)
            arguments = []
        compile_file(target, requirements, arguments)


if __name__ == "__main__":
    main()
