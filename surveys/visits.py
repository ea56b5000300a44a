"""Visits: one shopper, one site, one report, from the offer to what became of it.

A visit is offered to one shopper or to several; the first who accepts has it, and gets a token
under which the report comes. What became of the report is told by the submissions, never
written down a second time: see :func:`state`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from surveys import audit, certifying, codes, people, publishing, visit_letters
from surveys.devices import CODE_ALPHABET
from surveys.ids import uuid7
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store import times, tokens
from surveys.store import visits as store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.visits import Offer, Report, Visit

__all__ = ["Offer", "Report", "Seen", "Visit", "VisitError", "state"]

TOKEN = "visit"  # noqa: S105 - the kind of token
EDGES = ("", "opening", "closing")
CODE_LENGTH = 6
DECLINES = {
    "dates": Sentence("The days do not suit me."),
    "far": Sentence("It is too far for me."),
    "known": Sentence("I am known there."),
    "paid": Sentence("Fee or expenses are too little."),
}
"""Reasons that can be chosen; what is kept of one is its key, of others their words."""
REPORT_STATES = ("counted", "pending", "held", "returned", "rejected")
"""What a report can be, in the order in which one of several speaks for the visit."""


class VisitError(ValueError):
    """What was asked of a visit cannot be done; the message says why and what to do."""


@dataclass(frozen=True)
class Seen:
    """A visit with its site and what came of it: ``report`` is the one that speaks for it."""

    visit: Visit
    site: Site
    reports: Sequence[Report]

    @property
    def state(self) -> str:
        return state(self.visit, self.reports)

    @property
    def report(self) -> Report | None:
        return speaking(_of_holder(self.visit, self.reports))

    def is_due(self, at: datetime) -> bool:
        """Whether it may be made now: accepted, begun, and no report under way or done."""
        today = at.astimezone(ZoneInfo(self.site.timezone)).date()
        return (
            self.state in ("accepted", "returned")
            and date.fromisoformat(self.visit.not_before) <= today
        )

    def is_late(self, at: datetime) -> bool:
        """Whether its deadline has passed without a report."""
        today = at.astimezone(ZoneInfo(self.site.timezone)).date()
        return self.state in ("offered", "accepted") and date.fromisoformat(self.visit.due) < today


def speaking(reports: Iterable[Report]) -> Report | None:
    """The report that speaks for its visit: the one that counts, else what still may."""
    known = [report for report in reports if report.status in REPORT_STATES]
    if not known:
        return None
    newest_first = sorted(known, key=lambda report: report.received_utc, reverse=True)
    return min(newest_first, key=lambda report: REPORT_STATES.index(report.status))


def _of_holder(visit: Visit, reports: Iterable[Report]) -> list[Report]:
    """Without those that were rejected of somebody whose visit it is no more: it is still to be
    made."""
    return [
        report
        for report in reports
        if report.status != "rejected" or report.person_id == visit.person_id
    ]


def state(visit: Visit, reports: Iterable[Report]) -> str:
    """offered, accepted, pending, held, returned, counted, rejected or cancelled.

    A report that came speaks louder than the visit: one that was cancelled after it stays what the
    report is.
    """
    report = speaking(_of_holder(visit, reports))
    return visit.status if report is None else report.status


# --- looking ----------------------------------------------------------------------------------


def seen(db: Database, visit: Visit) -> Seen:
    """A visit with all that ever came of it."""
    site = sites_store.find(db, visit.site_id)
    assert site is not None  # noqa: S101 - a site is never deleted
    return Seen(visit, site, store.reports(db, visit))


def _seen_by(db: Database, visit: Visit, person_id: str) -> Seen:
    """The same to a shopper: what another reported, who had the visit before, is not theirs."""
    found = seen(db, visit)
    return replace(found, reports=[one for one in found.reports if one.person_id == person_id])


def may_read(reader: Person, found: Seen) -> bool:
    """Whether a visit is shown at the desk to ``reader``.

    A manager sees those whose report counts: one that is announced is no mystery visit any more,
    and until a report counts it is between its shopper and the reviewer.
    """
    return people.may_see(reader, found.site) and (
        reader.role != "manager" or found.state == "counted"
    )


def of_shopper(db: Database, person_id: str) -> list[Seen]:
    """What a shopper has accepted, whatever came of it; the first due first."""
    return [_seen_by(db, visit, person_id) for visit in store.of_person(db, person_id)]


def offered_to(db: Database, person_id: str) -> list[Seen]:
    """What a shopper may still take; the first due first."""
    return [_seen_by(db, visit, person_id) for visit in store.open_to(db, person_id)]


def one_of(db: Database, person_id: str, visit_id: str) -> Seen | None:
    """A visit that is this shopper's, or open to them; None for every other.

    One that was theirs and went to somebody else is ``given_away``, with the token it had: a report
    that they have begun can still be sent, and is held.
    """
    visit = store.by_id(db, visit_id)
    if visit is None:
        return None
    open_to = {offer.person_id for offer in store.offers(db, visit) if offer.status == "open"}
    is_open = visit.status == "offered" and person_id in open_to
    if visit.person_id == person_id or is_open:
        return _seen_by(db, visit, person_id)
    token = store.former_token(db, visit, person_id)
    if token is None:
        return None
    left = replace(visit, status="given_away", person_id=person_id, token=token)
    return _seen_by(db, left, person_id)


# --- making -----------------------------------------------------------------------------------


def new_code() -> str:
    """A short code to type on the phone; it opens nothing for whom the visit is not."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def make(
    db: Database,
    at: datetime,
    *,
    site_id: str,
    instrument: str,
    due: date,
    not_before: date | None = None,
    edge: str = "",
    briefing: str = "",
    certificate: bool = False,
    fee: str = "",
    expenses: str = "",
    currency: str = "",
    plan_id: str | None = None,
    visit_id: str | None = None,
    offered_to: Iterable[str] = (),
    by: str = "",
) -> Visit:
    """Set a visit and offer it; part of the caller's transaction.

    Raises :class:`VisitError`: no such site or instrument, a deadline before the first day.
    """
    site = sites_store.find(db, site_id)
    if site is None:
        raise VisitError(Sentence("There is no site “{site_id}”.", site_id=site_id))
    if publishing.newest(db, instrument) is None:
        raise VisitError(Sentence("There is no instrument “{key}”.", key=instrument))
    first = not_before or at.astimezone(ZoneInfo(site.timezone)).date()
    if due < first:
        raise VisitError(Sentence("The deadline is before the first day."))
    visit = Visit(
        site_id=site_id,
        visit_id=visit_id or uuid7(at),
        code=new_code(),
        instrument=instrument,
        status="offered",
        person_id=None,
        token=None,
        not_before=first.isoformat(),
        due=due.isoformat(),
        edge=edge,
        briefing=briefing,
        certificate=int(certificate),
        fee=fee,
        expenses=expenses,
        currency=currency,
        plan_id=plan_id,
        created_utc=times.text(at),
    )
    if not store.insert(db, visit):
        raise VisitError(
            Sentence("There is a visit “{visit_id}” already.", visit_id=visit.visit_id)
        )
    audit.record(db, at, by, "set", f"visit {site_id} {visit.visit_id}", {"due": visit.due})
    for person_id in offered_to:
        offer(db, at, visit, person_id, by=by)
    return visit


