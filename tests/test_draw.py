"""Three of twelve, balanced; and what happens with other numbers."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.draw import MOST_BLOCKS, blocks, in_order


def test_twelve_scales_in_threes_are_a_balanced_design() -> None:
    found = blocks(12, 3)
    assert len(found) == len(set(found)) == 44
    assert Counter(scale for block in found for scale in block) == dict.fromkeys(range(12), 11)
    pairs = Counter(pair for block in found for pair in combinations(block, 2))
    assert pairs == dict.fromkeys(combinations(range(12), 2), 2)


@given(st.integers(1, 40), st.data())
def test_every_scale_is_drawn_equally_often(n: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, n))
    found = blocks(n, count)
    assert 1 <= len(found) <= MOST_BLOCKS
    assert all(len(set(block)) == count and list(block) == sorted(block) for block in found)
    times = Counter(scale for block in found for scale in block)
    assert set(times) == set(range(n))
    assert len(set(times.values())) == 1


@pytest.mark.parametrize(("n", "count"), [(4, 2), (8, 3), (12, 2), (12, 11), (12, 12), (5, 1)])
def test_few_combinations_are_all_there(n: int, count: int) -> None:
    assert blocks(n, count) == list(combinations(range(n), count))


def test_many_combinations_are_spread_over_the_pairs() -> None:
    found = blocks(24, 3)
    pairs = Counter(pair for block in found for pair in combinations(block, 2))
    assert len(pairs) == 24 * 23 / 2, "every pair meets"


@pytest.mark.parametrize(("n", "count"), [(12, 0), (12, 13), (0, 0), (3, -1)])
def test_what_cannot_be_drawn(n: int, count: int) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        blocks(n, count)


def test_a_block_as_keys_in_the_order_of_the_form() -> None:
    assert in_order(["a", "b", "c", "d"], (3, 0)) == ["a", "d"]
