"""Shoppers' reports that wait for a reviewer: the list, and the decision about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from surveys import certifying, holding, people, publishing, reviewing, reviewing_desk
from surveys.holding_errors import LONGEST_REASON, STATUSES
from surveys.reviewing_desk import Reading
from surveys.sentences import Sentence
from surveys.store import people as people_store
from surveys.store import reviews
from surveys.store import sites as sites_store
from surveys.store.database import Database
from surveys.store.reviews import Position, Wanted
from surveys.store.sites import Site
from surveys.web.desk import mending
from surveys.web.desk.results import FLAGS
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import language

blueprint = Blueprint("review", __name__)

REVIEWERS = ("owner", "reviewer")
NOT_YOURS = Sentence(
    "There is no report under this address among your sites. The list shows what waits."
)
MISFIT = Sentence("It does not fit its form as it stands. Mend it, return it, or reject it.")


@dataclass(frozen=True)
class Choice:
    """``sites`` are those the reader may see, by id; the rest is which of the list they chose."""

    sites: Mapping[str, Site]
    wanted: Wanted
    region: str | None
    instrument: str | None
    shopper: str | None
    after: Position | None

    def asked(self) -> dict[str, Any]:
        """The choice as an address says it."""
        said = {"region": self.region, "instrument": self.instrument, "shopper": self.shopper}
        return {name: value for name, value in said.items() if value is not None}


@blueprint.get("/desk/review")
@needs(*REVIEWERS)
def listed() -> str:
    database = services().database
    with database.snapshot():
        choice = _choice(database)
        rows, further = reviewing_desk.page(database, choice.wanted, choice.sites, choice.after)
        there = [one for one in reviews.choices(database) if one[0] in choice.sites]
        instruments = {key: publishing.newest(database, key) for key in {one[1] for one in there}}
        shoppers = reviewing_desk.shoppers(database, (one[2] for one in there))
    return render_template(
        "desk/review.html",
        choice=choice,
        rows=rows,
        further=None if further is None else "|".join(further),
        waiting=bool(there),
        regions=sorted({choice.sites[one[0]].region for one in there} - {""}),
        instruments=sorted(instruments.items()),
        shoppers=shoppers,
        now=services().clock(),
        span=reviewing_desk.span,
        FLAGS=FLAGS,
    )


@blueprint.get("/desk/review/<site_id>/<submission_id>")
@needs(*REVIEWERS)
def one(site_id: str, submission_id: str) -> str:
    return _page(site_id, submission_id)


@blueprint.post("/desk/review/<site_id>/<submission_id>")
@takes(MIB)
@needs(*REVIEWERS)
def decide(site_id: str, submission_id: str) -> Response:
    found = _reading(site_id, submission_id)
    act = _ACTS.get(request.form.get("act", ""))
    if act is None:
        abort(400)
    try:
        act(found)
    except holding.DecidedError as error:
        flash(error.args[0], "wrong")
        return _to(site_id, submission_id)
    except holding.MisfitError:
        return _again(site_id, submission_id, "decide", holding.HoldingError(MISFIT))
    except holding.HoldingError as error:
        return _again(site_id, submission_id, "decide", error)
    choice = _choice(services().database)
    following = reviewing_desk.following(services().database, choice.wanted, found.position)
    if following is None:
        return redirect(url_for(".listed", **choice.asked()), 303)  # type: ignore[return-value]
    return _to(following.site_id, following.submission_id)


@blueprint.post("/desk/review/<site_id>/<submission_id>/mend")
@takes(MIB)
@needs(*REVIEWERS)
def mend(site_id: str, submission_id: str) -> Response:
    found = _reading(site_id, submission_id)
    try:
        mending.save(found.case, _("Mended. Your correction stands beside the report."))
    except holding.DecidedError as error:
        flash(error.args[0], "wrong")
    except holding.HoldingError as error:
        return _again(site_id, submission_id, "mend", error)
    return _to(site_id, submission_id)


# --- what is decided --------------------------------------------------------------------------


def _about(found: Reading) -> tuple[Database, str, str, str, Any]:
    submission = found.case.submission
    key = (submission.site_id, submission.submission_id)
    return services().database, *key, me().person_id, services().clock()


def _words() -> str:
    return request.form.get("words", "")


def _accept(found: Reading) -> None:
    holding.accept(*_about(found), reason=_words(), seen=mending.seen())
    _counts(found)


def _give_back(found: Reading) -> None:
    comments = {
        name.removeprefix("q."): text
        for name, text in request.form.items()
        if name.startswith("q.") and name.removeprefix("q.") in _keys(found)
    }
    reviewing.give_back(*_about(found), words=_words(), comments=comments, seen=mending.seen())
    flash(_("Returned: the shopper reads your words, and sends a better one in its place."))


def _reject(found: Reading) -> None:
    if not _words().strip():
        raise holding.HoldingError(Sentence("Say why it is rejected: the shopper reads it."))
    holding.reject(*_about(found), reason=_words(), seen=mending.seen())
    flash(_("Rejected: it is kept, and counts nowhere."))


def _accept_appeal(found: Reading) -> None:
    reviewing.accept_appeal(*_about(found), words=_words())
    _counts(found)


def _uphold(found: Reading) -> None:
    reviewing.uphold(*_about(found), words=_words())
    flash(_("It stays rejected, for good. The shopper reads why."))


_ACTS: Mapping[str, Callable[[Reading], None]] = {
    "accept": _accept,
    "return": _give_back,
    "reject": _reject,
    "accept-appeal": _accept_appeal,
    "uphold": _uphold,
}


def _counts(found: Reading) -> None:
    day = date.fromisoformat(found.case.submission.day)
    flash(_("Accepted: it counts at {site}, on {day}.", site=found.case.site.name, day=day))


def _keys(found: Reading) -> set[str]:
    return {question.line.key for question in found.questions}


# --- shared -----------------------------------------------------------------------------------


def _choice(db: Database) -> Choice:
    """What the address asks for, among the reader's sites."""
    person = me()
    mine = {site.site_id: site for site in sites_store.every(db) if people.may_see(person, site)}
    region, instrument, shopper = (
        request.args.get(name) or None for name in ("region", "instrument", "shopper")
    )
    numbers = reviewing_desk.shoppers(db, (one[2] for one in reviews.choices(db)))
    person_id = next((one.person_id for one in numbers if str(one.number) == shopper), "")
    sites = tuple(key for key, site in mine.items() if region in (None, site.region))
    free = person.sees_all and region is None
    after = request.args.get("after")
    parts = () if not after else (after.partition("|")[0], *after.partition("|")[2].rsplit("|", 1))
    if parts and len(parts) != 3:
        abort(400)
    return Choice(
        sites=mine,
        wanted=Wanted(None if free else sites, instrument, person_id if shopper else None),
        region=region,
        instrument=instrument,
        shopper=shopper,
        after=(parts[0], parts[1], parts[2]) if parts else None,
    )


