"""Files of attachments over HTTP: resumable uploads as in tus 1.0.0 (tus.io), reading by range.

An upload needs no creation: it exists as soon as a stored change names the file. Bytes stream to
disk and are safe there before they are acknowledged. Who carries is known before this is asked.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from review.bodies import Receive, Scope, Send, header
from review.streams import Body, range_of
from schemas.errors import TrialObserverError
from schemas.rights import RELAY
from sync.blob_limits import Limits, check_content, check_size, check_type
from sync.blob_types import HEAD
from sync.blobs import PIECE, BlobStore
from sync.errors import (
    BadRequest,
    BlobTooLarge,
    OverQuota,
    SyncError,
    UnknownBlob,
    WrongOffset,
    WrongTusVersion,
    WrongType,
)
from sync.log import Device, Log
from sync.log.registry import Blob

TUS: Final = "1.0.0"
OFFSET_BYTES: Final = "application/offset+octet-stream"
METHODS: Final = ("HEAD", "PATCH", "GET")
TIDYING: Final = 60.0  # seconds between two looks for what is to be removed
STALE: Final = 30 * 86400.0  # seconds after which what was only begun is dropped
_Headers = Iterable[tuple[bytes, bytes]]
_HEADERS: Final = (
    (b"trial-sync", b"1"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"tus-resumable", TUS.encode()),
)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Whose request it is, and the log of the mission."""

    log: Log
    mission: str
    device: Device


class Blobs:
    """The files of all missions of a headquarters.

    :param folder: each mission has a folder of its own in it
    """

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.folder = folder
        self.limits = limits or Limits()
        self._beginning = threading.Lock()
        self._tidied: dict[str, float] = {}
        # Threads of their own: files never keep records waiting.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="files")

    def close(self) -> None:
        """Wait for what is being written."""
        self._threads.shutdown()

    def store(self, mission: str) -> BlobStore:
        """The files of a mission."""
        return BlobStore(self.folder / mission)

    def tidy(self, mission: str, log: Log) -> None:
        """Now and then remove files that only erased changes name, and what was begun long ago."""
        if self._tidied.get(mission, -TIDYING) + TIDYING > time.monotonic():
            return
        self._tidied[mission] = time.monotonic()
        store = self.store(mission)
        store.sweep(time.time() - STALE)
        for sha256 in log.blobs_to_drop():
            store.drop(sha256)

    async def answer(
        self, scope: Scope, receive: Receive, send: Send, carrier: Carrier, sha256: str
    ) -> None:
        """Answer a request for one file; its method is one of :data:`METHODS`.

        :raises SyncError: it is refused, and nothing was sent yet
        :raises Gone: the client went away; what came of the file is kept
        """
        if scope["method"] == "GET":
            await self._get(scope, send, carrier, sha256)
        elif scope["method"] == "HEAD":
            blob = await self._run(self._asked_for, carrier, sha256)
            offset = self.store(carrier.mission).offset(sha256)
            await _say(send, 200, [_number(b"upload-offset", offset), _length_of(blob)])
        else:
            body = Body(receive)
            try:
                await self._patch(scope, body, send, carrier, sha256)
            except SyncError:
                await body.drain()
                raise

    async def _run(self, call: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)

    # -- sending ----------------------------------------------------------------------

    async def _patch(
        self, scope: Scope, body: "Body", send: Send, carrier: Carrier, sha256: str
    ) -> None:
        offset = _offset_of(scope)
        blob = await self._run(self._admit, carrier, sha256, offset)
        store, end = self.store(carrier.mission), offset
        try:
            async for piece in body.pieces():
                if end + len(piece) > blob.size:
                    raise BlobTooLarge("More bytes came than the record says that the file has.")
                end = await self._run(_append, store, blob, end, piece)
        finally:
            # What came of an upload that was cut is worth keeping too.
            if offset < end < blob.size:
                await self._run(store.save, sha256)
        if end == blob.size:
            await self._run(
                store.finish, sha256, lambda path: check_content(path, blob.type, self.limits)
            )
        await _say(send, 204, [_number(b"upload-offset", end)])

    def _named(self, carrier: Carrier, sha256: str) -> list[Blob]:
        """The file, as the records name it that the carrier's author sees."""
        self.store(carrier.mission).path(sha256)
        log, author = carrier.log, carrier.device.author
        return [blob for blob in log.blob(sha256) if log.sees(author, blob.record)]

    def _wanted(self, carrier: Carrier, sha256: str) -> Blob:
        """The file, if it may be sent here.

        :raises UnknownBlob: no record names it that this device's author sees, or a relay carries
        :raises BlobTooLarge: it has too many bytes
        :raises WrongBlobType: files of its type are not taken
        """
        relay = carrier.device.role == RELAY
        found = carrier.log.blob(sha256) if relay else self._named(carrier, sha256)
        if not found:
            raise UnknownBlob("No record at headquarters names this file. Send the records first.")
        check_size(found[0].size, self.limits)
        check_type(None, found[0].type)
        return found[0]

    def _asked_for(self, carrier: Carrier, sha256: str) -> Blob:
        """The file, refused before a byte of it is sent where it would be then."""
        blob, store = self._wanted(carrier, sha256), self.store(carrier.mission)
        if not store.is_begun(sha256):
            self._check_quota(carrier.log, store, blob)
        return blob

    def _admit(self, carrier: Carrier, sha256: str, offset: int) -> Blob:
        """The file, if bytes of it may be added at an offset."""
        blob, store = self._wanted(carrier, sha256), self.store(carrier.mission)
        with self._beginning:
            end = store.offset(sha256)
            if end != offset:
                raise WrongOffset("The file here ends at another byte. Go on from there.", end)
            if not store.is_begun(sha256):
                self._check_quota(carrier.log, store, blob)
                store.begin(sha256)
        return blob

    def _check_quota(self, log: Log, store: BlobStore, wanted: Blob) -> None:
        author = log.creator(wanted.record)
        here = {blob.sha256: blob for blob in log.blobs() if store.is_begun(blob.sha256)}
        all_bytes = sum(blob.size for blob in here.values())
        theirs = sum(blob.size for blob in here.values() if log.creator(blob.record) == author)
        if theirs + wanted.size > self.limits.author_bytes:
            raise OverQuota("The files of this author have no room left at headquarters. Tell it.")
        if all_bytes + wanted.size > self.limits.mission_bytes:
            raise OverQuota("Headquarters has no room left for files of this mission. Tell it.")

    # -- reading ----------------------------------------------------------------------

    async def _get(self, scope: Scope, send: Send, carrier: Carrier, sha256: str) -> None:
        if not await self._run(self._named, carrier, sha256):
            raise UnknownBlob("There is no such file here for you.")
        with self.store(carrier.mission).open(sha256) as file:
            size = self.store(carrier.mission).offset(sha256)
            status, first, last = range_of(scope, size)
            headers = [
                _number(b"content-length", last - first + 1),
                (b"content-type", b"application/octet-stream"),
                (b"content-disposition", b"attachment"),
                (b"content-security-policy", b"sandbox; default-src 'none'"),
                (b"accept-ranges", b"bytes"),
                (b"etag", f'"{sha256}"'.encode()),
            ]
            if status == 206:
                headers.append((b"content-range", f"bytes {first}-{last}/{size}".encode()))
            file.seek(first)
            left = last - first + 1
            await send(_start(status, headers))
            while left:
                piece = await self._run(file.read, min(PIECE, left))
                left = left - len(piece) if piece else 0
                await _give(send, piece, more=left > 0)


