"""Tallies → the figures of a site: what the desk shows and the exports write.

A *cell* is one site × one dimension × one source × one mode × one period. What a cell holds is
chosen by days, instruments and flags; which cells are shown, by regions, sites, sources and the
reader's reach. Showing fewer cells never changes a figure: the reference set that an interval
leans on is always the whole chain's sites of the same kind.

Read inside ``db.snapshot()`` when submissions may arrive meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Literal, get_args

from surveys import figures, suppression
from surveys.periods import By, Period, holding
from surveys.store import results as store
from surveys.store import sites as sites_store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.suppression import CONFIDENTIAL, FEWEST, SUPPRESSED

Flagged = Literal["include", "exclude", "only"]
FLAGGED: tuple[Flagged, ...] = get_args(Flagged)


@dataclass(frozen=True)
class Selection:
    """What is asked for. Empty tuples mean all; days are inclusive.

    ``regions``, ``sites``, ``sources`` and ``allowed`` (the site ids within the reader's reach,
    None for all) restrict what is *shown*. ``day_from``, ``day_to``, ``instruments`` and
    ``flagged`` choose what is *counted*, in the shown cells and their reference set alike.
    """

    day_from: date | None = None
    day_to: date | None = None
    regions: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    flagged: Flagged = "include"
    allowed: frozenset[str] | None = None

    def shows(self, site: Site) -> bool:
        return (
            (not self.regions or site.region in self.regions)
            and (not self.sites or site.site_id in self.sites)
            and (self.allowed is None or site.site_id in self.allowed)
        )

    def shown(self, db: Database) -> list[Site]:
        """The sites to show, by their ids."""
        found = (site for site in sites_store.every(db) if self.shows(site))
        return sorted(found, key=lambda site: site.site_id)

    def wanted(self) -> store.Wanted:
        """The tallies that make up the cells."""
        return store.Wanted(
            day_from=self.day_from.isoformat() if self.day_from else None,
            day_to=self.day_to.isoformat() if self.day_to else None,
            sources=self.sources,
            instruments=self.instruments,
            flagged={"include": None, "exclude": 0, "only": 1}[self.flagged],
        )


@dataclass(frozen=True)
class Score:
    """A cell's figures, in the order of the table ``scores``; None is blank.

    ``mean``, ``sd`` and their like are in levels (1 … 7), shares in 0 … 1.
    """

    site_id: str
    site: str
    region: str
    dimension: str
    source: str
    mode: str
    period_start: date
    period_end: date
    n: int
    n_asked: int | None = None
    coverage: float | None = None
    mean: float | None = None
    sd: float | None = None
    mean_low: float | None = None
    mean_high: float | None = None
    top2: float | None = None
    top2_low: float | None = None
    top2_high: float | None = None
    bottom2: float | None = None
    bottom2_low: float | None = None
    bottom2_high: float | None = None
    adjusted: float | None = None
    reliability: float | None = None
    shops_needed: float | None = None
    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None
    change_verdict: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Moments:
    """How a site's contacts were, in the order of the table ``moments``; None is blank."""

    site_id: str
    site: str
    region: str
    source: str
    mode: str
    period_start: date
    period_end: date
    contacts: int
    magic: int | None = None
    truth: int | None = None
    misery: int | None = None
    magic_share: float | None = None
    magic_share_low: float | None = None
    magic_share_high: float | None = None
    wom_balance: float | None = None
    wom_balance_low: float | None = None
    wom_balance_high: float | None = None
    break_even_p: float | None = None
    note: str = ""


def scores(db: Database, selection: Selection, by: By = "all") -> Iterator[Score]:
    """The scores of every shown cell that was asked at least once, by site and dimension."""
    pooled = pooled_variances(db, selection, by)
    for cell in cells(db, selection, by, "dimension:%"):
        dimension = cell.facet.partition(":")[2]
        chart = cell.chart
        place = (cell.site.site_id, cell.site.name, cell.site.region, dimension)
        key = (*place, cell.source, cell.mode, cell.span.start, cell.span.end)
        n, asked = figures.count(chart), cell.bars.get("asked", 0)
        if cell.suppressed:
            yield Score(*key, n=n, note=SUPPRESSED)
            continue
        mean_low, mean_high = figures.mean_interval(chart, pooled(cell)) or (None, None)
        top, bottom = figures.at_levels(chart, 6, 7), figures.at_levels(chart, 1, 2)
        top_low, top_high = figures.wilson(top, n) or (None, None)
        bottom_low, bottom_high = figures.wilson(bottom, n) or (None, None)
        yield Score(
            *key,
            n=n,
            n_asked=asked,
            coverage=n / asked if asked else None,
            mean=figures.mean(chart),
            sd=figures.sd(chart),
            mean_low=mean_low,
            mean_high=mean_high,
            top2=top / n if n else None,
            top2_low=top_low,
            top2_high=top_high,
            bottom2=bottom / n if n else None,
            bottom2_low=bottom_low,
            bottom2_high=bottom_high,
        )


@dataclass(frozen=True)
class Histogram:
    """How often each level was given in one cell; ``bars`` is None where it is suppressed."""

    site_id: str
    dimension: str
    source: str
    mode: str
    bars: dict[int, int] | None


def histograms(db: Database, selection: Selection) -> Iterator[Histogram]:
    """The ratings behind every shown cell of :func:`scores`, over all days asked for."""
    for cell in cells(db, selection, "all", "dimension:%"):
        key = (cell.site.site_id, cell.facet.partition(":")[2], cell.source, cell.mode)
        yield Histogram(*key, None if cell.suppressed else cell.chart)


