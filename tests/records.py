"""Submissions to send in tests, in the contract's shape."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from surveys import publishing
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.store import tokens
from tests.conftest import CODES, NOW

Record = dict[str, Any]

REVIEWED = "vienna-1-reviewed"
"""A code of vienna-1 for an instrument whose submissions wait for review."""

VISIT = "vienna-1-short-visit"
"""A visit's token at vienna-1 for the counter's form, which every answer here fits."""

SECRET = "the phone's secret"
SECRET_SHA256 = hashlib.sha256(SECRET.encode()).hexdigest()


def counter_form(installation: Installation) -> str:
    """``counter@…``, the newest version."""
    newest = publishing.newest(installation.database(), "counter")
    assert newest is not None
    return newest.form


def make(form: str, **members: Any) -> Record:
    """A sound submission under the code of vienna-1; keywords replace its members."""
    return {
        "id": str(uuid.uuid4()),
        "form": form,
        "token": CODES["vienna-1"],
        "asked": ["moment", "welcome", "waiting", "knowledge"],
        "answers": {"moment": "better", "welcome": 6, "waiting": 2, "knowledge": None},
        "language": "en",
        "started_at": "2026-11-22T09:59:00+01:00",
        "finished_at": "2026-11-22T09:59:30+01:00",
        **members,
    }


def add_reviewed(installation: Installation) -> str:
    """Publish the counter's form once more, as one that is reviewed; its form."""
    db = installation.database()
    newest = publishing.newest(db, "counter")
    assert newest is not None
    document = {**newest.document, "instrument": "reviewed", "review": "required"}
    reviewed = Instrument.from_document(document)
    publishing.publish(db, reviewed, NOW)
    _add_token(installation, REVIEWED, "code", "reviewed")
    return reviewed.form


def add_visit(installation: Installation) -> None:
    """The token ``VISIT``."""
    _add_token(installation, VISIT, "visit", "counter")


def _add_token(installation: Installation, token: str, kind: str, instrument: str) -> None:
    db = installation.database()
    with db.transaction():
        tokens.create(
            db,
            token,
            kind=kind,
            site_id="vienna-1",
            instrument=instrument,
            source="customer",
            touchpoint=None,
            at=NOW,
        )
