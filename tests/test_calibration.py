"""How near a rater comes to gold: worked by hand, and held against SciPy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surveys.calibration import Rating, drift, hardest, reference, score

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
LEVEL = st.integers(1, 7)
RATINGS = st.lists(
    st.builds(
        Rating,
        case=st.sampled_from("abc"),
        scale=st.sampled_from(["welcome", "waiting"]),
        level=LEVEL,
        gold=LEVEL,
        at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 30), timezones=st.just(UTC)),
    ),
    min_size=1,
    max_size=40,
)


def rated(*pairs: tuple[int, int], at: datetime = AT, case: str = "case") -> list[Rating]:
    """Ratings from (level, gold)."""
    return [Rating(case, f"scale_{n}", level, gold, at) for n, (level, gold) in enumerate(pairs)]


def errors(*found: int, at: datetime = AT) -> list[Rating]:
    """Ratings that are so many levels off a gold of 4."""
    return rated(*((4 + error, 4) for error in found), at=at)


# --- one score --------------------------------------------------------------------------------


def test_a_score_worked_by_hand() -> None:
    """Errors 1, 1, 0, −1, 2. Their mean is 0.6, the sum of squares 7 − 5·0.36 = 5.2; three more
    degrees of a variance of 2: (5.2 + 6)/7 = 1.6, of the mean 0.32; t with 7 degrees is 2.3646, so
    the interval reaches 1.3377. Absolutely: mean 1.0, squares 7 − 5 = 2, (2 + 6)/7/5 = 0.22857,
    reach 1.1305, and nothing is nearer than 0."""
    found = score(errors(1, 1, 0, -1, 2))
    assert found is not None
    assert (found.severity.n, found.severity.value) == (5, pytest.approx(0.6))
    assert found.severity.low == pytest.approx(0.6 - 1.33767, abs=1e-4)
    assert found.severity.high == pytest.approx(0.6 + 1.33767, abs=1e-4)
    assert (found.accuracy.value, found.accuracy.low) == (pytest.approx(1.0), 0.0)
    assert found.accuracy.high == pytest.approx(2.1305, abs=1e-4)
    assert found.worst.error == 2
    assert found.severity.news == 0
    assert found.passed


def test_no_ratings_have_no_score() -> None:
    assert score([]) is None


@given(ratings=RATINGS)
def test_the_interval_of_severity_is_the_moderated_t_interval(ratings: list[Rating]) -> None:
    among = reference([ratings])
    found = score(ratings, among)
    assert found is not None
    each = [rating.error for rating in ratings]
    n, middle = len(each), sum(each) / len(each)
    variance = (sum((x - middle) ** 2 for x in each) + 3 * among.severity) / (n + 2) / n
    low, high = stats.t.interval(0.95, n + 2, middle, variance**0.5)
    assert found.severity.value == pytest.approx(middle)
    assert found.severity.low == pytest.approx(max(-6, low))
    assert found.severity.high == pytest.approx(min(6, high))


@given(ratings=RATINGS)
def test_figures_stay_within_what_levels_allow(ratings: list[Rating]) -> None:
    found = score(ratings)
    assert found is not None
    assert 0 <= found.accuracy.low <= found.accuracy.value <= found.accuracy.high <= 6
    assert -6 <= found.severity.low <= found.severity.value <= found.severity.high <= 6
    assert abs(found.severity.value) <= found.accuracy.value + 1e-9
    assert found.worst in ratings


def test_two_ratings_alike_are_no_news_and_twenty_are() -> None:
    """A bare t interval of 1, 1 has no width at all, and would call it certain."""
    assert score(errors(1, 1)).severity.news == 0  # type: ignore[union-attr]
    assert score(errors(*[1] * 20)).severity.news == 1  # type: ignore[union-attr]
    assert score(errors(*[-1] * 20)).severity.news == -1  # type: ignore[union-attr]


# --- passing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "passed"),
    [
        ([(4, 4), (6, 4), (3, 4), (5, 4)], True),  # mean 1.0 exactly
        ([(4, 4), (6, 4), (2, 4), (5, 4)], False),  # 1.25
        ([(4, 1), (4, 4), (4, 4), (4, 4)], True),  # 4 where gold is 1: far, not too kind
        ([(5, 1), *[(4, 4)] * 9], False),  # 0.4, and a lost customer called fair
        ([(6, 2), *[(4, 4)] * 9], True),  # gold is not 1
    ],
)
def test_a_test_is_passed_within_a_level_and_without_kindness_to_the_worst(
    pairs: list[tuple[int, int]], passed: bool
) -> None:
    found = score(rated(*pairs))
    assert found is not None
    assert found.passed is passed


def test_the_worst_miss_is_the_one_that_fails_the_test_alone() -> None:
    found = score(rated((7, 2), (5, 1), (1, 4)))
    assert found is not None
    assert (found.worst.level, found.worst.gold) == (5, 1)
    assert [one.gold for one in found.too_kind] == [1]


# --- movement ---------------------------------------------------------------------------------


def test_months_are_those_of_the_ratings_own_time_zone() -> None:
    auckland = timezone(timedelta(hours=13))
    late = datetime(2026, 3, 31, 20, tzinfo=UTC)
    assert [x.first for x in drift(errors(0, at=late)).months] == [date(2026, 3, 1)]
    moved = drift(errors(0, at=late.astimezone(auckland))).months
    assert [x.first for x in moved] == [date(2026, 4, 1)]


def test_three_months_say_nothing_of_movement() -> None:
    march_to_may = [*errors(1, 0, -1), *errors(2, at=AT + timedelta(days=61))]
    found = drift(march_to_may)
    assert (len(found.months), found.worse, found.milder) == (2, None, None)
    assert drift([]).months == ()


def test_a_rater_who_grows_milder_is_told_and_one_who_wavers_is_not() -> None:
    before = errors(*[0, 1, -1, 0, 0, 1, -1, 0] * 3)
    june = AT + timedelta(days=92)
    april = errors(2, 3, at=AT + timedelta(days=31))  # of the newest three, with June
    milder = drift([*before, *april, *errors(1, 2, 2, 1, 3, 2, at=june)])
    assert milder.milder is not None
    assert milder.milder.n == 8
    assert milder.milder.value == pytest.approx(2.0)
    assert (milder.milder.news, milder.worse and milder.worse.news) == (1, 1)
    wavers = drift([*before, *errors(1, 0, 2, -1, at=june)])
    assert wavers.milder is not None
    assert wavers.milder.value == pytest.approx(0.5)
    assert (wavers.milder.news, wavers.worse and wavers.worse.news) == (0, 0)


def test_the_newest_three_months_may_lie_in_two_years() -> None:
    autumn = datetime(2026, 10, 5, tzinfo=UTC)
    winter = datetime(2027, 1, 5, tzinfo=UTC)
    found = drift(
        [
            *errors(0, 0, at=autumn),
            *errors(1, at=winter),
            *errors(1, at=winter - timedelta(days=60)),
        ]
    )
    assert found.milder is not None
    assert found.milder.n == 2


@given(ratings=RATINGS)
def test_the_months_hold_every_rating_once_in_order(ratings: list[Rating]) -> None:
    months = drift(ratings).months
    assert sum(month.severity.n for month in months) == len(ratings)
    assert [month.first for month in months] == sorted({month.first for month in months})


# --- over all raters --------------------------------------------------------------------------


def test_the_hardest_is_where_many_are_far_off_not_where_one_slipped() -> None:
    many = [Rating("many", "waiting", 6, 4, AT)] * 10
    once = [Rating("once", "waiting", 7, 4, AT)]
    fine = [Rating("fine", "waiting", 4, 4, AT)] * 10
    found = hardest([*fine, *once, *many], lambda rating: rating.case)
    assert next(iter(found)) == "many"
    assert found["once"].accuracy.value > found["many"].accuracy.value
    assert {key: value.accuracy.n for key, value in found.items()} == {
        "many": 10,
        "once": 1,
        "fine": 10,
    }


def test_the_reference_set_pools_within_raters() -> None:
    """Each rater agrees with themselves: their differences from each other are no spread."""
    steady = [errors(*[1] * 10), errors(*[-1] * 10)]
    assert reference(steady).severity == pytest.approx(0.25)  # the least that is believed
    assert reference([errors(0, 2), errors(-2, 0)]).severity == pytest.approx(2.0)
    assert reference([]).severity == 2.0
