"""Codes and posters, read back by a real decoder from what a printer would see."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

from surveys.posters import Poster, UnusableFont, pdf, png, svg, without_letters
from surveys.store.sites import Site
from tests.conftest import NOW

ADDRESS = "https://survey.example.org/q/AbCdEfGhJkMnPqRs"

NAMES = {
    "latin": "Étoile – Łódź, Ağrı",
    "greek": "Πλατεία Συντάγματος",
    "cyrillic": "Площадь Восстания",
    "arabic": "مقهى الميناء القديم",
    "hebrew": "כיכר דיזנגוף",
    "chinese": "北京店",
    "emoji": "Harbour ☕🎉👩‍👩‍👧",
    "long": "The very long name of a place in town " * 5,
    "unbroken": "W" * 200,
    "override": "abc\u202efdp.exe",
    "mixed": "Café مقهى 12 北",
    "controls": "a\x00b\x1b[31mc\u2028d",
    "nothing": "\u200b\u202e",
    "formula": "=1+1 <b>&amp;</b> %PDF",
}

needs_pdftoppm = pytest.mark.skipif(
    shutil.which("pdftoppm") is None, reason="pdftoppm is missing: install poppler-utils"
)


def site(name: str = "Harbour Street", language: str = "en", site_id: str = "0417") -> Site:
    return Site(site_id, name, "North", "Europe/London", language)


def pages(content: bytes, tmp_path: Path, dpi: int) -> list[Image.Image]:
    file = tmp_path / "posters.pdf"
    file.write_bytes(content)
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", file, tmp_path / f"p{dpi}"], check=True)
    return [Image.open(page) for page in sorted(tmp_path.glob(f"p{dpi}-*.png"))]


def read(image: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(image)]


def words(content: bytes, tmp_path: Path) -> str:
    file = tmp_path / "posters.pdf"
    file.write_bytes(content)
    done = subprocess.run(["pdftotext", file, "-"], check=True, capture_output=True)
    return done.stdout.decode()


# --- the code alone ---------------------------------------------------------------------------


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


# --- the poster -------------------------------------------------------------------------------


@needs_pdftoppm
@pytest.mark.parametrize("dpi", [72, 200])
def test_every_page_of_a_chain_is_read(tmp_path: Path, dpi: int) -> None:
    languages = ("en", "fr", "es", "ar")
    made = [
        Poster(site(f"Site {n}", languages[n % 4]), f"{ADDRESS}{n:02d}", "till" if n % 2 else None)
        for n in range(24)
    ]
    found = [read(page) for page in pages(pdf(made, at=NOW), tmp_path, dpi)]
    assert found == [[poster.address] for poster in made]


@needs_pdftoppm
@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_printed(tmp_path: Path, name: str) -> None:
    poster = Poster(site(NAMES[name]), ADDRESS)
    (page,) = pages(pdf([poster], at=NOW), tmp_path, 72)
    assert read(page) == [ADDRESS]
    # Above the code stand letters, and nothing runs over the paper's edge.
    wide, high = page.size
    ink = page.convert("L").point(lambda grey: 255 if grey < 140 else 0)
    top = ink.crop((0, round(high * 0.03), wide, round(high * 0.13)))
    assert top.getbbox() is not None
    margin = round(wide * 0.04)
    assert ink.crop((0, round(high * 0.03), margin, high)).getbbox() is None
    assert ink.crop((wide - margin, round(high * 0.03), wide, high)).getbbox() is None


@needs_pdftoppm
def test_a_very_long_address_still_fits(tmp_path: Path) -> None:
    address = "https://" + "very-long-name." * 8 + "example.org/q/AbCdEfGhJkMnPqRs"
    (page,) = pages(pdf([Poster(site(), address)], at=NOW), tmp_path, 72)
    assert read(page) == [address]


@needs_pdftoppm
@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ["How was it?"]),
        ("fr", ["Comment ça s’est passé ?", "How was it?"]),
        ("es", ["¿Cómo le fue?", "How was it?"]),
    ],
)
def test_it_speaks_the_language_of_the_place_and_english(
    tmp_path: Path, language: str, says: list[str]
) -> None:
    text = words(pdf([Poster(site(language=language), ADDRESS, "till")], at=NOW), tmp_path)
    places = [text.index(said) for said in says]
    assert places == sorted(places)
    assert text.count("How was it?") == 1
    assert "Harbour Street" in text
    assert "AbCdEfGhJkMnPqRs" in text
    assert "0417" in text
    assert "till" in text


@needs_pdftoppm
def test_arabic_is_joined_and_runs_from_the_right(tmp_path: Path) -> None:
    """A word of joined letters is narrower than its letters one by one, and is one piece."""
    joined, apart = "مقهى", "م\u200cق\u200cه\u200cى"
    widths = []
    for number, name in enumerate((joined, apart)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (page,) = pages(pdf([Poster(site(name), ADDRESS)], at=NOW), folder, 200)
        wide, high = page.size
        top = page.convert("L").crop((0, round(high * 0.04), wide, round(high * 0.12)))
        box = top.point(lambda grey: 255 if grey < 140 else 0).getbbox()
        assert box is not None
        widths.append(box[2] - box[0])
    assert widths[0] < widths[1]


@needs_pdftoppm
def test_a_name_without_a_letter_that_can_be_drawn_gives_way_to_the_id(tmp_path: Path) -> None:
    text = words(pdf([Poster(site("北京店"), ADDRESS)], at=NOW), tmp_path)
    assert text.count("0417") == 2


def test_letters_that_no_font_has_are_named() -> None:
    assert without_letters("Étoile Площадь مقهى") == ""
    assert without_letters("北京店 ☕ 北") == "北京店☕"
    assert without_letters("abc\u202edef\u200d") == ""


def test_a_font_of_ones_own_adds_its_letters(tmp_path: Path) -> None:
    georgian = "ტ"
    assert without_letters(georgian) == georgian
    font = _font_with(georgian, tmp_path)
    assert without_letters(georgian, [font]) == ""
    plain = pdf([Poster(site(f"Café {georgian}"), ADDRESS)], at=NOW)
    own = pdf([Poster(site(f"Café {georgian}"), ADDRESS)], at=NOW, fonts=[font])
    assert georgian not in words(plain, tmp_path)
    assert georgian in words(own, tmp_path)


def _font_with(letter: str, tmp_path: Path) -> Path:
    """A font of one square letter, made here."""
    from fontTools.fontBuilder import FontBuilder  # noqa: PLC0415
    from fontTools.pens.ttGlyphPen import TTGlyphPen  # noqa: PLC0415

    pen = TTGlyphPen(None)
    for step, point in enumerate([(0, 0), (0, 700), (700, 700), (700, 0)]):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "letter"])
    builder.setupCharacterMap({ord(letter): "letter"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "letter": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "letter": (800, 50)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Square", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    path = tmp_path / "square.ttf"
    builder.save(path)
    return path


def test_what_is_no_font_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(b"\xff\xd8\xff not a font")
    with pytest.raises(UnusableFont, match="cannot be used as a font"):
        without_letters("a", [file])


def test_a_whole_chain_is_small_and_soon_drawn() -> None:
    made = [Poster(site(f"Site {n}", "fr"), f"{ADDRESS}{n}") for n in range(24)]
    began = time.perf_counter()
    content = pdf(made, at=NOW)
    assert time.perf_counter() - began < 20
    assert len(content) < 300_000
    # Each font is in the file once, whatever the number of pages.
    single = pdf(made[:1], at=NOW)
    assert content.count(b"/FontFile2") == single.count(b"/FontFile2")
    assert len(content) - len(single) < 23 * 6_000


def test_the_same_posters_are_the_same_file() -> None:
    made = [Poster(site(), ADDRESS)]
    assert pdf(made, at=NOW) == pdf(made, at=NOW)
