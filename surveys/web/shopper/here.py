"""What a shopper's phone finds behind a site's code: the visit that is due there.

Everybody else, and a shopper without a visit there, gets the customer's form as ever. A plain link
leads from the one to the other, for a shopper may be a customer too.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from surveys import codes, visits
from surveys.store import sites, tokens
from surveys.store.tokens import Token
from surveys.visits import Seen
from surveys.web import sessions
from surveys.web.security import needs
from surveys.web.services import services

blueprint = Blueprint("here", __name__)

CUSTOMER = "customer"
"""``?as=customer``: the customer's form is wanted, whoever the phone belongs to."""


@blueprint.record_once
def _offer_the_way_back(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["as_customer"] = as_customer


def due(token: Token) -> list[Seen]:
    """The visits to be made now at a code's site by whom this phone is signed in for."""
    found = sessions.device()
    if found is None or token.kind != codes.CODE:
        return []
    mine = visits.of_shopper(services().database, found[1].person_id)
    now = services().clock()
    return [one for one in mine if one.visit.site_id == token.site_id and one.is_due(now)]


def address(code: str, found: list[Seen]) -> str:
    """Where these visits are: the only one's page, or a choice between several."""
    if len(found) == 1:
        return url_for("report.page", visit_id=found[0].visit.visit_id, code=code)
    return url_for("here.several", code=code)


@blueprint.get("/visits/here")
@needs("shopper")
def several() -> Response | str:
    """The visits that are due behind a code, where there are more than one."""
    code = request.args.get("code", "")[:200]
    token = tokens.find(services().database, code)
    found = due(token) if token is not None else []
    if token is None or not found:
        return redirect(url_for("visits.home"), 303)
    site = sites.find(services().database, token.site_id)
    return render_template("shopper/here.html", found=found, site=site, code=code)


def as_customer() -> str | None:
    """The customer's form behind the code that led to this page, if one did."""
    code = request.args.get("code", "")[:200]
    token = tokens.find(services().database, code) if code else None
    if token is None or token.kind != codes.CODE:
        return None
    return f"{url_for('customer.form', code=code)}?as={CUSTOMER}"
