"""What a file may be: how large, how many pixels, of which type; and how much room there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sync.blob_types import IMAGE, TYPES, head_of, pixels_of, type_of
from sync.errors import BlobTooLarge, TooManyPixels, WrongBlobType


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may be: bytes, pixels of an image, bytes of all files of an author and here."""

    bytes: int = 50_000_000
    pixels: int = 100_000_000
    author_bytes: int = 2_000_000_000
    mission_bytes: int = 50_000_000_000

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Limits":
        """As the settings say: ``HUB_BLOB_BYTES`` and so on; what is no number is not set."""
        names = {
            "bytes": "HUB_BLOB_BYTES",
            "pixels": "HUB_BLOB_PIXELS",
            "author_bytes": "HUB_BLOB_AUTHOR_BYTES",
            "mission_bytes": "HUB_BLOB_MISSION_BYTES",
        }
        given = {key: settings.get(name, "") for key, name in names.items()}
        return cls(**{key: int(text) for key, text in given.items() if text.isdecimal()})


def check_content(path: Path, named: str, limits: Limits) -> None:
    """Return when a whole file is what its record says, and may be kept.

    :param named: the media type that the record names
    :raises WrongBlobType: the content is of another type, or of none that is taken
    :raises TooManyPixels: it is an image that would take too much memory to open
    """
    check_type(head_of(path), named)
    if TYPES[named][0] != IMAGE:
        return
    pixels = pixels_of(path, named)
    if pixels is None:
        raise WrongBlobType("The image does not say its size: it is damaged or of another type.")
    if pixels > limits.pixels:
        raise TooManyPixels(
            f"The image has {pixels // 1_000_000} megapixels; "
            f"at most {limits.pixels // 1_000_000} are taken."
        )


def check_type(head: bytes | None, named: str) -> None:
    """Return when a file that begins with ``head`` may be of the type that its record names.

    :param head: its first bytes; ``None`` before they are known
    :raises WrongBlobType: it cannot
    """
    if named not in TYPES:
        raise WrongBlobType(f"Files of this type are not taken. These are: {', '.join(TYPES)}.")
    if head is not None and type_of(head) != named:
        raise WrongBlobType("The content of the file is not of the type that its record names.")


def check_size(size: int, limits: Limits) -> None:
    """Return when a file may have so many bytes.

    :raises BlobTooLarge: it may not
    """
    if not 0 < size <= limits.bytes:
        raise BlobTooLarge(
            f"A file has 1 to {limits.bytes} bytes here. Make it smaller, or cut it in parts."
        )
