"""Where everything stands on the four sheets.

``a4`` and ``a5`` for the wall, ``card``, which folds into a tent with a face on either side, and
``stickers``, eight on a page of common labels. A layout turns what a poster says into marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from surveys.poster_marks import Bar, Code, Frame, Group, Line, Mark, Stroke
from surveys.poster_type import POINT, Block, Typesetter
from surveys.poster_words import CAMERA, FOLD, GLUE, QUESTION, RIGHT_TO_LEFT, SENTENCE

INK = (24, 33, 41)
SOFT = (92, 102, 112)
ACCENT = (0, 98, 104)
FAINT = (190, 196, 201)
WHITE = (255, 255, 255)


# --- what is said, and the sheets -------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What one poster says. ``where`` tells whoever hangs it which site and touchpoint it is of."""

    name: str
    languages: tuple[str, ...]
    address: str
    where: str

    @property
    def align(self) -> str:
        """Where text beside a code begins: at the side its readers begin at."""
        return "R" if self.languages[0] in RIGHT_TO_LEFT else "L"


Layout = Callable[[Said, Typesetter], Iterator[Mark]]


@dataclass(frozen=True)
class Sheet:
    """A kind of page: its size in millimetres, how it is laid out, and how many codes it has."""

    width: float
    height: float
    layout: Layout
    codes: int = 1


def _size(language: str, points: float) -> float:
    """Arabic letters look smaller than Latin ones of the same size."""
    return points * 1.15 if language in RIGHT_TO_LEFT else points


def _address(said: Said, type_: Typesetter, width: float, most: float) -> Block:
    """On one line, else with the code's letters on a line of their own."""
    whole = type_.block(said.address, width, most, ACCENT, bold=True)
    if len(whole.lines) == 1 and whole.size >= 0.7 * most:
        return whole
    host, mark, letters = said.address.rpartition("/q/")
    parted = f"{host}\n{mark}{letters}"
    return type_.block(parted, width, most, ACCENT, lines=2, bold=True, room=1.6 * most * POINT * 2)


def _stack(
    parts: Sequence[tuple[float, Block]], x: float, y: float, width: float, align: str
) -> Iterator[Line]:
    """Blocks below each other from ``y``, each after its gap."""
    for gap, block in parts:
        y += gap
        for text in block.lines:
            yield Line(
                text, x, y, width, block.leading, block.size, block.bold, block.colour, align
            )
            y += block.leading


def _centred(
    parts: Sequence[tuple[float, Block]],
    x: float,
    top: float,
    bottom: float,
    width: float,
    align: str,
) -> Iterator[Line]:
    """The same in the middle between ``top`` and ``bottom``."""
    high = sum(gap + block.height for gap, block in parts)
    yield from _stack(parts, x, top + max(0.0, (bottom - top - high) / 2), width, align)


# --- for the wall -----------------------------------------------------------------------------


def _portrait(u: float, said: Said, type_: Typesetter) -> Iterator[Mark]:
    """An A4 page, or the same made smaller: ``u`` is the millimetres of one of its 210 parts."""
    width, x = 174 * u, 18 * u
    main, *others = said.languages
    side = 145 * u  # of short addresses, a module is 10 points on A4 and 7 on A5
    block = type_.block

    yield Bar(0, 0, 210 * u, 5 * u, ACCENT)
    head = [
        (0.0, block(said.name, width, 26 * u, ACCENT, lines=2, bold=True, room=26 * u)),
        (5 * u, block(QUESTION[main], width, 54 * u, INK, bold=True)),
        (2 * u, block(SENTENCE[main], width, _size(main, 17 * u), INK)),
    ]
    for nth, code in enumerate(others):
        text = f"{QUESTION[code]} {SENTENCE[code]}"
        head.append((0.0 if nth else u, block(text, width, _size(code, 11.5 * u), SOFT)))
    yield from _centred(head, x, 9 * u, 92 * u, width, "C")

    left, top = (210 * u - side) / 2, 94 * u
    yield Frame(left, top, side, 6 * u, 1.1 * u, ACCENT)
    yield Code(said.address, left, top, side)

    foot = [(0.0, block(CAMERA[main], width, _size(main, 16 * u), INK))]
    foot += [(0.0, block(CAMERA[code], width, _size(code, 11.5 * u), SOFT)) for code in others]
    foot.append((4 * u, _address(said, type_, width, 15 * u)))
    yield from _centred(foot, x, 239 * u, 283 * u, width, "C")
    where = block(said.where, width, 9 * u, SOFT)
    yield from _stack([(0.0, where)], x, 285 * u, width, "C")


# --- for the counter --------------------------------------------------------------------------

_FACE, _BASE, _STRIP = 105.0, 65.0, 22.0  # how high; two faces and these make an A4 page


