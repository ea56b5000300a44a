"""The code alone: as SVG and PNG, read back by a real decoder."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

from PIL import Image

from surveys.qr_code import png, squares, svg
from tests.test_posters import ADDRESS, read


def test_the_png_holds_the_address_and_a_quiet_zone() -> None:
    image = Image.open(io.BytesIO(png(ADDRESS)))
    assert read(image) == [ADDRESS]
    assert image.size[0] >= 800
    quiet = 4 * 20
    edge = image.convert("L").crop((0, 0, image.size[0], quiet))
    assert edge.getextrema() == (255, 255)


def test_a_quarter_of_the_code_may_be_covered() -> None:
    image = Image.open(io.BytesIO(png(ADDRESS))).convert("L")
    side = image.size[0]
    # A sticker of 19 % of the side's square in the lower right, where no finder stands.
    sticker = Image.new("L", (round(side * 0.24), round(side * 0.24)), 255)
    image.paste(sticker, (round(side * 0.6), round(side * 0.6)))
    assert read(image) == [ADDRESS]


def test_the_svg_is_sound_and_has_no_id() -> None:
    content = svg(ADDRESS)
    root = ElementTree.fromstring(content)
    assert not [node for node in root.iter() if "id" in node.attrib]
    ns = "{http://www.w3.org/2000/svg}"
    path = root.find(f"{ns}path")
    assert path is not None
    assert read(_drawn(root, path)) == [ADDRESS]


def _drawn(root: ElementTree.Element, path: ElementTree.Element) -> Image.Image:
    """The picture that the SVG's path describes: squares M x,y H x V y H x z."""
    side = float(root.attrib["viewBox"].split()[2])
    scale = 10
    image = Image.new("L", (int(side * scale), int(side * scale)), 255)
    square = re.compile(r"M([\d.]+),([\d.]+)H([\d.]+)V([\d.]+)H([\d.]+)z")
    found = square.findall(path.attrib["d"])
    assert "".join(f"M{a},{b}H{c}V{d}H{e}z" for a, b, c, d, e in found) == path.attrib["d"]
    for left, top, right, bottom, _ in found:
        box = tuple(round(float(value) * scale) for value in (left, top, right, bottom))
        image.paste(0, box)
    return image


def test_the_squares_of_posters_are_those_of_the_svg() -> None:
    found = squares(ADDRESS)
    image = Image.new("L", (found.side * 4, found.side * 4), 255)
    for row, start, length in found.runs:
        image.paste(0, (start * 4, row * 4, (start + length) * 4, (row + 1) * 4))
    assert read(image) == [ADDRESS]
    first = min(min(row, start) for row, start, _ in found.runs)
    last = max(max(row + 1, start + length) for row, start, length in found.runs)
    assert (first, found.side - last) == (4, 4)
