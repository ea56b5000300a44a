"""What somebody asks of an export, read from a command line or an address, and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from exports.columns import CannotExport, NotMade, NotYours
from surveys import publishing
from surveys.grammar import LANGUAGES, SUBMISSION_SOURCES
from surveys.periods import PERIODS, By
from surveys.problems import some_of
from surveys.results import FLAGGED, Flagged, Selection
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store.database import Database

FORMATS = ("csv", "xlsx", "jsonl")
LATER_FORMATS = ("sav", "parquet")
SOURCES = SUBMISSION_SOURCES
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
                Sentence(
                    "{format} is not written yet. Ask for csv, xlsx (for Excel) or jsonl.",
                    format=self.format,
                )
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
            Sentence(
                "There is no option “{option}”. There are: {known}.",
                option=unknown[0],
                known=", ".join(sorted(known)),
            )
        )
    first, last = _day(given, "from"), _day(given, "to")
    if first and last and last < first:
        raise CannotExport(
            Sentence(
                "“to” ({last}) is before “from” ({first}): exchange them.",
                last=last.isoformat(),
                first=first.isoformat(),
            )
        )
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
        raise NotMade(
            Sentence(
                "There is no kind of file “{format}”. There are: {known}.",
                format=wanted,
                known=", ".join(FORMATS),
            )
        )
    if wanted != "csv" and _switch(given, "excel"):
        raise CannotExport(Sentence("“excel” is for csv: leave it out, or ask for csv."))
    return wanted


def _last(given: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = given.get(name)
    return values[-1] if values else None


def _one(given: Mapping[str, Sequence[str]], name: str, among: Sequence[str], default: str) -> str:
    return _word(_last(given, name) or default, name, among)


def _word(value: str, name: str, among: Sequence[str]) -> str:
    if value not in among:
        raise CannotExport(
            Sentence(
                "“{name}” cannot be “{value}”. It can be: {known}.",
                name=name,
                value=value,
                known=", ".join(among),
            )
        )
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
        raise CannotExport(
            Sentence(
                "“{name}” cannot be “{value}”. Write a day as 2026-11-22.", name=name, value=value
            )
        ) from None


def _known(what: str, wanted: Sequence[str], there: Iterable[str], all_there_is: bool) -> None:
    found = sorted(set(there))
    for name in wanted:
        if name in found:
            continue
        known = some_of(found)
        if all_there_is:
            raise CannotExport(_there_is_no(what, name, known))
        # The same words for another's and for none: the answer must not tell which exist.
        if what == "region":
            raise NotYours(
                Sentence(
                    "The region “{name}” is not among yours. Yours: {known}.",
                    name=name,
                    known=known,
                )
            )
        raise NotYours(
            Sentence(
                "The site “{name}” is not among yours. Yours: {known}.", name=name, known=known
            )
        )


def _there_is_no(what: str, name: str, known: str) -> Sentence:
    if what == "region":
        return Sentence("There is no region “{name}”. There are: {known}.", name=name, known=known)
    if what == "site":
        return Sentence("There is no site “{name}”. There are: {known}.", name=name, known=known)
    return Sentence("There is no instrument “{name}”. There are: {known}.", name=name, known=known)
