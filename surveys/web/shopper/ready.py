"""``/visits/ready``: all that must lie on a shopper's phone before it leaves the network."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Blueprint, Response, request, url_for

from surveys import codes, publishing, reviewing, visits
from surveys.store import times, tokens
from surveys.store.database import Database
from surveys.visits import Seen
from surveys.web import assets
from surveys.web.problem import json_answer
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.shopper import shell
from surveys.web.speech import locale

blueprint = Blueprint("ready", __name__)

TO_DO = ("accepted", "returned")
"""The states in which a visit's page must be on the phone; of the others only what became of it."""
MOST_DONE = 50


@blueprint.get("/visits/ready")
@needs("shopper")
def page() -> Response:
    database, person = services().database, me()
    with database.snapshot():
        mine = visits.of_shopper(database, person.person_id)
        to_do = [found for found in mine if found.state in TO_DO]
        done = [found for found in mine if found.report and found.state not in TO_DO]
        listed = [_as_told(database, found) for found in [*to_do, *done[-MOST_DONE:]]]
    return json_answer(
        {
            "shopper": shell.number(person.person_id),
            "at": times.text(services().clock()),
            "visits": listed,
            "pages": [address for address, name in shell.rooms()],
        }
    )


def _as_told(db: Database, found: Seen) -> dict[str, Any]:
    visit, report = found.visit, found.report
    told = {
        "visit": visit.visit_id,
        "address": url_for("report.page", visit_id=visit.visit_id),
        "site": found.site.name,
        "code": visit.code,
        "due": visit.due,
        "not_before": visit.not_before,
        "state": found.state,
        "report": report.submission_id if report else None,
        "words": _words(db, found),
        "codes": _codes(db, visit.site_id),
    }
    return {**told, "version": _version(db, found, told)}


def _words(db: Database, found: Seen) -> str | None:
    """What the reviewer wrote, the general before what stands beside single questions."""
    if found.report is None or found.state not in ("returned", "rejected"):
        return None
    said = dict(reviewing.words_on(db, found.site.site_id, found.report.submission_id))
    return "\n".join([said.pop("", ""), *said.values()]).strip() or None


def _codes(db: Database, site_id: str) -> list[str]:
    """The codes that hang at a site, as what can be recognised and not be read."""
    return [
        hashlib.sha256(f"code {token.token}".encode()).hexdigest()[:16]
        for token in tokens.of_site(db, site_id)
        if token.kind == codes.CODE and token.active
    ]


def _version(db: Database, found: Seen, told: dict[str, Any]) -> str:
    """Changes whenever the visit's page would."""
    report, newest = found.report, publishing.newest(db, found.visit.instrument)
    shown = [
        told,
        vars(found.visit),
        vars(found.site),
        report.form if report else "",
        newest.form if newest else "",
        assets.version(),
        str(locale()),
        request.headers.get("Accept-Language", ""),
    ]
    return hashlib.sha256(json.dumps(shown, default=str).encode()).hexdigest()[:12]
