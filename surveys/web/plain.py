"""A submission out of a plain HTML post, in the contract's shape."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request

from surveys import answers, written
from surveys.grammar import RESERVED
from surveys.ids import uuid7
from surveys.instrument import Instrument, Item
from surveys.web import rendering
from surveys.web.services import services

LONGEST_OPEN = timedelta(hours=12)
"""A form that was rendered longer ago says nothing about when answering began."""

OURS = RESERVED | {"csrf"}


def record(
    instrument: Instrument, token: str, language: str, zone: ZoneInfo | None
) -> dict[str, Any]:
    """What was posted, read as ``instrument``; ``zone`` is the site's."""
    now = services().clock().astimezone(UTC)
    found = answers.from_plain(instrument, request.form, zone)
    for name in instrument.photos & request.files.keys():
        # Nothing keeps photos of a plain form yet: held, a person learns that there were some.
        if names := [file.filename for file in request.files.getlist(name) if file.filename]:
            found[name] = names
    for name in request.form:
        # No form of ours has such a field. It will be held: a person may know what it was.
        if name not in instrument.items and name not in OURS:
            values = [value for value in request.form.getlist(name) if value.strip()]
            if values:
                found[name] = values[0] if len(values) == 1 else values
    submission = submission_id()
    shown = [key for key in request.form.get("asked", "").split() if key in instrument.items]
    if not shown:
        shown = rendering.asked(instrument, ())
    return {
        "id": submission,
        "form": request.form.get("form") or instrument.form,
        "token": token,
        "asked": list(dict.fromkeys([*shown, *(key for key in found if key in instrument.items)])),
        "answers": found,
        "language": language,
        "started_at": _rendered_at(submission, now).astimezone(zone).isoformat(),
        "finished_at": now.astimezone(zone).isoformat(timespec="seconds"),
    }


def fields(instrument: Instrument, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Answers as the values of a form's fields; photos, which no field can hold, are left out."""
    found = {}
    for key, answer in given.items():
        item = instrument.items.get(key)
        if item is not None and item.type != "photo":
            values = answer if isinstance(answer, list) else [answer]
            found[key] = [_value(item, value) for value in values]
    return found


def _value(item: Item, answer: Any) -> str:
    if answer is None:
        return "none"
    if item.type == "duration" and answers.fits(item, answer):
        return written.clock(answer)
    if item.type == "place" and answers.fits(item, answer):
        return "{latitude}, {longitude}, {accuracy}".format(**answer)
    if item.type == "datetime" and answers.fits(item, answer):
        # as the clock on the wall showed it
        return datetime.fromisoformat(answer).replace(tzinfo=None).isoformat(timespec="minutes")
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def submission_id() -> str:
    """The hidden id; a new one if the field was lost on the way: better twice than not at all."""
    try:
        return str(uuid.UUID(request.form.get("id", "").strip()))
    except ValueError:
        return uuid7(services().clock())


def _rendered_at(submission: str, now: datetime) -> datetime:
    """When the form was rendered, as its version 7 id tells; now, if it cannot be so."""
    found = uuid.UUID(submission)
    if found.version == 7:
        at = datetime.fromtimestamp((found.int >> 80) // 1000, UTC)
        if now - LONGEST_OPEN <= at <= now:
            return at
    return now.replace(microsecond=0)
