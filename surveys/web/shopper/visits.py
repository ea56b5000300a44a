"""``/visits``: what a shopper has to do, and their answer to what is offered."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import visits
from surveys.sentences import Sentence
from surveys.visit_facts import EDGES
from surveys.visits import DECLINES, Seen, VisitError
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("visits", __name__)

DELIVERED = {
    "pending": Sentence("Your report has arrived. A reviewer reads it next."),
    "held": Sentence("Your report has arrived. Something about it needs a person’s eye first."),
    "counted": Sentence("Your report is accepted. Thank you."),
    "rejected": Sentence("Your report was not accepted."),
    "cancelled": Sentence("This visit was cancelled. Nothing is left to do."),
}
"""What became of a visit that the shopper has no more to do for."""
SHOWN_FOR = timedelta(days=30)


@blueprint.get("/visits")
@needs("shopper")
def home() -> str:
    database, now, person = services().database, services().clock(), me()
    with database.snapshot():
        mine = visits.of_shopper(database, person.person_id)
        offered = [
            found
            for found in visits.offered_to(database, person.person_id)
            if not found.is_late(now)
        ]
    doing = [found for found in mine if found.state in ("accepted", "returned")]
    return render_template(
        "shopper/home.html",
        now_due=[found for found in doing if found.is_due(now)],
        coming=[found for found in doing if not found.is_due(now)],
        offered=offered,
        delivered=[
            found for found in reversed(mine) if found.state in DELIVERED and _recent(found, now)
        ],
        left=lambda found: (date.fromisoformat(found.visit.due) - today(found, now)).days,
        DELIVERED=DELIVERED,
        DECLINES=DECLINES,
        EDGES=EDGES,
    )


@blueprint.get("/visits/find")
@needs("shopper")
def find() -> Response:
    """The visit of a short code, typed as it was read out or written down."""
    typed = "".join(letter for letter in request.args.get("code", "").upper() if letter.isalnum())
    database, person = services().database, me()
    mine = visits.of_shopper(database, person.person_id)
    for found in [*mine, *visits.offered_to(database, person.person_id)]:
        if found.visit.code == typed:
            return redirect(url_for("report.page", visit_id=found.visit.visit_id), 303)
    flash(_("No visit of yours has this code. Look at it again, letter by letter."), "wrong")
    return redirect(url_for(".home"), 303)


def today(found: Seen, now: datetime) -> date:
    """The day it is at the site."""
    return now.astimezone(ZoneInfo(found.site.timezone)).date()


def _recent(found: Seen, now: datetime) -> bool:
    last = found.report.received_utc[:10] if found.report else found.visit.due
    return date.fromisoformat(last) > now.date() - SHOWN_FOR


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
    """With a reason that was chosen, or written in words of one's own, which come first."""
    found = mine(visit_id)
    chosen = request.form.get("why", "")
    reason = " ".join(request.form.get("reason", "").split())[:500]
    reason = reason or (chosen if chosen in DECLINES else "")
    try:
        visits.decline(services().database, services().clock(), found.visit, me().person_id, reason)
    except VisitError as gone:
        flash(gone.args[0], "wrong")
    else:
        flash(_("You have declined the visit."))
        if chosen == "known":
            flash(_("If you know this place, say so here: then nothing is offered to you there."))
            return redirect(url_for("interests.page", site=found.site.name), 303)
    return redirect(url_for(".home"), 303)


def mine(visit_id: str) -> Seen:
    """The visit if it is this shopper's, or offered to them; 404 for every other."""
    found = visits.one_of(services().database, me().person_id, visit_id)
    if found is None:
        abort(404, Sentence("There is no such visit among yours."))
    return found
