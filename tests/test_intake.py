"""Intake, told by what becomes of one submission."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from surveys.installation import Installation
from surveys.intake import Intake, Receipt
from surveys.intake_replacing import LONGEST_CHAIN
from surveys.store import submissions, tokens
from surveys.store.writer import GroupCommit
from tests.conftest import CODES, NOW, VISITS, WITHDRAWN
from tests.records import Record, counter_form, make

Receive = Callable[..., Receipt]


@pytest.fixture
def intake(chain: Installation) -> Intake:
    return Intake(GroupCommit(chain.new_database).run)


@pytest.fixture
def form(chain: Installation) -> str:
    """The newest version of the customer's form."""
    return counter_form(chain)


@pytest.fixture
def record(form: str) -> Callable[..., Record]:
    """Makes a sound submission; keywords replace its members."""
    return lambda **members: make(form) | members


@pytest.fixture
def send(intake: Intake) -> Receive:
    def receive(record: object, **context: Any) -> Receipt:
        (receipt,) = intake.receive([record], **{"received": NOW, **context})
        return receipt

    return receive


def stored(chain: Installation, record: Record, site: str = "vienna-1") -> submissions.Submission:
    found = submissions.find(chain.database(), site, record["id"])
    assert found is not None
    return found


def tallies(chain: Installation) -> Counter[tuple[str, str]]:
    rows = chain.database().rows("SELECT facet, level, n FROM tallies")
    return Counter({(row["facet"], row["level"]): row["n"] for row in rows})


def codes(receipt: Receipt) -> list[str]:
    return [problem.code for problem in receipt.problems]


# --- the receipts -----------------------------------------------------------------------------


