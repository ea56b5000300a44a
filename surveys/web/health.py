"""Whether the server is alive, and whether it can do its work."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from surveys.store import settings
from surveys.store.database import Unavailable
from surveys.web.problem import json_answer
from surveys.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return json_answer({"status": "ok"})


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
        answer = json_answer({"status": "unavailable", "database": "cannot be written"}, 503)
        answer.headers["Retry-After"] = "10"
        return answer
    return json_answer({"status": "ok", "database": "ok"})
