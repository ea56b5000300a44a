"""``/desk/voices``: the links by which managers and staff answer, made, printed and taken back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import addresses, publishing, qr_code, voices
from surveys.instrument import Instrument
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.tokens import Token
from surveys.voices import Voice
from surveys.web.desk.results import SOURCES
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext

blueprint = Blueprint("voices", __name__)


@dataclass(frozen=True)
class Shown:
    """A voice, and its link at one site (None: there never was one)."""

    voice: Voice
    form: Instrument
    link: Token | None = None

    @property
    def source(self) -> Sentence:
        return SOURCES[self.voice.source]

    @property
    def is_open(self) -> bool:
        return self.link is not None and self.link.active

    @property
    def address(self) -> str:
        """What is sent, printed and scanned."""
        assert self.link is not None  # noqa: S101 - asked only where there is one
        return f"{addresses.own(services().database)}/q/{self.link.token}"

    @property
    def picture(self) -> str:
        """The QR code of :attr:`address`, as an address of its own."""
        drawn = base64.b64encode(qr_code.png(self.address)).decode()
        return f"data:image/png;base64,{drawn}"


@blueprint.get("/desk/voices")
@needs("owner")
def overview() -> str:
    database = services().database
    every = list(_every(database))
    rows = [(site, _at(database, site, every)) for site in sites_store.every(database)]
    missing = {
        one.voice: sum(shown[place].link is None for _site, shown in rows)
        for place, one in enumerate(every)
    }
    return render_template("desk/voices.html", every=every, rows=rows, missing=missing)


@blueprint.post("/desk/voices")
@needs("owner")
def make_all() -> Response:
    """A link for every site that never had one of this voice."""
    database = services().database
    voice = _asked(database, request.form.get("voice", "")).voice
    made = 0
    for site in list(sites_store.every(database)):
        if voice not in voices.latest(database, site.site_id):
            voices.issue(database, site.site_id, voice, services().clock(), me().person_id)
            made += 1
    flash(ngettext("{n} link was made.", "{n} links were made.", made))
    return redirect(url_for(".overview"), 303)


@blueprint.get("/desk/voices/print")
@needs("owner")
def printed() -> str:
    """One card a site, to hang in the back office."""
    database = services().database
    asked = _asked(database, request.args.get("voice", ""))
    cards = [
        (site, shown)
        for site in sites_store.every(database)
        for shown in _at(database, site, [asked])
        if shown.is_open
    ]
    return render_template(
        "desk/voices_print.html", asked=asked, cards=cards, only_here=_only_here(database)
    )


@blueprint.get("/desk/voices/<site_id>")
@needs("owner")
def site(site_id: str) -> str:
    return _site_page(_found(site_id))


@blueprint.post("/desk/voices/<site_id>")
@needs("owner")
def change(site_id: str) -> Response:
    """Make, renew or withdraw one link of a site."""
    database, now, by = services().database, services().clock(), me().person_id
    place = _found(site_id)
    act, reason = request.form.get("act", ""), request.form.get("reason", "")
    token = request.form.get("link", "")
    if act != "make" and token not in {link.token for link in voices.of(database, site_id)}:
        abort(404, Sentence("There is no such link at this site."))
    try:
        if act == "make":
            voice = _asked(database, request.form.get("voice", "")).voice
            voices.issue(database, site_id, voice, now, by)
            flash(_("The link is made."))
        elif act == "renew":
            voices.renew(database, token, reason, now, by)
            flash(_("There is a new link. What still comes in under the old one is held."))
        elif act == "withdraw":
            voices.withdraw(database, token, reason, now, by)
            flash(_("The link is withdrawn. What still comes in under it is held."))
        else:
            abort(400)
    except voices.LinkError as wrong:
        typed = (token, act, reason)
        return Response(_site_page(place, wrong, typed), 422, mimetype="text/html")
    return redirect(url_for(".site", site_id=site_id), 303)


def _site_page(
    place: Site,
    wrong: voices.LinkError | None = None,
    typed: tuple[str, str, str] = ("", "", ""),
) -> str:
    database = services().database
    shown = _at(database, place, list(_every(database)))
    return render_template(
        "desk/voices_site.html",
        place=place,
        shown=shown,
        wrong=wrong,
        stands_below=any(one.is_open and one.link and one.link.token == typed[0] for one in shown),
        typed=typed,
        only_here=_only_here(database),
    )


def _every(database: Database) -> Iterator[Shown]:
    for voice in voices.every(database):
        form = publishing.newest(database, voice.instrument)
        if form is not None:
            yield Shown(voice, form)


def _at(database: Database, place: Site, every: list[Shown]) -> list[Shown]:
    links = voices.latest(database, place.site_id)
    return [Shown(one.voice, one.form, links.get(one.voice)) for one in every]


def _asked(database: Database, wanted: str) -> Shown:
    found = next((one for one in _every(database) if str(one.voice) == wanted), None)
    if found is None:
        abort(404, Sentence("There is no such voice. The page Voices lists those there are."))
    return found


def _found(site_id: str) -> Site:
    place = sites_store.find(services().database, site_id)
    if place is None:
        abort(404, Sentence("There is no such site. The page Voices lists those there are."))
    return place


def _only_here(database: Database) -> bool:
    return addresses.only_this_machine(addresses.own(database))
