"""The desk's mail server: which it is, and whether it takes a letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import mail, mail_sending
from surveys.mail import MailError, MailServer
from surveys.outside import Undelivered
from surveys.sentences import Sentence
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("mail_settings", __name__)

SECURITIES = {
    "starttls": Sentence("STARTTLS, port 587"),
    "tls": Sentence("TLS, port 465"),
    "none": Sentence("none, port 25"),
}
STILL_SECONDS, WHOLE_SECONDS = 8.0, 20.0  # somebody waits for the answer


@blueprint.get("/desk/settings/mail")
@needs("owner")
def settings() -> str:
    return _page()


@blueprint.post("/desk/settings/mail")
@needs("owner")
def change() -> BaseResponse:
    if mail.by_environment():
        return _back()
    typed = {
        name: request.form.get(name, "")[:300]
        for name in ("host", "port", "security", "sender", "user", "password")
    }
    try:
        found = mail.checked(**{**typed, "password": typed["password"] or _kept_password(typed)})
    except MailError as wrong:
        return Response(_page(typed, wrong), 422, mimetype="text/html")
    mail.set_up(services().database, services().clock(), found, by=me().person_id)
    flash(_("Saved. Send yourself a letter now, to see whether it works."))
    return _back()


@blueprint.post("/desk/settings/mail/test")
@needs("owner")
def test() -> BaseResponse:
    """A letter at once; the page tells what the server answered."""
    to, found = request.form.get("to", "")[:300], _server()
    if found is None:
        return _back()
    try:
        answer = mail_sending.try_out(
            found, to=to, at=services().clock(), still=STILL_SECONDS, whole=WHOLE_SECONDS
        )
    except (MailError, Undelivered) as wrong:
        return Response(_page(to=to, test_wrong=wrong), 422, mimetype="text/html")
    flash(
        _("{host} took the letter to {address}. It answered: {answer}",
          host=found.host, address=to, answer=answer)
    )  # fmt: skip
    return _back()


@blueprint.post("/desk/settings/mail/off")
@needs("owner")
def off() -> BaseResponse:
    if not mail.by_environment():
        mail.set_up(services().database, services().clock(), None, by=me().person_id)
        flash(_("No letter is sent any more. Invitations are links to pass on."))
    return _back()


def _server() -> MailServer | None:
    try:
        return mail.server(services().database)
    except MailError:  # the environment's; the page says so
        return None


def _kept_password(typed: Mapping[str, str]) -> str:
    """The password that is kept, for the same user at the same machine: nobody learns it by naming
    a machine of their own."""
    kept = _server()
    same = kept is not None and (kept.host, kept.user) == (typed["host"], typed["user"])
    secure = kept is not None and kept.security == typed["security"]
    return kept.password if kept is not None and same and secure else ""


def _back() -> BaseResponse:
    return redirect(url_for("mail_settings.settings"), 303)


def _page(
    typed: Mapping[str, str] | None = None,
    wrong: MailError | None = None,
    *,
    to: str | None = None,
    test_wrong: Exception | None = None,
) -> str:
    found, environment_wrong = _server(), None
    if mail.by_environment():
        try:
            mail.server(services().database)
        except MailError as error:
            environment_wrong = error
    shown = dict(typed or (asdict(found) if found else {"security": "starttls"}))
    has_password = bool(found and found.password)
    shown.pop("password", None)
    return render_template(
        "desk/mail.html",
        server=found,
        shown=shown,
        has_password=has_password,
        wrong=wrong,
        to=me().email if to is None else to,
        test_wrong=test_wrong,
        by_environment=mail.by_environment(),
        environment_wrong=environment_wrong,
        ENVIRONMENT=mail.ENVIRONMENT,
        SECURITIES=SECURITIES,
    )
