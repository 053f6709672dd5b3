"""Pictures that are uploaded: what draws them comes through, the rest does not."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

import pytest

from klankbord.base.picture import PNG, NotAPicture, read_picture


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 32, height: int = 24, *more: bytes) -> bytes:
    """A white picture, with more parts behind its head."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    drawn = zlib.compress((b"\0" + b"\xff" * width) * height)
    return PNG + head + b"".join(more) + chunk(b"IDAT", drawn) + chunk(b"IEND", b"")


def jpeg(*more: tuple[int, bytes]) -> bytes:
    """The skeleton of a JPEG: a reader of parts needs no more."""

    def part(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    size = part(0xC0, b"\x08" + struct.pack(">HH", 24, 32) + b"\x01\x01\x11\x00")
    scan = part(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + part(0xE0, b"JFIF\0") + b"".join(part(*one) for one in more) + size + scan + b"\xff\xd9"


def webp(*more: tuple[bytes, bytes]) -> bytes:
    head = b"VP8X" + struct.pack("<I", 10) + bytes([0x10 | 0x08 | 0x04, 0, 0, 0]) + b"\x1f\0\0" + b"\x17\0\0"
    drawn = b"\x2f" + struct.pack("<I", 31 | 23 << 14) + b"\0\0"
    parts = b"".join(kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for kind, body in more)
    inner = b"WEBP" + head + b"VP8L" + struct.pack("<I", len(drawn)) + drawn + b"\0" + parts
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def test_a_png_keeps_what_draws_it() -> None:
    hidden = chunk(b"tEXt", b"Comment\0geheim") + chunk(b"eXIf", b"geheim")
    read = read_picture(png(32, 24, hidden) + b"<script>geheim</script>")
    assert (read.content_type, read.width, read.height) == ("image/png", 32, 24)
    assert read.content == png(32, 24)


def test_a_jpeg_loses_where_and_with_what_it_was_made() -> None:
    read = read_picture(jpeg((0xE1, b"Exif\0\0geheim"), (0xFE, b"geheim")) + b"PK\x03\x04geheim")
    assert (read.content_type, read.width, read.height) == ("image/jpeg", 32, 24)
    assert read.content == jpeg()


def test_a_jpeg_may_have_room_before_its_parts() -> None:
    assert read_picture(jpeg().replace(b"\xff\xc0", b"\xff\xff\xff\xc0")) == read_picture(jpeg())


def test_a_webp_loses_it_too_and_says_so_in_its_head() -> None:
    read = read_picture(webp((b"EXIF", b"geheim!"), (b"XMP ", b"geheim")) + b"geheim")
    assert (read.content_type, read.width, read.height) == ("image/webp", 32, 24)
    assert b"geheim" not in read.content
    assert read.content[20] == 0x10
    assert read_picture(read.content) == read


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='x'></svg>", b"GIF89a" + b"\0" * 50, PNG, b"\xff\xd8", b"\xff\xd8\xff\xd9", b"RIFF\0\0\0\0WEBP"],
    ids=range(7),
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPicture):
        read_picture(content)


@pytest.mark.parametrize("whole", [png(), jpeg(), webp()], ids=["png", "jpeg", "webp"])
def test_half_a_picture_is_refused_or_is_one(whole: bytes) -> None:
    for cut in range(len(whole)):
        try:
            assert read_picture(whole[:cut]).width == 32
        except NotAPicture:
            continue
    for here, there in pairwise(range(0, len(whole), 3)):
        broken = whole[:here] + b"\xff" * (there - here) + whole[there:]
        try:
            read_picture(broken)
        except NotAPicture:
            continue
