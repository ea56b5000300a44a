"""The visits of a month as the desk lists them: their states, counts, and what wants a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from surveys import people
from surveys.people import Person
from surveys.store import interests, sites, visit_lists
from surveys.store import visits as store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.visits import Offer, Visit
from surveys.visits import Seen, may_read

KINDS = (
    *("late", "refused", "offered", "accepted", "pending", "held", "returned", "counted"),
    *("rejected", "cancelled"),
)
"""Of a visit in a list, what wants somebody first: its state, or late, or declined by everybody."""


@dataclass(frozen=True)
class Listed:
    """One visit of the list. ``conflict``: whoever accepted it has an interest there since."""

    seen: Seen
    offers: Sequence[Offer]
    late: bool
    conflict: bool = False

    @property
    def kind(self) -> str:
        if self.late:
            return "late"
        return "refused" if self.refused else self.seen.state

    @property
    def refused(self) -> bool:
        """Whether nobody is left who could take it."""
        return self.seen.state == "offered" and not any(
            offer.status == "open" for offer in self.offers
        )

    @property
    def wants_somebody(self) -> bool:
        return self.late or self.refused or self.conflict


@dataclass(frozen=True)
class Filter:
    """What is wanted of a month; "" is all."""

    NAMES: ClassVar = ("site", "region", "shopper", "state")
    """As an address calls them, in order."""

    site_id: str = ""
    region: str = ""
    shopper: str = ""
    kind: str = ""

    def asked(self) -> dict[str, str]:
        """As an address says it, what is all left out."""
        values = (self.site_id, self.region, self.shopper, self.kind)
        return {name: value for name, value in zip(self.NAMES, values, strict=True) if value}

    def holds(self, row: Listed) -> bool:
        seen = row.seen
        return (
            self.site_id in ("", seen.site.site_id)
            and self.region in ("", seen.site.region)
            and (
                self.shopper in ("", seen.visit.person_id)
                or any(offer.person_id == self.shopper for offer in row.offers)
            )
        )


def month(
    db: Database, at: datetime, reader: Person | None, first: date, last: date
) -> list[Listed]:
    """The visits due in these days at the sites that ``reader`` may see (None: all), the first due
    first."""
    return _listed(
        db,
        at,
        reader,
        visit_lists.due(db, first, last),
        visit_lists.offers_due(db, first, last),
        visit_lists.reports_due(db, first, last),
    )


def wanting(db: Database, at: datetime, reader: Person) -> list[Listed]:
    """Of all times: what is late, what nobody takes, and where an interest was declared after."""
    found = visit_lists.without_report(db)
    rows = _listed(db, at, reader, found, visit_lists.offers_without_report(db), {})
    return [row for row in rows if row.wants_somebody]


def _listed(
    db: Database,
    at: datetime,
    reader: Person | None,
    visits: Iterable[Visit],
    offers: Mapping[visit_lists.Key, Sequence[Offer]],
    reports: Mapping[visit_lists.Key, Sequence[store.Report]],
) -> list[Listed]:
    mine = places(db, reader)
    declared = {(one.site_id, one.person_id) for one in interests.every(db)}
    rows = []
    for visit in visits:
        if visit.site_id not in mine:
            continue
        key = (visit.site_id, visit.visit_id)
        seen = Seen(visit, mine[visit.site_id], reports.get(key, ()))
        if reader is not None and not may_read(reader, seen):
            continue
        conflict = seen.state == "accepted" and (visit.site_id, visit.person_id) in declared
        rows.append(Listed(seen, offers.get(key, ()), seen.is_late(at), conflict))
    return rows


def counts(rows: Iterable[Listed]) -> dict[str, int]:
    """How many of each kind there are, in the order of :data:`KINDS`."""
    found = Counter(row.kind for row in rows)
    return {kind: found[kind] for kind in KINDS if found[kind]}


def places(db: Database, reader: Person | None) -> dict[str, Site]:
    """The sites whose visits ``reader`` may see (None: all), by id."""
    return {
        site.site_id: site
        for site in sites.every(db)
        if reader is None or people.may_see(reader, site)
    }
