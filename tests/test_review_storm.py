"""Whatever phones, shoppers, reviewers and the clock do, in whatever order: every report is here
once, a visit counts once, and the figures follow."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from surveys import holding, reviewing, reviewing_hours, visits
from surveys.erasure import erase
from surveys.holding import HoldingError
from surveys.installation import Installation
from surveys.intake import Intake
from surveys.people import Person
from surveys.rebuild import rebuild
from surveys.store import reviews, submissions
from surveys.store import visits as visits_store
from surveys.store.submissions import Submission
from surveys.store.visits import Visit
from surveys.store.writer import GroupCommit
from tests.conftest import NOW
from tests.desk_people import enrol
from tests.field import FACTS, accepted_visit, add_phone, add_shopper, reviewed
from tests.records import SECRET, SECRET_SHA256

Sent = dict[str, Any]


class Storm:
    """Random acts over two shoppers' visits at one site, with two reviewers."""

    def __init__(self, chain: Installation, seed: int) -> None:
        self.chain, self.db = chain, chain.database()
        self.form = reviewed(chain)
        self.dice = random.Random(seed)
        self.group = GroupCommit(chain.new_database)
        self.intake = Intake(self.group.run)
        self.shoppers = [add_shopper(chain, name) for name in ("ana", "ben")]
        self.reviewers = [enrol(self.db, "reviewer") for _ in range(2)]
        self.now = NOW
        self.sent: list[Sent] = []
        self.kept: list[Sent] = []  # finished on a phone, and without a signal
        self.visits: list[Visit] = []
        self.welcome: dict[str, int] = {}  # as it is read today
        for shopper in self.shoppers:
            add_phone(chain, shopper)
            self.set_visit(shopper)

    def act(self) -> None:
        phones = [
            *[self.report] * 5,
            *[self.keep] * 2,
            self.send_kept,
            self.replay,
            self.phone_lost,
        ]
        people = [self.accept, self.give_back, self.reject, self.mend, self.appeal, self.answer]
        self.dice.choice([*phones, *people, *people, self.erase, self.hours, self.set_visit])()

    # --- phones -------------------------------------------------------------------------------

    def set_visit(self, shopper: Person | None = None) -> None:
        if len(self.visits) < 5:
            whose = shopper or self.dice.choice(self.shoppers)
            self.visits.append(accepted_visit(self.chain, whose))

    def finish(self) -> Sent:
        """A report as a phone has it; often in place of an earlier one, of which it may not have
        heard whether it arrived."""
        visit = self.visit(self.dice.choice(self.visits))
        level = self.dice.choice([1, 2, 3, 5, 6, 6, 7, 9])
        record = {
            "id": str(uuid.UUID(int=self.dice.getrandbits(128), version=4)),
            "form": self.form,
            "token": visit.token,
            "answers": {**FACTS, "welcome": level},
            "finished_at": "2026-11-22T09:50:00+01:00",
            "secret_sha256": SECRET_SHA256,
        }
        earlier = [one for one in (*self.sent, *self.kept) if one["token"] == visit.token]
        if earlier and self.dice.random() < 0.6:
            record["replaces"] = self.dice.choice(earlier)["id"]
        self.welcome[str(record["id"])] = level
        return record

    def post(self, record: Sent) -> None:
        (receipt,) = self.intake.receive([record], received=self.now)
        assert receipt.status in ("accepted", "held", "duplicate"), receipt
        if record not in self.sent:
            self.sent.append(record)

    def report(self) -> None:
        self.post(self.finish())

    def keep(self) -> None:
        self.kept.append(self.finish())

    def send_kept(self) -> None:
        self.dice.shuffle(self.kept)
        while self.kept:
            self.post(self.kept.pop())

    def replay(self) -> None:
        if self.sent:
            self.post(self.dice.choice(self.sent))

    def phone_lost(self) -> None:
        if self.dice.random() < 0.3:
            shopper = self.dice.choice(self.shoppers)
            with self.db.transaction():
                visits.renew_tokens(self.db, self.now, shopper.person_id, "lost")

    def erase(self) -> None:
        if self.sent and self.dice.random() < 0.4:
            assert erase(
                self.db, self.chain.files, self.dice.choice(self.sent)["id"], SECRET, self.now
            )

    # --- people and the clock -----------------------------------------------------------------

    def about(self) -> tuple[Any, ...]:
        """Any report, whatever it is: people are late, and addresses are kept."""
        reviewer = self.dice.choice(self.reviewers)
        record = self.dice.choice(self.sent)
        return self.db, "vienna-1", record["id"], reviewer.person_id, self.now

    def decide(self, act: Any, **words: Any) -> bool:
        if not self.sent:
            return False
        with suppress(HoldingError):
            act(*self.about(), **words)
            return True
        return False

    def accept(self) -> None:
        self.decide(holding.accept)

    def give_back(self) -> None:
        self.decide(reviewing.give_back, words="Again.", comments={"welcome": "How?"})

    def reject(self) -> None:
        self.decide(holding.reject, reason="No.")

    def mend(self) -> None:
        if not self.sent:
            return
        about, level = self.about(), self.dice.choice([2, 4, 8])
        with suppress(HoldingError):
            holding.mend(*about, answers={"welcome": level}, reason="A slip.")
            self.welcome[about[2]] = level

    def appeal(self) -> None:
        for record in self.sent:
            report = visits_store.report(self.db, "vienna-1", record["id"])
            assert report is not None
            if report.status == "rejected" and self.dice.random() < 0.5:
                key = (self.db, "vienna-1", record["id"], report.person_id, self.now)
                with suppress(HoldingError):
                    reviewing.appeal(*key, "I was there.")

    def answer(self) -> None:
        for one in reviews.appealed(self.db, reviews.Wanted()):
            act = self.dice.choice([reviewing.accept_appeal, reviewing.uphold])
            reviewer = self.dice.choice(self.reviewers).person_id
            with suppress(HoldingError):
                act(self.db, one.site_id, one.submission_id, reviewer, self.now, words="Seen.")

    def hours(self) -> None:
        self.now += timedelta(hours=self.dice.choice([1, 30, 80]))
        reviewing_hours.accept_due(self.db, self.now)

    # --- what must be -------------------------------------------------------------------------

    def visit(self, visit: Visit) -> Visit:
        """With the token that it has today."""
        found = visits_store.find(self.db, visit.site_id, visit.visit_id)
        assert found is not None
        return found

    def rows(self) -> list[Submission]:
        return list(submissions.of_site(self.db, "vienna-1"))

    def check(self) -> None:
        rows = self.rows()
        assert Counter(row.submission_id for row in rows) == Counter(
            record["id"] for record in self.sent
        )
        counted = [row for row in rows if row.status == "counted"]
        expected = Counter(str(self.welcome[row.submission_id]) for row in counted)
        tallied = self.db.rows(
            "SELECT level, SUM(n) AS n FROM tallies WHERE facet = 'dimension:welcome'"
            " AND level <> 'asked' GROUP BY level HAVING SUM(n) <> 0"
        )
        assert {row["level"]: row["n"] for row in tallied} == dict(expected)
        for visit in self.visits:
            found = visits_store.reports(self.db, visit)
            assert [one.status for one in found].count("counted") <= 1, visit
        for row in rows:
            self.check_history(row)

    def check_history(self, row: Submission) -> None:
        """The last that was said about a report is what it is."""
        acts = [review.act for review in reviews.of(self.db, "vienna-1", row.submission_id)]
        assert acts.count("appealed") <= 1
        if row.status in ("returned", "rejected", "counted"):
            said = {"returned": ("returned",), "counted": ("accepted",)}
            assert acts[-1] in said.get(row.status, ("rejected", "appealed", "upheld"))
        elif row.status in ("pending", "held"):
            # one that counted by itself, and then showed no right to replace what it names
            assert acts in ([], ["accepted"])


@pytest.mark.parametrize("seed", range(12))
def test_every_report_is_here_once_and_the_figures_follow(chain: Installation, seed: int) -> None:
    storm = Storm(chain, seed)
    try:
        for _ in range(90):
            storm.act()
        storm.send_kept()
        storm.check()
        assert rebuild(storm.db) == []
        storm.hours()
        storm.check()
        assert rebuild(storm.db) == []
    finally:
        storm.group.close()


def test_the_storm_comes_to_every_end(chain: Installation) -> None:
    """Else it could pass because nothing happens in it."""
    storm = Storm(chain, 3)
    try:
        seen: set[str] = set()
        acts: set[str] = set()
        for _ in range(400):
            storm.act()
            seen |= {row.status for row in storm.rows()}
        for row in storm.rows():
            acts |= {r.act for r in reviews.of(storm.db, "vienna-1", row.submission_id)}
    finally:
        storm.group.close()
    assert seen == {"counted", "pending", "held", "returned", "rejected", "replaced"}
    assert acts == {"accepted", "returned", "rejected", "appealed", "upheld"}
