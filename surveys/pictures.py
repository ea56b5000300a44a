"""What a picture is, by its content: which kind, how wide, how high, and whether it opens.

A small file may claim to be a picture of any size, and whoever decodes it needs the memory for
that. So the size is read from the header first, and only what has a sensible one is decoded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 20_000
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
"""The types that are pictures here, and what the library calls them."""


class NotAPicture(ValueError):
    """It is none of ours, or does not open, or is too large; the message says which.

    ``code`` is ``not_a_picture`` or ``too_many_pixels``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Picture:
    """``type`` as in Content-Type; sides in pixels, as they are stored (before any turning)."""

    type: str
    width: int
    height: int


def look(content: bytes) -> Picture:
    """What this is, once it has been decoded. Raises :class:`NotAPicture`.

    Needs up to four bytes of memory for each of :data:`MOST_PIXELS`; let one at a time do it.
    """
    try:
        found = _header(content)
    except (IndexError, struct.error):
        found = None
    if found is None:
        raise NotAPicture("not_a_picture", "The content is no JPEG, PNG or WebP picture.")
    width, height = found.width, found.height
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise NotAPicture(
            "too_many_pixels",
            f"This picture has {width} times {height} pixels; at most {MOST_PIXELS:,} are taken,"
            f" and {LONGEST_SIDE:,} along one side.",
        )
    try:
        _decode(content, found)
    except Exception as error:  # a decoder may trip over anything, and in its own way
        raise NotAPicture(
            "not_a_picture", "The content begins like a picture, but does not open as one."
        ) from error
    return found


BARE = "image/jpeg"
"""The type of what :func:`bare` makes."""
_BARE_SIDE = 1600
_BARE_QUALITY = 85


def bare(content: bytes) -> bytes:
    """The picture drawn anew: upright, at most 1600 pixels along a side. Nothing in it tells
    where, when and with what it was taken. Raises :class:`NotAPicture`.
    """
    look(content)
    with Image.open(BytesIO(content)) as picture:
        picture.draft("RGB", (_BARE_SIDE, _BARE_SIDE))
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((_BARE_SIDE, _BARE_SIDE))
    # What is transparent becomes paper.
    sheet = Image.new("RGB", upright.size, "white")
    sheet.paste(upright, mask=upright)
    made = BytesIO()
    sheet.save(made, "JPEG", quality=_BARE_QUALITY)
    return made.getvalue()


def _decode(content: bytes, expected: Picture) -> None:
    with Image.open(BytesIO(content), formats=(FORMATS[expected.type],)) as picture:
        if picture.size != (expected.width, expected.height):
            raise ValueError("the header says two things")
        # Of a JPEG an eighth of each side is decoded: all its data is read, and little memory used.
        picture.draft("RGB", (expected.width // 8, expected.height // 8))
        picture.load()


# --- headers ----------------------------------------------------------------------------------


def _header(content: bytes) -> Picture | None:
    """Kind and size as the first bytes say; None for what is none of ours."""
    if content.startswith(b"\xff\xd8\xff"):
        kind, size = "image/jpeg", _jpeg_size(content)
    elif content.startswith(b"\x89PNG\r\n\x1a\n"):
        kind, size = "image/png", _png_size(content)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind, size = "image/webp", _webp_size(content)
    else:
        return None
    return None if size is None or min(size) < 1 else Picture(kind, *size)


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG's frame header; the three others are tables."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without anything behind them."""


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        else:
            at += 2 + int(struct.unpack_from(">H", content, at + 2)[0])
    return None


def _png_size(content: bytes) -> tuple[int, int] | None:
    if content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _webp_size(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8X":  # extended: the canvas
        wide, high = content[24:27], content[27:30]
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if kind == b"VP8L":  # lossless: twice fourteen bits
        bits = int(struct.unpack_from("<I", content, 21)[0])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":  # lossy
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
