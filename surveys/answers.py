"""Answers held against the form they came under.

:func:`check` is strict, because a wrong answer is never dropped: it is held for a person to look
at. Messages say what is expected and never repeat an answer, which may be somebody's words or
telephone number: problems are kept when words are erased.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any, Protocol, cast

from marshmallow import RAISE, Schema, ValidationError, fields

from surveys import photos_listed
from surveys.conditions import holds, is_number
from surveys.instrument import LEVELS, MOMENTS, Instrument, Item
from surveys.problems import Problem
from surveys.written import position, seconds

MAX_LENGTH = {"text": 5000, "contact": 320}
"""Characters a text may have where its item does not say."""

MAX_UNKNOWN = 20
"""Unknown questions that are named one by one; a bot's thousands are counted."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LOCAL_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
_PLACE = {"latitude": (-90, 90), "longitude": (-180, 180), "accuracy": (0, math.inf)}
_WHOLE = re.compile(r"[-+]?\d{1,15}")
_DECIMAL = re.compile(r"[-+]?\d{1,15}([.,]\d{1,15})?")


class PlainFields(Protocol):
    """The fields of an HTML form, as werkzeug's ``MultiDict`` holds them."""

    def getlist(self, key: str) -> list[str]: ...


def check(
    instrument: Instrument, answers: object, asked: object = None, files: object = None
) -> list[Problem]:
    """Everything about ``answers``, ``asked`` and ``files`` (any JSON values) that does not fit.

    Of ``files`` no more is looked at than what photos need: that each is listed there, and that
    what is listed answers a question for photos, if the form has one.

    Paths are JSON Pointers into the submission. Codes: ``unknown_question``, ``does_not_fit``,
    ``hidden_by_condition`` and ``required``. Nothing is raised, whatever the values.
    """
    if not isinstance(answers, dict):
        message = "Answers are an object: each question's key, and its answer."
        problems = [Problem("does_not_fit", "/answers", message)]
        return (
            problems + _check_asked(instrument, asked) + photos_listed.check(instrument, {}, files)
        )
    shown = visible(instrument, answers)
    problems = _check_values(instrument, answers)
    for key, item in instrument.items.items():
        if key in answers and key not in shown:
            message = "This question was hidden by the answers before it: leave its answer out."
            problems.append(Problem("hidden_by_condition", _pointer("answers", key), message))
        elif item.required and key in shown and answers.get(key, "") in ("", []):
            message = f"This question must be answered: {expected(item)}."
            problems.append(Problem("required", _pointer("answers", key), message))
    return (
        problems + _check_asked(instrument, asked) + photos_listed.check(instrument, answers, files)
    )


def visible(instrument: Instrument, answers: Mapping[str, Any]) -> set[str]:
    """The keys of all items that their conditions show, given ``answers``.

    A hidden item has no answer for the items after it. All scales of a draw count as shown:
    which of them were asked is in the submission.
    """
    hidden: set[str] = set()
    seen: Mapping[str, Any] = answers
    for key, item in instrument.items.items():
        if item.show_if is not None and not holds(item.show_if, seen):
            hidden.add(key)
            seen = {other: value for other, value in seen.items() if other != key}
    return set(instrument.items) - hidden


def fits(item: Item, value: object) -> bool:
    """Whether ``value`` (any JSON value) is an answer to ``item``."""
    if value is None:
        return item.type == "scale"
    return _FITS[item.type](item, value)


def expected(item: Item) -> str:
    """What fits ``item``, as the end of a sentence."""
    if item.type in ("integer", "number", "duration"):
        return f"expected is {_range(item)}"
    if item.type == "photo":
        return (
            f"expected is a list of at most {photos_listed.max_photos(item)} SHA-256, each in 64"
            " hexadecimal digits (0-9, a-f) and each once"
        )
    if item.type in ("choice", "choices"):
        keys = ", ".join(f'"{choice.key}"' for choice in item.choices)
        return f"expected is {'one' if item.type == 'choice' else 'a list'} of {keys}"
    if item.type in MAX_LENGTH:
        return f"expected is a text of at most {max_length(item)} characters"
    return f"expected is {_EXPECTED[item.type]}"


