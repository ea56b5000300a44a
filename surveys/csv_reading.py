"""A CSV as people really save it, read into rows of named cells: every fault named by its line.

Comma, semicolon (as Excel writes where the comma is the decimal mark) and tab are understood, with
or without a byte-order mark.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from surveys.sentences import Sentence

_SAVE_AS = Sentence(
    "Save the file as UTF-8: in Excel, File > Save As > “CSV UTF-8 (Comma delimited)”; in"
    " LibreOffice, Save As > Text CSV with “Edit filter settings” and the character set"
    " “Unicode (UTF-8)”"
)
_SEPARATORS = {
    ",": Sentence("comma"),
    ";": Sentence("semicolon"),
    "\t": Sentence("tab"),
}
_FORMULA = re.compile(r"['\s]*[=+\-@＝＋－＠]")


@dataclass(frozen=True)
class CellFault:
    """What is wrong with a value: ``line`` counts from 1 in a file (0: there is none), ``column``
    is a header or empty."""

    line: int
    column: str
    message: Sentence

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {self.message}"


class Faulty(ValueError):
    """The file cannot be imported. ``faults`` says why, in the order of the lines."""

    def __init__(self, faults: Sequence[CellFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


@dataclass(frozen=True)
class Columns:
    """The columns that a file may have; those not ``needed`` may be missing, and are empty then."""

    names: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def listed(self) -> str:
        return ",".join(self.names)

    def heading(self, cell: str) -> str:
        """The column that a header cell names; “Time zone” and “Site ID” name theirs too."""
        said = cell.strip().strip('"').strip().casefold()
        joined = {name.replace("_", ""): name for name in self.names}
        return joined.get(re.sub(r"[\s_-]", "", said), said)


@dataclass(frozen=True)
class Line:
    """One row: its line in the file and a text for every column, or what is wrong with it all."""

    number: int
    values: Mapping[str, str]
    fault: CellFault | None = None


class Reader:
    """The rows of a CSV, and ``ignored``, the headers that nobody has a use for.

    Raises :class:`Faulty` where nothing can be read at all.
    """

    def __init__(self, data: bytes, columns: Columns) -> None:
        self._columns = columns
        text = _decode(data)
        self._separator, header, self._rows = self._split(text)
        self._width = len(header)
        self._places, self.ignored = self._found(header)

    def lines(self) -> Iterator[Line]:
        """Every row that is not empty. Where quotation marks do not match the last line says so."""
        try:
            for number, cells in self._rows:
                if any(cell.strip() for cell in cells):
                    yield self._line(number, cells)
        except _BrokenQuotes as broken:
            yield Line(broken.fault.line, {}, broken.fault)

    def _split(self, text: str) -> tuple[str, list[str], Iterator[tuple[int, list[str]]]]:
        """The separator, the header, and the rows each with the line it begins in."""
        first = text.lstrip().partition("\n")[0].partition("\r")[0]
        separator = max(",;\t", key=lambda mark: len(self._known(first.split(mark))))
        rows = _rows(text, separator)
        try:
            for _, header in rows:
                if any(cell.strip() for cell in header):
                    return separator, header, rows
        except _BrokenQuotes as broken:
            raise Faulty([broken.fault]) from None
        empty = Sentence(
            "The file is empty. Its first line must be {columns}", columns=self._columns.listed
        )
        raise Faulty([CellFault(1, "", empty)])

    def _known(self, cells: Iterable[str]) -> set[str]:
        headings = map(self._columns.heading, cells)
        return {name for name in headings if name in self._columns.names}

    def _found(self, header: list[str]) -> tuple[dict[str, int], tuple[str, ...]]:
        places: dict[str, int] = {}
        faults: list[CellFault] = []
        ignored: list[str] = []
        for place, cell in enumerate(header):
            name = self._columns.heading(cell)
            if name in places:
                twice = Sentence("The header has this column twice. Remove one of the two")
                faults.append(CellFault(1, name, twice))
            elif name in self._columns.names:
                places[name] = place
            elif name:
                ignored.append(cell.strip())
        missing = [name for name in self._columns.needed if name not in places]
        for number, name in enumerate(missing):
            near = difflib.get_close_matches(name, ignored, n=1, cutoff=0.75)
            if near:
                message = Sentence(
                    "The column is missing (is it the one called “{near}”?). The header must be"
                    " {columns}, in any order",
                    near=near[0],
                    columns=self._columns.listed,
                )
            elif number == 0:
                message = Sentence(
                    "The column is missing. The header must be {columns}, in any order",
                    columns=self._columns.listed,
                )
            else:
                message = Sentence("The column is missing as well")
            faults.append(CellFault(1, name, message))
        if faults:
            raise Faulty(faults)
        return places, tuple(ignored)

    def _line(self, number: int, cells: list[str]) -> Line:
        """One row; no values where they stand in the wrong columns: no use complaining of each."""
        wrong = None
        if any(cell.strip() for cell in cells[self._width :]):
            wrong = Sentence(
                "The row has {n} values, the header {width}. A value that holds a {separator} must"
                ' stand between "double quotes"',
                n=len(cells),
                width=self._width,
                separator=_SEPARATORS[self._separator],
            )
        elif len(cells) <= max(self._places.values()):
            wrong = Sentence(
                "The row has {n} values, the header {width}. Fill it up",
                n=len(cells),
                width=self._width,
            )
        if wrong is not None:
            return Line(number, {}, CellFault(number, "", wrong))
        found = {name: _unguarded(cells[place]) for name, place in self._places.items()}
        return Line(number, dict.fromkeys(self._columns.names, "") | found)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        at = max(data.find(b"\0"), 0)
        raise Faulty(
            [
                CellFault(
                    data.count(b"\n", 0, at) + 1,
                    "",
                    Sentence(
                        "The file is not UTF-8 text (it holds NUL bytes, as UTF-16 files and"
                        " workbooks do). {what_to_do}",
                        what_to_do=_SAVE_AS,
                    ),
                )
            ]
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        value = data[error.start]
        said = {"byte": byte, "value": f"0x{value:02X}", "what_to_do": _SAVE_AS}
        letter = bytes([value]).decode("cp1252", "replace")
        if letter == "\ufffd":
            message = Sentence(
                "Byte {byte} of the line is {value}; it is not UTF-8. {what_to_do}", **said
            )
        else:
            message = Sentence(
                "Byte {byte} of the line is {value}, which is “{letter}” in Latin-1 (Windows-1252);"
                " it is not UTF-8. {what_to_do}",
                letter=letter,
                **said,
            )
        raise Faulty([CellFault(line, "", message)]) from None


class _BrokenQuotes(Exception):
    def __init__(self, line: int) -> None:
        self.fault = CellFault(
            line,
            "",
            Sentence(
                "The quotation marks do not match from here on. A value that holds a separator or a"
                ' line break stands between "double quotes", and a quotation mark inside it is'
                ' written twice (""). Mend this row and try again; rows after it were not read'
            ),
        )
        super().__init__(str(self.fault))


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    # newline=None reads the line ends of every system, also inside quotes.
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _BrokenQuotes(line) from None
        yield line, cells


def _unguarded(cell: str) -> str:
    """A cell without the ``'`` that keeps spreadsheets from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell


# --- writing ----------------------------------------------------------------------------------


def written(columns: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> bytes:
    """A CSV that :class:`Reader` takes back unchanged, and that spreadsheets open right."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return stream.getvalue().encode("utf-8-sig")


def _cell(value: str | float | None) -> str:
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return "" if value is None else repr(value)
