"""A demonstration: a chain with known truth, filled through the same door as real submissions.

The truth (how good each site really is) is written beside the data as ``demo-truth.json``, so that
figures can be held against it. The same seed gives the same sites, ids and answers; codes are as
unguessable as ever, and the days end today.
"""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any
from zoneinfo import ZoneInfo

from surveys import codes, holding, people, people_joining, publishing, setup, voices
from surveys import sites as places
from surveys.demo_chain import DIMENSIONS, Truth, sites, truth
from surveys.demo_field import Field
from surveys.demo_people import Visit, chance, finished, record
from surveys.draw import blocks
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.intake import Intake
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.voices import MANAGER_FORECAST, OBSERVING, STAFF_FORECAST

TRUTH_FILE = "demo-truth.json"

ORGANISATION = "Juniper"
OWNER = "owner@juniper.example"
MANAGER = "manager@juniper.example"
STAFF = "staff@juniper.example"
SHOPPER = "shopper@juniper.example"

BY_SHOPPERS = 0.04  # of the submissions
LATE = 0.04  # waited on a phone without signal
WRONG_CLOCK = 0.015  # came from a phone whose clock is off
TWICE = 0.01  # were sent again, because the answer to the first sending was lost
AT_THE_TILL = 0.3  # of the customers of every third site, which has a second poster there
OLD_POSTER = "arrival"  # one poster was withdrawn; some phones still hold its form
# Of each site in turn: forecasts of staff, forecasts of managers, hours observed. Some are too few
# to be shown.
INSIDE = ((4, 5, 8), (7, 3, 6), (9, 2, 3), (6, 6, 5))
OF_VOICES = (STAFF_FORECAST, MANAGER_FORECAST, OBSERVING)
ENOUGH = 20  # submissions a site, from which on those who work there answer too
REVIEWED_AFTER = timedelta(hours=20)
BATCH = 250  # submissions in one transaction


class DemoFault(RuntimeError):
    """Intake did not answer as it must: the demonstration found a fault in the program."""


@dataclass(frozen=True)
class Wanted:
    """How large a demonstration is. ``submissions`` are those of customers and shoppers."""

    sites: int = 24
    days: int = 90
    submissions: int = 5000
    seed: int = 1

    @property
    def inside(self) -> int:
        """How many come from those who work there, besides ``submissions``."""
        if self.submissions < ENOUGH * self.sites:
            return 0
        return sum(sum(INSIDE[place % len(INSIDE)]) for place in range(self.sites))


@dataclass(frozen=True)
class Made:
    """What was made, for whoever is told. ``statuses`` counts the receipts by status."""

    sites: tuple[Site, ...]
    codes: dict[str, str]
    region: str
    staffed: Site
    shopper_token: str
    statuses: Counter[str]


@dataclass(frozen=True)
class _Coming:
    """One arrival. ``again`` marks a replay of what has arrived before."""

    received: datetime
    number: int
    again: bool = False


def fill(
    installation: Installation,
    wanted: Wanted,
    *,
    password: str,
    now: datetime,
    done: Callable[[int], None] = lambda submissions: None,
) -> Made:
    """Fill an empty installation; ``done`` is told how many submissions have come in.

    ``password`` becomes the owner's, the manager's and the staff's. Raises
    ``surveys.people.PeopleError`` for a password that may not be, before anything is written, and
    :class:`DemoFault`.
    """
    db = installation.database()
    chain = sites(wanted.sites)
    started = now - timedelta(days=wanted.days)
    owner = people_joining.enrol(
        db, now, email=OWNER, name="Demonstration owner", role="owner", password=password
    )
    setup.name_organisation(db, ORGANISATION, at=now, by=owner.person_id)
    setup.dismiss(db, at=now, by=owner.person_id)  # there is nothing to set up in an example
    publishing.publish_shipped(db, started)
    places.take_in(db, chain, at=started)
    second = chain[min(1, len(chain) - 1)]
    region = second.region
    people_joining.enrol(
        db,
        now,
        email=MANAGER,
        name="Demonstration manager",
        role="manager",
        password=password,
        regions=[region],
    )
    people_joining.enrol(
        db,
        now,
        email=STAFF,
        name="Demonstration staff",
        role="staff",
        password=password,
        sites=[second.site_id],
    )
    shopper = people_joining.invite(db, now, email=SHOPPER, role="shopper", by=owner.person_id)
    levels = truth(chain, wanted.seed)
    document = json.dumps(levels.as_document(), ensure_ascii=False, indent=1)
    (installation.folder / TRUTH_FILE).write_text(document + "\n", encoding="utf-8")
    printed = people.find_email(db, SHOPPER)
    assert printed is not None  # noqa: S101 - just invited
    crowd = _Crowd(db, chain, levels, wanted, now, owner.person_id, printed.person_id)
    statuses = crowd.arrive(done)
    return Made(tuple(chain), crowd.codes, region, second, shopper, statuses)


