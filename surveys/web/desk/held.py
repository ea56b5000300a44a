"""What is held: the list of what waits for a person, and the decision about each."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for

from surveys import audit_words, holding, holding_desk, people, touchpoints
from surveys.holding_desk import Case
from surveys.holding_errors import STATUSES
from surveys.people import DESK_ROLES
from surveys.sentences import Sentence
from surveys.store import held as store
from surveys.store import sites as sites_store
from surveys.store import visits as visits_store
from surveys.store.held import Held, Position
from surveys.store.sites import Site
from surveys.suppression import CONFIDENTIAL
from surveys.web.desk import mending
from surveys.web.desk.held_choice import Choice, read, reference, written
from surveys.web.desk.results import FLAGS, SOURCES
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import language

blueprint = Blueprint("held", __name__)

DECIDE = ("owner", "reviewer")
NOT_YOURS = Sentence(
    "There is nothing held under this address among your sites. The list shows what waits."
)
MISFIT = Sentence(
    "It does not fit this version of the form. Mend it, choose another version, or reject it."
)


@blueprint.app_template_filter("as_json")
def as_json(value: object) -> str:
    """JSON to be read, in whatever alphabet its words are."""
    return json.dumps(value, ensure_ascii=False, indent=1)


@blueprint.app_template_filter("without_keys")
def without_keys(sent: dict[str, Any]) -> dict[str, Any]:
    """A submission as it was sent, without what would let its reader send under it."""
    return {name: "…" if name in ("token", "scanned") else sent[name] for name in sent}


@blueprint.get("/desk/held")
@needs(*DESK_ROLES)
def listed() -> str:
    database = services().database
    with database.snapshot():
        choice = read(database, me())
        overview = holding_desk.overview(database, choice.sites, choice.token)
        waiting = overview.n or holding_desk.waiting(database, choice.mine.values())
        rows, position = holding_desk.page(
            database, choice.wanted(), choice.mine, language(), choice.position
        )
    return render_template(
        "desk/held.html",
        touchpoints=touchpoints.names(database, language()),
        choice=choice,
        waiting=waiting,
        overview=overview,
        rows=rows,
        further=written(position) if position else None,
        may_decide=me().role in DECIDE,
        reference=reference,
        KINDS=holding_desk.KINDS,
        FLAGS=FLAGS,
        SOURCES=SOURCES,
    )


@blueprint.get("/desk/held/<site_id>/<submission_id>")
@needs(*DESK_ROLES)
def one(site_id: str, submission_id: str) -> str:
    return _page(site_id, submission_id)


@blueprint.post("/desk/held/<site_id>/<submission_id>/accept")
@needs(*DECIDE)
def accept(site_id: str, submission_id: str) -> Response:
    def act(case: Case) -> None:
        reason = request.form.get("reason", "")
        who = (me().person_id, services().clock())
        key = (services().database, site_id, submission_id, *who)
        holding.accept(*key, form=_form(case), reason=reason, seen=mending.seen())
        day = date.fromisoformat(case.submission.day)
        flash(_("Accepted: it counts at {site}, on {day}.", site=case.site.name, day=day))

    return _decided(site_id, submission_id, "accept", act)


@blueprint.post("/desk/held/<site_id>/<submission_id>/reject")
@needs(*DECIDE)
def reject(site_id: str, submission_id: str) -> Response:
    def act(case: Case) -> None:
        who = (me().person_id, services().clock())
        key = (services().database, site_id, submission_id, *who)
        holding.reject(*key, reason=request.form.get("reason", ""), seen=mending.seen())
        flash(_("Rejected: it is kept, and counts nowhere."))

    return _decided(site_id, submission_id, "reject", act)


@blueprint.post("/desk/held/<site_id>/<submission_id>/other")
@needs(*DECIDE)
def other(site_id: str, submission_id: str) -> Response:
    """Other content under the same id: take it instead, or keep the first."""

    def act(case: Case) -> None:
        who = (me().person_id, services().clock())
        digest = request.form.get("digest", "")
        key = (services().database, site_id, submission_id, digest, *who)
        reason = request.form.get("reason", "")
        if request.form.get("take") == "other":
            holding.accept_content(*key, reason=reason, seen=mending.seen())
            flash(_("Taken: the other answers are read in place of the first from now on."))
        else:
            holding.reject_content(*key, reason=reason)
            flash(_("Kept: the first answers stand as they were."))

    return _decided(site_id, submission_id, f"other {request.form.get('digest', '')}", act)


@blueprint.post("/desk/held/<site_id>/<submission_id>/mend")
@takes(MIB)
@needs(*DECIDE)
def mend(site_id: str, submission_id: str) -> Response:
    place = _place(site_id)
    case = _case(place, submission_id)
    try:
        mending.save(case, _("Mended. It fits now: accept it, if it may count."), form=_form(case))
    except holding.DecidedError as error:
        flash(error.args[0], "wrong")
    except holding.HoldingError as error:
        return _again(site_id, submission_id, "mend", error)
    return _to(site_id, submission_id, form=_form(case))


# --- shared -----------------------------------------------------------------------------------


def _page(site_id: str, submission_id: str, fault: tuple[str, Exception] | None = None) -> str:
    database = services().database
    person = me()
    with database.snapshot():
        choice = read(database, person)
        case = _case(_place(site_id), submission_id)
        following = _next(choice, _position(case))
        history = audit_words.of_submission(database, site_id, submission_id, language())
        of_visit = visits_store.report(database, site_id, submission_id) is not None
    may_decide = person.role in DECIDE
    # A shopper is a number to managers, what was said about a report is between them and reviewers.
    hidden = not may_decide and (of_visit or case.submission.source in CONFIDENTIAL)
    editable = may_decide and case.is_open and case.instrument and not case.submission.erased_utc
    return render_template(
        "desk/held_one.html",
        touchpoints=touchpoints.names(database, language()),
        case=case,
        choice=choice,
        hidden=hidden,
        of_visit=of_visit,
        may_decide=may_decide,
        fields=mending.fields(case, request.form if fault else None) if editable else [],
        fault=fault,
        typed=request.form,
        following=following,
        history=[] if of_visit and hidden else history,
        STATUSES=STATUSES,
        KINDS=holding_desk.KINDS,
        FLAGS=FLAGS,
        SOURCES=SOURCES,
    )


def _decided(
    site_id: str, submission_id: str, action: str, act: Callable[[Case], None]
) -> Response:
    """Carry out a decision, then on to the next that waits in the same choice."""
    case = _case(_place(site_id), submission_id)
    position = _position(case)
    try:
        act(case)
    except holding.DecidedError as error:
        flash(error.args[0], "wrong")
        return _to(site_id, submission_id)
    except holding.MisfitError:
        return _again(site_id, submission_id, action, holding.HoldingError(MISFIT))
    except holding.HoldingError as error:
        return _again(site_id, submission_id, action, error)
    choice = read(services().database, me())
    following = _next(choice, position)
    if following is None:
        return redirect(url_for("held.listed", **choice.asked()), 303)  # type: ignore[return-value]
    return _to(following.site_id, following.submission_id)


def _again(site_id: str, submission_id: str, action: str, error: Exception) -> Response:
    return Response(_page(site_id, submission_id, (action, error)), 422, mimetype="text/html")


def _to(site_id: str, submission_id: str, **more: Any) -> Response:
    choice = read(services().database, me())
    address = url_for(
        "held.one", site_id=site_id, submission_id=submission_id, **choice.asked(), **more
    )
    return redirect(address, 303)  # type: ignore[return-value]


def _place(site_id: str) -> Site:
    place = sites_store.find(services().database, site_id)
    if place is None or not people.may_see(me(), place):
        abort(404, NOT_YOURS)
    return place


def _case(place: Site, submission_id: str) -> Case:
    form = request.values.get("form")
    found = holding_desk.case(services().database, place, submission_id, language(), form)
    if found is None:
        abort(404, NOT_YOURS)
    if form and request.method == "POST" and _form(found) != form:
        abort(400)  # a decision is never made by another version than the one that was read
    return found


def _form(case: Case) -> str | None:
    return case.instrument.form if case.instrument else None


def _position(case: Case) -> Position | None:
    """Where it stands in the list, or the first of the other content under its id."""
    waits = store.of_id(services().database, case.site.site_id, case.submission.submission_id)
    return min((row.position for row in waits), default=None)


def _next(choice: Choice, position: Position | None) -> Held | None:
    """The next that waits in the same choice, or else its first."""
    database = services().database
    for start in (position, None):
        found = store.after(database, choice.wanted(), start, 1)
        if found and found[0].position != position:
            return found[0]
    return None
