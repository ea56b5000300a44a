"""Whether the server is alive, and whether it can do its work."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app

from surveys.store import settings
from surveys.store.database import Unavailable
from surveys.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return _answer(200, {"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """The database can be written: a transaction is opened and closed, and nothing is written."""
    try:
        db = services().installation.new_database()
        try:
            with db.transaction():
                settings.get(db, "base_url")  # any read: the file may be there and not a database
        finally:
            db.close()
    except Unavailable as error:
        current_app.logger.error("Not ready: %s", error)
        return _answer(503, {"status": "unavailable", "database": "cannot be written"})
    return _answer(200, {"status": "ok", "database": "ok"})


def _answer(status: int, body: dict[str, str]) -> Response:
    answer = Response(json.dumps(body), status, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    if status == 503:
        answer.headers["Retry-After"] = "10"
    return answer