class _Crowd:
    """Everybody who answers in these days."""

    def __init__(
        self,
        db: Database,
        chain: list[Site],
        levels: Truth,
        wanted: Wanted,
        now: datetime,
        reviewer: str,
        shopper: str,
    ) -> None:
        self._db = db
        self._chain = chain
        self._truth = levels
        self._wanted = wanted
        self._now = now
        self._reviewer = reviewer
        started = now - timedelta(days=wanted.days)
        self._field = Field(db, started, shopper, instrument="visit", by=reviewer)
        self._shoppers = round(wanted.submissions * BY_SHOPPERS)
        self._last_report: tuple[str, str] | None = None
        self.codes = {
            site.site_id: codes.issue(db, site.site_id, None, codes.COUNTER, started)
            for site in chain
        }
        self._payment = {
            site.site_id: codes.issue(db, site.site_id, "payment", codes.COUNTER, started)
            for site in chain[::3]
        }
        self._old_code = codes.issue(db, chain[0].site_id, OLD_POSTER, codes.COUNTER, started)
        codes.withdraw(
            db,
            self._old_code,
            "The poster at the entrance was painted over.",
            now - timedelta(days=wanted.days * 0.6),
        )
        self._links = {
            (site.site_id, voice): voices.issue(db, site.site_id, voice, started)
            for site in (chain if wanted.inside else ())
            for voice in OF_VOICES
        }
        self._counter, self._visit = _published(db, "counter"), _published(db, "visit")
        dice = random.Random(f"{wanted.seed}:traffic")  # noqa: S311 - a simulation
        self._traffic = [
            dice.uniform(0.5, 2.0) * (1 if site.kind == "external" else 0.4) for site in chain
        ]
        self._held = min(max(3, wanted.submissions // 800), wanted.submissions // 10)
        self._visits: list[Visit] = []

    def arrive(self, done: Callable[[int], None]) -> Counter[str]:
        """Send everything through intake, in the order of its arrival."""
        self._visits = list(self._everybody())
        coming = iter(sorted(self._arrivals(), key=lambda c: (c.received, c.number, c.again)))
        intake = Intake(lambda work: work(self._db))
        statuses: Counter[str] = Counter()
        while batch := list(islice(coming, BATCH)):
            with self._db.transaction():  # one flush to the disk for many arrivals
                for arrival in batch:
                    statuses[self._send(intake, arrival)] += 1
            done(sum(not arrival.again for arrival in batch))
        self._field.give_work(self._chain, self._now)
        if self._last_report is not None:
            self._field.return_report(*self._last_report, self._now)
        return statuses

    def _everybody(self) -> Iterator[Visit]:
        wanted = self._wanted
        shoppers = self._shoppers
        drawing = {site.site_id: self._drawing(site) for site in self._chain}
        with self._db.transaction():
            for number in range(wanted.submissions):
                dice = chance(wanted.seed, "place", number)
                if number < shoppers:
                    # Shoppers are sent: every site in turn.
                    site = self._chain[number % len(self._chain)]
                    visit = Visit(number, site, "", self._visit, (), self._visit.source)
                    at = self._finished(visit)
                    token = self._field.visited(site, at, printed=number == shoppers - 1)
                    yield replace(visit, token=token)
                    continue
                site = dice.choices(self._chain, weights=self._traffic)[0]
                code = self.codes[site.site_id]
                if site.site_id in self._payment and dice.random() < AT_THE_TILL:
                    code = self._payment[site.site_id]
                drawn = next(drawing[site.site_id])
                yield Visit(number, site, code, self._counter, drawn, self._counter.source)
        yield from self._inside()

    def _inside(self) -> Iterator[Visit]:
        """Those who work there; numbered after all others, whom they leave as they are."""
        if not self._wanted.inside:
            return
        numbers = count(self._wanted.submissions)
        forms = {voice: _published(self._db, voice.instrument) for voice in OF_VOICES}
        for place, site in enumerate(self._chain):
            for voice, many in zip(OF_VOICES, INSIDE[place % len(INSIDE)], strict=True):
                token = self._links[site.site_id, voice]
                for _ in range(many):
                    yield Visit(next(numbers), site, token, forms[voice], (), voice.source)

    def _drawing(self, site: Site) -> Iterator[tuple[str, ...]]:
        """What one customer after the other is asked: all blocks in turn, in ever new orders."""
        draw = self._counter.draw
        assert draw is not None  # noqa: S101 - counter.yaml draws
        keys = [item.key for item in draw.items]
        order = list(blocks(len(keys), draw.count))
        dice = random.Random(f"{self._wanted.seed}:draw:{site.site_id}")  # noqa: S311
        while True:
            dice.shuffle(order)
            for block in order:
                yield tuple(keys[place] for place in block)

    def _arrivals(self) -> Iterator[_Coming]:
        for visit in self._visits:
            dice = chance(self._wanted.seed, "arrival", visit.number)
            received = self._finished(visit) + timedelta(seconds=dice.uniform(0.3, 3.0))
            if dice.random() < LATE or visit.instrument is self._visit:
                received += timedelta(hours=dice.expovariate(1 / 8))
            received = min(received, self._now)
            yield _Coming(received, visit.number)
            if dice.random() < TWICE:
                later = min(received + timedelta(seconds=40), self._now)
                yield _Coming(later, visit.number, again=True)

    def _finished(self, visit: Visit) -> datetime:
        dice = chance(self._wanted.seed, "time", visit.number)
        return finished(dice, ZoneInfo(visit.site.timezone), self._now, self._wanted.days)

    def _send(self, intake: Intake, arrival: _Coming) -> str:
        visit = self._visits[arrival.number]
        dice = chance(self._wanted.seed, "clock", arrival.number)
        wrong = timedelta(hours=dice.uniform(-60, 60))
        skew = wrong if dice.random() < WRONG_CLOCK else timedelta()
        sent = record(self._wanted.seed, visit, self._truth, self._finished(visit) + skew)
        held = self._spoil(sent, arrival.number)
        (receipt,) = intake.receive(
            [sent],
            received=arrival.received,
            sent_at=(arrival.received + skew).isoformat(timespec="milliseconds"),
        )
        expected = "duplicate" if arrival.again else "held" if held else "accepted"
        if receipt.status != expected:
            why = "; ".join(f"{p.path}: {p.message}" for p in receipt.problems)
            raise DemoFault(
                f"Submission {receipt.id} should be {expected} and is {receipt.status}. {why}"
            )
        if visit.instrument is self._visit and visit.number == self._shoppers - 1:
            self._last_report = (visit.site.site_id, sent["id"])
        elif expected == "accepted" and visit.instrument.review != "none":
            at = min(arrival.received + REVIEWED_AFTER, self._now)
            site_id = visit.site.site_id
            holding.accept(self._db, site_id, sent["id"], self._reviewer, at, within=True)
        return receipt.status

    def _spoil(self, sent: dict[str, Any], number: int) -> bool:
        """Make the last few such that they are held, each for a reason of its own."""
        place = self._wanted.submissions - 1 - number
        if not 0 <= place < self._held:
            return False
        if place % 4 == 0:
            sent["token"] = self._old_code
        elif place % 4 == 1:
            sent["form"] = f"{self._counter.key}@000000000000"
        elif place % 4 == 3:
            sent["replaces"] = str(uuid.UUID(int=number, version=4))  # and no secret to prove it
        else:
            rated = next(key for key in sent["asked"] if key in DIMENSIONS)
            sent["answers"][rated] = 9
        return True


def _published(db: Database, key: str) -> Instrument:
    found = publishing.newest(db, key)
    if found is None:
        raise DemoFault(f"The instrument “{key}” is not published.")
    return found
