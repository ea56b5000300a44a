"""Who is told what: invitations, misery alerts, the morning letter, and events for web-hooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from surveys import (
    events,
    holding,
    invitations,
    mail,
    people,
    people_joining,
    people_leaving,
    preferences,
    reviewing,
    visits,
    webhooks,
)
from surveys.delivery import Network
from surveys.installation import Installation
from surveys.intake import Intake
from surveys.people import Person
from surveys.store import jobs as store
from surveys.store import settings, submissions
from surveys.store.database import Database
from surveys.store.writer import GroupCommit
from surveys.worker import Worker
from tests.conftest import CODES, NOW, WITHDRAWN, Clock
from tests.desk_people import enrol
from tests.field import accepted_visit, add_shopper, add_visit, report_of, reviewed
from tests.field import send as send_reports
from tests.records import Record, counter_form, make
from tests.rig.receivers import Mailbox, Receiver, mail_server

CONTACT = "maria.jones@example.com"
WORDS = "The man at the till laughed at me."

Send = Callable[..., str]


@pytest.fixture
def db(chain: Installation) -> Database:
    settings.put(chain.database(), "base_url", "https://survey.example.org")
    return chain.database()


@pytest.fixture
def box(db: Database) -> Iterator[Mailbox]:
    """A mail server that is set up."""
    with mail_server() as (port, found):
        server = mail.checked(
            host="localhost", port=port, security="none", sender="survey@example.org"
        )
        mail.set_up(db, NOW, server)
        yield found


@pytest.fixture
def worker(chain: Installation, clock: Clock) -> Worker:
    return Worker(chain, clock, Network(allowed={"localhost"}), chance=lambda: 0.0)


@pytest.fixture
def send(chain: Installation, clock: Clock) -> Send:
    """Sends a customer's submission; its id."""
    intake = Intake(GroupCommit(chain.new_database).run)
    form = counter_form(chain)

    def receive(site_id: str = "vienna-1", *, expected: str = "accepted", **more: Any) -> str:
        record: Record = make(
            form, token=CODES[site_id], answers={"moment": "worse", "welcome": 2}, asked=None,
            finished_at=clock.now.isoformat(), started_at=(clock.now - timedelta(minutes=1))
            .isoformat(),
        ) | more  # fmt: skip
        (receipt,) = intake.receive([record], received=clock.now)
        assert receipt.status == expected, receipt
        return str(record["id"])

    return receive


def text_of(box: Mailbox, number: int = -1) -> str:
    return str(box.letters[number].get_content()).replace("\r\n", "\n")


def manager(db: Database, **granted: list[str]) -> Person:
    return enrol(db, "manager", **(granted or {"regions": ["east"]}))


def put_events(db: Database) -> list[str]:
    return [row["topic"] for row in db.rows("SELECT topic FROM jobs WHERE kind = 'event'")]


# --- invitations ------------------------------------------------------------------------------


def invite(db: Database, email: str = "nora@example.org") -> tuple[Person, str]:
    token = people_joining.invite(db, NOW, email=email, role="reviewer")
    person = people.find_email(db, email)
    assert person is not None
    return person, token


def test_an_invitation_goes_to_the_person_invited(
    db: Database, box: Mailbox, worker: Worker
) -> None:
    person, token = invite(db)
    with db.transaction():
        assert invitations.put(db, NOW, person, token, by="olu")
    assert worker.once().delivered == 1
    assert box.envelopes[0].rcpt_tos == ["nora@example.org"]
    assert f"\nhttps://survey.example.org/join/{token}\n" in text_of(box)
    assert "7 days" in text_of(box)
    assert token not in str(list(db.rows("SELECT * FROM jobs")))  # it stays with nobody but her


def test_a_shoppers_letter_speaks_of_a_phone_and_of_no_password(
    db: Database, box: Mailbox, worker: Worker
) -> None:
    email = "sam@example.org"
    token = people_joining.invite(db, NOW, email=email, role="shopper", letter=invitations.put)
    worker.once()
    with db.transaction():
        sam = people_joining.enter(db, NOW, token, name="Sam")
    people_joining.new_link(db, NOW, sam.person_id, letter=invitations.put)
    worker.once()
    subjects = [letter["Subject"] for letter in box.letters]
    assert subjects == ["Your invitation to Touchstone", "Your phone and Touchstone"]
    for letter in box.letters:
        text = letter.get_body(("plain",)).get_content()
        assert "/join/" in text
        assert "on the phone" in text
        assert "password" not in text


