"""Excel files: typed cells, as LibreOffice opens them, and never half a file."""

from __future__ import annotations

import os
import pty
import resource
import shutil
import subprocess
import sys
import tracemalloc
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from frictionless import Package

from exports import package, tables, workbook, writers
from exports.cells import storable
from exports.columns import CannotExport, Column, NoRoom, Sheet, Value
from surveys import publishing, translation
from surveys.installation import Installation
from tests import office
from tests.conftest import CODES, NOW
from tests.exported import NASTY, ask, cells, record, send, send_nasty, whole
from tests.field import add_shopper, counted_visit

ROOT = Path(__file__).resolve().parent.parent
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(*columns: Column, made: list[tuple[Value, ...]]) -> Sheet:
    return Sheet("scores", "Scores", "One row per thing.", (), columns, lambda: iter(made))


def book_of(made: Sheet, language: str = "en", **more: Any) -> bytes:
    return b"".join(workbook.chunks(made, language, NOW, **more))


def opened(file: bytes, folder: Path) -> dict[str, office.Page]:
    (folder / "book.xlsx").write_bytes(file)
    (pages,) = office.opened(folder / "book.xlsx")
    return pages


def part(file: bytes, name: str) -> ET.Element:
    with zipfile.ZipFile(BytesIO(file)) as archive:
        assert archive.testzip() is None
        return ET.fromstring(archive.read(name))


@pytest.fixture
def nasty(chain: Installation) -> Installation:
    send_nasty(chain)
    counted_visit(chain, add_shopper(chain), 8.35, fee="25", expenses="10", currency="EUR")
    return chain


def test_where_ci_runs_libreoffice_is_not_missing() -> None:
    if os.environ.get("CI"):
        assert shutil.which("soffice"), "apt-get install libreoffice-calc-nogui"


# --- cells ------------------------------------------------------------------------------------


@office.needed
def test_every_cell_has_its_type(tmp_path: Path) -> None:
    east = timezone(timedelta(hours=13))
    columns = (
        Column("text", "string", ""),
        Column("whole", "integer", ""),
        Column("number", "number", ""),
        Column("share", "number", "", "share"),
        Column("truth", "boolean", ""),
        Column("day", "date", ""),
        Column("came_local", "datetime", ""),
        Column("came_utc", "datetime", ""),
    )
    local = "2026-11-22T23:30:00+13:00"
    moment = datetime(2026, 11, 22, 23, 30, tzinfo=east)
    made: list[tuple[Value, ...]] = [
        ("0417", 0, 0.0, 0.5, True, date(2026, 11, 22), local, moment),
        (None, None, None, None, None, None, None, None),
        ("", -7, 1 / 3, 1.0, False, "2026-11-22", local, local),
        ("1e5", 10**15, -2.5, 0.0, None, "1899-12-31", None, "1900-02-28T00:00:00Z"),
        ("last", 10**15 - 1, 1e-12, None, None, "9999-12-31", None, "2026-11-22T10:30:00Z"),
    ]
    (page, _) = opened(book_of(sheet(*columns, made=made)), tmp_path).values()
    found = [[office.meant(cell) for cell in row[:8]] for row in page]
    assert found == [
        [column.name for column in columns],
        ["0417", 0, 0, 0.5, True, "2026-11-22", local, "2026-11-22T10:30:00"],
        [None] * 8,
        [None, -7, 0.3333333333, 1, False, "2026-11-22", local, "2026-11-22T10:30:00"],
        ["1e5", str(10**15), -2.5, 0, None, "1899-12-31", None, "1900-02-28T00:00:00Z"],
        ["last", 10**15 - 1, 0, None, None, "9999-12-31", None, "2026-11-22T10:30:00"],
    ]
    kinds = [office.attribute(cell, "office:value-type") for cell in page[1] if cell is not None]
    assert kinds == [*("string", "float", "float", "percentage", "float", "date", "string", "date")]
    assert [office.said(page[1][place]) for place in (5, 7)] == [
        "2026-11-22",
        "2026-11-22 10:30:00",
    ]
    early = page[4][5]
    assert early is not None
    assert office.attribute(early, "office:value-type") == "string"


MARKUP = [
    "<r>",
    "<r></r>",
    "<r>&</r>",
    "<r><t>bold</t></r>",
    '<r><t>x</t></r></is></c><c r="A1"><f>1+1</f></c><c><is><r></r>',
    "&amp; <b> ]]>",
    "_x0041_ and _x005F_",
    "  spaces  around  ",
]