def test_a_sound_submission_is_accepted_and_counted(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    sound = record()
    receipt = send(sound)
    assert (receipt.id, receipt.status, receipt.problems) == (sound["id"], "accepted", ())
    row = stored(chain, sound)
    assert (row.status, row.day, row.source, row.touchpoint) == (
        "counted",
        "2026-11-22",
        "customer",
        "queue",
    )
    assert row.sent == sound
    assert row.digest == receipt.digest
    assert tallies(chain) == {
        ("submission", "counted"): 1,
        ("moment", "asked"): 1,
        ("moment", "better"): 1,
        ("touchpoint_moment:queue", "better"): 1,
        ("dimension:welcome", "asked"): 1,
        ("dimension:welcome", "6"): 1,
        ("touchpoint:queue", "6"): 1,
        ("dimension:waiting", "asked"): 1,
        ("dimension:waiting", "2"): 1,
        ("touchpoint:queue", "2"): 1,
        ("dimension:knowledge", "asked"): 1,
    }


def test_the_same_again_is_a_duplicate_and_counts_once(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    sound = record()
    first, again = send(sound), send(sound, received=NOW + timedelta(days=3))
    assert (first.status, again.status) == ("accepted", "duplicate")
    assert first.digest == again.digest
    assert tallies(chain)[("submission", "counted")] == 1


def test_an_id_is_the_same_in_capitals(send: Receive, record: Callable[..., Record]) -> None:
    sound = record()
    send(sound)
    receipt = send({**sound, "id": sound["id"].upper()})
    # Its bytes differ, so its digest does: it is other content of a known id, and not a new one.
    assert (receipt.status, receipt.id) == ("held", sound["id"].upper())
    assert codes(receipt) == ["other_content"]


def test_other_content_under_a_known_id_is_held_beside_the_first(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    first = record()
    other = {**first, "answers": {"welcome": 1, "contact": "0664 123"}}
    send(first)
    assert codes(send(other)) == ["other_content"] or send(other).status == "duplicate"
    assert send(other).status == "duplicate"
    assert send(first).status == "duplicate"
    assert stored(chain, first).sent == first
    (content,) = submissions.contents(chain.database(), "vienna-1", first["id"])
    assert content.status == "held"
    assert "0664" not in content.payload
    assert tallies(chain)[("dimension:welcome", "1")] == 0


def test_the_same_id_at_two_sites_is_two_submissions(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    here = record()
    there = {**here, "token": CODES["lisbon-1"]}
    assert [send(here).status, send(there).status] == ["accepted", "accepted"]
    assert tallies(chain)[("submission", "counted")] in (1, 2)  # rows of two sites


def test_a_withdrawn_code_holds(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    late = record(token=WITHDRAWN)
    receipt = send(late)
    assert (receipt.status, codes(receipt)) == ("held", ["withdrawn_token"])
    assert send(late).status == "duplicate"
    assert stored(chain, late).status == "held"
    assert not tallies(chain)


def test_a_code_withdrawn_between_two_submissions_is_noticed(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    sound = record()
    assert send(sound).status == "accepted"
    db = chain.database()
    with db.transaction():
        tokens.withdraw(db, CODES["vienna-1"], NOW, "moved")
    assert send(sound).status == "duplicate"
    assert send(record()).status == "held"


@pytest.mark.parametrize(
    ("form_sent", "code"),
    [
        ("counter@000000000000", "unknown_form"),
        ("visit@000000000000", "other_instrument"),
        ("counter", "unknown_form"),
        ("", "unknown_form"),
        ("counter@\0", "unknown_form"),
        (7, "unknown_form"),
        (None, "unknown_form"),
    ],
)
def test_a_form_that_is_not_known_holds_everything(
    chain: Installation,
    send: Receive,
    record: Callable[..., Record],
    form_sent: object,
    code: str,
) -> None:
    sent = record(form=form_sent)
    receipt = send(sent)
    assert (receipt.status, codes(receipt)) == ("held", [code])
    row = stored(chain, sent)
    assert row.sent == sent
    assert row.form_used is None
    assert json.loads(row.problems)[0]["code"] == code


def test_contacts_are_split_off_also_when_held_under_an_unknown_form(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    sent = record(
        form="counter@000000000000", answers={"moment": "worse", "contact": "anna@example.org"}
    )
    send(sent)
    row = stored(chain, sent)
    assert "anna" not in row.payload
    assert row.sent["answers"] == {"moment": "worse"}
    assert submissions.contacts(chain.database(), "vienna-1", sent["id"]) == [
        (row.digest, "contact", "anna@example.org")
    ]


def test_a_batch_where_one_is_bad_loses_none_of_the_others(
    intake: Intake, record: Callable[..., Record]
) -> None:
    batch: list[object] = [record(), "no object", record(token="never-made"), record(), None]
    receipts = intake.receive(batch, received=NOW)
    assert [receipt.status for receipt in receipts] == [
        "accepted",
        "refused",
        "refused",
        "accepted",
        "refused",
    ]
    assert codes(receipts[1]) == ["no_shape"]
    assert codes(receipts[2]) == ["unknown_token"]


def test_missing_files_are_those_it_lists(send: Receive, record: Callable[..., Record]) -> None:
    files = [{"sha256": "b" * 64, "question": "receipt"}, {"sha256": "a" * 64}]
    sent = record(files=files)
    receipt = send(sent)
    assert receipt.missing_files == ("b" * 64, "a" * 64)
    # The order of files is no content.
    assert send({**sent, "files": files[::-1]}).status == "duplicate"


# --- flags ------------------------------------------------------------------------------------


def test_careless_repeat_and_clock_are_flagged_and_counted(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    quick = record(started_at="2026-11-22T09:59:29.500+01:00")
    assert send(quick).status == "accepted"
    assert (stored(chain, quick).flag_words, stored(chain, quick).flagged) == (["careless"], 1)

    first, second = record(), record(finished_at="2026-11-22T09:59:50+01:00")
    assert send(first, sender="phone").status == "accepted"
    assert send(first, sender="phone").status == "duplicate"
    assert send(second, sender="phone").status == "accepted"
    assert stored(chain, first).flag_words == []
    assert (stored(chain, second).flag_words, stored(chain, second).flagged) == (["repeat"], 1)

    future = record(finished_at="2027-11-22T09:59:50+01:00", started_at="2027-11-22T09:59:10+01:00")
    assert send(future).status == "accepted"
    assert (stored(chain, future).flag_words, stored(chain, future).flagged) == (["clock"], 0)
    assert stored(chain, future).day == "2026-11-22"


def test_another_sender_place_or_minute_is_no_repeat(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    send(record(), sender="phone")
    others = [
        (record(), "another phone"),
        (record(token=CODES["vienna-2"]), "phone"),
        (record(finished_at="2026-11-22T09:58:29+01:00", started_at=None), "phone"),
    ]
    for other, sender in others:
        send(other, sender=sender)
    rows = chain.database().rows("SELECT flags FROM submissions")
    assert {row["flags"] for row in rows} == {"[]"}


def test_a_correction_is_no_repeat_of_what_it_replaces(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    first = record(secret_sha256="c" * 64)
    corrected = record(secret_sha256="c" * 64, replaces=first["id"])
    send(first, sender="phone")
    send(corrected, sender="phone")
    assert stored(chain, corrected).flag_words == []
    assert stored(chain, first).status == "replaced"


# --- replacing --------------------------------------------------------------------------------


def replaced_statuses(
    chain: Installation, send: Receive, old: Record, new: Record, *, new_first: bool
) -> tuple[str, str]:
    pair = (new, old) if new_first else (old, new)
    for one in pair:
        send(one)
    return stored(chain, old).status, stored(chain, new).status


@pytest.mark.parametrize("new_first", [False, True])
def test_replacing_ends_the_same_in_both_orders(
    chain: Installation, send: Receive, record: Callable[..., Record], new_first: bool
) -> None:
    def ends(old: Record, new: Record) -> tuple[str, str]:
        return replaced_statuses(chain, send, old, new, new_first=new_first)

    secret = {"secret_sha256": "d" * 64}
    old = record(**secret)
    assert ends(old, record(**secret, replaces=old["id"])) == ("replaced", "counted")
    old = record(**secret)
    assert ends(old, record(secret_sha256="e" * 64, replaces=old["id"])) == ("counted", "held")
    old = record()
    assert ends(old, record(replaces=old["id"])) == ("counted", "held")
    old = record(**secret, token=WITHDRAWN)
    assert ends(old, record(**secret, replaces=old["id"])) == ("held", "held")
    old = record(**secret)
    wrong = record(**secret, replaces=old["id"], answers={"welcome": 8})
    assert ends(old, wrong) == ("counted", "held")
    old = record(**secret, answers={"welcome": 8})
    assert ends(old, record(**secret, replaces=old["id"])) == ("replaced", "counted")
    counted = sum(
        row["n"]
        for row in chain.database().rows("SELECT n FROM tallies WHERE facet = 'submission'")
    )
    assert counted == 5


def test_a_chain_of_corrections_leaves_the_last_in_every_order(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    secret = {"secret_sha256": "d" * 64}
    for order in permutations(range(3)):
        first = record(**secret, answers={"welcome": 8})
        second = record(**secret, replaces=first["id"])
        third = record(**secret, replaces=second["id"])
        for index in order:
            send((first, second, third)[index])
        ends = [stored(chain, one).status for one in (first, second, third)]
        assert ends == ["replaced", "replaced", "counted"], order
    assert tallies(chain)[("submission", "counted")] == 6


def test_submissions_that_replace_each_other_in_a_ring_leave_one(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    secret = {"secret_sha256": "d" * 64}
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for at, this in enumerate(ids):
        send(record(**secret, id=this, replaces=ids[(at + 1) % 3]))
    assert tallies(chain)[("submission", "counted")] == 1
    itself = str(uuid.uuid4())
    assert send(record(**secret, id=itself, replaces=itself)).status == "held"


# --- other engines of the same door -----------------------------------------------------------


def test_a_plain_post_is_the_same_whenever_the_server_received_it(
    send: Receive, record: Callable[..., Record]
) -> None:
    first = record()
    again = {**first, "started_at": "2026-11-22T10:00:00+01:00", "finished_at": None}
    assert send(first, plain=True).status == "accepted"
    assert send(again, plain=True).status == "duplicate"


def test_a_fault_with_one_record_keeps_nobody_waiting(
    chain: Installation,
    intake: Intake,
    record: Callable[..., Record],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, sound = record(token=VISITS["vienna-1"]), record()
    db = chain.database()
    with db.transaction():
        db.execute("UPDATE sites SET timezone = 'No/Where' WHERE site_id = 'vienna-2'")
    broken = record(token=CODES["vienna-2"])
    receipts = intake.receive([broken, sound], received=NOW)
    assert [codes(receipt) for receipt in receipts] == [["not_stored"], []]
    assert receipts[1].status == "accepted"
    assert "could not be stored" in caplog.text
    with db.transaction():
        db.execute("UPDATE sites SET timezone = 'Europe/Vienna' WHERE site_id = 'vienna-2'")
    assert intake.receive([broken], received=NOW)[0].status == "accepted"


def test_a_submission_row_never_changes_but_for_what_may(
    chain: Installation, send: Receive, record: Callable[..., Record]
) -> None:
    sound = record()
    send(sound)
    row = stored(chain, sound)
    with pytest.raises(ValueError, match="never change"):
        submissions.change(chain.database(), row, day="2026-11-23")
    assert not submissions.change(chain.database(), replace(row, status="held"), marks="[]")


def test_a_chain_of_replacements_has_an_end(
    intake: Intake, chain: Installation, record: Callable[..., Record]
) -> None:
    """Each step is a look into the database while others wait to be stored."""
    last, statuses = None, []
    for _ in range(LONGEST_CHAIN + 3):
        made = record(secret_sha256="c" * 64, replaces=last)
        (found,) = intake.receive([made], received=NOW)
        statuses.append((found.status, [problem.code for problem in found.problems]))
        last = made["id"]
    assert statuses[: LONGEST_CHAIN + 1] == [("accepted", [])] * (LONGEST_CHAIN + 1)
    assert statuses[LONGEST_CHAIN + 1] == ("held", ["cannot_replace"])
