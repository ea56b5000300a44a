"""The phones of a shopper at the desk: which there are, and signing them out one by one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import devices, people_leaving
from surveys.devices import DeviceError
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("people_phones", __name__)


@blueprint.post("/desk/people/<person_id>/phones/<device_id>/sign-out")
@needs("owner")
def sign_out(person_id: str, device_id: str) -> BaseResponse:
    database = services().database
    if device_id not in {device.device_id for device in devices.of(database, person_id)}:
        abort(404, Sentence("There is no such phone."))
    try:
        device = people_leaving.sign_out_phone(
            database, services().clock(), device_id, by=me().person_id
        )
    except DeviceError as wrong:
        flash(wrong.args[0], "wrong")
    else:
        flash(_("The phone is signed out: {phone}.", phone=device.name))
    return redirect(url_for("people.person", person_id=person_id), 303)


def of(person: Person) -> dict[str, Any]:
    """What a person's page shows of their phones: those that are signed in, and those no more."""
    now = services().clock()
    known = devices.of(services().database, person.person_id)
    return {
        "phones": [device for device in known if device.is_good(now)],
        "former_phones": [device for device in known if not device.is_good(now)][:20],
    }
