"""The sites CSV, as people really save it: read whole, every fault named, or not read at all."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from surveys.sentences import Sentence
from surveys.site_checks import SiteFault, check
from surveys.store.sites import COLUMNS, Site

_SAVE_AS = Sentence(
    "Save the file as UTF-8: in Excel, File > Save As > “CSV UTF-8 (Comma delimited)”; in"
    " LibreOffice, Save As > Text CSV with “Edit filter settings” and the character set"
    " “Unicode (UTF-8)”"
)
_COLUMN_LIST = ",".join(COLUMNS)
_JOINED = {name.replace("_", ""): name for name in COLUMNS}
_SEPARATORS = {
    ",": Sentence("comma"),
    ";": Sentence("semicolon"),
    "\t": Sentence("tab"),
}
_FORMULA = re.compile(r"['\s]*[=+\-@＝＋－＠]")


class FaultySites(ValueError):
    """The file cannot be imported. ``faults`` says why, in the order of the lines."""

    def __init__(self, faults: Sequence[SiteFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


@dataclass(frozen=True)
class SitesFile:
    """A file that is right: its sites in order, and headers that Touchstone has no use for."""

    sites: tuple[Site, ...]
    ignored: tuple[str, ...]


def read(data: bytes, seen: Callable[[int], None] = lambda rows: None) -> SitesFile:
    """The sites in the bytes of a CSV; ``seen`` is told how many rows have been looked at.

    Comma, semicolon (as Excel writes where the comma is the decimal mark) and tab are understood,
    with or without a byte-order mark. Raises :class:`FaultySites` with everything that is wrong.
    """
    text = _decode(data)
    separator, header, rows = _split(text)
    places, ignored = _columns(header)
    faults: list[SiteFault] = []
    sites: list[Site] = []
    lines: dict[str, int] = {}
    try:
        for number, (line, cells) in enumerate(rows, start=1):
            if number % 500 == 0:
                seen(500)
            if not any(cell.strip() for cell in cells):
                continue  # spreadsheets leave rows of nothing but separators
            site, wrong = _row(line, cells, places, len(header), separator)
            faults += wrong
            if not site.site_id:
                continue
            first = lines.setdefault(site.site_id, line)
            if first != line:
                faults.append(
                    SiteFault(
                        line,
                        "site_id",
                        Sentence(
                            "“{site_id}” stands in line {line} already. Every site has an id of"
                            " its own: remove one of the two rows, or give it another id",
                            site_id=site.site_id,
                            line=first,
                        ),
                    )
                )
            sites.append(site)
    except _BrokenQuotes as broken:
        faults.append(broken.fault)
    if not sites and not faults:
        none = Sentence("There is no site under the header. Add a row per site")
        faults.append(SiteFault(2, "", none))
    if faults:
        raise FaultySites(sorted(faults, key=lambda fault: fault.line))
    return SitesFile(tuple(sites), ignored)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        at = max(data.find(b"\0"), 0)
        raise FaultySites(
            [
                SiteFault(
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
        raise FaultySites([SiteFault(line, "", message)]) from None


class _BrokenQuotes(Exception):
    def __init__(self, line: int) -> None:
        self.fault = SiteFault(
            line,
            "",
            Sentence(
                "The quotation marks do not match from here on. A value that holds a separator or a"
                ' line break stands between "double quotes", and a quotation mark inside it is'
                ' written twice (""). Mend this row and try again; rows after it were not read'
            ),
        )
        super().__init__(str(self.fault))


def _split(text: str) -> tuple[str, list[str], Iterator[tuple[int, list[str]]]]:
    """The separator, the header, and the rows each with the line it begins in."""
    first = text.lstrip().partition("\n")[0].partition("\r")[0]
    separator = max(",;\t", key=lambda mark: len(_known(first.split(mark))))
    rows = _rows(text, separator)
    try:
        for _, header in rows:
            if any(cell.strip() for cell in header):
                return separator, header, rows
    except _BrokenQuotes as broken:
        raise FaultySites([broken.fault]) from None
    empty = Sentence("The file is empty. Its first line must be {columns}", columns=_COLUMN_LIST)
    raise FaultySites([SiteFault(1, "", empty)])


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


def _known(cells: Iterable[str]) -> set[str]:
    return {name for cell in cells if (name := _heading(cell)) in COLUMNS}


def _heading(cell: str) -> str:
    """The column that a header cell names; “Time zone” and “Site ID” name theirs too."""
    said = cell.strip().strip('"').strip().casefold()
    return _JOINED.get(re.sub(r"[\s_-]", "", said), said)


def _columns(header: list[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    places: dict[str, int] = {}
    faults: list[SiteFault] = []
    ignored: list[str] = []
    for place, cell in enumerate(header):
        name = _heading(cell)
        if name in places:
            twice = Sentence("The header has this column twice. Remove one of the two")
            faults.append(SiteFault(1, name, twice))
        elif name in COLUMNS:
            places[name] = place
        elif name:
            ignored.append(cell.strip())
    for number, name in enumerate(name for name in COLUMNS if name not in places):
        near = difflib.get_close_matches(name, ignored, n=1, cutoff=0.75)
        if near:
            message = Sentence(
                "The column is missing (is it the one called “{near}”?). The header must be"
                " {columns}, in any order",
                near=near[0],
                columns=_COLUMN_LIST,
            )
        elif number == 0:
            message = Sentence(
                "The column is missing. The header must be {columns}, in any order",
                columns=_COLUMN_LIST,
            )
        else:
            message = Sentence("The column is missing as well")
        faults.append(SiteFault(1, name, message))
    if faults:
        raise FaultySites(faults)
    return places, tuple(ignored)


def _row(
    line: int, cells: list[str], places: Mapping[str, int], width: int, separator: str
) -> tuple[Site, list[SiteFault]]:
    """One row's site; without an id where the values stand in the wrong columns: no use complaining
    of each."""
    wrong = None
    if any(cell.strip() for cell in cells[width:]):
        wrong = Sentence(
            "The row has {n} values, the header {width}. A value that holds a {separator} must"
            ' stand between "double quotes"',
            n=len(cells),
            width=width,
            separator=_SEPARATORS[separator],
        )
    elif len(cells) <= max(places.values()):
        wrong = Sentence(
            "The row has {n} values, the header {width}. Fill it up", n=len(cells), width=width
        )
    if wrong is not None:
        return Site("", "", "", "", ""), [SiteFault(line, "", wrong)]
    return check({name: _unguarded(cells[place]) for name, place in places.items()}, line)


def _unguarded(cell: str) -> str:
    """A cell without the ``'`` that keeps spreadsheets from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell


# --- writing ----------------------------------------------------------------------------------

EXAMPLE = Site(
    "0417", "Harbour Street", "North", "Europe/London", "en", "1 Harbour Street, Leeds", 53.797,
    -1.5417,
)  # fmt: skip
"""What a template shows under its header."""


def written(sites: Iterable[Site]) -> bytes:
    """A CSV that :func:`read` takes back unchanged, and that spreadsheets open right."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for site in sites:
        writer.writerow([_cell(getattr(site, name)) for name in COLUMNS])
    return stream.getvalue().encode("utf-8-sig")


def _cell(value: str | float | None) -> str:
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return "" if value is None else repr(value)
