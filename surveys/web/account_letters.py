"""Which letters somebody gets, on their account page."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from surveys import mail, preferences
from surveys.people import Person
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("account_letters", __name__)

LETTERS = (preferences.ALERTS, preferences.DAILY)


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    app: Flask = state.app  # type: ignore[assignment]
    app.jinja_env.globals.update(letters_of=letters_of, mail_is_set_up=_mail_is_set_up)


def letters_of(person: Person) -> dict[str, bool]:
    """Each kind of letter, and whether this person wants it; none for those whom none is for."""
    if person.role not in {"owner", "manager"}:
        return {}
    chosen = preferences.of(services().database, person.person_id)
    return {letter: preferences.wants(chosen, person.role, letter) for letter in LETTERS}


@blueprint.post("/account/letters")
@needs("owner", "manager")
def choose() -> BaseResponse:
    chosen: dict[str, str | None] = {
        letter: "yes" if request.form.get(letter) else "no" for letter in LETTERS
    }
    preferences.choose(services().database, me().person_id, chosen)
    flash(_("Saved."))
    return redirect(url_for("sign_in.account"), 303)


def _mail_is_set_up() -> bool:
    return mail.is_set_up(services().database)
