"""Setting up: what the first owner does once, and what of it is still to be done.

What is done is read from what there is, so that it does not matter where and when it was done: at
the desk, by a command, or half of it last week.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from surveys import audit, reach
from surveys.sentences import Sentence
from surveys.site_checks import plain_text
from surveys.store import settings, tokens
from surveys.store import setup as store
from surveys.store.database import Database

STEPS = ("organisation", "address", "sites", "poster")
NAME_AT_MOST = 100


class NotAName(ValueError):
    """What cannot be the name of an organisation; the message says why."""


def organisation(db: Database) -> str:
    """What the organisation is called; empty until somebody has said so."""
    return settings.get(db, "organisation") or ""


def name_organisation(db: Database, name: str, *, at: datetime, by: str) -> str:
    """The name as it is kept: one line, any alphabet. Raises :class:`NotAName`."""
    plain = plain_text(name)
    if not plain:
        raise NotAName(Sentence("Please say what your organisation is called."))
    if len(plain) > NAME_AT_MOST:
        raise NotAName(
            Sentence("That name is too long; please use up to {n} letters.", n=NAME_AT_MOST)
        )
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Cn"} for letter in plain):
        raise NotAName(
            Sentence("That name holds characters that cannot be shown; please type it again.")
        )
    with db.transaction():
        before = organisation(db)
        settings.put(db, "organisation", plain)
        if plain != before:
            audit.record(db, at, by, "named", "organisation", {"from": before, "to": plain})
    return plain


def undone(db: Database) -> list[str]:
    """Those of :data:`STEPS` that are still to be done, in their order."""
    done = {
        "organisation": bool(organisation(db)),
        "address": reach.known(db) is not None,
        "sites": store.any_site(db),
        "poster": tokens.any_code(db),
    }
    return [step for step in STEPS if not done[step]]


def is_dismissed(db: Database) -> bool:
    """Whether an owner has said that nobody need be reminded."""
    return settings.get(db, "setup_dismissed") is not None


def dismiss(db: Database, *, at: datetime, by: str) -> None:
    with db.transaction():
        settings.put(db, "setup_dismissed", "yes")
        audit.record(db, at, by, "dismissed", "setup")