def offer(db: Database, at: datetime, visit: Visit, person_id: str, *, by: str = "") -> None:
    """Offer a visit that nobody has yet. Part of the caller's transaction."""
    if visit.status != "offered":
        raise VisitError(Sentence("This visit is not open any more."))
    store.give_number(db, person_id)
    store.offer(db, visit, person_id, times.text(at))
    visit_letters.offered(db, at, person_id)
    _record(db, at, by, "offered", visit, {"shopper": store.number(db, person_id)})


# --- the shopper's answer ---------------------------------------------------------------------


def accept(db: Database, at: datetime, visit: Visit, person_id: str) -> Visit:
    """The shopper takes it: from now on it is theirs alone, with a token for its report.

    Raises :class:`VisitError` if somebody was quicker, it was withdrawn, or it needs a certificate
    and theirs is not good (any more).
    """
    with db.transaction():
        return take(db, at, visit, person_id)


def take(db: Database, at: datetime, visit: Visit, person_id: str) -> Visit:
    """:func:`accept`, as part of the caller's transaction."""
    current = store.find(db, visit.site_id, visit.visit_id) or visit
    if current.certificate and not certifying.is_certified(db, person_id, at):
        raise VisitError(
            Sentence("This visit needs a certificate, and you have none that is good today.")
        )
    if seen(db, current).is_late(at):
        raise VisitError(Sentence("The deadline of this visit has passed: it cannot be taken now."))
    taken = not store.answer_offer(db, visit, person_id, "accepted", times.text(at))
    token = codes.letters()
    if taken or not store.change(
        db,
        visit,
        status="accepted",
        person_id=person_id,
        token=token,
        accepted_utc=times.text(at),
    ):
        raise VisitError(Sentence("This visit is not open any more: somebody was quicker."))
    store.withdraw_offers(db, visit, times.text(at))
    _give_token(db, at, visit, token, person_id)
    _record(db, at, person_id, "accepted", visit, {})
    found = store.find(db, visit.site_id, visit.visit_id)
    assert found is not None  # noqa: S101 - just changed
    return found


def decline(db: Database, at: datetime, visit: Visit, person_id: str, reason: str) -> None:
    """The shopper does not take it. Raises :class:`VisitError`."""
    with db.transaction():
        if not store.answer_offer(db, visit, person_id, "declined", times.text(at), reason):
            raise VisitError(Sentence("This visit is not open any more."))
        _record(db, at, person_id, "declined", visit, {"reason": reason})


def renew_tokens(db: Database, at: datetime, person_id: str, reason: str) -> None:
    """New tokens for a shopper's open visits: what still comes under the old ones is held.

    Part of the caller's transaction; for a phone that was lost.
    """
    for found in of_shopper(db, person_id):
        visit = found.visit
        if found.state not in ("accepted", "returned") or visit.token is None:
            continue
        token = codes.letters()
        store.change(db, visit, token=token)
        _give_token(db, at, visit, token, person_id)
        tokens.withdraw(db, visit.token, at, reason, replaced_by=token)


def _give_token(db: Database, at: datetime, visit: Visit, token: str, person_id: str) -> None:
    instrument = publishing.newest(db, visit.instrument)
    tokens.create(
        db,
        token,
        kind=TOKEN,
        site_id=visit.site_id,
        instrument=visit.instrument,
        source="shopper" if instrument is None else instrument.source,
        touchpoint=None,
        at=at,
    )
    store.add_token(db, visit, token, person_id)


def _record(
    db: Database,
    at: datetime,
    person_id: str,
    action: str,
    visit: Visit,
    detail: dict[str, object],
) -> None:
    audit.record(db, at, person_id, action, f"visit {visit.site_id} {visit.visit_id}", detail)
