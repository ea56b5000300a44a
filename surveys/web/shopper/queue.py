"""``/visits/queue``: what still waits on this phone, and what has arrived.

What waits, only the phone knows: its script draws it. Without a script the page says what came.
"""

from __future__ import annotations

from flask import Blueprint, render_template

from surveys import visits
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me

blueprint = Blueprint("queue", __name__)

MOST = 50


@blueprint.get("/visits/queue")
@needs("shopper")
def page() -> str:
    database = services().database
    with database.snapshot():
        mine = visits.of_shopper(database, me().person_id)
    came = [found for found in mine if found.report is not None]
    came.sort(key=lambda found: found.report.received_utc if found.report else "", reverse=True)
    return render_template("shopper/queue.html", came=came[:MOST])
