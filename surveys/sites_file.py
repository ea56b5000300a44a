"""The sites CSV, as people really save it: read whole, every fault named, or not read at all."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from surveys.grammar import LANGUAGES
from surveys.sites import KINDS
from surveys.store.sites import COLUMNS, Site

LONGEST = {"site_id": 64, "name": 200, "region": 100, "address": 500}
"""The most characters a text may have."""

_SAVE_AS = (
    "Save the file as UTF-8: in Excel, File > Save As > “CSV UTF-8 (Comma delimited)”; in"
    " LibreOffice, Save As > Text CSV with “Edit filter settings” and the character set"
    " “Unicode (UTF-8)”"
)
_COLUMN_LIST = ",".join(COLUMNS)


@dataclass(frozen=True)
class SiteFault:
    """What is wrong in a sites file: ``line`` counts from 1, ``column`` is a header or empty."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {self.message}"


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
            row = _Row(line, cells, places, len(header), separator)
            site = row.site()
            faults += row.faults
            if not site.site_id:
                continue
            first = lines.setdefault(site.site_id, line)
            if first != line:
                faults.append(
                    SiteFault(
                        line,
                        "site_id",
                        f"“{site.site_id}” stands in line {first} already. Every site has an id of"
                        " its own: remove one of the two rows, or give it another id",
                    )
                )
            sites.append(site)
    except _BrokenQuotes as broken:
        faults.append(broken.fault)
    if not sites and not faults:
        faults.append(SiteFault(2, "", "There is no site under the header. Add a row per site"))
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
                    "The file is not UTF-8 text (it holds NUL bytes, as UTF-16 files and"
                    f" workbooks do). {_SAVE_AS}",
                )
            ]
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        value = data[error.start]
        letter = bytes([value]).decode("cp1252", "replace")
        guess = f", which is “{letter}” in Latin-1 (Windows-1252)" if letter != "\ufffd" else ""
        raise FaultySites(
            [
                SiteFault(
                    line,
                    "",
                    f"Byte {byte} of the line is 0x{value:02X}{guess}; it is not UTF-8. {_SAVE_AS}",
                )
            ]
        ) from None


