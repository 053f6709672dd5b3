"""A small picture that somebody uploads, copied part by part: only what draws it goes along.

No place or maker (EXIF, XMP), no comments, no second picture or program behind the first: what comes out is a picture
and nothing else. The pixels stay as they are.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

PNG = b"\x89PNG\r\n\x1a\n"
# What draws a still picture: PNG third edition, chunks; ITU-T T.81 table B.1; WebP container specification.
PNG_PARTS = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND"}
JPEG_DROPPED = {*range(0xE1, 0xEE), 0xEF, 0xFE}  # application data but JFIF and Adobe's colours; comments
JPEG_SIZES = {0xC0, 0xC1, 0xC2}
WEBP_PARTS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
WEBP_ALPHA = 0x10  # of the flags of VP8X the only one that can stay


class NotAPicture(ValueError):
    """This is no PNG, JPEG or WebP, or it is damaged."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is only that; sizes in pixels."""

    content_type: str
    width: int
    height: int
    content: bytes


def read_picture(content: bytes) -> Picture:
    """The picture in these bytes. NotAPicture when there is none."""
    try:
        if content.startswith(PNG):
            return _png(content)
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
    except (struct.error, IndexError):
        raise NotAPicture from None
    raise NotAPicture


def _png(content: bytes) -> Picture:
    kept, at, kind = [PNG], len(PNG), b""
    while kind != b"IEND":
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        (check,) = struct.unpack_from(">I", content, end - 4)
        if zlib.crc32(content[at + 4 : end - 4]) != check:
            raise NotAPicture
        if kind in PNG_PARTS:
            kept.append(content[at:end])
        at = end
    if len(kept) < 4 or kept[1][4:8] != b"IHDR":
        raise NotAPicture
    width, height = struct.unpack_from(">II", kept[1], 8)
    return Picture("image/png", width, height, b"".join(kept))


def _jpeg(content: bytes) -> Picture:
    kept, size = [b"\xff\xd8"], (0, 0)
    for marker, part in _segments(content):
        if marker in JPEG_SIZES:
            height, width = struct.unpack_from(">HH", part, 5)
            size = (width, height)
        if marker not in JPEG_DROPPED:
            kept.append(part)
    if not all(size):
        raise NotAPicture
    return Picture("image/jpeg", *size, b"".join(kept))


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each part up to and including the end of the picture; of a scan with what is scanned."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise NotAPicture
        while content[at + 1] == 0xFF:  # T.81 B.1.1.2: any number of these may stand before a marker
            at += 1
        marker = content[at + 1]
        if marker == 0xD9:
            yield marker, b"\xff\xd9"
            return
        (length,) = struct.unpack_from(">H", content, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise NotAPicture
        if marker == 0xDA:
            end = _end_of_scan(content, end)
        yield marker, content[at:end]
        at = end


def _end_of_scan(content: bytes, at: int) -> int:
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise NotAPicture
        following = content[at + 1]
        # a zero says that the FF was a number, D0 to D7 say that a strip begins again
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2


def _webp(content: bytes) -> Picture:
    (length,) = struct.unpack_from("<I", content, 4)
    end, at, parts, size = min(len(content), 8 + length), 12, list[bytes](), (0, 0)
    while at < end:
        kind = content[at : at + 4]
        (length,) = struct.unpack_from("<I", content, at + 4)
        body = content[at + 8 : at + 8 + length]
        if len(body) != length:
            raise NotAPicture
        if kind in WEBP_PARTS:
            if kind != b"ALPH":
                size = size if all(size) else _webp_size(kind, body)
            if kind == b"VP8X":
                body = bytes([body[0] & WEBP_ALPHA]) + body[1:]
            parts.append(kind + struct.pack("<I", length) + body + b"\0" * (length % 2))
        at += 8 + length + length % 2
    if not all(size) or not any(part[:4] in (b"VP8 ", b"VP8L") for part in parts):
        raise NotAPicture  # also one that moves: its pictures are in frames
    kept = b"WEBP" + b"".join(parts)
    return Picture("image/webp", *size, b"RIFF" + struct.pack("<I", len(kept)) + kept)


def _webp_size(kind: bytes, body: bytes) -> tuple[int, int]:
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", body, 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF
