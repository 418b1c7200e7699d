"""What a file is by its content: its media type, and an image's size in pixels.

Read off the first bytes and the headers alone; nothing is decoded, so that a small file that
unpacks to a huge image costs nothing. Knows the types that attachments may have, and no others.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

IMAGE: Final = "image"
AUDIO: Final = "audio"
DOCUMENT: Final = "document"

# Media type: what it is to people, and the ending of a file of this type.
TYPES: Final = {
    "image/jpeg": (IMAGE, ".jpg"),
    "image/png": (IMAGE, ".png"),
    "image/webp": (IMAGE, ".webp"),
    "image/heic": (IMAGE, ".heic"),
    "application/pdf": (DOCUMENT, ".pdf"),
    "audio/mp4": (AUDIO, ".m4a"),
    "audio/ogg": (AUDIO, ".ogg"),
    "audio/webm": (AUDIO, ".webm"),
    "audio/mpeg": (AUDIO, ".mp3"),
    "audio/wav": (AUDIO, ".wav"),
}
HEAD: Final = 64  # bytes that tell the type
# Where the headers of an image must have said its size.
MAX_HEADERS: Final = 4_000_000  # bytes
_HEIC: Final = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_MP4: Final = (b"M4A", b"M4B", b"mp4", b"isom", b"iso", b"avc", b"dash", b"3gp", b"MSNV", b"f4")
_START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def type_of(head: bytes) -> str | None:
    """The media type of a file by its first bytes (:data:`HEAD` of them); ``None``: no known one.

    MP4, Ogg and WebM hold sound or moving pictures; both count as sound here.
    """
    for start, found in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"%PDF-", "application/pdf"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
    ):
        if head.startswith(start):
            return found
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _HEIC:
            return "image/heic"
        return "audio/mp4" if brand.startswith(_MP4) else None
    if head[:4] == b"\x1aE\xdf\xa3":
        return "audio/webm" if b"webm" in head else None
    return "audio/mpeg" if _is_mpeg_audio(head) else None


def _is_mpeg_audio(head: bytes) -> bool:
    # ISO/IEC 11172-3, 2.4.1.3: 11 bits of synchronisation, then version, layer, rate.
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4
    return version != 1 and layer == 1 and rate not in (0, 15) and head[2] >> 2 & 3 != 3


def head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with open(path, "rb") as file:
        return file.read(HEAD)


def pixels_of(path: Path, type_: str) -> int | None:
    """Pixels of an image by its headers; ``None`` where they do not say it soundly.

    :param type_: the image's media type, as :func:`type_of` says
    """
    reader = {
        "image/jpeg": _jpeg,
        "image/png": _png,
        "image/webp": _webp,
        "image/heic": _heic,
    }[type_]
    with open(path, "rb") as file:
        try:
            width, height = reader(file)
        except (struct.error, ValueError, IndexError):
            return None
    return width * height or None


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ValueError("cut off")
    return data


def _jpeg(file: BinaryIO) -> tuple[int, int]:
    file.seek(2)
    while file.tell() < MAX_HEADERS:
        if _exactly(file, 1) != b"\xff":
            raise ValueError("no marker")
        marker = 0xFF
        while marker == 0xFF:
            marker = _exactly(file, 1)[0]
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue
        (length,) = struct.unpack(">H", _exactly(file, 2))
        if marker in _START_OF_FRAME:
            _precision, height, width = struct.unpack(">BHH", _exactly(file, 5))
            return width, height
        if marker in (0xD9, 0xDA) or length < 2:
            break
        file.seek(length - 2, 1)
    raise ValueError("no frame")


def _png(file: BinaryIO) -> tuple[int, int]:
    file.seek(8)
    _length, name, width, height = struct.unpack(">I4sII", _exactly(file, 16))
    if name != b"IHDR":
        raise ValueError("no header")
    return width, height


def _webp(file: BinaryIO) -> tuple[int, int]:
    file.seek(12)
    name, _length = struct.unpack("<4sI", _exactly(file, 8))
    data = _exactly(file, 10)
    if name == b"VP8X":
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if name == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise ValueError("no known kind of WebP")


def _heic(file: BinaryIO) -> tuple[int, int]:
    """The greatest extent that any item in it has (ISO/IEC 23008-12, 6.5.3: ``ispe``)."""
    file.seek(0, 2)
    end = file.tell()
    for start, stop in _boxes(file, 0, end, b"meta"):
        for within, until in _boxes(file, start + 4, stop, b"iprp"):
            for inner, last in _boxes(file, within, until, b"ipco"):
                sizes = []
                for at, _ in _boxes(file, inner, last, b"ispe"):
                    file.seek(at + 4)
                    sizes.append(struct.unpack(">II", _exactly(file, 8)))
                # A grid of tiles has the size of the whole besides that of a tile.
                width, height = max(sizes, key=lambda size: size[0] * size[1])
                return width, height
    raise ValueError("no size")


def _boxes(file: BinaryIO, start: int, stop: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Where the contents of the boxes of one name begin and end (ISO/IEC 14496-12, 4.2)."""
    for _ in range(1000):
        if start + 8 > stop:
            return
        file.seek(start)
        size, name = struct.unpack(">I4s", _exactly(file, 8))
        header = 8
        if size == 1:
            (size,) = struct.unpack(">Q", _exactly(file, 8))
            header = 16
        size = size or stop - start
        if size < header or start + size > stop:
            raise ValueError("a box is longer than what holds it")
        if name == wanted:
            yield start + header, start + size
        start += size
