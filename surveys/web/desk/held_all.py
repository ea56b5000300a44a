"""All that is held of one kind, decided at once: a page that says what will happen, then steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for

from surveys import holding_bulk, holding_desk, holding_kinds, publishing
from surveys.holding_bulk import Decision
from surveys.holding_errors import HoldingError
from surveys.store import times
from surveys.web.desk.held import DECIDE
from surveys.web.desk.held_choice import Choice, position, read, written
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext

blueprint = Blueprint("held_all", __name__)


@dataclass(frozen=True)
class Progress:
    """What has become of the ``n`` there were."""

    n: int
    done: int
    stayed: int
    gone: int

    @property
    def left(self) -> int:
        return max(0, self.n - self.done - self.stayed - self.gone)


@blueprint.get("/desk/held/all")
@needs(*DECIDE)
def about_all() -> str:
    return _page(_choice())


@blueprint.post("/desk/held/all")
@needs(*DECIDE)
def decide() -> Response:
    choice = _choice()
    decision = Decision(_action(), request.form.get("reason", ""), request.form.get("form") or None)
    wanted = choice.wanted(until=_until())
    person_id, at = me().person_id, services().clock()
    progress = Progress(*(_number(name) for name in ("n", "done", "stayed", "gone")))
    database = services().database
    if "after" not in request.form:
        try:
            holding_bulk.begin(database, wanted, decision, person_id, at, n=progress.n)
        except HoldingError as error:
            return Response(_page(choice, (decision.action, error)), 422, mimetype="text/html")
    step = holding_bulk.step(
        database, wanted, decision, person_id, at, position(request.form.get("after"))
    )
    progress = Progress(
        progress.n,
        progress.done + step.done,
        progress.stayed + step.stayed,
        progress.gone + step.gone,
    )
    if step.position is not None:
        page = render_template(
            "desk/held_progress.html",
            choice=choice,
            decision=decision,
            progress=progress,
            until=wanted.until,
            further=written(step.position),
            KINDS=holding_desk.KINDS,
        )
        return Response(page, mimetype="text/html")
    _tell(decision, progress)
    stays = choice.asked() if progress.stayed else choice.asked(kind=None, code=None)
    return redirect(url_for("held.listed", **stays), 303)  # type: ignore[return-value]


def _page(choice: Choice, fault: tuple[str, Exception] | None = None) -> str:
    database = services().database
    now = services().clock()
    with database.snapshot():
        overview = holding_desk.overview(database, choice.sites, choice.token)
        forms = [
            found
            for key in publishing.keys(database)
            for found in publishing.versions(database, key)
        ]
    withdrawn = [one for one in overview.withdrawn if one.token.token == choice.token]
    return render_template(
        "desk/held_all.html",
        choice=choice,
        count=overview.kinds.get(choice.kind or "", holding_desk.Count()),
        withdrawn=withdrawn[0] if withdrawn else None,
        forms_known=[] if choice.kind == holding_kinds.OTHER_CONTENT else forms,
        until=request.form.get("until") or times.text(now),
        fault=fault,
        typed=request.form,
        KINDS=holding_desk.KINDS,
    )


def _tell(decision: Decision, progress: Progress) -> None:
    if decision.action == "accept":
        flash(ngettext("{n} was accepted.", "{n} were accepted.", progress.done))
    else:
        flash(ngettext("{n} was rejected.", "{n} were rejected.", progress.done))
    if progress.stayed:
        flash(
            ngettext(
                "{n} does not fit and still waits: mend it, or choose another version.",
                "{n} do not fit and still wait: mend them, or choose another version.",
                progress.stayed,
            )
        )
    if progress.gone:
        flash(
            ngettext(
                "{n} had been decided by somebody else meanwhile.",
                "{n} had been decided by somebody else meanwhile.",
                progress.gone,
            )
        )
    if not progress.done and not progress.stayed and not progress.gone:
        flash(_("Nothing of that kind waits any more."))


def _choice() -> Choice:
    choice = read(services().database, me())
    if choice.kind is None:
        abort(404)
    return choice


def _action() -> Literal["accept", "reject"]:
    action = request.form.get("action")
    if action not in ("accept", "reject"):
        abort(400)
    return "accept" if action == "accept" else "reject"


def _until() -> str:
    try:
        return times.text(datetime.fromisoformat(request.form.get("until", "")))
    except (ValueError, OverflowError):
        abort(400)


def _number(name: str) -> int:
    return max(0, request.form.get(name, 0, int))
