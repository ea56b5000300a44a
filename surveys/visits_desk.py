"""What the desk does with visits: sets, changes, offers, takes back, cancels, gives to another.

Each act is one transaction with its line in the audit. Nothing is offered to whom it may not be:
see :mod:`surveys.visits_eligible`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from surveys import audit, publishing, visits, visits_eligible
from surveys.instrument import Instrument
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store import times, tokens
from surveys.store import visits as store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.visit_facts import Facts
from surveys.visits import Visit, VisitError
from surveys.visits_eligible import Candidate

LONGEST_REASON = 500
GONE = Sentence("This visit was changed meanwhile. Look at it again.")
SOURCE = "shopper"


def instruments(db: Database) -> list[Instrument]:
    """What shoppers fill in: the newest version of each."""
    return [found for found in publishing.newest_of_all(db) if found.source == SOURCE]


def today(at: datetime, site: Site) -> date:
    """The day it is there."""
    return at.astimezone(ZoneInfo(site.timezone)).date()


def faults_of_places(db: Database, at: datetime, facts: Facts) -> dict[str, Sentence]:
    """What only this installation knows to be wrong, by column: no such site or shopper's form, a
    deadline that has passed."""
    site = sites_store.find(db, facts.site_id)
    known = [found.key for found in instruments(db)]
    faults: dict[str, Sentence] = {}
    if site is None and facts.site_id:
        faults["site_id"] = Sentence("There is no site “{site_id}”", site_id=facts.site_id)
    if facts.instrument and facts.instrument not in known:
        faults["instrument"] = Sentence(
            "“{key}” is not a form that shoppers fill in. There are: {known}",
            key=facts.instrument,
            known=", ".join(known),
        )
    if site is not None and facts.due < today(at, site):
        faults["due"] = Sentence("The deadline has passed already")
    return faults


def candidates(
    db: Database, at: datetime, facts: Facts, *, without: str = ""
) -> Sequence[Candidate]:
    """Who may make such a visit, and who not and why."""
    site = sites_store.find(db, facts.site_id)
    if site is None:
        return ()
    first = facts.not_before or today(at, site)
    return visits_eligible.candidates(
        db, at, site, first, facts.due, certificate=facts.terms.certificate, without=without
    )


def of_visit(db: Database, at: datetime, visit: Visit) -> Sequence[Candidate]:
    """Who may make this visit, and who not and why."""
    site = sites_store.find(db, visit.site_id)
    assert site is not None  # noqa: S101 - a site is never deleted
    return visits_eligible.candidates(
        db,
        at,
        site,
        date.fromisoformat(visit.not_before),
        date.fromisoformat(visit.due),
        certificate=bool(visit.certificate),
        without=visit.visit_id,
    )


def set_visit(
    db: Database, at: datetime, facts: Facts, offered_to: Sequence[str], *, by: str = ""
) -> Visit:
    """Set a visit and offer it. Part of the caller's transaction. Raises :class:`VisitError`."""
    if offered_to:
        _all_may(candidates(db, at, facts), offered_to)
    return visits.make(
        db,
        at,
        site_id=facts.site_id,
        instrument=facts.instrument,
        not_before=facts.not_before,
        due=facts.due,
        edge=facts.edge,
        offered_to=offered_to,
        by=by,
        **vars(facts.terms),
    )


def change(db: Database, at: datetime, visit: Visit, facts: Facts, *, by: str) -> list[str]:
    """Change what is set, and say which columns were; of an accepted visit deadline and briefing.

    Raises :class:`VisitError`: a report is here, or somebody to whom it is offered may not go then.
    """
    current = _open(db, visit)
    first = facts.not_before or date.fromisoformat(current.not_before)
    new: dict[str, object] = {"due": facts.due.isoformat(), "briefing": facts.terms.briefing}
    if current.status == "offered":
        new |= {
            "instrument": facts.instrument,
            "not_before": first.isoformat(),
            "edge": facts.edge,
            "certificate": int(facts.terms.certificate),
            "fee": facts.terms.fee,
            "expenses": facts.terms.expenses,
            "currency": facts.terms.currency,
        }
    if str(new["due"]) < str(new.get("not_before", current.not_before)):
        raise VisitError(Sentence("The deadline is before the first day."))
    changed = [name for name, value in new.items() if getattr(current, name) != value]
    if not changed:
        return []
    with db.transaction():
        if not store.change(db, current, **new):
            raise VisitError(GONE)
        found = store.find(db, visit.site_id, visit.visit_id)
        assert found is not None  # noqa: S101 - just changed
        asked = [one.person_id for one in store.offers(db, visit) if one.status == "open"]
        if current.status == "offered" and asked:
            _all_may(of_visit(db, at, found), asked)
        _record(db, at, by, "changed", visit, {"changed": changed, "due": found.due})
    return changed


