"""Visits from a CSV: what is wrong with it, what it would set, and only then the visits.

The file travels with the page that shows them, signed, together with the fingerprint of what was
shown: what is set is what was agreed to, or it is shown again.
"""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from surveys import visits_file
from surveys.csv_reading import Faulty
from surveys.visit_facts import EDGES
from surveys.visits_file import VisitsFile
from surveys.web.desk import csv_carried
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext

blueprint = Blueprint("visits_import", __name__)

MOST_BYTES = 2 * MIB
SHOWN = 100


@blueprint.get("/desk/visits/import")
@needs("owner")
def page() -> str:
    return _form()


@blueprint.get("/desk/visits/import.csv")
@needs("owner")
def template() -> Response:
    """A file to fill in."""
    answer = Response(visits_file.template(), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="visits-template.csv")
    return answer


@blueprint.post("/desk/visits/import")
@takes(2 * MOST_BYTES)
@needs("owner")
def preview() -> BaseResponse:
    data = csv_carried.sent()
    if not data.strip():
        return _faulty(b"", _("Choose a file, or paste its lines into the box."))
    if len(data) > MOST_BYTES:
        return _faulty(b"", _("The file is larger than 2 MB. Import it in parts."))
    try:
        found = visits_file.read(services().database, services().clock(), data)
    except Faulty as faulty:
        return _faulty(data, None, faulty)
    return _shown(data, found)


@blueprint.post("/desk/visits/import/apply")
@takes(3 * MOST_BYTES)
@needs("owner")
def apply() -> BaseResponse:
    carried = csv_carried.carried("visits")
    if carried is None:
        return _faulty(b"", _("That page was too old. Choose the file again."))
    data, shown = carried
    database, now = services().database, services().clock()
    try:
        done = visits_file.take_in(database, now, data, by=me().person_id, shown=shown)
        if done is None:
            return _shown(data, visits_file.read(database, now, data), meanwhile=True)
    except Faulty as faulty:
        return _faulty(data, _("Something has changed since you were shown this."), faulty)
    n = len(done.new)
    flash(ngettext("{n} visit is set.", "{n} visits are set.", n))
    first = min((row.facts.due for row in done.new), default=None)
    month = first.isoformat()[:7] if first else None
    return redirect(url_for("visits_desk.listed", month=month), 303)


def _form(data: bytes = b"", wrong: str | None = None, faulty: Faulty | None = None) -> str:
    faults = faulty.faults if faulty else ()
    return render_template(
        "desk/visits_import.html",
        pasted=csv_carried.text(data),
        guessed=not csv_carried.is_utf8(data),
        wrong=wrong,
        faults=faults[:SHOWN],
        more=len(faults) - len(faults[:SHOWN]),
        columns=", ".join(visits_file.NAMES),
    )


def _faulty(data: bytes, wrong: str | None, faulty: Faulty | None = None) -> BaseResponse:
    return Response(_form(data, wrong, faulty), 422, mimetype="text/html")


def _shown(data: bytes, found: VisitsFile, *, meanwhile: bool = False) -> BaseResponse:
    text = render_template(
        "desk/visits_preview.html",
        found=found,
        file=csv_carried.carry("visits", data, found.fingerprint),
        meanwhile=meanwhile,
        SHOWN=SHOWN,
        EDGES=EDGES,
    )
    return Response(text, 422 if meanwhile else 200, mimetype="text/html")