def test_the_organisation_is_named(db: Database, box: Mailbox, worker: Worker) -> None:
    settings.put(db, "organisation", "Juniper & Daughters")
    person, token = invite(db)
    with db.transaction():
        invitations.put(db, NOW, person, token)
    worker.once()
    assert box.letters[0]["Subject"] == "Your invitation to Touchstone at Juniper & Daughters"


def test_an_invitation_that_was_rolled_back_is_never_sent(
    db: Database, box: Mailbox, worker: Worker
) -> None:
    person, token = invite(db)
    with pytest.raises(RuntimeError), db.transaction():  # noqa: PT012
        invitations.put(db, NOW, person, token)
        raise RuntimeError
    worker.once()
    assert box.letters == []


def test_a_link_that_is_void_by_then_is_not_sent(
    db: Database, box: Mailbox, worker: Worker
) -> None:
    person, token = invite(db)
    with db.transaction():
        invitations.put(db, NOW, person, token)
    invite(db)  # once more: the first link is void
    assert worker.once().delivered == 1
    assert box.letters == []


def test_without_a_mail_server_nothing_is_put_in(db: Database) -> None:
    person, token = invite(db)
    with db.transaction():
        assert not invitations.put(db, NOW, person, token)
    assert store.counts(db) == {}


# --- the misery alert -------------------------------------------------------------------------


