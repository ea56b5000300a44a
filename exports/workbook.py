"""A sheet as an Excel workbook (XLSX): typed cells, and a second sheet that says what they mean.

An XLSX is an archive with its table of contents at the end, so it is written to a temporary file
first and given out from there. Rows go through the disk (``TMPDIR``) and are never held.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from exports.cells import number, shortened, storable
from exports.columns import CannotExport, Column, NoRoom, Sheet, Value
from exports.dictionary import dictionary
from exports.words import SHEETS, say
from surveys.sentences import Sentence

MOST_ROWS = 1_048_575
"""Rows that a sheet of Excel holds below the header."""
EXACT = 10**15
"""Excel keeps fifteen digits of a number: integers from here on are texts."""
FIRST_DAY = date(1900, 3, 1)
"""Excel counts a 29th of February 1900 and nothing before that year: earlier days are texts."""
NUMBERS_SHOWN = {"level": "0.00", "share": "0.0%"}
LOOKED_AT = 200  # rows, for the width of a column
WIDEST = 44  # characters
LINE = 15  # points
PIECE = 64 * 1024

Put = Callable[[int, int, Any], object]


def chunks(
    sheet: Sheet, language: str, created: datetime, most_rows: int = MOST_ROWS
) -> Iterator[bytes]:
    """The workbook in pieces, the first of them once all of it is written.

    ``language`` is that of the sheets' names. Raises, before any piece, :class:`CannotExport` for
    more than ``most_rows`` rows and :class:`NoRoom` where the disk does not hold them.
    """
    with ExitStack() as files:
        with _room():
            file = files.enter_context(tempfile.TemporaryFile())
            with _book(file) as book:
                _write(book, sheet, language, created, most_rows)
            file.seek(0)
        while piece := file.read(PIECE):
            yield piece


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NoRoom(
            Sentence(
                "An Excel file is put together on the disk first, and that failed ({reason}). Ask"
                " for csv, which needs no room there; whoever runs this can name a folder with room"
                " in TMPDIR.",
                reason=error.strerror,
            )
        ) from error


def _write(book: Workbook, sheet: Sheet, language: str, created: datetime, most_rows: int) -> None:
    title = say(SHEETS[sheet.name], language)
    day = created.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": title, "comments": sheet.description, "created": day})
    meanings = dictionary(sheet, language)
    pages = [book.add_worksheet(name) for name in (title, meanings.title)]
    for page in pages if language == "ar" else ():
        page.right_to_left()
    _fill(book, pages[0], sheet, most_rows)
    _fill(book, pages[1], meanings, most_rows, wrapped=True)


def _fill(
    book: Workbook, page: Worksheet, sheet: Sheet, most_rows: int, *, wrapped: bool = False
) -> None:
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    body = book.add_format({"text_wrap": True, "valign": "top"}) if wrapped else None
    puts = [_put(book, page, column, body) for column in sheet.columns]
    put_header = _text(book, page, head)
    rows = sheet.rows()
    first = list(islice(rows, LOOKED_AT))
    headers = [column.header or column.name for column in sheet.columns]
    widths = [_width(header, (row[place] for row in first)) for place, header in enumerate(headers)]
    page.set_row(0, _height([f"{header} ▾ " for header in headers], widths))
    for place, header in enumerate(headers):
        page.set_column(place, place, widths[place])
        put_header(0, place, header)
    count = 0
    for count, row in enumerate(chain(first, rows), start=1):
        if count > most_rows:
            raise CannotExport(
                Sentence(
                    "A sheet of Excel holds {most} rows, and here are more. Ask for csv, or for"
                    " fewer days, regions or sites.",
                    most=most_rows,
                )
            )
        if wrapped:
            page.set_row(count, _height(row, widths))
        for place, value in enumerate(row):
            if value is not None:
                puts[place](count, place, value)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, count, len(puts) - 1)
    page.set_landscape()
    page.repeat_rows(0)  # on every page that is printed
    if wrapped:
        page.fit_to_pages(1, 0)


def _width(header: str, values: Iterable[Value]) -> int:
    """In characters: for what stands there, and a header with the filter's button beside it."""
    longest = max((len(str(value)) for value in values if not isinstance(value, float)), default=0)
    return min(max(len(header) + 4, longest + 2), WIDEST)


def _height(cells: Iterable[Value], widths: Iterable[int]) -> int:
    """In points, of a row whose texts are wrapped: not every program measures them itself."""
    lines = (-(-len(str(cell)) // (width - 1)) for cell, width in zip(cells, widths, strict=True))
    return LINE * max(1, *lines)


def _put(book: Workbook, page: Worksheet, column: Column, format: Format | None) -> Put:  # noqa: A002
    """What writes a column's values (never None)."""
    text = _text(book, page, format)
    if column.type == "integer":
        return lambda row, place, value: (
            page.write_number(row, place, value)
            if abs(value) < EXACT
            else text(row, place, str(value))
        )
    if column.type == "number":
        shown = book.add_format({"num_format": NUMBERS_SHOWN.get(column.unit or "", "General")})
        return lambda row, place, value: page.write_number(row, place, float(number(value)), shown)
    if column.type == "boolean":
        return page.write_boolean
    # Excel knows no offsets: a time of the phone's own stays the text it is.
    if column.type == "date" or column.name.endswith("_utc"):
        return _days(book, page, column, text)
    return text


def _days(book: Workbook, page: Worksheet, column: Column, text: Put) -> Put:
    pattern = "yyyy-mm-dd" if column.type == "date" else "yyyy-mm-dd hh:mm:ss"
    shown = book.add_format({"num_format": pattern})

    def put(row: int, place: int, value: str | date) -> None:
        moment = datetime.fromisoformat(str(value))
        if moment.date() < FIRST_DAY:
            text(row, place, str(value))
        else:
            utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
            page.write_datetime(row, place, utc, shown)

    return put


def _text(book: Workbook, page: Worksheet, format: Format | None) -> Put:  # noqa: A002
    """What writes texts; they are never a formula here, so none needs a guard."""
    plain = book.add_format()

    def put(row: int, place: int, value: str) -> None:
        text = shortened(storable(value))
        if text.startswith("<r>") and text.endswith("</r>"):
            # The library takes such a text for markup of its own and would not escape it.
            page.write_rich_string(row, place, "<", plain, text[1:], *([format] if format else []))
        elif text:
            page.write_string(row, place, text, format)

    return put


@contextmanager
def _book(file: BinaryIO) -> Iterator[Workbook]:
    """A workbook that is written to ``file`` when left, and leaves nothing else behind."""
    target, parts = _Target(file), tempfile.mkdtemp(prefix="touchstone-")
    options = {"constant_memory": True, "tmpdir": parts, "use_zip64": True}
    book = Workbook(target, options)  # type: ignore[arg-type]  # writing and seeking is enough
    try:
        yield book
        book.close()
    except FileCreateError as error:
        raise error.args[0] from None
    finally:
        target.done = True
        for page in book.worksheets():
            for part in (page.row_data_fh, page.fh):
                with suppress(OSError):  # a full disk once more: it was said already
                    if part is not None:
                        part.close()
        shutil.rmtree(parts, ignore_errors=True)


class _Target:
    """The file, until it is done with.

    An archive given up halfway writes once more when Python clears it away, and would complain on
    standard error of a full disk that somebody was told of.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.done = False

    def write(self, data: bytes) -> int:
        return len(data) if self.done else self._file.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if self.done else self._file.seek(offset, whence)

    def tell(self) -> int:
        return 0 if self.done else self._file.tell()

    def flush(self) -> None:
        if not self.done:
            self._file.flush()
