"""How near a rater comes to the gold levels of the casebook.

Two figures. *Accuracy* is the mean absolute difference from gold, in levels: 0 is gold itself.
*Severity* is the mean of level − gold: below 0 a rater is stricter than gold, above it milder. Both
have the moderated t interval of every mean here (:mod:`surveys.figures`); its reference set are all
raters. Ratings of one case hang together, so the intervals are rather too narrow than too wide.

To rate cases and hear at once the gold level and its reason is frame-of-reference training
(H. J. Bernardin and M. R. Buckley, *Strategies in rater training*, 1981; that it makes raters more
accurate: D. J. Woehr and A. I. Huffcutt, *Rater training for performance appraisal*, 1994). The
bounds of a pass are Touchstone's own: on the average one level off, the least there is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from surveys.figures import (
    UNKNOWN_VARIANCE,
    Spread,
    count,
    difference,
    mean,
    mean_interval,
    squares,
)

PASS_AT_MOST = 1.0
"""Levels: the largest mean absolute difference from gold with which a test is passed."""

WORST_GOLD, TOO_KIND = 1, 5
"""No case whose gold is 1 may be rated 5 or more: a shopper must know when a customer is lost."""

RECENT_MONTHS = 3
"""What is held against all before: a case a month says too little in one."""

WIDEST = 6.0
"""Levels: the largest difference from gold there can be."""

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class Rating:
    """A level (1 … 7) that somebody gave a case on a scale, and the gold level as it was then."""

    case: str
    scale: str
    level: int
    gold: int
    at: datetime

    @property
    def error(self) -> int:
        """Levels above gold; below it, negative."""
        return self.level - self.gold

    @property
    def too_kind(self) -> bool:
        """Whether it alone fails a test."""
        return self.gold == WORST_GOLD and self.level >= TOO_KIND


@dataclass(frozen=True)
class Estimate:
    """A mean over ``n`` differences, in levels, with its 95 % interval."""

    n: int
    value: float
    low: float
    high: float

    @property
    def news(self) -> int:
        """1 if the whole interval is above 0, -1 if below; 0 says nothing."""
        return (self.low > 0) - (self.high < 0)


@dataclass(frozen=True)
class Reference:
    """The variances within the raters of a reference set, in levels²."""

    severity: float = UNKNOWN_VARIANCE
    accuracy: float = UNKNOWN_VARIANCE


NOT_KNOWN = Reference()
"""The reference set of a rater alone."""


@dataclass(frozen=True)
class Score:
    """What the ratings of one attempt, or of one rater, come to."""

    accuracy: Estimate
    severity: Estimate
    worst: Rating
    too_kind: tuple[Rating, ...]

    @property
    def passed(self) -> bool:
        """Whether a test with these ratings is passed."""
        return self.accuracy.value <= PASS_AT_MOST and not self.too_kind


@dataclass(frozen=True)
class Month:
    """A rater's ratings of one calendar month, which ``first`` begins."""

    first: date
    accuracy: Estimate
    severity: Estimate


@dataclass(frozen=True)
class Drift:
    """How a rater moved: month by month, and the newest three months less all before them.

    The latter are None while nothing is older. Of ``worse``, above 0 is farther from gold
    than before; of ``milder``, above 0 is milder. :attr:`Estimate.news` says whether it is any.
    """

    months: tuple[Month, ...]
    worse: Estimate | None = None
    milder: Estimate | None = None


def reference(raters: Iterable[Collection[Rating]]) -> Reference:
    """The reference set of all raters, each with all ratings."""
    severity, accuracy = Spread(), Spread()
    for ratings in raters:
        errors, distances = _charts(ratings)
        severity.add(squares(errors), count(errors))
        accuracy.add(squares(distances), count(distances))
    return Reference(severity.variance, accuracy.variance)


def score(ratings: Collection[Rating], among: Reference = NOT_KNOWN) -> Score | None:
    """What these ratings come to; None for none. ``among`` is where variances are drawn to."""
    errors, distances = _charts(ratings)
    accuracy = _estimate(distances, among.accuracy, lowest=0.0)
    severity = _estimate(errors, among.severity, lowest=-WIDEST)
    if accuracy is None or severity is None:
        return None
    worst = max(ratings, key=lambda rating: (rating.too_kind, abs(rating.error)))
    too_kind = tuple(rating for rating in ratings if rating.too_kind)
    return Score(accuracy, severity, worst, too_kind)


def drift(ratings: Iterable[Rating], among: Reference = NOT_KNOWN) -> Drift:
    """How a rater moved, by the calendar months of each rating's own time zone."""
    by_month: defaultdict[date, list[Rating]] = defaultdict(list)
    for rating in ratings:
        by_month[rating.at.date().replace(day=1)].append(rating)
    months = [
        Month(first, found.accuracy, found.severity)
        for first, inside in sorted(by_month.items())
        if (found := score(inside, among)) is not None
    ]
    recent: list[Rating] = []
    before: list[Rating] = []
    for first, inside in by_month.items():
        is_recent = _number(months[-1].first) - _number(first) < RECENT_MONTHS
        (recent if is_recent else before).extend(inside)
    errors, distances = _charts(recent)
    old_errors, old_distances = _charts(before)
    return Drift(
        tuple(months),
        worse=_change(distances, old_distances, among.accuracy),
        milder=_change(errors, old_errors, among.severity),
    )


def _number(month: date) -> int:
    return 12 * month.year + month.month


def hardest(
    ratings: Iterable[Rating], key: Callable[[Rating], _Key], among: Reference = NOT_KNOWN
) -> dict[_Key, Score]:
    """What all ratings with the same ``key`` come to, those farthest from gold first.

    By the lower end of their accuracy's interval, so that the slip of one rater does not lead.
    """
    groups: defaultdict[_Key, list[Rating]] = defaultdict(list)
    for rating in ratings:
        groups[key(rating)].append(rating)
    scores = {
        name: found
        for name, inside in groups.items()
        if (found := score(inside, among)) is not None
    }
    return dict(sorted(scores.items(), key=lambda pair: -pair[1].accuracy.low))


def _charts(ratings: Collection[Rating]) -> tuple[Counter[int], Counter[int]]:
    """How many ratings are how many levels off, with the sign and without."""
    errors = Counter(rating.error for rating in ratings)
    return errors, Counter(abs(rating.error) for rating in ratings)


def _estimate(chart: Counter[int], pooled: float, *, lowest: float) -> Estimate | None:
    middle = mean(chart)
    interval = mean_interval(chart, pooled, lowest=lowest, highest=WIDEST)
    if middle is None or interval is None:
        return None
    return Estimate(count(chart), middle, *interval)


def _change(chart: Counter[int], before: Counter[int], pooled: float) -> Estimate | None:
    found = difference(chart, pooled, before, pooled)
    return None if found is None else Estimate(count(chart), *found)
