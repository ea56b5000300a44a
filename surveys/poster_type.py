"""The letters of posters: which there are, and text set as large as it fits.

Set with the fonts in ``static/fonts``: Latin, Greek, Cyrillic, Arabic and Hebrew letters; for
other alphabets a font file can be given. HarfBuzz shapes what is joined or runs from the right.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fpdf import FPDF
from fpdf.enums import MethodReturnValue
from fpdf.fonts import TTFFont

from surveys.poster_marks import Colour

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"
SHIPPED_FONTS = ("NotoSans", "NotoSansArabic", "NotoSansHebrew")
MISSING = "\ufffd"
"""Stands for a letter that no font has, so that it is seen."""

POINT = 25.4 / 72  # millimetres
SMALLEST = 0.45  # of the size that was wished for


class UnusableFont(ValueError):
    """A font file that cannot be read."""


def without_letters(text: str, fonts: Sequence[Path] = ()) -> str:
    """Those letters of ``text`` that no font at hand can draw. Raises :class:`UnusableFont`."""
    known = _letters(tuple(fonts))
    return "".join(dict.fromkeys(c for c in _plain(text) if ord(c) not in known))


def drawable(text: str, fonts: Sequence[Path] = ()) -> str:
    """The text on one line, with :data:`MISSING` for letters that no font has."""
    known = _letters(tuple(fonts))
    return _in_order("".join(c if ord(c) in known else MISSING for c in _plain(text)))


@cache
def _letters(fonts: tuple[Path, ...]) -> frozenset[int]:
    known: set[int] = set()
    for path in [FONTS / f"{name}-Regular.ttf" for name in SHIPPED_FONTS] + list(fonts):
        try:
            with TTFont(io.BytesIO(path.read_bytes()), fontNumber=0, lazy=True) as font:
                known |= set(font.getBestCmap())
        except Exception as error:  # the parser raises whatever it stumbles over
            raise UnusableFont(
                f"{path} cannot be used as a font ({error}). Give a TrueType file (.ttf)."
            ) from None
    return frozenset(known)


def _plain(text: str) -> str:
    """The text on one line, without invisible characters that turn or hide what stands there.

    The joiners stay: Persian and other scripts are misspelt without them.
    """
    kept = (
        c
        for c in unicodedata.normalize("NFC", text)
        if c in "\u200c\u200d" or unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"}
    )
    spaced = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in kept)
    return " ".join(spaced.split())


def runs_from_right(text: str) -> bool:
    """Whether the first letter that has a direction is of a script that runs from the right."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind != "L" for kind in strong if kind in {"L", "R", "AL"}), False)


def _in_order(text: str) -> str:
    """In text that runs from the left, a number after Arabic or Hebrew stands on its right.

    “Hotel فندق 12 Paris” would have the number on the other side of the word, where the PDF's
    text shaping joins it to the word without a space.
    """
    if runs_from_right(text):
        return text
    found, after = "", None  # where the last letter that runs from the right ended
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind == "EN" and after is not None:
            found, after = f"{found[:after]}\u200e{found[after:]}", None
        found += letter
        if kind in {"R", "AL"}:
            after = len(found)
        elif kind == "L":
            after = None
    return found


@dataclass(frozen=True)
class Block:
    """Lines of one size (points), each ``leading`` millimetres high."""

    lines: tuple[str, ...]
    size: float
    leading: float
    colour: Colour
    bold: bool

    @property
    def height(self) -> float:
        return self.leading * len(self.lines)


@contextmanager
def measuring(fonts: Sequence[Path] = ()) -> Iterator[Typesetter]:
    """A typesetter whose document is never written."""
    pdf = FPDF()
    pdf.add_page()
    try:
        yield Typesetter(pdf, fonts)
    finally:
        for font in pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.close()


class Typesetter:
    """Sets text in the fonts of one document. Raises :class:`UnusableFont` when it is made."""

    def __init__(self, pdf: FPDF, fonts: Sequence[Path] = ()) -> None:
        self._pdf = pdf
        self._set: dict[tuple[str, float, float, int, bool], tuple[float, tuple[str, ...]]] = {}
        pdf.set_margin(0)
        pdf.c_margin = 0
        for name in SHIPPED_FONTS:
            pdf.add_font(name, "", FONTS / f"{name}-Regular.ttf")
            pdf.add_font(name, "B", FONTS / f"{name}-Bold.ttf")
        others = []
        for number, path in enumerate(fonts):
            others.append(f"given{number}")
            try:
                pdf.add_font(others[-1], "", path)
            except Exception as error:
                raise UnusableFont(
                    f"{path} cannot be put into a PDF ({error}). Give a TrueType file (.ttf)."
                ) from None
        pdf.set_fallback_fonts([*SHIPPED_FONTS[1:], *others], exact_match=False)
        pdf.set_text_shaping(True)

    def use(self, size: float, bold: bool) -> None:
        """The document writes in this size (points) from now on."""
        self._pdf.set_font("NotoSans", "B" if bold else "", size)

    def width(self, text: str, size: float, bold: bool) -> float:
        """How wide a line is, in millimetres."""
        self.use(size, bold)
        return self._pdf.get_string_width(text)

    def block(
        self,
        text: str,
        width: float,
        most: float,
        colour: Colour,
        *,
        lines: int = 1,
        bold: bool = False,
        room: float = 0,
    ) -> Block:
        """The text as large as it fits into ``width`` (``most`` points at most).

        Text too long for ``lines`` at the smallest size takes more lines, as many as stand in
        ``room`` (both in millimetres), and then ends in an ellipsis.
        """
        key = (text, width, most, lines, bold)
        if key not in self._set:  # the sentences are the same on every sheet
            self._set[key] = self._fitted(text, width, most, lines, bold)
        size, wrapped = self._set[key]
        leading = size * POINT * (1.3 if bold else 1.45)
        fits = max(lines, int(room / leading))
        if len(wrapped) > fits:
            wrapped = (*wrapped[: fits - 1], f"{wrapped[fits - 1][:-2].rstrip()}…")
        return Block(wrapped, size, leading, colour, bold)

    def _fitted(
        self, text: str, width: float, most: float, lines: int, bold: bool
    ) -> tuple[float, tuple[str, ...]]:
        """Fewer lines if that costs a fifth of the size at most, else what ``lines`` allow."""
        whole = self.width(text, most, bold)
        for count in range(1, lines + 1):
            least = most * (0.8 if count < lines else SMALLEST)
            size = min(most, most * count * width / whole) if whole else most
            while size >= least:
                wrapped = self._wrap(text, width, size, bold)
                if len(wrapped) <= count:
                    return size, self._balanced(text, width, wrapped, size, bold)
                size -= most / 40
        return least, self._wrap(text, width, least, bold)

    def _balanced(
        self, text: str, width: float, wrapped: tuple[str, ...], size: float, bold: bool
    ) -> tuple[str, ...]:
        """As many lines, but no word left alone in the last, and none cut."""
        for part in (0.6, 0.7, 0.8, 0.9) if len(wrapped) > 1 else ():
            narrower = self._wrap(text, width * part, size, bold)
            if len(narrower) == len(wrapped) and " ".join(narrower) == text:
                return narrower
        return wrapped

    def _wrap(self, text: str, width: float, size: float, bold: bool) -> tuple[str, ...]:
        self.use(size, bold)
        lines = self._pdf.multi_cell(
            width, 5, text, dry_run=True, align="C", output=MethodReturnValue.LINES
        )
        return tuple(line.strip() for line in lines) if isinstance(lines, list) else (text,)
