"""The client's modules import downwards only, and only screens touch the page."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "observer" / "client" / "src"
# What each folder may import besides itself; a file is named where only it may be.
MAY = {
    "protocol": (),
    "rules": ("protocol/clock.js",),
    "store": ("protocol/",),
    "media": ("protocol/", "rules/"),
    "records": ("protocol/", "rules/", "store/", "media/"),
    "sync": ("protocol/", "rules/", "store/", "records/", "media/"),
}
IMPORT = re.compile(r"""(?:^(?:import|export)\b[^"';]*?from\s*|\bimport\()["']([^"']+)["']""", re.M)
PAGE = re.compile(r"\b(?:querySelector(?:All)?|getElementById|innerHTML|textContent|dataset)\b")


def files(folder: str) -> list[Path]:
    """The modules of a folder."""
    found = sorted((SOURCE / folder).rglob("*.js"))
    assert found, folder
    return found


def imports(path: Path, source: str) -> list[str]:
    """What a module imports of ours, as paths below the source."""
    return [
        (path.parent / found).resolve().relative_to(SOURCE).as_posix()
        for found in IMPORT.findall(source)
        if found.startswith(".")
    ]


def faults(folder: str, path: Path, source: str) -> list[str]:
    """Imports upwards."""
    return [
        f"{path.name} imports {found}"
        for found in imports(path, source)
        if not found.startswith((f"{folder}/", *MAY[folder]))
    ]


@pytest.mark.parametrize("folder", MAY)
def test_a_folder_imports_only_what_it_may(folder: str) -> None:
    found = [fault for path in files(folder) for fault in faults(folder, path, path.read_text())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("folder", MAY)
def test_only_screens_touch_the_page(folder: str) -> None:
    found = [
        f"{path.name}: {match[0]}"
        for path in files(folder)
        for match in PAGE.finditer(re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.S))
    ]
    assert not found, "\n".join(found)


def test_the_check_sees_a_fault() -> None:
    path = SOURCE / "rules" / "assess.js"
    planted = 'import { x } from "../store/rows.js";\nconst y = await import("../sync/push.js");'
    assert len(faults("rules", path, planted)) == 2
    assert PAGE.search("root.querySelector('p')")
