"""A month decided: quota filled or told why not, rotation kept, nobody where they may not go."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import planning
from surveys.planning import OFFERED_TO, Month, Rules, Stay
from surveys.sentences import Sentence

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 31)
BEFORE = date(2026, 11, 20)
KNOWN = Sentence("Has declared an interest")
SITES = ("graben", "chiado", "quay", "pier")
SHOPPERS = ("ana", "ben", "cho", "dov", "eve")

RULES = st.builds(
    lambda per_month, edge, rotation, days: Rules(
        "p", per_month, min(edge, per_month), rotation, days
    ),
    *(st.integers(1, 6), st.integers(0, 6), st.integers(0, 90), st.integers(0, 30)),
)
STAYS = st.lists(
    st.builds(
        lambda site, who, start, days: Stay(
            site, who, FIRST + timedelta(days=start), FIRST + timedelta(days=start + days)
        ),
        *(
            st.sampled_from(SITES),
            st.sampled_from(SHOPPERS),
            st.integers(-90, 90),
            st.integers(0, 9),
        ),
    ),
    max_size=12,
)
BARRED = st.sets(st.tuples(st.sampled_from(SITES), st.sampled_from(SHOPPERS)))
SOME = st.sets(st.sampled_from(SHOPPERS))


def decided(
    rules: Rules, shoppers: set[str], stays: list[Stay], barred: set[tuple[str, str]]
) -> Month:
    return planning.month(
        rules,
        "2026-12",
        SITES,
        shoppers,
        today=BEFORE,
        stays=stays,
        barred=lambda site, who: KNOWN if (site, who) in barred else None,
    )


@given(RULES, SOME, STAYS, BARRED)
def test_rotation_is_never_broken(
    rules: Rules, shoppers: set[str], stays: list[Stay], barred: set[tuple[str, str]]
) -> None:
    """Whoever of those it is offered to takes it: no two visits of one shopper at one site lie
    closer than the plan says, whatever day of its span each is made on."""
    found = decided(rules, shoppers, stays, barred)
    new = [
        Stay(visit.site_id, who, visit.not_before, visit.due)
        for visit in found.visits
        for who in visit.offered_to
    ]
    pairs = [*combinations(new, 2), *((one, other) for one in new for other in stays)]
    for one, other in pairs:
        if (one.site_id, one.person_id) != (other.site_id, other.person_id):
            continue
        nearest = max((one.first - other.last).days, (other.first - one.last).days)
        assert rules.rotation_days == 0 or nearest >= rules.rotation_days


@given(RULES, SOME, STAYS, BARRED)
def test_nobody_is_sent_where_they_may_not_go(
    rules: Rules, shoppers: set[str], stays: list[Stay], barred: set[tuple[str, str]]
) -> None:
    for visit in decided(rules, shoppers, stays, barred).visits:
        assert set(visit.offered_to) <= shoppers
        assert not {(visit.site_id, who) for who in visit.offered_to} & barred
        assert len(set(visit.offered_to)) == len(visit.offered_to) <= OFFERED_TO


@given(RULES, SOME, STAYS, BARRED)
def test_the_quota_is_filled_or_it_is_told_why_not(
    rules: Rules, shoppers: set[str], stays: list[Stay], barred: set[tuple[str, str]]
) -> None:
    found = decided(rules, shoppers, stays, barred)
    for site_id in SITES:
        visits = [visit for visit in found.visits if visit.site_id == site_id]
        assert len(visits) == rules.per_month
        assert sum(visit.edge != "" for visit in visits) == rules.edge_per_month
        if not all(visit.offered_to for visit in visits):
            assert found.why_not[site_id].keys() == shoppers
            assert all(isinstance(why, Sentence) for why in found.why_not[site_id].values())
        else:
            assert site_id not in found.why_not


@given(RULES)
def test_the_days_lie_within_the_month_and_are_spread(rules: Rules) -> None:
    for site_id in SITES:
        visits = [one for one in decided(rules, set(), [], set()).visits if one.site_id == site_id]
        starts = [visit.not_before for visit in visits]
        assert starts == sorted(starts)
        for visit in visits:
            assert FIRST <= visit.not_before <= visit.due <= LAST
            assert (visit.due - visit.not_before).days == min(rules.days_open, 30)


@given(RULES, SOME, STAYS, st.sets(st.integers(0, 23)))
def test_making_a_month_again_makes_only_what_is_missing(
    rules: Rules, shoppers: set[str], stays: list[Stay], kept: set[int]
) -> None:
    whole = decided(rules, shoppers, stays, set()).visits
    assert whole == decided(rules, shoppers, stays, set()).visits
    made = {visit.visit_id for number, visit in enumerate(whole) if number in kept}
    again = planning.month(
        rules, "2026-12", SITES, shoppers, today=BEFORE, stays=stays, made=made
    ).visits
    assert {visit.visit_id for visit in again} == {visit.visit_id for visit in whole} - made
    assert len({visit.visit_id for visit in whole}) == len(whole)


def test_another_month_is_made_of_other_visits() -> None:
    rules = Rules("p", 2, 0, 0, 5)
    months = [
        planning.month(rules, month, SITES, (), today=BEFORE).visits
        for month in ("2026-12", "2027-01")
    ]
    ids = [{visit.visit_id for visit in visits} for visits in months]
    assert not ids[0] & ids[1]


def test_the_work_is_spread_fairly() -> None:
    rules = Rules("p", 1, 0, 30, 5)
    sites = [f"site-{n:02}" for n in range(20)]
    found = planning.month(rules, "2026-12", sites, SHOPPERS, today=BEFORE)
    first = Counter(visit.offered_to[0] for visit in found.visits)
    offers = Counter(who for visit in found.visits for who in visit.offered_to)
    assert set(first.values()) == {4}
    assert max(offers.values()) - min(offers.values()) <= 2


def test_a_shopper_with_visits_already_is_asked_last() -> None:
    busy = [Stay("elsewhere", "ana", FIRST, LAST) for _ in range(9)]
    found = planning.month(
        Rules("p", 1, 0, 0, 5), "2026-12", SITES, ("ana", "ben", "cho", "dov"), today=BEFORE,
        stays=busy,
    )  # fmt: skip
    assert all("ana" not in visit.offered_to for visit in found.visits)


def test_where_only_one_may_go_they_are_not_given_away() -> None:
    """Ben may go to the quay alone: the other places do not take the only one it has."""
    rules = Rules("p", 2, 0, 60, 5)
    free = {("graben", "ben"), ("chiado", "ben"), ("pier", "ben")}
    found = planning.month(
        rules, "2026-12", SITES, ("ana", "ben"), today=BEFORE,
        barred=lambda site, who: KNOWN if (site, who) in free else None,
    )  # fmt: skip
    at_quay = [visit for visit in found.visits if visit.site_id == "quay"]
    assert sorted(who for visit in at_quay for who in visit.offered_to) == ["ana", "ben"]
    assert found.why_not.keys() == {"graben", "chiado", "pier"}
    assert found.why_not["pier"]["ben"] == KNOWN
    assert "60 days must lie between" in found.why_not["pier"]["ana"]


def test_edge_hours_come_in_turn_over_the_months() -> None:
    rules = Rules("p", 1, 1, 0, 5)
    edges = [
        planning.month(rules, month, ["quay"], (), today=BEFORE).visits[0].edge
        for month in ("2026-12", "2027-01", "2027-02", "2027-03")
    ]
    assert edges in (["opening", "closing"] * 2, ["closing", "opening"] * 2)


def test_nothing_is_planned_for_days_that_have_passed() -> None:
    rules = Rules("p", 3, 0, 0, 4)
    found = planning.month(rules, "2026-12", SITES, (), today=date(2026, 12, 20))
    assert {visit.not_before for visit in found.visits} <= {
        date(2026, 12, day) for day in range(20, 32)
    }
    with pytest.raises(ValueError, match="over"):
        planning.month(rules, "2026-12", SITES, (), today=date(2027, 1, 1))


def test_rotation_says_what_is_in_the_way() -> None:
    stay = Stay("quay", "ana", date(2026, 11, 3), date(2026, 11, 3))
    other = Stay("quay", "ana", date(2026, 11, 3), date(2026, 11, 9))
    day, span = (planning.rotation_kept([one], "ana", FIRST, LAST, 60) for one in (stay, other))
    assert day is not None
    assert day.values["day"] == date(2026, 11, 3)
    assert span is not None
    assert "from 2026-11-03 to 2026-11-09" in span
    assert planning.rotation_kept([stay], "ben", FIRST, LAST, 60) is None
    assert planning.rotation_kept([stay], "ana", FIRST, LAST, 28) is None
    assert planning.rotation_kept([stay], "ana", FIRST, LAST, 29) is not None
