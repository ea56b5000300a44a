"""``/visits/<visit_id>/report``: a shopper reads what they sent, what became of it, and why.

A report that was rejected can be appealed here, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import holding_desk, reviewing, visits
from surveys.holding_desk import Case
from surveys.holding_errors import LONGEST_REASON, HoldingError
from surveys.sentences import Sentence
from surveys.store import reviews, submissions
from surveys.store.visits import Report
from surveys.visits import Seen
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.shopper.visits import mine
from surveys.web.speech import gettext as _
from surveys.web.speech import language

blueprint = Blueprint("sent", __name__)

NONE_YET = Sentence("You have sent no report of this visit yet.")
STATES = {
    "pending": Sentence("It has arrived and waits for a reviewer."),
    "held": Sentence("It has arrived. Something about it needs a person’s eye first."),
    "counted": Sentence("It was accepted. Thank you."),
    "returned": Sentence("It was returned to you: please send a better one in its place."),
    "rejected": Sentence("It was rejected and counts nowhere."),
    "replaced": Sentence("A newer report of yours has taken its place."),
}
"""What a report is, in its shopper's words."""


@dataclass(frozen=True)
class Mine:
    """One report of a visit as its shopper reads it: ``words`` are the reviewer's, by question.

    ``until`` is the last moment to appeal, None where that is not possible (any more); ``files``
    are the digests of the photos that have arrived.
    """

    report: Report
    case: Case
    words: dict[str, str]
    until: datetime | None
    appealed: bool
    upheld: bool
    files: frozenset[str]


@blueprint.get("/visits/<visit_id>/report")
@needs("shopper")
def page(visit_id: str) -> Response:
    return _page(mine(visit_id))


@blueprint.post("/visits/<visit_id>/appeal")
@needs("shopper")
def appeal(visit_id: str) -> BaseResponse:
    found = mine(visit_id)
    report = _report(found, request.form.get("of"))
    try:
        reviewing.appeal(
            *(services().database, report.site_id, report.submission_id, me().person_id),
            services().clock(),
            request.form.get("words", ""),
        )
    except HoldingError as error:
        return _page(found, 422, error.args[0])
    flash(_("Your appeal has arrived. Somebody reads your report again."))
    return redirect(url_for(".page", visit_id=visit_id, of=report.submission_id), 303)


def _own(found: Seen) -> list[Report]:
    """The visit's reports that are this shopper's: it may have been another's before."""
    return [report for report in found.reports if report.person_id == me().person_id]


def _report(found: Seen, submission_id: str | None) -> Report:
    """The one that is asked for, else the one that speaks for the visit, else the newest."""
    own = _own(found)
    if submission_id:
        own = [report for report in own if report.submission_id == submission_id]
    report = visits.speaking(own) or (own[-1] if own else None)
    if report is None:
        abort(404, NONE_YET)
    return report


def _page(found: Seen, status: int = 200, wrong: str | None = None) -> Response:
    report = _report(found, request.values.get("of"))
    text = render_template(
        "shopper/sent.html",
        found=found,
        mine=_read(found, report),
        others=[other for other in _own(found) if other.submission_id != report.submission_id],
        now=services().clock(),
        typed=request.form.get("words", ""),
        wrong=wrong,
        most=LONGEST_REASON,
        STATES=STATES,
    )
    return Response(text, status, mimetype="text/html")


def _read(found: Seen, report: Report) -> Mine:
    database, key = services().database, (report.site_id, report.submission_id)
    submission = submissions.find(database, *key)
    assert submission is not None  # noqa: S101 - a report is never deleted
    history = reviews.of(database, *key)
    rejected = report.status == "rejected"
    return Mine(
        report=report,
        case=holding_desk.read(database, found.site, submission, language()),
        words=dict(reviewing.words_on(database, *key)),
        until=reviewing.appeal_until(history) if rejected else None,
        appealed=rejected and reviewing.is_appealed(history),
        upheld=rejected and bool(history) and history[-1].act == "upheld",
        files=reviews.files_arrived(database, *key),
    )
