"""The store of files: random cuts, two at once, wrong hashes; and what a file is by its content."""

import contextlib
import hashlib
import io
import struct
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sync.blob_limits import Limits, check_content, check_size
from sync.blob_types import pixels_of, type_of
from sync.blobs import BlobStore
from sync.errors import (
    BadBlob,
    BlobTooLarge,
    TooManyPixels,
    UnknownBlob,
    WrongBlobType,
    WrongOffset,
)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@given(
    content=st.binary(min_size=1, max_size=4000),
    cuts=st.lists(st.tuples(st.integers(1, 900), st.integers(-50, 50)), max_size=40),
)
def test_a_file_is_whole_after_any_cuts_and_wrong_offsets(
    content: bytes, cuts: list[tuple[int, int]]
) -> None:
    """Whoever sends from where the file ends gets it whole; from elsewhere nothing changes."""
    name = sha256(content)
    with tempfile.TemporaryDirectory() as folder:
        store = BlobStore(Path(folder))
        for size, slip in cuts:
            offset = store.offset(name)
            start = max(0, offset + slip)
            piece = content[start : start + size]
            if start != offset:
                with pytest.raises(WrongOffset) as refused:
                    store.append(name, start, piece)
                assert refused.value.offset == offset
                assert store.offset(name) == offset
            elif piece:
                assert store.append(name, start, piece) == offset + len(piece)
                store.save(name)
            store = BlobStore(Path(folder))  # as after a restart
        offset = store.offset(name)
        if offset < len(content):
            store.append(name, offset, content[offset:])
        assert store.finish(name).read_bytes() == content
        assert (store.offset(name), store.has(name)) == (len(content), True)
        assert not list(store.folder.glob("parts/*"))
        assert store.finish(name) == store.path(name)


def test_a_wrong_whole_is_dropped_and_can_be_sent_anew(tmp_path: Path) -> None:
    store, content = BlobStore(tmp_path), b"fictional"
    store.append(sha256(content), 0, b"fictiona!")
    with pytest.raises(BadBlob):
        store.finish(sha256(content))
    assert store.offset(sha256(content)) == 0
    store.append(sha256(content), 0, content)
    store.finish(sha256(content))
    with store.open(sha256(content)) as file:
        assert file.read() == content


