"""What ships: the customer's form, the mystery visit and the twelve scales as they are meant."""

from __future__ import annotations

import re

from surveys.checking import SHIPPED, load, load_scales
from surveys.draw import blocks
from surveys.instrument import Instrument
from surveys.publishing import SHIPPED_FILES

TWELVE = (
    *("welcome", "listening", "knowledge", "eagerness", "resourcefulness", "ownership"),
    *("waiting", "promises", "flexibility", "recovery", "access", "culture"),
)
COUNTER = load(SHIPPED / "counter.yaml")
VISIT = load(SHIPPED / "visit.yaml")
HOUR = load(SHIPPED / "counter-hour.yaml")
MIRROR = load(SHIPPED / "mirror.yaml")


def measures(instrument: Instrument) -> dict[str, str]:
    return {item.measures: key for key, item in instrument.items.items() if item.measures}


def test_the_twelve_scales_by_their_keys_in_their_order() -> None:
    scales = load_scales(SHIPPED / "scales.yaml")
    assert tuple(scales) == TWELVE
    assert [scale["level"] for scale in scales.values()] == ["employee"] * 6 + ["management"] * 6


def test_the_counter_form_is_fifteen_seconds_and_a_folded_rest() -> None:
    assert (COUNTER.source, COUNTER.mode, COUNTER.review) == ("customer", "routine", "none")
    assert COUNTER.languages == ("en", "fr", "es", "ar")
    assert COUNTER.careless_seconds_per_item == 1
    first, rest = COUNTER.sections
    assert not first.folded
    assert rest.folded
    assert [item.type for item in first.items] == ["moment"] + ["scale"] * 12
    assert COUNTER.draw is not None
    assert COUNTER.draw.count == 3
    assert len(blocks(len(COUNTER.draw.items), COUNTER.draw.count)) == 44
    assert [item.key for item in rest.items] == [
        *("went_wrong", "told", "contact", "come_back", "comment"),
    ]
    assert measures(COUNTER) == {"problem": "went_wrong", "told": "told", "return": "come_back"}
    assert not any(item.required for item in COUNTER.items.values())


def test_the_drawn_scales_are_short_and_speak_every_language() -> None:
    assert COUNTER.draw is not None
    for item in COUNTER.draw.items:
        assert item.short
        assert item.drawn
        assert item.scale is not None
        for text in (item.ask, item.scale.low, item.scale.high, item.scale.name):
            assert set(text) == {"en", "fr", "es", "ar"}


def test_the_visit_asks_facts_before_scales_and_scales_in_full() -> None:
    assert (VISIT.source, VISIT.mode, VISIT.review) == ("shopper", "routine", "after-72h")
    assert VISIT.languages == ("en", "fr", "es")
    assert VISIT.careless_seconds_per_item == 2
    types = [item.type for item in VISIT.items.values()]
    first_scale = types.index("scale")
    assert set(types[:first_scale]) >= {
        *("datetime", "time", "integer", "number", "choices", "duration", "photo", "place")
    }
    assert "moment" not in types[:first_scale]
    assert types[first_scale : first_scale + 12] == ["scale"] * 12
    for key in TWELVE:
        item = VISIT.items[key]
        assert not item.short
        assert item.scale is not None
        assert set(item.scale.anchors) == {7, 4, 1}
        assert all(set(text) == {"en", "fr", "es"} for text in item.scale.anchors[7])


def test_the_visit_keeps_promises_rules_and_hand_overs() -> None:
    assert set(measures(VISIT)) == {
        *("visited_at", "waited", "handovers", "receipt"),
        *("left_at", "position", "receipt_photo", "expenses"),
        *("promise_made", "promise_words", "promise_due", "rule_cited", "rule_words"),
    }


def test_every_moment_of_the_visit_has_its_touchpoint() -> None:
    moments = [item.touchpoint for item in VISIT.items.values() if item.type == "moment"]
    assert moments == ["arrival", "line", "service", "payment", "farewell"]


def test_no_question_asks_for_the_name_of_an_employee() -> None:
    """Not by its key, not by what it asks, in no language; where words are free it says so."""
    asks_for = re.compile(r"\b(names?|noms?|nombres?)\b|اسم|أسماء", re.IGNORECASE)
    for file in SHIPPED_FILES:
        instrument = load(SHIPPED / file)
        for key, item in instrument.items.items():
            assert not {"name", "employee", "staff"} & set(key.split("_"))
            if item.type != "note":
                assert [text for text in item.ask.values() if asks_for.search(text)] == []
        told = [text for item in instrument.items.values() for text in (item.help or {}).values()]
        told += [
            text
            for item in instrument.items.values()
            if item.type == "note"
            for text in item.ask.values()
        ]
        assert sum(bool(asks_for.search(text)) for text in told) >= len(instrument.languages)


def test_the_mirror_asks_the_twelve_in_the_words_customers_saw() -> None:
    assert MIRROR.source == "forecast"
    assert MIRROR.languages == COUNTER.languages
    scales = [item for item in MIRROR.items.values() if item.type == "scale"]
    assert tuple(item.key for item in scales) == TWELVE
    for item in scales:
        assert item.short
        assert item.scale is not None
        drawn = COUNTER.items[item.key].scale
        assert drawn is not None
        assert (item.scale.ask, item.scale.low, item.scale.high) == (
            drawn.ask,
            drawn.low,
            drawn.high,
        )
    assert measures(MIRROR) == {"acceptable": "accept_it"}


def test_the_hour_at_the_counter_counts_first_and_fits_a_phone() -> None:
    assert (HOUR.source, HOUR.review, HOUR.languages) == ("manager", "none", ("en", "fr", "es"))
    types = [item.type for item in HOUR.items.values()]
    assert {"datetime", "integer"} >= set(types[: types.index("scale")]) - {"note"}
    assert {"began_at", "minutes"} == {key for key, item in HOUR.items.items() if item.required}
    assert set(measures(HOUR)) == {
        *("visited_at", "observed_minutes", "wait_minutes", "handovers"),
        *("promise_words", "promise_due"),
    }
    scales = [item for item in HOUR.items.values() if item.type == "scale"]
    assert {item.key for item in scales} == {
        *("welcome", "waiting", "eagerness", "ownership", "flexibility"),
    }
    assert all(item.short for item in scales)
    assert len(HOUR.items) < 25
