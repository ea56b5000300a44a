"""Visits from a CSV: every bad row named by line and column, nothing set until all are right.

A row that is there already (same site, form, deadline and hour, and not cancelled) is left out, so
that a file that is imported twice sets nothing twice.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from surveys import audit, csv_reading, planning, visit_facts, visits, visits_desk, visits_eligible
from surveys.csv_reading import CellFault, Columns, Faulty, Reader
from surveys.people import Person
from surveys.planning import Stay
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store import visit_lists
from surveys.store import visits as store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.visit_facts import Facts

NAMES = (
    *("site_id", "due", "not_before", "instrument", "edge", "briefing", "certificate", "fee"),
    *("expenses", "currency", "shoppers"),
)
COLUMNS = Columns(NAMES, ("site_id", "due"))
MOST_ROWS = 5000
_BETWEEN = re.compile(r"[\s;,]+")


@dataclass(frozen=True)
class Row:
    """One row that is right: its line in the file, what is set, and to whom it is offered."""

    line: int
    facts: Facts
    site: Site
    shoppers: tuple[Person, ...]
    there: bool = False


@dataclass(frozen=True)
class VisitsFile:
    """A file that is right, and headers that Touchstone has no use for."""

    rows: tuple[Row, ...]
    ignored: tuple[str, ...]

    @property
    def new(self) -> list[Row]:
        return [row for row in self.rows if not row.there]

    @property
    def fingerprint(self) -> str:
        """The same for the same visits to be set: what was shown is what is done."""
        parts = [(row.facts, [one.person_id for one in row.shoppers]) for row in self.new]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def read(db: Database, at: datetime, data: bytes) -> VisitsFile:
    """What a file would set. Raises :class:`Faulty` with everything that is wrong."""
    reader = Reader(data, COLUMNS)
    taking = _Taking(db, at)
    rows: list[Row] = []
    for number, line in enumerate(reader.lines(), start=1):
        if line.fault is not None:
            taking.faults.append(line.fault)
        elif number > MOST_ROWS:
            many = Sentence("The file has more than {n} rows. Import it in parts", n=MOST_ROWS)
            taking.faults.append(CellFault(line.number, "", many))
            break
        elif (row := taking.row(line.number, line.values)) is not None:
            rows.append(row)
    if not rows and not taking.faults:
        none = Sentence("There is no visit under the header. Add a row per visit")
        taking.faults.append(CellFault(2, "", none))
    if taking.faults:
        raise Faulty(sorted(taking.faults, key=lambda fault: fault.line))
    return VisitsFile(tuple(rows), reader.ignored)


def take_in(
    db: Database, at: datetime, data: bytes, *, by: str = "", shown: str | None = None
) -> VisitsFile | None:
    """Set what :func:`read` finds, all of it or none; None if it is not what was ``shown``, by its
    fingerprint. Raises :class:`Faulty`."""
    with db.transaction():
        found = read(db, at, data)
        if shown is not None and found.fingerprint != shown:
            return None
        for row in found.new:
            facts = row.facts
            visits.make(
                db,
                at,
                site_id=facts.site_id,
                instrument=facts.instrument,
                not_before=facts.not_before,
                due=facts.due,
                edge=facts.edge,
                offered_to=[one.person_id for one in row.shoppers],
                by=by,
                **vars(facts.terms),
            )
        if found.new:
            audit.record(db, at, by, "imported", "visits", {"n": len(found.new)})
    return found


class _Taking:
    """Rows one by one against all that is known, the rows before them too."""

    def __init__(self, db: Database, at: datetime) -> None:
        self.faults: list[CellFault] = []
        self._db, self._at = db, at
        self._sites = {site.site_id: site for site in sites_store.every(db)}
        self._shoppers = visits_eligible.shoppers(db)
        numbers = store.numbers(db)
        self._by_word = {person.email: person for person in self._shoppers} | {
            str(numbers[person.person_id]): person
            for person in self._shoppers
            if person.person_id in numbers
        }
        self._forms = [form.key for form in visits_desk.instruments(db)]
        self._barred = {
            needed: visits_eligible.barring(db, at, certificate=needed) for needed in (True, False)
        }
        self._there = Counter(
            (visit.site_id, visit.instrument, visit.due, visit.edge)
            for visit in visit_lists.due(db, at.date() - timedelta(days=1), date.max)
            if visit.status != "cancelled"
        )
        self._rotation: dict[str, int] = {}
        self._stays: dict[str, list[Stay]] = {}
        for stay in visits_eligible.stays(db, date.min, date.max):
            self._stays.setdefault(stay.site_id, []).append(stay)

    def row(self, line: int, values: Mapping[str, str]) -> Row | None:
        if not values["instrument"].strip() and len(self._forms) == 1:
            values = {**values, "instrument": self._forms[0]}
        facts, wrong = visit_facts.check(values)
        wrong = visits_desk.faults_of_places(self._db, self._at, facts) | wrong
        found = [CellFault(line, column, message) for column, message in wrong.items()]
        site = self._sites.get(facts.site_id)
        people: tuple[Person, ...] = ()
        key = (facts.site_id, facts.instrument, facts.due.isoformat(), facts.edge)
        there = not found and self._there[key] > 0
        if not found and not there and site is not None:
            people, unfit = self._offered_to(facts, site, values["shoppers"])
            found += [CellFault(line, "shoppers", message) for message in unfit]
        self.faults += found
        if found or site is None:
            return None
        self._there[key] -= there
        return Row(line, facts, site, people, there)

    def _offered_to(
        self, facts: Facts, site: Site, words: str
    ) -> tuple[tuple[Person, ...], list[Sentence]]:
        first = facts.not_before or visits_desk.today(self._at, site)
        known = self._stays.setdefault(site.site_id, [])
        if site.site_id not in self._rotation:
            self._rotation[site.site_id] = visits_eligible.rotation_at(self._db, site)
        people, wrong = {}, []
        for word in dict.fromkeys(_words(words)):
            person = self._by_word.get(word.casefold())
            if person is None:
                wrong.append(
                    Sentence(
                        "There is no active shopper “{word}”. Write an e-mail address or a"
                        " shopper’s number, several with a blank between",
                        word=word[:80],
                    )
                )
                continue
            why = self._barred[facts.terms.certificate](
                site.site_id, person.person_id
            ) or planning.rotation_kept(
                known, person.person_id, first, facts.due, self._rotation[site.site_id]
            )
            if why is not None:
                wrong.append(
                    Sentence("{shopper} may not go there. {why}", shopper=word[:80], why=why)
                )
            people[person.person_id] = person
        known += [Stay(site.site_id, person_id, first, facts.due) for person_id in people]
        return tuple(people.values()), wrong


def _words(text: str) -> Iterator[str]:
    return (word for word in _BETWEEN.split(text) if word)


def template() -> bytes:
    """A CSV to fill in, with one example under its header."""
    example = (
        *("0417", "2026-12-15", "2026-12-01", "visit", "closing", "Ask for a gift.", "", "25"),
        *("12.50", "EUR", "ana@example.org ben@example.org"),
    )
    return csv_reading.written(NAMES, [example])
