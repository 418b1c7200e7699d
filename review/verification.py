"""Verifying missions: the log against headquarters' own key, and the files that changes name.

Reads only; also beside a running headquarters.
"""

from pathlib import Path
from typing import Final

from review.errors import NotSound
from schemas.envelope import HASH_TEXT
from sync.blobs import BlobStore, digest
from sync.errors import DamagedLog
from sync.keys import DeviceKey
from sync.log.audit import audit
from sync.verify import Fault, Verdict, verify

MOST_SHOWN: Final = 5


def verify_mission(folder: Path, mission: str, *, files: bool = True) -> Verdict:
    """Verify a mission in the folder of a headquarters, or in a backup of one.

    :param files: also read every file of an attachment
    :raises OSError: the key or the log cannot be read
    """
    key = DeviceKey.load(folder / "keys" / f"{mission}.key")
    try:
        with audit(folder / "log" / f"{mission}.db") as opened:
            found = verify(opened, key.public)
    except DamagedLog as error:
        found = Verdict(mission, faults=[Fault(error.message)])
    if files:
        _check_files(folder / "blobs" / mission, found)
    return found


def _check_files(folder: Path, found: Verdict) -> None:
    """Each whole file has the SHA-256 that names it; those on their way are not whole yet."""
    store = BlobStore(folder)
    for sha256 in whole_files(folder):
        found.counts["files"] += 1
        with store.open(sha256) as file:
            if digest(file) != sha256:
                found.faults.append(Fault(f"the file {sha256} has another content"))


def whole_files(folder: Path) -> list[str]:
    """The SHA-256 of all whole files in a mission's folder of files."""
    return sorted(p.name for p in folder.glob("??/*") if HASH_TEXT.fullmatch(p.name))


def in_words(found: Verdict) -> list[str]:
    """A verdict in lines for people: the first wrong change, others, notes, and last the counts."""
    lines = [f"{found.mission}: headquarters' key {found.hub}"]
    if found.faults:
        lines.append(f"The first that is wrong: {found.faults[0]}")
        lines += [f"Also: {fault}" for fault in found.faults[1:MOST_SHOWN]]
        rest = len(found.faults) - MOST_SHOWN
        if rest > 0:
            lines.append(f"And {rest} more; --json names all.")
    lines += [f"Note: {note}" for note in found.notes]
    names = ("changes", "stored", "quarantined", "erased", "receipt sheets", "forks", "files")
    counts = ", ".join(f"{found.counts[name]} {name}" for name in names)
    lines.append(f"{'Sound' if found.sound else 'NOT SOUND'}: {counts}.")
    return lines


def check_sound(found: Verdict, what: str) -> None:
    """Return when nothing is wrong.

    :raises NotSound: something is
    """
    if not found.sound:
        raise NotSound(f"{what} is not sound: {found.mission}: {found.faults[0]}")