def _append(store: BlobStore, blob: Blob, offset: int, piece: bytes | bytearray) -> int:
    """Add a piece; what shows in its first bytes that it is of another type is dropped at once."""
    end = store.append(blob.sha256, offset, piece)
    if offset < HEAD and end >= min(HEAD, blob.size):
        try:
            check_type(store.begun(blob.sha256), blob.type)
        except SyncError:
            store.drop(blob.sha256)
            raise
    return end


def _offset_of(scope: Scope) -> int:
    if header(scope, b"tus-resumable") != TUS:
        raise WrongTusVersion(f"This speaks tus {TUS}: send the header Tus-Resumable: {TUS}.")
    if header(scope, b"content-type").lower() != OFFSET_BYTES:
        raise WrongType(f"The body is {OFFSET_BYTES}.")
    if header(scope, b"content-encoding").lower() not in ("", "identity"):
        raise WrongType("A file is sent as it is, without an encoding.")
    offset = header(scope, b"upload-offset")
    if not offset.isdecimal() or not offset.isascii() or len(offset) > 15:
        raise BadRequest("Upload-Offset is a number of bytes.")
    return int(offset)


def headers_of(error: TrialObserverError) -> list[tuple[bytes, bytes]]:
    """What an error of these calls says in headers; HEAD has nothing else to say it in."""
    headers = [(b"tus-resumable", TUS.encode()), (b"trial-code", error.code.encode())]
    if isinstance(error, WrongOffset):
        headers.append(_number(b"upload-offset", error.offset))
    if isinstance(error, WrongTusVersion):
        headers.append((b"tus-version", TUS.encode()))
    return headers


def _number(name: bytes, value: int) -> tuple[bytes, bytes]:
    return name, str(value).encode()


def _length_of(blob: Blob) -> tuple[bytes, bytes]:
    return _number(b"upload-length", blob.size)


def _start(status: int, headers: _Headers) -> dict[str, object]:
    return {"type": "http.response.start", "status": status, "headers": [*_HEADERS, *headers]}


async def _give(send: Send, body: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _say(send: Send, status: int, headers: _Headers) -> None:
    await send(_start(status, headers))
    await _give(send, b"", more=False)
