"""Every figure, from one bar chart of levels: pure arithmetic, no clock, no database.

A *chart* counts how many ratings stand at each level: ``{6: 4, 7: 1}`` is four sixes and a seven.
Levels are 1 (worst) to 7 (best). Figures that do not exist (the mean of nothing) are None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from surveys.distributions import NORMAL_975, t_two_sided

Chart = Mapping[int, int]
Interval = tuple[float, float]

LOWEST, HIGHEST = 1, 7
PRIOR_FREEDOM = 3
"""ν₀: how many degrees of freedom the variance of the reference set weighs in a cell's own."""
LEAST_VARIANCE = 0.25
UNKNOWN_VARIANCE = 2.0


def count(chart: Chart) -> int:
    return sum(chart.values())


def mean(chart: Chart) -> float | None:
    n = count(chart)
    return sum(level * many for level, many in chart.items()) / n if n else None


def squares(chart: Chart) -> float:
    """Σ(x − x̄)², exact until the last division: n·Σx² and (Σx)² are whole numbers."""
    n = count(chart)
    if n == 0:
        return 0.0
    total = sum(level * many for level, many in chart.items())
    return (n * sum(level * level * many for level, many in chart.items()) - total * total) / n


def sd(chart: Chart) -> float | None:
    """Sample standard deviation, in levels; None for fewer than two ratings."""
    n = count(chart)
    return math.sqrt(squares(chart) / (n - 1)) if n >= 2 else None


@dataclass
class Spread:
    """The variance within the cells of a reference set, gathered cell by cell.

    ``squares`` is Σ(nᵢ − 1)sᵢ², ``freedom`` is Σ(nᵢ − 1).
    """

    squares: float = 0.0
    freedom: int = 0

    def add(self, squares: float, n: int) -> None:
        """A cell with ``n`` ratings whose squared distances from their mean sum to ``squares``."""
        if n >= 1:
            self.squares += squares
            self.freedom += n - 1

    @property
    def variance(self) -> float:
        """s₀²: pooled, never below 0.25; 2.0 while no cell holds two ratings."""
        if self.freedom == 0:
            return UNKNOWN_VARIANCE
        return max(LEAST_VARIANCE, self.squares / self.freedom)


def mean_interval(
    chart: Chart, pooled: float, *, lowest: float = LOWEST, highest: float = HIGHEST
) -> Interval | None:
    """The moderated t interval of the mean at 95 %, clipped to what levels there are (1 … 7).

    None without ratings.

    The cell's own variance is drawn towards ``pooled``, that of its reference set, as if three
    more degrees of freedom had been seen there (after Smyth, *Linear models and empirical Bayes
    methods*, 2004). So five sevens are not "certain", and one rating has a wide interval.
    """
    middle = mean(chart)
    if middle is None:
        return None
    variance, freedom = _of_mean(chart, pooled)
    reach = t_two_sided(freedom) * math.sqrt(variance)
    return max(float(lowest), middle - reach), min(float(highest), middle + reach)


def _of_mean(chart: Chart, pooled: float) -> tuple[float, int]:
    """The moderated variance of the mean of at least one rating, and its degrees of freedom."""
    n = count(chart)
    freedom = n - 1 + PRIOR_FREEDOM
    return (squares(chart) + PRIOR_FREEDOM * pooled) / freedom / n, freedom


def difference(
    chart: Chart, pooled: float, other: Chart, other_pooled: float
) -> tuple[float, float, float] | None:
    """The mean of ``chart`` less the mean of ``other``, and its 95 % interval, in levels.

    Welch's interval on the variances that :func:`mean_interval` takes, clipped to -6 … 6. None
    where either has no ratings.
    """
    mine, others = mean(chart), mean(other)
    if mine is None or others is None:
        return None
    found = mine - others
    reach = welch_reach(_of_mean(chart, pooled), _of_mean(other, other_pooled))
    widest = float(HIGHEST - LOWEST)
    return found, max(-widest, found - reach), min(widest, found + reach)


def welch_reach(one: tuple[float, float], other: tuple[float, float]) -> float:
    """How far Welch's 95 % interval of a difference reaches to either side.

    Each is the variance of a mean (not 0 both) and its degrees of freedom, which go together after
    Welch and Satterthwaite (B. L. Welch, *The generalization of “Student’s” problem*, 1947).
    """
    (v1, f1), (v2, f2) = one, other
    freedom = (v1 + v2) ** 2 / (v1 * v1 / f1 + v2 * v2 / f2)
    return t_two_sided(freedom) * math.sqrt(v1 + v2)


def wilson(hits: int, n: int) -> Interval | None:
    """Wilson's score interval at 95 % for ``hits`` of ``n``, in 0 … 1; None when n = 0.

    E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, 1927.
    """
    if n == 0:
        return None
    z2 = NORMAL_975 * NORMAL_975
    share = hits / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = NORMAL_975 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At the ends the bound is exactly 0 or 1; rounding must not leave it a hair beside.
    low = 0.0 if hits == 0 else max(0.0, middle - reach)
    high = 1.0 if hits == n else min(1.0, middle + reach)
    return low, high


def at_levels(chart: Chart, *levels: int) -> int:
    """How many ratings stand at one of ``levels``."""
    return sum(chart.get(level, 0) for level in levels)
