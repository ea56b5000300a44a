"""What a person decides about held, pending and conflicting submissions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from surveys import holding
from surveys.erasure import erase
from surveys.holding import HoldingError, MisfitError
from surveys.installation import Installation
from surveys.intake import Intake, Receipt
from surveys.rebuild import rebuild
from surveys.store import submissions
from surveys.store.submissions import Submission
from surveys.store.writer import GroupCommit
from tests.conftest import CODES, NOW, WITHDRAWN
from tests.records import REVIEWED, SECRET, SECRET_SHA256, Record, add_reviewed, counter_form, make

WHO = "person-1"


class Desk:
    """An installation, its counter's form, and short ways to send and look."""

    def __init__(self, installation: Installation) -> None:
        self.db = installation.database()
        self.files = installation.files
        self.form = counter_form(installation)
        self.reviewed = add_reviewed(installation)
        self.intake = Intake(GroupCommit(installation.new_database).run)

    def send(self, *records: Record) -> Sequence[Receipt]:
        return self.intake.receive(records, received=NOW)

    def row(self, record: Record) -> Submission:
        found = submissions.find(self.db, "vienna-1", record["id"])
        assert found is not None
        return found

    def tallies(self) -> Counter[tuple[str, str]]:
        rows = self.db.rows("SELECT facet, level, SUM(n) AS n FROM tallies GROUP BY facet, level")
        return Counter({(row["facet"], row["level"]): row["n"] for row in rows})

    def accept(self, record: Record, **more: Any) -> None:
        holding.accept(self.db, "vienna-1", record["id"], WHO, NOW, **more)

    def mend(self, record: Record, **answers: Any) -> list[Any]:
        return holding.mend(
            self.db, "vienna-1", record["id"], WHO, NOW, answers=answers, reason="rang them up"
        )

    def reject(self, record: Record) -> None:
        holding.reject(self.db, "vienna-1", record["id"], WHO, NOW, reason="a test")

    def audit(self) -> list[str]:
        return [row["action"] for row in self.db.rows("SELECT action FROM audit ORDER BY at_utc")]


@pytest.fixture
def desk(chain: Installation) -> Desk:
    return Desk(chain)


def test_what_a_withdrawn_code_held_is_accepted_as_it_is(desk: Desk) -> None:
    late = make(desk.form, token=WITHDRAWN)
    desk.send(late)
    assert not desk.tallies()
    desk.accept(late, reason="finished before the poster came down")
    assert desk.row(late).status == "counted"
    assert desk.tallies()[("dimension:welcome", "6")] == 1
    (amendment,) = submissions.amendments(desk.db, "vienna-1", late["id"])
    assert (amendment.person_id, amendment.answers) == (WHO, {})
    assert "accepted" in desk.audit()
    assert desk.send(late)[0].status == "duplicate"
    assert rebuild(desk.db) == []


def test_what_does_not_fit_is_mended_then_accepted_and_never_changed(desk: Desk) -> None:
    wrong = make(desk.form, answers={"welcome": 3.0, "nobody_asked": "x", "moment": "worse"})
    desk.send(wrong)
    with pytest.raises(MisfitError, match="/answers/welcome"):
        desk.accept(wrong)
    assert desk.row(wrong).status == "held"
    assert [problem.path for problem in desk.mend(wrong, welcome=3)] == ["/answers/nobody_asked"]
    assert desk.mend(wrong, nobody_asked=None) == []
    desk.accept(wrong)
    row = desk.row(wrong)
    assert row.status == "counted"
    assert row.sent == wrong
    # 3.0 is kept as it came: RFC 8785 would have made it a 3, which fits.
    assert '"welcome":3.0' in row.payload
    assert desk.tallies()[("dimension:welcome", "3")] == 1
    assert rebuild(desk.db) == []


def test_an_unknown_version_is_read_by_the_one_that_a_person_chooses(desk: Desk) -> None:
    unknown = make("counter@000000000000", answers={"welcome": 7})
    desk.send(unknown)
    with pytest.raises(HoldingError, match="Choose a version"):
        desk.accept(unknown)
    with pytest.raises(HoldingError, match="a code for the form"):
        desk.accept(unknown, form=desk.reviewed)
    desk.accept(unknown, form=desk.form)
    assert (desk.row(unknown).form_used, desk.row(unknown).form) == (desk.form, unknown["form"])
    assert desk.tallies()[("dimension:welcome", "7")] == 1
    assert rebuild(desk.db) == []


