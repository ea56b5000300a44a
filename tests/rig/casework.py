"""Shoppers who have rated cases over some months, for the pages that show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from surveys import certifying, people_joining
from surveys.casebook import Case
from surveys.certifying import DRIFT, PRACTICE, TEST
from surveys.people import Person
from surveys.store.database import Database

Levels = Callable[[Case], Mapping[str, int]]


def nearly(miss: int, every: int) -> Levels:
    """Gold, but ``miss`` levels off on each ``every``-th scale."""

    def levels(case: Case) -> Mapping[str, int]:
        return {
            scale: min(7, max(1, level + (miss if (place + len(case.key)) % every == 0 else 0)))
            for place, (scale, level) in enumerate(case.levels.items())
        }

    return levels


def rate(db: Database, at: datetime, person: Person, kind: str, levels: Levels) -> None:
    cases = certifying.casebook()
    attempt = certifying.begin(db, at, person.person_id, kind, cases)
    for minutes, case in enumerate(certifying.left(db, attempt, cases)):
        certifying.rate(db, at + timedelta(minutes=3 * minutes), attempt, case, levels(case), cases)


def fill(db: Database, now: datetime) -> str:
    """Five shoppers: certified and steady, grown milder, failed, withdrawn, and one who has only
    practised. The id of the second."""
    steady, milder, failed, withdrawn, practising = (
        _shopper(db, now - timedelta(days=150), name) for name in ("Ada", "Bo", "Cy", "Di", "Ed")
    )
    for days in range(140, 0, -31):
        for person, levels in (
            (steady, nearly(1, 4)),
            (milder, nearly(1, 3) if days > 70 else nearly(3, 1)),
        ):
            kind = TEST if days == 140 else DRIFT
            rate(db, now - timedelta(days=days), person, kind, levels)
    rate(db, now - timedelta(days=9), failed, TEST, nearly(4, 1))
    rate(db, now - timedelta(days=8), withdrawn, TEST, nearly(1, 2))
    reason = "Three reports in a row that tell nothing but levels."
    certifying.withdraw(db, now - timedelta(days=2), withdrawn.person_id, reason, by="")
    rate(db, now - timedelta(days=1), practising, PRACTICE, nearly(2, 2))
    return milder.person_id


def _shopper(db: Database, at: datetime, name: str) -> Person:
    email = f"{name.lower()}@juniper.example"
    token = people_joining.invite(db, at, email=email, role="shopper")
    with db.transaction():
        return people_joining.enter(db, at, token, name=name)
