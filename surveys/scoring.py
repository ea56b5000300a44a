"""Answers to marks: what one submission adds to the tallies.

A mark is ``(facet, level)``. A tally counts the submissions of a site and day that have it; every
mean, share and interval comes from such counts.

=========================  ====================================================================
facet                      levels
=========================  ====================================================================
``submission``             ``counted``
``dimension:<key>``        ``asked``, and ``1`` … ``7`` if it was rated
``moment``                 ``asked``, and ``worse``, ``expected`` or ``better``
``touchpoint:<t>``         ``1`` … ``7``, for scales rated at this touchpoint
``touchpoint_moment:<t>``  ``worse``, ``expected`` or ``better``
``measure:<m>``            ``true`` or ``false`` (yes_no); the number itself (integer);
                           ``answered`` for every other type but those of ``UNCOUNTED``
=========================  ====================================================================

The same mark may stand several times: a visit has a moment at each touchpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from surveys.answers import fits, visible
from surveys.instrument import Instrument, Item

Mark = tuple[str, str]

UNCOUNTED = ("duration", "photo", "place")
"""What is measured or shown on the spot: read one by one, and in no tally."""

UNHURRIED = ("text", "contact", *UNCOUNTED)
"""What takes time of its own, or none because the phone knows it."""


def marks(
    instrument: Instrument,
    answers: Mapping[str, Any],
    asked: Iterable[object] | None = None,
    touchpoint: str | None = None,
) -> list[Mark]:
    """The marks of a submission, sorted.

    ``asked`` are the keys of the questions that were shown (None: those answered); an answered
    question was asked, whatever the list says. ``touchpoint`` is the code's, for items that name
    none. An answer that is hidden or does not fit has no mark.
    """
    shown = visible(instrument, answers)
    listed = {key for key in asked or () if isinstance(key, str)}
    found: list[Mark] = [("submission", "counted")]
    for key, item in instrument.items.items():
        if key not in shown:
            continue
        answered = key in answers and fits(item, answers[key])
        where = item.touchpoint or touchpoint
        found += _marks(item, answers.get(key), where, answered, key in listed or answered)
    return sorted(found)


def _marks(
    item: Item, answer: Any, touchpoint: str | None, answered: bool, asked: bool
) -> Iterator[Mark]:
    if item.type in ("scale", "moment"):
        facet = f"dimension:{item.key}" if item.type == "scale" else "moment"
        at = "touchpoint" if item.type == "scale" else "touchpoint_moment"
        if asked:
            yield facet, "asked"
        if answered and answer is not None:
            yield facet, str(answer)
            if touchpoint is not None:
                yield f"{at}:{touchpoint}", str(answer)
    if item.type in UNCOUNTED:
        return
    if item.measures is not None and answered and answer not in ("", []):
        yield f"measure:{item.measures}", _measured(item, answer)


def _measured(item: Item, answer: Any) -> str:
    if item.type == "yes_no":
        return "true" if answer else "false"
    return str(answer) if item.type == "integer" else "answered"


def careless(instrument: Instrument, answers: Mapping[str, Any], seconds: float | None) -> bool:
    """Whether the form was filled in faster than anybody reads.

    ``seconds`` is the time from start to finish, None if unknown (a negative one, from a clock
    that was set back meanwhile, is unknown too); the instrument says how many
    seconds an answer takes at least. "Did not come up" counts as an answer. Text is left out:
    writing takes time of its own, and quick words are no sign of carelessness. So are timers and
    photos, and the place, which the phone fills in.
    """
    least = instrument.careless_seconds_per_item
    if least is None or seconds is None or seconds < 0:
        return False
    count = sum(
        1
        for key, item in instrument.items.items()
        if key in answers and item.type not in UNHURRIED and answers[key] not in ("", [])
    )
    return seconds < least * count