def max_length(item: Item) -> int:
    """The most characters an answer in words may have."""
    return item.max_length or MAX_LENGTH[item.type]


def from_plain(
    instrument: Instrument, fields: PlainFields, zone: tzinfo | None = None
) -> dict[str, Any]:
    """The typed answers in an HTML form post, without those that conditions hide.

    An empty field is no answer. A value that cannot be read stays the text it is, and will not
    fit. A browser sends local times; ``zone`` (the site's) gives them their offset. For a question
    for photos ``fields`` has the SHA-256 of each: whoever took the files in puts them there.
    """
    answers: dict[str, Any] = {}
    for key, item in instrument.items.items():
        if item.show_if is not None and not holds(item.show_if, answers):
            continue
        values = [value.strip().replace("\r\n", "\n") for value in fields.getlist(key)]
        values = [value for value in values if value]
        if values:
            answers[key] = read_plain(item, values, zone)
    return answers


def read_plain(item: Item, values: list[str], zone: tzinfo | None) -> Any:
    """The answer that the values of a form's field are, as far as they can be read."""
    if item.type in ("choices", "photo"):
        return list(dict.fromkeys(values))
    read = _PLAIN.get(item.type)
    return values[-1] if read is None else read(item, values[-1], zone)


def _number_from(item: Item, value: str) -> float | str:
    if _WHOLE.fullmatch(value):
        return int(value)
    if item.type == "number" and _DECIMAL.fullmatch(value):
        return float(value.replace(",", "."))
    return value


def _with_offset(value: str, zone: tzinfo | None) -> str:
    if zone is None or not _LOCAL_DATETIME.fullmatch(value):
        return value
    try:
        return datetime.fromisoformat(value).replace(tzinfo=zone).isoformat()
    except ValueError:
        return value


def _seconds_from(value: str) -> int | str:
    found = seconds(value)
    return value if found is None else found


_PLAIN: Mapping[str, Callable[[Item, str, tzinfo | None], Any]] = {
    "scale": lambda item, value, zone: None if value == "none" else _number_from(item, value),
    "yes_no": lambda item, value, zone: {"true": True, "false": False}.get(value, value),
    "integer": lambda item, value, zone: _number_from(item, value),
    "number": lambda item, value, zone: _number_from(item, value),
    "datetime": lambda item, value, zone: _with_offset(value, zone),
    "duration": lambda item, value, zone: _seconds_from(value),
    "place": lambda item, value, zone: position(value) or value,
}


# --- what fits each type ---------------------------------------------------------------------


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _level(item: Item, value: object) -> bool:
    return _is_whole(value) and value in LEVELS


def _number(item: Item, value: object) -> bool:
    return (
        is_number(value)
        and isinstance(value, int | float)  # said again for the type checker
        and (isinstance(value, int) or math.isfinite(value))
        and (item.min is None or value >= item.min)
        and (item.max is None or value <= item.max)
    )


def _chosen(item: Item, value: object) -> bool:
    return isinstance(value, str) and any(value == choice.key for choice in item.choices)


def _several(item: Item, value: object) -> bool:
    return (
        isinstance(value, list)
        and all(_chosen(item, chosen) for chosen in value)
        and len(set(value)) == len(value)
    )


def _duration(item: Item, value: object) -> bool:
    return _is_whole(value) and cast(int, value) >= 0 and _number(item, value)


def _place(item: Item, value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == _PLACE.keys()
        and all(
            is_number(value[name]) and low <= value[name] <= high and math.isfinite(value[name])
            for name, (low, high) in _PLACE.items()
        )
    )


def _text(item: Item, value: object) -> bool:
    return isinstance(value, str) and len(value) <= max_length(item)


def _iso(pattern: re.Pattern[str], read: Callable[[str], object]) -> Callable[[Item, object], bool]:
    def fits_pattern(item: Item, value: object) -> bool:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            return False
        try:
            read(value)
        except ValueError:
            return False
        return True

    return fits_pattern


