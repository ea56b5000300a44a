"""Posters, read back by a real decoder from what a printer would see."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

from surveys.poster_marks import Bar, Code, Frame, Group, Line, Mark, Stroke
from surveys.poster_sheets import SHEETS, Said
from surveys.poster_type import UnusableFont, drawable, measuring, without_letters
from surveys.poster_words import QUESTION, SENTENCE
from surveys.posters import Poster, pdf, picture
from surveys.qr_code import squares
from surveys.store.sites import Site
from tests.conftest import NOW

ADDRESS = "https://survey.example.org/q/AbCdEfGhJkMnPqRs"
LONG = "https://feedback-for-our-hotels-and-restaurants.example.travel/q/AbCdEfGhJkMnPqRs"
VERY_LONG = "https://" + "very-long-name." * 8 + "example.org/q/AbCdEfGhJkMnPqRs"
ADDRESSES = {"short": ADDRESS, "long": LONG, "very long": VERY_LONG}

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


# --- every code on every sheet ----------------------------------------------------------------


@needs_pdftoppm
@pytest.mark.parametrize("dpi", [72, 200])
@pytest.mark.parametrize("length", ADDRESSES)
@pytest.mark.parametrize("sheet", SHEETS)
def test_every_code_on_every_sheet_is_read(
    tmp_path: Path, sheet: str, length: str, dpi: int
) -> None:
    languages = ("en", "ar fr en") if dpi == 72 else ("en",)
    made = [
        Poster(site(f"Site {n}", spoken), f"{ADDRESSES[length][:-1]}{n}", "till" if n % 2 else None)
        for n, spoken in enumerate(languages)
    ]
    found = [read(page) for page in pages(pdf(made, at=NOW, sheet=sheet), tmp_path, dpi)]
    assert found == [[poster.address] * SHEETS[sheet].codes for poster in made]


@needs_pdftoppm
@pytest.mark.parametrize("sheet", SHEETS)
def test_at_72_dpi_every_module_is_whole_dots(tmp_path: Path, sheet: str) -> None:
    """What a code is read by is not left to the smoothing."""
    (page,) = pages(pdf([Poster(site(), ADDRESS)], at=NOW, sheet=sheet), tmp_path, 72)
    code = squares(ADDRESS)
    for found in zxingcpp.read_barcodes(page):
        turned = abs(found.orientation) > 90
        corner = found.position.bottom_right if turned else found.position.top_left
        other = found.position.top_left if turned else found.position.bottom_right
        module = round((other.x - corner.x) / (code.side - 8))
        side = module * (code.side - 8)
        ideal = Image.new("L", (side, side), 255)
        for row, start, length in code.runs:
            x, y = (start - 4) * module, (row - 4) * module
            ideal.paste(0, (x, y, x + length * module, y + module))
        if turned:
            ideal = ideal.rotate(180)
        dots = page.convert("L").point(lambda grey: 255 if grey > 127 else 0)
        near = [(x, y) for x in range(-3, 4) for y in range(-3, 4)]
        places = ((corner.x + x, corner.y + y) for x, y in near)
        assert ideal.tobytes() in {
            dots.crop((x, y, x + side, y + side)).tobytes() for x, y in places
        }


@needs_pdftoppm
def test_the_card_has_a_face_to_either_side(tmp_path: Path) -> None:
    """Both stand upright once it is folded: on the page the upper one is turned."""
    (page,) = pages(pdf([Poster(site(), ADDRESS)], at=NOW, sheet="card"), tmp_path, 72)
    found = {code.position.top_left.y < 297: code for code in zxingcpp.read_barcodes(page)}
    assert abs(found[True].orientation) == 180
    assert found[False].orientation == 0
    half = round(105 / 25.4 * 72)
    faces = [page.crop((0, 0, page.width, half)), page.crop((0, half, page.width, 2 * half))]
    turned, upright = faces[0].rotate(180).convert("L"), faces[1].convert("L")
    assert read(turned) == read(upright)
    folder = tmp_path / "text"
    folder.mkdir()
    text = words(pdf([Poster(site(), ADDRESS)], at=NOW, sheet="card"), folder)
    assert text.count("How was it?") == 2
    assert "Glue here" in text


def test_stickers_stand_where_the_labels_of_a_page_are() -> None:
    """Eight of 99.1 by 67.7 mm, two and a half apart across, none apart down."""
    groups = [mark for mark in laid_out("stickers") if isinstance(mark, Group)]
    assert [(round(group.x, 2), round(group.y, 2)) for group in groups] == [
        (x, round(13.1 + row * 67.7, 2)) for row in range(4) for x in (4.65, 106.25)
    ]
    for mark in flat(groups[0].marks):
        left, top, right, bottom = box(mark)
        assert 0 <= left <= right <= 99.1 + 1e-6
        assert 0 <= top <= bottom <= 67.7 + 1e-6


# --- where things stand -----------------------------------------------------------------------


def laid_out(
    sheet: str,
    *,
    name: str = "Harbour Street",
    languages: tuple[str, ...] = ("en",),
    address: str = ADDRESS,
) -> list[Mark]:
    said = Said(drawable(name), languages, address, "0417  ·  fitting_room")
    with measuring() as typesetter:
        return list(SHEETS[sheet].layout(said, typesetter))


def flat(marks: Iterable[Mark]) -> Iterator[Mark]:
    """The marks of a face or a sticker, in its own millimetres."""
    for mark in marks:
        if not isinstance(mark, Group):
            yield mark


def box(mark: Mark) -> tuple[float, float, float, float]:
    match mark:
        case Line() | Bar():
            return mark.x, mark.y, mark.x + mark.width, mark.y + mark.height
        case Frame() | Code():
            return mark.x, mark.y, mark.x + mark.side, mark.y + mark.side
        case Stroke():
            xs, ys = sorted((mark.x1, mark.x2)), sorted((mark.y1, mark.y2))
            return xs[0], ys[0], xs[1], ys[1]
    raise AssertionError(mark)


@pytest.mark.parametrize("sheet", SHEETS)
def test_nothing_covers_anything_and_nothing_leaves_the_sheet(sheet: str) -> None:
    for name, spoken, length in (
        ("0417", "en", "short"),
        (NAMES["long"], "fr es ar", "long"),
        (NAMES["arabic"] * 11, "ar fr es", "very long"),
        (NAMES["unbroken"], "es fr en", "short"),
    ):
        languages, address = tuple(spoken.split()), ADDRESSES[length]
        marks = laid_out(sheet, name=name, languages=languages, address=address)
        groups = [mark for mark in marks if isinstance(mark, Group)]
        for part in (marks, *(group.marks for group in groups[:1])):
            _stand_apart(list(flat(part)), SHEETS[sheet].width, SHEETS[sheet].height)


def _stand_apart(marks: list[Mark], width: float, height: float) -> None:
    placed = [(mark, box(mark)) for mark in marks if isinstance(mark, Line | Code)]
    for number, (one, (left, top, right, bottom)) in enumerate(placed):
        assert left >= 0, one
        assert top >= 0, one
        assert right <= width, one
        assert bottom <= height, one
        for other, (left2, top2, right2, bottom2) in placed[:number]:
            across = min(right, right2) - max(left, left2)
            down = min(bottom, bottom2) - max(top, top2)
            assert across < 1e-6 or down < 0.6, (one, other)


@needs_pdftoppm
def test_a_short_address_is_written_whole_and_a_long_one_parted_before_its_code(
    tmp_path: Path,
) -> None:
    short = words(pdf([Poster(site(), ADDRESS)], at=NOW), tmp_path)
    assert ADDRESS in short.splitlines()
    longer = LONG.replace("feedback", "feedback-and-compliments-and-complaints-too")
    long = words(pdf([Poster(site(), longer)], at=NOW), tmp_path)
    assert "/q/AbCdEfGhJkMnPqRs" in long.splitlines()


# --- names and languages ----------------------------------------------------------------------


@needs_pdftoppm
@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_printed(tmp_path: Path, name: str) -> None:
    poster = Poster(site(NAMES[name]), ADDRESS)
    (page,) = pages(pdf([poster], at=NOW), tmp_path, 72)
    assert read(page) == [ADDRESS]
    # Above the code stand letters, and nothing runs over the paper's edge.
    wide, high = page.size
    ink = page.convert("L").point(lambda grey: 255 if grey < 140 else 0)
    top = ink.crop((0, round(high * 0.03), wide, round(high * 0.14)))
    assert top.getbbox() is not None
    margin = round(wide * 0.04)
    assert ink.crop((0, round(high * 0.03), margin, high)).getbbox() is None
    assert ink.crop((wide - margin, round(high * 0.03), wide, high)).getbbox() is None


@needs_pdftoppm
@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize(
    ("spoken", "says"),
    [
        ("en", ["en"]),
        ("fr", ["fr"]),
        ("fr en", ["fr", "en"]),
        ("es fr en", ["es", "fr", "en"]),
        ("en fr es ar", ["en", "fr", "es"]),
    ],
)
def test_it_speaks_the_languages_of_the_site_and_no_other(
    tmp_path: Path, sheet: str, spoken: str, says: list[str]
) -> None:
    content = pdf([Poster(site(language=spoken), ADDRESS, "till")], at=NOW, sheet=sheet)
    text = " ".join(words(content, tmp_path).split())
    for language in ("en", "fr", "es"):
        assert (QUESTION[language] in text) == (language in says)
    assert SENTENCE[says[0]] in text
    for said in ("Harbour Street", "AbCdEfGhJkMnPqRs", "0417", "till"):
        assert said in text


def test_the_main_language_is_the_largest() -> None:
    for sheet in SHEETS:
        marks = laid_out(sheet, languages=("fr", "es", "en"))
        groups = [mark for mark in marks if isinstance(mark, Group)]
        lines = [m for m in flat(groups[0].marks if groups else marks) if isinstance(m, Line)]
        size = {
            code: max(x.size for x in lines if begins(QUESTION[code], x)) for code in QUESTION_ORDER
        }
        assert size["fr"] > 1.3 * size["es"]
        assert size["es"] == pytest.approx(size["en"])


QUESTION_ORDER = ("fr", "es", "en")


def begins(question: str, line: Line) -> bool:
    return line.text.startswith(question[:7])


@needs_pdftoppm
def test_a_number_after_arabic_letters_keeps_its_place_in_a_latin_name(tmp_path: Path) -> None:
    file = tmp_path / "posters.pdf"
    file.write_bytes(pdf([Poster(site("Hotel مقهى 12 Paris"), ADDRESS)], at=NOW))
    command = ["pdftotext", "-bbox", file, "-"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = dict(re.findall(r'xMin="([\d.]+)"[^>]*>[^<]*?(Hotel|12|Paris)[^<]*<', told))
    left = {word: float(place) for place, word in found.items()}
    assert left["Hotel"] < left["12"] < left["Paris"]
    assert left["12"] - left["Hotel"] > 1.5 * (left["Paris"] - left["12"])  # a word between


@needs_pdftoppm
def test_arabic_is_joined_and_runs_from_the_right(tmp_path: Path) -> None:
    """A word of joined letters is narrower than its letters one by one, and is one piece."""
    joined, apart = "مقهى", "م\u200cق\u200cه\u200cى"
    widths = []
    for number, name in enumerate((joined, apart)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (page,) = pages(pdf([Poster(site(name), ADDRESS)], at=NOW), folder, 200)
        found = first_line(page)
        widths.append(found[2] - found[0])
    assert widths[0] < widths[1]


def first_line(page: Image.Image) -> tuple[int, int, int, int]:
    """Where the first line of text stands, in dots."""
    below = round(page.height * 6 / 297)  # the bar at the top
    ink = page.convert("L").point(lambda grey: 255 if grey < 140 else 0)
    first = ink.crop((0, below, *page.size)).getbbox()
    assert first is not None
    top = below + first[1]
    bottom = next(
        y for y in range(top, page.height) if not ink.crop((0, y, page.width, y + 1)).getbbox()
    )
    found = ink.crop((0, top, page.width, bottom)).getbbox()
    assert found is not None
    return found


@needs_pdftoppm
@pytest.mark.parametrize("sheet", SHEETS)
def test_arabic_is_right_on_every_sheet(tmp_path: Path, sheet: str) -> None:
    """What was shaped is read back as it was written, and begins at the side of its readers."""
    content = pdf([Poster(site("مقهى الميناء", "ar en"), ADDRESS)], at=NOW, sheet=sheet)
    text = " ".join(words(content, tmp_path).split())
    assert "Error" not in text
    assert QUESTION["ar"].split()[0] in text
    if sheet in {"card", "stickers"}:
        (group, *_) = (m for m in laid_out(sheet, languages=("ar",)) if isinstance(m, Group))
        (code,) = (mark for mark in group.marks if isinstance(mark, Code))
        begins_right = [m for m in group.marks if isinstance(m, Line) and m.align == "R"]
        assert begins_right
        assert all(line.x > code.x + code.side - 1 for line in begins_right)


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


def test_a_whole_chain_is_a_small_file() -> None:
    made = [Poster(site(f"Site {n}", "fr"), f"{ADDRESS}{n}") for n in range(24)]
    content = pdf(made, at=NOW)
    assert len(content) < 300_000
    # Each font is in the file once, whatever the number of pages.
    single = pdf(made[:1], at=NOW)
    assert content.count(b"/FontFile2") == single.count(b"/FontFile2")
    assert len(content) - len(single) < 23 * 6_000


def test_the_same_posters_are_the_same_file() -> None:
    made = [Poster(site(), ADDRESS)]
    assert pdf(made, at=NOW) == pdf(made, at=NOW)


# --- the picture on the screen ----------------------------------------------------------------


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_picture_says_and_holds_what_the_page_does(sheet: str) -> None:
    name = "Café & <Bar> مقهى"
    root = ElementTree.fromstring(picture(Poster(site(name, "fr ar"), ADDRESS, "till"), sheet))
    svg = "{http://www.w3.org/2000/svg}"
    texts = [node.text or "" for node in root.iter(f"{svg}text")]
    said = " ".join(texts)
    for text in (name, "Comment ça", ADDRESS, "till"):
        assert text in said
    assert root.attrib["viewBox"] == f"0 0 {SHEETS[sheet].width:g} {SHEETS[sheet].height:g}"
    codes = [node for node in root.iter(f"{svg}path") if "crispEdges" in node.attrib.values()]
    assert len(codes) == SHEETS[sheet].codes
    image = Image.new("L", (300, 300), 255)
    for x, y, n in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", codes[0].attrib["d"]):
        left, top = int(x) * 5, int(y) * 5
        image.paste(0, (left, top, left + int(n) * 5, top + 5))
    assert read(image) == [ADDRESS]
    arabic = [node for node in root.iter(f"{svg}text") if QUESTION["ar"].split()[0] in node.text]
    assert arabic
    assert all(node.attrib["direction"] == "rtl" for node in arabic)
