"""A phone signs in, by a link or a short code, and out. No shopper has a password."""

from __future__ import annotations

from datetime import timedelta

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from surveys import devices, people_joining
from surveys.devices import DeviceError
from surveys.web import sessions
from surveys.web.services import services
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext
from surveys.web.throttle import Throttle, client_address

blueprint = Blueprint("phones", __name__)


@blueprint.record_once
def _remember_tries(state: BlueprintSetupState) -> None:
    state.app.extensions["short_codes"] = Throttle(free=10, longest=timedelta(minutes=15))


@blueprint.get("/visits/sign-in")
def page() -> BaseResponse | str:
    if sessions.device() is not None:
        return redirect(url_for("visits.home"), 303)
    return render_template("shopper/sign_in.html", wrong=None)


@blueprint.post("/visits/sign-in")
def by_code() -> BaseResponse:
    now, throttle = services().clock(), current_app.extensions["short_codes"]
    if pause := throttle.pause(client_address(), now):
        wrong = ngettext(
            "There were several wrong tries. Please wait {n} second, then try again.",
            "There were several wrong tries. Please wait {n} seconds, then try again.",
            pause,
        )
        return _again(429, wrong, {"Retry-After": str(pause)})
    try:
        device, token = devices.use_code(
            services().database, now, request.form.get("code", "")[:40], _phones_name()
        )
    except DeviceError as error:
        throttle.wrong(client_address(), now)
        return _again(422, error)
    return _welcome(device, token)


def _again(status: int, wrong: object, headers: dict[str, str] | None = None) -> Response:
    text = render_template("shopper/sign_in.html", wrong=wrong)
    return Response(text, status, headers, mimetype="text/html")


def join(token: str, name: str) -> BaseResponse:
    """A shopper's invitation is used on this phone. Raises as :func:`people_joining.enter` does."""
    database, now = services().database, services().clock()
    with database.transaction():
        person = people_joining.enter(database, now, token, name=name)
        device, device_token = devices.sign_in(database, now, person, _phones_name())
    return _welcome(device, device_token)


def _welcome(device: devices.Device, token: str) -> BaseResponse:
    session.clear()  # whoever was signed in here by a password is so no more
    answer = redirect(url_for("visits.home"), 303)
    sessions.remember_device(answer, device, token)
    return answer


@blueprint.post("/visits/sign-out")
def leave() -> BaseResponse:
    found = sessions.device()
    if found is not None:
        device, person = found
        database = services().database
        with database.transaction():
            devices.revoke(database, services().clock(), device.device_id, by=person.person_id)
    flash(_("This phone is signed out."))
    answer = redirect(url_for(".page"), 303)
    sessions.forget_device(answer)
    return answer


def _phones_name() -> str:
    """What the phone says it is, as far as it helps to tell two of them apart."""
    agent = request.user_agent.string
    for word in ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux"):
        if word in agent:
            return word
    return agent[:40]
