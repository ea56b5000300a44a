"""The mirror: forecast less customers, the sign right, the interval right, few never shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from surveys import figures, mirror
from surveys.mirror import Gap
from surveys.results import Selection, scores
from surveys.store import sites, tallies
from surveys.store.database import Database
from surveys.store.tallies import Bar
from tests.test_results import CHAIN, Rating, many, put

STAFF: dict[str, Any] = {"source": "staff_forecast", "instrument": "mirror"}
MANAGERS: dict[str, Any] = {"source": "manager_forecast", "instrument": "mirror"}


def gap(database: Database, selection: Selection | None = None) -> Gap:
    (found,) = mirror.gaps(database, selection or Selection())
    return found


def test_above_zero_where_they_think_better_of_themselves(database: Database) -> None:
    put(database, [*many(6, 7, 6, 5, 6, **STAFF), *many(3, 4, 4, 5, 4, 4)])
    found = gap(database)
    assert (found.forecast_n, found.forecast_mean) == (5, 6.0)
    assert (found.customer_n, found.customer_mean) == (6, 4.0)
    assert (found.gap, found.note) == (2.0, "")
    assert (found.site_id, found.dimension, found.mode) == ("a1", "welcome", "routine")
    # The pooled variances are the cells' own: 0.5 and 0.4, there being no other cell.
    expected = figures.difference({5: 1, 6: 3, 7: 1}, 0.5, {3: 1, 4: 4, 5: 1}, 0.4)
    assert (found.gap, found.gap_low, found.gap_high) == pytest.approx(expected, abs=1e-12)
    assert found.gap_low is not None
    assert found.gap_low > 0


def test_below_zero_where_customers_think_better(database: Database) -> None:
    put(database, [*many(2, 2, 3, 2, 2, **STAFF), *many(6, 6, 7, 6, 6)])
    found = gap(database)
    assert found.gap == pytest.approx(-4.0)
    assert found.gap_high is not None
    assert found.gap_high < 0


def test_managers_and_staff_stand_apart(database: Database) -> None:
    put(
        database,
        [*many(7, 7, 7, 7, 7, **MANAGERS), *many(5, 5, 5, 5, 5, **STAFF), *many(4, 4, 4, 4, 4)],
    )
    found = {one.forecast_source: one.gap for one in mirror.gaps(database, Selection())}
    assert found == {"manager_forecast": 3.0, "staff_forecast": 1.0}


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_fewer_than_five_forecasts_show_how_many_and_nothing_else(
    database: Database, n: int
) -> None:
    put(database, [*many(*[6] * n, **STAFF), *many(4, 4, 4, 4, 4)])
    found = gap(database)
    assert (found.forecast_n, found.note) == (n, "suppressed")
    assert found.forecast_mean is found.gap is found.gap_low is found.gap_high is None
    assert (found.customer_n, found.customer_mean) == (5, 4.0)


def test_fewer_than_five_customers_give_no_gap(database: Database) -> None:
    put(database, [*many(6, 6, 6, 6, 6, **STAFF), *many(4, 4, 4, 4)])
    found = gap(database)
    assert (found.customer_n, found.customer_mean, found.forecast_mean) == (4, 4.0, 6.0)
    assert (found.gap, found.note) == (None, "few_customers")
    put(database, many(6, 6, 6, 6, 6, **STAFF))
    assert (gap(database).customer_n, gap(database).note) == (0, "few_customers")


def test_without_a_forecast_there_is_no_mirror(database: Database) -> None:
    put(database, many(4, 4, 4, 4, 4))
    assert list(mirror.gaps(database, Selection())) == []


def test_a_choice_of_days_that_leaves_few_out_is_hidden(database: Database) -> None:
    """Five in November and two in October: seven less five would be the two."""
    october = many(1, 1, day=date(2026, 10, 1), **STAFF)
    put(database, [*many(6, 6, 6, 6, 6, **STAFF), *october, *many(4, 4, 4, 4, 4)])
    assert gap(database, Selection(day_from=date(2026, 11, 1))).note == "suppressed"
    assert gap(database).forecast_n == 7
    assert gap(database).note == ""


def test_modes_are_never_averaged(database: Database) -> None:
    put(database, [*many(6, 6, 6, 6, 6, **STAFF), *many(4, 4, 4, 4, 4, mode="joint-work")])
    found = gap(database)
    assert (found.mode, found.customer_n, found.note) == ("routine", 0, "few_customers")


def test_only_shown_sites_come_and_the_others_change_no_figure(database: Database) -> None:
    ratings = [*many(6, 7, 6, 5, 6, **STAFF), *many(3, 4, 4, 5, 4)]
    others = [*many(1, 7, 1, 7, 1, site_id="b1", **STAFF), *many(1, 7, 1, 7, 1, site_id="b1")]
    put(database, [*ratings, *others])
    whole = {one.site_id: one for one in mirror.gaps(database, Selection())}
    assert set(whole) == {"a1", "b1"}
    reach = Selection(allowed=frozenset({"a1"}), sources=("shopper",))
    assert list(mirror.gaps(database, reach)) == [whole["a1"]]


def test_flagged_ones_can_be_left_out(database: Database) -> None:
    careless = [Rating(level=1, flagged=1) for _ in range(5)]
    put(database, [*many(6, 6, 6, 6, 6, **STAFF), *many(4, 4, 4, 4, 4), *careless])
    assert gap(database).customer_mean == 2.5
    assert gap(database, Selection(flagged="exclude")).customer_mean == 4.0


# --- what the pages are made of ---------------------------------------------------------------


def lines(database: Database, *known: str) -> list[mirror.Line]:
    said = scores(database, Selection(sources=("customer",)))
    return mirror.lines(said, mirror.gaps(database, Selection()), known)


def test_a_line_for_each_known_dimension_then_for_others(database: Database) -> None:
    put(database, [*many(4, 5), *many(6, dimension="zeal", **STAFF)])
    found = lines(database, "waiting", "welcome")
    assert [line.dimension for line in found] == ["waiting", "welcome", "zeal"]
    waiting, welcome, zeal = found
    assert (waiting.customers, waiting.forecasts) == (None, {})
    assert welcome.customers is not None
    assert welcome.customers.mean == 4.5
    assert zeal.forecasts["staff_forecast"].note == "suppressed"


def test_nothing_rated_and_nothing_forecast_is_no_mirror(database: Database) -> None:
    put(database, [])
    assert lines(database, "waiting", "welcome") == []


def tally(database: Database, facet: str, source: str, **levels: int) -> None:
    with database.transaction():
        sites.put(database, CHAIN)
        day = "2026-11-02"
        tallies.add(
            database,
            {
                Bar("a1", "any", source, "routine", facet, day, level.lstrip("_"), 0): n
                for level, n in levels.items()
            },
        )


def test_who_would_accept_it_themselves_from_five_on(database: Database) -> None:
    tally(database, "measure:acceptable", "staff_forecast", true=3, false=2)
    tally(database, "measure:acceptable", "manager_forecast", true=4)
    assert mirror.acceptance(database, Selection()) == {
        "staff_forecast": mirror.Acceptance(5, 3),
        "manager_forecast": mirror.Acceptance(4, None),
    }


def test_the_hours_that_managers_observed_from_five_times_on(database: Database) -> None:
    assert mirror.observed(database, Selection()) is None
    tally(database, "measure:observed_minutes", "manager", _60=3)
    assert mirror.observed(database, Selection()) == mirror.Observed(3, None)
    tally(database, "measure:observed_minutes", "manager", _45=2)
    assert mirror.observed(database, Selection()) == mirror.Observed(5, 270)