def test_many_who_send_the_same_file_at_once_make_one_whole_file(tmp_path: Path) -> None:
    content = bytes(range(256)) * 2000
    name, faults = sha256(content), []

    def send(step: int) -> None:
        store = BlobStore(tmp_path)
        while not store.has(name):
            offset = store.offset(name)
            try:
                if offset < len(content):
                    store.append(name, offset, content[offset : offset + step])
                else:
                    store.finish(name)
            except WrongOffset:
                continue
            except UnknownBlob:
                continue
            except Exception as error:
                faults.append(error)
                return

    threads = [threading.Thread(target=send, args=(1000 + 777 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert BlobStore(tmp_path).path(name).read_bytes() == content
    assert not list(tmp_path.glob("parts/*"))


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_sha256_is_a_name(tmp_path: Path, name: str) -> None:
    store = BlobStore(tmp_path / "blobs")
    assert not store.is_begun(name)
    assert not store.drop(name)
    for call in (store.path, store.offset, store.has, store.open):
        with pytest.raises(UnknownBlob):
            call(name)
    with pytest.raises(UnknownBlob):
        store.append(name, 0, b"x")
    assert not list(tmp_path.rglob("*"))


def test_what_was_begun_long_ago_is_swept(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.append("a" * 64, 0, b"x")
    begun = (tmp_path / "parts" / ("a" * 64)).stat().st_mtime
    store.sweep(begun - 1)
    assert store.is_begun("a" * 64)
    store.sweep(begun + 1)
    assert not store.is_begun("a" * 64)


def test_a_file_of_unknown_hash_is_taken_in_whole(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    assert store.add(io.BytesIO(b"words")) == (sha256(b"words"), 5)
    assert store.has(sha256(b"words"))
    assert store.drop(sha256(b"words"))
    assert not store.drop(sha256(b"words"))


def image(format_: str, size: tuple[int, int] = (31, 17)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "white").save(made, format_, lossless=True)
    return made.getvalue()


def heic(width: int, height: int) -> bytes:
    def box(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(body), name) + body

    sizes = [(8, 8), (width, height)]
    ispe = b"".join(box(b"ispe", struct.pack(">III", 0, *size)) for size in sizes)
    meta = box(b"meta", b"\0\0\0\0" + box(b"hdlr", b"x" * 24) + box(b"iprp", box(b"ipco", ispe)))
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta


CONTENTS = {
    "image/jpeg": image("JPEG"),
    "image/png": image("PNG"),
    "image/webp": image("WEBP"),
    "image/heic": heic(31, 17),
    "application/pdf": b"%PDF-1.7\n%fictional",
    "audio/mp4": b"\0\0\0\x20ftypM4A \0\0\0\0",
    "audio/ogg": b"OggS\0\x02" + bytes(30),
    "audio/webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm",
    "audio/mpeg": b"\xff\xfb\x90\x64" + bytes(40),
    "audio/wav": b"RIFF\x24\0\0\0WAVEfmt ",
}


@pytest.mark.parametrize("type_", CONTENTS)
def test_a_type_is_known_by_content_and_no_other_passes(tmp_path: Path, type_: str) -> None:
    path = tmp_path / "named.exe"
    path.write_bytes(CONTENTS[type_])
    assert type_of(CONTENTS[type_][:64]) == type_
    check_content(path, type_, Limits())
    for other in (*(CONTENTS.keys() - {type_}), "text/html", "image/svg+xml"):
        with pytest.raises(WrongBlobType):
            check_content(path, other, Limits())


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"MZ\x90\0",
        b"<html>",
        b"<svg ",
        b"\x1aE\xdf\xa3matroska",
        b"\0\0\0\x1cftypavif",
        b"PK\3\4",
    ]
    + [b"RIFF\0\0\0\0AVI ", b"\xff\xff\xff\xff", b"\xff\xfb"],
)
def test_other_content_has_no_type(head: bytes) -> None:
    assert type_of(head) is None


@pytest.mark.parametrize("type_", [type_ for type_ in CONTENTS if type_.startswith("image/")])
def test_pixels_are_read_off_the_header(tmp_path: Path, type_: str) -> None:
    path = tmp_path / "image"
    path.write_bytes(CONTENTS[type_])
    assert pixels_of(path, type_) == 31 * 17
    with pytest.raises(TooManyPixels):
        check_content(path, type_, Limits(pixels=31 * 17 - 1))


@given(data=st.data(), type_=st.sampled_from([t for t in CONTENTS if t.startswith("image/")]))
def test_a_damaged_header_is_refused_and_never_a_fault(data: st.DataObject, type_: str) -> None:
    content = bytearray(CONTENTS[type_])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_bytes(content[:cut])
        with contextlib.suppress(WrongBlobType, TooManyPixels):
            check_content(path, type_, Limits())


def test_the_other_kinds_of_webp_say_their_size_too(tmp_path: Path) -> None:
    path = tmp_path / "image.webp"
    Image.new("RGB", (31, 17)).save(path, "WEBP", quality=50)
    assert pixels_of(path, "image/webp") == 31 * 17
    Image.new("RGBA", (31, 17), (1, 2, 3, 4)).save(path, "WEBP", quality=50)
    assert pixels_of(path, "image/webp") == 31 * 17


@pytest.mark.parametrize("size", [0, -1, 50_000_001])
def test_no_file_is_empty_or_over_the_limit(size: int) -> None:
    with pytest.raises(BlobTooLarge):
        check_size(size, Limits())
    check_size(50_000_000, Limits())


def test_limits_are_settings() -> None:
    assert Limits.of({"HUB_BLOB_BYTES": "7", "HUB_BLOB_PIXELS": ""}) == Limits(bytes=7)
