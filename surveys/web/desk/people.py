"""The desk's people: who is here, inviting, what they may see, and how they leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import addresses, invitations, mail, people, people_joining, people_leaving
from surveys.passwords import PeopleError
from surveys.people import Person
from surveys.people_joining import INVITATION_DAYS, Link
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.web import sessions
from surveys.web.desk import phones
from surveys.web.desk.settings import picture
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("people", __name__)

ROLE_SENTENCES = {
    "owner": Sentence("Sees everything and may do everything: invites, sets up, decides."),
    "manager": Sentence(
        "Reads what is said about the places they look after, downloads it, answers customers who"
        " wait, and takes back codes there. Changes no answer."
    ),
    "reviewer": Sentence(
        "Decides about held answers and mends them. Sees all sites, or only those you tick; no"
        " contacts, no downloads."
    ),
    "shopper": Sentence("Visits places as a mystery shopper. Sees nothing at the desk."),
    "staff": Sentence(
        "Works at the places you tick: says how customers will rate them, and sees how they did."
    ),
}
PLACED = (*people.PLACED_ROLES, "reviewer")
"""The roles that regions and sites mean something for."""


@dataclass(frozen=True)
class Wanted:
    """What stands in the form of role and places, as typed."""

    email: str = ""
    role: str = ""
    regions: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()

    @classmethod
    def typed(cls) -> Wanted:
        form = request.form
        return cls(
            form.get("email", "")[:300],
            form.get("role", ""),
            frozenset(form.getlist("region")),
            frozenset(form.getlist("site")),
        )

    @classmethod
    def of(cls, person: Person) -> Wanted:
        return cls(person.email, person.role, person.regions, person.sites)

    @property
    def kept(self) -> Wanted:
        """With the places that go with the role; with others none."""
        return self if self.role in PLACED else Wanted(self.email, self.role)


@blueprint.get("/desk/people")
@needs("owner")
def everyone() -> str:
    database = services().database
    with database.snapshot():
        known = list(people.everyone(database))
        links = people_joining.links(database)
        names = {site.site_id: site.name for site in sites_store.every(database)}
    by_name = sorted(known, key=lambda one: (one.name or one.email).casefold())
    return render_template(
        "desk/people.html",
        invited=[one for one in by_name if one.status == "invited"],
        active=[one for one in by_name if one.status == "active"],
        removed=[one for one in by_name if one.status == "removed"],
        links=links,
        is_open=_is_open(links),
        names=names,
        ROLE_NAMES=people.ROLE_NAMES,
    )


@blueprint.get("/desk/people/invite")
@needs("owner")
def invitation() -> str:
    return _invite_page(Wanted())


@blueprint.post("/desk/people/invite")
@takes(MIB)
@needs("owner")
def invite() -> BaseResponse:
    wanted = Wanted.typed()
    kept = wanted.kept
    try:
        token = people_joining.invite(
            services().database,
            services().clock(),
            email=wanted.email,
            role=_role(wanted),
            regions=kept.regions,
            sites=kept.sites,
            by=me().person_id,
            letter=invitations.put,
        )
    except PeopleError as wrong:
        return _refused(_invite_page(wanted, wrong))
    person = people.find_email(services().database, wanted.email)
    assert person is not None  # noqa: S101 - they were just invited
    return _link_page(person, token)


@blueprint.get("/desk/people/<person_id>")
@needs("owner")
def person(person_id: str) -> str:
    found = _find(person_id)
    return _person_page(found, Wanted.of(found))


@blueprint.post("/desk/people/<person_id>")
@takes(MIB)
@needs("owner")
def change(person_id: str) -> BaseResponse:
    """Another role, other places; for somebody removed this invites them again."""
    found, wanted = _find(person_id), Wanted.typed()
    kept = wanted.kept
    database, now, by = services().database, services().clock(), me().person_id
    try:
        role = _role(wanted)
        if found.status == "removed":
            token = people_joining.invite(
                database,
                now,
                email=found.email,
                role=role,
                regions=kept.regions,
                sites=kept.sites,
                by=by,
                letter=invitations.put,
            )
            return _link_page(_find(person_id), token)
        if found.role == "owner" and role != "owner":
            _confirmed(found, _("Tick that you mean it: you would no longer be an owner."))
        people_leaving.change(
            database, now, person_id, role=role, regions=kept.regions, sites=kept.sites, by=by
        )
    except PeopleError as wrong:
        return _refused(_person_page(found, wanted, wrong))
    flash(_("Saved. It holds from the next page that {name} opens.", name=_called(found)))
    still_owner = not _is_me(found) or role == "owner"
    here = url_for("people.person", person_id=person_id)
    return redirect(here if still_owner else url_for("sign_in.beginning"), 303)


@blueprint.post("/desk/people/<person_id>/link")
@needs("owner")
def link(person_id: str) -> BaseResponse:
    found = _find(person_id)
    try:
        token = people_joining.new_link(
            services().database,
            services().clock(),
            person_id,
            by=me().person_id,
            letter=invitations.put,
        )
    except PeopleError as wrong:
        return _refused(_person_page(found, Wanted.of(found), wrong))
    return _link_page(found, token)


@blueprint.post("/desk/people/<person_id>/sign-out")
@needs("owner")
def sign_out(person_id: str) -> BaseResponse:
    found = _find(person_id)
    people_leaving.sign_out_everywhere(
        services().database, services().clock(), found, by=me().person_id
    )
    if _is_me(found):
        sessions.end()
        flash(_("You are signed out everywhere."))
        return redirect(url_for("sign_in.page"), 303)
    flash(_("{name} is signed out everywhere.", name=_called(found)))
    return redirect(url_for("people.person", person_id=person_id), 303)


@blueprint.post("/desk/people/<person_id>/remove")
@needs("owner")
def remove(person_id: str) -> BaseResponse:
    found = _find(person_id)
    try:
        _confirmed(found, _("Tick that you mean it: you would be signed out for good."))
        people_leaving.remove(
            services().database, services().clock(), found.email, by=me().person_id
        )
    except PeopleError as wrong:
        return _refused(_person_page(found, Wanted.of(found), wrong))
    if _is_me(found):
        sessions.end()
        flash(_("You are removed, and signed out everywhere."))
        return redirect(url_for("sign_in.page"), 303)
    flash(_("{name} is removed, and signed out everywhere.", name=_called(found)))
    return redirect(url_for("people.everyone"), 303)


# --- what the views are made of ---------------------------------------------------------------


def _find(person_id: str) -> Person:
    found = people.find(services().database, person_id)
    if found is None:
        abort(404, _("There is nobody here. The list of people shows who there is."))
    return found


def _role(wanted: Wanted) -> str:
    if not wanted.role:
        raise PeopleError(Sentence("Choose what they will be."))
    return wanted.role


def _is_me(found: Person) -> bool:
    return found.person_id == me().person_id


def _called(found: Person) -> str:
    return found.name or found.email


def _confirmed(found: Person, otherwise: str) -> None:
    """Nobody takes their own access away by a slip of the hand. Raises :class:`PeopleError`."""
    if _is_me(found) and request.form.get("sure") != "1":
        raise PeopleError(otherwise)


def _is_open(links: Mapping[str, Link]) -> dict[str, bool]:
    now = services().clock()
    return {person_id: one.is_open(now) for person_id, one in links.items()}


def _refused(page: str) -> BaseResponse:
    return Response(page, 422, mimetype="text/html")


def _fields(wanted: Wanted) -> dict[str, object]:
    """What the form of role and places shows; a region without a site any more can be unticked."""
    every = list(sites_store.every(services().database))
    regions = Counter(site.region for site in every if site.region)
    gone = dict.fromkeys(sorted(wanted.regions - regions.keys()), 0)
    return {
        "wanted": wanted,
        "regions": {**regions, **gone},
        "sites": every,
        "days": INVITATION_DAYS,
        "ROLE_NAMES": people.ROLE_NAMES,
        "ROLE_SENTENCES": ROLE_SENTENCES,
    }


def _invite_page(wanted: Wanted, wrong: PeopleError | None = None) -> str:
    return render_template("desk/people_invite.html", wrong=wrong, **_fields(wanted))


def _person_page(found: Person, wanted: Wanted, wrong: PeopleError | None = None) -> str:
    database = services().database
    links = people_joining.links(database)
    return render_template(
        "desk/people_person.html",
        person=found,
        wrong=wrong,
        link=links.get(found.person_id),
        is_open=_is_open(links).get(found.person_id, False),
        is_me=_is_me(found),
        **phones.of(found),
        **_fields(wanted),
    )


def _link_page(found: Person, token: str) -> BaseResponse:
    """The link, shown this once: only its hash is kept."""
    base = addresses.own(services().database)
    address = f"{base}/join/{token}"
    page = render_template(
        "desk/people_link.html",
        person=found,
        address=address,
        code=picture(address),
        only_here=addresses.only_this_machine(base),
        mailed=mail.is_set_up(services().database),
        days=INVITATION_DAYS,
    )
    return Response(page, mimetype="text/html")
