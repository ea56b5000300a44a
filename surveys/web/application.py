"""The Flask application: blueprints put together over one installation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from surveys.installation import Installation
from surveys.intake import Intake
from surveys.store.writer import GroupCommit
from surveys.web import (
    account_letters,
    api,
    customer,
    downloads,
    health,
    photos,
    reach,
    security,
    sign_in,
    speech,
    staff,
)
from surveys.web.bodies import take_whole
from surveys.web.compression import compress
from surveys.web.desk import (
    audit,
    codes,
    held,
    held_all,
    instrument_editor,
    instrument_publishing,
    instruments,
    load,
    mail_settings,
    menu,
    messages,
    observing,
    people,
    posters,
    raters,
    regions,
    results,
    review,
    settings,
    setup,
    sites,
    sites_import,
    touchpoints,
    visit_plans,
    visits_import,
    visits_making,
    voices,
    webhooks,
)
from surveys.web.desk import phones as people_phones
from surveys.web.desk import visits as visits_desk
from surveys.web.rendering import STATIC
from surveys.web.services import Services
from surveys.web.shopper import (
    cases,
    here,
    interests,
    phones,
    queue,
    ready,
    report,
    sent,
    shell,
    visits,
    work,
)

MODULES = (
    # Anybody's.
    customer,
    api,
    sign_in,
    account_letters,
    downloads,
    health,
    reach,
    # A shopper's phone.
    phones,
    visits,
    interests,
    work,
    queue,
    ready,
    cases,
    here,
    report,
    photos,
    sent,
    # Visits.
    visits_desk,
    visits_making,
    visits_import,
    visit_plans,
    # What came in.
    results,
    observing,
    review,
    raters,
    held,
    held_all,
    load,
    audit,
    staff,
    # Places.
    setup,
    settings,
    sites,
    sites_import,
    regions,
    codes,
    posters,
    touchpoints,
    # People, forms, messages.
    voices,
    people,
    people_phones,
    instruments,
    instrument_editor,
    instrument_publishing,
    messages,
    webhooks,
    mail_settings,
)
"""Each with its blueprint."""


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
    shell.register(app)
    for module in MODULES:
        app.register_blueprint(module.blueprint)
    return app
