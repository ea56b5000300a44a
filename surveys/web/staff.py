"""``/staff``: what those who work at a place see of it: forecast, result, gap, and praise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import desk, mirror, people, publishing, results, voices
from surveys.desk import Comment
from surveys.mirror import Acceptance, Line
from surveys.people import Person
from surveys.results import Selection
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.tokens import Token
from surveys.voices import STAFF_FORECAST
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me

blueprint = Blueprint("staff", __name__)

DAYS = ("30", "90", "all")
PRAISE = 30
"""How many words of praise a page has, the newest."""


@dataclass(frozen=True)
class Place:
    """One site as its staff see it. ``forecasts`` counts theirs in the days chosen."""

    site: Site
    link: Token | None
    lines: list[Line]
    forecasts: int
    accepting: Acceptance | None
    praise: list[Comment]

    @property
    def is_closed(self) -> bool:
        return self.link is not None and not self.link.active


@blueprint.get("/staff")
@needs("staff")
def page() -> str:
    database = services().database
    days = request.args.get("days", "90")
    if days not in DAYS:
        abort(400, Sentence("“days” can be 30, 90 or all."))
    with database.snapshot():
        scales = publishing.scales(database)
        mine = _mine(database, me())
        places = [_place(database, site, days, tuple(scales)) for site in mine]
    return render_template("staff.html", places=places, days=days, scales=scales)


@blueprint.post("/staff/<site_id>/forecast")
@needs("staff")
def forecast(site_id: str) -> Response:
    """Leads to the form; the first of a place to forecast makes its link."""
    database, person = services().database, me()
    if site_id not in {site.site_id for site in _mine(database, person)}:
        abort(404, Sentence("There is no such place among yours."))
    try:
        token = voices.issue(
            database,
            site_id,
            STAFF_FORECAST,
            services().clock(),
            person.person_id,
            reopen=False,
        )
    except voices.LinkError as closed:
        flash(closed.args[0], "wrong")
        return redirect(url_for(".page"), 303)
    return redirect(url_for("customer.form", code=token), 303)


def _mine(database: Database, person: Person) -> list[Site]:
    found = (site for site in sites_store.every(database) if people.may_see(person, site))
    return sorted(found, key=lambda site: site.name)


def _place(database: Database, site: Site, days: str, known: tuple[str, ...]) -> Place:
    selection = Selection(day_from=_first(days), sites=(site.site_id,))
    said = results.scores(database, replace(selection, sources=(mirror.CUSTOMER,)))
    staff = STAFF_FORECAST.source
    given = [
        one.n for one in mirror.tallied(database, selection, "submission") if one.source == staff
    ]
    return Place(
        site=site,
        link=voices.latest(database, site.site_id).get(STAFF_FORECAST),
        lines=mirror.lines(said, mirror.gaps(database, selection), known),
        forecasts=sum(given),
        accepting=mirror.acceptance(database, selection).get(staff),
        praise=list(islice(desk.praise(database, site, selection), PRAISE)),
    )


def _first(days: str) -> date | None:
    if days == "all":
        return None
    return services().clock().date() - timedelta(days=int(days) - 1)
