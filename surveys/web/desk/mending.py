"""The fields by which a person mends answers: one of the right kind for each question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import flash, request
from werkzeug.datastructures import MultiDict

from surveys import holding, wording, written
from surveys.answers import fits, read_plain
from surveys.holding import HoldingError
from surveys.holding_desk import Case
from surveys.instrument import LEVELS, MOMENTS, Item
from surveys.sentences import Sentence
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import language, ngettext, told
from surveys.wording import Line

AS_IT_IS = "="
"""The choice that changes nothing. (No key of an answer is written like that.)"""

KEPT = ("photo", "place")
"""What nobody can mend who was not there: it stands as it came, or is taken away."""

SELECTED = ("scale", "moment", "yes_no", "choice")


@dataclass(frozen=True)
class Field:
    """``kind`` is select, ticks, area, text or drop (take away what belongs to no question,
    or is a photo or a place)."""

    name: str
    line: Line
    kind: str
    values: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    expected: Sentence | None = None

    @property
    def first(self) -> bool:
        """Whether somebody who mends looks here first."""
        return self.line.answered or bool(self.line.wrong)


def fields(case: Case, typed: MultiDict[str, str] | None) -> list[Field]:
    """A field for every question; ``typed`` is what was sent and could not be taken."""
    made = []
    for line in case.lines:
        name, kind = f"a.{line.key}", _kind(line.item)
        if kind == "drop" and not line.answered:
            continue
        standing = _standing(case, line, kind)
        options: tuple[tuple[str, str], ...] = ()
        expected = None
        if line.item is not None and kind in ("select", "ticks"):
            options = _options(line, line.item, AS_IT_IS in standing)
        elif line.item is not None and kind != "drop":
            expected = wording.expectation(line.item)
        values = tuple(typed.getlist(name)) if typed is not None else standing
        made.append(Field(name, line, kind, values, options, expected))
    return made


def changed(case: Case, form: MultiDict[str, str]) -> dict[str, Any]:
    """The answers that the form gives anew; None takes one away."""
    found: dict[str, Any] = {}
    zone = ZoneInfo(case.site.timezone)
    for line in case.lines:
        name, kind = f"a.{line.key}", _kind(line.item)
        posted = tuple(value.replace("\r\n", "\n").strip() for value in form.getlist(name))
        was_shown = name in form or f"s.{line.key}" in form
        if not was_shown or AS_IT_IS in posted or posted == _standing(case, line, kind):
            continue
        values = [value for value in posted if value]
        new = None
        if line.item is not None and kind != "drop" and values:
            new = read_plain(line.item, values, zone)
        if line.answered or values:
            found[line.key] = new
    return found


def save(case: Case, fits: str, *, form: str | None = None) -> None:
    """Amend what the posted form gives anew, and say what still does not fit; ``fits`` if nothing.

    ``form`` is the version to read it by.
    Raises :class:`surveys.holding.HoldingError`, also where nothing was changed.
    """
    answers = changed(case, request.form)
    if not answers:
        raise HoldingError(
            Sentence("Nothing was changed: change an answer above first, then save.")
        )
    submission = case.submission
    left = holding.mend(
        *(services().database, submission.site_id, submission.submission_id),
        *(me().person_id, services().clock()),
        answers=answers,
        reason=request.form.get("reason", ""),
        form=form,
        seen=seen(),
    )
    still = ngettext(
        "Mended. {n} thing still does not fit.",
        "Mended. {n} things still do not fit.",
        len(left),
    )
    flash(still if left else fits)


def seen() -> int:
    """How many amendments the page showed that was posted from."""
    return request.form.get("seen", -1, int)


def _kind(item: Item | None) -> str:
    if item is None or item.type in KEPT:
        return "drop"
    if item.type in SELECTED:
        return "select"
    return {"choices": "ticks", "text": "area"}.get(item.type, "text")


def _standing(case: Case, line: Line, kind: str) -> tuple[str, ...]:
    """What a field holds at first: the answer as it is read today."""
    answer = case.answers.get(line.key)
    if line.item is None or kind == "drop":
        return ()
    if kind in ("select", "ticks"):
        if not line.answered:
            return (AS_IT_IS,) if kind == "select" else ()
        if not fits(line.item, answer):
            return (AS_IT_IS,)
        return tuple(map(_plain, answer if isinstance(answer, list) else [answer]))
    if line.item.type == "duration" and fits(line.item, answer):
        return (written.clock(cast(int, answer)),)
    return (_plain(answer).replace("\r\n", "\n").strip() if line.answered else "",)


def _plain(answer: object) -> str:
    """An answer as the value of a field."""
    if answer is None:
        return "none"
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _options(line: Line, item: Item, as_it_is: bool) -> tuple[tuple[str, str], ...]:
    """Values and texts to choose from: first what leaves the answer as it is, where nothing else
    says that; last, to take it away."""
    first: tuple[tuple[str, str], ...] = ()
    if as_it_is and line.answered:
        first = ((AS_IT_IS, _("as it came: {value}", value=line.value[:60])),)
    elif as_it_is:
        first = ((AS_IT_IS, _("no answer")),)
    # A scale that was asked has a level or did not come up.
    away = line.answered and item.type not in ("scale", "choices")
    return (*first, *_choosable(item), *((("", _("no answer")),) if away else ()))


def _choosable(item: Item) -> tuple[tuple[str, str], ...]:
    if item.type == "scale":
        levels = tuple((str(level), str(level)) for level in reversed(LEVELS))
        return (*levels, ("none", _("did not come up")))
    if item.type == "moment":
        return tuple((key, told(wording.MOMENTS[key])) for key in MOMENTS)
    if item.type == "yes_no":
        return ("true", _("yes")), ("false", _("no"))
    return tuple((choice.key, wording.said(choice.label, language())) for choice in item.choices)
