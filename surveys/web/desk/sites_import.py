"""Sites from a CSV: what is wrong with it, what it would change, and only then the change.

The file travels with the page that shows the changes, signed, together with the fingerprint of
what was shown: what is applied is what was agreed to, or the changes are shown again.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from surveys import sites
from surveys.site_changes import TELLING, Plan
from surveys.sites_file import FaultySites, SitesFile, read
from surveys.store.sites import COLUMNS
from surveys.web.desk import csv_carried
from surveys.web.desk.setup_steps import in_setup
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext

blueprint = Blueprint("sites_import", __name__)

MOST_BYTES = 2 * MIB
SHOWN = 100  # of each kind of change, and of faults


@blueprint.app_template_global()
def sites_header() -> str:
    """The header of the CSV, with spaces, so that a narrow page can break it."""
    return ", ".join(COLUMNS)


@blueprint.get("/desk/sites/import")
@needs("owner")
def page() -> str:
    return render_template("desk/sites_import.html", pasted="", faults=(), setup=in_setup())


@blueprint.post("/desk/sites/import")
@takes(2 * MOST_BYTES)
@needs("owner")
def preview() -> BaseResponse:
    data = csv_carried.sent()
    if not data.strip():
        return _faulty(b"", _("Choose a file, or paste its lines into the box."))
    if len(data) > MOST_BYTES:
        return _faulty(b"", _("The file is larger than 2 MB. Import it in parts."))
    try:
        found = read(data)
    except FaultySites as faulty:
        return _faulty(data, None, faulty)
    return _shown(data, found, sites.plan(services().database, found.sites))


@blueprint.post("/desk/sites/import/apply")
@takes(3 * MOST_BYTES)
@needs("owner")
def apply() -> BaseResponse:
    carried = csv_carried.carried("sites")
    if carried is None:
        return _faulty(b"", _("That page was too old. Choose the file again."))
    data, shown = carried
    found = read(data)
    planned = sites.plan(services().database, found.sites)
    if planned.fingerprint != shown:
        return _shown(data, found, planned, meanwhile=True)
    missing = [name for name in _to_tick(planned) if name not in request.form]
    if missing:
        return _shown(data, found, planned, missing=missing)
    try:
        done = sites.take_in(
            services().database,
            found.sites,
            at=services().clock(),
            by=me().person_id,
            shown=shown,
        )
    except sites.ChangedMeanwhile as changed:
        return _shown(data, found, changed.plan, meanwhile=True)
    flash(
        ngettext("{n} site added.", "{n} sites added.", len(done.added))
        + " "
        + ngettext("{n} changed.", "{n} changed.", len(done.changed))
    )
    return redirect(url_for("setup.poster") if in_setup() else url_for("sites.page"), 303)


def _to_tick(planned: Plan) -> list[str]:
    """What has to be agreed to on its own."""
    return ["same_places"] * bool(planned.telling) + ["other_places"] * bool(planned.lookalikes)


def _faulty(data: bytes, wrong: str | None, faulty: FaultySites | None = None) -> BaseResponse:
    faults = faulty.faults if faulty else ()
    pasted = csv_carried.text(data) if faults else ""
    text = render_template(
        "desk/sites_import.html",
        pasted=pasted,
        guessed=bool(pasted) and not csv_carried.is_utf8(data),
        wrong=wrong,
        faults=faults[:SHOWN],
        more=len(faults) - len(faults[:SHOWN]),
        setup=in_setup(),
    )
    return Response(text, 422, mimetype="text/html")


def _shown(
    data: bytes,
    found: SitesFile,
    planned: Plan,
    *,
    meanwhile: bool = False,
    missing: Sequence[str] = (),
) -> BaseResponse:
    text = render_template(
        "desk/sites_preview.html",
        plan=planned,
        ignored=found.ignored,
        file=csv_carried.carry("sites", data, planned.fingerprint),
        meanwhile=meanwhile,
        missing=missing,
        SHOWN=SHOWN,
        TELLING=TELLING,
        COLUMNS=COLUMNS,
        setup=in_setup(),
    )
    return Response(text, 422 if meanwhile or missing else 200, mimetype="text/html")
