"""``/visits``: what a shopper has to do, and their answer to what is offered."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import visits
from surveys.sentences import Sentence
from surveys.visits import Seen, VisitError
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("visits", __name__)


@blueprint.get("/visits")
@needs("shopper")
def home() -> str:
    database, person = services().database, me()
    with database.snapshot():
        mine = visits.of_shopper(database, person.person_id)
        offered = visits.offered_to(database, person.person_id)
    return render_template("shopper/home.html", mine=mine, offered=offered, now=services().clock())


@blueprint.post("/visits/<visit_id>/accept")
@needs("shopper")
def accept(visit_id: str) -> Response:
    found = mine(visit_id)
    try:
        visits.accept(services().database, services().clock(), found.visit, me().person_id)
    except VisitError as gone:
        flash(gone.args[0], "wrong")
        return redirect(url_for(".home"), 303)
    flash(_("The visit is yours."))
    return redirect(url_for("report.page", visit_id=visit_id), 303)


@blueprint.post("/visits/<visit_id>/decline")
@needs("shopper")
def decline(visit_id: str) -> Response:
    found = mine(visit_id)
    reason = " ".join(request.form.get("reason", "").split())[:500]
    try:
        visits.decline(services().database, services().clock(), found.visit, me().person_id, reason)
    except VisitError as gone:
        flash(gone.args[0], "wrong")
    else:
        flash(_("You have declined the visit."))
    return redirect(url_for(".home"), 303)


def mine(visit_id: str) -> Seen:
    """The visit if it is this shopper's, or offered to them; 404 for every other."""
    found = visits.one_of(services().database, me().person_id, visit_id)
    if found is None:
        abort(404, Sentence("There is no such visit among yours."))
    return found
