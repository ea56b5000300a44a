"""The mirror: what those who work at a place think customers will say, beside what customers say.

A *gap* is a forecast's mean less the customers' mean. Managers' and staff's forecasts stand apart,
and so do modes. Pure reading of tallies, as :mod:`surveys.results`; read it in one snapshot with
what stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from surveys import figures
from surveys.grammar import FORECASTS
from surveys.results import Score, Selection, cells, pooled_variances
from surveys.store.database import Database
from surveys.suppression import FEWEST, SUPPRESSED

CUSTOMER = "customer"
ROUTINE = "routine"
FEW_CUSTOMERS = "few_customers"


@dataclass(frozen=True)
class Gap:
    """One site × dimension × mode × forecast, in levels; None is blank.

    ``forecast_source`` is ``manager_forecast`` or ``staff_forecast``. ``gap`` is above 0 where they
    think better of themselves than their customers do. ``note`` is ``suppressed`` where fewer than
    five forecast, ``few_customers`` where fewer than five customers rated: there is no gap then.
    """

    site_id: str
    dimension: str
    mode: str
    forecast_source: str
    forecast_n: int
    customer_n: int
    forecast_mean: float | None = None
    customer_mean: float | None = None
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    note: str = ""


def gaps(db: Database, selection: Selection) -> Iterator[Gap]:
    """Every gap of the shown sites, over the days asked for, whatever the selection's sources."""
    both = replace(selection, sources=(CUSTOMER, *FORECASTS))
    rated = {
        (cell.site.site_id, cell.facet, cell.mode, cell.source): cell
        for cell in cells(db, both, "all", "dimension:%")
    }
    forecasts = {key: cell for key, cell in rated.items() if cell.source != CUSTOMER}
    if not forecasts:
        return  # the variances of the whole chain are not asked for in vain
    pooled = pooled_variances(db, both, "all")
    for (site_id, facet, mode, source), forecast in forecasts.items():
        customers = rated.get((site_id, facet, mode, CUSTOMER))
        said = customers.chart if customers else {}
        gap = Gap(
            site_id=site_id,
            dimension=facet.partition(":")[2],
            mode=mode,
            forecast_source=source,
            forecast_n=figures.count(forecast.chart),
            customer_n=figures.count(said),
            customer_mean=figures.mean(said),
            note=SUPPRESSED if forecast.suppressed else "",
        )
        if not forecast.suppressed:
            gap = replace(gap, forecast_mean=figures.mean(forecast.chart), note=FEW_CUSTOMERS)
            if customers is not None and gap.customer_n >= FEWEST:
                found = figures.difference(
                    forecast.chart, pooled(forecast), said, pooled(customers)
                )
                mean, low, high = found or (None, None, None)
                gap = replace(gap, gap=mean, gap_low=low, gap_high=high, note="")
        yield gap


@dataclass(frozen=True)
class Line:
    """One dimension of a site's mirror; ``forecasts`` are its gaps by source."""

    dimension: str
    customers: Score | None
    forecasts: Mapping[str, Gap]


def lines(said: Iterable[Score], forecast: Iterable[Gap], known: Sequence[str]) -> list[Line]:
    """One site's mirror of routine contacts, from customers' scores and gaps.

    Empty where nobody rated or forecast anything; else the ``known`` dimensions stand first.
    """
    customers = {one.dimension: one for one in said if one.mode == ROUTINE}
    forecasts: dict[str, dict[str, Gap]] = {}
    for gap in forecast:
        if gap.mode == ROUTINE:
            forecasts.setdefault(gap.dimension, {})[gap.forecast_source] = gap
    rated = customers.keys() | forecasts.keys()
    dimensions = (*known, *sorted(rated - set(known))) if rated else ()
    return [Line(one, customers.get(one), forecasts.get(one, {})) for one in dimensions]


@dataclass(frozen=True)
class Tallied:
    """How often each level of a facet was answered at one site by one source.

    ``n`` counts the answers; ``bars`` is None where they are suppressed.
    """

    site_id: str
    source: str
    n: int
    bars: Mapping[str, int] | None


def tallied(db: Database, selection: Selection, facet: str) -> Iterator[Tallied]:
    """The answers to one facet (``submission``, ``measure:…``), over all days asked for."""
    for cell in cells(db, selection, "all", facet):
        bars = None if cell.suppressed else dict(cell.bars)
        yield Tallied(cell.site.site_id, cell.source, sum(cell.bars.values()), bars)


@dataclass(frozen=True)
class Acceptance:
    """How many of those who work at a place would accept it themselves; None: suppressed."""

    n: int
    yes: int | None


def acceptance(db: Database, selection: Selection) -> dict[str, Acceptance]:
    """By source, of the one site that ``selection`` shows."""
    asked = replace(selection, sources=FORECASTS)
    return {
        one.source: Acceptance(one.n, None if one.bars is None else one.bars.get("true", 0))
        for one in tallied(db, asked, "measure:acceptable")
    }


@dataclass(frozen=True)
class Observed:
    """How often managers stood at a site's counter, and for how many minutes; None: suppressed."""

    times: int
    minutes: int | None


def observed(db: Database, selection: Selection) -> Observed | None:
    """Of the one site that ``selection`` shows; None where nobody did."""
    asked = replace(selection, sources=("manager",))
    for one in tallied(db, asked, "measure:observed_minutes"):
        bars = one.bars
        total = None if bars is None else sum(int(minutes) * n for minutes, n in bars.items())
        return Observed(one.n, total)
    return None