def test_a_submission_that_waits_for_review_counts_once_it_is_accepted(desk: Desk) -> None:
    waiting = make(desk.reviewed, token=REVIEWED)
    (receipt,) = desk.send(waiting)
    assert receipt.status == "accepted"
    assert desk.row(waiting).status == "pending"
    assert not desk.tallies()
    desk.mend(waiting, welcome=1)
    assert desk.row(waiting).status == "pending"
    desk.accept(waiting)
    assert desk.tallies()[("dimension:welcome", "1")] == 1
    assert rebuild(desk.db) == []


def test_the_second_of_two_people_learns_that_the_first_was_there(desk: Desk) -> None:
    late = make(desk.form, token=WITHDRAWN)
    desk.send(late)
    desk.reject(late)
    for decide in (desk.accept, desk.reject, desk.mend):
        with pytest.raises(HoldingError, match="rejected now"):
            decide(late)
    assert not desk.tallies()
    assert desk.send(late)[0].status == "duplicate"
    with pytest.raises(HoldingError, match="no such submission"):
        desk.accept(make(desk.form))
    assert rebuild(desk.db) == []


def test_accepting_a_correction_replaces_what_it_corrects(desk: Desk) -> None:
    secret = {"secret_sha256": "a" * 64}
    first = make(desk.form, **secret, answers={"welcome": 2})
    corrected = make(desk.form, **secret, replaces=first["id"], answers={"welcome": 8})
    desk.send(first, corrected)
    assert (desk.row(first).status, desk.row(corrected).status) == ("counted", "held")
    desk.mend(corrected, welcome=5)
    desk.accept(corrected)
    assert (desk.row(first).status, desk.row(corrected).status) == ("replaced", "counted")
    assert desk.tallies()[("submission", "counted")] == 1
    assert desk.tallies()[("dimension:welcome", "5")] == 1
    assert desk.tallies()[("dimension:welcome", "2")] == 0
    assert rebuild(desk.db) == []


@pytest.mark.parametrize("order", ["ABC", "BAC", "BCA", "CBA", "CAB", "ACB"])
def test_a_rejected_correction_between_two_others_lets_nobody_count_twice(
    desk: Desk, order: str
) -> None:
    secret = {"secret_sha256": "a" * 64}
    records = {"A": make(desk.form, **secret)}
    records["B"] = make(desk.form, **secret, replaces=records["A"]["id"], answers={"welcome": 8})
    records["C"] = make(desk.form, **secret, replaces=records["B"]["id"])
    for name in order:
        desk.send(records[name])
        if name == "B" and desk.row(records["B"]).status == "held":
            desk.reject(records["B"])
    assert [desk.row(records[name]).status for name in "AC"] == ["replaced", "counted"]
    assert desk.tallies()[("submission", "counted")] == 1
    assert rebuild(desk.db) == []


def test_accepting_other_content_amends_the_first_and_moves_its_marks(desk: Desk) -> None:
    first = make(desk.form, answers={"welcome": 2, "comment": "slow"}, asked=None)
    other = {**first, "answers": {"welcome": 6, "moment": "better"}}
    desk.send(first)
    (receipt,) = desk.send(other)
    assert receipt.digest is not None
    key = (desk.db, "vienna-1", first["id"], receipt.digest, WHO, NOW)
    holding.accept_content(*key)
    row = desk.row(first)
    assert (row.status, row.sent) == ("counted", first)
    (amendment,) = submissions.amendments(desk.db, "vienna-1", first["id"])
    assert amendment.answers == {"welcome": 6, "moment": "better", "comment": None}
    assert desk.tallies()[("dimension:welcome", "6")] == 1
    assert desk.tallies()[("dimension:welcome", "2")] == 0
    assert desk.tallies()[("submission", "counted")] == 1
    assert [desk.send(one)[0].status for one in (first, other)] == ["duplicate", "duplicate"]
    with pytest.raises(HoldingError, match="accepted now"):
        holding.reject_content(*key, reason="no")
    assert rebuild(desk.db) == []


