"""What somebody asks of an export, read from a command line or an address, and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from exports.columns import CannotExport, NotMade, NotYours
from surveys import publishing
from surveys.grammar import LANGUAGES
from surveys.grammar import SOURCES as INSTRUMENT_SOURCES
from surveys.periods import PERIODS, By
from surveys.problems import some_of
from surveys.results import FLAGGED, Flagged, Selection
from surveys.store import sites as sites_store
from surveys.store.database import Database

FORMATS = ("csv", "jsonl")
LATER_FORMATS = ("xlsx", "sav", "parquet")
SOURCES = (*INSTRUMENT_SOURCES, "manager_forecast", "staff_forecast")
EVERYTHING = Selection()
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """An export as it was asked for.

    ``labels`` writes the words of questions and choices in ``language`` instead of their keys;
    ``excel`` makes the CSV that Excel opens right in that language. ``everything`` is False for
    readers who must not see the rows of suppressed cells (managers).
    """

    selection: Selection = EVERYTHING
    by: By = "all"
    format: str = "csv"
    labels: bool = False
    language: str = "en"
    excel: bool = False
    everything: bool = True

    def check(self, db: Database) -> None:
        """Raise :class:`CannotExport` for a file, region, site or instrument there is not."""
        if self.format in LATER_FORMATS:
            raise NotMade(
                f"{self.format} is not written yet. Ask for csv (with “excel” for Excel) or jsonl."
            )
        sites = list(sites_store.every(db))
        reach = self.selection.allowed
        own = [site for site in sites if reach is None or site.site_id in reach]
        _known("region", self.selection.regions, (site.region for site in own), reach is None)
        _known("site", self.selection.sites, (site.site_id for site in own), reach is None)
        published = publishing.keys(db)
        _known("instrument", self.selection.instruments, published, all_there_is=True)


def read(
    options: Mapping[str, Sequence[str]],
    *,
    allowed: frozenset[str] | None = None,
    everything: bool = True,
) -> Asked:
    """Make out the options of the contract (``by``, ``from``, ``region`` …), each given any times.

    Empty values are as if not given. Raises :class:`CannotExport` for what cannot be made out.
    """
    given = {name: [value for value in values if value] for name, values in options.items()}
    known = {"format", "by", "from", "to", "region", "site", "source", "instrument", "flagged"}
    known |= {"labels", "language", "excel"}
    unknown = sorted(set(given) - known)
    if unknown:
        raise CannotExport(
            f"There is no option “{unknown[0]}”. There are: {', '.join(sorted(known))}."
        )
    first, last = _day(given, "from"), _day(given, "to")
    if first and last and last < first:
        raise CannotExport(f"“to” ({last}) is before “from” ({first}): exchange them.")
    selection = Selection(
        day_from=first,
        day_to=last,
        regions=tuple(given.get("region", ())),
        sites=tuple(given.get("site", ())),
        sources=tuple(_word(source, "source", SOURCES) for source in given.get("source", ())),
        instruments=tuple(given.get("instrument", ())),
        flagged=cast(Flagged, _one(given, "flagged", FLAGGED, "include")),
        allowed=allowed,
    )
    return Asked(
        selection=selection,
        by=cast(By, _one(given, "by", PERIODS, "all")),
        format=_format(given),
        labels=_switch(given, "labels"),
        language=_one(given, "language", tuple(LANGUAGES), "en"),
        excel=_switch(given, "excel"),
        everything=everything,
    )


def _format(given: Mapping[str, Sequence[str]]) -> str:
    wanted = _last(given, "format") or "csv"
    if wanted not in (*FORMATS, *LATER_FORMATS):
        raise NotMade(f"There is no kind of file “{wanted}”. There are: {', '.join(FORMATS)}.")
    if wanted == "jsonl" and _switch(given, "excel"):
        raise CannotExport("“excel” is for csv: leave it out, or ask for csv.")
    return wanted


def _last(given: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = given.get(name)
    return values[-1] if values else None


def _one(given: Mapping[str, Sequence[str]], name: str, among: Sequence[str], default: str) -> str:
    return _word(_last(given, name) or default, name, among)


def _word(value: str, name: str, among: Sequence[str]) -> str:
    if value not in among:
        raise CannotExport(f"“{name}” cannot be “{value}”. It can be: {', '.join(among)}.")
    return value


def _switch(given: Mapping[str, Sequence[str]], name: str) -> bool:
    return _one(given, name, ("1", "true", "on", "yes", "0", "false", "off", "no"), "0") in (
        *("1", "true", "on", "yes"),
    )


def _day(given: Mapping[str, Sequence[str]], name: str) -> date | None:
    value = _last(given, name)
    if value is None:
        return None
    try:
        if not _DAY.fullmatch(value):  # Python reads weeks too
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise CannotExport(f"“{name}” cannot be “{value}”. Write a day as 2026-11-22.") from None


def _known(what: str, wanted: Sequence[str], there: Iterable[str], all_there_is: bool) -> None:
    found = sorted(set(there))
    for name in wanted:
        if name in found:
            continue
        if not all_there_is:
            # The same words for another's and for none: the answer must not tell which exist.
            raise NotYours(f"The {what} “{name}” is not among yours. Yours: {some_of(found)}.")
        raise CannotExport(f"There is no {what} “{name}”. There are: {some_of(found)}.")
