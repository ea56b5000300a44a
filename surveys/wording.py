"""A submission in words: its questions, its answers, and what is wrong with them.

For the people who decide about it. Problems are stored in English, for programs; here each is said
anew from its code and path, so that it can be said in the reader's language.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from surveys.answers import fits, max_length
from surveys.instrument import Instrument, Item, Text
from surveys.photos_listed import max_photos
from surveys.sentences import Sentence
from surveys.written import clock

MOMENTS = {
    "worse": Sentence("worse"),
    "expected": Sentence("as expected"),
    "better": Sentence("better"),
}
_WHOLE = {
    "withdrawn_token": Sentence("Its code had been withdrawn when it arrived."),
    "unknown_form": Sentence("The version of the form that it names was never published here."),
    "other_instrument": Sentence("It was filled in on another form than its code’s."),
    "other_content": Sentence("A submission with the same id and other answers came before it."),
    "cannot_replace": Sentence(
        "It says that it corrects another one, and shows no right to: another code, or not that"
        " one’s secret."
    ),
    "counts_already": Sentence(
        "Another report of this visit counts already, and a visit counts once."
    ),
    "erased": Sentence("Its words were erased at the wish of whoever sent it."),
}
_STRAY = Sentence("Its list of files names one for a question that takes no photos.")
_PLACES = {
    "asked": Sentence("The list of the questions that were shown cannot be read by this form."),
    "files": Sentence("The list of its files cannot be read."),
    "scanned": Sentence("The list of the codes that were scanned at the place cannot be read."),
    "replaces": Sentence("What it says it replaces is no id."),
    "secret_sha256": Sentence("The secret that should let its sender erase it cannot be read."),
}
_LARGE = {
    "unknown_question": Sentence("Many more answers belong to no question of the form."),
    "does_not_fit": Sentence("Its answers cannot be read at all."),
}
_SHAPES = {
    "scale": Sentence("a whole number from 1 to 7, or that it did not come up"),
    "moment": Sentence("worse, as expected or better"),
    "yes_no": Sentence("yes or no"),
    "choice": Sentence("one of the answers to choose from"),
    "choices": Sentence("some of the answers to choose from, each once"),
    "date": Sentence("a day, like 2026-11-22"),
    "time": Sentence("a time of day, like 14:05"),
    "datetime": Sentence("a day and time with its offset, like 2026-11-22T14:05:00+01:00"),
    "place": Sentence("a latitude, a longitude and an accuracy in metres"),
    "note": Sentence("nothing, since it asks nothing"),
}


@dataclass(frozen=True)
class Line:
    """One question with what was answered. ``item`` is None where the form has no such question.

    ``value`` is what is read today and ``sent`` what came, in words; ``wrong`` what does not fit.
    """

    key: str
    item: Item | None
    question: str
    value: str
    sent: str
    answered: bool
    mended: bool
    wrong: tuple[Sentence, ...]


def said(text: Text, language: str) -> str:
    """A text in ``language``, or in another that it has."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def lines(
    instrument: Instrument | None,
    sent: Mapping[str, Any],
    amended: Mapping[str, Any],
    problems: Iterable[Mapping[str, str]],
    language: str,
) -> list[Line]:
    """Every question but the notes and contacts, in the form's order, then what else was answered.

    ``amended`` are the answers as they are read today, ``problems`` what is wrong with those.
    """
    items = {} if instrument is None else instrument.items
    faulty: dict[str, list[Sentence]] = {}
    for problem in problems:
        key = question_of(problem["path"])
        if key is not None:
            faulty.setdefault(key, []).append(_beside(problem["code"], items.get(key)))
    shown = [key for key, item in items.items() if item.type not in ("note", "contact")]
    others = [key for key in {**amended, **sent, **faulty} if key not in items]
    return [
        Line(
            key=key,
            item=items.get(key),
            question=said(items[key].ask, language) if key in items else key,
            value=value(items.get(key), amended[key], language) if key in amended else "",
            sent=value(items.get(key), sent[key], language) if key in sent else "",
            answered=key in amended,
            mended=differs(sent, amended, key),
            wrong=tuple(dict.fromkeys(faulty.get(key, ()))),
        )
        for key in [*shown, *others]
    ]