def _reading(site_id: str, submission_id: str) -> Reading:
    database = services().database
    site = sites_store.find(database, site_id)
    if site is None or not people.may_see(me(), site):
        abort(404, NOT_YOURS)
    names = {
        row["person_id"]: row["name"] or row["email"] for row in people_store.everyone(database)
    }
    found = reviewing_desk.reading(database, site, submission_id, language(), names)
    if found is None:
        abort(404, NOT_YOURS)
    return found


def _page(site_id: str, submission_id: str, fault: tuple[str, Exception] | None = None) -> str:
    database = services().database
    with database.snapshot():
        found = _reading(site_id, submission_id)
        choice = _choice(database)
        following = reviewing_desk.following(database, choice.wanted, found.position)
        history = reviews.of(database, site_id, submission_id)
        others = reviewing.others_who_decide(database, site_id, history, me())
        shopper = found.shopper
        standing = shopper and certifying.standing(database, shopper.person_id, services().clock())
    mended = request.form if fault and fault[0] == "mend" else None
    editable = found.pending and found.case.instrument and not found.case.submission.erased_utc
    return render_template(
        "desk/review_one.html",
        found=found,
        case=found.case,
        choice=choice,
        following=following,
        others=others if found.appealed else [],
        fields=mending.fields(found.case, mended) if editable else [],
        fault=fault,
        typed=request.form,
        standing=standing,
        span=reviewing_desk.span,
        most=LONGEST_REASON,
        now=services().clock(),
        FLAGS=FLAGS,
        STATUSES=STATUSES,
    )


def _again(site_id: str, submission_id: str, action: str, error: Exception) -> Response:
    return Response(_page(site_id, submission_id, (action, error)), 422, mimetype="text/html")


def _to(site_id: str, submission_id: str) -> Response:
    asked = _choice(services().database).asked()
    address = url_for(".one", site_id=site_id, submission_id=submission_id, **asked)
    return redirect(address, 303)  # type: ignore[return-value]
