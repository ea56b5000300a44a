"""Photos that have arrived, for those who may see the visit, and for nobody else.

They are what somebody's phone sent, so a browser is told to show them as the picture that they are
by their content, to run nothing in them, and to keep no copy.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort

from surveys import attachments
from surveys.people import may_see
from surveys.sentences import Sentence
from surveys.store import sites, submissions
from surveys.store.files import File
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.shopper.visits import mine

blueprint = Blueprint("photos", __name__)

NOTHING = Sentence("There is no such photo here.")
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@blueprint.get("/desk/files/<site_id>/<submission_id>/<sha256>")
@needs("owner", "manager", "reviewer")
def at_desk(site_id: str, submission_id: str, sha256: str) -> Response:
    """A manager sees what counts, at the places they look after."""
    database = services().database
    site = sites.find(database, site_id)
    submission = submissions.find(database, site_id, submission_id)
    if site is None or submission is None or not may_see(me(), site):
        abort(404, NOTHING)
    if me().role == "manager" and submission.status != "counted":
        abort(404, NOTHING)
    return _shown(_find(site_id, submission_id, sha256))


@blueprint.get("/visits/<visit_id>/files/<sha256>")
@needs("shopper")
def of_visit(visit_id: str, sha256: str) -> Response:
    """One's own: what came with the reports that this shopper sent for this visit."""
    sent = [report for report in mine(visit_id).reports if report.person_id == me().person_id]
    found = (_find(report.site_id, report.submission_id, sha256) for report in sent)
    return _shown(next(filter(None, found), None))


def _find(site_id: str, submission_id: str, sha256: str) -> tuple[File, bytes] | None:
    return attachments.content(
        services().database, services().installation.files, site_id, submission_id, sha256
    )


def _shown(found: tuple[File, bytes] | None) -> Response:
    if found is None:
        abort(404, NOTHING)
    file, content = found
    answer = Response(content, content_type=file.type)
    name = f"photo-{file.sha256[:12]}.{ENDINGS[file.type]}"
    answer.headers.set("Content-Disposition", "inline", filename=name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
