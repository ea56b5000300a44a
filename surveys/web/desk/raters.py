"""``/desk/raters``: how near each shopper comes to gold, how they move, and their certificates."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import certifying, people, raters
from surveys.certifying import CertifyingError
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import zone

blueprint = Blueprint("raters", __name__)

HARDEST = 10
"""How many of the cases that most shoppers miss are listed."""

KINDS = {
    certifying.PRACTICE: Sentence("Practice"),
    certifying.TEST: Sentence("Test"),
    certifying.DRIFT: Sentence("Within normal work"),
}


@blueprint.get("/desk/raters")
@needs("owner", "reviewer")
def page() -> str:
    return _page()


@blueprint.post("/desk/raters")
@needs("owner")
def pace() -> BaseResponse:
    """After how many visits a shopper rates a case."""
    typed = request.form.get("every", "").strip()
    try:
        certifying.set_drift_every(
            services().database, services().clock(), typed, by=me().person_id
        )
    except CertifyingError as refused:
        return Response(_page(typed, refused), 422, mimetype="text/html")
    flash(_("Saved."))
    return redirect(url_for(".page"), 303)


@blueprint.get("/desk/raters/<person_id>")
@needs("owner", "reviewer")
def one(person_id: str) -> str:
    return _one(_shopper(person_id))


@blueprint.post("/desk/raters/<person_id>/withdraw")
@needs("owner", "reviewer")
def withdraw(person_id: str) -> BaseResponse:
    person, reason = _shopper(person_id), request.form.get("reason", "")
    try:
        certifying.withdraw(
            services().database, services().clock(), person_id, reason, by=me().person_id
        )
    except CertifyingError as refused:
        return Response(_one(person, reason, refused), 422, mimetype="text/html")
    flash(_("The certificate is withdrawn. The shopper reads why, and may take the test again."))
    return redirect(url_for(".one", person_id=person_id), 303)


def _shopper(person_id: str) -> Person:
    found = people.find(services().database, person_id)
    if found is None or found.role != "shopper":
        abort(404, Sentence("There is no such shopper."))
    return found


def _page(typed: str | None = None, wrong: CertifyingError | None = None) -> str:
    database = services().database
    with database.snapshot():
        found = raters.everyone(database, services().clock(), zone())
        every = certifying.drift_every(database)
    return render_template(
        "desk/raters.html",
        found=found,
        hardest=[*found.cases.items()][:HARDEST],
        cases=certifying.casebook(),
        scales=certifying.scales(),
        enough=raters.ENOUGH,
        every=every,
        typed=str(every) if typed is None else typed,
        wrong=wrong,
    )


def _one(person: Person, reason: str = "", wrong: CertifyingError | None = None) -> str:
    database = services().database
    with database.snapshot():
        rater = raters.one(database, services().clock(), person, zone())
        history = raters.history(database, person.person_id)
    return render_template(
        "desk/rater.html",
        rater=rater,
        history=history,
        kinds=KINDS,
        cases=certifying.casebook(),
        scales=certifying.scales(),
        reason=reason,
        wrong=wrong,
    )
