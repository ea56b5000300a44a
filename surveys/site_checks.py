"""What each value of a site must be: the same for a row of a CSV and for the form at the desk."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, reduce
from zoneinfo import available_timezones

from surveys.csv_reading import CellFault
from surveys.grammar import LANGUAGES
from surveys.sentences import Sentence
from surveys.sites import KINDS, PAGES
from surveys.store.sites import Site

LONGEST = {"site_id": 64, "name": 200, "region": 100, "address": 500}
"""The most characters a text may have."""


def check(values: Mapping[str, str], line: int = 0) -> tuple[Site, list[CellFault]]:
    """The site that ``values`` (a text for every column) make, to be used if there is no fault."""
    checking = _Checking(values, line)
    return checking.site(), checking.faults


def region_fault(region: str) -> Sentence | None:
    """What is wrong with the name of a region."""
    faults = _Checking({"region": region}, 0).faults_of_text("region")
    return faults[0].message if faults else None


def plain_text(text: str) -> str:
    """A text on one line, its letters composed, without spaces that say nothing."""
    return unicodedata.normalize("NFC", _WORDS.sub(" ", text.strip()))


@cache
def timezones() -> frozenset[str]:
    """The IANA names that mean the same on every machine."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


_NUMBER = re.compile(r"[+-]?\d{1,3}([.,]\d+)?")
_BETWEEN_LANGUAGES = re.compile(r"[,;\s]+")
_WORDS = re.compile(r"\s+")
_LINES = re.compile(r"\s*\n\s*")


class _Checking:
    """One site while it is being read; ``faults`` fills as values do not fit."""

    def __init__(self, values: Mapping[str, str], line: int) -> None:
        self.faults: list[CellFault] = []
        self._values = values
        self._line = line

    def site(self) -> Site:
        latitude, longitude = self._number("latitude", 90), self._number("longitude", 180)
        if (latitude is None) != (longitude is None) and not self.faults:
            empty = "latitude" if latitude is None else "longitude"
            self._fault(
                empty, Sentence("A position needs both numbers. Fill this one, or empty the other")
            )
        return Site(
            site_id=self._site_id(),
            name=self._text("name", Sentence("Give the name that customers know the place by")),
            region=self._text("region"),
            timezone=self._timezone(),
            language=self._language(),
            address=self._text("address"),
            latitude=latitude,
            longitude=longitude,
            kind=self._kind(),
        )

    def faults_of_text(self, column: str) -> list[CellFault]:
        self._text(column)
        return self.faults

    def _fault(self, column: str, message: Sentence) -> None:
        self.faults.append(CellFault(self._line, column, message))

    def _value(self, column: str) -> str:
        return self._values[column].strip()

    def _text(self, column: str, required: Sentence | None = None) -> str:
        value = self._value(column)
        text = plain_text(_LINES.sub(", ", value) if column == "address" else value)
        if required and not text:
            self._fault(column, Sentence("The value is missing. {what_to_do}", what_to_do=required))
        strange = next((c for c in text if unicodedata.category(c) == "Cc"), None)
        if strange is not None:
            self._fault(
                column,
                Sentence(
                    "The value holds a control character ({code}) that cannot be seen or printed."
                    " Type it again",
                    code=f"U+{ord(strange):04X}",
                ),
            )
        if len(text) > LONGEST[column]:
            self._fault(
                column,
                Sentence(
                    "The value has {n} characters; {most} are the most. Shorten it",
                    n=len(text),
                    most=LONGEST[column],
                ),
            )
        return text

    def _site_id(self) -> str:
        site_id = self._text(
            "site_id",
            Sentence(
                "Give every site an id of its own that never changes, such as 0417 or paris-3"
            ),
        )
        if "/" in site_id or "\\" in site_id or site_id in {".", ".."}:
            self._fault(
                "site_id",
                Sentence(
                    "“{site_id}” cannot be an id, for it becomes part of an address. Leave slashes"
                    " out: letters, digits, spaces, - and _ are fine",
                    site_id=site_id,
                ),
            )
        if site_id in PAGES:
            self._fault(
                "site_id",
                Sentence(
                    "“{site_id}” cannot be an id, for the desk has a page of that name. Add a"
                    " number, such as {site_id}-1",
                    site_id=site_id,
                ),
            )
        return site_id

    def _timezone(self) -> str:
        zone = self._value("timezone")
        if zone in timezones():
            return zone
        near = difflib.get_close_matches(zone, timezones(), n=1, cutoff=0.6)
        if not zone:
            said = Sentence("The value is missing.")
        elif near:
            said = Sentence(
                "“{zone}” is not a time zone. Did you mean {near}?", zone=_clip(zone), near=near[0]
            )
        else:
            said = Sentence("“{zone}” is not a time zone.", zone=_clip(zone))
        self._fault(
            "timezone",
            Sentence(
                "{what_is_wrong} Use a name of the IANA list, such as Europe/Paris: it decides on"
                " which day an answer counts",
                what_is_wrong=said,
            ),
        )
        return zone

    def _language(self) -> str:
        named = dict.fromkeys(
            _BETWEEN_LANGUAGES.sub(" ", self._value("language").casefold()).split()
        )
        strange = [code for code in named if code not in LANGUAGES]
        if strange or not named:
            said = (
                Sentence("“{language}” is not among them.", language=_clip(strange[0]))
                if strange
                else Sentence("It is missing.")
            )
            self._fault(
                "language",
                Sentence(
                    "The language is one of {languages}, or several with a space between, the main"
                    " one first. {what_is_wrong}",
                    languages=reduce(
                        lambda some, more: Sentence("{some}, {more}", some=some, more=more),
                        (
                            Sentence("{code} ({language})", code=code, language=name)
                            for code, name in LANGUAGES.items()
                        ),
                    ),
                    what_is_wrong=said,
                ),
            )
        return " ".join(named)

    def _kind(self) -> str:
        kind = self._value("kind").casefold() or "external"
        if kind not in KINDS:
            self._fault(
                "kind",
                Sentence(
                    "“{kind}” is not a kind of site. Write external (customers come), internal (a"
                    " department that serves colleagues), or leave it empty for external",
                    kind=_clip(kind),
                ),
            )
        return kind

    def _number(self, column: str, limit: int) -> float | None:
        value = self._value(column)
        if not value:
            return None
        number = float(value.replace(",", ".")) if _NUMBER.fullmatch(value) else None
        if number is None or abs(number) > limit:
            self._fault(
                column,
                Sentence(
                    "“{value}” is not a number from -{limit} to {limit}. Write degrees with"
                    " decimals, such as 48.8566, or leave both numbers empty",
                    value=_clip(value),
                    limit=limit,
                ),
            )
            return None
        return number


def _clip(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
