"""Plans at the desk: what makes visits month by month, and a look at a month before it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import planning, visit_plans, visits_desk
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store import visit_plans as store
from surveys.store.visit_plans import VisitPlan
from surveys.visit_facts import EDGES
from surveys.visit_plans import PlanError
from surveys.web.desk.visits import asked_month, calling, month_of
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext, zone

blueprint = Blueprint("visit_plans", __name__)

COLUMNS = (
    *("name", "instrument", "per_month", "edge_per_month", "rotation_days", "days_open"),
    *("briefing", "certificate", "fee", "expenses", "currency", "status"),
)
BEGIN = {
    "per_month": "1",
    "edge_per_month": "0",
    "rotation_days": "60",
    "days_open": "10",
    "status": "by_hand",
}
SHOWN = 100
STATUS_NAMES = {
    "automatic": Sentence("makes visits by itself"),
    "by_hand": Sentence("by hand"),
    "ended": Sentence("ended"),
}


@blueprint.get("/desk/visits/plans")
@needs("owner")
def every() -> str:
    database = services().database
    with database.snapshot():
        plans = store.every(database)
        months = {plan.plan_id: store.months(database, plan.plan_id) for plan in plans}
        sites = {plan.plan_id: len(visit_plans.sites_of(database, plan)) for plan in plans}
    return render_template(
        "desk/visit_plans.html",
        plans=[plan for plan in plans if plan.status != "ended"],
        ended=[plan for plan in plans if plan.status == "ended"],
        months=months,
        sites=sites,
        STATUS_NAMES=STATUS_NAMES,
    )


@blueprint.get("/desk/visits/plans/new")
@needs("owner")
def new() -> str:
    known = visits_desk.instruments(services().database)
    values = dict.fromkeys(COLUMNS, "") | BEGIN
    return _form(values | {"instrument": known[0].key if known else ""})


@blueprint.post("/desk/visits/plans/new")
@takes(MIB)
@needs("owner")
def create() -> BaseResponse:
    plan, faults = _checked(None)
    if faults:
        return _again(_form(_typed(), faults))
    visit_plans.add(services().database, services().clock(), plan, by=me().person_id)
    flash(_("The plan is there. Look at what it comes to in a month, then make the visits."))
    return redirect(url_for(".one", plan_id=plan.plan_id, month=_next_month()), 303)


@blueprint.get("/desk/visits/plans/<plan_id>")
@needs("owner")
def one(plan_id: str) -> BaseResponse:
    return _shown(_find(plan_id))


@blueprint.post("/desk/visits/plans/<plan_id>/make")
@needs("owner")
def make(plan_id: str) -> BaseResponse:
    plan, month = _find(plan_id), asked_month(services().clock())
    database, now = services().database, services().clock()
    shown = request.form.get("shown", "")
    try:
        done = visit_plans.make(database, now, plan, month, by=me().person_id, shown=shown)
    except PlanError as wrong:
        return _shown(plan, wrong)
    if done is None:
        meanwhile = Sentence("Something has changed since you were shown this. Look once more.")
        return _shown(plan, PlanError(meanwhile))
    n = len(done.found.visits)
    flash(ngettext("{n} visit is set.", "{n} visits are set.", n))
    return redirect(url_for("visits_desk.listed", month=month), 303)


@blueprint.get("/desk/visits/plans/<plan_id>/edit")
@needs("owner")
def edit(plan_id: str) -> str:
    plan = _find(plan_id)
    values = {name: str(getattr(plan, name)) for name in COLUMNS}
    values["certificate"] = "1" if plan.certificate else ""
    return _form(values, plan=plan)


@blueprint.post("/desk/visits/plans/<plan_id>/edit")
@takes(MIB)
@needs("owner")
def save(plan_id: str) -> BaseResponse:
    known = _find(plan_id)
    plan, faults = _checked(plan_id)
    if faults:
        return _again(_form(_typed(), faults, plan=known))
    changed = replace(plan, created_utc=known.created_utc, person_id=known.person_id)
    visit_plans.change(services().database, services().clock(), changed, by=me().person_id)
    flash(_("Saved. It counts for the months that are still to be made."))
    return redirect(url_for(".one", plan_id=plan_id), 303)


@blueprint.post("/desk/visits/plans/<plan_id>/end")
@needs("owner")
def end(plan_id: str) -> BaseResponse:
    visit_plans.end(services().database, services().clock(), _find(plan_id), by=me().person_id)
    flash(_("The plan is ended. The visits it made stay."))
    return redirect(url_for(".every"), 303)


@blueprint.post("/desk/visits/plans/<plan_id>/resume")
@needs("owner")
def resume(plan_id: str) -> BaseResponse:
    visit_plans.resume(services().database, services().clock(), _find(plan_id), by=me().person_id)
    flash(_("The plan goes on, by hand. Change it if it is to go by itself."))
    return redirect(url_for(".one", plan_id=plan_id), 303)


# --- what the views are made of ---------------------------------------------------------------


def _find(plan_id: str) -> VisitPlan:
    found = store.find(services().database, plan_id)
    if found is None:
        abort(404, _("There is no such plan. The list of plans shows those there are."))
    return found


def _next_month() -> str:
    today = services().clock().astimezone(zone()).date()
    return month_of(planning.days_of(month_of(today))[1] + timedelta(days=1))


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "")[:10_000] for name in COLUMNS}


def _checked(plan_id: str | None) -> tuple[VisitPlan, dict[str, Sentence]]:
    return visit_plans.check(
        services().database,
        _typed(),
        request.form.getlist("region"),
        request.form.getlist("site"),
        at=services().clock(),
        by=me().person_id,
        plan_id=plan_id,
    )


def _form(
    values: Mapping[str, str],
    faults: Mapping[str, Sentence] | None = None,
    plan: VisitPlan | None = None,
) -> str:
    database = services().database
    every = list(sites_store.every(database))
    typed = request.method == "POST"
    return render_template(
        "desk/visit_plan_form.html",
        plan=plan,
        values=values,
        faults=faults or {},
        regions=Counter(site.region for site in every if site.region),
        sites=every,
        ticked_regions=request.form.getlist("region") if typed else plan.regions if plan else (),
        ticked_sites=request.form.getlist("site") if typed else plan.sites if plan else (),
        instruments=visits_desk.instruments(database),
        AHEAD=visit_plans.AHEAD.days,
    )


def _again(page: str) -> BaseResponse:
    return Response(page, 422, mimetype="text/html")


def _shown(plan: VisitPlan, wrong: PlanError | None = None) -> BaseResponse:
    """A plan, and what it comes to in the month that is looked at."""
    database, now = services().database, services().clock()
    month = (request.args.get("month") and asked_month(now)) or _next_month()
    preview = None
    with database.snapshot():
        try:
            preview = visit_plans.preview(database, now, plan, month)
        except PlanError as over:
            wrong = wrong or over
        sites = {site.site_id: site for site in sites_store.every(database)}
        called = calling(database, me())
        months = store.months(database, plan.plan_id)
    first, last = planning.days_of(month)
    text = render_template(
        "desk/visit_plan.html",
        plan=plan,
        month=first,
        earlier=month_of(first - timedelta(days=1)) if first > date(now.year, now.month, 1) else "",
        later=month_of(last + timedelta(days=1)),
        preview=preview,
        sites=sites,
        called=called,
        months=months,
        wrong=wrong,
        SHOWN=SHOWN,
        STATUS_NAMES=STATUS_NAMES,
        EDGES=EDGES,
    )
    return Response(text, 422 if wrong else 200, mimetype="text/html")
