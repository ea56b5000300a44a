"""Which small cells of few, known people are not shown, and which others would give them away.

Managers and staff are few, and everybody knows who they are. Of what they answered, a cell with
fewer than :data:`FEWEST` ratings shows only how many there were. A cell that could be computed
from such a one and a total is hidden with it. The rule, within one site × dimension × source ×
mode:

1. A period is hidden when fewer than five ratings were chosen for it.
2. When a selection chooses by flag or instrument, what it leaves out is a second class of ratings
   beside the chosen ones. A period is hidden when either class holds one to four: the other file
   would give it away.
3. Within every longer period that is a sum of these (the days of a week; the days, months and
   quarters of a year; everything), the hidden ratings of a class are either none or at least five
   together; else the smallest shown period is hidden too, until that holds. The days outside the
   asked ones stand in this sum as one more period.

It guards each table against its own totals. It does not guard against somebody who asks for many
overlapping ranges of days and subtracts them: no rule that answers each question alone can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from surveys.periods import By, Period, holding

CONFIDENTIAL = frozenset({"manager", "staff", "manager_forecast", "staff_forecast"})
FEWEST = 5
FEWEST_FOR_WORDS = 8
"""Somebody's own words give them away sooner than their ticks do."""
SUPPRESSED = "suppressed"

Counts = tuple[int, int]
"""Ratings chosen, and ratings of the same period that the selection leaves out."""

_SUMS: dict[By, tuple[By, ...]] = {
    "day": ("week", "month", "quarter", "year", "all"),
    "week": ("all",),
    "month": ("quarter", "year", "all"),
    "quarter": ("year", "all"),
    "year": ("all",),
    "all": ("all",),
}


def shown(periods: Mapping[Period, Counts], outside: Counts, by: By) -> set[Period]:
    """The periods that may be shown. ``outside`` counts the days that were not asked for."""
    hidden = {period for period, counts in periods.items() if _too_few(counts)}
    while (more := _next(periods, outside, by, hidden)) is not None:
        hidden.add(more)
    return set(periods) - hidden


def _too_few(counts: Counts) -> bool:
    chosen, left_out = counts
    return chosen < FEWEST or 0 < left_out < FEWEST


def _next(
    periods: Mapping[Period, Counts], outside: Counts, by: By, hidden: set[Period]
) -> Period | None:
    """The next period that must be hidden because a sum would tell, or None."""
    for whole, together in _sums(periods, by):
        for kind in (0, 1):
            small = sum(periods[period][kind] for period in together if period in hidden)
            if whole == "all" and 0 < outside[kind] < FEWEST:
                small += outside[kind]
            open_ones = [p for p in together if p not in hidden and periods[p][kind] > 0]
            if 0 < small < FEWEST and open_ones:
                return min(open_ones, key=lambda period: (periods[period], period))
    return None


def _sums(periods: Mapping[Period, Counts], by: By) -> Iterator[tuple[By, list[Period]]]:
    """The periods that add up to one longer period each."""
    for whole in _SUMS[by]:
        groups: dict[date, list[Period]] = {}
        for period in sorted(periods):
            groups.setdefault(holding(period.start, whole).start, []).append(period)
        for together in groups.values():
            yield whole, together
