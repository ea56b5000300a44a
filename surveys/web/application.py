"""The Flask application: blueprints put together over one installation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from surveys.installation import Installation
from surveys.intake import Intake
from surveys.store.writer import GroupCommit
from surveys.web import api, customer, downloads, health, reach, security, sign_in, speech
from surveys.web.bodies import take_whole
from surveys.web.compression import compress
from surveys.web.desk import (
    codes,
    menu,
    people,
    posters,
    regions,
    results,
    settings,
    setup,
    sites,
    sites_import,
    touchpoints,
)
from surveys.web.rendering import STATIC
from surveys.web.services import Services


def build(
    folder: Path,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    patience: float | None = None,
) -> Flask:
    """The application over the data folder ``folder``, which is made ready if it is not.

    ``patience`` is how long a body may stand still before its connection is ended, in seconds; for
    a process that serves alone (see :class:`surveys.web.bodies.Stalled`).
    """
    installation = Installation.open(folder)
    app = Flask("surveys.web", static_folder=str(STATIC))
    app.secret_key = installation.secret_key()
    app.extensions["touchstone"] = Services(
        installation=installation,
        intake=Intake(GroupCommit(installation.new_database).run),
        clock=clock,
    )
    take_whole(app, patience=patience)
    compress(app)
    security.protect(app)
    speech.register(app)
    menu.register(app)
    setup.register(app)
    desk = (results, posters, codes, touchpoints, people)
    owners = (setup, settings, sites, sites_import, regions)
    for module in (customer, api, sign_in, *desk, *owners, downloads, health, reach):
        app.register_blueprint(module.blueprint)
    return app
