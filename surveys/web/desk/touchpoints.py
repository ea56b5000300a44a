"""The chain's touchpoints at the desk: their names, their order, which are offered."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import touchpoints
from surveys.grammar import LANGUAGES
from surveys.store import touchpoints as store
from surveys.touchpoints import TouchpointError
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import language
from surveys.web.words import all_words

blueprint = Blueprint("touchpoints", __name__)


@blueprint.get("/desk/touchpoints")
@needs("owner")
def listed() -> str:
    return _page()


@blueprint.post("/desk/touchpoints")
@needs("owner")
def add() -> BaseResponse:
    key = request.form.get("key", "")
    try:
        touchpoints.add(services().database, services().clock(), key, _names(), by=me().person_id)
    except TouchpointError as wrong:
        return Response(_page(wrong), 422, mimetype="text/html")
    flash(_("{name} is added at the end of the way.", name=_names()["en"]))
    return _back(key.strip())


@blueprint.post("/desk/touchpoints/<key>/rename")
@needs("owner")
def rename(key: str) -> BaseResponse:
    try:
        touchpoints.rename(
            services().database, services().clock(), key, _names(), by=me().person_id
        )
    except TouchpointError as wrong:
        return Response(_page(wrong, at=key), 422, mimetype="text/html")
    flash(_("Saved."))
    return _back(key)


@blueprint.post("/desk/touchpoints/<key>")
@needs("owner")
def act(key: str) -> BaseResponse:
    """Move it, hide it, show it again or remove it: what the pressed button says."""
    database, now, by = services().database, services().clock(), me().person_id
    wanted = request.form.get("act", "")
    name = touchpoints.name(database, key, language())
    try:
        if wanted in ("earlier", "later"):
            touchpoints.move(database, now, key, earlier=wanted == "earlier", by=by)
        elif wanted in ("hide", "show"):
            touchpoints.hide(database, now, key, hidden=wanted == "hide", by=by)
        elif wanted == "remove":
            touchpoints.remove(database, now, key, by=by)
            flash(_("{name} is removed.", name=name))
            return _back()
    except TouchpointError as wrong:
        return Response(_page(wrong, at=key), 422, mimetype="text/html")
    return _back(key)


def _names() -> dict[str, str]:
    return {code: request.form.get(f"name-{code}", "") for code in LANGUAGES}


def _back(key: str = "") -> BaseResponse:
    return redirect(url_for("touchpoints.listed", _anchor=key or None), 303)


def _page(wrong: TouchpointError | None = None, *, at: str = "") -> str:
    """``at`` is the touchpoint that a fault is about, else it is about adding one."""
    database = services().database
    with database.snapshot():
        every = touchpoints.every(database)
        unlisted = touchpoints.unlisted(database)
        codes = store.codes(database)
    return render_template(
        "desk/touchpoints.html",
        every=every,
        unlisted=unlisted,
        codes=codes,
        wrong=wrong,
        at=at,
        typed=request.form,
        name_of=touchpoints.name_of,
        OWN_NAMES={code: words["name"] for code, words in all_words().items()},
    )
