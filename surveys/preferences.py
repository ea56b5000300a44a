"""What people choose for themselves: the desk's language, their time zone, which letters they get.

Each preference is a name and a short text; one that was never chosen is absent.
"""

from __future__ import annotations

from surveys.store import preferences as store
from surveys.store.database import Database

LANGUAGE = "language"  # one of surveys.translation.LANGUAGES
TIMEZONE = "timezone"  # an IANA name


def of(db: Database, person_id: str) -> dict[str, str]:
    """Every preference that this person has chosen, by name."""
    return store.of_person(db, person_id)


def choose(db: Database, person_id: str, chosen: dict[str, str | None]) -> None:
    """Remember choices; None forgets one, so that what goes without saying holds again."""
    with db.transaction():
        for name, value in chosen.items():
            if value is None:
                store.forget(db, person_id, name)
            else:
                store.put(db, person_id, name, value)
