"""Shoppers as raters: how near each comes to gold, how they move, and which cases nobody agrees on.

Of what they rated, tests and the cases within normal work count; practice is there to be wrong in.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from surveys import calibration, certifying, people
from surveys.calibration import Drift, Rating, Reference, Score
from surveys.certifying import PRACTICE, Standing
from surveys.people import Person
from surveys.store import calibration as store
from surveys.store import visits as visits_store
from surveys.store.calibration import Attempt, Rated
from surveys.store.database import Database

ENOUGH = 5
"""Ratings on one scale of one case, before it is told among the hardest."""


@dataclass(frozen=True)
class Rater:
    """One shopper. ``number`` is None before their first case or visit, ``score`` before their
    first rating that counts; ``practised`` counts cases."""

    person: Person
    number: int | None
    standing: Standing
    score: Score | None
    drift: Drift
    practised: int


@dataclass(frozen=True)
class Raters:
    """All of them, and where they are farthest from gold together, the hardest first: every scale
    by key; by case and scale those cases that are missed for certain."""

    raters: list[Rater]
    scales: dict[str, Score]
    cases: dict[tuple[str, str], Score]


def everyone(db: Database, at: datetime, zone: tzinfo) -> Raters:
    """Every shopper who is here, by number; months are those of ``zone``."""
    rated: defaultdict[str, list[Rated]] = defaultdict(list)
    for one in store.every_rating(db):
        rated[one.person_id].append(one)
    counting = {person_id: _counting(found, zone) for person_id, found in rated.items()}
    among = calibration.reference(counting.values())
    together = [rating for ratings in counting.values() for rating in ratings]
    numbers = visits_store.numbers(db)
    shoppers = [
        _rater(db, at, person, numbers.get(person.person_id), rated[person.person_id], zone, among)
        for person in people.everyone(db)
        if (person.role, person.status) == ("shopper", "active")
    ]
    cases = calibration.hardest(together, lambda rating: (rating.case, rating.scale), among)
    return Raters(
        sorted(shoppers, key=lambda rater: (rater.number is None, rater.number or 0)),
        calibration.hardest(together, lambda rating: rating.scale, among),
        {
            key: found
            for key, found in cases.items()
            if found.accuracy.n >= ENOUGH and found.accuracy.news
        },
    )


def one(db: Database, at: datetime, person: Person, zone: tzinfo) -> Rater:
    """One shopper, held against all."""
    rated: defaultdict[str, list[Rated]] = defaultdict(list)
    for found in store.every_rating(db):
        rated[found.person_id].append(found)
    among = calibration.reference(_counting(found, zone) for found in rated.values())
    number = visits_store.number(db, person.person_id)
    return _rater(db, at, person, number, rated[person.person_id], zone, among)


def history(db: Database, person_id: str) -> list[tuple[Attempt, list[Rated]]]:
    """What somebody rated, the newest attempt first; without those in which nothing was."""
    by_attempt: defaultdict[str, list[Rated]] = defaultdict(list)
    for found in store.ratings_of(db, person_id):
        by_attempt[found.attempt_id].append(found)
    return [
        (attempt, by_attempt[attempt.attempt_id])
        for attempt in reversed(store.of_person(db, person_id))
        if attempt.attempt_id in by_attempt
    ]


def _rater(
    db: Database,
    at: datetime,
    person: Person,
    number: int | None,
    rated: list[Rated],
    zone: tzinfo,
    among: Reference,
) -> Rater:
    ratings = _counting(rated, zone)
    return Rater(
        person,
        number,
        certifying.standing(db, person.person_id, at),
        calibration.score(ratings, among),
        calibration.drift(ratings, among),
        len({(one.attempt_id, one.case_key) for one in rated if one.kind == PRACTICE}),
    )


def _counting(rated: list[Rated], zone: tzinfo) -> list[Rating]:
    found = (certifying.rating(one) for one in rated if one.kind != PRACTICE)
    return [replace(rating, at=rating.at.astimezone(zone)) for rating in found]
