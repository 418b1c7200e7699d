"""What is sent in the place of a photo: drawn anew, so that nothing hidden goes along.

EXIF with the place and the camera, thumbnails of what was cut away, XMP, comments and colour
profiles are left behind; what the profile meant is kept by converting to sRGB. Knows no records.
"""

import contextlib
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image, ImageCms, ImageOps

from sync.blob_types import pixels_of
from sync.errors import TooManyPixels, WrongBlobType

LONGEST: Final = 2560  # pixels of the longer side; text on a photographed page stays readable
MAX_PIXELS: Final = 80_000_000  # of the original; below where Pillow itself warns of a bomb
QUALITY: Final = 88  # JPEG, 0 to 95
FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_EXIF_IFD: Final = 0x8769
_TAKEN: Final = 0x9003  # DateTimeOriginal (EXIF 2.31)
_OFFSET: Final = 0x9011  # OffsetTimeOriginal
_MOMENT: Final = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
_ZONE: Final = re.compile(r"[+-]\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Derivative:
    """What was made: its media type, and when the original says that it was taken."""

    type: str
    taken_at: str | None


def derive(original: Path, type_: str, target: BinaryIO) -> Derivative:
    """Write the image to be sent to ``target``; the original is not touched.

    :param type_: the original's media type by its content, one of :data:`FORMATS`
    :raises TooManyPixels: it has more than :data:`MAX_PIXELS`; nothing was decoded
    :raises WrongBlobType: it is damaged
    """
    pixels = pixels_of(original, type_)
    if pixels is None:
        raise WrongBlobType("The photo is damaged and does not say its size.")
    if pixels > MAX_PIXELS:
        raise TooManyPixels(f"The photo has {pixels // 1_000_000} megapixels.")
    try:
        with Image.open(original, formats=[FORMATS[type_]]) as image:
            taken_at = _taken_at(image)
            # A JPEG is decoded at a fraction of its size where that is enough.
            image.draft(None, (LONGEST, LONGEST))
            clean = _clean(image)
    except Exception as error:  # a damaged image makes decoders raise anything
        raise WrongBlobType("The photo is damaged and cannot be opened.") from error
    if type_ == "image/png" or clean.mode == "RGBA":
        clean.save(target, "PNG", optimize=True)
        return Derivative("image/png", taken_at)
    clean.save(target, "JPEG", quality=QUALITY, optimize=True)
    return Derivative("image/jpeg", taken_at)


def _clean(image: Image.Image) -> Image.Image:
    """The pixels alone: upright, at most :data:`LONGEST`, in sRGB or grey."""
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("P", "PA", "LA") or "transparency" in upright.info:
        upright = upright.convert("RGBA")
    elif upright.mode.startswith(("I", "F")) or upright.mode == "1":
        upright = upright.convert("L")
    upright.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    upright = _in_srgb(upright, profile)
    # Pasted into a new image, so that nothing that Pillow keeps beside the pixels is written.
    clean = Image.new(upright.mode, upright.size)
    clean.paste(upright)
    return clean


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    wanted = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            found = ImageCms.profileToProfile(image, source, srgb, outputMode=wanted)
            if found is not None:
                return found
    return image if image.mode in ("L", wanted) else image.convert(wanted)


def _taken_at(image: Image.Image) -> str | None:
    """The camera's own time, with an offset only where it wrote one."""
    try:
        exif = image.getexif().get_ifd(_EXIF_IFD)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError):
        return None
    moment = _MOMENT.fullmatch(str(exif.get(_TAKEN, "")).strip("\0 "))
    if moment is None:
        return None
    zone = str(exif.get(_OFFSET, "")).strip("\0 ")
    year, month, day, time = moment.groups()
    return f"{year}-{month}-{day}T{time}{zone if _ZONE.fullmatch(zone) else ''}"
