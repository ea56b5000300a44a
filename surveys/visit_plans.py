"""Plans: what makes visits month by month. What a month is made of :mod:`surveys.planning` decides.

A plan that is ended makes no more; the visits it made stay. A changed plan counts for the months
that are still to be made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from surveys import audit, planning, visits, visits_desk, visits_eligible
from surveys.ids import uuid7
from surveys.planning import Month, Rules
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store import times
from surveys.store import visit_plans as store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.visit_plans import VisitPlan
from surveys.visit_facts import Reading

AHEAD = timedelta(days=7)
"""So long before a month begins an automatic plan makes its visits."""

LONGEST_NAME = 100
MOST_PER_MONTH = 31
STATUSES = ("automatic", "by_hand", "ended")


class PlanError(ValueError):
    """A plan cannot do what was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Preview:
    """What making a month would set: ``sites`` are the plan's, ``made`` visits there already."""

    month: str
    found: Month
    sites: Sequence[Site]
    made: int

    @property
    def fingerprint(self) -> str:
        """The same for the same visits: what was shown is what is made."""
        return hashlib.sha256(repr(self.found.visits).encode()).hexdigest()


def check(
    db: Database,
    values: Mapping[str, str],
    regions: Iterable[str],
    sites: Iterable[str],
    *,
    at: datetime,
    by: str,
    plan_id: str | None = None,
) -> tuple[VisitPlan, dict[str, Sentence]]:
    """The plan that texts make, to be used if there is no fault (by column)."""
    reading = Reading.of(values)
    name = " ".join(reading.text("name").split())
    if not name:
        reading.wrong("name", Sentence("Give the plan a name, such as Every site twice a month"))
    elif len(name) > LONGEST_NAME:
        reading.wrong("name", Sentence("Use at most {n} letters", n=LONGEST_NAME))
    instrument = reading.text("instrument")
    if instrument not in [form.key for form in visits_desk.instruments(db)]:
        reading.wrong("instrument", Sentence("Choose the form that shoppers fill in"))
    if reading.text("status") not in ("automatic", "by_hand"):
        reading.wrong("status", Sentence("Say whether the visits are made by themselves"))
    per_month = reading.whole("per_month", 1, MOST_PER_MONTH)
    edges = reading.whole("edge_per_month", 0, MOST_PER_MONTH)
    if edges > per_month and "per_month" not in reading.faults:
        reading.wrong(
            "edge_per_month",
            Sentence("At most {n}: so many visits has a site", n=per_month),
        )
    terms = reading.terms()
    plan = VisitPlan(
        plan_id=plan_id or uuid7(at),
        name=name,
        instrument=instrument,
        scope=json.dumps({"regions": sorted(regions), "sites": sorted(sites)}),
        per_month=per_month,
        rotation_days=reading.whole("rotation_days", 0, 730),
        edge_per_month=edges,
        days_open=reading.whole("days_open", 0, 30),
        briefing=terms.briefing,
        certificate=int(terms.certificate),
        fee=terms.fee,
        expenses=terms.expenses,
        currency=terms.currency,
        status=reading.text("status"),
        created_utc=times.text(at),
        person_id=by,
    )
    if not sites_of(db, plan):
        reading.wrong("scope", Sentence("There is no site in what is ticked"))
    return plan, reading.faults


def sites_of(db: Database, plan: VisitPlan) -> list[Site]:
    return [site for site in sites_store.every(db) if plan.holds(site.site_id, site.region)]


def add(db: Database, at: datetime, plan: VisitPlan, *, by: str) -> None:
    with db.transaction():
        store.put(db, plan)
        _record(db, at, by, "added", plan)


def change(db: Database, at: datetime, plan: VisitPlan, *, by: str) -> None:
    with db.transaction():
        store.put(db, plan)
        _record(db, at, by, "changed", plan)


def end(db: Database, at: datetime, plan: VisitPlan, *, by: str) -> None:
    """It makes no more visits; those that are made stay."""
    with db.transaction():
        store.put(db, replace(plan, status="ended"))
        _record(db, at, by, "ended", plan)


def resume(db: Database, at: datetime, plan: VisitPlan, *, by: str) -> None:
    """An ended plan makes visits again, by hand."""
    with db.transaction():
        store.put(db, replace(plan, status="by_hand"))
        _record(db, at, by, "resumed", plan)


def preview(db: Database, at: datetime, plan: VisitPlan, month: str) -> Preview:
    """What :func:`make` would do. Raises :class:`PlanError` for a month that is over."""
    first, last = planning.days_of(month)
    today = at.date()
    if last < today:
        raise PlanError(Sentence("This month is over. Choose a later one."))
    sites = sites_of(db, plan)
    reach = timedelta(days=plan.rotation_days)
    made = store.visit_ids(db, plan.plan_id)
    found = planning.month(
        Rules(
            plan.plan_id, plan.per_month, plan.edge_per_month, plan.rotation_days, plan.days_open
        ),
        month,
        [site.site_id for site in sites],
        [person.person_id for person in visits_eligible.shoppers(db)],
        today=today,
        stays=visits_eligible.stays(db, first - reach, last + reach),
        barred=visits_eligible.barring(db, at, certificate=bool(plan.certificate)),
        made=made,
    )
    wanted = len(sites) * plan.per_month
    return Preview(month, found, sites, wanted - len(found.visits))


def make(
    db: Database,
    at: datetime,
    plan: VisitPlan,
    month: str,
    *,
    by: str = "",
    shown: str | None = None,
) -> Preview | None:
    """Set and offer the visits of a month that are not there yet; None if they are not those that
    were ``shown``, by their fingerprint. Raises :class:`PlanError`."""
    with db.transaction():
        if plan.status == "ended":
            raise PlanError(Sentence("This plan is ended. Take it up again first."))
        found = preview(db, at, plan, month)
        if shown is not None and found.fingerprint != shown:
            return None
        for one in found.found.visits:
            visits.make(
                db,
                at,
                site_id=one.site_id,
                instrument=plan.instrument,
                not_before=one.not_before,
                due=one.due,
                edge=one.edge,
                briefing=plan.briefing,
                certificate=bool(plan.certificate),
                fee=plan.fee,
                expenses=plan.expenses,
                currency=plan.currency,
                plan_id=plan.plan_id,
                visit_id=one.visit_id,
                offered_to=one.offered_to,
                by=by,
            )
        n = len(found.found.visits)
        store.month_made(
            db,
            {
                "plan_id": plan.plan_id,
                "month": month,
                "visits": n,
                "made_utc": times.text(at),
                "person_id": by,
            },
        )
        if n:
            detail = {"name": plan.name, "month": month, "n": n}
            audit.record(db, at, by, "made visits", f"plan {plan.plan_id}", detail)
    return found


def schedule(db: Database, at: datetime) -> int:
    """Make what automatic plans have due: the month that begins soon, or has begun, once each; how
    many months those were. A plan's own first month is never made without somebody's word."""
    made = 0
    for plan in store.every(db):
        if plan.status != "automatic":
            continue
        known = {one.month for one in store.months(db, plan.plan_id)}
        for month in dict.fromkeys(f"{day:%Y-%m}" for day in (at, at + AHEAD)):
            if month not in known and plan.created_utc[:7] < month:
                make(db, at, plan, month)
                made += 1
    return made


def _record(db: Database, at: datetime, by: str, action: str, plan: VisitPlan) -> None:
    audit.record(db, at, by, action, f"plan {plan.plan_id}", {"name": plan.name})
