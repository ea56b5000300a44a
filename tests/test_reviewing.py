"""A reviewer's decisions about reports, the shopper's appeal, and what counts by itself."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from surveys import holding, reviewing, reviewing_hours, visits
from surveys.erasure import erase
from surveys.holding import DecidedError, HoldingError
from surveys.installation import Installation
from surveys.people import Person
from surveys.rebuild import rebuild
from surveys.store import reviews, submissions, tokens
from surveys.store.submissions import Submission
from surveys.visits import Visit
from surveys.worker import Worker
from tests.conftest import NOW, Clock
from tests.desk_people import enrol
from tests.field import FACTS, accepted_visit, add_shopper, report_of, reviewed, send
from tests.records import SECRET, SECRET_SHA256

LATER = NOW + timedelta(hours=1)


class Field:
    """A reviewed visit of Ana's, two reviewers, and short ways to send and decide."""

    def __init__(self, chain: Installation) -> None:
        self.chain, self.db = chain, chain.database()
        reviewed(chain)
        self.ana = add_shopper(chain, "ana")
        self.visit = accepted_visit(chain, self.ana)
        self.one, self.two = (enrol(self.db, "reviewer") for _ in range(2))

    def send(self, *, visit: Visit | None = None, at: datetime = NOW, **members: Any) -> str:
        """A report under the visit's token; its id."""
        token = (visit or self.visit).token
        assert token is not None
        record = report_of(self.chain, token, secret_sha256=SECRET_SHA256, **members)
        (receipt,) = send(self.chain, record, at=at)
        assert receipt.status in ("accepted", "held"), receipt
        return str(record["id"])

    def row(self, submission_id: str) -> Submission:
        found = submissions.find(self.db, "vienna-1", submission_id)
        assert found is not None
        return found

    def statuses(self, *ids: str) -> tuple[str, ...]:
        return tuple(self.row(one).status for one in ids)

    def state(self) -> str:
        (found,) = visits.of_shopper(self.db, self.ana.person_id)
        return found.state

    def welcome(self) -> Counter[str]:
        rows = self.db.rows(
            "SELECT level, SUM(n) AS n FROM tallies WHERE facet = 'dimension:welcome'"
            " GROUP BY level HAVING SUM(n) <> 0"
        )
        return Counter({row["level"]: row["n"] for row in rows if row["level"] != "asked"})

    def accept(self, one: str, **more: Any) -> None:
        holding.accept(self.db, "vienna-1", one, self.one.person_id, LATER, **more)

    def reject(self, one: str, by: Person | None = None) -> None:
        person = by or self.one
        holding.reject(self.db, "vienna-1", one, person.person_id, LATER, reason="No photo.")

    def give_back(self, one: str, words: str = "Which till?", **more: Any) -> None:
        reviewing.give_back(
            *(self.db, "vienna-1", one, self.one.person_id, LATER),
            words=words,
            comments={"waiting": "How long?"},
            **more,
        )

    def appeal(self, one: str, at: datetime = LATER, by: Person | None = None) -> None:
        person = by or self.ana
        reviewing.appeal(self.db, "vienna-1", one, person.person_id, at, "I was there.")

    def answer(self, one: str, accept: bool, by: Person | None = None) -> None:
        act = reviewing.accept_appeal if accept else reviewing.uphold
        person = by or self.two
        act(self.db, "vienna-1", one, person.person_id, LATER, words="Looked again.")

    def acts(self, one: str) -> Sequence[str]:
        return [review.act for review in reviews.of(self.db, "vienna-1", one)]


@pytest.fixture
def field(chain: Installation) -> Field:
    return Field(chain)


def welcome(level: int) -> dict[str, Any]:
    return {**FACTS, "welcome": level}


# --- decisions ----------------------------------------------------------------------------------


def test_a_report_counts_once_it_is_accepted(field: Field) -> None:
    one = field.send()
    assert (field.state(), field.welcome()) == ("pending", Counter())
    field.accept(one, reason="Well told.")
    assert (field.state(), field.welcome()) == ("counted", Counter({"6": 1}))
    (review,) = reviews.of(field.db, "vienna-1", one)
    assert (review.act, review.person_id, review.words) == (
        "accepted",
        field.one.person_id,
        "Well told.",
    )
    assert rebuild(field.db) == []