def offer_to(
    db: Database, at: datetime, visit: Visit, person_ids: Sequence[str], *, by: str
) -> None:
    """Offer it to more shoppers, or again. Raises :class:`VisitError`."""
    if not person_ids:
        raise VisitError(Sentence("Tick at least one shopper."))
    with db.transaction():
        current = _open(db, visit)
        _all_may(of_visit(db, at, current), person_ids)
        for person_id in person_ids:
            visits.offer(db, at, current, person_id, by=by)


def take_back(db: Database, at: datetime, visit: Visit, person_id: str, *, by: str) -> None:
    """Somebody need not answer any more. Raises :class:`VisitError`."""
    with db.transaction():
        if not store.answer_offer(db, visit, person_id, "withdrawn", times.text(at)):
            raise VisitError(Sentence("This offer is not open any more."))
        shopper = store.number(db, person_id)
        _record(db, at, by, "took back", visit, {"shopper": shopper})


def cancel(db: Database, at: datetime, visit: Visit, reason: str, *, by: str) -> None:
    """Cancel it: what still comes under its token is held. Raises :class:`VisitError`."""
    said = _reason(reason)
    with db.transaction():
        current = _open(db, visit)
        if not store.change(
            db, current, status="cancelled", cancelled_utc=times.text(at), reason=said
        ):
            raise VisitError(GONE)
        store.withdraw_offers(db, visit, times.text(at))
        if current.token is not None:
            tokens.withdraw(db, current.token, at, said)
        _record(db, at, by, "cancelled", visit, {"reason": said})


def reopen(db: Database, at: datetime, visit: Visit, *, by: str) -> None:
    """Take a cancellation back; to be offered anew. Raises :class:`VisitError`."""
    with db.transaction():
        current = store.find(db, visit.site_id, visit.visit_id)
        if current is None or current.status != "cancelled":
            raise VisitError(Sentence("This visit is not cancelled."))
        report = visits.speaking(store.reports(db, current))
        if report is not None and report.status == "counted":
            raise VisitError(GONE)
        _freed(db, current, cancelled_utc=None, reason=None)
        _record(db, at, by, "reopened", visit, {})


def give_away(
    db: Database,
    at: datetime,
    visit: Visit,
    person_ids: Sequence[str],
    reason: str,
    *,
    by: str,
) -> None:
    """Take it from who has accepted, and offer it to others; their token is withdrawn.

    Raises :class:`VisitError`.
    """
    said = _reason(reason)
    if not person_ids:
        raise VisitError(Sentence("Tick to whom it is offered now."))
    with db.transaction():
        current = _open(db, visit)
        if current.person_id is None or current.token is None:
            raise VisitError(Sentence("Nobody has accepted this visit yet."))
        if current.person_id in person_ids:
            raise VisitError(Sentence("It is theirs already: tick somebody else."))
        _all_may(of_visit(db, at, current), person_ids)
        tokens.withdraw(db, current.token, at, said)
        found = _freed(db, current)
        before = {"shopper": store.number(db, current.person_id), "reason": said}
        _record(db, at, by, "took away", visit, before)
        for person_id in person_ids:
            visits.offer(db, at, found, person_id, by=by)


def _freed(db: Database, current: Visit, **more: object) -> Visit:
    """Nobody's again, and open."""
    nobody = {"status": "offered", "person_id": None, "token": None, "accepted_utc": None}
    if not store.change(db, current, **nobody, **more):
        raise VisitError(GONE)
    found = store.find(db, current.site_id, current.visit_id)
    assert found is not None  # noqa: S101 - just changed
    return found


def _open(db: Database, visit: Visit) -> Visit:
    """The visit as it is now, if it can still be changed: set, and no report under way."""
    current = store.find(db, visit.site_id, visit.visit_id)
    if current is None or visits.state(current, store.reports(db, current)) not in (
        *("offered", "accepted"),
    ):
        raise VisitError(
            Sentence(
                "This visit cannot be changed any more: it is cancelled, or its report is here."
            )
        )
    return current


def _all_may(candidates: Sequence[Candidate], person_ids: Iterable[str]) -> None:
    for person_id in person_ids:
        why = visits_eligible.refused(candidates, person_id)
        if why is not None:
            raise VisitError(
                Sentence(
                    "It cannot be offered to {shopper}: {why}",
                    shopper=_called(candidates, person_id),
                    why=why,
                )
            )


def _called(candidates: Iterable[Candidate], person_id: str) -> str:
    for one in candidates:
        if one.person.person_id == person_id:
            return called(one.person)
    return "?"


def called(person: Person) -> str:
    return person.name or person.email


def _reason(reason: str) -> str:
    said = " ".join(reason.split())[:LONGEST_REASON]
    if not said:
        raise VisitError(Sentence("Say in a few words why."))
    return said


def _record(
    db: Database,
    at: datetime,
    person_id: str,
    action: str,
    visit: Visit,
    detail: Mapping[str, object],
) -> None:
    audit.record(db, at, person_id, action, f"visit {visit.site_id} {visit.visit_id}", detail)
