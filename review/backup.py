"""A backup of a headquarters: a dated folder, whole or not there, checked before it counts.

What a device may drop depends on it: only what stands in a copy that was read back and verified is
told to devices as backed up. Works beside a running headquarters.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Final

from review.errors import NoBackup, NoSuchMission
from review.hub import Hub
from review.verification import verify_mission, whole_files
from sync.blobs import BlobStore
from sync.log.backup import copy_database, quick_check
from sync.verify import Fault, Verdict

SUMS: Final = "SHA256SUMS"
UNFINISHED: Final = ".unfinished"
UNSOUND: Final = ".unsound"


@dataclass(slots=True)
class Backup:
    """A backup that was made: where, and what its verification found in each mission."""

    folder: Path
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    linked: int = 0

    @property
    def sound(self) -> bool:
        """Whether it can be restored as it is."""
        return all(found.sound for found in self.verdicts.values())


def back_up(hub: Hub, folder: Path) -> Backup:
    """Copy everything that cannot be made again into a new dated folder, and check the copy.

    A copy that is not sound is kept under another name, for what is sound in it; devices are not
    told of it.

    :raises NoSuchMission: there is nothing to back up
    :raises OSError: it cannot be written; nothing is left
    """
    missions = hub.missions()
    if not missions:
        raise NoSuchMission("There is no mission here to back up.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%fZ")
    before = latest(folder)
    made = Backup(folder / (stamp + UNFINISHED))
    made.folder.mkdir(mode=0o700)
    try:
        for mission in missions:
            made.linked += _copy_mission(hub, mission, made.folder, before)
        # After the logs: an invitation that was used meanwhile must not be there unused.
        _copy_file(hub.instance / "hub.db", made.folder / "hub.db", database=True)
        _write_sums(made.folder)
        made.verdicts = verify_backup(made.folder)
        whole = folder / (stamp if made.sound else stamp + UNSOUND)
        made.folder.rename(whole)
        _sync(folder)
    except BaseException:
        shutil.rmtree(made.folder, ignore_errors=True)
        raise
    made.folder = whole
    if made.sound:
        for mission, found in made.verdicts.items():
            _tell_devices(hub, mission, found.position)
    return made


def _tell_devices(hub: Hub, mission: str, position: int) -> None:
    log = hub.log(mission)
    try:
        with log.writing():
            log.set_meta({"backed_up_seq": str(position)})
    finally:
        log.close()


def latest(folder: Path) -> Path | None:
    """The newest sound backup in a folder of backups; ``None`` before the first."""
    found = [
        path.parent
        for path in folder.glob(f"*/{SUMS}")
        if path.parent.suffix not in (UNFINISHED, UNSOUND)
    ]
    return max(found, key=lambda path: path.name, default=None)


def _copy_mission(hub: Hub, mission: str, into: Path, before: Path | None) -> int:
    for name in ("log", "keys"):
        (into / name).mkdir(mode=0o700, exist_ok=True)
    key = f"{mission}.key"
    _copy_file(hub.keys / key, into / "keys" / key)
    _copy_file(hub.log_path(mission), into / "log" / f"{mission}.db", database=True)
    linked = 0
    source, target = hub.blobs_path(mission), BlobStore(into / "blobs" / mission)
    for sha256 in whole_files(source):
        path = target.path(sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        old = BlobStore(before / "blobs" / mission).path(sha256) if before else None
        if old is not None and _link(old, path):
            linked += 1
            continue
        try:
            _copy_file(BlobStore(source).path(sha256), path)
        except FileNotFoundError:
            continue  # erased since it was listed
    return linked


def _link(old: Path, new: Path) -> bool:
    """A file that an older backup has takes no room again: it never changes under its hash.

    Never linked to headquarters' own file: what damages that must not reach the backup.
    """
    try:
        os.link(old, new)
    except OSError:
        return False  # not there, or a file system without hard links
    if _sum(new) != new.name:
        new.unlink()
        return False
    return True


def _copy_file(source: Path, target: Path, *, database: bool = False) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        if database:
            copy_database(source, target)
        else:
            shutil.copyfile(source, target)
    except FileNotFoundError:
        target.unlink()
        raise
    _sync(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != SUMS:
            yield path


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _write_sums(folder: Path) -> None:
    """The hash of every file, as ``sha256sum --check`` reads them; then all of it is on disk."""
    lines = [f"{_sum(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    with open(os.open(folder / SUMS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    for path in [*(p for p in folder.rglob("*") if p.is_dir()), folder]:
        path.chmod(0o700)
        _sync(path)


def verify_backup(folder: Path) -> dict[str, Verdict]:
    """Read a backup back: every file against its hash, every mission as ``observer-hub verify``.

    :raises NoBackup: it is none, or a file is missing, changed or was added
    """
    if not (folder / SUMS).is_file():
        raise NoBackup(
            f"{folder} is no backup. Name one of the dated folders that observer-hub backup made."
        )
    lines = (folder / SUMS).read_text().splitlines()
    noted = {name: sum_ for sum_, _, name in (line.partition("  ") for line in lines)}
    here = {path.relative_to(folder).as_posix(): _sum(path) for path in _files(folder)}
    for name in sorted({*noted, *here}):
        if noted.get(name) != here.get(name):
            raise NoBackup(f"This backup is damaged: {name} is missing, changed or was added.")
    missions = sorted(path.stem for path in (folder / "keys").glob("*.key"))
    verdicts = {mission: verify_mission(folder, mission) for mission in missions}
    for found in verdicts.values():
        found.faults += [Fault(f"hub.db: {line}") for line in quick_check(folder / "hub.db")]
    if not verdicts:
        raise NoBackup(f"There is no mission in {folder}.")
    return verdicts