def test_a_report_comes_back_with_words_and_its_better_one_takes_its_place(field: Field) -> None:
    first = field.send()
    field.give_back(first)
    assert field.state() == "returned"
    assert reviewing.words_on(field.db, "vienna-1", first) == {
        "": "Which till?",
        "waiting": "How long?",
    }
    second = field.send(replaces=first, answers=welcome(3))
    assert field.statuses(first, second) == ("returned", "pending")
    assert field.state() == "pending"
    field.accept(second)
    assert field.statuses(first, second) == ("replaced", "counted")
    assert field.welcome() == Counter({"3": 1})
    assert rebuild(field.db) == []


def test_nothing_is_returned_without_a_word(field: Field) -> None:
    one = field.send()
    for words, comments in (("", {}), (" \n", {"welcome": "  "}), ("x" * 1001, {})):
        with pytest.raises(HoldingError):
            reviewing.give_back(
                *(field.db, "vienna-1", one, field.one.person_id, LATER),
                words=words,
                comments=comments,
            )
    assert (field.statuses(one), field.acts(one)) == (("pending",), [])


def test_the_second_of_two_reviewers_is_told(field: Field) -> None:
    one = field.send()
    field.give_back(one)
    for act in (field.accept, field.reject, field.give_back):
        with pytest.raises(DecidedError, match="it is returned now"):
            act(one)
    assert field.acts(one) == ["returned"]


def test_what_was_mended_meanwhile_is_looked_at_again(field: Field) -> None:
    one = field.send()
    holding.mend(
        *(field.db, "vienna-1", one, field.two.person_id, LATER),
        answers={"welcome": 2},
        reason="The words say so.",
    )
    with pytest.raises(DecidedError, match="mended since"):
        field.give_back(one, seen=0)
    field.accept(one, seen=1)
    assert field.welcome() == Counter({"2": 1})
    assert field.row(one).sent["answers"]["welcome"] == 6
    assert rebuild(field.db) == []


def test_only_what_waits_for_review_is_returned(field: Field) -> None:
    held = field.send(answers=welcome(9))
    assert field.statuses(held) == ("held",)
    with pytest.raises(DecidedError, match="it is held now"):
        field.give_back(held)
    with pytest.raises(HoldingError, match="no such submission"):
        field.give_back("0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77")


@pytest.mark.parametrize("old", ["pending", "returned", "rejected", "counted"])
@pytest.mark.parametrize("old_first", [True, False])
def test_whatever_became_of_the_old_one_the_new_one_counts_alone(
    field: Field, old: str, old_first: bool
) -> None:
    """Decided before the new one arrives, or while that waits already."""
    first = field.send()
    decide = {
        "pending": lambda one: None,
        "returned": field.give_back,
        "rejected": field.reject,
        "counted": field.accept,
    }[old]
    if old_first:
        decide(first)
    second = field.send(replaces=first, answers=welcome(3))
    if not old_first:
        decide(first)
    assert field.statuses(first, second) == (old, "pending")
    field.accept(second)
    gone = "rejected" if old == "rejected" else "replaced"
    assert field.statuses(first, second) == (gone, "counted")
    assert field.welcome() == Counter({"3": 1})
    assert rebuild(field.db) == []


def test_the_new_one_may_arrive_and_count_before_the_old_one(field: Field) -> None:
    old = "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77"
    second = field.send(replaces=old, answers=welcome(3))
    field.accept(second)
    field.send(id=old)
    assert field.statuses(old, second) == ("replaced", "counted")
    assert field.welcome() == Counter({"3": 1})
    assert rebuild(field.db) == []


def test_where_the_new_one_is_rejected_the_old_one_stands(field: Field) -> None:
    first = field.send()
    field.give_back(first)
    second = field.send(replaces=first)
    field.reject(second)
    assert field.statuses(first, second) == ("returned", "rejected")
    assert field.state() == "returned"
    third = field.send(replaces=second, answers=welcome(4))
    field.accept(third)
    assert field.statuses(first, second, third) == ("replaced", "rejected", "counted")
    assert field.welcome() == Counter({"4": 1})
    assert rebuild(field.db) == []


def test_a_visit_counts_once_whichever_phone_reported(field: Field) -> None:
    one, two = field.send(), field.send(answers=welcome(2))
    field.accept(one)
    with pytest.raises(HoldingError, match="a visit counts once"):
        field.accept(two)
    assert field.statuses(one, two) == ("counted", "pending")
    field.reject(two)
    assert field.welcome() == Counter({"6": 1})


