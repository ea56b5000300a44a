"""Which cases somebody gets: whole, spread, never shown before, and the same when asked again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from surveys.case_choice import TEST_CASES, coverable, drift_due, for_test, next_case
from surveys.casebook import Case, Casebook, Gold
from surveys.checking import CASEBOOK, load_casebook
from tests.conftest import NOW

TEXT = {"en": "A"}
SCALES = [f"scale_{letter}" for letter in "abcdefghijkl"]


def case(number: int, levels: dict[str, int]) -> Case:
    golds = tuple(Gold(scale, level, TEXT) for scale, level in levels.items())
    return Case(f"case_{number:02}", TEXT, "bank", TEXT, golds)


def book(golds: Sequence[dict[str, int]]) -> Casebook:
    return {found.key: found for found in map(case, range(1, 99), golds)}


TWENTY_FIVE = book(
    [{SCALES[n % 12]: n % 7 + 1, SCALES[(n + 1 + n // 12) % 12]: 7 - n % 7} for n in range(25)]
)
"""Two scales a case, every scale in four or five, every level among the golds."""

BOOKS = st.lists(
    st.dictionaries(st.sampled_from(SCALES), st.integers(1, 7), min_size=2, max_size=4),
    min_size=1,
    max_size=25,
).map(book)


def scales(cases: Casebook, keys: Sequence[str]) -> set[str]:
    return {scale for key in keys for scale in cases[key].scales}


def levels(cases: Casebook, keys: Sequence[str]) -> set[int]:
    return {gold.level for key in keys for gold in cases[key].golds}


# --- a test -----------------------------------------------------------------------------------


@given(cases=BOOKS, person=st.text(max_size=8), number=st.integers(1, 5))
def test_a_test_has_ten_cases_each_once_and_is_the_same_when_asked_again(
    cases: Casebook, person: str, number: int
) -> None:
    chosen = for_test(cases, person, number)
    assert len(chosen) == len(set(chosen)) == min(TEST_CASES, len(cases))
    assert set(chosen) <= cases.keys()
    assert for_test(dict(reversed(cases.items())), person, number) == chosen


@given(cases=BOOKS, person=st.text(max_size=8), data=st.data())
def test_every_scale_is_rated_where_ten_cases_can_do_that(
    cases: Casebook, person: str, data: st.DataObject
) -> None:
    """Whatever was tested and seen before: that is a wish, this is not."""
    keys = sorted(cases)
    tested = data.draw(st.dictionaries(st.sampled_from(keys), st.integers(1, 3)))
    seen = data.draw(st.sets(st.sampled_from(keys)))
    bands = {"worst": {1}, "middling": {2, 3, 4, 5}, "high": {6, 7}}
    sets = [
        found.scales
        | {(band,) for band, among in bands.items() if set(found.levels.values()) & among}
        for found in cases.values()
    ]
    assume(coverable(sets, frozenset().union(*sets), TEST_CASES))
    chosen = for_test(cases, person, 4, tested=tested, seen=seen)
    assert scales(cases, chosen) == scales(cases, keys)
    for among in bands.values():
        assert bool(levels(cases, chosen) & among) == bool(levels(cases, keys) & among)


@given(
    sets=st.lists(st.frozensets(st.integers(0, 7), max_size=3), max_size=7),
    wanted=st.frozensets(st.integers(0, 7), max_size=6),
    slots=st.integers(0, 4),
)
def test_coverable_is_what_trying_all_finds(
    sets: list[frozenset[int]], wanted: frozenset[int], slots: int
) -> None:
    tried = any(
        wanted <= frozenset().union(*some)
        for size in range(slots + 1)
        for some in combinations(sets, size)
    )
    assert coverable(sets, wanted, slots) == tried  # type: ignore[arg-type]


def test_where_ten_cases_cannot_do_it_there_are_ten_all_the_same() -> None:
    """Twenty-four pairs of scales of which no two share one."""
    cases = book([{f"scale_{n}x": 1, f"scale_{n}y": 7} for n in range(24)])
    assert len(for_test(cases, "ana", 1)) == TEST_CASES


def test_the_golds_of_a_test_spread() -> None:
    for person in ("ana", "ben", "chi", "dov"):
        assert levels(TWENTY_FIVE, for_test(TWENTY_FIVE, person, 1)) == {1, 2, 3, 4, 5, 6, 7}


def test_two_people_and_two_tests_have_other_cases() -> None:
    tests = [for_test(TWENTY_FIVE, person, number) for person in "abc" for number in (1, 2)]
    assert len({tuple(sorted(test)) for test in tests}) == len(tests)


def test_a_second_test_takes_other_cases_first() -> None:
    first = for_test(TWENTY_FIVE, "ana", 1)
    second = for_test(TWENTY_FIVE, "ana", 2, tested=dict.fromkeys(first, 1))
    assert len({*first} & {*second}) <= 1  # no more than the scales need
    third = for_test(
        TWENTY_FIVE, "ana", 3, tested=dict.fromkeys(first, 1) | dict.fromkeys(second, 2)
    )
    assert TWENTY_FIVE.keys() - {*first} - {*second} <= {*third}
    assert len({*third} & {*second}) < len({*third} & {*first})


def test_cases_whose_gold_was_never_seen_come_before_those_that_were_practised() -> None:
    practised = [key for key in TWENTY_FIVE if key not in for_test(TWENTY_FIVE, "ana", 1)]
    chosen = for_test(TWENTY_FIVE, "ana", 2, seen=practised)
    assert sum(key in practised for key in chosen) <= 1


# --- one case ---------------------------------------------------------------------------------


def test_practice_never_shows_a_case_of_the_coming_test() -> None:
    coming = for_test(TWENTY_FIVE, "ana", 1)
    seen = {}
    for hour in range(40):
        key = next_case(TWENTY_FIVE, "ana", seen, coming)
        assert key is not None
        assert key not in coming
        seen[key] = NOW + timedelta(hours=hour)
    assert {*seen} == TWENTY_FIVE.keys() - {*coming}


def test_the_next_case_is_one_never_seen_else_the_one_not_seen_for_longest() -> None:
    seen = {key: NOW - timedelta(days=place) for place, key in enumerate(TWENTY_FIVE)}
    oldest = max(seen, key=lambda key: NOW - seen[key])
    assert next_case(TWENTY_FIVE, "ana", seen, []) == oldest
    del seen["case_03"]
    assert next_case(TWENTY_FIVE, "ana", seen, []) == "case_03"
    assert next_case(TWENTY_FIVE, "ana", seen, [*TWENTY_FIVE]) is None


@pytest.mark.parametrize(
    ("days", "accepted", "due"), [(29, 9, False), (29, 10, True), (30, 0, True), (0, 0, False)]
)
def test_a_case_is_due_after_so_many_accepted_visits_or_thirty_days(
    days: int, accepted: int, due: bool
) -> None:
    assert drift_due(NOW, NOW - timedelta(days=days), accepted, 10) is due


# --- with the cases that ship -----------------------------------------------------------------


@pytest.mark.parametrize("person", ["ana", "ben", "chi", "dov", "eve"])
def test_of_the_shipped_cases_every_test_rates_all_twelve_scales_and_the_second_is_another(
    person: str,
) -> None:
    cases = load_casebook(CASEBOOK)
    first = for_test(cases, person, 1)
    second = for_test(cases, person, 2, tested=dict.fromkeys(first, 1))
    for chosen in (first, second):
        assert len(scales(cases, chosen)) == 12
        assert 1 in levels(cases, chosen)
        assert levels(cases, chosen) & {6, 7}
    assert not {*first} & {*second}
