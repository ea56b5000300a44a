"""The QR code of an address: alone as SVG or PNG, and as the squares that posters draw.

Error correction is Q (a quarter of a code may be scratched or covered), and every code stands in
the quiet zone of four modules that the standard asks for.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import qrcode
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage

QUIET_ZONE = 4  # modules


@dataclass(frozen=True)
class Squares:
    """A code as dark runs: row, first module and length of each, counted with the quiet zone.

    ``side`` is the number of modules from edge to edge, quiet zone and all.
    """

    side: int
    runs: tuple[tuple[int, int, int], ...]


def svg(address: str) -> bytes:
    """The code as a standalone SVG document, black on white."""
    stream = io.BytesIO()
    _code(address).make_image(image_factory=_Svg).save(stream)
    return stream.getvalue()


def png(address: str) -> bytes:
    """The code as a PNG, twenty pixels a module: sharp at 10 cm on a 200 dpi printer."""
    stream = io.BytesIO()
    _code(address).make_image(image_factory=PilImage).save(stream, "PNG")
    return stream.getvalue()


@lru_cache(maxsize=16)  # a sheet of stickers draws one code several times
def squares(address: str) -> Squares:
    matrix = _code(address).get_matrix()
    runs = ((row, *run) for row, cells in enumerate(matrix) for run in _runs(cells))
    return Squares(len(matrix), tuple(runs))


def _code(address: str) -> qrcode.QRCode[Any]:
    code: qrcode.QRCode[Any] = qrcode.QRCode(
        error_correction=ERROR_CORRECT_Q, border=QUIET_ZONE, box_size=20
    )
    code.add_data(address)
    code.make(fit=True)
    return code


class _Svg(SvgPathFillImage):
    def process(self) -> None:
        super().process()
        # The library gives every path the same id, and two codes on one page would be invalid.
        assert self.path is not None  # noqa: S101 - the line above has just made it
        del self.path.attrib["id"]


def _runs(cells: Sequence[bool | None]) -> Iterator[tuple[int, int]]:
    """Where dark modules stand side by side: start and length of each run."""
    start = 0
    while start < len(cells):
        end = start
        while end < len(cells) and cells[end]:
            end += 1
        if end > start:
            yield start, end - start
        start = end + 1
