"""Who did what: a diary that is only ever added to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from surveys.store import audit, times
from surveys.store.audit import PERSON
from surveys.store.database import Database


def record(
    db: Database,
    at: datetime,
    person_id: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down one act, inside the caller's transaction so that both stand or neither does.

    ``person_id`` is "" for the command line; ``action`` a word such as ``invited`` or ``accepted``;
    ``subject`` what it was done to, its kind first (``site vienna-1``; a person is an e-mail
    address alone); ``detail`` plain JSON, never a password, a token or a contact.
    """
    audit.add(
        db,
        {
            "audit_id": uuid.uuid4().hex,
            "at_utc": times.text(at),
            "person_id": person_id,
            "action": action,
            "subject": subject,
            "detail": json.dumps(dict(detail or {}), ensure_ascii=False, sort_keys=True),
        },
    )


def kind_of(subject: str) -> str:
    """What kind of thing a subject is: its first word, ``person`` for an e-mail address."""
    kind, _, rest = subject.partition(" ")
    return PERSON if "@" in kind and not rest else kind
