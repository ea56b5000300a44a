"""A phone signs in, by a link or a short code, and out; which phones there are."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import (
    Blueprint,
    Response,
    abort,
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

from surveys import devices, people_joining, people_leaving
from surveys.devices import DeviceError
from surveys.passwords import PeopleError
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.web import sessions
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext
from surveys.web.throttle import Throttle, client_address

blueprint = Blueprint("phones", __name__)

APPLE = ("iPhone", "iPad")


@blueprint.record_once
def _remember_tries(state: BlueprintSetupState) -> None:
    state.app.extensions["short_codes"] = Throttle(free=10, longest=timedelta(minutes=15))


@blueprint.get("/visits/sign-in")
def page() -> BaseResponse | str:
    if sessions.device() is not None:
        return redirect(url_for("visits.home"), 303)
    return _sign_in_page()


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
    return Response(_sign_in_page(wrong), status, headers, mimetype="text/html")


def _sign_in_page(wrong: object = None) -> str:
    return render_template(
        "shopper/sign_in.html",
        wrong=wrong,
        code=request.form.get("code", "")[:20],
        minutes=devices.CODE_MINUTES,
        was_in=sessions.DEVICE_COOKIE in request.cookies,
    )


# --- by a link --------------------------------------------------------------------------------


def join_page(status: int, invited: Person, name: str, wrong: PeopleError | None) -> Response:
    """What a shopper's link shows: what will happen, and a button that does it."""
    text = render_template(
        "shopper/join.html",
        is_new=invited.status != "active",
        name=name,
        wrong=wrong,
        here=sessions.device(),
        now_in=sessions.signed_in(),
        days=devices.days(services().database),
        is_apple=_phones_name().startswith(APPLE),
    )
    return Response(text, status, mimetype="text/html")


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


# --- which phones there are -------------------------------------------------------------------


@blueprint.get("/visits/phone")
@needs("shopper")
def mine() -> str:
    """This phone and one's others, and the way to one more."""
    return _phone_page()


@blueprint.post("/visits/phone/code")
@needs("shopper")
def new_code() -> Response:
    """A short code, shown this once: only its hash is kept."""
    database, now = services().database, services().clock()
    code = devices.short_code(database, now, me())
    until = now + timedelta(minutes=devices.CODE_MINUTES)
    return Response(_phone_page(code=f"{code[:4]}-{code[4:]}", until=until), mimetype="text/html")


@blueprint.post("/visits/phone/<device_id>/sign-out")
@needs("shopper")
def sign_out_other(device_id: str) -> BaseResponse:
    database = services().database
    if device_id not in {device.device_id for device in devices.of(database, me().person_id)}:
        abort(404, Sentence("There is no such phone among yours."))
    try:
        people_leaving.sign_out_phone(database, services().clock(), device_id, by=me().person_id)
    except DeviceError as wrong:
        flash(wrong.args[0], "wrong")
    else:
        flash(_("The other phone is signed out."))
    return redirect(url_for(".mine"), 303)


def _phone_page(code: str | None = None, until: datetime | None = None) -> str:
    found, now = sessions.device(), services().clock()
    this = found[0] if found else None
    known = devices.of(services().database, me().person_id)
    return render_template(
        "shopper/phone.html",
        this=this,
        others=[one for one in known if one.is_good(now) and one != this],
        code=code,
        until=until,
        minutes=devices.CODE_MINUTES,
    )


# --- signing out ------------------------------------------------------------------------------


@blueprint.get("/visits/sign-out")
@needs("shopper")
def leaving() -> str:
    return render_template("shopper/sign_out.html")


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


DEVICES = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux")
BROWSERS = {
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "EdgA": "Edge",
    "EdgiOS": "Edge",
    "SamsungBrowser": "Samsung",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}


def _phones_name() -> str:
    """What the phone says it is, as far as it helps to tell two of them apart.

    An iPhone's app on the home screen says all that Safari says but its name.
    """
    agent = request.user_agent.string
    device = next((word for word in DEVICES if word in agent), agent[:40])
    browser = next((name for word, name in BROWSERS.items() if f"{word}/" in agent), "")
    if not browser and device in APPLE:
        browser = "app"
    return f"{device}, {browser}" if browser else device
