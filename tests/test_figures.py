"""Every figure against scipy, by hand, and by simulation."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from surveys import figures
from surveys.distributions import NORMAL_975, beta_log_tails, t_two_sided

charts = st.dictionaries(
    st.integers(1, 7), st.one_of(st.integers(0, 6), st.integers(0, 5000)), max_size=7
)
unhurried = settings(deadline=None)  # the machine is shared, and scipy's first call is slow


def levels(chart: figures.Chart) -> list[int]:
    return [level for level, many in sorted(chart.items()) for _ in range(many)]


# --- distributions ----------------------------------------------------------------------------


@unhurried
@given(
    freedom=st.one_of(st.integers(1, 400), st.floats(0.5, 1e6)),
    outside=st.floats(1e-7, 0.999),
)
def test_t_agrees_with_scipy(freedom: float, outside: float) -> None:
    assert t_two_sided(freedom, outside) == pytest.approx(
        stats.t.isf(outside / 2, freedom), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize(
    ("freedom", "printed"), [(1, 12.706), (2, 4.303), (3, 3.182), (7, 2.365), (30, 2.042)]
)
def test_t_agrees_with_the_printed_table(freedom: int, printed: float) -> None:
    assert round(t_two_sided(freedom), 3) == printed


def test_t_becomes_the_normal_distribution() -> None:
    assert t_two_sided(1e9) == pytest.approx(NORMAL_975, abs=1e-8)


@unhurried
@given(
    u=st.floats(-30, 30),
    a=st.one_of(st.floats(0.1, 20), st.floats(0.1, 1e5)),
    b=st.one_of(st.floats(0.1, 20), st.floats(0.1, 1e5)),
)
def test_the_beta_function_agrees_with_scipy(u: float, a: float, b: float) -> None:
    lower, upper = (math.exp(tail) for tail in beta_log_tails(u, a, b))
    x, y = 1 / (1 + math.exp(-u)), 1 / (1 + math.exp(u))
    # From whichever end the argument is exact: 1 - x loses the digits that the other tail needs.
    expected = special.betainc(a, b, x) if x < 0.5 else 1 - special.betainc(b, a, y)
    assert lower == pytest.approx(expected, rel=1e-8, abs=1e-12)
    assert lower + upper == pytest.approx(1, abs=1e-12)


# --- mean, spread, interval -------------------------------------------------------------------


@unhurried
@given(charts)
def test_mean_and_sd_agree_with_numpy(chart: dict[int, int]) -> None:
    ratings = levels(chart)
    assert figures.count(chart) == len(ratings)
    if not ratings:
        assert figures.mean(chart) is None
    else:
        assert figures.mean(chart) == pytest.approx(np.mean(ratings), abs=1e-9)
    if len(ratings) < 2:
        assert figures.sd(chart) is None
    else:
        assert figures.sd(chart) == pytest.approx(np.std(ratings, ddof=1), abs=1e-9)


@unhurried
@given(charts, st.floats(0.25, 9))
def test_the_interval_is_smyths_against_scipy(chart: dict[int, int], pooled: float) -> None:
    ratings = levels(chart)
    n = len(ratings)
    found = figures.mean_interval(chart, pooled)
    if n == 0:
        assert found is None
        return
    s2 = np.var(ratings, ddof=1) if n > 1 else 0.0
    variance = ((n - 1) * s2 + 3 * pooled) / (n - 1 + 3)
    low, high = stats.t.interval(
        0.95, n - 1 + 3, loc=np.mean(ratings), scale=math.sqrt(variance / n)
    )
    assert found == pytest.approx((max(1, low), min(7, high)), abs=1e-9)


def test_one_rating_has_an_honest_wide_interval() -> None:
    # n = 1: the variance is that of the reference set alone, with three degrees of freedom.
    # 4 ± 3.18245 · √2 = 4 ± 4.50: wider than the scale.
    assert figures.mean_interval({4: 1}, 2.0) == (1.0, 7.0)
    low, high = figures.mean_interval({4: 1}, 0.25) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (2.4088, 5.5912)  # 4 ± 3.18245 · 0.5


def test_five_sevens_are_not_certain() -> None:
    # s² = 0, s₀² = 1: s*² = 3/7; 7 − 2.36462 · √(3/35) = 6.30771
    low, high = figures.mean_interval({7: 5}, 1.0) or (0, 0)
    assert high == 7.0
    assert low == pytest.approx(6.307709, abs=1e-6)


def test_a_worked_interval() -> None:
    # 4, 5, 6, 7: mean 5.5, s² = 5/3, s₀² = 1: s*² = (5 + 3)/6; ± 2.446912 · √(1/3)
    low, high = figures.mean_interval({4: 1, 5: 1, 6: 1, 7: 1}, 1.0) or (0, 0)
    assert (low, high) == pytest.approx((5.5 - 1.412725, 5.5 + 1.412725), abs=1e-6)


def test_the_reference_sets_variance() -> None:
    spread = figures.Spread()
    assert spread.variance == 2.0  # nothing is known
    spread.add(0.0, 1)
    spread.add(0.0, 0)
    assert spread.variance == 2.0  # one rating tells nothing of a spread
    spread.add(figures.squares({4: 1, 6: 1}), 2)
    assert spread.variance == 2.0  # (1 + 1) / 1
    spread.add(figures.squares({5: 4}), 4)
    assert spread.variance == 0.5  # 2 / (1 + 3)
    for _ in range(10):
        spread.add(0.0, 10)
    assert spread.variance == 0.25  # never below


@unhurried
@given(st.lists(charts, max_size=6))
def test_the_pooled_variance_is_that_of_all_cells_around_their_own_means(
    cells: list[dict[int, int]],
) -> None:
    spread = figures.Spread()
    for chart in cells:
        spread.add(figures.squares(chart), figures.count(chart))
    many = [levels(chart) for chart in cells if figures.count(chart) > 1]
    freedom = sum(len(ratings) - 1 for ratings in many)
    if freedom == 0:
        assert spread.variance == 2.0
    else:
        pooled = sum((len(r) - 1) * np.var(r, ddof=1) for r in many) / freedom
        assert spread.variance == pytest.approx(max(0.25, pooled), abs=1e-9)


# --- shares -----------------------------------------------------------------------------------


@unhurried
@given(st.integers(1, 100_000), st.floats(0, 1))
def test_wilson_agrees_with_scipy(n: int, share: float) -> None:
    hits = round(share * n)
    expected = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert figures.wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_by_hand() -> None:
    # 0 of 10: up to z²/(10 + z²) = 3.841459 / 13.841459
    assert figures.wilson(0, 10) == (0.0, pytest.approx(0.277533, abs=1e-6))
    assert figures.wilson(10, 10) == (pytest.approx(0.722467, abs=1e-6), 1.0)
    assert figures.wilson(0, 0) is None


def test_levels_are_counted() -> None:
    assert figures.at_levels({7: 3, 6: 2, 1: 9}, 6, 7) == 5
    assert figures.at_levels({}, 1, 2) == 0


# --- coverage ---------------------------------------------------------------------------------

SHAPES = {
    "middle": [0.03, 0.10, 0.22, 0.30, 0.22, 0.10, 0.03],
    "mostly 6-7": [0.01, 0.01, 0.02, 0.05, 0.11, 0.40, 0.40],
    "80 % sevens": [0.0, 0.0, 0.01, 0.02, 0.05, 0.12, 0.80],
    "two-peaked": [0.25, 0.15, 0.05, 0.05, 0.05, 0.15, 0.30],
}
LEVELS = np.arange(1, 8)
SITES, RUNS = 6, 2000


@pytest.mark.parametrize("n", [5, 10, 30, 100])
def test_the_interval_covers_the_true_mean(n: int) -> None:
    """2,000 chains of 24 sites, six of each shape: a reference set mixes them, as a chain does."""
    random = np.random.default_rng(20261122)
    draws = [random.choice(LEVELS, p=p, size=(RUNS, SITES, n)) for p in SHAPES.values()]
    ratings = np.concatenate(draws, axis=1)
    means = ratings.mean(axis=2)
    squares = ((ratings - means[..., None]) ** 2).sum(axis=2)
    pooled = np.maximum(0.25, squares.sum(axis=1) / (ratings.shape[1] * (n - 1)))
    reach = t_two_sided(n + 2) * np.sqrt((squares + 3 * pooled[:, None]) / (n + 2) / n)
    low, high = np.maximum(1, means - reach), np.minimum(7, means + reach)

    # The simulation is of the house's own interval, not of another like it.
    for run, site in ((0, 0), (1, 7), (2, 13), (3, 23)):
        chart = Counter(int(level) for level in ratings[run, site])
        own = figures.mean_interval(chart, float(pooled[run]))
        assert own == pytest.approx((low[run, site], high[run, site]), abs=1e-9)

    for number, (shape, p) in enumerate(SHAPES.items()):
        of_shape = slice(number * SITES, (number + 1) * SITES)
        true = float(LEVELS @ np.array(p))
        covered = ((low[:, of_shape] <= true) & (true <= high[:, of_shape])).mean()
        assert covered >= 0.88, (shape, covered)
        if n >= 30:
            assert 0.92 <= covered <= 0.97, (shape, covered)


def test_a_raw_interval_would_not() -> None:
    random = np.random.default_rng(20261122)
    ratings = random.choice(LEVELS, p=SHAPES["80 % sevens"], size=(RUNS, 5))
    reach = stats.t.ppf(0.975, 4) * ratings.std(axis=1, ddof=1) / math.sqrt(5)
    true = float(LEVELS @ np.array(SHAPES["80 % sevens"]))
    assert (abs(ratings.mean(axis=1) - true) <= reach).mean() < 0.70


# --- a difference of two means ------------------------------------------------------------------


@unhurried
@given(
    st.lists(st.integers(1, 7), min_size=2, max_size=40).filter(lambda x: len(set(x)) > 1),
    st.lists(st.integers(1, 7), min_size=2, max_size=40).filter(lambda x: len(set(x)) > 1),
)
def test_the_difference_is_welchs_against_scipy_where_nothing_is_moderated(
    one: list[int], other: list[int]
) -> None:
    """Variances of their own, n − 1 degrees of freedom: then it is the textbook's interval."""
    expected = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    reach = figures.welch_reach(
        *((np.var(found, ddof=1) / len(found), len(found) - 1) for found in (one, other))
    )
    middle = np.mean(one) - np.mean(other)
    assert (middle - reach, middle + reach) == pytest.approx(tuple(expected), abs=1e-9)