_FITS: Mapping[str, Callable[[Item, object], bool]] = {
    "scale": _level,
    "moment": lambda item, value: isinstance(value, str) and value in MOMENTS,
    "yes_no": lambda item, value: isinstance(value, bool),
    "choice": _chosen,
    "choices": _several,
    "integer": lambda item, value: _is_whole(value) and _number(item, value),
    "number": _number,
    "text": _text,
    "contact": _text,
    "date": _iso(_DATE, date.fromisoformat),
    "time": _iso(_TIME, time.fromisoformat),
    "datetime": _iso(_DATETIME, datetime.fromisoformat),
    "duration": _duration,
    "photo": photos_listed.fits,
    "place": _place,
    "note": lambda item, value: False,
}

_EXPECTED = {
    "scale": "a whole number from 1 to 7, or null if it did not come up",
    "moment": '"worse", "expected" or "better"',
    "yes_no": "true or false",
    "date": "a date like 2026-11-22",
    "time": "a time of day like 14:05",
    "datetime": "a date and time with its offset, like 2026-11-22T14:05:00+01:00",
    "place": "an object with latitude (-90 to 90), longitude (-180 to 180) and accuracy (metres, 0"
    " or more), numbers all three, and nothing else",
    "note": "nothing, since a note asks nothing",
}


_KINDS = {"integer": "a whole number", "duration": "a whole number of seconds"}


def _range(item: Item) -> str:
    kind = _KINDS.get(item.type, "a number")
    low = 0 if item.type == "duration" and item.min is None else item.min
    if low is not None and item.max is not None:
        return f"{kind} from {low} to {item.max}"
    if low is not None:
        return f"{kind} of at least {low}"
    return kind if item.max is None else f"{kind} of at most {item.max}"


# --- the schema of a version -----------------------------------------------------------------


class _Answer(fields.Field[Any]):
    """The answer to one item: exactly what :func:`fits` it."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._message = f"This answer does not fit the question: {expected(item)}."
        super().__init__(
            data_key=item.key,
            allow_none=fits(item, None),
            error_messages={"null": self._message},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not fits(self._item, value):
            raise ValidationError(self._message)
        return value


_schemas: dict[str, Schema] = {}


def schema(instrument: Instrument) -> Schema:
    """The marshmallow schema of the instrument's answers: made once for each version."""
    found = _schemas.get(instrument.form)
    if found is None:
        # The prefix keeps a question called `load` from shadowing the schema's own method.
        answers = {f"answer_{key}": _Answer(item) for key, item in instrument.items.items()}
        found = _schemas[instrument.form] = Schema.from_dict(answers)(unknown=RAISE)  # type: ignore[arg-type]
    return found


def _check_values(instrument: Instrument, answers: dict[str, Any]) -> list[Problem]:
    try:
        schema(instrument).load(answers)
    except ValidationError as error:
        found = cast(dict[str, list[str]], error.messages)
    else:
        return []
    unknown = [key for key in found if key not in instrument.items]
    problems = [
        Problem("does_not_fit", _pointer("answers", key), " ".join(messages))
        for key, messages in found.items()
        if key in instrument.items
    ]
    for key in unknown[:MAX_UNKNOWN]:
        message = "This form has no such question: look whether it belongs to another version."
        problems.append(Problem("unknown_question", _pointer("answers", key), message))
    if len(unknown) > MAX_UNKNOWN:
        message = f"{len(unknown) - MAX_UNKNOWN} more questions are not in this form."
        problems.append(Problem("unknown_question", "/answers", message))
    return problems


def _check_asked(instrument: Instrument, asked: object) -> list[Problem]:
    if asked is None:
        return []
    if not isinstance(asked, list):
        message = "Expected is a list of the keys of the questions that were shown."
        return [Problem("does_not_fit", "/asked", message)]
    problems = []
    for index, key in enumerate(asked):
        if not isinstance(key, str):
            message = "Expected is the key of a question, a text."
            problems.append(Problem("does_not_fit", f"/asked/{index}", message))
        elif key not in instrument.items:
            message = "This form has no such question: look whether it belongs to another version."
            problems.append(Problem("unknown_question", f"/asked/{index}", message))
    if len(problems) > MAX_UNKNOWN:
        message = f"{len(problems) - MAX_UNKNOWN} more entries are not questions of this form."
        problems[MAX_UNKNOWN:] = [Problem("unknown_question", "/asked", message)]
    return problems


def _pointer(*parts: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
