"""``/visits/interests``: the places where a shopper is known, and so does not go."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import interests, visits
from surveys.interests import InterestError
from surveys.store import sites as sites_store
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext

blueprint = Blueprint("interests", __name__)


@blueprint.get("/visits/interests")
@needs("shopper")
def page() -> str:
    return _page(request.args.get("site", "")[:200])


@blueprint.post("/visits/interests")
@needs("shopper")
def declare() -> BaseResponse:
    database, now, person_id = services().database, services().clock(), me().person_id
    typed, reason = request.form.get("site", "")[:200], request.form.get("reason", "")[:2000]
    try:
        site = interests.wanted(list(sites_store.every(database)), typed)
        withdrawn = interests.declare(database, now, person_id, site, reason)
    except InterestError as wrong:
        return Response(_page(typed, reason, wrong), 422, mimetype="text/html")
    flash(_("Thank you. Nothing is offered to you at {site} any more.", site=site.name))
    if withdrawn:
        flash(
            ngettext(
                "{n} offer there is taken back.", "{n} offers there are taken back.", withdrawn
            )
        )
    if any(
        found.site.site_id == site.site_id and found.state in ("accepted", "returned")
        for found in visits.of_shopper(database, person_id)
    ):
        flash(_("You have accepted a visit there. Its owner is told, and will decide about it."))
    return redirect(url_for(".page"), 303)


@blueprint.post("/visits/interests/take-back")
@needs("shopper")
def take_back() -> BaseResponse:
    site_id = request.form.get("site", "")
    try:
        interests.take_back(services().database, services().clock(), me().person_id, site_id)
    except InterestError as wrong:
        flash(wrong.args[0], "wrong")
    else:
        flash(_("Taken back. Visits there can be offered to you again."))
    return redirect(url_for(".page"), 303)


def _page(typed: str = "", reason: str = "", wrong: InterestError | None = None) -> str:
    database = services().database
    return render_template(
        "shopper/interests.html",
        declared=interests.of(database, me().person_id),
        sites=list(sites_store.every(database)),
        typed=typed,
        reason=reason,
        wrong=wrong,
    )
