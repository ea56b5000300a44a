"""A submission out of a plain HTML post, in the contract's shape."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request

from surveys import answers
from surveys.grammar import RESERVED
from surveys.ids import uuid7
from surveys.instrument import Instrument
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
