"""Answers that are photos: each named by its SHA-256, and each among the files that were listed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from surveys.instrument import Instrument, Item
from surveys.problems import Problem

MAX_PHOTOS = 3
"""Photos a question takes where its item does not say."""

MAX_STRAYS = 20
"""Files of no question that are named one by one; a bot's thousands are counted."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


def max_photos(item: Item) -> int:
    """The most photos an answer may have."""
    return item.max_photos or MAX_PHOTOS


def fits(item: Item, value: object) -> bool:
    """Whether ``value`` (any JSON value) is a list of photos that ``item`` takes."""
    return (
        isinstance(value, list)
        and len(value) <= max_photos(item)
        and all(isinstance(photo, str) and _SHA256.fullmatch(photo) for photo in value)
        and len(set(value)) == len(value)
    )


def check(instrument: Instrument, answers: Mapping[str, Any], files: object) -> list[Problem]:
    """Photos that ``files`` (any JSON value) does not list, and files that answer no question.

    A form that asks for no photo takes any list, as it did before there were photos.
    """
    if not instrument.photos:
        return []
    listed = set()
    problems = []
    for index, file in enumerate(files if isinstance(files, list) else ()):
        if not isinstance(file, dict) or not isinstance(file.get("sha256"), str):
            continue  # whoever read its shape has said so
        listed.add(file["sha256"].lower())
        question = file.get("question")
        if not isinstance(question, str) or question not in instrument.photos:
            message = "Expected is the key of a question of this form that takes photos."
            problems.append(Problem("does_not_fit", f"/files/{index}/question", message))
    if len(problems) > MAX_STRAYS:
        message = f"{len(problems) - MAX_STRAYS} more files answer no question that takes photos."
        problems[MAX_STRAYS:] = [Problem("does_not_fit", "/files", message)]
    message = "This photo is not among the files of the submission: list it there, or leave it out."
    for key in sorted(instrument.photos & answers.keys()):
        if fits(instrument.items[key], answers[key]):
            problems += [
                Problem("does_not_fit", f"/answers/{key}/{index}", message)
                for index, photo in enumerate(answers[key])
                if photo not in listed
            ]
    return problems