def _card(said: Said, type_: Typesetter) -> Iterator[Mark]:
    """A tent: a face turned, a face, the base it stands on, a strip to glue."""
    face = tuple(_card_face(said, type_))
    yield Group(face, 210, _FACE, turned=True)
    yield Group(face, 0, _FACE)
    language = said.languages[0]
    base, strip = 2 * _FACE, 2 * _FACE + _BASE
    for y, colour in ((_FACE, WHITE), (base, FAINT), (strip, FAINT)):
        yield Stroke(0, y, 210, y, colour, dotted=True)
    block = type_.block
    hints = [
        (0.0, block(FOLD[language], 150, _size(language, 10), SOFT, lines=4)),
        (4.0, block(said.where, 150, 10, SOFT)),
    ]
    yield from _centred(hints, 30, base, strip, 150, "C")
    glue = block(GLUE[language], 150, _size(language, 9), FAINT)
    yield from _centred([(0.0, glue)], 30, strip, strip + _STRIP, 150, "C")


def _card_face(said: Said, type_: Typesetter) -> Iterator[Mark]:
    side, margin, width, top = 87.0, 12.0, 92.0, 6.0
    x, left = (210 - margin - width, margin) if said.align == "R" else (margin, 210 - margin - side)
    yield Bar(0, 0, 210, 2.5, ACCENT)
    yield Frame(left, top, side, 4, 0.8, ACCENT)
    yield Code(said.address, left, top, side)

    main, *others = said.languages
    block = type_.block
    parts = [
        (0.0, block(said.name, width, 15, ACCENT, lines=2, bold=True, room=14)),
        (3.0, block(QUESTION[main], width, 29, INK, lines=2, bold=True)),
        (2.0, block(SENTENCE[main], width, _size(main, 13), INK, lines=2)),
        (1.0, block(CAMERA[main], width, _size(main, 9.5), SOFT)),
    ]
    for code in others:
        parts.append((2.5, block(QUESTION[code], width, _size(code, 12), INK, bold=True)))
        parts.append((0.0, block(SENTENCE[code], width, _size(code, 8), SOFT)))
    yield from _centred(parts, x, 5, top + side, width, said.align)
    address = _address(said, type_, 186, 11)
    yield from _centred([(0.0, address)], margin, top + side, _FACE - 1, 186, "C")


# --- to stick anywhere ------------------------------------------------------------------------

_ACROSS, _DOWN = 2, 4
_LABEL = (99.1, 67.7)  # the eight labels of an A4 page that every stationer has
_LEFT, _TOP, _PITCH = 4.65, 13.1, 101.6


def _stickers(said: Said, type_: Typesetter) -> Iterator[Mark]:
    """One sticker, eight times, with faint corners to cut along on plain paper."""
    one = (*_sticker(said, type_), *_corners())
    for row in range(_DOWN):
        for column in range(_ACROSS):
            x, y = _LEFT + column * _PITCH, _TOP + row * _LABEL[1]
            yield Group(one, x, y)


def _sticker(said: Said, type_: Typesetter) -> Iterator[Mark]:
    wide, high = _LABEL
    side, width = 58.5, 35.0
    x, left = (wide - 4 - width, 1.0) if said.align == "R" else (4.0, wide - 1 - side)
    yield Code(said.address, left, 1.0, side)

    main, *others = said.languages
    block = type_.block
    parts = [
        (0.0, block(said.name, width, 9, ACCENT, lines=2, bold=True, room=11)),
        (2.0, block(QUESTION[main], width, 17, INK, lines=2, bold=True)),
        (1.5, block(SENTENCE[main], width, _size(main, 8), INK, lines=3)),
    ]
    for code in others:
        parts.append((1.5, block(QUESTION[code], width, _size(code, 8), SOFT, bold=True)))
    yield from _centred(parts, x, 4, 59.5, width, said.align)
    address = _address(said, type_, wide - 8, 7.5)
    where = block(said.where, wide - 8, 4.5, SOFT)
    yield from _centred([(0.0, address), (0.0, where)], 4, 59.5, high - 1, wide - 8, "C")


def _corners() -> Iterator[Stroke]:
    wide, high = _LABEL
    tick = 2.0
    for x, right in ((0.0, tick), (wide, -tick)):
        for y, down in ((0.0, tick), (high, -tick)):
            yield Stroke(x, y, x + right, y, FAINT)
            yield Stroke(x, y, x, y + down, FAINT)


SHEETS: Mapping[str, Sheet] = {
    "a4": Sheet(210, 297, partial(_portrait, 1.0)),
    "a5": Sheet(148, 210, partial(_portrait, 148 / 210)),
    "card": Sheet(210, 297, _card, codes=2),
    "stickers": Sheet(210, 297, _stickers, codes=_ACROSS * _DOWN),
}
"""What a poster can be printed on, by the word that the command line and the desk use."""
