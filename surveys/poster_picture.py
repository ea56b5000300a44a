"""A sheet as a picture for the screen: the same marks as the printed page, as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from surveys import qr_code
from surveys.poster_marks import Bar, Code, Colour, Frame, Group, Line, Mark, Stroke
from surveys.poster_type import POINT, Typesetter, runs_from_right


def picture(width: float, height: float, marks: Iterable[Mark], type_: Typesetter) -> bytes:
    """The marks on white paper of that size (millimetres), as an SVG document."""
    drawn = "".join(part for mark in marks for part in _drawn(mark, type_))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        ' font-family="Noto Sans, system-ui, sans-serif">'
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>{drawn}</svg>'
    ).encode()


def _drawn(mark: Mark, type_: Typesetter) -> Iterator[str]:
    match mark:
        case Group():
            turned = " rotate(180)" if mark.turned else ""
            inside = "".join(part for one in mark.marks for part in _drawn(one, type_))
            yield f'<g transform="translate({mark.x:g} {mark.y:g}){turned}">{inside}</g>'
        case Line():
            yield _line(mark, type_)
        case Bar():
            yield (
                f'<rect x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}"'
                f' height="{mark.height:g}" fill="{_hex(mark.colour)}"/>'
            )
        case Frame():
            yield (
                f'<rect x="{mark.x:g}" y="{mark.y:g}" width="{mark.side:g}"'
                f' height="{mark.side:g}" rx="{mark.corner:g}" fill="none"'
                f' stroke="{_hex(mark.colour)}" stroke-width="{mark.thickness:g}"/>'
            )
        case Stroke():
            dots = ' stroke-dasharray="0.6 1.4"' if mark.dotted else ""
            yield (
                f'<path d="M{mark.x1:g} {mark.y1:g}L{mark.x2:g} {mark.y2:g}"'
                f' stroke="{_hex(mark.colour)}" stroke-width="0.2"{dots}/>'
            )
        case Code():
            code = qr_code.squares(mark.address)
            squares = "".join(f"M{x} {y}h{n}v1h-{n}z" for y, x, n in code.runs)
            scale = mark.side / code.side
            yield (
                f'<path transform="translate({mark.x:g} {mark.y:g}) scale({scale:g})"'
                f' shape-rendering="crispEdges" d="{squares}"/>'
            )


def _line(line: Line, type_: Typesetter) -> str:
    # As wide as it is printed, whatever font the screen has.
    width = type_.width(line.text, line.size, line.bold)
    place = {"L": 0.0, "C": 0.5, "R": 1.0}[line.align]
    x = line.x + place * (line.width - width)
    size = line.size * POINT
    from_right = runs_from_right(line.text)
    return (
        f'<text x="{x + (width if from_right else 0):.2f}"'
        f' y="{line.y + line.height / 2 + 0.3 * size:.2f}" font-size="{size:.2f}"'
        f' fill="{_hex(line.colour)}" textLength="{width:.2f}" lengthAdjust="spacingAndGlyphs"'
        + (' direction="rtl"' if from_right else "")
        + (' font-weight="bold"' if line.bold else "")
        + f">{escape(line.text)}</text>"
    )


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
