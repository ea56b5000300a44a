"""Answers held against their form: what fits, what does not, and that nothing is ever raised."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from surveys import written
from surveys.answers import MAX_UNKNOWN, check, expected, fits, from_plain, schema, visible
from surveys.checking import SHIPPED, load
from surveys.instrument import Choice, Instrument, Item

COUNTER = load(SHIPPED / "counter.yaml")
VISIT = load(SHIPPED / "visit.yaml")
ABC = (Choice("a", {"en": "A"}), Choice("b", {"en": "B"}))

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["better", "none", "true", "2026-11-22", "14:05", "2026-11-22T14:05:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)
instruments = st.sampled_from([COUNTER, VISIT])


def item(type_: str, **more: Any) -> Item:
    return Item(key="q", type=type_, ask={}, **more)


FITS: list[tuple[Item, list[object], list[object]]] = [
    (
        item("scale"),
        [1, 2, 3, 4, 5, 6, 7, None],
        [0, 8, -1, 3.0, 3.5, True, False, "3", "", [3], {}, 10**30, "none"],
    ),
    (item("moment"), ["worse", "expected", "better"], [None, "Worse", "as expected", 1, ["worse"]]),
    (item("yes_no"), [True, False], [None, 1, 0, 1.0, "true", "yes", "", []]),
    (item("choice", choices=ABC), ["a", "b"], [None, "c", "A", ["a"], 1, True]),
    (
        item("choices", choices=ABC),
        [["a"], ["b", "a"], []],
        [None, "a", ["a", "a"], ["c"], ["a", None], ["a", ["b"]], {"a": True}],
    ),
    (
        item("integer", min=-2, max=5),
        [-2, 0, 5],
        [None, -3, 6, 2.0, 2.5, True, "2", "", [2], float("nan"), 10**400],
    ),
    (item("integer"), [-(10**15), 10**15], [1.5]),
    (
        item("number", min=0, max=1.5),
        [0, 1, 1.5, 0.1, 1.0],
        [None, -0.1, 1.6, True, "1", float("nan"), float("inf"), [1]],
    ),
    (item("number"), [-1e300], [float("-inf")]),
    (
        item("text", max_length=5),
        ["", "12345", "a\u0301b", "\u202eab", "<b>", "=1+1", "a\nb", "\U0001f600" * 5],
        [None, "123456", 5, ["a"], True],
    ),
    (item("text"), ["x" * 5000], ["x" * 5001, "x" * 100_000]),
    (item("contact"), ["+43 1 234", "x" * 320], ["x" * 321, 4312345, None]),
    (
        item("date"),
        ["2026-11-22", "2024-02-29"],
        [None, "2026-02-29", "22.11.2026", "2026-11-22T00:00", "20261122", "2026-W47-7", 20261122],
    ),
    (
        item("time"),
        ["14:05", "00:00:59", "23:59"],
        [None, "24:00", "14:5", "14:05Z", "14:05:00.5", "2 pm", 14.05, "١٤:٠٥"],
    ),
    (
        item("datetime"),
        ["2026-11-22T14:05:00+01:00", "2026-11-22T14:05Z", "2026-11-22T14:05:00.123-03:30"],
        [None, "2026-11-22T14:05:00", "2026-11-22 14:05:00+01:00", "2026-11-22T25:05:00Z", 1763],
    ),
    (item("duration"), [0, 200, 10**7], [None, -1, 200.0, 0.5, True, "3:20", "200", [200]]),
    (item("duration", min=60, max=120), [60, 120], [59, 121, 90.0]),
    (
        item("photo", max_photos=2),
        [[], ["a" * 64], ["0" * 64, "f" * 64]],
        [
            *(None, "a" * 64, ["A" * 64], ["a" * 63], ["g" * 64], [1], [["a" * 64]], {}),
            *(["a" * 64, "a" * 64], ["a" * 64, "b" * 64, "c" * 64], ["a" * 64 + "\n"], ["١" * 64]),
        ],
    ),
    (item("photo"), [[c * 64 for c in "abc"]], [[c * 64 for c in "abcd"]]),
    (
        item("place"),
        [
            {"latitude": 48.2, "longitude": 16.37, "accuracy": 25},
            {"latitude": -90, "longitude": 180, "accuracy": 0},
            {"latitude": 90, "longitude": -180, "accuracy": 1.5},
        ],
        [
            *(None, {}, [48.2, 16.37, 25], "48.2, 16.37", True),
            {"latitude": 48.2, "longitude": 16.37},
            {"latitude": 90.1, "longitude": 16.37, "accuracy": 25},
            {"latitude": 48.2, "longitude": -180.1, "accuracy": 25},
            {"latitude": 48.2, "longitude": 16.37, "accuracy": -1},
            {"latitude": 48.2, "longitude": 16.37, "accuracy": float("inf")},
            {"latitude": float("nan"), "longitude": 16.37, "accuracy": 25},
            {"latitude": "48.2", "longitude": 16.37, "accuracy": 25},
            {"latitude": True, "longitude": 16.37, "accuracy": 25},
            {"latitude": 48.2, "longitude": 16.37, "accuracy": None},
            {"latitude": 48.2, "longitude": 16.37, "accuracy": 25, "altitude": 170},
        ],
    ),
    (item("note"), [], [None, "", True, "read"]),
]


@pytest.mark.parametrize(("item", "good", "bad"), FITS, ids=[case[0].type for case in FITS])
def test_what_fits_each_type(item: Item, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not fits(item, value)] == []
    assert [value for value in bad if fits(item, value)] == []
    assert expected(item).startswith("expected is ")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (item("integer", min=0, max=20), "a whole number from 0 to 20"),
        (item("integer", max=20), "a whole number of at most 20"),
        (item("number", min=0.5), "a number of at least 0.5"),
        (item("number"), "a number"),
        (item("choice", choices=ABC), 'one of "a", "b"'),
        (item("choices", choices=ABC), 'a list of "a", "b"'),
        (item("text", max_length=9), "a text of at most 9 characters"),
        (item("contact"), "a text of at most 320 characters"),
        (item("duration"), "a whole number of seconds of at least 0"),
        (item("duration", max=600), "a whole number of seconds from 0 to 600"),
        (
            item("photo", max_photos=2),
            "a list of at most 2 SHA-256, each in 64 hexadecimal digits (0-9, a-f) and each once",
        ),
    ],
)
def test_what_is_expected_in_words(item: Item, words: str) -> None:
    assert expected(item) == f"expected is {words}"


@pytest.mark.parametrize("level", [0, 8, 3.0, True, "3"])
def test_a_level_that_does_not_fit_is_told_what_fits(level: object) -> None:
    (problem,) = check(COUNTER, {"welcome": level})
    assert (problem.code, problem.path) == ("does_not_fit", "/answers/welcome")
    assert "a whole number from 1 to 7, or null if it did not come up" in problem.message


def test_what_fits_has_no_problem() -> None:
    answers = {"moment": "worse", "welcome": 6, "waiting": None, "went_wrong": True, "told": False}
    assert check(COUNTER, answers, list(answers)) == []
    assert check(COUNTER, {}) == []


def test_any_subset_of_a_draw_fits() -> None:
    assert check(COUNTER, {item.key: 4 for item in COUNTER.draw.items}) == []  # type: ignore[union-attr]
    assert check(COUNTER, {"culture": 4}, ["culture"]) == []


def test_an_unknown_question_is_named_by_a_json_pointer() -> None:
    (problem,) = check(COUNTER, {"a/b~c": 1})
    assert (problem.code, problem.path) == ("unknown_question", "/answers/a~1b~0c")


def test_thousands_of_unknown_questions_are_counted() -> None:
    problems = check(COUNTER, {f"q{n}": 1 for n in range(5000)}, [f"q{n}" for n in range(5000)])
    assert len(problems) == 2 * (MAX_UNKNOWN + 1)
    assert f"{5000 - MAX_UNKNOWN} more" in problems[MAX_UNKNOWN].message


@pytest.mark.parametrize("key", [name for name in dir(Schema) if not name.startswith("__")])
def test_a_question_may_be_called_like_anything_in_a_schema(key: str) -> None:
    document = {
        "instrument": f"called_{key}",
        "title": {},
        "source": "customer",
        "mode": "routine",
        "review": "none",
        "languages": ["en"],
        "sections": [{"title": {}, "items": [{"key": key, "type": "yes_no", "ask": {}}]}],
    }
    instrument = Instrument.from_document(document)
    assert check(instrument, {key: True}) == []
    assert [problem.code for problem in check(instrument, {key: 3})] == ["does_not_fit"]


def test_a_hidden_answer_is_named() -> None:
    problems = check(COUNTER, {"went_wrong": False, "told": True})
    assert [(p.code, p.path) for p in problems] == [("hidden_by_condition", "/answers/told")]


def test_a_hidden_item_has_no_answer_for_those_after_it() -> None:
    answers = {"handovers": 0, "paid": False, "receipt": True}
    assert "receipt" not in visible(VISIT, answers)
    # `people_ahead` decides although `waited` has no answer
    assert "moment_line" in visible(VISIT, {"people_ahead": 2})
    assert "moment_line" not in visible(VISIT, {"people_ahead": 0})


def test_chains_of_conditions_fall_together() -> None:
    document = {
        "instrument": "chain",
        "title": {},
        "source": "customer",
        "mode": "routine",
        "review": "none",
        "languages": ["en"],
        "sections": [
            {
                "title": {},
                "items": [
                    {"key": "a", "type": "yes_no", "ask": {}},
                    {"key": "b", "type": "yes_no", "ask": {}, "show_if": {"a": True}},
                    {"key": "c", "type": "yes_no", "ask": {}, "show_if": {"b": True}},
                    {
                        "key": "d",
                        "type": "yes_no",
                        "ask": {},
                        "show_if": {"b": {"answered": False}},
                    },
                ],
            }
        ],
    }
    instrument = Instrument.from_document(document)
    stale = {"a": False, "b": True, "c": True, "d": True}
    assert visible(instrument, stale) == {"a", "d"}
    assert [p.path for p in check(instrument, stale)] == ["/answers/b", "/answers/c"]


def test_a_required_question_must_be_answered_where_it_is_shown() -> None:
    answers = {
        "arrived_at": "2026-11-22T10:00:00+01:00",
        "request": "buy",
        "handovers": 0,
        "settled": "fully",
    }
    assert check(VISIT, answers) == []
    missing = check(VISIT, {**answers, "promise_made": True, "rule_cited": True, "rule_words": ""})
    assert [(p.code, p.path) for p in missing] == [
        ("required", "/answers/promise_words"),
        ("required", "/answers/rule_words"),
    ]


@pytest.mark.parametrize("answers", [None, [], "x", 3, True])
def test_answers_that_are_no_object(answers: object) -> None:
    assert [(p.code, p.path) for p in check(COUNTER, answers)] == [("does_not_fit", "/answers")]


@pytest.mark.parametrize("asked", ["moment", 3, {"moment": True}])
def test_asked_that_is_no_list(asked: object) -> None:
    assert [(p.code, p.path) for p in check(COUNTER, {}, asked)] == [("does_not_fit", "/asked")]


def test_asked_names_questions_of_the_form() -> None:
    problems = check(COUNTER, {}, ["moment", "nobody", 7, None])
    assert [(p.code, p.path) for p in problems] == [
        ("unknown_question", "/asked/1"),
        ("does_not_fit", "/asked/2"),
        ("does_not_fit", "/asked/3"),
    ]


def test_a_message_never_repeats_what_somebody_wrote() -> None:
    secret = "+43 664 1234567, Anna Muster"
    answers = {"moment": secret, "welcome": secret, "contact": [secret], "comment": {"x": secret}}
    problems = check(COUNTER, answers, [secret])
    assert len(problems) == 6
    assert all(secret not in problem.message for problem in problems)


def test_one_schema_for_each_version() -> None:
    again = Instrument.from_document(json.loads(json.dumps(dict(COUNTER.document))))
    assert schema(again) is schema(COUNTER)
    assert schema(VISIT) is not schema(COUNTER)


@given(instruments, json_values, json_values)
def test_any_json_value_gets_an_answer(form: Instrument, answers: object, asked: object) -> None:
    for problem in check(form, answers, asked):
        assert problem.code in (
            "unknown_question",
            "does_not_fit",
            "hidden_by_condition",
            "required",
        )
        assert problem.path.startswith(("/answers", "/asked"))
        assert problem.message.endswith(".")


@given(instruments, st.data())
def test_any_value_at_any_question_gets_an_answer(form: Instrument, data: st.DataObject) -> None:
    answers = data.draw(st.dictionaries(st.sampled_from(list(form.items)), json_values, max_size=8))
    paths = {problem.path for problem in check(form, answers)}
    shown = visible(form, answers)
    for key, value in answers.items():
        wrong = not fits(form.items[key], value) or key not in shown
        required = form.items[key].required and value in ("", [])
        assert (f"/answers/{key}" in paths) == (wrong or required)


# --- the plain HTML form ---------------------------------------------------------------------

PLAIN: list[tuple[str, list[str], object]] = [
    ("moment", ["better"], "better"),
    ("welcome", ["7"], 7),
    ("welcome", ["none"], None),
    ("welcome", ["8"], 8),
    ("welcome", ["best"], "best"),
    ("welcome", ["3.0"], "3.0"),
    ("went_wrong", ["true"], True),
    ("went_wrong", ["false"], False),
    ("went_wrong", ["on"], "on"),
    ("comment", ["  two\r\nlines "], "two\nlines"),
]


@pytest.mark.parametrize(("key", "values", "answer"), PLAIN)
def test_a_plain_field_becomes_an_answer(key: str, values: list[str], answer: object) -> None:
    found = from_plain(COUNTER, MultiDict([(key, value) for value in values]))
    assert found == {key: answer}
    assert type(found[key]) is type(answer)


VISIT_PLAIN: list[tuple[str, list[str], object]] = [
    ("obstacles", ["parking", "signs", "parking"], ["parking", "signs"]),
    ("handovers", ["0"], 0),
    ("handovers", ["٣"], 3),
    ("handovers", ["1_000"], "1_000"),
    ("handovers", ["2.5"], "2.5"),
    ("handovers", ["9" * 5000], "9" * 5000),
    ("left_at", ["14:05"], "14:05"),
    ("arrived_at", ["2026-07-01T14:05"], "2026-07-01T14:05:00+02:00"),
    ("arrived_at", ["2026-13-01T14:05"], "2026-13-01T14:05"),
    ("arrived_at", ["yesterday"], "yesterday"),
]


@pytest.mark.parametrize(("key", "values", "answer"), VISIT_PLAIN)
def test_a_plain_field_of_a_visit(key: str, values: list[str], answer: object) -> None:
    fields = MultiDict([(key, value) for value in values])
    assert from_plain(VISIT, fields, ZoneInfo("Europe/Vienna")) == {key: answer}


@pytest.mark.parametrize(("value", "answer"), [("12", 12), ("12.5", 12.5), ("12,5", 12.5)])
def test_a_plain_number_with_point_or_comma(value: str, answer: float) -> None:
    found = from_plain(VISIT, MultiDict({"paid": "true", "amount": value}))
    assert found == {"paid": True, "amount": answer}


FIELDWORK = Instrument.from_document(
    {
        "instrument": "fieldwork",
        "title": {},
        "source": "shopper",
        "mode": "routine",
        "review": "none",
        "languages": ["en"],
        "sections": [
            {
                "title": {},
                "items": [
                    {"key": "waited", "type": "duration", "ask": {}, "max": 3600},
                    {"key": "front", "type": "photo", "ask": {}},
                    {"key": "till", "type": "photo", "ask": {}, "max_photos": 1},
                    {"key": "here", "type": "place", "ask": {}},
                    {"key": "comment", "type": "text", "ask": {}},
                ],
            }
        ],
    }
)
A, B = "a" * 64, "b" * 64


def file(sha256: str, question: object = "front") -> dict[str, object]:
    return {"sha256": sha256, "question": question, "type": "image/jpeg", "bytes": 9}


def test_photos_that_are_listed_fit() -> None:
    answers = {"front": [A, B], "till": [A]}
    assert check(FIELDWORK, answers, None, [file(A), file(B), file(A, "till")]) == []
    # whoever lists in capitals names the same file, and more may be listed than is shown
    assert check(FIELDWORK, {"front": [A]}, None, [file("A" * 64), file(B)]) == []
    assert check(FIELDWORK, {"front": []}) == []


@pytest.mark.parametrize("files", [None, [], {}, "x", [5], [{"sha256": 5}], [file(A)]])
def test_a_photo_that_is_not_listed_is_named_by_its_place(files: object) -> None:
    answers = {"front": [A, B]} if files == [file(A)] else {"front": [B]}
    (problem,) = check(FIELDWORK, answers, None, files)
    place = len(answers["front"]) - 1
    assert (problem.code, problem.path) == ("does_not_fit", f"/answers/front/{place}")
    assert "list it there, or leave it out" in problem.message
    assert B not in problem.message


@pytest.mark.parametrize("question", ["comment", "nobody", None, 5, ["front"], {}])
def test_a_file_that_answers_no_question_for_photos_is_named(question: object) -> None:
    (problem,) = check(FIELDWORK, {"front": [A]}, None, [file(A), file(B, question)])
    assert (problem.code, problem.path) == ("does_not_fit", "/files/1/question")


def test_thousands_of_stray_files_are_counted() -> None:
    problems = check(FIELDWORK, {}, None, [file(A, "comment")] * 5000)
    assert len(problems) <= MAX_UNKNOWN + 1
    assert "4980 more" in problems[-1].message


def test_a_form_without_photos_takes_any_list_of_files() -> None:
    assert check(COUNTER, {"comment": "x"}, None, [file(A, "comment"), {"sha256": B}]) == []


FIELDWORK_PLAIN: list[tuple[str, list[str], object]] = [
    ("waited", ["3:20"], 200),
    ("waited", ["0:05"], 5),
    ("waited", ["3.20"], 200),
    ("waited", ["1:03:20"], 3800),
    ("waited", ["75:00"], 4500),
    ("waited", ["200"], 200),
    ("waited", ["٣:٢٠"], 200),
    ("waited", ["3:5"], "3:5"),
    ("waited", ["3:60"], "3:60"),
    ("waited", ["-3:20"], "-3:20"),
    ("waited", ["about 3 minutes"], "about 3 minutes"),
    ("front", [A, B, A], [A, B]),
    ("front", ["IMG_1.jpg"], ["IMG_1.jpg"]),
    ("here", ["48.2082, 16.3738, 25"], (48.2082, 16.3738, 25)),
    ("here", ["48.2,16.37,0"], (48.2, 16.37, 0)),
    ("here", ["48.2082,16.3738"], (48.2082, 16.3738, 6)),
    ("here", ["-33.9, 18.42"], (-33.9, 18.42, 5566)),
    ("here", ["48, 16"], (48, 16, 55660)),
    ("here", ["48.20824612, 16.37384123"], (48.20824612, 16.37384123, 1)),
    ("here", ["48,2082 16,3738"], (48.2082, 16.3738, 6)),
    ("here", ["48,2082; 16,3738; 25"], (48.2082, 16.3738, 25)),
    ("here", ["48,2082, 16,3738"], (48.2082, 16.3738, 6)),
    ("here", ["٤٨٫٢٠٨٢، ١٦٫٣٧٣٨"], (48.2082, 16.3738, 6)),
    ("here", ["48,2,16,37"], "48,2,16,37"),
    ("here", ["48.2"], "48.2"),
    ("here", ["Graben 1"], "Graben 1"),
]


@pytest.mark.parametrize(("key", "values", "answer"), FIELDWORK_PLAIN)
def test_a_plain_field_of_fieldwork(key: str, values: list[str], answer: object) -> None:
    if isinstance(answer, tuple):
        answer = dict(zip(("latitude", "longitude", "accuracy"), answer, strict=True))
    found = from_plain(FIELDWORK, MultiDict([(key, value) for value in values]))
    assert found == {key: answer}
    assert isinstance(found[key], type(answer))


@given(st.integers(0, 10**6))
def test_a_duration_is_read_as_it_is_written(seconds: int) -> None:
    assert written.seconds(written.clock(seconds)) == seconds


@given(st.text(max_size=30) | st.from_regex(r"[0-9.,;: +-]{0,30}", fullmatch=True))
def test_whatever_is_written_is_read_or_left(text: str) -> None:
    for key in ("waited", "here"):
        found = from_plain(FIELDWORK, MultiDict({key: text}))
        check(FIELDWORK, found)


def test_plain_answers_that_are_hidden_are_dropped() -> None:
    fields = MultiDict({"went_wrong": "false", "told": "true", "contact": "me", "moment": "better"})
    assert from_plain(COUNTER, fields) == {"went_wrong": False, "moment": "better"}


def test_empty_and_foreign_fields_are_no_answers() -> None:
    fields = MultiDict({"comment": "  ", "welcome": "", "id": "x", "form": "y", "extra": "z"})
    assert from_plain(COUNTER, fields) == {}


@given(
    instruments,
    st.data(),
)
def test_any_plain_form_is_read_and_nothing_hidden_is_left(
    form: Instrument, data: st.DataObject
) -> None:
    fields = MultiDict(
        data.draw(
            st.lists(
                st.tuples(
                    st.sampled_from([*form.items, "id"]),
                    st.sampled_from(["true", "none", "4", "worse", "buy", "1,5"]) | st.text(),
                )
            )
        )
    )
    answers = from_plain(form, fields, ZoneInfo("Pacific/Auckland"))
    assert set(answers) <= visible(form, answers)
    assert json.loads(json.dumps(answers)) == answers
