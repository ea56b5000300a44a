"""The audit: who did what, newest first."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, abort, render_template, request

from surveys import audit_words
from surveys.audit_acts import ACTS, KINDS
from surveys.sentences import Sentence
from surveys.store import audit as store
from surveys.store import people as people_store
from surveys.store import sites as sites_store
from surveys.store import times
from surveys.store.audit import Wanted
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.speech import language, zone

blueprint = Blueprint("audit", __name__)

A_PAGE = 50
NO_DAY = Sentence("That is not a day. Go back and write it like 2026-11-22.")
FIELDS = ("person", "action", "about", "from", "to")
CHOICES = {
    kind: {f"{action}:{kind}": act.name for (action, of), act in ACTS.items() if of == kind}
    for kind in KINDS
}
"""By kind of subject, what can have been done, as it stands in an address."""

THE_SERVER = "-"
"""The command line, in an address."""


@blueprint.get("/desk/audit")
@needs("owner")
def lines() -> str:
    database = services().database
    asked = {name: request.args.get(name, "").strip() for name in FIELDS}
    with database.snapshot():
        rows = list(store.newest_first(database, A_PAGE + 1, _wanted(asked), _position()))
        entries = audit_words.entries(database, rows[:A_PAGE], language())
        everyone = [
            (row["person_id"], row["name"] or row["email"])
            for row in people_store.everyone(database)
        ]
    further = f"{entries[-1].at_utc}|{entries[-1].audit_id}" if len(rows) > A_PAGE else None
    return render_template(
        "desk/audit.html",
        entries=entries,
        asked=asked,
        chosen={name: value for name, value in asked.items() if value},
        everyone=everyone,
        kinds=KINDS,
        choices=CHOICES,
        further=further,
        THE_SERVER=THE_SERVER,
    )


def _wanted(asked: dict[str, str]) -> Wanted:
    first, last = _day(asked["from"]), _day(asked["to"])
    person = asked["person"] or None
    action, _, kind = asked["action"].partition(":")
    return Wanted(
        person_id="" if person == THE_SERVER else person,
        action=action or None,
        kind=kind or None,
        about=_about(asked["about"]),
        since=_begin(first),
        until=_begin(last + timedelta(days=1)) if last else None,
    )


def _about(text: str) -> str | None:
    """What to look for: of a site's name its id, by which the audit knows it."""
    for site in sites_store.every(services().database):
        if text and text.casefold() == site.name.casefold():
            return site.site_id
    return text or None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        abort(400, NO_DAY)
    if found is not None and not 1900 < found.year < 9000:
        abort(400, NO_DAY)
    return found


def _begin(day: date | None) -> str | None:
    """The first moment of a day where the reader is."""
    if day is None:
        return None
    return times.text(datetime.combine(day, time(), zone()).astimezone(UTC))


def _position() -> store.Position | None:
    at, _, audit_id = request.args.get("before", "").partition("|")
    return (at, audit_id) if at else None
