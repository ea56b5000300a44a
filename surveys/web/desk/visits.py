"""Visits at the desk: a month of them, and each with its offers, its reports and what was done."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import audit_words, people, visits, visits_desk, visits_list
from surveys.people import DESK_ROLES, Person
from surveys.planning import days_of
from surveys.sentences import Sentence
from surveys.store import visits as store
from surveys.store.database import Database
from surveys.visit_facts import EDGES
from surveys.visits import Seen, VisitError
from surveys.visits_eligible import Candidate
from surveys.visits_list import Filter
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import language, zone

blueprint = Blueprint("visits_desk", __name__)

KIND_NAMES = {
    "late": Sentence("late"),
    "refused": Sentence("without a shopper"),
    "offered": Sentence("offered"),
    "accepted": Sentence("accepted"),
    "pending": Sentence("waiting for review"),
    "held": Sentence("held"),
    "returned": Sentence("returned"),
    "counted": Sentence("counted"),
    "rejected": Sentence("rejected"),
    "replaced": Sentence("replaced by a newer one"),
    "cancelled": Sentence("cancelled"),
}
OFFER_NAMES = {
    "open": Sentence("has not answered yet"),
    "accepted": Sentence("accepted"),
    "declined": Sentence("declined"),
    "withdrawn": Sentence("taken back"),
}
NOT_YOURS = Sentence("There is no such visit at your sites. The list shows those there are.")
SHOWN_FIRST = 10
A_PAGE = 100
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)


@blueprint.get("/desk/visits")
@needs(*DESK_ROLES)
def listed() -> str:
    database, now, reader = services().database, services().clock(), me()
    month = asked_month(now)
    first, last = days_of(month)
    chosen = Filter(*(request.args.get(name, "")[:200] for name in Filter.NAMES))
    with database.snapshot():
        rows = visits_list.month(database, now, reader, first, last)
        wanting = visits_list.wanting(database, now, reader)
        places = visits_list.places(database, reader)
        shoppers = _shoppers(database, reader)
    if chosen.site_id not in places:
        chosen = replace(chosen, site_id="")  # nobody else's is named on the page
    within = [row for row in rows if chosen.holds(row)]
    found = [row for row in within if chosen.kind in ("", row.kind)]
    start = A_PAGE * min(max(0, request.args.get("page", 0, int)), len(found) // A_PAGE)
    return render_template(
        "desk/visits.html",
        month=first,
        earlier=month_of(first - timedelta(days=1)),
        later=month_of(last + timedelta(days=1)),
        chosen=chosen,
        rows=rows,
        found=found[start : start + A_PAGE],
        page=start // A_PAGE,
        more=len(found) > start + A_PAGE,
        counts=visits_list.counts(within),
        wanting=wanting[:SHOWN_FIRST],
        wanting_more=len(wanting) - SHOWN_FIRST,
        sites=places.values(),
        regions=sorted({site.region for site in places.values() if site.region}),
        shoppers=shoppers,
        called=calling(database, reader),
        may_set=reader.role == "owner",
        asked={"month": month, **chosen.asked()},
        KIND_NAMES=KIND_NAMES,
        EDGES=EDGES,
    )  # fmt: skip


def asked_month(now: datetime) -> str:
    """The month in the address, else this one where the reader is."""
    asked = request.args.get("month", "")
    return asked if _MONTH.fullmatch(asked) else month_of(now.astimezone(zone()).date())


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def _shoppers(database: Database, reader: Person) -> list[tuple[str, str]]:
    """Whom the list can be narrowed to; a manager by number."""
    called = calling(database, reader)
    return sorted(
        ((person_id, called(person_id)) for person_id in store.numbers(database)),
        key=lambda pair: str(pair[1]).casefold(),
    )


def calling(database: Database, reader: Person) -> Callable[[str], str]:
    """What ``reader`` calls a shopper: by name, managers by number."""
    numbers = store.numbers(database)
    known = {person.person_id: person for person in people.everyone(database)}

    def called(person_id: str) -> str:
        if reader.role == "manager":
            return _("shopper {n}", n=str(numbers.get(person_id, "?")))
        return visits_desk.called(known[person_id])

    return called


# --- one visit --------------------------------------------------------------------------------


@blueprint.get("/desk/visits/<visit_id>")
@needs(*DESK_ROLES)
def one(visit_id: str) -> str:
    return visit_page(find(visit_id))


def find(visit_id: str) -> Seen:
    """The visit, if it is shown to who is looking; 404 for every other."""
    database = services().database
    visit = store.by_id(database, visit_id)
    found = None if visit is None else visits.seen(database, visit)
    if found is None or not visits.may_read(me(), found):
        abort(404, NOT_YOURS)
    return found


def visit_page(found: Seen, wrong: VisitError | None = None, at: str = "") -> str:
    """One visit; ``wrong`` stands at the form called ``at``."""
    database, now, reader = services().database, services().clock(), me()
    owner = reader.role == "owner"
    offers = store.offers(database, found.visit)
    candidates: list[Candidate] = []
    if owner and found.state in ("offered", "accepted"):
        asked = {offer.person_id for offer in offers if offer.status == "open"}
        candidates = [
            one
            for one in visits_desk.of_visit(database, now, found.visit)
            if one.person.person_id not in asked | {found.visit.person_id}
        ]
    return render_template(
        "desk/visit.html",
        found=found,
        visit=found.visit,
        late=found.is_late(now),
        offers=offers,
        candidates=candidates,
        called=calling(database, reader),
        lines=[] if reader.role == "manager" else _lines(database, found),
        owner=owner,
        reads_names=reader.role != "manager",
        wrong=wrong,
        wrong_at=at,
        form=request.form,
        KIND_NAMES=KIND_NAMES,
        OFFER_NAMES=OFFER_NAMES,
        DECLINES=visits.DECLINES,
        EDGES=EDGES,
    )


def _lines(database: Database, found: Seen) -> list[audit_words.Entry]:
    visit = found.visit
    subject = f"visit {visit.site_id} {visit.visit_id}"
    return audit_words.of_subject(database, subject, language())


# --- what the owner does with it --------------------------------------------------------------


@blueprint.post("/desk/visits/<visit_id>/offer")
@needs("owner")
def offer(visit_id: str) -> BaseResponse:
    def act(found: Seen) -> None:
        visits_desk.offer_to(*_what(found), request.form.getlist("shopper"), by=me().person_id)
        flash(_("It is offered."))

    return _done(visit_id, "offer", act)


@blueprint.post("/desk/visits/<visit_id>/take-back")
@needs("owner")
def take_back(visit_id: str) -> BaseResponse:
    def act(found: Seen) -> None:
        shopper = request.form.get("shopper", "")
        visits_desk.take_back(*_what(found), shopper, by=me().person_id)
        flash(_("The offer is taken back. You can offer it again below."))

    return _done(visit_id, "offers", act)


@blueprint.post("/desk/visits/<visit_id>/give")
@needs("owner")
def give(visit_id: str) -> BaseResponse:
    def act(found: Seen) -> None:
        chosen, reason = request.form.getlist("shopper"), request.form.get("reason", "")
        visits_desk.give_away(*_what(found), chosen, reason, by=me().person_id)
        flash(_("It is offered to others. What still comes from before is held."))

    return _done(visit_id, "give", act)


@blueprint.post("/desk/visits/<visit_id>/cancel")
@needs("owner")
def cancel(visit_id: str) -> BaseResponse:
    def act(found: Seen) -> None:
        visits_desk.cancel(*_what(found), request.form.get("reason", ""), by=me().person_id)
        flash(_("The visit is cancelled. You can set it again below."))

    return _done(visit_id, "cancel", act)


@blueprint.post("/desk/visits/<visit_id>/reopen")
@needs("owner")
def reopen(visit_id: str) -> BaseResponse:
    def act(found: Seen) -> None:
        visits_desk.reopen(*_what(found), by=me().person_id)
        flash(_("The visit stands again. Now offer it to somebody."))

    return _done(visit_id, "reopen", act)


def _what(found: Seen) -> tuple[Database, datetime, visits.Visit]:
    return services().database, services().clock(), found.visit


def _done(visit_id: str, at: str, act: Callable[[Seen], None]) -> BaseResponse:
    found = find(visit_id)
    try:
        act(found)
    except VisitError as wrong:
        return Response(visit_page(find(visit_id), wrong, at), 422, mimetype="text/html")
    return redirect(url_for("visits_desk.one", visit_id=visit_id), 303)
