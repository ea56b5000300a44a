"""A visit set by hand, or changed: its facts first, then who may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import visit_facts, visits_desk
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.visit_facts import EDGES, Facts
from surveys.visits import Seen, Visit, VisitError
from surveys.visits_eligible import Candidate
from surveys.web.desk.visits import find
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext, zone

blueprint = Blueprint("visits_making", __name__)

COLUMNS = (
    *("site_id", "instrument", "not_before", "due", "edge", "briefing", "certificate", "fee"),
    *("expenses", "currency"),
)
DAYS_TO_GO = 14


@blueprint.get("/desk/visits/new")
@needs("owner")
def new() -> str:
    known = visits_desk.instruments(services().database)
    today = services().clock().astimezone(zone()).date()
    values = dict.fromkeys(COLUMNS, "") | {
        "site_id": request.args.get("site", "")[:200],
        "instrument": known[0].key if known else "",
        "not_before": today.isoformat(),
        "due": (today + timedelta(days=DAYS_TO_GO)).isoformat(),
    }
    return _new_page(values)


@blueprint.post("/desk/visits/new")
@needs("owner")
def create() -> BaseResponse:
    """Shows who may go, then sets the visit: the same form, with ``act`` who or set."""
    database, now, values = services().database, services().clock(), _typed()
    facts, faults = _checked(values)
    if faults:
        return _again(_new_page(values, faults))
    chosen = request.form.getlist("shopper")
    if request.form.get("act") != "set":
        candidates = visits_desk.candidates(database, now, facts)
        return _shown(_new_page(values, candidates=candidates, chosen=chosen))
    try:
        with database.transaction():
            visit = visits_desk.set_visit(database, now, facts, chosen, by=me().person_id)
    except VisitError as wrong:
        candidates = visits_desk.candidates(database, now, facts)
        return _again(_new_page(values, {}, wrong, candidates, chosen))
    if chosen:
        flash(
            ngettext(
                "The visit is set, and offered to {n} shopper.",
                "The visit is set, and offered to {n} shoppers.",
                len(chosen),
            )
        )
    else:
        flash(_("The visit is set. Offer it to somebody, and it can be made."))
    return redirect(url_for("visits_desk.one", visit_id=visit.visit_id), 303)


@blueprint.get("/desk/visits/<visit_id>/edit")
@needs("owner")
def edit(visit_id: str) -> str:
    found = _changeable(visit_id)
    return _edit_page(found, _values(found.visit))


@blueprint.post("/desk/visits/<visit_id>/edit")
@needs("owner")
def save(visit_id: str) -> BaseResponse:
    found = _changeable(visit_id)
    kept = _values(found.visit)
    # What an accepted visit keeps is not in its form.
    values = kept | {name: text for name, text in _typed().items() if name in request.form}
    if found.visit.status == "offered":
        values["certificate"] = request.form.get("certificate", "")
    facts, faults = _checked(values | {"site_id": found.visit.site_id})
    if faults:
        return _again(_edit_page(found, values, faults))
    database, now = services().database, services().clock()
    try:
        changed = visits_desk.change(database, now, found.visit, facts, by=me().person_id)
    except VisitError as wrong:
        return _again(_edit_page(found, values, {}, wrong))
    flash(_("The visit is changed.") if changed else _("Nothing was changed."))
    return redirect(url_for("visits_desk.one", visit_id=visit_id), 303)


def _changeable(visit_id: str) -> Seen:
    found = find(visit_id)
    if found.state not in ("offered", "accepted"):
        abort(409, _("This visit cannot be changed any more: it is cancelled, or reported."))
    return found


# --- the form ---------------------------------------------------------------------------------


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "")[:10_000] for name in COLUMNS}


def _values(visit: Visit) -> dict[str, str]:
    found = {name: getattr(visit, name) for name in COLUMNS}
    return {**found, "certificate": "1" if visit.certificate else ""}


def _checked(values: Mapping[str, str]) -> tuple[Facts, Mapping[str, Sentence]]:
    facts, faults = visit_facts.check(values)
    there = visits_desk.faults_of_places(services().database, services().clock(), facts)
    return facts, there | faults


def _new_page(
    values: Mapping[str, str],
    faults: Mapping[str, Sentence] | None = None,
    wrong: VisitError | None = None,
    candidates: Sequence[Candidate] | None = None,
    chosen: Sequence[str] = (),
) -> str:
    database = services().database
    return render_template(
        "desk/visit_new.html",
        values=values,
        faults=faults or {},
        wrong=wrong,
        candidates=candidates,
        chosen=chosen,
        sites=list(sites_store.every(database)),
        **_choices(),
    )


def _edit_page(
    found: Seen,
    values: Mapping[str, str],
    faults: Mapping[str, Sentence] | None = None,
    wrong: VisitError | None = None,
) -> str:
    return render_template(
        "desk/visit_edit.html",
        found=found,
        values=values,
        faults=faults or {},
        wrong=wrong,
        **_choices(),
    )


def _choices() -> dict[str, object]:
    return {"instruments": visits_desk.instruments(services().database), "EDGES": EDGES}


def _again(page: str) -> BaseResponse:
    return Response(page, 422, mimetype="text/html")


def _shown(page: str) -> BaseResponse:
    return Response(page, mimetype="text/html")
