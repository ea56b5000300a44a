"""Interests: a shopper says where they are known, or have a share, and is never sent there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from surveys import audit
from surveys.sentences import Sentence
from surveys.store import interests as store
from surveys.store import sites as sites_store
from surveys.store import times, visits
from surveys.store.database import Database
from surveys.store.interests import Interest
from surveys.store.sites import Site

LONGEST_REASON = 500


class InterestError(ValueError):
    """It cannot be declared; the message says why and what to do."""


def of(db: Database, person_id: str) -> list[tuple[Interest, Site]]:
    """What somebody has declared, each with its site."""
    known = {site.site_id: site for site in sites_store.every(db)}
    return [(one, known[one.site_id]) for one in store.of_person(db, person_id)]


def wanted(sites: Sequence[Site], typed: str) -> Site:
    """The site that was chosen, or meant by what was typed: its name or its id.

    Raises :class:`InterestError`.
    """
    plain = " ".join(typed.split()).casefold()
    if not plain:
        raise InterestError(Sentence("Choose the place, or type its name."))
    exact = [site for site in sites if plain in (site.site_id.casefold(), site.name.casefold())]
    found = exact or [site for site in sites if plain in site.name.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(site.name for site in found[:5])
        raise InterestError(
            Sentence("Several places are called like that: {names}. Choose one.", names=named)
        )
    raise InterestError(Sentence("There is no place called “{typed}”.", typed=typed.strip()[:80]))


def declare(db: Database, at: datetime, person_id: str, site: Site, reason: str) -> int:
    """From now on nothing is offered to them there; open offers are withdrawn, which is answered.

    Raises :class:`InterestError` without a reason.
    """
    plain = " ".join(reason.split())[:LONGEST_REASON]
    if not plain:
        raise InterestError(Sentence("Say in a few words why: the owner reads it."))
    with db.transaction():
        store.declare(db, site.site_id, person_id, plain, times.text(at))
        withdrawn = 0
        for visit in visits.open_to(db, person_id):
            if visit.site_id == site.site_id:
                visits.answer_offer(
                    db, visit, person_id, "withdrawn", times.text(at), "interest declared"
                )
                withdrawn += 1
        audit.record(db, at, person_id, "declared", f"interest {site.site_id}", {"reason": plain})
    return withdrawn


def take_back(db: Database, at: datetime, person_id: str, site_id: str) -> None:
    """They may go there again. Raises :class:`InterestError`."""
    with db.transaction():
        if not store.end(db, site_id, person_id, times.text(at)):
            raise InterestError(Sentence("You have no such interest any more."))
        audit.record(db, at, person_id, "took back", f"interest {site_id}")
