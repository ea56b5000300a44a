"""Calendar periods: the days that one row of a table covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

By = Literal["day", "week", "month", "quarter", "year", "all"]
PERIODS: tuple[By, ...] = get_args(By)


@dataclass(frozen=True, order=True)
class Period:
    """Days from ``start`` to ``end``, both inclusive."""

    start: date
    end: date

    def within(self, first: date | None, last: date | None) -> Period:
        """This period without the days before ``first`` or after ``last``."""
        return Period(max(self.start, first or self.start), min(self.end, last or self.end))


def holding(day: date, by: By) -> Period:
    """The period that ``day`` lies in; weeks are ISO weeks, Monday to Sunday.

    ``all`` has no edges of its own: it is every day there is.
    """
    if by == "day":
        return Period(day, day)
    if by == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    if by == "month":
        return _months(day.year, day.month, 1)
    if by == "quarter":
        return _months(day.year, day.month - (day.month - 1) % 3, 3)
    if by == "year":
        return Period(date(day.year, 1, 1), date(day.year, 12, 31))
    return Period(date.min, date.max)


def _months(year: int, month: int, count: int) -> Period:
    after = month + count
    end = date(year, after, 1) - timedelta(days=1) if after <= 12 else date(year, 12, 31)
    return Period(date(year, month, 1), end)
