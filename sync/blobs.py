"""Files by their SHA-256: begun ones in ``parts/``, whole ones where the hash says.

A file counts once its whole content has the hash that names it. Bytes are appended only where the
file ends, whoever sends them, so that two who send the same file help each other and harm nothing.
Decides no permission and knows no HTTP; holds no more than a piece of a file in memory.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from errno import EDQUOT, ENOSPC, EROFS
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO, Final

from schemas.envelope import HASH_TEXT
from sync.blob_types import head_of
from sync.errors import (
    BadBlob,
    StorageFull,
    UnknownBlob,
    WrongOffset,
)
from sync.log.registry import Blob

PIECE: Final = 1 << 18  # bytes read or written at once


class BlobStore:
    """The files of one mission in one folder; made when the first file comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # -- where ------------------------------------------------------------------------

    def path(self, sha256: str) -> Path:
        """Where a whole file is, or would be.

        :raises UnknownBlob: this is not a SHA-256
        """
        if not HASH_TEXT.fullmatch(sha256):
            raise UnknownBlob("A file is named by its SHA-256 in small hexadecimal digits.")
        return self.folder / sha256[:2] / sha256

    def _part(self, sha256: str) -> Path:
        return self.folder / "parts" / self.path(sha256).name

    def has(self, sha256: str) -> bool:
        """Whether the whole file is here."""
        return self.path(sha256).exists()

    def offset(self, sha256: str) -> int:
        """How many bytes are here; the whole size when all are."""
        for path in (self.path(sha256), self._part(sha256)):
            with contextlib.suppress(FileNotFoundError):
                return path.stat().st_size
        return 0

    def missing(self, blobs: Iterable[Blob]) -> list[Blob]:
        """Those of the files that are not whole here, each once."""
        each = {blob.sha256: blob for blob in blobs if HASH_TEXT.fullmatch(blob.sha256)}
        return [blob for sha256, blob in each.items() if not self.has(sha256)]

    def is_begun(self, sha256: str) -> bool:
        """Whether the file is here, whole or begun; false for what is not a SHA-256."""
        named = HASH_TEXT.fullmatch(sha256) is not None
        return named and (self.has(sha256) or self._part(sha256).exists())

    # -- writing ----------------------------------------------------------------------

    def begin(self, sha256: str) -> None:
        """Make an empty beginning of a file, so that it counts as begun."""
        with _told_plainly(), self._locked(sha256):
            pass

    def sweep(self, before: float) -> None:
        """Drop what was begun and not touched since ``before`` (seconds since 1970)."""
        for part in (self.folder / "parts").glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if part.stat().st_mtime < before:
                    part.unlink()

    def append(self, sha256: str, offset: int, data: bytes | bytearray) -> int:
        """Add bytes where a begun file ends; gives where it ends then. Not yet safe on disk.

        :raises WrongOffset: it does not end at ``offset``
        :raises StorageFull: the disk is full; nothing of ``data`` stays
        """
        with _told_plainly(), self._locked(sha256) as part:
            end = part.seek(0, os.SEEK_END)
            if self.has(sha256):
                self._part(sha256).unlink()
                end = self.offset(sha256)
            if end != offset:
                raise WrongOffset("The file here ends at another byte. Go on from there.", end)
            try:
                _write(part, data)
            except OSError:
                with contextlib.suppress(OSError):
                    part.truncate(offset)
                raise
            return offset + len(data)

    def save(self, sha256: str) -> None:
        """Return when what was appended to a begun file is safe on disk."""
        with _told_plainly(), contextlib.suppress(FileNotFoundError):
            with open(self._part(sha256), "rb") as part:
                os.fsync(part.fileno())
            _sync_folder(self.folder / "parts")

    def finish(self, sha256: str, check: Callable[[Path], None] = lambda path: None) -> Path:
        """Let a begun file count, if its content has its hash; safe on disk when it returns.

        :param check: raises what else is wrong with it; the file is dropped then too
        :raises BadBlob: the content has another hash; it was dropped
        :raises UnknownBlob: nothing of it is here
        """
        whole, part = self.path(sha256), self._part(sha256)
        if not whole.exists() and not part.exists():
            raise UnknownBlob("Nothing of this file is here.")
        with _told_plainly(), self._locked(sha256) as handle:
            if whole.exists():
                part.unlink()
                return whole
            if digest(handle) != sha256:
                part.unlink()
                raise BadBlob(
                    "What arrived is not the file that its record names. Send it from the start."
                )
            try:
                check(part)
            except Exception:
                part.unlink()
                raise
            os.fsync(handle.fileno())
            whole.parent.mkdir(mode=0o700, exist_ok=True)
            part.replace(whole)
            for folder in (whole.parent, self.folder, part.parent):
                _sync_folder(folder)
        return whole

    def add(self, source: BinaryIO) -> tuple[str, int]:
        """Take in a whole file of which the hash is not known yet; gives hash and bytes."""
        beside = self.folder / "parts" / f"new.{os.getpid()}.{id(source)}"
        beside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        found, size = hashlib.sha256(), 0
        try:
            with _told_plainly(), open(_new(beside), "wb") as file:
                for piece in iter(lambda: source.read(PIECE), b""):
                    found.update(piece)
                    size += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            whole = self.path(found.hexdigest())
            whole.parent.mkdir(mode=0o700, exist_ok=True)
            beside.replace(whole)
            for folder in (whole.parent, self.folder):
                _sync_folder(folder)
        finally:
            beside.unlink(missing_ok=True)
        return found.hexdigest(), size

    def drop(self, sha256: str) -> bool:
        """Remove a file, whole or begun; true when there was one. No SHA-256 names none."""
        gone = False
        if not HASH_TEXT.fullmatch(sha256):
            return gone
        for path in (self.path(sha256), self._part(sha256)):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
                gone = True
        return gone

    # -- reading ----------------------------------------------------------------------

    def open(self, sha256: str) -> BufferedReader:
        """A whole file, opened for reading.

        :raises UnknownBlob: it is not here
        """
        try:
            return open(self.path(sha256), "rb")
        except FileNotFoundError as error:
            raise UnknownBlob("This file has not arrived here yet.") from error

    def begun(self, sha256: str) -> bytes:
        """The first bytes of a file, as many as tell its type."""
        for path in (self.path(sha256), self._part(sha256)):
            with contextlib.suppress(FileNotFoundError):
                return head_of(path)
        return b""

    @contextlib.contextmanager
    def _locked(self, sha256: str) -> Iterator[FileIO]:
        """The begun file, held by nobody else; begun now when it is not."""
        part = self._part(sha256)
        part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
            with FileIO(descriptor, "r+") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                # Who held it before may have finished or dropped it: this is another file then.
                if _is_still(handle, part):
                    yield handle
                    return


def digest(file: FileIO | BufferedReader) -> str:
    """The SHA-256 of a file's whole content, lowercase hex; read piece by piece."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _write(file: FileIO, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _is_still(handle: FileIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT, EROFS):
            raise StorageFull("The disk is full or cannot be written. Make room.") from error
        raise
