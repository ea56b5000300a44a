"""The demonstration's shoppers and their visits: set, accepted and reported through the same doors.

One of them is the shopper whose link the demonstration prints: something is due, something comes,
something is offered, and one report came back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

from surveys import people_joining, reviewing, visits
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.visits import Visit

OTHERS = 4
FEE, EXPENSES, CURRENCY = "20", "15", "EUR"
BRIEFING = (
    "Go in as a customer would and wait to be spoken to. Buy something small, ask one question"
    " about it, and keep the receipt."
)
RETURNED = "Thank you, this reads well. What was promised is not clear yet: please say it again."
ON_A_QUESTION = "Please say in one sentence what you asked for."


class Field:
    """Whoever is sent. ``printed`` is the person whose link is printed."""

    def __init__(
        self, db: Database, at: datetime, printed: str, *, instrument: str, by: str
    ) -> None:
        self._db, self._printed, self._instrument, self._by = db, printed, instrument, by
        self._others = [self._join(number, at) for number in range(2, OTHERS + 2)]
        self._turns = cycle([*self._others, printed])

    def _join(self, number: int, at: datetime) -> str:
        email = f"shopper{number}@juniper.example"
        token = people_joining.invite(self._db, at, email=email, role="shopper", by=self._by)
        with self._db.transaction():
            name = f"Demonstration shopper {number}"
            return people_joining.enter(self._db, at, token, name=name).person_id

    def visited(self, site: Site, finished: datetime, *, printed: bool = False) -> str:
        """The token of a visit that was reported then; of the printed shopper, or of each in turn.
        Part of the caller's transaction."""
        shopper = self._printed if printed else next(self._turns)
        visit = self._accepted(site, finished - timedelta(days=3), shopper, -2, 6)
        assert visit.token is not None  # noqa: S101 - just accepted
        return visit.token

    def give_work(self, sites: Sequence[Site], now: datetime) -> None:
        """What the printed shopper has before them. Sites are taken in turn."""
        place = cycle(sites)
        with self._db.transaction():
            self._accepted(next(place), now - timedelta(days=2), self._printed, -1, 2)
            self._accepted(next(place), now - timedelta(days=1), self._printed, 4, 9, "closing")
            for days in (7, 12):
                offered = [self._printed, self._others[days % OTHERS]]
                self._set(next(place), now, offered, days - 4, days)

    def return_report(self, site_id: str, submission_id: str, now: datetime) -> None:
        reviewing.give_back(
            self._db,
            site_id,
            submission_id,
            self._by,
            now,
            words=RETURNED,
            comments={"request": ON_A_QUESTION},
        )

    def _accepted(
        self, site: Site, at: datetime, shopper: str, first: int, last: int, edge: str = ""
    ) -> Visit:
        return visits.take(self._db, at, self._set(site, at, [shopper], first, last, edge), shopper)

    def _set(
        self,
        site: Site,
        at: datetime,
        offered_to: Sequence[str],
        first: int,
        last: int,
        edge: str = "",
    ) -> Visit:
        """From ``first`` to ``last``, in days from ``at``."""
        day = at.astimezone(ZoneInfo(site.timezone)).date()
        return visits.make(
            self._db,
            at,
            site_id=site.site_id,
            instrument=self._instrument,
            not_before=day + timedelta(days=first),
            due=day + timedelta(days=last),
            edge=edge,
            briefing=BRIEFING,
            fee=FEE,
            expenses=EXPENSES,
            currency=CURRENCY,
            offered_to=offered_to,
            by=self._by,
        )
