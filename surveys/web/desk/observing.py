"""``/desk/observe``: managers observe an hour at a counter, or forecast what customers say."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import people, publishing, voices
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.voices import Voice
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me

blueprint = Blueprint("observing", __name__)

ROLES = ("owner", "manager")
MANAGERS = ("manager", "manager_forecast")


@blueprint.get("/desk/observe")
@needs(*ROLES)
def page() -> str:
    database = services().database
    return render_template(
        "desk/observing.html",
        sites=[(site, voices.latest(database, site.site_id)) for site in _mine(database)],
        asked=[(voice, publishing.newest(database, voice.instrument)) for voice in _open(database)],
    )


@blueprint.post("/desk/observe")
@needs(*ROLES)
def enter() -> Response:
    """Leads to the form; the first who wants to answer makes the site's link."""
    database = services().database
    site_id = request.form.get("site_id", "")
    if site_id not in {site.site_id for site in _mine(database)}:
        abort(
            404, Sentence("There is no such site among yours. The results list those you can open.")
        )
    wanted = request.form.get("voice", "")
    voice = next((one for one in _open(database) if str(one) == wanted), None)
    if voice is None:
        abort(400, Sentence("There is no such form for managers. Choose one of the list."))
    try:
        token = voices.issue(
            database, site_id, voice, services().clock(), me().person_id, reopen=False
        )
    except voices.LinkError as closed:
        flash(closed.args[0], "wrong")
        return redirect(url_for(".page"), 303)
    return redirect(url_for("customer.form", code=token), 303)


def _mine(database: Database) -> list[Site]:
    person = me()
    return [site for site in sites_store.every(database) if people.may_see(person, site)]


def _open(database: Database) -> list[Voice]:
    """What managers are asked: to observe, then to forecast."""
    asked = [voice for voice in voices.every(database) if voice.source in MANAGERS]
    return sorted(asked, key=lambda voice: MANAGERS.index(voice.source))
