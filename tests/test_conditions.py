"""``show_if`` by the table that the phone's JavaScript is held to as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.conditions import COMPARISONS, holds

CASES = json.loads((Path(__file__).parent / "conditions.json").read_text("utf-8"))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
keys = st.sampled_from(["a", "b", "c"])
values = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["x", "y", ""])
comparisons = st.dictionaries(st.sampled_from(sorted(COMPARISONS)), st.integers(0, 9), max_size=2)
leaves = st.dictionaries(keys, values | comparisons, max_size=2)
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.fixed_dictionaries({"any": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"all": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"not": inner})
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_table(case: dict[str, Any]) -> None:
    assert holds(case["condition"], case["answers"]) is case["holds"]


def test_the_table_has_no_case_twice() -> None:
    whys = [case["why"] for case in CASES]
    assert len(set(whys)) == len(whys)


@given(conditions, st.dictionaries(keys, json_values))
def test_any_answers_get_a_yes_or_a_no(condition: dict[str, Any], answers: dict[str, Any]) -> None:
    assert holds(condition, answers) in (True, False)


@given(conditions, st.dictionaries(keys, json_values))
def test_not_is_the_opposite(condition: dict[str, Any], answers: dict[str, Any]) -> None:
    assert holds({"not": condition}, answers) is not holds(condition, answers)
