"""What goes into a bundle, and what becomes of one that is brought in by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from schemas.errors import TrialObserverError
from sync.blobs import PIECE, BlobStore
from sync.bundle import BundleReader, Wire
from sync.errors import BadBundle, UnknownBlob
from sync.intake import Batch, Outcome, Stop, check_batch
from sync.keys import PublicKeys
from sync.log import Log
from sync.trust import next_part


@dataclass(slots=True)
class Brought:
    """What a bundle brought: new and known changes, kept apart, refused, files."""

    new: int = 0
    known: int = 0
    quarantined: int = 0
    stopped: dict[str, Stop] = field(default_factory=dict)
    files: int = 0
    refused_files: dict[str, str] = field(default_factory=dict)


def outgoing(log: Log, author: str, *, everything: bool) -> Iterator[Wire]:
    """The changes that an author's bundle holds, each device's record before what it wrote.

    :param everything: also what headquarters has already
    """
    devices = [device for device in log.devices() if device.author == author]
    for device in devices:
        for change in log.changes_of(device.device):
            yield change.wire()
    for device in devices:
        for change in log.changes_of_device(device.device):
            if not change.erased and (everything or not log.holds(change.hash)):
                yield change.wire()


def bring_in(
    log: Log,
    mission: str,
    reader: BundleReader,
    keep: Callable[[str, IO[bytes]], None],
    store: Callable[[Log, Batch], Outcome],
) -> Brought:
    """Take in a bundle; what is known is harmless.

    :param keep: stores a file under its SHA-256; may raise what it refuses it with
    :param store: how this node stores a checked batch, inside ``log.writing()``
    :raises BadBundle: cut off, damaged, or for another mission; what came before stays
    """
    found, keys = Brought(), PublicKeys()

    def take_in(wires: list[Wire]) -> None:
        waiting = list(wires)
        while waiting:
            # A device's record may come in the same batch as what the device wrote.
            part, waiting = next_part(waiting)
            take_part(part)

    def take_part(wires: list[Wire]) -> None:
        pairs = [_pair(wire) for wire in wires]
        batch = check_batch(log, mission, pairs, keys)
        hashes = [*batch.known, *(each.change.hash for each in batch.checked)]
        before = log.known(hashes)
        with log.writing():
            outcome = store(log, batch)
        found.stopped.update(outcome.stopped)
        after = log.known(hashes)
        found.known += len(before)
        new = [entry for hash_, entry in after.items() if hash_ not in before]
        found.new += len(new)
        found.quarantined += sum(entry.state == "quarantined" for entry in new)

    def keep_file(sha256: str, content: IO[bytes]) -> None:
        try:
            keep(sha256, content)
            found.files += 1
        except TrialObserverError as error:
            found.refused_files[sha256] = error.message

    reader.read(mission, take_in, keep_file)
    return found


def _pair(wire: Wire) -> tuple[str, str]:
    payload, signature = wire.get("payload"), wire.get("signature")
    if not isinstance(payload, str) or not isinstance(signature, str):
        raise BadBundle("The bundle holds something that is not a change.")
    return payload, signature


def take_whole(blobs: BlobStore, log: Log, sha256: str, content: IO[bytes]) -> None:
    """Keep a file of a bundle, if a stored change names it.

    :raises UnknownBlob: none does
    :raises BadBlob: the content has another hash
    """
    if not log.blob(sha256):
        raise UnknownBlob("No record here names this file.")
    if blobs.has(sha256):
        return
    offset = blobs.offset(sha256)
    left = offset
    while left and (skipped := content.read(min(PIECE, left))):
        left -= len(skipped)
    while piece := content.read(PIECE):
        offset = blobs.append(sha256, offset, piece)
    blobs.finish(sha256)
