"""QR codes and the posters that carry them.

The code is drawn with error correction Q (a quarter of it may be scratched or covered) and the
quiet zone of four modules that the standard asks for. In the PDF it is one vector path, sharp on
any printer. Posters are drawn with the fonts in ``static/fonts``: Latin, Greek, Cyrillic, Arabic
and Hebrew letters; for other alphabets a font file can be given.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import qrcode
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, PathPaintRule
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage

from surveys.store.sites import Site

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"
SHIPPED_FONTS = ("NotoSans", "NotoSansArabic", "NotoSansHebrew")

QUIET_ZONE = 4  # modules

QUESTION = {
    "en": "How was it?",
    "fr": "Comment ça s’est passé ?",
    "es": "¿Cómo le fue?",
    "ar": "كيف كانت تجربتك؟",
}
SENTENCE = {
    "en": "Tell us in 15 seconds, with a few taps on your phone.",
    "fr": "Dites-le-nous en 15 secondes, en quelques gestes sur votre téléphone.",
    "es": "Cuéntenoslo en 15 segundos, con unos toques en su móvil.",
    "ar": "أخبرنا في ١٥ ثانية، ببضع لمسات على هاتفك.",
}
CAMERA = {
    "en": "Point your camera here. No app, no sign-up.",
    "fr": "Visez avec l’appareil photo. Ni application, ni inscription.",
    "es": "Apunte con la cámara. Sin aplicación y sin registro.",
    "ar": "وجّه الكاميرا إلى هنا. لا تطبيق ولا تسجيل.",
}

INK = (24, 33, 41)
SOFT = (92, 102, 112)
ACCENT = (0, 98, 104)


@dataclass(frozen=True)
class Poster:
    """One sheet: whose it is, the address its code holds, and where it is to hang, if known."""

    site: Site
    address: str
    touchpoint: str | None = None


class UnusableFont(ValueError):
    """A font file that cannot be read."""


# --- the code alone ---------------------------------------------------------------------------


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


# --- the poster -------------------------------------------------------------------------------


def pdf(
    posters: Iterable[Poster],
    *,
    at: datetime,
    fonts: Sequence[Path] = (),
    done: Callable[[int], None] = lambda sheets: None,
) -> bytes:
    """A4 sheets, one for each poster, in one file.

    ``at`` is written into the file as its date, ``fonts`` are searched for letters that the
    shipped ones lack, ``done`` is told of every sheet. Raises :class:`UnusableFont`.
    """
    page = _Page(at, tuple(fonts))
    for poster in posters:
        page.draw(poster)
        done(1)
    return page.output()


def without_letters(text: str, fonts: Sequence[Path] = ()) -> str:
    """Those letters of ``text`` that no font at hand can draw. Raises :class:`UnusableFont`."""
    known = _letters(tuple(fonts))
    return "".join(dict.fromkeys(c for c in _plain(text) if ord(c) not in known))


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


class _Page:
    """The sheet, in millimetres."""

    WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 18.0
    FRAME = 142.0  # the side of the code with its quiet zone

    def __init__(self, at: datetime, fonts: tuple[Path, ...]) -> None:
        self._known = _letters(fonts)
        self._width = self.WIDTH - 2 * self.MARGIN
        self._fits: dict[tuple[str, float, int, str], tuple[float, list[str]]] = {}
        self._pdf = pdf = FPDF(format="A4")
        pdf.set_creation_date(at)
        pdf.set_title("Touchstone: posters")
        pdf.set_creator("Touchstone")
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
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

    def output(self) -> bytes:
        return bytes(self._pdf.output())

    def draw(self, poster: Poster) -> None:
        self._pdf.add_page()
        first = poster.site.language if poster.site.language in QUESTION else "en"
        second = None if first == "en" else "en"
        self._head(self._name(poster.site), first, second)
        self._frame_and_code(poster.address, 96.0)
        self._foot(poster, first, second)

    def _head(self, name: str, first: str, second: str | None) -> None:
        self._pdf.set_fill_color(*ACCENT)
        self._pdf.rect(0, 0, self.WIDTH, 5, style="F")
        self._text(name, 15, 13, most=26, lines=2, colour=ACCENT, style="B", room=26)
        self._text(QUESTION[first], 42, 24, most=54, lines=1, colour=INK, style="B")
        y = self._text(SENTENCE[first], 70, 9, most=17, lines=1, colour=INK)
        if second:
            said = f"{QUESTION[second]} {SENTENCE[second]}"
            self._text(said, y + 1.5, 7, most=13, lines=1, colour=SOFT)

    def _frame_and_code(self, address: str, top: float) -> None:
        matrix = _code(address).get_matrix()  # with the quiet zone
        module = self.FRAME / len(matrix)
        left = (self.WIDTH - self.FRAME) / 2
        pdf = self._pdf
        pdf.set_draw_color(*ACCENT)
        pdf.set_line_width(1.1)
        pdf.rect(left, top, self.FRAME, self.FRAME, style="D", round_corners=True, corner_radius=6)
        # One path for all modules: drawn one by one, viewers leave hair lines between them.
        with pdf.new_path(paint_rule=PathPaintRule.FILL_NONZERO) as path:
            path.style.fill_color = "#000000"
            path.style.stroke_color = None
            for row, cells in enumerate(matrix):
                for start, length in _runs(cells):
                    path.rectangle(
                        left + start * module, top + row * module, length * module, module
                    )

    def _foot(self, poster: Poster, first: str, second: str | None) -> None:
        y = self._text(CAMERA[first], 245, 8, most=16, lines=1, colour=INK)
        if second:
            y = self._text(CAMERA[second], y + 0.5, 6.5, most=12, lines=1, colour=SOFT)
        self._text(poster.address, 264, 8, most=15, lines=2, colour=ACCENT, style="B")
        where = [poster.site.site_id, *([poster.touchpoint] if poster.touchpoint else [])]
        self._text("  ·  ".join(map(self._drawable, where)), 285, 5, most=9, lines=1, colour=SOFT)

    def _name(self, site: Site) -> str:
        name = self._drawable(site.name)
        # A name without a letter that can be drawn says less than the id.
        return name if name.strip("\ufffd ") else self._drawable(site.site_id)

    def _drawable(self, text: str) -> str:
        """Letters that no font has become U+FFFD, which is seen."""
        return "".join(c if ord(c) in self._known else "\ufffd" for c in _plain(text))

    def _text(
        self,
        text: str,
        y: float,
        height: float,
        *,
        most: float,
        lines: int,
        colour: tuple[int, int, int],
        style: str = "",
        room: float | None = None,
    ) -> float:
        """Write centred text as large as it fits (``most`` points at most); the y below it.

        ``height`` is a line's at the largest size. Text too long for ``lines`` at the smallest
        size takes more lines, as many as stand in ``room``, and then ends in an ellipsis.
        """
        pdf = self._pdf
        pdf.set_text_color(*colour)
        size, wrapped = self._fitted(text, most, lines, style)
        pdf.set_font("NotoSans", style, size)
        line_height = height * size / most
        fits = max(lines, int((room or 0) / line_height))
        if len(wrapped) > fits:
            wrapped = [*wrapped[: fits - 1], f"{wrapped[fits - 1][:-2]}…"]
        for line in wrapped:
            pdf.set_xy(self.MARGIN, y)
            pdf.cell(self._width, line_height, line, align="C")
            y += line_height
        return y

    def _fitted(self, text: str, most: float, lines: int, style: str) -> tuple[float, list[str]]:
        """The size at which the text takes ``lines`` at most, and its lines."""
        key = (text, most, lines, style)
        if key not in self._fits:  # the sentences are the same on every sheet
            size, wrapped = most, [text]
            while size >= most * 0.45:
                self._pdf.set_font("NotoSans", style, size)
                wrapped = self._wrap(text)
                if len(wrapped) <= lines:
                    break
                size -= 0.5
            self._fits[key] = size, wrapped
        return self._fits[key]

    def _wrap(self, text: str) -> list[str]:
        lines = self._pdf.multi_cell(
            self._width, 5, text, dry_run=True, align="C", output=MethodReturnValue.LINES
        )
        return [line.strip() for line in lines] if isinstance(lines, list) else [text]


def _runs(cells: Sequence[bool | None]) -> Iterable[tuple[int, int]]:
    """Where dark modules stand side by side: start and length of each run."""
    start = 0
    while start < len(cells):
        end = start
        while end < len(cells) and cells[end]:
            end += 1
        if end > start:
            yield start, end - start
        start = end + 1