class _BrokenQuotes(Exception):
    def __init__(self, line: int) -> None:
        self.fault = SiteFault(
            line,
            "",
            "The quotation marks do not match from here on. A value that holds a separator or a"
            ' line break stands between "double quotes", and a quotation mark inside it is'
            ' written twice (""). Mend this row and try again; rows after it were not read',
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
    raise FaultySites(
        [SiteFault(1, "", f"The file is empty. Its first line must be {_COLUMN_LIST}")]
    )


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
    return cell.strip().strip('"').strip().casefold()


def _columns(header: list[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    places: dict[str, int] = {}
    faults: list[SiteFault] = []
    ignored: list[str] = []
    for place, cell in enumerate(header):
        name = _heading(cell)
        if name in places:
            faults.append(
                SiteFault(1, name, "The header has this column twice. Remove one of the two")
            )
        elif name in COLUMNS:
            places[name] = place
        elif name:
            ignored.append(cell.strip())
    for name in COLUMNS:
        if name not in places:
            near = difflib.get_close_matches(name, ignored, n=1, cutoff=0.75)
            like = f" (is it the one called “{near[0]}”?)" if near else ""
            faults.append(
                SiteFault(
                    1,
                    name,
                    f"The column is missing{like}. The header must be {_COLUMN_LIST}, in any order",
                )
            )
    if faults:
        raise FaultySites(faults)
    return places, tuple(ignored)


@cache
def _zones() -> frozenset[str]:
    # These two mean something else on every machine.
    return frozenset(available_timezones() - {"localtime", "Factory"})


_NUMBER = re.compile(r"[+-]?\d{1,3}([.,]\d+)?")
_BETWEEN_LANGUAGES = re.compile(r"[,;\s]+")
_WORDS = re.compile(r"\s+")
_LINES = re.compile(r"\s*\n\s*")


class _Row:
    """One row while it is being read; ``faults`` fills as values do not fit."""

    def __init__(
        self, line: int, cells: list[str], places: Mapping[str, int], width: int, separator: str
    ) -> None:
        self.line = line
        self.faults: list[SiteFault] = []
        self._cells = cells
        self._places = places
        name = {",": "comma", ";": "semicolon", "\t": "tab"}[separator]
        if any(cell.strip() for cell in cells[width:]):
            self._fault(
                "",
                f"The row has {len(cells)} values, the header {width}. A value that holds a"
                f' {name} must stand between "double quotes"',
            )
        elif len(cells) <= max(places.values()):
            self._fault("", f"The row has {len(cells)} values, the header {width}. Fill it up")

    def _fault(self, column: str, message: str) -> None:
        self.faults.append(SiteFault(self.line, column, message))

    def site(self) -> Site:
        """The site; only to be used while there are no faults."""
        if self.faults:  # values stand in the wrong columns: no use complaining of each
            return Site("", "", "", "", "")
        latitude, longitude = self._number("latitude", 90), self._number("longitude", 180)
        if (latitude is None) != (longitude is None) and not self.faults:
            empty = "latitude" if latitude is None else "longitude"
            self._fault(empty, "A position needs both numbers. Fill this one, or empty the other")
        return Site(
            site_id=self._site_id(),
            name=self._text("name", required="Give the name that customers know the place by"),
            region=self._text("region"),
            timezone=self._timezone(),
            language=self._language(),
            address=self._text("address"),
            latitude=latitude,
            longitude=longitude,
            kind=self._kind(),
        )

    def _cell(self, column: str) -> str:
        return self._cells[self._places[column]].strip()

    def _text(self, column: str, required: str | None = None) -> str:
        text = _LINES.sub(", ", self._cell(column)) if column == "address" else self._cell(column)
        text = unicodedata.normalize("NFC", _WORDS.sub(" ", text))
        if required and not text:
            self._fault(column, f"The value is missing. {required}")
        strange = next((c for c in text if unicodedata.category(c) == "Cc"), None)
        if strange is not None:
            self._fault(
                column,
                f"The value holds a control character (U+{ord(strange):04X}) that cannot be"
                " seen or printed. Type it again",
            )
        if len(text) > LONGEST[column]:
            self._fault(
                column,
                f"The value has {len(text)} characters; {LONGEST[column]} are the most. Shorten it",
            )
        return text

    def _site_id(self) -> str:
        site_id = self._text(
            "site_id",
            required="Give every site an id of its own that never changes, such as 0417 or paris-3",
        )
        if "/" in site_id or "\\" in site_id or site_id in {".", ".."}:
            self._fault(
                "site_id",
                f"“{site_id}” cannot be an id, for it becomes part of an address. Leave slashes"
                " out: letters, digits, spaces, - and _ are fine",
            )
        return site_id

    def _timezone(self) -> str:
        zone = self._cell("timezone")
        if zone not in _zones():
            near = difflib.get_close_matches(zone, _zones(), n=1, cutoff=0.6)
            like = f" Did you mean {near[0]}?" if near else ""
            said = f"“{_clip(zone)}” is not a time zone." if zone else "The value is missing."
            self._fault(
                "timezone",
                f"{said}{like} Use a name of the IANA list, such as Europe/Paris: it decides on"
                " which day an answer counts",
            )
        return zone

    def _language(self) -> str:
        named = dict.fromkeys(
            _BETWEEN_LANGUAGES.sub(" ", self._cell("language").casefold()).split()
        )
        strange = [code for code in named if code not in LANGUAGES]
        if strange or not named:
            names = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
            said = f"“{_clip(strange[0])}” is not among them." if strange else "It is missing."
            self._fault(
                "language",
                f"The language is one of {names}, or several with a space between, the main one"
                f" first. {said}",
            )
        return " ".join(named)

    def _kind(self) -> str:
        kind = self._cell("kind").casefold() or "external"
        if kind not in KINDS:
            self._fault(
                "kind",
                f"“{_clip(kind)}” is not a kind of site. Write external (customers come),"
                " internal (a department that serves colleagues), or leave it empty for external",
            )
        return kind

    def _number(self, column: str, limit: float) -> float | None:
        cell = self._cell(column)
        if not cell:
            return None
        value = float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else None
        if value is None or abs(value) > limit:
            self._fault(
                column,
                f"“{_clip(cell)}” is not a number from -{limit:g} to {limit:g}. Write degrees"
                " with decimals, such as 48.8566, or leave both numbers empty",
            )
            return None
        return value


def _clip(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