def moments(db: Database, selection: Selection, by: By = "all") -> Iterator[Moments]:
    """The moments of every shown site × source × mode × period where they were asked for.

    ``contacts`` are the answered ones: an unanswered moment is not a neutral one.
    """
    for cell in cells(db, selection, by, "moment"):
        magic, truth, misery = (cell.bars.get(m, 0) for m in ("better", "expected", "worse"))
        place = (cell.site.site_id, cell.site.name, cell.site.region)
        key = (*place, cell.source, cell.mode, cell.span.start, cell.span.end)
        contacts = magic + truth + misery
        if cell.suppressed:
            yield Moments(*key, contacts=contacts, note=SUPPRESSED)
        else:
            yield Moments(*key, contacts=contacts, magic=magic, truth=truth, misery=misery)


Place = tuple[str, str, str]
"""Facet, source, mode."""


@dataclass(frozen=True)
class Cell:
    """``bars`` are n by level as tallied; ``span`` is ``period`` cut to the days asked for."""

    site: Site
    facet: str
    source: str
    mode: str
    period: Period
    span: Period
    bars: dict[str, int]
    suppressed: bool

    @property
    def chart(self) -> dict[int, int]:
        return {level: self.bars.get(str(level), 0) for level in range(1, 8)}


def cells(db: Database, selection: Selection, by: By, facets: str) -> Iterator[Cell]:
    """Every shown cell, one site at a time: memory grows with one site's cells alone."""
    shown, wanted = selection.shown(db), selection.wanted()
    whole = _whole(db, shown, facets, selection) if by == "all" else None
    for site in shown:
        found: dict[Place, dict[Period, dict[str, int]]]
        found = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        for row in store.bars(db, site.site_id, facets, wanted, by):
            place = (row["facet"], row["source"], row["mode"])
            found[place][_period(row["bucket"], by)][row["level"]] += int(row["n"])
        few = any(source in CONFIDENTIAL for _, source, _ in found)
        open_cells = showable(db, site.site_id, selection, by, facets) if few else {}
        for place in sorted(found):
            for period, bars in sorted(found[place].items()):
                span = whole or period.within(selection.day_from, selection.day_to)
                closed = place[1] in CONFIDENTIAL and (place, period) not in open_cells
                yield Cell(site, *place, period, span, bars, suppressed=closed)


def showable(
    db: Database, site_id: str, selection: Selection, by: By, facets: str
) -> dict[tuple[Place, Period], int]:
    """n of one site's cells of managers and staff that are not suppressed.

    ``facets`` is a LIKE pattern of facets (``dimension:%``).
    """
    sources = tuple(CONFIDENTIAL.intersection(selection.sources) or CONFIDENTIAL)
    chosen = selection.wanted()
    periods: dict[Place, dict[Period, list[int]]]
    periods = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    outside: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
    for row in store.answered(db, site_id, facets, store.Wanted(sources=sources)):
        place = (row["facet"], row["source"], row["mode"])
        inside = chosen.in_days(row["day"])
        counts = periods[place][_period(row["day"], by)] if inside else outside[place]
        counts[0 if chosen.chooses(row["instrument"], row["flagged"]) else 1] += int(row["n"])
    return {
        (place, period): found[period][0]
        for place, found in periods.items()
        for period in suppression.shown(
            {period: (chosen_n, other_n) for period, (chosen_n, other_n) in found.items()},
            (outside[place][0], outside[place][1]),
            by,
        )
    }


def pooled_variances(db: Database, selection: Selection, by: By) -> Callable[[Cell], float]:
    """The variance of a cell's reference set, over all sites of the chain, for every cell.

    Of managers and staff only cells large enough to be shown are pooled: from an interval and the
    spread beside it, the spread of one small cell could be computed.
    """
    spreads: dict[tuple[str, str, str, str, Period], figures.Spread] = defaultdict(figures.Spread)
    kinds = {site.site_id: site.kind for site in sites_store.every(db)}
    everywhere = store.sums(db, "dimension:%", selection.wanted(), by)
    for site_id, rows in groupby(everywhere, key=lambda row: row["site_id"]):
        every: dict[tuple[str, str, str, Period], list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in rows:
            period = _period(row["bucket"], by)
            sums = every[row["facet"], row["source"], row["mode"], period]
            for place, name in enumerate(("n", "total", "square")):
                sums[place] += int(row[name])  # (an engine may answer with a decimal)
        for key, (n, total, square) in every.items():
            if n >= (FEWEST if key[1] in CONFIDENTIAL else 1):
                spreads[(kinds[site_id], *key)].add((n * square - total * total) / n, n)

    def of(cell: Cell) -> float:
        key = (cell.site.kind, cell.facet, cell.source, cell.mode, cell.period)
        return spreads.get(key, figures.Spread()).variance

    return of


@lru_cache(maxsize=4096)
def _period(bucket: str, by: By) -> Period:
    """The period of a bucket: ``2026``, ``2026-11``, ``2026-11-23``, or nothing for all."""
    if by == "all":
        return holding(date.min, by)
    return holding(date.fromisoformat(f"{bucket}-01-01"[:10]), by)


def _whole(db: Database, shown: list[Site], facets: str, selection: Selection) -> Period:
    """The days asked for; where an end is open, the first or last day that has data."""
    first, last = selection.day_from, selection.day_to
    if first is None or last is None:
        wanted = selection.wanted()
        every = (store.first_and_last_day(db, site.site_id, facets, wanted) for site in shown)
        found = [days for days in every if days is not None]
        first = first or min((date.fromisoformat(day) for day, _ in found), default=date.min)
        last = last or max((date.fromisoformat(day) for _, day in found), default=date.max)
    return Period(first, last)
