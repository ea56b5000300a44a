"""Posters: the code of a site, with an invitation around it, to hang, to stand or to stick.

What a poster says is laid out once (:mod:`surveys.poster_sheets`) and drawn twice: as the PDF that
is printed, all posters in one file, and as a picture of one sheet to look at before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF

from surveys import codes, poster_words, qr_code
from surveys.poster_marks import Bar, Code, Frame, Group, Line, Mark, Stroke
from surveys.poster_picture import picture as _picture
from surveys.poster_sheets import SHEETS, Said, Sheet
from surveys.poster_type import MISSING, Typesetter, drawable, measuring
from surveys.store.database import Database
from surveys.store.sites import Site

A4 = "a4"  # the sheet that is meant where none is named


@dataclass(frozen=True)
class Poster:
    """Whose it is, the address its code holds, and where it is to hang, if known."""

    site: Site
    address: str
    touchpoint: str | None = None


def issued(
    db: Database,
    sites: Iterable[Site],
    *,
    base: str,
    touchpoint: str | None,
    instrument: str,
    at: datetime,
    by: str = "",
) -> list[Poster]:
    """A poster for each site, with the code that stands there or a new one.

    ``base`` is the address that phones reach, ``by`` who asked (a person's id; "" for the command
    line). Raises :class:`surveys.codes.CodeError`.
    """
    return [
        Poster(site, f"{base}/q/{code}", touchpoint)
        for site in sites
        for code in [codes.issue(db, site.site_id, touchpoint, instrument, at, by=by)]
    ]


def pdf(
    posters: Iterable[Poster],
    *,
    at: datetime,
    sheet: str = A4,
    fonts: Sequence[Path] = (),
    done: Callable[[int], None] = lambda pages: None,
) -> bytes:
    """A page for each poster, in one file; ``sheet`` is one of :data:`SHEETS`.

    ``at`` is written into the file as its date, ``fonts`` are searched for letters that the
    shipped ones lack, ``done`` is told of every page. Raises
    :class:`surveys.poster_type.UnusableFont`.
    """
    document = _Document(SHEETS[sheet], at)
    type_ = Typesetter(document, fonts)
    for poster in posters:
        document.add_page()
        for mark in SHEETS[sheet].layout(_said(poster, fonts), type_):
            document.draw(mark, type_)
        done(1)
    return bytes(document.output())


def picture(poster: Poster, sheet: str = A4) -> bytes:
    """The sheet as an SVG document, as a browser shows it: what :func:`pdf` prints."""
    kind = SHEETS[sheet]
    with measuring() as type_:
        return _picture(kind.width, kind.height, kind.layout(_said(poster), type_), type_)


def _said(poster: Poster, fonts: Sequence[Path] = ()) -> Said:
    site = poster.site
    where = [site.site_id, *([poster.touchpoint] if poster.touchpoint else [])]
    name = drawable(site.name, fonts)
    return Said(
        # A name without a letter that can be drawn says less than the id.
        name=name if name.strip(f"{MISSING} ") else drawable(site.site_id, fonts),
        languages=poster_words.spoken(site.languages),
        address=poster.address,
        where="  ·  ".join(drawable(part, fonts) for part in where),
    )


class _Document(FPDF):
    """The PDF of one kind of sheet."""

    def __init__(self, sheet: Sheet, at: datetime) -> None:
        super().__init__(format=(sheet.width, sheet.height))
        self.set_creation_date(at)
        self.set_title("Touchstone: posters")
        self.set_creator("Touchstone")
        self.set_auto_page_break(False)

    def draw(
        self, mark: Mark, type_: Typesetter, x: float = 0, y: float = 0, turned: bool = False
    ) -> None:
        """Put a mark on the page, moved by ``x`` and ``y`` and turned about that point."""
        if isinstance(mark, Group):
            for part in mark.marks:
                self.draw(part, type_, x + mark.x, y + mark.y, mark.turned)
        elif isinstance(mark, Code):
            self._code(mark, x, y, turned)
        elif turned:
            with self.rotation(180, x, y):
                self._upright(mark, type_, x, y)
        else:
            self._upright(mark, type_, x, y)

    def _upright(
        self, mark: Line | Bar | Frame | Stroke, type_: Typesetter, x: float, y: float
    ) -> None:
        match mark:
            case Line():
                self.set_text_color(*mark.colour)
                type_.use(mark.size, mark.bold)
                # Measuring and turning leave it thinking so.
                self.current_font_is_set_on_page = False
                self.set_xy(x + mark.x, y + mark.y)
                self.cell(mark.width, mark.height, mark.text, align=mark.align)
            case Bar():
                self.set_fill_color(*mark.colour)
                self.rect(x + mark.x, y + mark.y, mark.width, mark.height, style="F")
            case Frame():
                self.set_draw_color(*mark.colour)
                self.set_line_width(mark.thickness)
                self.rect(
                    x + mark.x,
                    y + mark.y,
                    mark.side,
                    mark.side,
                    style="D",
                    round_corners=True,
                    corner_radius=mark.corner,
                )
            case Stroke():
                self.set_draw_color(*mark.colour)
                self.set_line_width(0.2)
                self.set_dash_pattern(*((0.6, 1.4) if mark.dotted else ()))
                self.line(x + mark.x1, y + mark.y1, x + mark.x2, y + mark.y2)
                self.set_dash_pattern()

    def _code(self, mark: Code, x: float, y: float, turned: bool) -> None:
        """One path for all modules: drawn one by one, viewers leave hair lines between them.

        A module is a whole number of points and stands on whole points if there is room for it,
        so that at 72 dots an inch, where a dot is a point, each is drawn as sharp as it is.
        """
        code = qr_code.squares(mark.address)
        room = mark.side * self.k
        module = room / code.side if room < code.side else room // code.side
        rest = (room - module * code.side) / 2
        sign = -1 if turned else 1
        left = round(x * self.k + sign * (mark.x * self.k + rest))
        top = round(y * self.k + sign * (mark.y * self.k + rest))
        path = ["0 0 0 rg"]
        for row, start, length in code.runs:
            from_left, from_top = left + sign * start * module, top + sign * row * module
            path.append(
                f"{from_left:.2f} {self.h_pt - from_top:.2f}"
                f" {sign * length * module:.2f} {-sign * module:.2f} re"
            )
        self._out(f"q {' '.join(path)} f Q")