def test_the_managers_who_see_the_site_are_told_and_nobody_else(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    mine = manager(db)
    manager(db, sites=["lisbon-1"])
    enrol(db, "reviewer")
    enrol(db, "staff")
    invite(db)
    send(answers={"moment": "worse", "comment": WORDS, "contact": CONTACT})
    worker.once()
    assert box.letters == []  # it waits for others
    clock.forward(minutes=10)
    worker.once()
    (letter,) = box.letters
    assert letter["To"] == mine.email
    assert letter["Subject"] == "Vienna, Graben: a customer was disappointed"
    said = text_of(box)
    assert "- 22 Nov 2026, 10:00 CET, at “queue”\n" in said
    assert "https://survey.example.org/desk/sites/vienna-1\n" in said
    assert "https://survey.example.org/account" in said
    assert WORDS not in said
    assert CONTACT not in said


def test_ten_in_an_hour_are_told_in_one_letter_and_the_next_hour_in_another(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    manager(db)
    for minute in range(10):
        send("vienna-1" if minute % 2 else "vienna-2")
        if minute < 9:
            clock.forward(minutes=1)
            worker.once()
    clock.forward(minutes=2)
    worker.once()
    (letter,) = box.letters
    assert letter["Subject"] == "10 customers were disappointed, at 2 sites"
    for _ in range(5):
        send()
        clock.forward(minutes=10)
        worker.once()
    assert len(box.letters) == 1
    clock.forward(minutes=20)
    worker.once()
    assert box.letters[1]["Subject"] == "Vienna, Graben: 5 customers were disappointed"


def test_many_are_told_in_a_letter_that_can_be_read(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    manager(db)
    for _ in range(25):
        send()
    worker.once()
    clock.forward(minutes=10)
    worker.once()
    assert text_of(box).count("CET") == 20
    assert "- and 5 more\n" in text_of(box)


@pytest.mark.parametrize("moment", ["better", "expected"])
def test_a_good_contact_alarms_nobody(db: Database, box: Mailbox, send: Send, moment: str) -> None:
    manager(db)
    send(answers={"moment": moment})
    assert put_events(db) == []


def test_what_is_held_is_told_when_it_is_accepted(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    owner = enrol(db, "owner")
    preferences.choose(db, owner.person_id, {preferences.ALERTS: "no"})
    manager(db)
    held = send(token=WITHDRAWN, expected="held")
    assert put_events(db) == []
    clock.forward(hours=3)
    holding.accept(db, "vienna-1", held, owner.person_id, clock.now)
    worker.once()
    clock.forward(minutes=10)
    worker.once()
    assert len(box.letters) == 1


def test_what_is_rejected_or_amended_or_out_of_sight_by_then_is_not_told(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    mine = manager(db)
    first = send(secret_sha256="ab" * 32)
    send(replaces=first, secret_sha256="ab" * 32, answers={"moment": "better"})
    worker.once()
    clock.forward(minutes=10)
    assert worker.once().given_up == 0
    assert box.letters == []
    send()
    worker.once()
    with db.transaction():
        db.execute("DELETE FROM grants WHERE person_id = :p", {"p": mine.person_id})
    clock.forward(hours=2)
    worker.once()
    assert box.letters == []


def test_somebody_who_was_removed_gets_no_letter_any_more(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    enrol(db, "owner")
    mine = manager(db)
    send()
    worker.once()
    people_leaving.remove(db, clock.now, mine.email)
    clock.forward(minutes=10)
    worker.once()
    assert mine.email not in {letter["To"] for letter in box.letters}
    assert len(box.letters) == 1  # the owner's


def test_what_is_flagged_alarms_nobody(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    manager(db)
    found = send()
    with db.transaction():
        db.execute(
            "UPDATE submissions SET flagged = 1 WHERE submission_id = :found", {"found": found}
        )
    worker.once()
    clock.forward(minutes=10)
    worker.once()
    assert box.letters == []


def test_whoever_does_not_want_alerts_gets_none(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    mine = manager(db)
    preferences.choose(db, mine.person_id, {preferences.ALERTS: "no"})
    send()
    worker.once()
    clock.forward(minutes=10)
    worker.once()
    assert box.letters == []


def test_without_mail_and_web_hooks_intake_puts_nothing_in(db: Database, send: Send) -> None:
    manager(db)
    send()
    assert list(db.rows("SELECT * FROM jobs")) == []


def test_letters_speak_their_readers_language(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    mine = manager(db)
    preferences.choose(db, mine.person_id, {preferences.LANGUAGE: "fr"})
    send()
    worker.once()
    clock.forward(minutes=10)
    worker.once()
    assert "22 nov. 2026, 10:00" in text_of(box)


# --- the morning letter -----------------------------------------------------------------------


def test_the_morning_letter_tells_of_yesterday_at_seven_where_the_reader_is(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    mine = manager(db)
    preferences.choose(db, mine.person_id, {preferences.ALERTS: "no"})
    owner = enrol(db, "owner")
    preferences.choose(db, owner.person_id, {preferences.ALERTS: "no"})
    send(answers={"moment": "worse", "comment": WORDS, "contact": CONTACT})
    send(answers={"moment": "better", "comment": "Fine."})
    send("vienna-2", answers={"moment": "better"})
    send("lisbon-1", answers={"moment": "worse"})  # not hers
    send(token=WITHDRAWN, expected="held")
    clock.now = NOW.replace(day=23, hour=5, minute=59)  # 06:59 in Vienna
    worker.once()
    assert box.letters == []
    clock.forward(minutes=1)
    worker.once()
    clock.forward(minutes=10)
    worker.once()
    (letter,) = box.letters
    assert letter["To"] == mine.email
    assert letter["Subject"] == "22 Nov 2026: 3 submissions"
    said = text_of(box)
    assert "- Vienna, Graben: 2 submissions, 1 worse than expected, 2 comments\n" in said
    assert "- Vienna, Praterstern: 1 submission, 0 worse than expected, 0 comments\n" in said
    assert "1 submission is held" in said
    assert "Lisbon" not in said
    assert WORDS not in said
    assert CONTACT not in said


def test_a_day_with_nothing_to_say_brings_no_letter(
    db: Database, box: Mailbox, worker: Worker, clock: Clock
) -> None:
    manager(db)
    clock.now = NOW.replace(day=23, hour=8)
    worker.once()
    assert box.letters == []


def test_after_noon_no_morning_letter_is_written(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    mine = manager(db)
    preferences.choose(db, mine.person_id, {preferences.ALERTS: "no"})
    send()
    clock.now = NOW.replace(day=23, hour=11)  # noon in Vienna
    worker.once()
    assert box.letters == []


def test_an_owner_gets_it_when_they_choose_it(
    db: Database, box: Mailbox, worker: Worker, send: Send, clock: Clock
) -> None:
    owner = enrol(db, "owner")
    preferences.choose(
        db,
        owner.person_id,
        {preferences.ALERTS: "no", preferences.DAILY: "yes", preferences.TIMEZONE: "Asia/Tokyo"},
    )
    send(token=WITHDRAWN, expected="held")
    clock.now = NOW.replace(day=22, hour=22)  # seven in Tokyo, on the 23rd
    worker.once()
    (letter,) = box.letters
    assert letter["Subject"] == "22 Nov 2026: 0 submissions"
    assert "1 submission is held" in text_of(box)


# --- events for web-hooks ---------------------------------------------------------------------


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("TOUCHSTONE_WEBHOOK_HOSTS", "localhost")
    with Receiver() as found:
        yield found


def test_a_web_hook_is_told_of_what_it_asked_for(
    db: Database, worker: Worker, send: Send, receiver: Receiver
) -> None:
    hook = webhooks.add(db, NOW, url=receiver.url, events=[events.MISERY])
    send(answers={"moment": "better"})
    worse = send(answers={"moment": "worse", "welcome": 2, "comment": WORDS, "contact": CONTACT})
    worker.once()
    (got,) = receiver.taken
    assert got.signed_with(hook.secret)
    assert got.data["type"] == "moment.misery"
    data = got.data["data"]
    assert (data["submission_id"], data["site_id"], data["region"]) == (worse, "vienna-1", "east")
    assert (data["levels"], data["moments"]) == ({"welcome": 2}, ["worse"])
    assert (data["touchpoint"], data["day"], data["version"]) == ("queue", "2026-11-22", 1)
    assert WORDS not in got.body.decode()
    assert CONTACT not in got.body.decode()


def test_everything_that_counts_is_told_to_whoever_wants_it_once(
    db: Database, worker: Worker, send: Send, receiver: Receiver
) -> None:
    webhooks.add(db, NOW, url=receiver.url, events=list(events.TYPES))
    record_id = send()
    send(id=record_id, expected="duplicate", answers={"moment": "worse", "welcome": 2})
    worker.once()
    worker.once()
    assert sorted(got.data["type"] for got in receiver.taken) == sorted(events.TYPES)
    assert len({got.message_id for got in receiver.taken}) == 2


def test_two_web_hooks_are_told_each_with_its_own_secret(
    db: Database, worker: Worker, send: Send, receiver: Receiver
) -> None:
    hooks = [webhooks.add(db, NOW, url=receiver.url, events=[events.ACCEPTED]) for _ in range(2)]
    send()
    worker.once()
    assert len(receiver.taken) == 2
    for hook in hooks:
        assert sum(got.signed_with(hook.secret) for got in receiver.taken) == 1


def test_a_web_hook_that_is_off_is_told_nothing(
    db: Database, worker: Worker, send: Send, receiver: Receiver
) -> None:
    hook = webhooks.add(db, NOW, url=receiver.url, events=[events.ACCEPTED])
    webhooks.switch_off(db, NOW, hook.webhook_id)
    send()
    worker.once()
    assert receiver.received == []
    assert put_events(db) == []


@pytest.mark.parametrize("source", ["manager", "staff", "manager_forecast", "staff_forecast"])
def test_what_managers_and_staff_say_is_told_to_nobody(
    db: Database, send: Send, receiver: Receiver, source: str
) -> None:
    webhooks.add(db, NOW, url=receiver.url, events=list(events.TYPES))
    with db.transaction():
        db.execute(
            "UPDATE tokens SET source = :source WHERE token = :token",
            {"source": source, "token": CODES["vienna-1"]},
        )
    found = submissions.find(db, "vienna-1", send())
    assert found is not None
    assert (found.status, found.source) == ("counted", source)
    assert put_events(db) == []


def test_other_content_that_turns_it_into_a_misery_is_told(
    db: Database, worker: Worker, send: Send, receiver: Receiver
) -> None:
    owner = enrol(db, "owner")
    webhooks.add(db, NOW, url=receiver.url, events=[events.MISERY])
    first = send(answers={"moment": "better"})
    send(id=first, expected="held", answers={"moment": "worse"})
    row = db.row("SELECT digest FROM conflicting")
    assert row is not None
    holding.accept_content(db, "vienna-1", first, row["digest"], owner.person_id, NOW)
    worker.once()
    (got,) = receiver.taken
    assert got.data["data"]["moments"] == ["worse"]


def test_what_was_rolled_back_with_its_submission_is_told_to_nobody(
    db: Database, send: Send, receiver: Receiver
) -> None:
    webhooks.add(db, NOW, url=receiver.url, events=[events.ACCEPTED])
    found = submissions.find(db, "vienna-1", send())
    assert found is not None
    with db.transaction():
        db.execute("DELETE FROM jobs")
    with pytest.raises(RuntimeError), db.transaction():  # noqa: PT012
        events.counted(db, NOW, found)
        raise RuntimeError
    assert put_events(db) == []


def test_the_payload_of_an_event_names_nobody(db: Database, send: Send, receiver: Receiver) -> None:
    webhooks.add(db, NOW, url=receiver.url, events=[events.ACCEPTED])
    found = send(answers={"moment": "worse", "comment": WORDS, "contact": CONTACT})
    (row,) = db.rows("SELECT payload FROM jobs")
    assert json.loads(row["payload"]) == {"site_id": "vienna-1", "submission_id": found}


# --- a report that came back --------------------------------------------------------------------


def test_a_shopper_is_told_of_a_report_that_came_back(
    chain: Installation, db: Database, box: Mailbox, worker: Worker
) -> None:
    reviewed(chain)
    ana, reviewer = add_shopper(chain, "ana"), enrol(db, "reviewer")
    sent = []
    for _ in range(3):
        visit = accepted_visit(chain, ana)
        assert visit.token is not None
        sent.append((visit, report_of(chain, visit.token)))
        send_reports(chain, sent[-1][1])
    (first, returned), (_, rejected), (third, answered) = sent
    words: dict[str, Any] = {"words": "Secret words.", "comments": {}}
    for one in (returned, answered):
        key = (db, "vienna-1", one["id"], reviewer.person_id, NOW)
        reviewing.give_back(*key, **words)
    holding.reject(db, "vienna-1", rejected["id"], reviewer.person_id, NOW, reason="Secret, too.")
    assert third.token is not None
    send_reports(chain, report_of(chain, third.token, replaces=answered["id"]))

    worker.once()

    letters = {str(letter["Subject"]): letter for letter in box.letters}
    assert set(letters) == {
        "Vienna, Graben: your report came back",
        "Vienna, Graben: your report was rejected",
    }
    text = letters["Vienna, Graben: your report came back"].get_content()
    assert f"https://survey.example.org/visits/{first.visit_id}/report" in text
    assert "your report of 22 Nov 2026" in text
    assert all("Secret" not in letter.as_string() for letter in box.letters)
    assert {letter["To"] for letter in box.letters} == {"ana@example.org"}


# --- visits -------------------------------------------------------------------------------------


def test_offers_of_one_moment_are_one_letter(
    chain: Installation, db: Database, box: Mailbox, clock: Clock, worker: Worker
) -> None:
    ana, ben = add_shopper(chain, "ana"), add_shopper(chain, "ben")
    add_visit(chain, [ana, ben])
    taken = add_visit(chain, [ana, ben], site_id="lisbon-1")
    visits.accept(db, NOW, taken, ben.person_id)
    worker.once()
    assert box.letters == [], "more may be offered at this moment"

    clock.forward(minutes=11)
    worker.once()

    told = {letter["To"]: letter for letter in box.letters}
    assert told.keys() == {"ana@example.org", "ben@example.org"}
    text = told["ana@example.org"].get_content()
    assert "- Vienna, Graben, from 22 Nov 2026 to 30 Nov 2026" in text
    assert "Lisbon" not in text, "somebody was quicker"
    assert "https://survey.example.org/visits" in text
    assert len(box.letters) == 2


def test_the_day_before_a_deadline_its_shopper_is_reminded_once(
    chain: Installation, db: Database, box: Mailbox, clock: Clock, worker: Worker
) -> None:
    ana = add_shopper(chain, "ana")
    accepted_visit(chain, ana, due=date(2026, 11, 23))
    reported = accepted_visit(chain, ana, site_id="vienna-2", due=date(2026, 11, 23))
    accepted_visit(chain, ana, site_id="lisbon-1", due=date(2026, 11, 25))
    assert reported.token is not None
    send_reports(chain, report_of(chain, reported.token))
    for _ in range(2):
        worker.once()
        clock.forward(minutes=20)
    found = [str(one["Subject"]) for one in box.letters if "tomorrow" in str(one["Subject"])]
    assert found == ["Vienna, Graben: due tomorrow"]
