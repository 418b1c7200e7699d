"""What a photo becomes: upright, small, sRGB, and nothing that was hidden in it."""

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from observer.derivative import LONGEST, derive
from sync.blob_types import type_of
from sync.errors import TooManyPixels, WrongBlobType


def made(folder: Path, content: bytes) -> tuple[Image.Image, bytes, str, str | None]:
    """The derivative of an image: opened, its bytes, its type, when it was taken."""
    path = folder / "original"
    path.write_bytes(content)
    target = io.BytesIO()
    found = derive(path, str(type_of(content[:64])), target)
    assert path.read_bytes() == content
    assert type_of(target.getvalue()[:64]) == found.type
    image = Image.open(io.BytesIO(target.getvalue()))
    image.load()
    return image, target.getvalue(), found.type, found.taken_at


def saved(image: Image.Image, format_: str, **more: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, format_, **more)
    return target.getvalue()


@pytest.mark.parametrize(
    ("mode", "format_", "type_", "becomes"),
    [
        ("RGB", "JPEG", "image/jpeg", "RGB"),
        ("L", "JPEG", "image/jpeg", "L"),
        ("CMYK", "JPEG", "image/jpeg", "RGB"),
        ("RGB", "PNG", "image/png", "RGB"),
        ("RGBA", "PNG", "image/png", "RGBA"),
        ("LA", "PNG", "image/png", "RGBA"),
        ("P", "PNG", "image/png", "RGBA"),
        ("1", "PNG", "image/png", "L"),
        ("I;16", "PNG", "image/png", "L"),
        ("RGB", "WEBP", "image/jpeg", "RGB"),
        ("RGBA", "WEBP", "image/png", "RGBA"),
    ],
)
def test_every_kind_of_photo_becomes_a_plain_one(
    tmp_path: Path, mode: str, format_: str, type_: str, becomes: str
) -> None:
    image, _, found, taken = made(tmp_path, saved(Image.new(mode, (40, 30)), format_))
    assert (image.mode, image.size, found, taken) == (becomes, (40, 30), type_, None)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright_whatever_the_camera_said(tmp_path: Path, orientation: int) -> None:
    """The corner that people see at the top left is there in the pixels."""
    seen = Image.new("RGB", (64, 32), "white")
    seen.paste("red", (0, 0, 16, 16))
    undo: dict[int, tuple[Image.Transpose, ...]] = {
        1: (),
        2: (Image.Transpose.FLIP_LEFT_RIGHT,),
        3: (Image.Transpose.ROTATE_180,),
        4: (Image.Transpose.FLIP_TOP_BOTTOM,),
        5: (Image.Transpose.TRANSPOSE,),
        6: (Image.Transpose.ROTATE_90,),
        7: (Image.Transpose.TRANSVERSE,),
        8: (Image.Transpose.ROTATE_270,),
    }
    held = seen
    for turn in undo[orientation]:
        held = held.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image, _, _, _ = made(tmp_path, saved(held, "JPEG", exif=exif, quality=95))
    assert image.size == (64, 32)
    corner, other = image.getpixel((4, 4)), image.getpixel((60, 28))
    assert isinstance(corner, tuple)
    assert isinstance(other, tuple)
    assert corner[0] > 200 > 60 > corner[1]
    assert min(other) > 200


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_nothing_hidden_goes_along(tmp_path: Path, format_: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "hidden words"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    more: dict[str, Any] = {"exif": exif}
    if format_ == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", "hidden words")
        info.add_itxt("XML:com.adobe.xmp", "<x>hidden words</x>")
        more["pnginfo"] = info
    else:
        more["xmp"] = b"<x>hidden words</x>"
    if format_ == "JPEG":
        more["comment"] = b"hidden words"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = saved(Image.new("RGB", (40, 30), "teal"), format_, icc_profile=profile, **more)
    assert b"hidden words" in content
    image, sent, _, _ = made(tmp_path, content)
    assert b"hidden" not in sent
    assert b"Exif" not in sent
    assert not image.getexif()
    assert not {"exif", "xmp", "icc_profile", "comment", "Comment"} & set(image.info)


def test_a_profile_is_kept_in_the_colours_themselves(tmp_path: Path) -> None:
    """Swapped red and green in a profile are swapped in what is sent, which has no profile."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"?").replace(b"gXYZ", b"rXYZ").replace(b"?", b"gXYZ")
    red = Image.new("RGB", (20, 20), (200, 30, 30))
    image, _, _, _ = made(tmp_path, saved(red, "PNG", icc_profile=swapped))
    corner = image.getpixel((5, 5))
    assert isinstance(corner, tuple)
    assert corner[0] < 60 < 170 < corner[1]
    image, _, _, _ = made(tmp_path, saved(red, "PNG", icc_profile=b"no profile"))
    assert image.getpixel((5, 5)) == (200, 30, 30)


def test_it_is_made_smaller_and_never_larger(tmp_path: Path) -> None:
    image, _, _, _ = made(tmp_path, saved(Image.new("RGB", (6000, 300)), "JPEG"))
    assert image.size == (LONGEST, 128)


@pytest.mark.parametrize(
    ("said", "zone", "taken"),
    [
        ("2026:03:02 09:31:07", None, "2026-03-02T09:31:07"),
        ("2026:03:02 09:31:07", "-03:30", "2026-03-02T09:31:07-03:30"),
        ("2026:03:02 09:31:07", "hidden", "2026-03-02T09:31:07"),
        ("<script>", None, None),
        ("    :  :     :  :  ", None, None),
    ],
)
def test_when_it_was_taken_is_what_the_camera_said_and_no_more(
    tmp_path: Path, said: str, zone: str | None, taken: str | None
) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = said
    if zone:
        exif.get_ifd(0x8769)[0x9011] = zone
    assert made(tmp_path, saved(Image.new("RGB", (9, 9)), "JPEG", exif=exif))[3] == taken


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (9_001, 9_001)).save(path)
    assert path.stat().st_size < 20_000
    with pytest.raises(TooManyPixels):
        derive(path, "image/png", io.BytesIO())


@given(data=st.data(), format_=st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_a_damaged_photo_is_refused_or_opened_and_never_a_fault(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, format_: str
) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:03:02 09:31:07"
    content = bytearray(saved(Image.new("RGB", (16, 16), "teal"), format_, exif=exif))
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(16, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content[: data.draw(st.integers(20, len(content)))])
    with contextlib.suppress(WrongBlobType, TooManyPixels):
        derive(path, f"image/{format_.lower()}", io.BytesIO())
