"""The sending end for files: what headquarters lacks of one's own, resumed wherever it was cut.

Comes after all text. What is wrong with a file is remembered beside it and stops no other; what is
wrong with the connection or the device ends the conversation. Keeps no file in memory.
"""

import contextlib
import json
import math
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from schemas.envelope import HASH_TEXT
from sync.blobs import BlobStore, digest
from sync.errors import (
    BadBlob,
    DeviceExpired,
    DeviceRevoked,
    MethodNotAllowed,
    NewEpoch,
    NotFound,
    NotReached,
    SignedOut,
    UnknownDevice,
    WrongOffset,
)
from sync.fold import fold
from sync.http import HubRefused
from sync.log import Log
from sync.log.registry import Blob
from sync.pace import Pace
from sync.transport import Transport

CHUNK: Final = 1 << 19  # bytes sent at once; what is lost at most when the network is
FIRST: Final = 1 << 12  # bytes sent at once on a network that is not known yet
LEAST: Final = 1 << 11
TRIES: Final = 4  # for one file in one conversation
# What is said of the device or the conversation, and not of one file.
OF_ALL: Final = frozenset(
    error.code for error in (DeviceExpired, DeviceRevoked, NewEpoch, SignedOut, UnknownDevice)
)

STALE: Final = 86400.0  # seconds after which what was left half done is removed

# A relay knows no such call: files wait for headquarters itself.
NO_FILES: Final = frozenset({NotFound.code, MethodNotAllowed.code})
HERE: Final = "here"
SENDING: Final = "sending"
RECEIVED: Final = "received"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class FileState:
    """What is known of a file on this device.

    :ivar state: ``here``, ``sending`` (``offset`` bytes are at headquarters), ``received`` there,
        or ``refused`` for good
    :ivar code: of the last error, with its sentence; empty when there was none
    :ivar epoch: of the headquarters that received or refused it
    :ivar original: SHA-256 of what it was made from, if that stays here
    """

    state: str = HERE
    offset: int = 0
    code: str = ""
    message: str = ""
    epoch: str = ""
    original: str = ""


class Shelf:
    """The files of one mission on a device: those that are sent, their originals, their states.

    :param folder: with ``blobs/`` and ``originals/``
    """

    def __init__(self, folder: Path) -> None:
        self.blobs = BlobStore(folder / "blobs")
        self.originals = BlobStore(folder / "originals")
        self._states = folder / "blobs" / "states"

    def state(self, sha256: str) -> FileState:
        """What is known of a file; a state that cannot be read is asked for again."""
        if HASH_TEXT.fullmatch(sha256):
            with contextlib.suppress(OSError, ValueError, TypeError):
                return FileState(**json.loads((self._states / sha256).read_text()))
        return FileState()

    def remember(self, sha256: str, state: FileState) -> None:
        """Keep the state of a file."""
        self._states.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._states / f"{sha256}.{os.getpid()}"
        beside.write_text(json.dumps(asdict(state)))
        beside.replace(self._states / sha256)

    def drop(self, sha256: str) -> None:
        """Remove a file, its original and what is known of it."""
        original = self.state(sha256).original
        if not HASH_TEXT.fullmatch(sha256):
            return
        self.blobs.drop(sha256)
        if HASH_TEXT.fullmatch(original):
            self.originals.drop(original)
        (self._states / sha256).unlink(missing_ok=True)

    def tidy(self, gone: Iterable[str]) -> None:
        """Remove what is to be gone, and what was left of additions that were cut off."""
        for sha256 in gone:
            self.drop(sha256)
        for store in (self.blobs, self.originals):
            store.sweep(time.time() - STALE)


