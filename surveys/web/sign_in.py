"""Coming in and going out: sign-in, invitations, one's own account."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from zoneinfo import available_timezones

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from surveys import (
    passwords,
    people,
    people_joining,
    people_leaving,
    preferences,
    setup,
    translation,
)
from surveys.passwords import PeopleError
from surveys.people import DESK_ROLES, Person
from surveys.people_joining import InvitationGone
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.web import sessions, speech
from surveys.web.security import needs, safe_next, signed_in
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.shopper import phones
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext
from surveys.web.throttle import Throttle, client_address

blueprint = Blueprint("sign_in", __name__)

WRONG = Sentence("E-mail and password do not belong together. Check both and try again.")


@blueprint.record_once
def _remember_tries(state: BlueprintSetupState) -> None:
    # Many people share an office's address, so it has more tries than one e-mail address.
    state.app.extensions["sign_in"] = (
        Throttle(free=5, longest=timedelta(minutes=1)),
        Throttle(free=30, longest=timedelta(minutes=15)),
    )


def home_of(person: Person) -> str:
    """Where somebody begins."""
    if person.role in DESK_ROLES:
        return url_for("desk.scores")
    return url_for("staff.page" if person.role == "staff" else "visits.home")


@blueprint.get("/")
def beginning() -> BaseResponse:
    person = signed_in()
    return redirect(home_of(person) if person else url_for("sign_in.page"), 303)


@blueprint.get("/sign-in")
def page() -> BaseResponse | str:
    wanted = safe_next(request.args.get("next"))
    person = signed_in()
    if person is not None:
        return redirect(wanted or home_of(person), 303)
    nobody_yet = not people_joining.has_owner(services().database)
    return render_template("sign_in.html", next=wanted, email="", wrong=None, nobody_yet=nobody_yet)


@blueprint.post("/sign-in")
def enter() -> BaseResponse:
    now = services().clock()
    email = request.form.get("email", "")[:254]
    wanted = safe_next(request.form.get("next"))
    by_email, by_address = current_app.extensions["sign_in"]
    keys = ((by_email, people.plain_email(email)), (by_address, client_address()))
    pause = max(throttle.pause(key, now) for throttle, key in keys)
    if pause:
        wrong = ngettext(
            "There were several wrong tries. Please wait {n} second, then try again.",
            "There were several wrong tries. Please wait {n} seconds, then try again.",
            pause,
        )
        return _sign_in_again(429, wrong, email, wanted, {"Retry-After": str(pause)})
    person = people.sign_in(services().database, email, request.form.get("password", ""))
    if person is None:
        for throttle, key in keys:
            throttle.wrong(key, now)
        return _sign_in_again(422, WRONG, email, wanted)
    by_email.right(people.plain_email(email))
    sessions.begin(person)
    return redirect(wanted or home_of(person), 303)


def _sign_in_again(
    status: int, wrong: str, email: str, wanted: str | None, headers: dict[str, str] | None = None
) -> Response:
    text = render_template("sign_in.html", next=wanted, email=email, wrong=wrong)
    return Response(text, status, headers, mimetype="text/html")


@blueprint.post("/sign-out")
def leave() -> BaseResponse:
    sessions.end()
    flash(_("You are signed out."))
    return redirect(url_for("sign_in.page"), 303)


# --- invitations ------------------------------------------------------------------------------


@blueprint.get("/join/<token>")
def invitation(token: str) -> Response:
    try:
        found = people_joining.invitation(services().database, services().clock(), token)
    except InvitationGone as gone:
        return _gone(gone)
    return _join_page(200, found.person, found.person.name if found.person else "", "", None)


@blueprint.post("/join/<token>")
def join(token: str) -> BaseResponse:
    database, now = services().database, services().clock()
    name, email = request.form.get("name", ""), request.form.get("email", "")
    password = request.form.get("password", "")
    try:
        invited = people_joining.invitation(database, now, token).person
        if invited is not None and invited.role == "shopper":
            return phones.join(token, name)
        person = people_joining.join(
            database, now, token, name=name, password=password, email=email
        )
    except InvitationGone as gone:
        return _gone(gone)
    except PeopleError as wrong:
        return _join_page(422, invited, name[:200], email[:254], wrong)
    sessions.begin(person)
    is_first = invited is None and bool(setup.undone(database))
    return redirect(url_for("setup.begin") if is_first else home_of(person), 303)


def _join_page(
    status: int, invited: Person | None, name: str, email: str, wrong: PeopleError | None
) -> Response:
    if invited is not None and invited.role == "shopper":
        return phones.join_page(status, invited, name, wrong)
    text = render_template(
        "join.html",
        invited=invited,
        name=name,
        email=email,
        wrong=wrong,
        at_least=passwords.AT_LEAST,
        now_in=signed_in(),
    )
    return Response(text, status, mimetype="text/html")


def _gone(gone: InvitationGone) -> Response:
    status = 404 if gone.reason == "unknown" else 410
    text = render_template(
        "join_gone.html",
        reason=gone.reason,
        for_phone=gone.for_phone,
        days=people_joining.INVITATION_DAYS,
    )
    return Response(text, status, mimetype="text/html")


# --- one's own --------------------------------------------------------------------------------


@blueprint.get("/welcome")
@needs()
def welcome() -> str:
    return render_template("sign_in_welcome.html", person=me())


@blueprint.get("/account")
@needs()
def account() -> str:
    return _account_page(me())


@blueprint.post("/account")
@needs()
def new_password() -> BaseResponse:
    person = me()
    try:
        changed = people.change_password(
            services().database,
            services().clock(),
            person,
            old=request.form.get("old", ""),
            new=request.form.get("new", ""),
        )
    except PeopleError as wrong:
        return Response(_account_page(person, wrong), 422, mimetype="text/html")
    sessions.begin(changed)
    flash(_("Your password is changed. Everywhere else you are signed out."))
    return redirect(url_for("sign_in.account"), 303)


@blueprint.post("/account/preferences")
@needs()
def choose() -> BaseResponse:
    """The desk's language and time zone; empty: as the browser asks, as most of one's sites."""
    chosen = {
        name: request.form.get(name) or None
        for name in (preferences.LANGUAGE, preferences.TIMEZONE)
    }
    known = {preferences.LANGUAGE: translation.LANGUAGES, preferences.TIMEZONE: _zones()}
    if any(value is not None and value not in known[name] for name, value in chosen.items()):
        abort(400)  # the form offers no other
    preferences.choose(services().database, me().person_id, chosen)
    speech.forget_reader()
    flash(_("Saved."))
    return redirect(url_for("sign_in.account"), 303)


@blueprint.post("/account/everywhere")
@needs()
def leave_everywhere() -> BaseResponse:
    people_leaving.sign_out_everywhere(
        services().database, services().clock(), me(), by=me().person_id
    )
    sessions.end()
    flash(_("You are signed out everywhere."))
    return redirect(url_for("sign_in.page"), 303)


def _account_page(person: Person, wrong: PeopleError | None = None) -> str:
    database = services().database
    return render_template(
        "sign_in_account.html",
        person=person,
        wrong=wrong,
        at_least=passwords.AT_LEAST,
        chosen=preferences.of(database, person.person_id),
        languages=translation.LANGUAGES,
        zones=_zones(),
        site_names={site.site_id: site.name for site in sites_store.every(database)},
        ROLE_NAMES=people.ROLE_NAMES,
    )


@cache
def _zones() -> list[str]:
    """Time zones by continent and city; those without a place are for machines."""
    return sorted(name for name in available_timezones() if "/" in name[1:] and name[:4] != "Etc/")
