"""``/q/<code>``: the customer's form, complete without JavaScript, without a cookie.

On a phone that is signed in for a shopper with a visit due there it leads to that visit, unless the
customer's form is asked for (``?as=customer``): :mod:`surveys.web.shopper.here`.

A plain post walks through the same door as everything else (:class:`surveys.intake.Intake`) and is
answered by a 303 to a page that says what became of it. Whatever goes wrong, the answers stand in
the form again: nothing that was ticked is ever lost between here and the phone.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as AnyResponse

from surveys import codes, publishing, voices
from surveys.draw import blocks, in_order
from surveys.ids import uuid7
from surveys.instrument import Instrument
from surveys.intake import Receipt
from surveys.store import sites, tokens
from surveys.store.database import Database, Unavailable
from surveys.store.sites import Site
from surveys.store.tokens import Token
from surveys.web import assets, plain, rendering
from surveys.web import words as w
from surveys.web.services import services
from surveys.web.shopper import here
from surveys.web.throttle import client_address

blueprint = Blueprint("customer", __name__)
assets.add_to(blueprint)

MOST_BYTES = 1024 * 1024
OPENED = (codes.CODE, voices.LINK)
"""The tokens that open a form here. A visit has a page of its own."""


@dataclass(frozen=True)
class Place:
    """What a code leads to. Without ``token`` the code is unknown."""

    code: str
    token: Token | None
    site: Site | None

    @property
    def name(self) -> str:
        return self.site.name if self.site else ""

    def words(self, language: str) -> Mapping[str, str]:
        """The words for whoever answers here: customers, or managers and staff."""
        return w.words(language, self.token.source if self.token else w.CUSTOMER)


@blueprint.get("/q/<code>")
def form(code: str) -> AnyResponse:
    place = _place(code)
    if place.token is None:
        return _unknown()
    visits = here.due(place.token)
    if visits and request.args.get("as") != here.CUSTOMER:
        answer = redirect(here.address(code, visits), 303)
        answer.headers["Cache-Control"] = "no-store"
        return answer
    language = _language(place)
    if not place.token.active:
        word = place.words(language)
        return _message(410, language, word["withdrawn"], [word["withdrawn_do"]], place)
    instrument = publishing.newest(services().database, place.token.instrument)
    if instrument is None:
        return _no_form(place)
    return _form_page(
        instrument,
        place,
        submission_id=uuid7(services().clock()),
        visit=here.address(code, visits) if visits else None,
    )


@blueprint.post("/q/<code>")
def receive(code: str) -> AnyResponse:
    request.max_content_length = request.max_form_memory_size = MOST_BYTES
    place = _place(code)
    instrument = _instrument(services().database, place)
    if instrument is None:
        return _unknown() if place.token is None else _no_form(place)
    zone = ZoneInfo(place.site.timezone) if place.site else None
    record = plain.record(instrument, place.code, _language(place, instrument), zone)
    if not record["answers"]:
        return _form_page(instrument, place, 422, said="empty")
    try:
        (receipt,) = services().intake.receive(
            [record], received=services().clock(), sender=client_address(), plain=True
        )
    except Unavailable:
        page = _form_page(instrument, place, 503, said="unavailable")
        page.headers["Retry-After"] = "10"
        return page
    if receipt.status == "refused":
        return _refused(receipt, instrument, place)
    told = [receipt.status, len(record["answers"])]
    if receipt.status == "held" and place.token is not None and not place.token.active:
        told[0] = "held_withdrawn"
    address = url_for(".thanks", code=code, lang=request.args.get("lang"), r=_seal(code, told))
    return redirect(address, 303)


@blueprint.get("/q/<code>/thanks")
def thanks(code: str) -> Response:
    """Says what a receipt said, and to nobody that something came which did not."""
    place = _place(code)
    if place.token is None:
        return _unknown()
    language = _language(place)
    word = place.words(language)
    sealed = request.args.get("r", "")
    told = _unseal(code, sealed)
    back = url_for(".form", code=code, lang=request.args.get("lang"))
    if told is None:
        lines = [word["nothing_do"].format(site=place.name)]
        return _message(200, language, word["nothing"], lines, place, (back, word["open"]))
    status, count = told
    kept = word[status] if status.startswith("held") else word["arrived"]
    lines = [kept, word["arrived_n"].format(n=count), word["nameless"]]
    again = (back, word["again"]) if place.token.active else None
    query = f"&{urlencode({'r': sealed})}"
    return _message(200, language, word["thanks"], lines, place, again, query)


# --- what was sent ----------------------------------------------------------------------------


def _instrument(db: Database, place: Place) -> Instrument | None:
    """The form that was answered; the newest of the code's, if there was never such a version."""
    named = publishing.version(db, request.form.get("form", ""))
    if named is None and place.token is not None:
        return publishing.newest(db, place.token.instrument)
    return named


