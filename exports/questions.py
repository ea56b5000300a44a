"""The questions of an instrument as columns: one each, in form order, over all its versions.

The newest version comes first, then the questions that only older ones had. A column holds only
answers that fit it; whatever a held submission has instead stands apart in the last, so that a
column of numbers is one of numbers and nothing is lost. What is a way to reach somebody in any
version is in no column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from exports import words
from exports.columns import Column, Value
from surveys.answers import fits
from surveys.instrument import LEVELS, MOMENTS, Instrument, Item, Text
from surveys.photos_listed import max_photos
from surveys.sentences import Sentence

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """One column of answers.

    ``items`` are the versions of the question that have the column's type, the newest first;
    ``cell`` makes a fitting answer a cell.
    """

    items: tuple[Item, ...]
    column: Column
    cell: Callable[[Any], Value]

    @property
    def item(self) -> Item:
        return self.items[0]

    @property
    def words(self) -> bool:
        """Whether somebody's own words stand here, or where they were: what tells who it was."""
        return self.item.type in ("text", "place")

    def holds(self, answer: object) -> bool:
        """Whether an answer fits some version of the question. Words fit whatever their length."""
        if self.item.type == "text":
            return isinstance(answer, str)
        return any(fits(item, answer) for item in self.items)


def read(versions: Iterable[Instrument], language: str | None = None) -> Form:
    """The columns of all ``versions`` (newest first); with labels if there is a ``language``."""
    every: dict[str, list[Item]] = {}
    for version in versions:
        for key, item in version.items.items():
            every.setdefault(key, []).append(item)
    found: list[Question] = []
    for items in every.values():
        if not any(item.type in ("contact", "note") for item in items):
            same = tuple(item for item in items if item.type == items[0].type)
            found.extend(_columns(same, language))
    return Form(found)


class Form:
    """All columns of an instrument: makes the cells of one submission's answers."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        self._places: dict[str, list[tuple[int, Question]]] = {}
        for place, question in enumerate(self.questions):
            self._places.setdefault(question.item.key, []).append((place, question))

    def cells(self, answers: Answers, *, words: bool = True) -> list[Value]:
        """A cell for each column, and last the JSON of answers that no column holds.

        ``words`` is False for readers who must not see what somebody wrote in their own words.
        """
        # Answers are fewer than columns: a customer is asked three scales of twelve.
        found: list[Value] = [None] * len(self.questions)
        left: dict[str, Any] = {}
        for key, answer in answers.items():
            for place, question in self._places.get(key, ()) if answer is not None else ():
                if not question.holds(answer):
                    left[key] = answer
                elif words or not question.words:
                    found[place] = question.cell(answer)
        unfit = json.dumps(left, ensure_ascii=False, sort_keys=True) if left and words else None
        return [*found, unfit]


def _columns(items: tuple[Item, ...], language: str | None) -> Iterator[Question]:
    if items[0].type == "choices":
        yield from _each_choice(items, language)
    elif items[0].type == "place":
        yield from _each_part(items, language)
    else:
        yield _column(items, language)


def _column(items: tuple[Item, ...], language: str | None) -> Question:
    item = items[0]
    kind, unit = "string", None
    constraints: Mapping[str, Any] = {}
    cell: Callable[[Any], Value] = _as_it_is
    if item.type == "scale":
        kind, unit, constraints = "integer", "level", {"minimum": LEVELS[0], "maximum": LEVELS[-1]}
    elif item.type in ("integer", "number"):
        kind, unit, constraints = item.type, item.unit, _loosest(items)
    elif item.type == "duration":
        kind, unit, constraints = "integer", "s", {"minimum": 0, **_loosest(items)}
    elif item.type == "photo":
        most = max(max_photos(one) for one in items)
        kind, unit, constraints = "integer", "photos", {"minimum": 0, "maximum": most}
        cell = len
    elif item.type == "date":
        kind = "date"
    elif item.type in ("moment", "choice", "yes_no"):
        kind = "string" if language or item.type != "yes_no" else "boolean"
        shown = _shown(items, language)
        cell = shown.__getitem__
        constraints = {"enum": list(dict.fromkeys(shown.values()))} if kind == "string" else {}
    asks = words.say(item.ask, language or "en")
    above = words.header(item, language) if language else None
    return Question(items, Column(item.key, kind, asks, unit, constraints, above), cell)


def _shown(items: Sequence[Item], language: str | None) -> dict[Any, Any]:
    """Every answer that can be chosen, and what stands in its cell."""
    choices: dict[Any, Text]
    if items[0].type == "moment":
        choices = {moment: words.MOMENTS[moment] for moment in MOMENTS}
    elif items[0].type == "yes_no":
        choices = {True: words.YES, False: words.NO}
    else:
        choices = _choices(items)
    return {key: words.say(label, language) if language else key for key, label in choices.items()}


def _choices(items: Sequence[Item]) -> dict[str, Text]:
    """The choices of all versions: the newest's in their order, then those only older ones had."""
    found: dict[str, Text] = {}
    for item in items:
        for choice in item.choices:
            found.setdefault(choice.key, choice.label)
    return found


def _each_choice(items: tuple[Item, ...], language: str | None) -> Iterator[Question]:
    item = items[0]
    for key, label in _choices(items).items():
        asks = f"{words.say(item.ask, language or 'en')} {words.say(label, language or 'en')}"
        column = Column(
            f"{item.key}.{key}",
            "integer",
            Sentence("{asked}: 1 chosen, 0 not chosen, blank not answered.", asked=asks),
            None,
            {"enum": [0, 1]},
            words.header(item, language, key, label) if language else None,
        )
        yield Question(items, column, _whether(key))


_PARTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "latitude": ("degrees", {"minimum": -90, "maximum": 90}),
    "longitude": ("degrees", {"minimum": -180, "maximum": 180}),
    "accuracy": ("m", {"minimum": 0}),
}


def _each_part(items: tuple[Item, ...], language: str | None) -> Iterator[Question]:
    item = items[0]
    for part, (unit, bounds) in _PARTS.items():
        said = words.say(words.PARTS[part], language or "en")
        asks = f"{words.say(item.ask, language or 'en')} {said}"
        above = words.header(item, language, part, words.PARTS[part]) if language else None
        column = Column(f"{item.key}.{part}", "number", asks, unit, bounds, above)
        yield Question(items, column, itemgetter(part))


def _whether(key: str) -> Callable[[Any], Value]:
    return lambda answer: 1 if key in answer else 0


def _as_it_is(answer: Any) -> Value:
    value: Value = answer
    return value


def _loosest(items: Sequence[Item]) -> dict[str, Any]:
    """The widest bounds that any version had: what fitted then fits the column."""
    lows, highs = [item.min for item in items], [item.max for item in items]
    bounds: dict[str, Any] = {}
    if None not in lows:
        bounds["minimum"] = min(low for low in lows if low is not None)
    if None not in highs:
        bounds["maximum"] = max(high for high in highs if high is not None)
    return bounds