def differs(one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> bool:
    """Whether a question is answered differently; also 3 from 3.0, which Python takes for equal."""
    if key not in one or key not in other:
        return (key in one) != (key in other)
    return type(one[key]) is not type(other[key]) or json.dumps(one[key]) != json.dumps(other[key])


def value(item: Item | None, answer: object, language: str) -> str:
    """An answer in words; one that does not fit as it came, in JSON."""
    if item is None or not fits(item, answer):
        return json.dumps(answer, ensure_ascii=False)
    say = _VALUES.get(item.type)
    return str(answer) if say is None else say(item, answer, language)


def _level(item: Item, answer: Any, language: str) -> str:
    return Sentence("did not come up") if answer is None else Sentence("{n} of 7", n=answer)


def _choices(item: Item, answer: Any, language: str) -> str:
    chosen = [said(choice.label, language) for choice in item.choices if choice.key in answer]
    return " · ".join(chosen) or Sentence("none of them")


def _number(item: Item, answer: Any, language: str) -> str:
    if item.unit:
        return Sentence("{number} {unit}", number=answer, unit=item.unit)
    return Sentence("{number}", number=answer)


def _duration(item: Item, answer: Any, language: str) -> str:
    minutes, seconds = divmod(answer, 60)
    if not minutes:
        return Sentence("{seconds} s", seconds=seconds)
    return Sentence("{minutes} min {seconds} s", minutes=minutes, seconds=seconds)


def _photos(item: Item, answer: Any, language: str) -> str:
    if len(answer) == 1:
        return Sentence("1 photo")
    return Sentence("{n} photos", n=len(answer)) if answer else Sentence("no photo")


def _place(item: Item, answer: Any, language: str) -> str:
    """In degrees as maps take them, whatever the reader's decimal sign."""
    return Sentence(
        "{position}, accurate to {metres} m",
        position=f"{answer['latitude']:.5f}, {answer['longitude']:.5f}",
        metres=math.ceil(answer["accuracy"]),
    )


_VALUES: Mapping[str, Callable[[Item, Any, str], str]] = {
    "scale": _level,
    "moment": lambda item, answer, language: MOMENTS[answer],
    "yes_no": lambda item, answer, language: Sentence("yes") if answer else Sentence("no"),
    "choice": lambda item, answer, language: _choices(item, [answer], language),
    "choices": _choices,
    "integer": _number,
    "number": _number,
    "date": lambda item, answer, language: Sentence("{day}", day=date.fromisoformat(answer)),
    "datetime": lambda item, answer, language: Sentence(
        "{moment}", moment=datetime.fromisoformat(answer)
    ),
    "duration": _duration,
    "photo": _photos,
    "place": _place,
}


def expectation(item: Item) -> Sentence:
    """What fits ``item``, as the end of a sentence."""
    if item.type in ("text", "contact"):
        return Sentence("a text of at most {n} characters", n=max_length(item))
    if item.type == "photo":
        return Sentence("at most {n} photos, each in its list of files", n=max_photos(item))
    if item.type == "duration":
        return _duration_expected(item)
    if item.type not in ("integer", "number"):
        return _SHAPES.get(item.type, Sentence("another kind of answer"))
    kind = Sentence("a whole number") if item.type == "integer" else Sentence("a number")
    if item.min is not None and item.max is not None:
        kind = Sentence("{kind} from {min} to {max}", kind=kind, min=item.min, max=item.max)
    elif item.min is not None:
        kind = Sentence("{kind} of at least {min}", kind=kind, min=item.min)
    elif item.max is not None:
        kind = Sentence("{kind} of at most {max}", kind=kind, max=item.max)
    return kind


def _duration_expected(item: Item) -> Sentence:
    low, high = clock(int(item.min or 0)), clock(int(item.max or 0))
    if item.max is not None:
        return Sentence("minutes and seconds like 3:20, from {min} to {max}", min=low, max=high)
    if item.min:
        return Sentence("minutes and seconds like 3:20, at least {min}", min=low)
    return Sentence("minutes and seconds like 3:20")


def sentence(problem: Mapping[str, str], instrument: Instrument | None, language: str) -> Sentence:
    """What is wrong, in one sentence that names the question by its words in ``instrument``."""
    code, path = problem["code"], problem["path"]
    if path.startswith("/files/") and path.endswith("/question"):
        return _STRAY
    whole = _WHOLE.get(code) or _PLACES.get(path.partition("/")[2].partition("/")[0])
    if whole is not None:
        return whole
    key = question_of(path)
    if key is None:
        return _LARGE.get(code) or Sentence("{problem}", problem=problem["message"])
    item = None if instrument is None else instrument.items.get(key)
    if code == "unknown_question" or item is None:
        return Sentence("The form has no question “{key}”.", key=key)
    return _of_question(code, item, said(item.ask, language))


def _beside(code: str, item: Item | None) -> Sentence:
    """What is wrong, for a place where the question stands beside it."""
    if code == "unknown_question" or item is None:
        return Sentence("The form has no such question.")
    if code == "required":
        return Sentence("This must be answered.")
    if code == "hidden_by_condition":
        return Sentence("The answers before it say that this was not asked.")
    return Sentence("This does not fit; expected is {expected}.", expected=expectation(item))


def _of_question(code: str, item: Item, question: str) -> Sentence:
    if code == "required":
        return Sentence("“{question}” must be answered.", question=question)
    if code == "hidden_by_condition":
        return Sentence(
            "“{question}” has an answer, and the answers before it say that it was not asked.",
            question=question,
        )
    return Sentence(
        "“{question}”: the answer does not fit; expected is {expected}.",
        question=question,
        expected=expectation(item),
    )


def question_of(path: str) -> str | None:
    """The question that a JSON Pointer into a submission leads to."""
    parts = path.split("/")
    if len(parts) < 3 or parts[1] != "answers":
        return None
    return parts[2].replace("~1", "/").replace("~0", "~")


def first_of(problems: Sequence[Mapping[str, str]]) -> Mapping[str, str] | None:
    """The one to tell where there is room for one: what stands against the whole comes first."""
    return min(problems, key=lambda problem: problem["code"] not in _WHOLE, default=None)