@office.needed
def test_a_text_is_the_text_that_was_written_whatever_it_looks_like(tmp_path: Path) -> None:
    texts = [*NASTY, *MARKUP]
    columns = (Column("n", "integer", ""), Column("text", "string", ""))
    made: list[tuple[Value, ...]] = list(enumerate(texts))
    (page, _) = opened(book_of(sheet(*columns, made=made)), tmp_path).values()
    assert len(page) == len(texts) + 1
    for (_, cell), text in zip((row[:2] for row in page[1:]), texts, strict=True):
        # No apostrophe before a formula: the cell is one of text, and stays so.
        assert office.said(cell) == storable(text)
        assert cell is None or office.attribute(cell, "office:value-type") == "string"


@office.needed
def test_a_header_is_a_text_too(tmp_path: Path) -> None:
    columns = [
        Column(f"c{n}", "string", text, header=text) for n, text in enumerate([*NASTY, *MARKUP])
    ]
    shown = [storable(column.header or column.name) for column in columns]
    pages = opened(book_of(sheet(*columns, made=[])), tmp_path)
    assert [office.said(cell) for cell in pages["Scores"][0]][: len(shown)] == shown
    meanings = [[office.said(cell) for cell in row[:5]] for row in pages["Dictionary"][1:]]
    assert meanings == [
        [column.name, storable(column.header or ""), "string", "", storable(column.description)]
        for column in columns
    ]


@pytest.mark.parametrize(("letter", "units"), [("x", 1), ("🙂", 2)])
def test_a_text_longer_than_excels_cell_is_cut_and_says_so(letter: str, units: int) -> None:
    file = book_of(sheet(Column("text", "string", ""), made=[(letter * 40_000,)]))
    (text,) = (
        t.text or ""
        for t in part(file, "xl/worksheets/sheet1.xml").iter(f"{MAIN}t")
        if t.text != "text"
    )
    assert text.endswith(f"{letter} …")
    assert 32_766 <= len(text.encode("utf-16-le")) // 2 <= 32_767
    assert text[:-2] == letter * (32_765 // units)


# --- the table and its dictionary -------------------------------------------------------------


@office.needed
@pytest.mark.parametrize(("language", "labels"), [("en", False), ("fr", True), ("es", False)])
def test_excel_file_and_csv_for_excel_hold_the_same_cells(
    nasty: Installation, tmp_path: Path, language: str, labels: bool
) -> None:
    """Both opened as Excel would where that language is set, dates recognised."""
    columns: list[tuple[Column, ...]] = []
    for table in tables.TABLES:
        options: dict[str, Any] = {"language": language, "labels": labels}
        options |= {"instrument": "survey"} if table == "submissions" else {}
        book, text = ask(format="xlsx", **options), ask(excel=True, **options)
        (tmp_path / f"{table}.xlsx").write_bytes(whole(nasty.database(), table, book))
        (tmp_path / f"{table}-text.csv").write_bytes(whole(nasty.database(), table, text))
        columns.append(tables.sheet(nasty.database(), table, book).columns)
    books = office.opened(*(tmp_path / f"{table}.xlsx" for table in tables.TABLES))
    separator = writers.EXCEL[language].separator
    texts = office.opened(
        *(tmp_path / f"{table}-text.csv" for table in tables.TABLES),
        filter_=office.csv_filter(separator, language, days=True),
    )
    for wanted, by_book, by_text in zip(columns, books, texts, strict=True):
        (header, *rows), (other_header, *other_rows) = (
            next(iter(pages.values())) for pages in (by_book, by_text)
        )
        shown, other_shown = ([*map(office.said, line)] for line in (header, other_header))
        assert shown[: len(wanted)] == other_shown[: len(wanted)]
        assert len(rows) == len(other_rows) > 0
        numbers = 0
        for row, other_row in zip(rows, other_rows, strict=True):
            for column, cell, other in zip(wanted, row, other_row, strict=False):
                assert same(column, office.meant(cell), office.meant(other)), column.name
                numbers += isinstance(office.meant(cell), float)
        assert numbers > 0


def same(column: Column, book: Any, text: Any) -> bool:
    """Whether a cell means the same in an XLSX and in a CSV."""
    if column.type == "string":
        # What the reader of a CSV guesses, and the guard that a CSV needs.
        guessed = book in ("007", "1e5", "3,5", "2026-11-22", "true", " ")
        return guessed or text in (book, f"'{book}")
    if column.name.endswith("_utc"):
        at = datetime.fromisoformat(text).replace(tzinfo=None)
        return datetime.fromisoformat(book) == at
    if column.type == "boolean":
        return bool(text == (None if book is None else str(book).lower()))
    return bool(book == text and type(book) is type(text))


@office.needed
@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Ratings", "Dictionary"]),
        ("fr", ["Évaluations", "Dictionnaire"]),
        ("ar", ["التقييمات", "القاموس"]),
    ],
)
def test_the_second_sheet_says_what_the_data_package_says(
    nasty: Installation, tmp_path: Path, language: str, names: list[str]
) -> None:
    asked = ask(format="xlsx", language=language)
    file = whole(nasty.database(), "ratings", asked)
    pages = opened(file, tmp_path)
    assert list(pages) == names
    described = package.describe(
        tables.sheet(nasty.database(), "ratings", asked), "ratings.xlsx", asked, created=NOW
    )
    (resource,) = described["resources"]
    _, *lines = ([office.said(cell) for cell in row] for row in pages[names[1]])
    fields = resource["schema"]["fields"]
    assert [line[0] for line in lines] == [field["name"] for field in fields]
    assert [line[2] for line in lines] == [field["type"] for field in fields]
    assert [line[3] for line in lines] == [field.get("unit", "") for field in fields]
    locale = translation.locale_of(language if language in translation.LANGUAGES else "en")
    said = [translation.say(column.description, locale) for column in tables.RATINGS]
    assert [line[4] for line in lines] == said
    assert all(field["description"] for field in fields)
    values = {line[0]: ([*line, ""])[5] for line in lines}
    assert values["level"] == "1 … 7"
    assert values["mode"] == "routine, joint-work"
    assert values["flagged"] == "0, 1"
    right_to_left = part(file, "xl/worksheets/sheet1.xml").find(f".//{MAIN}sheetView")
    assert right_to_left is not None
    assert right_to_left.get("rightToLeft") == ("1" if language == "ar" else None)


