"""Regions: how many sites each has, who looks after it, another name for one."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import regions
from surveys.store import sites as store
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("regions", __name__)


@blueprint.get("/desk/regions")
@needs("owner")
def page() -> str:
    return _page()


@blueprint.post("/desk/regions")
@needs("owner")
def rename() -> BaseResponse:
    old, new = request.form.get("region", "")[:500], request.form.get("name", "")[:500]
    merging = "merging" in request.form
    try:
        name = regions.rename(
            services().database, services().clock(), old, new, by=me().person_id, merging=merging
        )
    except regions.Merges as merges:
        return Response(_page(old, new, merges=merges.args[0]), 422, mimetype="text/html")
    except regions.RegionError as wrong:
        return Response(_page(old, new, wrong=wrong.args[0]), 422, mimetype="text/html")
    if name != old:
        flash(_("“{old}” is called “{new}” from now on.", old=old, new=name))
    return redirect(url_for("regions.page"), 303)


def _page(old: str = "", new: str = "", **fault: str) -> str:
    database = services().database
    with database.snapshot():
        every = regions.every(database)
        without = [site for site in store.every(database) if not site.region]
    gone = old not in {region.name for region in every}
    return render_template(
        "desk/regions.html",
        regions=every,
        without=without,
        old=old,
        new=new,
        fault=fault,
        gone=bool(fault) and gone,
    )
