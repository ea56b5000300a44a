"""What people choose for themselves: the desk's language, their time zone, which letters they get.

Each preference is a name and a short text; one that was never chosen is absent.
"""

from __future__ import annotations

from collections.abc import Mapping

from surveys.store import preferences as store
from surveys.store.database import Database

LANGUAGE = "language"  # one of surveys.translation.LANGUAGES
TIMEZONE = "timezone"  # an IANA name
ALERTS = "alerts"  # yes or no: a letter when a customer's contact was worse than expected
DAILY = "daily"  # yes or no: a letter each morning about the day before

_GOES_WITHOUT_SAYING = {ALERTS: ("owner", "manager"), DAILY: ("manager",)}
"""Who gets which letters unless they choose otherwise."""


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


def wants(chosen: Mapping[str, str], role: str, letter: str) -> bool:
    """Whether somebody of that role who has ``chosen`` so wants those letters."""
    goes_without_saying = role in _GOES_WITHOUT_SAYING[letter]
    return chosen.get(letter, "yes" if goes_without_saying else "no") == "yes"
