"""Results from tallies: equal to those from the raw ratings, whoever looks and from where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveys import figures, suppression
from surveys.periods import PERIODS, By, Period, holding
from surveys.results import Moments, Score, Selection, moments, scores, showable
from surveys.store import sites, tallies
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.tallies import Bar

ANY_DATABASE = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)

CHAIN = (
    Site("a1", "A one", "north", "Europe/Paris", "fr"),
    Site("a2", "A two", "north", "Europe/Paris", "fr"),
    Site("b1", "B one", "south", "Europe/Madrid", "es"),
    Site("it", "The IT department", "south", "Europe/Madrid", "es", kind="internal"),
)


@dataclass(frozen=True)
class Rating:
    """One answer to one scale; level None: it did not come up."""

    site_id: str = "a1"
    dimension: str = "welcome"
    level: int | None = 5
    day: date = date(2026, 11, 2)  # a Monday
    source: str = "customer"
    mode: str = "routine"
    instrument: str = "counter"
    flagged: int = 0


def put(database: Database, ratings: Iterable[Rating]) -> None:
    """Empty the database, then tally the ratings as intake would."""
    with database.transaction():
        database.execute("DELETE FROM tallies")
        sites.put(database, CHAIN)
        bars: Counter[Bar] = Counter()
        for r in ratings:
            for level in ["asked"] if r.level is None else ["asked", str(r.level)]:
                facet = f"dimension:{r.dimension}"
                bars[
                    Bar(
                        r.site_id,
                        r.instrument,
                        r.source,
                        r.mode,
                        facet,
                        str(r.day),
                        level,
                        r.flagged,
                    )
                ] += 1
        tallies.add(database, bars)


def many(*levels: int | None, **same: Any) -> list[Rating]:
    return [Rating(level=level, **same) for level in levels]


def one(found: Iterable[Score]) -> Score:
    (score,) = found
    return score


# --- periods ----------------------------------------------------------------------------------


@given(st.dates(), st.sampled_from(PERIODS))
def test_a_period_holds_its_day_and_no_other_period_does(day: date, by: By) -> None:
    period = holding(day, by)
    assert period.start <= day <= period.end
    if by != "all":
        assert {holding(period.start, by), holding(period.end, by)} == {period}
        if period.end < date.max:
            assert holding(period.end + timedelta(days=1), by).start == period.end + timedelta(1)


def test_the_calendar() -> None:
    def days(day: str, by: By) -> tuple[str, str]:
        period = holding(date.fromisoformat(day), by)
        return str(period.start), str(period.end)

    assert days("2027-01-01", "week") == ("2026-12-28", "2027-01-03")  # ISO week 53
    assert days("2026-11-22", "week") == ("2026-11-16", "2026-11-22")  # a Sunday ends its week
    assert days("2028-02-29", "month") == ("2028-02-01", "2028-02-29")
    assert days("2026-12-31", "month") == ("2026-12-01", "2026-12-31")
    assert days("2026-05-05", "quarter") == ("2026-04-01", "2026-06-30")
    assert days("2026-12-05", "quarter") == ("2026-10-01", "2026-12-31")
    assert days("2026-12-05", "year") == ("2026-01-01", "2026-12-31")
    assert get_args(By) == PERIODS


# --- equal to the raw ratings -----------------------------------------------------------------

ratings_of_customers = st.lists(
    st.builds(
        Rating,
        site_id=st.sampled_from([site.site_id for site in CHAIN]),
        dimension=st.sampled_from(["welcome", "waiting"]),
        level=st.one_of(st.none(), st.integers(1, 7)),
        day=st.dates(date(2026, 12, 20), date(2027, 1, 20)),
        source=st.sampled_from(["customer", "shopper"]),
        mode=st.sampled_from(["routine", "joint-work"]),
        instrument=st.sampled_from(["counter", "visit"]),
        flagged=st.integers(0, 1),
    ),
    max_size=60,
)
selections = st.builds(
    Selection,
    day_from=st.one_of(st.none(), st.just(date(2026, 12, 30))),
    day_to=st.one_of(st.none(), st.just(date(2027, 1, 12))),
    regions=st.sampled_from([(), ("north",), ("north", "south")]),
    sites=st.sampled_from([(), ("b1",), ("a1", "it")]),
    sources=st.sampled_from([(), ("customer",)]),
    instruments=st.sampled_from([(), ("visit",)]),
    flagged=st.sampled_from(["include", "exclude", "only"]),
    allowed=st.sampled_from([None, frozenset({"a1", "b1"}), frozenset()]),
)


@ANY_DATABASE
@given(ratings=ratings_of_customers, selection=selections, by=st.sampled_from(PERIODS))
def test_scores_from_tallies_equal_scores_from_the_ratings(
    database: Database, ratings: list[Rating], selection: Selection, by: By
) -> None:
    put(database, ratings)
    kinds = {site.site_id: site.kind for site in CHAIN}
    regions = {site.site_id: site.region for site in CHAIN}
    counted = [
        r
        for r in ratings
        if (selection.day_from or r.day) <= r.day <= (selection.day_to or r.day)
        and (not selection.instruments or r.instrument in selection.instruments)
        and (selection.flagged == "include" or r.flagged == (selection.flagged == "only"))
    ]
    cells: dict[tuple[Any, ...], list[int | None]] = defaultdict(list)
    for r in counted:
        cells[r.site_id, r.dimension, r.source, r.mode, holding(r.day, by)].append(r.level)

    expected = {}
    for (site_id, dimension, source, mode, period), levels in cells.items():
        shown = (
            (not selection.regions or regions[site_id] in selection.regions)
            and (not selection.sites or site_id in selection.sites)
            and (selection.allowed is None or site_id in selection.allowed)
            and (not selection.sources or source in selection.sources)
        )
        if not shown:
            continue
        rated = [level for level in levels if level is not None]
        alike = [
            [level for level in others if level is not None]
            for (other, *rest), others in cells.items()
            if kinds[other] == kinds[site_id] and rest == [dimension, source, mode, period]
        ]
        freedom = sum(len(r) - 1 for r in alike if r)
        within = sum(float(((np.array(r) - np.mean(r)) ** 2).sum()) for r in alike if r)
        pooled = max(0.25, within / freedom) if freedom else 2.0
        interval = figures.mean_interval(Counter(rated), pooled) or (None, None)
        expected[site_id, dimension, source, mode, period.start] = (
            len(rated),
            len(levels),
            len(rated) / len(levels),
            np.mean(rated) if rated else None,
            np.std(rated, ddof=1) if len(rated) > 1 else None,
            *interval,
            sum(level >= 6 for level in rated) / len(rated) if rated else None,
            sum(level <= 2 for level in rated) / len(rated) if rated else None,
        )

    found = list(scores(database, selection, by))
    got = {
        (
            s.site_id,
            s.dimension,
            s.source,
            s.mode,
            holding(s.period_start, by).start,
        ): (s.n, s.n_asked, s.coverage, s.mean, s.sd, s.mean_low, s.mean_high, s.top2, s.bottom2)
        for s in found
    }
    assert got.keys() == expected.keys()
    for key, values in expected.items():
        assert got[key] == pytest.approx(values, abs=1e-9), key
    assert len(got) == len(found)


def test_a_worked_score(database: Database) -> None:
    put(database, many(7, 7, 6, 2, None) + many(5, 5, site_id="b1"))
    score = next(scores(database, Selection()))
    # ratings 7 7 6 2: mean 5.5, Σ(x − x̄)² = 17, s² = 17/3. The other cell: 0 of 1 freedom more:
    # s₀² = 17/4. s*² = (17 + 3 · 4.25)/6 = 4.958333; ± 2.446912 · √(4.958333/4) = 2.724308
    assert (score.n, score.n_asked, score.coverage) == (4, 5, 0.8)
    assert score.mean == 5.5
    assert score.sd == pytest.approx(2.380476, abs=1e-6)
    assert score.mean_low == pytest.approx(5.5 - 2.724308, abs=1e-6)
    assert score.mean_high == 7.0
    assert (score.top2, score.bottom2) == (0.75, 0.25)
    # Wilson, 3 of 4
    assert (score.top2_low, score.top2_high) == pytest.approx((0.300642, 0.954413), abs=1e-6)
    assert (score.period_start, score.period_end) == (date(2026, 11, 2), date(2026, 11, 2))
    later = [getattr(score, field.name) for field in fields(Score)[21:31]]
    assert later == [None] * 10
    assert score.note == ""


# --- what is shown never changes a figure -----------------------------------------------------


@ANY_DATABASE
@given(ratings=ratings_of_customers, by=st.sampled_from(PERIODS[:-1]))
def test_whoever_looks_sees_the_same_figures(
    database: Database, ratings: list[Rating], by: By
) -> None:
    put(database, ratings)
    everything = set(map(astuple, scores(database, Selection(), by)))
    for narrower in (
        Selection(regions=("north",)),
        Selection(sites=("a1",)),
        Selection(allowed=frozenset({"a1"})),
        Selection(sources=("shopper",)),
    ):
        assert set(map(astuple, scores(database, narrower, by))) <= everything


def test_departments_and_shops_are_no_reference_for_each_other(database: Database) -> None:
    put(database, many(5, 5, 5) + many(1, 7, 1, 7, site_id="it"))
    (shop, department) = scores(database, Selection())
    assert (shop.site_id, department.site_id) == ("a1", "it")
    alone = figures.mean_interval({5: 3}, 0.25)
    assert (shop.mean_low, shop.mean_high) == alone


def test_a_row_covers_the_days_it_counts(database: Database) -> None:
    put(database, many(5, day=date(2026, 11, 4)) + many(6, day=date(2026, 11, 20)))
    asked = Selection(day_from=date(2026, 11, 3), day_to=date(2026, 11, 18))
    week = one(scores(database, asked, "week"))
    assert (week.period_start, week.period_end) == (date(2026, 11, 3), date(2026, 11, 8))
    everything = one(scores(database, asked, "all"))
    assert (everything.period_start, everything.period_end) == (asked.day_from, asked.day_to)
    since = one(scores(database, replace(asked, day_to=None), "all"))
    assert (since.period_start, since.period_end) == (date(2026, 11, 3), date(2026, 11, 20))
    assert list(scores(database, replace(asked, day_from=date(2026, 12, 1), day_to=None))) == []


# --- moments ----------------------------------------------------------------------------------


def test_an_unanswered_moment_is_not_a_neutral_one(database: Database) -> None:
    put(database, [])
    bars = {"asked": 9, "better": 3, "worse": 1}
    with database.transaction():
        tallies.add(
            database,
            {
                Bar("a1", "counter", "customer", "routine", "moment", "2026-11-02", level, 0): n
                for level, n in bars.items()
            },
        )
    (found,) = moments(database, Selection(), "week")
    assert (found.contacts, found.magic, found.truth, found.misery) == (4, 3, 0, 1)
    assert (found.period_start, found.period_end) == (date(2026, 11, 2), date(2026, 11, 8))
    assert [getattr(found, field.name) for field in fields(Moments)[11:18]] == [None] * 7


# --- suppression ------------------------------------------------------------------------------

STAFF: dict[str, Any] = {"source": "staff", "instrument": "mirror"}


def test_four_of_the_staff_show_how_many_they_are_and_nothing_else(database: Database) -> None:
    put(database, many(7, 7, 6, 1, None, **STAFF))
    score = one(scores(database, Selection()))
    assert (score.n, score.note) == (4, "suppressed")
    shown = {f.name for f in fields(Score) if getattr(score, f.name) not in (None, "")}
    assert shown == {
        *("site_id", "site", "region", "dimension", "source", "mode"),
        *("period_start", "period_end", "n", "note"),
    }


def test_five_of_the_staff_are_shown_and_so_is_one_customer(database: Database) -> None:
    put(database, many(7, 7, 6, 1, 1, **STAFF) + many(3))
    found = list(scores(database, Selection()))
    assert [(score.n, score.note, score.mean is not None) for score in found] == [
        (1, "", True),
        (5, "", True),
    ]


def test_that_nobody_of_the_staff_rated_is_suppressed_too(database: Database) -> None:
    # n_asked would tell what each of them said: that it did not come up.
    put(database, many(None, None, **STAFF))
    score = one(scores(database, Selection()))
    assert (score.n, score.n_asked, score.note) == (0, None, "suppressed")


def months(database: Database, **options: Any) -> dict[int, str]:
    found = scores(database, Selection(**options), "month")
    return {score.period_start.month: score.note for score in found}


def test_a_month_that_the_total_would_give_away_hides_another(database: Database) -> None:
    put(
        database,
        many(*[4] * 9, day=date(2026, 7, 1), **STAFF)
        + many(*[5] * 6, day=date(2026, 8, 3), **STAFF)
        + many(1, 2, day=date(2026, 9, 7), **STAFF),
    )
    assert months(database) == {7: "", 8: "suppressed", 9: "suppressed"}
    # The total is still there, but nothing of September can be had from it.
    assert one(scores(database, Selection(), "all")).n == 17
    assert one(scores(database, Selection(), "all")).note == ""


def test_what_is_left_out_by_days_or_flags_is_part_of_the_sum(database: Database) -> None:
    put(
        database,
        many(*[4] * 9, day=date(2026, 7, 1), **STAFF)
        + many(1, 2, day=date(2026, 9, 7), **STAFF)
        + many(*[6] * 7, day=date(2026, 7, 2), site_id="b1", **STAFF)
        + many(6, day=date(2026, 7, 2), site_id="b1", flagged=1, **STAFF),
    )
    # July alone would give September away: all − July = September.
    july = Selection(day_to=date(2026, 7, 31), sites=("a1",))
    assert one(scores(database, july)).note == "suppressed"
    # Without the one flagged rating, b1 would give it away: all − exclude = only.
    b1 = Selection(sites=("b1",))
    assert one(scores(database, b1)).note == ""
    assert one(scores(database, replace(b1, flagged="exclude"))).note == "suppressed"
    assert one(scores(database, replace(b1, flagged="only"))).note == "suppressed"


def test_an_interval_tells_nothing_of_a_suppressed_cells_spread(database: Database) -> None:
    shown = many(4, 5, 5, 6, 7, 7, **STAFF)
    intervals = set()
    for few in ([], [1, 7], [4, 4], [1, 1, 7, 7]):
        put(database, shown + many(*few, site_id="b1", **STAFF))
        score = next(scores(database, Selection()))
        intervals.add((score.mean_low, score.mean_high))
    assert len(intervals) == 1
    put(database, shown + many(1, 1, 7, 7, 7, site_id="b1", **STAFF))
    score = next(scores(database, Selection()))
    assert (score.mean_low, score.mean_high) not in intervals


def test_moments_of_four_of_the_staff_are_suppressed(database: Database) -> None:
    put(database, [])
    with database.transaction():
        bars = {
            Bar(site, "mirror", "staff", "routine", "moment", "2026-11-02", level, 0): n
            for site, many_ in (("a1", (3, 1)), ("b1", (3, 2)))
            for level, n in zip(("asked", "better", "worse"), (6, *many_), strict=True)
        }
        tallies.add(database, bars)
    small, large = moments(database, Selection())
    assert (small.contacts, small.magic, small.misery, small.note) == (4, None, None, "suppressed")
    assert (large.contacts, large.magic, large.misery, large.note) == (5, 3, 2, "")


counts = st.dictionaries(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.tuples(st.integers(0, 12), st.integers(0, 7)),
    max_size=14,
)


@given(
    days=counts,
    outside=st.tuples(st.integers(0, 12), st.integers(0, 7)),
    by=st.sampled_from(PERIODS),
)
def test_no_sum_of_shown_periods_gives_a_hidden_one_away(
    days: dict[date, tuple[int, int]], outside: tuple[int, int], by: By
) -> None:
    periods: dict[Period, tuple[int, int]] = {}
    for day, (chosen, left_out) in days.items():
        before = periods.get(holding(day, by), (0, 0))
        periods[holding(day, by)] = (before[0] + chosen, before[1] + left_out)
    shown = suppression.shown(periods, outside, by)
    assert all(periods[period][0] >= 5 for period in shown)
    assert all(periods[period][1] not in range(1, 5) for period in shown)
    longer: dict[By, list[By]] = {"day": ["week", "month", "year"], "month": ["quarter", "year"]}
    for whole in longer.get(by, []):
        for start in {holding(period.start, whole).start for period in periods}:
            within = [p for p in periods if holding(p.start, whole).start == start]
            for kind in (0, 1):
                if any(p in shown and periods[p][kind] for p in within):
                    rest = sum(periods[p][kind] for p in within if p not in shown)
                    assert rest == 0 or rest >= 5


def test_rows_may_be_shown_where_their_cell_is(database: Database) -> None:
    put(database, many(7, 7, 6, 1, **STAFF) + many(*[3] * 8, dimension="waiting", **STAFF))
    open_cells = showable(database, "a1", Selection(), "all", "%")
    assert {place[0]: n for (place, _), n in open_cells.items()} == {"dimension:waiting": 8}
