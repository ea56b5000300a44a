"""``/visits/<visit_id>``: the briefing of one visit, and the form of its report.

The form is complete without a script and then posts here; with one it goes by the queue.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from surveys import publishing
from surveys.ids import uuid7
from surveys.instrument import Instrument
from surveys.sentences import Sentence
from surveys.store.database import Unavailable
from surveys.visits import Seen
from surveys.web import plain, rendering
from surveys.web import words as w
from surveys.web.security import needs, takes
from surveys.web.services import services
from surveys.web.shopper.visits import mine
from surveys.web.speech import gettext as _
from surveys.web.throttle import client_address

blueprint = Blueprint("report", __name__)

MOST_BYTES = 1024 * 1024


@blueprint.get("/visits/<visit_id>")
@needs("shopper")
def page(visit_id: str) -> Response:
    return _page(mine(visit_id))


@takes(MOST_BYTES)
@blueprint.post("/visits/<visit_id>")
@needs("shopper")
def send(visit_id: str) -> BaseResponse:
    """A report that comes without a script."""
    found = mine(visit_id)
    token, instrument = found.visit.token, _instrument(found)
    if token is None or instrument is None:
        return _page(found, 422, Sentence("There is no form to fill in for this visit."))
    language = _language(instrument)
    record = plain.record(instrument, token, language, ZoneInfo(found.site.timezone))
    if not record["answers"]:
        return _page(found, 422, w.words(language, instrument.source)["empty"])
    try:
        (receipt,) = services().intake.receive(
            [record], received=services().clock(), sender=client_address(), plain=True
        )
    except Unavailable:
        answer = _page(found, 503, w.words(language, instrument.source)["unavailable"])
        answer.headers["Retry-After"] = "10"
        return answer
    if receipt.status == "refused":
        return _page(found, 422, " ".join(problem.message for problem in receipt.problems))
    if receipt.status == "held":
        flash(_("Your report has arrived. Something about it needs a person’s eye first."))
    else:
        flash(_("Your report has arrived."))
    return redirect(url_for("visits.home"), 303)


def _instrument(found: Seen) -> Instrument | None:
    """The form the report is read by: as it was posted, else the newest of the visit's."""
    database = services().database
    named = publishing.version(database, request.form.get("form", ""))
    if named is not None and named.key == found.visit.instrument:
        return named
    return publishing.newest(database, found.visit.instrument)


def _language(instrument: Instrument) -> str:
    return w.choose(
        instrument.languages,
        asked=request.args.get("lang"),
        accepted=request.accept_languages,
        site=(),
    )


def _page(found: Seen, status: int = 200, wrong: str | None = None) -> Response:
    instrument = _instrument(found)
    form = Markup()
    if instrument is not None and found.visit.token is not None:
        language = _language(instrument)
        form = rendering.render_form(
            instrument,
            language,
            token=found.visit.token,
            submission_id=request.form.get("id") or uuid7(services().clock()),
            action=url_for(".send", visit_id=found.visit.visit_id, lang=language),
            filled={name: request.form.getlist(name) for name in request.form},
        )
    text = render_template("shopper/report.html", found=found, form=form, wrong=wrong)
    return Response(text, status, mimetype="text/html")