def test_what_was_held_ends_as_any_other(field: Field) -> None:
    """Decided about where what is held is decided: its shopper reads why, and may appeal."""
    token = field.visit.token
    assert token is not None
    with field.db.transaction():
        tokens.withdraw(field.db, token, NOW, "the phone was lost")
    one = field.send()
    two = field.send(answers=welcome(2))
    assert field.statuses(one, two) == ("held", "held")
    field.reject(one)
    assert reviewing.words_on(field.db, "vienna-1", one) == {"": "No photo."}
    field.appeal(one)
    field.answer(one, accept=True)
    assert field.statuses(one) == ("counted",)
    with pytest.raises(HoldingError, match="a visit counts once"):
        field.accept(two)
    assert rebuild(field.db) == []


# --- appeals ------------------------------------------------------------------------------------


def test_an_appeal_is_answered_once(field: Field) -> None:
    one = field.send()
    field.reject(one)
    field.appeal(one)
    (waits,) = reviews.appealed(field.db, reviews.Wanted())
    assert (waits.submission_id, waits.person_id) == (one, field.ana.person_id)
    field.answer(one, accept=False)
    assert field.statuses(one) == ("rejected",)
    assert reviewing.words_on(field.db, "vienna-1", one) == {"": "Looked again."}
    assert reviews.appealed(field.db, reviews.Wanted()) == []
    with pytest.raises(HoldingError, match="can be appealed once"):
        field.appeal(one)
    with pytest.raises(DecidedError, match="its appeal is decided"):
        field.answer(one, accept=True)
    assert field.acts(one) == ["rejected", "appealed", "upheld"]


def test_what_is_accepted_on_appeal_counts(field: Field) -> None:
    one = field.send()
    field.reject(one)
    field.appeal(one)
    field.answer(one, accept=True)
    assert (field.state(), field.welcome()) == ("counted", Counter({"6": 1}))
    assert field.acts(one) == ["rejected", "appealed", "accepted"]
    for accept in (True, False):
        with pytest.raises(DecidedError):
            field.answer(one, accept=accept)
    assert rebuild(field.db) == []


def test_an_appeal_comes_within_thirty_days(field: Field) -> None:
    one = field.send()
    field.reject(one)
    with pytest.raises(HoldingError, match="within 30 days"):
        field.appeal(one, LATER + timedelta(days=30, seconds=1))
    field.appeal(one, LATER + timedelta(days=30))


def test_nobody_appeals_for_somebody_else(field: Field) -> None:
    one = field.send()
    with pytest.raises(HoldingError, match="waiting for review"):
        field.appeal(one)
    field.reject(one)
    with pytest.raises(HoldingError, match="no such report among yours"):
        field.appeal(one, by=add_shopper(field.chain, "ben"))
    with pytest.raises(HoldingError, match="Say why"):
        reviewing.appeal(field.db, "vienna-1", one, field.ana.person_id, LATER, " ")
    assert field.acts(one) == ["rejected"]


def test_who_rejected_it_leaves_the_appeal_to_another(field: Field) -> None:
    one = field.send()
    field.reject(one)
    field.appeal(one)
    for accept in (True, False):
        with pytest.raises(HoldingError, match="somebody else decides"):
            field.answer(one, accept=accept, by=field.one)
    assert field.statuses(one) == ("rejected",)
    with field.db.transaction():
        field.db.execute("UPDATE people SET status = 'removed' WHERE person_id = :id",
                         {"id": field.two.person_id})  # fmt: skip
    field.answer(one, accept=True, by=field.one)  # there is nobody else
    assert field.statuses(one) == ("counted",)


def test_an_appeal_is_in_vain_where_another_report_counts_by_now(field: Field) -> None:
    one = field.send()
    field.reject(one)
    field.appeal(one)
    two = field.send(replaces=one, answers=welcome(2))
    field.accept(two)
    with pytest.raises(HoldingError, match="a visit counts once"):
        field.answer(one, accept=True)
    field.answer(one, accept=False)
    assert field.statuses(one, two) == ("rejected", "counted")
    assert field.welcome() == Counter({"2": 1})
    assert rebuild(field.db) == []