# --- where it was sent to ---------------------------------------------------------------------


def _place(code: str) -> Place:
    db = services().database
    token = tokens.find(db, code)
    if token is None or token.kind not in OPENED:
        return Place(code, None, None)
    return Place(code, token, sites.find(db, token.site_id))


def _language(place: Place, instrument: Instrument | None = None) -> str:
    return w.choose(
        instrument.languages if instrument else tuple(w.all_words()),
        asked=request.args.get("lang"),
        accepted=request.accept_languages,
        site=place.site.languages if place.site else (),
    )


# --- pages ------------------------------------------------------------------------------------


def _form_page(
    instrument: Instrument,
    place: Place,
    status: int = 200,
    *,
    submission_id: str | None = None,
    said: str | None = None,
    details: Sequence[str] = (),
    visit: str | None = None,
) -> Response:
    """The form: fresh with a ``submission_id``, else as it was posted.

    ``visit`` is where the shopper's visit is that is due here, on a phone of theirs.
    """
    language = _language(place, instrument)
    filled: Mapping[str, list[str]] = {}
    if submission_id is None:
        submission_id = plain.submission_id()
        filled = {name: request.form.getlist(name) for name in instrument.items}
        filled = {name: values for name, values in filled.items() if any(values)}
        drawn = request.form.get("asked", "").split()
    else:
        drawn = _draw(instrument)
    scripts = assets.folder() if rendering.is_scripted(instrument) else None
    made = rendering.render_form(
        instrument,
        language,
        token=place.code,
        submission_id=submission_id,
        action=url_for(".receive", code=place.code, lang=language),
        drawn=drawn,
        filled=filled,
        scripts=scripts is not None,
    )
    page = rendering.render_form_page(
        instrument,
        language,
        made,
        languages=instrument.languages,
        site=place.name,
        alert=place.words(language)[said] if said else None,
        details=details,
        scripts=scripts,
        link=(visit, place.words(language)["to_visit"]) if visit else None,
        query=f"&as={here.CUSTOMER}" if visit else "",
    )
    return _answer(page, status)


def _draw(instrument: Instrument) -> list[str]:
    """Three of the twelve scales: one of the balanced blocks."""
    if instrument.draw is None:
        return []
    keys = [item.key for item in instrument.draw.items]
    return in_order(keys, secrets.choice(blocks(len(keys), instrument.draw.count)))


def _refused(receipt: Receipt, instrument: Instrument, place: Place) -> Response:
    if place.token is None:
        return _form_page(instrument, place, 404, said="unknown_kept")
    why = [problem.message for problem in receipt.problems]
    return _form_page(instrument, place, 422, said="refused", details=why)


def _unknown() -> Response:
    language = _language(Place("", None, None))
    word = w.words(language)
    return _message(404, language, word["unknown"], [word["unknown_do"]])


def _no_form(place: Place) -> Response:
    language = _language(place)
    word = place.words(language)
    return _message(404, language, word["no_form"], [word["no_form_do"]], place)


def _message(
    status: int,
    language: str,
    heading: str,
    lines: Sequence[str],
    place: Place | None = None,
    link: tuple[str, str] | None = None,
    query: str = "",
) -> Response:
    page = rendering.render_message(
        language,
        heading,
        lines,
        languages=tuple(w.all_words()),
        site=place.name if place else "",
        link=link,
        query=query,
    )
    return _answer(page, status)


def _answer(page: str, status: int) -> Response:
    g.csp_style_hashes = [rendering.style_hash()]
    answer = Response(page, status, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    answer.vary.add("Accept-Language")
    return answer


# What the thank-you page may say: sealed, so that an address cannot be made up that thanks for
# what never came.


def _seal(code: str, told: Sequence[Any]) -> str:
    return str(_sealer().dumps([code, *told]))


def _unseal(code: str, sealed: str) -> tuple[str, int] | None:
    try:
        found, status, count = _sealer().loads(sealed)
    except (BadSignature, ValueError, TypeError):
        return None
    return (status, count) if found == code else None


def _sealer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt="thanks")
