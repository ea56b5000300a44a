"""The desk's web-hooks: programs elsewhere that are told of events."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import events, outside, webhook_sending, webhooks
from surveys.outside import Undelivered
from surveys.sentences import Sentence, read
from surveys.store import webhooks as store
from surveys.store.webhooks import Webhook
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import told
from surveys.webhook_sending import Limits
from surveys.webhooks import WebhookError

blueprint = Blueprint("webhooks", __name__)

EVENTS = {
    events.MISERY: Sentence("A customer’s contact was worse than expected"),
    events.ACCEPTED: Sentence("A customer’s or shopper’s submission counts from now on"),
}
AT_THE_DESK = Limits(still=8, whole=12)
"""Somebody waits for the answer."""


@blueprint.get("/desk/webhooks")
@needs("owner")
def listed() -> str:
    return _page()


@blueprint.post("/desk/webhooks")
@needs("owner")
def add() -> BaseResponse:
    url, wanted = request.form.get("url", ""), request.form.getlist("event")
    try:
        made = webhooks.add(
            services().database, services().clock(), url=url, events=wanted, by=me().person_id
        )
    except WebhookError as wrong:
        return Response(_page(url, wanted, wrong), 422, mimetype="text/html")
    return _secret_page(made, made.secret)


@blueprint.post("/desk/webhooks/<webhook_id>/secret")
@needs("owner")
def new_secret(webhook_id: str) -> BaseResponse:
    found = _find(webhook_id)
    secret = webhooks.new_secret_for(
        services().database, services().clock(), webhook_id, by=me().person_id
    )
    return _secret_page(found, secret, both_sign=True)


@blueprint.post("/desk/webhooks/<webhook_id>/test")
@needs("owner")
def test(webhook_id: str) -> BaseResponse:
    found = _find(webhook_id)
    try:
        answer = webhook_sending.try_out(
            services().database, services().clock(), found, limits=AT_THE_DESK
        )
    except Undelivered as why:
        flash(told(why), "wrong")
    else:
        flash(told(answer))
    return _back()


@blueprint.post("/desk/webhooks/<webhook_id>/<any(on, off, remove):what>")
@needs("owner")
def change(webhook_id: str, what: str) -> BaseResponse:
    _find(webhook_id)
    act = {"on": webhooks.switch_on, "off": webhooks.switch_off, "remove": webhooks.remove}[what]
    try:
        act(services().database, services().clock(), webhook_id, by=me().person_id)
    except WebhookError as wrong:  # switching on an address that is refused by now
        flash(told(wrong), "wrong")
        return _back()
    flash(
        {
            "on": _("It is told of events again, from now on."),
            "off": _("It is told nothing more until you switch it on again."),
            "remove": _("The web-hook is removed."),
        }[what]
    )
    return _back()


def _find(webhook_id: str) -> Webhook:
    try:
        return webhooks.get(services().database, webhook_id)
    except WebhookError as gone:
        abort(404, gone.args[0])


def _back() -> BaseResponse:
    return redirect(url_for("webhooks.listed"), 303)


def _page(url: str = "", wanted: Sequence[str] = (), wrong: WebhookError | None = None) -> str:
    return render_template(
        "desk/webhooks.html",
        webhooks=store.every(services().database),
        url=url,
        wanted=wanted,
        wrong=wrong,
        EVENTS=EVENTS,
        read=read,
        setting=outside.ALLOWED,
        example=webhooks.EXAMPLE,
    )


def _secret_page(webhook: Webhook, secret: str, *, both_sign: bool = False) -> BaseResponse:
    page = render_template(
        "desk/webhook_secret.html", webhook=webhook, secret=secret, both_sign=both_sign
    )
    return Response(page, mimetype="text/html")