def test_erasing_takes_what_was_said_about_it_too(field: Field) -> None:
    one = field.send(scanned=[{"code": "abc", "at": "2026-11-22T09:00:00+01:00"}])
    field.reject(one)
    field.appeal(one)
    assert erase(field.db, field.chain.files, one, SECRET, LATER)
    assert [r.words for r in reviews.of(field.db, "vienna-1", one)] == ["", ""]
    assert "scanned" not in field.row(one).sent
    field.answer(one, accept=True)
    assert field.welcome() == Counter({"6": 1})
    assert rebuild(field.db) == []


# --- what counts by itself ----------------------------------------------------------------------


def test_a_report_counts_by_itself_once_its_hours_have_passed(field: Field) -> None:
    one = field.send()
    assert reviewing_hours.accept_due(field.db, NOW + timedelta(hours=72, seconds=-1)) == 0
    assert field.statuses(one) == ("pending",)
    assert reviewing_hours.accept_due(field.db, NOW + timedelta(hours=72)) == 1
    assert reviewing_hours.accept_due(field.db, NOW + timedelta(hours=99)) == 0
    assert field.welcome() == Counter({"6": 1})
    (review,) = reviews.of(field.db, "vienna-1", one)
    assert (review.act, review.person_id, review.words) == ("accepted", "", "")
    rows = field.db.rows("SELECT action FROM audit WHERE subject LIKE 'submission %'")
    assert [row["action"] for row in rows] == ["accepted by itself"]
    assert rebuild(field.db) == []


def test_what_was_returned_rejected_or_does_not_fit_waits_for_a_person(field: Field) -> None:
    returned, rejected, misfit = (
        field.send(visit=accepted_visit(field.chain, field.ana)) for _ in range(3)
    )
    field.give_back(returned)
    field.reject(rejected)
    field.appeal(rejected)
    holding.mend(
        *(field.db, "vienna-1", misfit, field.one.person_id, LATER),
        answers={"settled": None},
        reason="A slip.",
    )
    assert reviewing_hours.accept_due(field.db, NOW + timedelta(days=9)) == 0
    assert field.statuses(returned, rejected, misfit) == ("returned", "rejected", "pending")


def test_of_two_reports_of_a_visit_one_counts_by_itself(field: Field) -> None:
    one, two = field.send(), field.send(at=LATER)
    assert reviewing_hours.accept_due(field.db, NOW + timedelta(days=9)) == 1
    assert field.statuses(one, two) == ("counted", "pending")


def test_the_version_it_is_read_by_says_how_many_hours(field: Field) -> None:
    one = field.send()
    reviewed(field.chain, "required")
    two = field.send(visit=accepted_visit(field.chain, field.ana))
    reviewed(field.chain, "after-1h")
    three = field.send(visit=accepted_visit(field.chain, field.ana))
    assert reviewing_hours.accept_due(field.db, NOW + timedelta(hours=1)) == 1
    assert field.statuses(one, two, three) == ("pending", "pending", "counted")
    assert reviewing_hours.accept_due(field.db, NOW + timedelta(days=999)) == 1
    assert field.statuses(one, two, three) == ("counted", "pending", "counted")


def test_two_workers_at_once_accept_each_report_once(field: Field) -> None:
    for _ in range(8):
        field.send(visit=accepted_visit(field.chain, field.ana))
    clock = Clock(NOW + timedelta(hours=72))
    workers = [Worker(field.chain, clock) for _ in range(2)]
    barrier = threading.Barrier(2)

    def work(worker: Worker) -> None:
        barrier.wait()
        worker.once()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert field.welcome() == Counter({"6": 8})
    rows = field.db.rows("SELECT COUNT(*) AS n FROM reviews")
    assert [row["n"] for row in rows] == [8]
    assert rebuild(field.db) == []


def test_a_replacement_that_was_accepted_by_itself_is_held_where_it_had_no_right(
    field: Field,
) -> None:
    """Nobody looked at it, so that what comes to light later is for a person."""
    other = "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77"
    one = field.send(replaces=other)
    reviewing_hours.accept_due(field.db, NOW + timedelta(hours=72))
    assert field.statuses(one) == ("counted",)
    field.send(visit=accepted_visit(field.chain, field.ana), id=other)
    assert field.statuses(one, other) == ("held", "pending")
    assert field.welcome() == Counter()
    assert rebuild(field.db) == []
