"""Who may go to a site: active shoppers without an interest there, by rotation, with a certificate
where one is needed. Whoever may not is told of with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from surveys import certifying, people, planning
from surveys.people import Person
from surveys.planning import Stay
from surveys.sentences import Sentence
from surveys.store import interests, visit_lists, visit_plans
from surveys.store.database import Database
from surveys.store.sites import Site

NO_CERTIFICATE = Sentence("Has no certificate that is good today.")


@dataclass(frozen=True)
class Candidate:
    """A shopper, and why they may not go; None if they may."""

    person: Person
    why_not: Sentence | None


def shoppers(db: Database) -> list[Person]:
    """The active ones, by name."""
    found = (
        person
        for person in people.everyone(db)
        if (person.role, person.status) == ("shopper", "active")
    )
    return sorted(found, key=lambda person: (person.name or person.email).casefold())


def rotation_at(db: Database, site: Site) -> int:
    """Days between two visits of one shopper to ``site``: the most that a plan asks for there."""
    return max(
        (
            plan.rotation_days
            for plan in visit_plans.every(db)
            if plan.status != "ended" and plan.holds(site.site_id, site.region)
        ),
        default=0,
    )


def stays(db: Database, first: date, last: date, *, without: str = "") -> list[Stay]:
    """Who was, will be or may be where in these days; ``without`` one visit, by id."""
    return [
        Stay(
            row["site_id"],
            row["person_id"],
            date.fromisoformat(row["first"]),
            date.fromisoformat(row["last"]),
        )
        for row in visit_lists.stays(db, first, last)
        if row["visit_id"] != without
    ]


def barring(
    db: Database, at: datetime, *, certificate: bool
) -> Callable[[str, str], Sentence | None]:
    """Why a shopper may never go to a site, whatever the day: ``barred(site_id, person_id)``."""
    declared = {(one.site_id, one.person_id): one.reason for one in interests.every(db)}
    good: dict[str, bool] = {}

    def barred(site_id: str, person_id: str) -> Sentence | None:
        if (site_id, person_id) in declared:
            return Sentence(
                "Has declared an interest: {reason}", reason=declared[site_id, person_id]
            )
        if certificate and person_id not in good:
            good[person_id] = certifying.is_certified(db, person_id, at)
        return NO_CERTIFICATE if certificate and not good[person_id] else None

    return barred


def candidates(
    db: Database,
    at: datetime,
    site: Site,
    first: date,
    last: date,
    *,
    certificate: bool = False,
    without: str = "",
) -> list[Candidate]:
    """All active shoppers for a visit at ``site`` on some day from ``first`` to ``last``; those who
    may go first. ``without``: the id of the visit itself, if it is there already."""
    rotation = rotation_at(db, site)
    reach = timedelta(days=rotation)
    known = [
        stay
        for stay in stays(db, first - reach, last + reach, without=without)
        if stay.site_id == site.site_id
    ]
    barred = barring(db, at, certificate=certificate)
    found = [
        Candidate(
            person,
            barred(site.site_id, person.person_id)
            or planning.rotation_kept(known, person.person_id, first, last, rotation),
        )
        for person in shoppers(db)
    ]
    return sorted(found, key=lambda one: one.why_not is not None)


def refused(candidates: Iterable[Candidate], person_id: str) -> Sentence | None:
    """Why a visit cannot be offered to somebody; None if it can."""
    for one in candidates:
        if one.person.person_id == person_id:
            return one.why_not
    return Sentence("This is no shopper who is signed up and active.")
