"""Answers to marks."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.checking import SHIPPED, load
from surveys.instrument import Instrument
from surveys.scoring import careless, marks

COUNTER = load(SHIPPED / "counter.yaml")
VISIT = load(SHIPPED / "visit.yaml")

values = st.sampled_from(
    [None, True, False, 0, 1, 4, 7, 8, 3.0, "4", "worse", "better", "", "buy", [], ["parking"], {}]
)


def answer_sets(form: Instrument) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(list(form.items)), values, max_size=12)


def test_a_customers_fifteen_seconds() -> None:
    answers = {"moment": "better", "welcome": 6, "waiting": 2, "knowledge": None}
    asked = ["moment", "welcome", "waiting", "knowledge", "comment"]
    assert marks(COUNTER, answers, asked, "queue") == [
        ("dimension:knowledge", "asked"),
        ("dimension:waiting", "2"),
        ("dimension:waiting", "asked"),
        ("dimension:welcome", "6"),
        ("dimension:welcome", "asked"),
        ("moment", "asked"),
        ("moment", "better"),
        ("submission", "counted"),
        ("touchpoint:queue", "2"),
        ("touchpoint:queue", "6"),
        ("touchpoint_moment:queue", "better"),
    ]


def test_an_unanswered_moment_is_asked_and_never_neutral() -> None:
    found = marks(COUNTER, {}, ["moment"], "queue")
    assert found == [("moment", "asked"), ("submission", "counted")]


def test_an_unasked_dimension_has_no_mark() -> None:
    assert marks(COUNTER, {}, []) == [("submission", "counted")]


def test_without_asked_the_answered_ones_were_asked() -> None:
    found = marks(COUNTER, {"welcome": None, "access": 7})
    assert found == [
        ("dimension:access", "7"),
        ("dimension:access", "asked"),
        ("dimension:welcome", "asked"),
        ("submission", "counted"),
    ]


def test_an_answer_was_asked_even_if_the_list_forgot_it() -> None:
    assert ("dimension:access", "asked") in marks(COUNTER, {"access": 7}, ["moment"])


def test_the_return_question_stays_out_of_every_mean() -> None:
    found = marks(COUNTER, {"come_back": True}, ["come_back"], "queue")
    assert found == [("measure:return", "true"), ("submission", "counted")]


def test_measures_of_a_visit() -> None:
    answers = {
        "arrived_at": "2026-11-22T10:00:00+01:00",
        "handovers": 0,
        "waited": 720,
        "expenses": 3.5,
        "paid": True,
        "receipt": False,
        "rule_cited": True,
        "rule_words": "against company policy",
        "promise_made": True,
        "promise_words": "",
        "obstacles": [],
    }
    found = dict(mark for mark in marks(VISIT, answers) if mark[0].startswith("measure:"))
    assert found == {
        "measure:visited_at": "answered",
        "measure:handovers": "0",
        "measure:expenses": "answered",
        "measure:receipt": "false",
        "measure:rule_cited": "true",
        "measure:rule_words": "answered",
        "measure:promise_made": "true",
    }


def test_what_is_timed_photographed_or_located_is_in_no_tally_and_is_no_haste() -> None:
    items = [
        {"key": "timed", "type": "duration", "ask": {}, "measures": "waited"},
        {"key": "shown", "type": "photo", "ask": {}, "measures": "receipt_photo"},
        {"key": "here", "type": "place", "ask": {}, "measures": "position", "touchpoint": "till"},
        {"key": "spent", "type": "number", "ask": {}, "measures": "expenses"},
        {"key": "nice", "type": "yes_no", "ask": {}},
    ]
    sections = [{"title": {}, "items": items}]
    form = Instrument.from_document({**VISIT.document, "sections": sections})
    answers = {
        "timed": 90,
        "shown": ["a" * 64],
        "here": {"latitude": 48.2, "longitude": 16.37, "accuracy": 9},
        "spent": 3.5,
        "nice": True,
    }
    found = marks(form, answers, list(answers), "till")
    assert found == [("measure:expenses", "answered"), ("submission", "counted")]
    # two seconds an item: of a sum and a tick
    assert careless(form, answers, 3.9)
    assert not careless(form, answers, 4)


def test_every_moment_of_a_visit_counts_at_its_own_touchpoint() -> None:
    answers = {"moment_arrival": "worse", "moment_service": "worse", "moment_farewell": "better"}
    found = Counter(marks(VISIT, answers, None, "phone"))
    assert found["moment", "worse"] == 2
    assert found["moment", "better"] == 1
    assert found["moment", "asked"] == 3
    assert found["touchpoint_moment:arrival", "worse"] == 1
    assert found["touchpoint_moment:farewell", "better"] == 1
    assert ("touchpoint_moment:phone", "worse") not in found


def test_hidden_and_unfitting_answers_have_no_marks() -> None:
    answers = {"went_wrong": False, "told": True, "welcome": 8, "waiting": True, "moment": "so"}
    assert marks(COUNTER, answers) == [("measure:problem", "false"), ("submission", "counted")]


@given(answer_sets(VISIT), st.randoms())
def test_marks_do_not_depend_on_the_order_of_answers(
    answers: dict[str, Any], order: random.Random
) -> None:
    items = list(answers.items())
    order.shuffle(items)
    asked = list(VISIT.items)
    shuffled = list(asked)
    order.shuffle(shuffled)
    assert marks(VISIT, dict(items), shuffled, "line") == marks(VISIT, answers, asked, "line")


@given(st.sampled_from([COUNTER, VISIT]), st.data())
def test_marks_of_any_answers_are_of_the_known_facets(
    form: Instrument, data: st.DataObject
) -> None:
    found = marks(form, data.draw(answer_sets(form)), data.draw(st.lists(st.text())), "queue")
    assert found == sorted(found)
    rated = Counter(facet for facet, level in found if level in "1234567")
    asked = Counter(facet for facet, level in found if level == "asked")
    for facet, level in found:
        name, _, rest = facet.partition(":")
        if name == "dimension":
            assert level == "asked" or level in "1234567"
            assert rated[facet] <= asked[facet] == 1
            assert form.items[rest].type == "scale"
        elif name in ("moment", "touchpoint_moment"):
            assert level in ("asked", "worse", "expected", "better")
        else:
            assert name in ("submission", "touchpoint", "measure")


@given(answer_sets(COUNTER))
def test_one_more_rating_adds_its_own_marks_only(answers: dict[str, Any]) -> None:
    answers.pop("culture", None)
    more = Counter(marks(COUNTER, {**answers, "culture": 5}, None, "exit"))
    assert more - Counter(marks(COUNTER, answers, None, "exit")) == Counter(
        [("dimension:culture", "5"), ("dimension:culture", "asked"), ("touchpoint:exit", "5")]
    )


@pytest.mark.parametrize(
    ("answers", "seconds", "is_careless"),
    [
        ({"moment": "worse", "welcome": 1, "access": None, "waiting": 7}, 3.9, True),
        ({"moment": "worse", "welcome": 1, "access": None, "waiting": 7}, 4.0, False),
        ({"moment": "worse", "comment": "Three words here", "contact": "me"}, 1.0, False),
        ({}, 0.0, False),
        ({"moment": "worse"}, None, False),
        ({"moment": "worse"}, 0.0, True),
        ({"moment": "worse"}, -5.0, False),
        ({"nobody": 1, "moment": ""}, 0.0, False),
    ],
)
def test_careless(answers: dict[str, Any], seconds: float | None, is_careless: bool) -> None:
    assert careless(COUNTER, answers, seconds) is is_careless