class FileSender:
    """Sends the files of one log's author; ``sync.session`` calls it after the text.

    :param text: sends what was written while a file is on its way, between two chunks
    :param seconds: for how long files are sent in one conversation
    """

    def __init__(
        self,
        log: Log,
        shelf: Shelf,
        chunk: int = CHUNK,
        text: Callable[[Transport], object] = lambda transport: None,
        seconds: float = math.inf,
    ) -> None:
        self.log = log
        self.shelf = shelf
        self.text = text
        self.seconds = seconds
        self._position = 0
        self._pace = Pace(log, "pace_files", first=FIRST, least=LEAST, most=chunk)

    def exchange(self, transport: Transport, going_on: Callable[[], bool]) -> None:
        """Send what headquarters lacks of one's files, resuming where it stopped.

        :raises SyncError: the hub was not reached, or refuses the device; what was sent is kept
        """
        self.shelf.tidy(self.log.blobs_to_drop())
        self._position = self.log.position()
        end = time.monotonic() + self.seconds

        def still() -> bool:
            return going_on() and time.monotonic() < end

        for blob in self.waiting():
            if not still():
                return
            try:
                self._send(transport, blob, still)
            except HubRefused as error:
                if error.code in NO_FILES:
                    return
                if error.code in OF_ALL:
                    raise
                self._trouble(blob, error.code, error.message, for_good=not error.retry)

    def waiting(self) -> list[Blob]:
        """The files of this author that are here and that headquarters is not known to have."""
        author, epoch = self.log.meta("author"), self.log.meta("epoch") or ""
        found: dict[str, Blob] = {}
        for blob in self.log.blobs():
            state = self.shelf.state(blob.sha256)
            settled = state.state in (RECEIVED, REFUSED) and state.epoch == epoch
            if settled or not self._is_here(blob) or self.log.creator(blob.record) != author:
                continue
            if not fold(self.log.changes_of(blob.record)).values.get("withdrawn"):
                found.setdefault(blob.sha256, blob)
        return list(found.values())

    def refused(self) -> list[FileState]:
        """What is known of each file of this device that headquarters refused for good."""
        names = {blob.sha256 for blob in self.log.blobs()}
        states = [self.shelf.state(sha256) for sha256 in sorted(names)]
        return [state for state in states if state.state == REFUSED]

    def fetch(self, transport: Transport, sha256: str) -> Path:
        """Bring a file of one's own from headquarters here, resuming where it stopped.

        :raises BadBlob: what came is not this file; it was dropped
        :raises SyncError: the hub was not reached, or refuses
        """
        blobs = self.shelf.blobs
        if blobs.has(sha256):
            return blobs.path(sha256)
        offset = blobs.offset(sha256)
        with transport.stream(f"blobs/{sha256}", offset) as pieces:
            for piece in pieces:
                offset = blobs.append(sha256, offset, piece)
        return blobs.finish(sha256)

    def _is_here(self, blob: Blob) -> bool:
        return HASH_TEXT.fullmatch(blob.sha256) is not None and self.shelf.blobs.has(blob.sha256)

    def _send(self, transport: Transport, blob: Blob, going_on: Callable[[], bool]) -> None:
        with self.shelf.blobs.open(blob.sha256) as file:
            if digest(file) != blob.sha256:
                said = "The file on this device is damaged. Add it again."
                self._trouble(blob, BadBlob.code, said, for_good=True)
                return
            for tries_left in reversed(range(TRIES)):
                try:
                    self._send_from(transport, blob, file, going_on)
                    return
                except HubRefused as error:
                    again = error.code in (WrongOffset.code, BadBlob.code)
                    if not again or not tries_left:
                        raise

    def _send_from(
        self, transport: Transport, blob: Blob, file: BinaryIO, going_on: Callable[[], bool]
    ) -> None:
        call = f"blobs/{blob.sha256}"
        there = transport.head(call)
        offset = int(there.get("upload-offset", 0))
        while offset < blob.size:
            self._remember(blob, FileState(SENDING, offset))
            if not going_on():
                return
            file.seek(offset)
            piece = file.read(self._pace.size)
            if not piece:
                raise HubRefused(
                    BadBlob("The record names another size than the file has.").as_json()
                )
            offset = self._send_piece(transport, call, piece, offset)
        self._remember(blob, FileState(RECEIVED, offset, epoch=self.log.meta("epoch") or ""))

    def _send_piece(self, transport: Transport, call: str, piece: bytes, offset: int) -> int:
        with self._pace.sending(len(piece)):
            end = int(transport.patch(call, piece, offset).get("upload-offset", 0))
        if end <= offset:
            raise NotReached("Headquarters did not keep what was sent. It is tried again later.")
        if self.log.position() != self._position:
            self.text(transport)
            self._position = self.log.position()
        return end

    def _trouble(self, blob: Blob, code: str, message: str, *, for_good: bool) -> None:
        before = self.shelf.state(blob.sha256)
        epoch = (self.log.meta("epoch") or "") if for_good else ""
        state = REFUSED if for_good else before.state
        self._remember(blob, FileState(state, before.offset, code, message, epoch))

    def _remember(self, blob: Blob, state: FileState) -> None:
        original = self.shelf.state(blob.sha256).original
        self.shelf.remember(blob.sha256, replace(state, original=original))
