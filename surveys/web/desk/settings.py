"""What the installation is told: the organisation's name, the address that phones reach, and for
how long a shopper's phone stays signed in."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from surveys import addresses, devices, qr_code, reach, reach_asking, setup
from surveys.devices import DeviceError
from surveys.store import settings as store
from surveys.store import tokens
from surveys.web.desk import setup_steps
from surveys.web.desk.setup_steps import in_setup
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.throttle import Throttle

blueprint = Blueprint("settings", __name__)


@blueprint.record_once
def _remember_checks(state: BlueprintSetupState) -> None:
    # A check opens a connection to an address that somebody typed: see reach_asking.
    state.app.extensions["reach"] = Throttle(free=6, longest=timedelta(minutes=1))


@blueprint.get("/desk/settings")
@needs("owner")
def page() -> str:
    return render_template("desk/settings.html", **_forms())


def _forms() -> dict[str, Any]:
    return organisation_form() | address_form() | days_form()


# --- the organisation -------------------------------------------------------------------------


@blueprint.post("/desk/settings/organisation")
@needs("owner")
def save_organisation() -> BaseResponse:
    typed = request.form.get("organisation", "")[:1000]
    try:
        setup.name_organisation(
            services().database, typed, at=services().clock(), by=me().person_id
        )
    except setup.NotAName as wrong:
        form = organisation_form(typed, wrong.args[0])
        if in_setup():
            return _again("desk/setup_organisation.html", **form)
        return _again("desk/settings.html", **_forms() | form)
    if in_setup():
        return redirect(next_address("organisation"), 303)
    flash(_("The name is saved."))
    return redirect(url_for("settings.page"), 303)


def organisation_form(typed: str | None = None, wrong: str | None = None) -> dict[str, Any]:
    """What the organisation's form is rendered with."""
    name = setup.organisation(services().database) if typed is None else typed
    return {"organisation_typed": name, "organisation_wrong": wrong}


def next_address(step: str) -> str:
    """Where somebody goes who has done a step of setting up."""
    following = setup_steps.after(step)
    return url_for(following.endpoint if following else "setup.done")


# --- the address ------------------------------------------------------------------------------


@blueprint.post("/desk/settings/address")
@needs("owner")
def save_address() -> BaseResponse:
    database, now = services().database, services().clock()
    typed = request.form.get("address", "")[:500]
    try:
        address = addresses.checked(addresses.with_scheme(typed))
    except ValueError as wrong:
        return _address_again(typed, wrong=wrong.args[0])
    carried = reach.posters_carry_another(database, address) if tokens.any_code(database) else None
    if carried and "sure" not in request.form:
        return _address_again(typed, carried=carried)
    key = services().installation.secret_key()
    nonce = reach.new_nonce(key, now)
    if "anyway" in request.form:
        only_here = addresses.only_this_machine(address)
        came_of_it = reach.THIS_MACHINE if only_here else reach.UNCHECKED
    else:
        throttle: Throttle = current_app.extensions["reach"]
        pause = throttle.pause(me().person_id, now)
        if pause:
            return _address_again(typed, pause=pause)
        throttle.wrong(me().person_id, now)
        came_of_it = _asked(address, nonce, reach.proof(key, nonce, now) or "")
        if came_of_it != reach.WORKS:
            return _address_again(typed, trouble=came_of_it, sure=bool(carried))
    reach.use(database, address, nonce, came_of_it, at=now, by=me().person_id)
    if in_setup():
        # Where phones can come, one may be sent there at once.
        there = came_of_it == reach.THIS_MACHINE
        return redirect(next_address("address") if there else url_for("setup.address"), 303)
    flash(_("Links and posters carry {address} from now on.", address=address))
    return redirect(url_for("settings.page"), 303)


def _asked(address: str, nonce: str, proof: str) -> str:
    if addresses.only_this_machine(address):
        return reach.THIS_MACHINE
    own = urlsplit(store.get(services().database, "listens_on") or "").port
    return reach_asking.ask(address, nonce, proof, own_port=own)


def address_form(typed: str | None = None, **fault: Any) -> dict[str, Any]:
    """What the address's form is rendered with.

    ``fault``: ``wrong`` (no address at all), ``carried`` (posters carry that one), ``trouble`` (a
    key of ``reach.SAID``), ``pause`` (seconds), ``sure`` (the warning about posters was ticked).
    """
    database = services().database
    known = reach.known(database)
    now = services().clock()
    code = None
    if known is not None and known.is_fresh(now) and not addresses.only_this_machine(known.address):
        code = picture(f"{known.address}/reach/{known.nonce}")
    own = addresses.own(database)
    address = _proposed(own) if typed is None else typed
    return {
        "address_typed": address,
        "address_fault": fault,
        "address_said": reach.SAID.get(fault.get("trouble", "")),
        "address_own": own,
        "only_here": addresses.only_this_machine(own),
        "known": known,
        "phone_code": code,
        "plain_http": known is not None and known.address.startswith("http://"),
        "within": known is not None and addresses.within_a_network(known.address),
    }


def _proposed(own: str) -> str:
    """What stands in the field at first: the address in use; else the one the browser came by.

    What a browser says of its way here may be wrong, so it is proposed and never taken.
    """
    if store.get(services().database, "base_url") or not addresses.only_this_machine(own):
        return own
    came_by = f"{request.scheme}://{request.host}"
    if addresses.only_this_machine(came_by):
        return ""
    is_named = not request.host.rpartition(":")[2].isdigit() and "." in request.host
    return f"https://{request.host}" if is_named else came_by


def picture(address: str) -> str:
    """A QR code as an address that an image can be shown from."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr_code.svg(address)).decode("ascii")


def _address_again(typed: str, **fault: Any) -> BaseResponse:
    form = address_form(typed, **fault)
    status = 429 if "pause" in fault else 422
    if in_setup():
        return _again("desk/setup_address.html", status, **form)
    return _again("desk/settings.html", status, **_forms() | form)


# --- phones -----------------------------------------------------------------------------------


@blueprint.post("/desk/settings/phones")
@needs("owner")
def save_days() -> BaseResponse:
    typed = request.form.get("days", "")[:20].strip()
    wanted = int(typed) if typed.isdecimal() else 0
    try:
        devices.set_days(
            services().database,
            services().clock(),
            None if request.form.get("until") == "revoked" else wanted,
            by=me().person_id,
        )
    except DeviceError as wrong:
        return _again("desk/settings.html", **_forms() | days_form(typed, wrong.args[0]))
    flash(_("Saved. It holds for phones that sign in from now on."))
    return redirect(url_for("settings.page"), 303)


def days_form(typed: str | None = None, wrong: str | None = None) -> dict[str, Any]:
    """What the form for the phones' days is rendered with."""
    days = devices.days(services().database)
    return {
        "days_typed": days or devices.DEFAULT_DAYS if typed is None else typed,
        "days_wrong": wrong,
        "until_revoked": days is None and typed is None,
        "most_days": devices.LONGEST_DAYS,
    }


def _again(template: str, status: int = 422, **form: Any) -> BaseResponse:
    return Response(render_template(template, **form), status, mimetype="text/html")