@unhurried
@given(charts, st.floats(0.25, 9), charts, st.floats(0.25, 9))
def test_the_difference_is_welchs_on_moderated_variances(
    one: dict[int, int], pooled: float, other: dict[int, int], others: float
) -> None:
    found = figures.difference(one, pooled, other, others)
    if not levels(one) or not levels(other):
        assert found is None
        return
    variances, freedoms = [], []
    for chart, prior in ((one, pooled), (other, others)):
        n = len(levels(chart))
        freedoms.append(n - 1 + 3)
        own = np.var(levels(chart), ddof=1) if n > 1 else 0.0
        variances.append(((n - 1) * own + 3 * prior) / (n - 1 + 3) / n)
    freedom = sum(variances) ** 2 / sum(v**2 / f for v, f in zip(variances, freedoms, strict=True))
    middle = np.mean(levels(one)) - np.mean(levels(other))
    reach = stats.t.isf(0.025, freedom) * math.sqrt(sum(variances))
    expected = (middle, max(-6, middle - reach), min(6, middle + reach))
    assert found == pytest.approx(expected, abs=1e-8)


def test_who_thinks_better_of_themselves_has_a_difference_above_zero() -> None:
    # Means 6 and 4, both with s² = 1 and s₀² = 1, n = 5: each mean has variance 0.2 with 7
    # degrees of freedom; together 0.4 with 14. 2 ± 2.144787 · √0.4
    one, other = {5: 2, 6: 1, 7: 2}, {3: 2, 4: 1, 5: 2}
    found = figures.difference(one, 1.0, other, 1.0)
    assert found == pytest.approx((2.0, 2.0 - 1.356482, 2.0 + 1.356482), abs=1e-6)
    turned = figures.difference(other, 1.0, one, 1.0)
    assert turned == pytest.approx((-2.0, -2.0 - 1.356482, -2.0 + 1.356482), abs=1e-6)


def test_a_difference_never_leaves_the_scale() -> None:
    assert figures.difference({7: 1}, 2.0, {1: 1}, 2.0) == (
        6.0,
        pytest.approx(6 - 2.446912 * 2, abs=1e-6),
        6.0,
    )
