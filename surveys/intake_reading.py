"""A record as it was sent, read as far as it can be without looking anything up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from surveys import days, digest
from surveys.problems import Problem

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE | re.ASCII)
FORM = re.compile(r"[a-z][a-z0-9_]{0,62}@[0-9a-f]{12}", re.ASCII)
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)


class ShapelessError(ValueError):
    """A record that cannot be stored, because it has no id or names nothing it came under."""

    def __init__(self, shown_id: str | None, problem: Problem) -> None:
        super().__init__(problem.message)
        self.shown_id = shown_id
        self.problem = problem


@dataclass(frozen=True)
class Sent:
    """One record that can be stored.

    ``record`` is normalised and whole; ``submission_id`` the canonical id and ``shown_id`` the
    same as the phone wrote it; ``problems`` what is wrong beside the answers. The other fields
    are None where the record has nothing of that kind that can be used.
    """

    record: Mapping[str, Any]
    submission_id: str
    shown_id: str
    token: str
    digest: str
    form: str | None
    replaces: str | None
    secret_sha256: str | None
    files: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def answers(self) -> Any:
        return self.record.get("answers")

    @property
    def form_as_sent(self) -> str:
        form = self.record.get("form")
        return form.replace("\0", "\ufffd")[:200] if isinstance(form, str) else ""

    @property
    def language(self) -> str | None:
        language = self.record.get("language")
        if isinstance(language, str) and LANGUAGE.fullmatch(language):
            return language
        return None

    @property
    def seconds(self) -> float | None:
        """From start to finish, by the phone's clock; None if it says nothing sensible."""
        return days.seconds(
            days.moment(self.record.get("started_at")), days.moment(self.record.get("finished_at"))
        )

    def local(self, name: str) -> str | None:
        """A time as the phone wrote it, in one spelling; None if it cannot be read."""
        at = days.moment(self.record.get(name))
        return None if at is None else at.isoformat()


def read(record: object, *, plain: bool) -> Sent:
    """Raises :class:`ShapelessError`."""
    if not isinstance(record, dict):
        raise ShapelessError(
            None, Problem("no_shape", "", "A submission is an object with id, form, token, answers")
        )
    try:
        found: dict[str, Any] = digest.normalise(record)
    except digest.TangledError as error:
        shown = record.get("id")
        raise ShapelessError(
            digest.normalise(shown) if isinstance(shown, str) else None,
            Problem("no_shape", "", str(error)),
        ) from error
    shown_id = found.get("id")
    if not isinstance(shown_id, str):
        raise ShapelessError(None, Problem("no_shape", "/id", _ID))
    if not UUID.fullmatch(shown_id):
        raise ShapelessError(shown_id, Problem("no_shape", "/id", _ID))
    token = found.get("token")
    if not isinstance(token, str):
        message = "A submission names the token it came under: the code of the QR, or of a visit."
        raise ShapelessError(shown_id, Problem("no_shape", "/token", message))
    problems: list[Problem] = []
    scans(found, problems)
    return Sent(
        record=found,
        submission_id=shown_id.lower(),
        shown_id=shown_id,
        token=token,
        digest=digest.digest(found, plain=plain),
        form=_matching(found.get("form"), FORM),
        replaces=_optional(found, "replaces", UUID, _REPLACES, problems),
        secret_sha256=_optional(found, "secret_sha256", SHA256, _SECRET, problems),
        files=_files(found.get("files"), problems),
        problems=tuple(problems),
    )


_ID = (
    "The id is a UUID in its usual writing, such as 0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77, made"
    " once for each submission."
)
_REPLACES = "Expected is the id (a UUID) of the submission that this one replaces, or null."
_SECRET = "Expected is a SHA-256 in hexadecimal: 64 digits."  # noqa: S105 - a message
MAX_WRONG_FILES = 20
"""Entries of the list of files that are named one by one; a bot's thousands are counted."""

_FILES = (
    "Expected is a list of objects with sha256 (64 hexadecimal digits), question, type and bytes."
)


def _matching(value: object, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _optional(
    record: Mapping[str, Any],
    name: str,
    pattern: re.Pattern[str],
    message: str,
    problems: list[Problem],
) -> str | None:
    value = record.get(name)
    if value is None:
        return None
    found = _matching(value, pattern)
    if found is None:
        problems.append(Problem("does_not_fit", f"/{name}", message))
        return None
    return found.lower()


MAX_SCANNED = 10
_SCANNED = (
    f"Expected is a list of at most {MAX_SCANNED} objects with code (the letters of a site's QR"
    " code) and at (a time with offset): the codes that were scanned or typed at the place."
)


def scans(record: Mapping[str, Any], problems: list[Problem]) -> list[tuple[str, datetime]]:
    """``(code, at)`` of each code that the phone read at the place, as far as they can be read."""
    value = record.get("scanned")
    if value is None:
        return []
    found: list[tuple[str, datetime]] = []
    if isinstance(value, list) and len(value) <= MAX_SCANNED:
        for entry in value:
            code = _matching(entry.get("code"), TOKEN) if isinstance(entry, dict) else None
            at = days.moment(entry.get("at")) if isinstance(entry, dict) else None
            if code is not None and at is not None:
                found.append((code, at))
        if len(found) == len(value):
            return found
    problems.append(Problem("does_not_fit", "/scanned", _SCANNED))
    return found


def listed_files(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The digests of the files that a record lists, as far as they can be read."""
    return _files(record.get("files"), [])


def _files(value: object, problems: list[Problem]) -> tuple[str, ...]:
    """The digests of the files it lists, each once, in order."""
    if value is None:
        return ()
    if not isinstance(value, list):
        problems.append(Problem("does_not_fit", "/files", _FILES))
        return ()
    found: dict[str, None] = {}
    wrong = 0
    for index, file in enumerate(value):
        sha256 = _matching(file.get("sha256"), SHA256) if isinstance(file, dict) else None
        if sha256 is not None:
            found[sha256.lower()] = None
            continue
        wrong += 1
        if wrong <= MAX_WRONG_FILES:
            problems.append(Problem("does_not_fit", f"/files/{index}", _FILES))
    if wrong > MAX_WRONG_FILES:
        message = f"{wrong - MAX_WRONG_FILES} more entries are no files. {_FILES}"
        problems.append(Problem("does_not_fit", "/files", message))
    return tuple(found)
