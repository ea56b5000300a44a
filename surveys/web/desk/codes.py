"""The codes of a site at the desk: what hangs there, making one, taking one back.

A code lets whoever holds it answer, so it stands in no address here (addresses land in logs): a
code is named by :func:`surveys.codes.shown_id`.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import addresses, codes, people, publishing, qr_code, touchpoints
from surveys.codes import CodeError
from surveys.instrument import Instrument
from surveys.store import sites as sites_store
from surveys.store import submissions
from surveys.store.sites import Site
from surveys.store.tokens import Token
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import language

blueprint = Blueprint("codes", __name__)

WHOSE_WALL = ("owner", "manager")
"""Who sees codes and may take them back: a manager those of their own sites."""


@blueprint.get("/desk/sites/<site_id>/codes")
@needs(*WHOSE_WALL)
def of_site(site_id: str) -> str:
    return _page(_site(site_id))


@blueprint.post("/desk/sites/<site_id>/codes")
@needs("owner")
def issue(site_id: str) -> BaseResponse:
    site = _site(site_id)
    touchpoint, instrument = request.form.get("touchpoint", ""), request.form.get("instrument", "")
    database = services().database
    there = codes.active(database, site_id, touchpoint or None, instrument)
    try:
        code = codes.issue(
            database,
            site_id,
            touchpoint or None,
            instrument,
            services().clock(),
            by=me().person_id,
        )
    except CodeError as wrong:
        return Response(_page(site, wrong), 422, mimetype="text/html")
    if there is None:
        flash(_("The code is made. Print its poster, and hang it where it belongs."))
    else:
        flash(_("That code is there already, and it works."))
    return _back(site, code)


@blueprint.get("/desk/sites/<site_id>/codes/<shown>.svg")
@needs(*WHOSE_WALL)
def picture(site_id: str, shown: str) -> Response:
    token = _token(_site(site_id), shown)
    address = f"{addresses.own(services().database)}/q/{token.token}"
    return Response(qr_code.svg(address), mimetype="image/svg+xml")


@blueprint.post("/desk/sites/<site_id>/codes/<shown>/withdraw")
@needs(*WHOSE_WALL)
def withdraw(site_id: str, shown: str) -> BaseResponse:
    site = _site(site_id)
    token = _token(site, shown)
    reason = request.form.get("reason", "")
    try:
        codes.withdraw(
            services().database, token.token, reason, services().clock(), by=me().person_id
        )
    except CodeError as wrong:
        return _refused(site, wrong, shown, reason)
    flash(_("The code is withdrawn. Take its posters down: what still comes in is held."))
    return redirect(url_for("codes.of_site", site_id=site_id), 303)


@blueprint.post("/desk/sites/<site_id>/codes/<shown>/replace")
@needs(*WHOSE_WALL)
def replace(site_id: str, shown: str) -> BaseResponse:
    site = _site(site_id)
    token = _token(site, shown)
    reason = request.form.get("reason", "")
    try:
        new = codes.replace(
            services().database, token.token, reason, services().clock(), by=me().person_id
        )
    except CodeError as wrong:
        return _refused(site, wrong, shown, reason)
    flash(_("The code is replaced. Print the new poster, and take the old one down."))
    return _back(site, new)


# --- what the views are made of ---------------------------------------------------------------


def _site(site_id: str) -> Site:
    """The same answer for a site of others and for none: which there are is nobody else's."""
    site = sites_store.find(services().database, site_id)
    if site is None or not people.may_see(me(), site):
        abort(404, _("There is no such site among yours. The results list those you can open."))
    return site


def _token(site: Site, shown: str) -> Token:
    token = codes.by_shown_id(services().database, site.site_id, shown)
    if token is None:
        abort(404, _("There is no such code at this site."))
    return token


def _back(site: Site, code: str) -> BaseResponse:
    where = url_for("codes.of_site", site_id=site.site_id)
    return redirect(f"{where}#code-{codes.shown_id(code)}", 303)


def _refused(site: Site, wrong: CodeError, shown: str, reason: str) -> Response:
    page = _page(site, wrong, at=shown, reason=reason[:600])
    return Response(page, 422, mimetype="text/html")


def _page(site: Site, wrong: CodeError | None = None, *, at: str = "", reason: str = "") -> str:
    """``at`` is the code that a fault is about, else it is about making one."""
    database = services().database
    with database.snapshot():
        found = list(codes.of(database, site.site_id))
        names = touchpoints.names(database, language())
        offered = [one.key for one in touchpoints.every(database, hidden=False)]
        forms = publishing.newest_of_all(database)
        held = submissions.held_by_token(database, site.site_id)
        base = addresses.own(database)
    order = {key: place for place, key in enumerate(names)}
    return render_template(
        "desk/codes.html",
        site=site,
        active=sorted(
            (token for token in found if token.active),
            key=lambda token: (
                token.touchpoint is not None,
                order.get(token.touchpoint or "", 999),
            ),
        ),
        withdrawn=[token for token in reversed(found) if not token.active],
        held=held,
        names=names,
        touchpoints=offered,
        titles={form.key: _title(form) for form in forms},
        shown_id=codes.shown_id,
        base=base,
        only_here=addresses.only_this_machine(base),
        may_make=me().role == "owner",
        may_withdraw=me().role in WHOSE_WALL,
        typed=request.form,
        wrong=wrong,
        at=at,
        at_active=any(token.active and codes.shown_id(token.token) == at for token in found),
        reason=reason,
        COUNTER=codes.COUNTER,
    )


def _title(form: Instrument) -> str:
    return form.title.get(language()) or form.title.get("en") or form.key