def test_rejecting_other_content_leaves_the_first(desk: Desk) -> None:
    first = make(desk.form)
    other = {**first, "answers": {"welcome": 1}}
    desk.send(first)
    (receipt,) = desk.send(other)
    assert receipt.digest is not None
    before = desk.tallies()
    holding.reject_content(
        desk.db, "vienna-1", first["id"], receipt.digest, WHO, NOW, reason="a test"
    )
    assert desk.tallies() == before
    assert desk.send(other)[0].status == "duplicate"
    with pytest.raises(HoldingError, match="no such content"):
        holding.accept_content(desk.db, "vienna-1", first["id"], "0" * 64, WHO, NOW)


def test_other_content_that_does_not_fit_is_not_taken_over(desk: Desk) -> None:
    first = make(desk.form)
    other = {**first, "answers": {"welcome": 9}}
    desk.send(first)
    (receipt,) = desk.send(other)
    assert receipt.digest is not None
    with pytest.raises(MisfitError):
        holding.accept_content(desk.db, "vienna-1", first["id"], receipt.digest, WHO, NOW)
    assert submissions.amendments(desk.db, "vienna-1", first["id"]) == []
    assert submissions.contents(desk.db, "vienna-1", first["id"])[0].status == "held"


def test_other_content_of_an_erased_one_is_not_taken_over(desk: Desk) -> None:
    """Its marks stand for what was erased: figures and rows would say different things."""
    first = make(desk.form, secret_sha256=SECRET_SHA256)
    desk.send(first)
    (receipt,) = desk.send({**first, "answers": {"welcome": 1}})
    assert receipt.digest is not None
    assert erase(desk.db, desk.files, first["id"], SECRET, NOW)
    before = desk.tallies()
    with pytest.raises(HoldingError, match="erased"):
        holding.accept_content(desk.db, "vienna-1", first["id"], receipt.digest, WHO, NOW)
    assert submissions.amendments(desk.db, "vienna-1", first["id"]) == []
    holding.reject_content(
        desk.db, "vienna-1", first["id"], receipt.digest, WHO, NOW, reason="a test"
    )
    assert desk.tallies() == before
    assert rebuild(desk.db) == []


def test_a_mend_needs_a_reason_and_leaves_contacts_alone(desk: Desk) -> None:
    late = make(desk.form, token=WITHDRAWN)
    desk.send(late)
    with pytest.raises(HoldingError, match="Say why"):
        holding.mend(desk.db, "vienna-1", late["id"], WHO, NOW, answers={"welcome": 1}, reason=" ")
    with pytest.raises(HoldingError, match="Contacts"):
        desk.mend(late, contact="0664")
    assert submissions.amendments(desk.db, "vienna-1", late["id"]) == []


def test_careless_is_judged_by_the_answers_that_count(desk: Desk) -> None:
    quick = make(
        desk.form,
        answers={"welcome": "?"},
        started_at="2026-11-22T09:59:29.500+01:00",
        asked=["welcome"],
    )
    desk.send(quick)
    assert desk.row(quick).flag_words == []
    desk.mend(quick, welcome=4)
    desk.accept(quick)
    assert (desk.row(quick).flag_words, desk.row(quick).flagged) == (["careless"], 1)
    rows = list(desk.db.rows("SELECT DISTINCT flagged FROM tallies"))
    assert [row["flagged"] for row in rows] == [1]
    assert rebuild(desk.db) == []


def test_rebuild_says_and_mends_what_differs(desk: Desk) -> None:
    desk.send(make(desk.form), make(desk.form, token=CODES["vienna-2"]))
    before = desk.tallies()
    with desk.db.transaction():
        desk.db.execute("UPDATE tallies SET n = 5 WHERE site_id = 'vienna-1' AND level = '6'")
        desk.db.execute("DELETE FROM tallies WHERE site_id = 'vienna-2' AND facet = 'submission'")
        desk.db.execute(
            "INSERT INTO tallies VALUES ('lisbon-1', 'counter', 'customer', 'routine',"
            " 'moment', '2026-11-22', 'worse', 0, 3)"
        )
        desk.db.execute(
            "UPDATE submissions SET marks = :marks WHERE site_id = 'vienna-2'",
            {"marks": json.dumps([["submission", "counted"]])},
        )
    found = rebuild(desk.db)
    assert len(found) == 5
    assert (
        "vienna-1 counter customer routine 2026-11-22: dimension:welcome 6: the tally said 5, the"
        " submissions say 1"
    ) in found
    assert any("vienna-2" in line and "stored marks differed" in line for line in found)
    assert desk.tallies() == before
    assert rebuild(desk.db) == []
