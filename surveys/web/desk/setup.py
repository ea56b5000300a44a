"""Setting up, one step a page, from an empty folder to a first rating."""

from __future__ import annotations

import json
import re

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import addresses, codes, posters, publishing, setup
from surveys.posters import Poster
from surveys.store import setup as store
from surveys.store import sites as sites_store
from surveys.store.database import Unavailable
from surveys.store.sites import Site
from surveys.web.desk import setup_steps, sites
from surveys.web.desk.settings import address_form, organisation_form, picture
from surveys.web.desk.setup_steps import STEPS, Step, in_setup
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me, signed_in
from surveys.web.speech import gettext as _

blueprint = Blueprint("setup", __name__)


def register(app: Flask) -> None:
    app.jinja_env.globals.update(
        organisation_name=_organisation,
        left_to_do=left_to_do,
        setup_steps=STEPS,
        in_setup=in_setup,
    )


def _organisation() -> str:
    try:
        return setup.organisation(services().database)
    except Unavailable:
        return ""  # asked by every page, also by the one that says just this


def left_to_do() -> list[Step]:
    """The steps an owner is reminded of; none for others, or once they have said not to."""
    person = signed_in()
    if person is None or person.role != "owner" or setup.is_dismissed(services().database):
        return []
    return setup_steps.open_steps()


@blueprint.get("/desk/setup")
@needs("owner")
def begin() -> BaseResponse:
    """To the first step that is still to be done."""
    left = setup_steps.open_steps()
    return redirect(url_for(left[0].endpoint if left else "setup.done"), 303)


@blueprint.get("/desk/setup/organisation")
@needs("owner")
def organisation() -> str:
    return render_template("desk/setup_organisation.html", **organisation_form())


@blueprint.get("/desk/setup/address")
@needs("owner")
def address() -> str:
    return render_template("desk/setup_address.html", **address_form())


@blueprint.get("/desk/setup/sites")
@needs("owner")
def first_sites() -> str:
    there = list(sites_store.every(services().database))
    return render_template(
        "desk/setup_sites.html", there=there, **sites.blank_form() | {"setup": "1"}
    )


# --- the first poster -------------------------------------------------------------------------


@blueprint.get("/desk/setup/poster")
@needs("owner")
def poster() -> str:
    """Before there is a code: for which site? Then: scan it, answer, and see it arrive."""
    database = services().database
    every = list(sites_store.every(database))
    wanted = request.args.get("site")
    coded = (site for site in every if codes.active(database, site.site_id))
    chosen = next((site for site in every if site.site_id == wanted), None)
    site = chosen or next(coded, every[0] if every else None)
    code = codes.active(database, site.site_id) if site else None
    own = addresses.own(database)
    form = f"{own}/q/{code.token}" if code else ""
    return render_template(
        "desk/setup_poster.html",
        every=every,
        site=site,
        form=form,
        picture=picture(form) if form else None,
        only_here=addresses.only_this_machine(own),
        arrived=_arrived(site) if site and code else None,
    )


@blueprint.post("/desk/setup/poster")
@needs("owner")
def make_poster() -> BaseResponse:
    site_id = request.form.get("site", "")
    if sites_store.find(services().database, site_id) is None:
        flash(_("Choose one of your sites."), "wrong")
        return redirect(url_for("setup.poster"), 303)
    by = me().person_id
    codes.issue(services().database, site_id, None, codes.COUNTER, services().clock(), by=by)
    return redirect(url_for("setup.poster", site=site_id), 303)


@blueprint.get("/desk/setup/poster/<site_id>.pdf")
@needs("owner")
def poster_pdf(site_id: str) -> BaseResponse:
    """The poster, also one that only this machine can open: its page has said so."""
    database = services().database
    site = sites_store.find(database, site_id)
    code = codes.active(database, site_id) if site else None
    if site is None or code is None:
        return redirect(url_for("setup.poster"), 303)
    form = f"{addresses.own(database)}/q/{code.token}"
    content = posters.pdf([Poster(site, form)], at=services().clock())
    answer = Response(content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=f"poster-{site_id}.pdf")
    return answer


def _arrived(site: Site) -> dict[str, object] | None:
    """The last answer that came in at the site: when, whether it counts, its ratings."""
    database = services().database
    row = store.newest_submission(database, site.site_id)
    if row is None:
        return None
    scales = publishing.scales(database)
    ratings = [
        (scales[dimension].name, int(level))
        for facet, level in json.loads(row["marks"])
        if (dimension := re.sub(r"^dimension:", "", facet)) in scales and str(level).isdigit()
    ]
    return {"at": row["received_utc"], "counted": row["status"] == "counted", "ratings": ratings}


# --- the end ----------------------------------------------------------------------------------


@blueprint.get("/desk/setup/done")
@needs("owner")
def done() -> str:
    own = addresses.own(services().database)
    return render_template(
        "desk/setup_done.html",
        left=setup_steps.open_steps(),
        only_here=addresses.only_this_machine(own),
    )


@blueprint.post("/desk/setup/dismiss")
@needs("owner")
def dismiss() -> BaseResponse:
    setup.dismiss(services().database, at=services().clock(), by=me().person_id)
    flash(_("You will not be reminded. Everything stays under “Set up” in the menu."))
    return redirect(url_for("desk.scores"), 303)
