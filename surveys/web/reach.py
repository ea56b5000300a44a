"""The page that shows whether the outside gets here: for ourselves, and for a phone."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from surveys import reach
from surveys.web.services import services

blueprint = Blueprint("reach", __name__)


@blueprint.get("/reach/<nonce>")
def arrived(nonce: str) -> Response:
    """A proof for a program that asks with ``Accept: text/plain``; a word for a person's phone."""
    now = services().clock()
    proof = reach.proof(services().installation.secret_key(), nonce, now)
    status = 200 if proof else 404
    if "text/html" in request.headers.get("Accept", ""):
        is_ours = bool(proof) and reach.seen_from_outside(services().database, nonce, now)
        page = render_template("reach.html", works=is_ours)
        answer = Response(page, 200 if is_ours else 404, mimetype="text/html")
    else:
        answer = Response(f"{reach.ANSWER} {proof or 'unknown'}\n", status, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer
