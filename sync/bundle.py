"""A bundle: changes and files in one encrypted file, for a memory stick when nothing else works.

Encrypted with age (https://age-encryption.org/v1) to a key that is itself encrypted with a
passphrase; what is inside is a tar stream: ``bundle.json``, ``changes.jsonl``, ``blobs/<sha256>``.
Written and read as a stream: nothing lies on a disk in plain. It may be brought in any number of
times, since every change is known by its hash.
"""

import io
import json
import os
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

import pyrage

from sync.errors import BadBundle, WrongPassphrase
from sync.wires import MAX_CHANGES

MAGIC: Final = b"trial-observer-bundle/1\n"
MAX_LINE: Final = 1_000_000  # bytes of one change
MAX_KEY: Final = 10_000  # bytes of the encrypted key
CHUNK: Final = 1 << 16

Wire = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file to be put in: SHA-256 and size of its bytes, and how to open it."""

    sha256: str
    size: int
    open: Callable[[], IO[bytes]]


def write_bundle(
    out: IO[bytes],
    passphrase: str,
    mission: str,
    made_at: str,
    changes: Iterable[Wire],
    files: Iterable[BundleFile] = (),
) -> int:
    """Write a bundle; returns how many changes are in it.

    :param changes: as they travel, devices' records before what the devices wrote
    """
    identity = pyrage.x25519.Identity.generate()
    key = pyrage.passphrase.encrypt(str(identity).encode(), passphrase)
    out.write(MAGIC + len(key).to_bytes(4, "big") + key)
    lines = [json.dumps(wire, ensure_ascii=False).encode() for wire in changes]
    header = {"v": 1, "mission": mission, "made_at": made_at, "changes": len(lines)}

    def fill(stream: IO[bytes]) -> None:
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, "bundle.json", json.dumps(header).encode())
            _add(tar, "changes.jsonl", b"".join(line + b"\n" for line in lines))
            for file in files:
                member = tarfile.TarInfo(f"blobs/{file.sha256}")
                member.size = file.size
                with file.open() as source:
                    tar.addfile(member, source)

    with _pump(fill) as plain:
        pyrage.encrypt_io(plain, out, [identity.to_public()])
    return len(lines)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


@contextmanager
def _pump(fill: Callable[[IO[bytes]], None]) -> Iterator[IO[bytes]]:
    """A stream to read what ``fill`` writes in a thread of its own; its fault is raised here."""
    reading, writing = os.pipe()
    faults: list[BaseException] = []

    def run() -> None:
        try:
            with os.fdopen(writing, "wb") as stream:
                fill(stream)
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        with os.fdopen(reading, "rb") as stream:
            yield stream
    finally:
        thread.join()
    if faults:
        raise faults[0]


class BundleReader:
    """Reads a bundle once, from beginning to end.

    :raises BadBundle: it is not a bundle
    :raises WrongPassphrase: it is encrypted with another one
    """

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        if source.read(len(MAGIC)) != MAGIC:
            raise BadBundle("This file is not a bundle of Trial Observer.")
        length = int.from_bytes(source.read(4), "big")
        key = source.read(length) if 0 < length <= MAX_KEY else b""
        if len(key) != length or not key:
            raise BadBundle("The bundle is cut off. Copy it again.")
        try:
            text = pyrage.passphrase.decrypt(key, passphrase).decode()
            self._identity = pyrage.x25519.Identity.from_str(text)
        except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError) as error:
            raise WrongPassphrase("The bundle is encrypted with another passphrase.") from error
        self._source = source

    def read(
        self,
        mission: str,
        take: Callable[[list[Wire]], None],
        keep: Callable[[str, IO[bytes]], None],
    ) -> None:
        """Give its changes in batches of at most 100, then its files.

        :param keep: called with the SHA-256 that a file says it has, and its bytes
        :raises BadBundle: cut off, damaged, or for another mission; what was given before stays
        """
        fault: list[BaseException] = []

        def decrypt(out: IO[bytes]) -> None:
            try:
                pyrage.decrypt_io(self._source, out, [self._identity])
            except (pyrage.DecryptError, OSError) as error:
                fault.append(error)

        try:
            with _pump(decrypt) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
                self._members(tar, mission, take, keep)
        except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
            raise BadBundle("The bundle is cut off or damaged. Copy it again.") from error
        if fault:
            raise BadBundle("The bundle is cut off or damaged. Copy it again.") from fault[0]

    def _members(
        self,
        tar: tarfile.TarFile,
        mission: str,
        take: Callable[[list[Wire]], None],
        keep: Callable[[str, IO[bytes]], None],
    ) -> None:
        for member in tar:
            content = tar.extractfile(member)
            if content is None:
                raise BadBundle("The bundle holds something that is not a file.")
            if member.name == "bundle.json":
                header = json.loads(content.read(MAX_LINE))
                if header["v"] != 1:
                    raise BadBundle("The bundle was made by a later version. Update first.")
                if header["mission"] != mission:
                    raise BadBundle(f"The bundle is for the mission {header['mission']!r}.")
            elif member.name == "changes.jsonl":
                _give(content, take)
            elif member.name.startswith("blobs/"):
                keep(member.name.removeprefix("blobs/"), content)


def _give(content: IO[bytes], take: Callable[[list[Wire]], None]) -> None:
    batch: list[Wire] = []
    while line := content.readline(MAX_LINE):
        wire = json.loads(line)
        if not isinstance(wire, dict):
            raise BadBundle("The bundle holds something that is not a change.")
        batch.append(wire)
        if len(batch) == MAX_CHANGES:
            take(batch)
            batch = []
    if batch:
        take(batch)
