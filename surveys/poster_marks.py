"""What stands on a sheet, in millimetres from its upper left corner.

Layouts make marks, and what draws them (a PDF, a picture) knows nothing of layouts.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""


@dataclass(frozen=True)
class Line:
    """One line of text in a box; ``align`` is ``L``, ``C`` or ``R``, ``size`` in points."""

    text: str
    x: float
    y: float
    width: float
    height: float
    size: float
    bold: bool
    colour: Colour
    align: str


@dataclass(frozen=True)
class Bar:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True)
class Frame:
    """A square with round corners, drawn as a line."""

    x: float
    y: float
    side: float
    corner: float
    thickness: float
    colour: Colour


@dataclass(frozen=True)
class Stroke:
    """A thin line, dotted or not."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: Colour
    dotted: bool = False


@dataclass(frozen=True)
class Code:
    """The code with its quiet zone, as large as it stands in a square."""

    address: str
    x: float
    y: float
    side: float


@dataclass(frozen=True)
class Group:
    """Marks moved by ``x`` and ``y``; first turned by half a circle about 0, 0 if ``turned``."""

    marks: tuple[Mark, ...]
    x: float
    y: float
    turned: bool = False


Mark = Line | Bar | Frame | Stroke | Code | Group