def test_the_header_stays_in_sight_and_filters(nasty: Installation) -> None:
    file = whole(nasty.database(), "ratings", ask(format="xlsx"))
    count = len(cells(whole(nasty.database(), "ratings", ask())))
    for name, last in (("sheet1", f"K{count}"), ("sheet2", "F12")):
        page = part(file, f"xl/worksheets/{name}.xml")
        pane = page.find(f".//{MAIN}pane")
        filters = page.find(f"{MAIN}autoFilter")
        assert pane is not None
        assert filters is not None
        assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
        assert filters.get("ref") == f"A1:{last}"
        widths = [float(col.get("width") or "") for col in page.iter(f"{MAIN}col")]
        assert 5 < min(widths) <= max(widths) < 46


def test_the_file_says_what_it_is_and_of_when(nasty: Installation) -> None:
    file = whole(nasty.database(), "scores", ask(format="xlsx", language="es"))
    about = {tag.tag.rpartition("}")[2]: tag.text for tag in part(file, "docProps/core.xml").iter()}
    assert about["title"] == "Puntuaciones"
    assert about["created"] == NOW.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert file == whole(nasty.database(), "scores", ask(format="xlsx", language="es"))


@office.needed
def test_a_table_of_nothing_has_its_header_and_its_dictionary(
    chain: Installation, tmp_path: Path
) -> None:
    pages = opened(whole(chain.database(), "scores", ask(format="xlsx")), tmp_path)
    assert [len(page) for page in pages.values()] == [1, len(tables.SCORES) + 1]


@pytest.mark.parametrize("table", list(tables.TABLES))
def test_its_data_package_is_one(nasty: Installation, tmp_path: Path, table: str) -> None:
    options = {"instrument": "survey"} if table == "submissions" else {}
    asked = ask(format="xlsx", labels=True, language="fr", **options)
    described = package.describe(
        tables.sheet(nasty.database(), table, asked), f"{table}.xlsx", asked, created=NOW
    )
    assert Package.validate_descriptor(described).valid
    (resource,) = described["resources"]
    assert resource["mediatype"] == workbook_type()
    assert resource["dialect"]["sheetNumber"] == 1
    assert "encoding" not in resource
    resource.pop("path")
    assert not Package.validate_descriptor(described).valid  # it would say so


def workbook_type() -> str:
    return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# --- size, and what goes wrong ----------------------------------------------------------------


