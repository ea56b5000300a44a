"""The rows of visits, and of what shoppers are owed for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from exports.asking import Asked
from exports.columns import CannotExport, NotYours, Value
from surveys import pay, people
from surveys.presence_evidence import presence_of
from surveys.sentences import Sentence
from surveys.store import visit_lists
from surveys.store import visits as store
from surveys.store.database import Database
from surveys.visits import Seen


def check(asked: Asked, *, owners_alone: bool = False) -> None:
    """Raise :class:`CannotExport` for what visits know nothing of."""
    if owners_alone and not asked.everything:
        raise NotYours(Sentence("What shoppers are owed is the owner’s alone."))
    if asked.selection.sources or asked.selection.flagged != "include":
        raise CannotExport(
            Sentence("Visits have no source and no flags: leave out “source” and “flagged”.")
        )


def visits(db: Database, asked: Asked) -> Iterator[tuple[Value, ...]]:
    """Every visit that is due in the days asked for; to managers those whose report counts, and no
    money."""
    numbers = store.numbers(db)
    for seen in _seen(db, asked):
        visit, report = seen.visit, seen.report
        if not asked.everything and seen.state != "counted":
            continue
        if not _within(asked, date.fromisoformat(visit.due)):
            continue
        money = (_decimal(visit.fee), _decimal(visit.expenses), visit.currency or None)
        yield (
            visit.visit_id,
            visit.site_id,
            seen.site.region,
            None if visit.person_id is None else numbers.get(visit.person_id),
            visit.instrument,
            date.fromisoformat(visit.due),
            seen.state,
            None if report is None else report.received_utc,
            None if report is None else presence_of(db, visit, report).judgement,
            date.fromisoformat(visit.not_before),
            visit.edge or None,
            visit.certificate,
            *(money if asked.everything else (None, None, None)),
            visit.accepted_utc,
            None if report is None else report.submission_id,
        )


def payroll(db: Database, asked: Asked) -> Iterator[tuple[Value, ...]]:
    """Every visit whose report came to count in the days asked for, and what is owed for it."""
    numbers = store.numbers(db)
    names = {person.person_id: person.name or person.email for person in people.everyone(db)}
    for seen in _seen(db, asked):
        owed = pay.of(db, seen)
        if owed is None or seen.report is None:
            continue
        at = datetime.fromisoformat(owed.accepted_utc)
        accepted = at.astimezone(ZoneInfo(seen.site.timezone)).date()
        if not _within(asked, accepted):
            continue
        shopper = seen.report.person_id
        yield (
            numbers.get(shopper),
            names[shopper],
            seen.visit.visit_id,
            seen.site.site_id,
            seen.site.name,
            date.fromisoformat(seen.visit.due),
            accepted,
            float(owed.fee),
            None if owed.claimed is None else float(owed.claimed),
            float(owed.allowed),
            float(owed.expenses),
            owed.currency or None,
            float(owed.owed),
        )


def _seen(db: Database, asked: Asked) -> Iterator[Seen]:
    wanted = asked.selection.instruments
    for site in asked.selection.shown(db):
        reports = visit_lists.reports_of_site(db, site.site_id)
        for visit in visit_lists.of_site(db, site.site_id):
            if not wanted or visit.instrument in wanted:
                yield Seen(visit, site, reports.get((visit.site_id, visit.visit_id), ()))


def _within(asked: Asked, day: date) -> bool:
    first, last = asked.selection.day_from, asked.selection.day_to
    return (first is None or first <= day) and (last is None or day <= last)


def _decimal(text: str) -> float | None:
    return float(Decimal(text)) if text else None
