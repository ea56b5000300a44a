"""What a ``show_if`` means.

A condition is data, read the same way here and in ``static/conditions.js``;
``tests/conditions.json`` holds the cases on which the two must agree.

* ``{key: value}`` holds if that is the answer; if the answer is a list (``choices``), if the value
  is among the chosen. Several keys must all hold.
* ``{key: {at_least: 3, at_most: 5, more_than: 2, less_than: 6}}`` compares numbers,
  ``{key: {one_of: [a, b]}}`` names several values, ``{key: {answered: true}}`` asks whether there
  is an answer at all. Several comparisons must all hold.
* ``any: […]``, ``all: […]`` and ``not: {…}`` combine conditions.

A question without an answer makes every value and every comparison false, except
``answered: false``. "Did not come up" (``null``) is an answer; an empty text and an empty list are
none. ``true`` is never 1, and 3 equals 3.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda answer, bound: bool(answer >= bound),
    "at_most": lambda answer, bound: bool(answer <= bound),
    "more_than": lambda answer, bound: bool(answer > bound),
    "less_than": lambda answer, bound: bool(answer < bound),
}
"""The comparisons of numbers; beside them stand ``one_of`` and ``answered``."""

COMBINATIONS = ("any", "all", "not")

_MISSING = object()


def holds(condition: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Whether ``condition`` (a sound one) holds for ``answers``, which may be any JSON values."""
    return all(_part(key, value, answers) for key, value in condition.items())


def _part(key: str, value: Any, answers: Mapping[str, Any]) -> bool:
    if key == "any":
        return any(holds(part, answers) for part in value)
    if key == "all":
        return all(holds(part, answers) for part in value)
    if key == "not":
        return not holds(value, answers)
    answer = answers.get(key, _MISSING)
    if answer is _MISSING or answer in ("", []):
        answer = _MISSING
    if isinstance(value, Mapping):
        return all(_compare(name, bound, answer) for name, bound in value.items())
    return answer is not _MISSING and _is(answer, value)


def _compare(name: str, bound: Any, answer: Any) -> bool:
    if name == "answered":
        return bool(bound) == (answer is not _MISSING)
    if answer is _MISSING:
        return False
    if name == "one_of":
        return any(_is(answer, value) for value in bound)
    return is_number(answer) and COMPARISONS[name](answer, bound)


def _is(answer: Any, value: Any) -> bool:
    if isinstance(answer, list):
        return any(_same(chosen, value) for chosen in answer)
    return _same(answer, value)


def _same(answer: Any, value: Any) -> bool:
    if isinstance(answer, bool) or isinstance(value, bool):
        return answer is value
    return bool(answer == value)


def is_number(value: object) -> bool:
    """Whether ``value`` is a JSON number (in Python ``True`` is one too, in JSON it is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)