def test_more_rows_than_a_sheet_holds_are_refused_with_what_to_do(temporary: Path) -> None:
    column = Column("n", "integer", "")
    three: list[tuple[Value, ...]] = [(1,), (2,), (3,)]
    assert book_of(sheet(column, made=three), most_rows=3)
    with pytest.raises(CannotExport, match=r"holds 3 rows, and here are more\. Ask for csv"):
        book_of(sheet(column, made=[*three, (4,)]), most_rows=3)
    assert workbook.MOST_ROWS == 2**20 - 1
    assert list(temporary.iterdir()) == []


def test_a_table_that_breaks_leaves_nothing_behind(temporary: Path) -> None:
    def rows() -> Iterator[tuple[Value, ...]]:
        yield from [(1,)] * 500
        raise RuntimeError("the disk was pulled out")

    made = Sheet("scores", "Scores", "", (), (Column("n", "integer", ""),), rows)
    with pytest.raises(RuntimeError, match="pulled out"):
        book_of(made)
    assert list(temporary.iterdir()) == []


def test_a_reader_who_leaves_leaves_nothing_behind(temporary: Path) -> None:
    made: list[tuple[Value, ...]] = [(f"{n * n * 7919:x}",) for n in range(40_000)]
    pieces = workbook.chunks(sheet(Column("text", "string", ""), made=made), "en", NOW)
    assert isinstance(pieces, Iterator)
    first = next(pieces)
    assert len(first) == workbook.PIECE
    pieces.close()  # type: ignore[attr-defined]
    assert list(temporary.iterdir()) == []


def test_no_room_to_put_it_together_is_said(temporary: Path) -> None:
    temporary.rmdir()
    with pytest.raises(NoRoom, match=r"No such file or directory\).*Ask for csv.*TMPDIR"):
        book_of(sheet(Column("n", "integer", ""), made=[(1,)]))


def command(installation: Installation, *words: str) -> list[str]:
    return [sys.executable, "app.py", "export", *words, "--data", str(installation.folder)]


@pytest.mark.parametrize("limit", [1_000, 100_000, 300_000])
@pytest.mark.parametrize("piped", [False, True], ids=["out", "piped"])
def test_a_full_disk_leaves_what_was_there(
    chain: Installation, tmp_path: Path, temporary: Path, limit: int, piped: bool
) -> None:
    """A limit on the size of files is the fault that a full disk is, made for one process."""
    newest = publishing.newest(chain.database(), "counter")
    assert newest is not None
    send(chain, [record(newest.form, CODES["lisbon-1"], {"welcome": 6}) for _ in range(1500)])
    out = tmp_path / "submissions.xlsx"
    out.write_text("what was there before")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    words = ["submissions", "--instrument", "counter", "--format", "xlsx"]
    words += [] if piped else ["--out", str(out)]
    done = subprocess.run(
        command(chain, *words),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        check=False,
        timeout=120,
        preexec_fn=limited,
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode().count("\n") == 1, done.stderr
    assert "(File too large). Ask for csv" in done.stderr.decode()
    assert out.read_text() == "what was there before"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["submissions.xlsx"]
    assert list(temporary.iterdir()) == []


def test_a_terminal_is_not_filled_with_an_archive(nasty: Installation) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command(nasty, "ratings", "--format", "xlsx"),
        cwd=ROOT,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert b"name one with --out" in done.stderr


def test_a_pipe_and_a_file_get_the_whole_of_it(nasty: Installation, tmp_path: Path) -> None:
    out = tmp_path / "ratings.xlsx"
    words = ["ratings", "--format", "xlsx", "--language", "fr"]
    piped = subprocess.run(
        command(nasty, *words), cwd=ROOT, capture_output=True, check=True, timeout=120
    )
    subprocess.run(command(nasty, *words, "--out", str(out)), cwd=ROOT, check=True, timeout=120)
    count = len(cells(whole(nasty.database(), "ratings", ask())))
    for file in (piped.stdout, out.read_bytes()):
        assert len(list(part(file, "xl/worksheets/sheet1.xml").iter(f"{MAIN}row"))) == count
    beside = tmp_path / "ratings.xlsx.datapackage.json"
    assert Package.validate_descriptor(str(beside)).valid


def test_ten_times_the_rows_take_no_more_memory() -> None:
    def peak(rows: int) -> int:
        def made() -> Iterator[tuple[Value, ...]]:
            for n in range(rows):
                yield (n, f"one unlike the other {n} " * 10)

        columns = (Column("n", "integer", ""), Column("text", "string", ""))
        wide = Sheet("scores", "Scores", "", (), columns, made)
        tracemalloc.start()
        try:
            for _ in workbook.chunks(wide, "en", NOW):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(10_000) < 1.3 * peak(1_000)
