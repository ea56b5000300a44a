"""What a submission means under an instrument: its problems, its marks, its contacts.

Used at intake, when a person decides about a held one, and when tallies are derived again, so
that all three say the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from surveys import answers as answers_check
from surveys import scoring
from surveys.digest import text
from surveys.instrument import Instrument
from surveys.intake_reading import Sent
from surveys.problems import Problem
from surveys.store.submissions import Amendment, Content, Submission
from surveys.store.tallies import Bar

Marks = list[tuple[str, str]]


@dataclass(frozen=True)
class Judgement:
    """``marks`` are empty where there is no form to read it by, or the answers do not fit it.

    ``payload`` is the text to keep, without ``contacts``.
    """

    problems: tuple[Problem, ...]
    marks: Marks
    careless: bool
    payload: str
    contacts: Mapping[str, Any]


def contact_questions(instrument: Instrument) -> frozenset[str]:
    return frozenset(key for key, item in instrument.items.items() if item.type == "contact")


def judge(
    sent: Sent, instrument: Instrument | None, questions: Collection[str], touchpoint: str | None
) -> Judgement:
    """``questions`` are those that hold contacts, in any version that is known."""
    payload, contacts = split_contacts(sent.record, questions)
    if instrument is None:
        return Judgement((), [], False, text(payload), contacts)
    problems = answers_check.check(
        instrument, sent.answers, sent.record.get("asked"), sent.record.get("files")
    )
    answers = amended(instrument, payload, ())
    return Judgement(
        problems=tuple(problems),
        marks=fitting_marks(instrument, answers, payload, touchpoint, known_to_fit=not problems),
        careless=not problems and scoring.careless(instrument, sent.answers, sent.seconds),
        payload=text(payload),
        contacts=contacts,
    )


def split_contacts(
    record: Mapping[str, Any], questions: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record without the answers to ``questions``, and those answers."""
    answers = record.get("answers")
    if not isinstance(answers, dict):
        return dict(record), {}
    contacts = {key: answers[key] for key in questions if key in answers}
    if not contacts:
        return dict(record), {}
    kept = {key: value for key, value in answers.items() if key not in contacts}
    return {**record, "answers": kept}, contacts


def marks(
    instrument: Instrument,
    answers: Mapping[str, Any],
    sent: Mapping[str, Any],
    touchpoint: str | None,
) -> Marks:
    """The marks of answers without contacts (they are not there when marks are derived again)."""
    asked = sent.get("asked")
    return scoring.marks(
        instrument, answers, asked if isinstance(asked, list) else None, touchpoint
    )


def fitting_marks(
    instrument: Instrument,
    answers: Mapping[str, Any],
    sent: Mapping[str, Any],
    touchpoint: str | None,
    *,
    known_to_fit: bool,
) -> Marks:
    """The marks of answers that fit, none of others."""
    if not known_to_fit and misfits(instrument, answers, sent):
        return []
    return marks(instrument, answers, sent, touchpoint)


def amended(
    instrument: Instrument, sent: Mapping[str, Any], amendments: Iterable[Amendment]
) -> dict[str, Any]:
    """The answers as people have amended them."""
    found = sent.get("answers")
    answers: dict[str, Any] = dict(found) if isinstance(found, dict) else {}
    for amendment in amendments:
        for question, answer in amendment.answers.items():
            item = instrument.items.get(question)
            if answer is None and (item is None or item.type != "scale"):
                answers.pop(question, None)
            else:
                answers[question] = answer
    return answers


def misfits(
    instrument: Instrument, answers: Mapping[str, Any], sent: Mapping[str, Any]
) -> list[Problem]:
    """What still does not fit in stored answers, whose contacts were split off.

    ``sent`` lists the files that the photos among them must be of.
    """
    apart = {f"/answers/{question}" for question in contact_questions(instrument)}
    return [
        problem
        for problem in answers_check.check(instrument, dict(answers), files=sent.get("files"))
        if problem.path.startswith("/answers") and problem.path not in apart
    ]


def with_files(sent: dict[str, Any], contents: Iterable[Content]) -> dict[str, Any]:
    """What was sent, its files those too that came with other content which was accepted."""
    accepted = [json.loads(one.payload) for one in contents if one.status == "accepted"]
    lists = [one.get("files") for one in (sent, *accepted)]
    if not accepted:
        return sent
    return {**sent, "files": [file for files in lists if isinstance(files, list) for file in files]}


def bars(submission: Submission, found: Iterable[tuple[str, str]], sign: int) -> dict[Bar, int]:
    """What ``submission`` adds to the tallies with these marks (``sign`` -1: takes away)."""
    changes: dict[Bar, int] = {}
    for facet, level in found:
        bar = Bar(
            submission.site_id,
            submission.instrument,
            submission.source,
            submission.mode,
            facet,
            submission.day,
            level,
            submission.flagged,
        )
        changes[bar] = changes.get(bar, 0) + sign
    return changes
