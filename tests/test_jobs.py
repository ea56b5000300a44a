"""The outbox and its worker: rolled back is never sent, committed is sent at least once."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from surveys import jobs, mail, preferences, webhooks
from surveys.delivery import Network
from surveys.installation import Installation
from surveys.jobs import JobError
from surveys.outside import Undelivered
from surveys.sentences import Sentence, kept, read
from surveys.store import audit as audit_store
from surveys.store import jobs as store
from surveys.store import times
from surveys.store import webhooks as webhooks_store
from surveys.store.database import Database
from surveys.store.jobs import Job
from surveys.store.webhooks import Webhook
from surveys.webhook_sending import Limits
from surveys.worker import LEASE, LEASE_NAME, Done, Worker
from tests.conftest import NOW, Clock
from tests.desk_people import enrol
from tests.rig.receivers import BUSY, CUT, ERROR, GONE, GOOD, HANG, Receiver

ALLOWED = frozenset({"localhost"})
QUICK = Network(
    allowed=ALLOWED, limits=Limits(still=0.3, whole=1.0), mail_still=0.3, mail_whole=1.0
)


@pytest.fixture
def db(installation: Installation) -> Database:
    return installation.database()


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_WEBHOOK_HOSTS", "localhost")


@pytest.fixture
def worker(installation: Installation, clock: Clock) -> Worker:
    return Worker(installation, clock, QUICK, chance=lambda: 0.0)


def hook_to(db: Database, receiver: Receiver) -> Webhook:
    return webhooks.add(db, NOW, url=receiver.url, events=["moment.misery"])


def put(db: Database, hook: Webhook, job_id: str, at: datetime = NOW) -> None:
    with db.transaction():
        jobs.put(
            db, at, job_id=job_id, kind="webhook", topic="moment.misery",
            recipient=hook.webhook_id, payload={"id": job_id, "body": json.dumps({"n": job_id})},
        )  # fmt: skip


def job(db: Database, job_id: str) -> Job:
    found = store.find(db, job_id)
    assert found is not None
    return found


def statuses(db: Database) -> Counter[str]:
    return Counter(store.counts(db))


# --- the outbox -------------------------------------------------------------------------------


def test_what_was_rolled_back_is_never_sent(db: Database, worker: Worker) -> None:
    with Receiver() as receiver:
        hook = hook_to(db, receiver)
        with pytest.raises(RuntimeError), db.transaction():  # noqa: PT012
            jobs.put(
                db, NOW, job_id="never", kind="webhook", topic="t", recipient=hook.webhook_id,
                payload={"id": "never", "body": "{}"},
            )  # fmt: skip
            raise RuntimeError
        assert worker.once() == Done()
        assert receiver.received == []


def test_the_same_cause_twice_is_one_job(db: Database) -> None:
    with db.transaction():
        put_ = [
            jobs.put(db, NOW, job_id="one", kind="email", topic="t", payload={"n": n})
            for n in (1, 2)
        ]
    assert put_ == [True, False]
    assert job(db, "one").payload == '{"n": 1}'


def test_a_job_that_is_done_keeps_nothing_of_what_it_carried(db: Database, worker: Worker) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "one")
        assert worker.once().delivered == 1
    found = job(db, "one")
    assert (found.status, found.payload, found.attempts) == ("done", "{}", 1)
    assert found.finished_utc == times.text(NOW)


def test_what_is_not_due_waits(db: Database, worker: Worker, clock: Clock) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "later", NOW + timedelta(minutes=5))
        assert worker.once().delivered == 0
        clock.forward(minutes=5)
        assert worker.once().delivered == 1


def test_what_is_done_is_forgotten_after_two_weeks(
    db: Database, installation: Installation, worker: Worker, clock: Clock
) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "one")
        worker.once()
        clock.forward(days=13)
        worker.once()
        assert store.find(db, "one") is not None
        clock.forward(days=2)
        worker.once()
        assert store.find(db, "one") is None


# --- trying again -----------------------------------------------------------------------------


def test_pauses_grow_from_a_minute_to_six_hours() -> None:
    minutes = [jobs.pause(n, 0.0) / timedelta(minutes=1) for n in range(1, 14)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360]
    assert jobs.pause(10_000, 1.0) == timedelta(hours=7.5)
    assert jobs.pause(1, 0.5) == timedelta(minutes=1.125)


def test_it_is_tried_again_with_growing_pauses_and_given_up_after_two_days(
    db: Database, worker: Worker, clock: Clock
) -> None:
    with Receiver([ERROR]) as receiver:
        put(db, hook_to(db, receiver), "one")
        tries = []
        while job(db, "one").status == "waiting":
            worker.once()
            tries.append(clock.now)
            clock.now = datetime.fromisoformat(job(db, "one").due_utc)
        assert len(receiver.received) == len(tries)
        assert len({got.message_id for got in receiver.received}) == 1
        pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
        assert pauses == sorted(pauses)
        assert timedelta(days=2) <= tries[-1] - tries[0] < timedelta(days=2, hours=7)
    found = job(db, "one")
    assert found.status == "given_up"
    assert read(found.last_error or "") == "localhost answered 500 Internal Server Error."


def test_a_receiver_that_asks_to_be_left_alone_is(db: Database, worker: Worker) -> None:
    with Receiver([BUSY]) as receiver:
        put(db, hook_to(db, receiver), "one")
        worker.once()
        assert job(db, "one").due_utc == times.text(NOW + timedelta(hours=2))


def test_a_webhook_that_took_nothing_for_two_days_is_switched_off(
    db: Database, worker: Worker, clock: Clock
) -> None:
    with Receiver([ERROR]) as receiver:
        hook = hook_to(db, receiver)
        put(db, hook, "one")
        worker.once()
        clock.forward(days=2, minutes=1)
        put(db, hook, "two", clock.now)
        worker.once()
    found = webhooks_store.find(db, hook.webhook_id)
    assert found is not None
    assert found.status == "off"
    assert read(found.reason or "") == "localhost answered 500 Internal Server Error."
    assert statuses(db) == {"given_up": 2}


def test_a_webhook_that_takes_others_stays_on_when_one_is_given_up(
    db: Database, worker: Worker, clock: Clock
) -> None:
    with Receiver([ERROR, GOOD, ERROR]) as receiver:
        hook = hook_to(db, receiver)
        put(db, hook, "one")
        worker.once()
        clock.forward(minutes=1)
        with db.transaction():
            db.execute("UPDATE jobs SET due_utc = :due_utc", {"due_utc": times.text(
                NOW + timedelta(days=2, hours=1))})  # fmt: skip
        put(db, hook, "two", clock.now)
        worker.once()
        clock.forward(days=2, hours=2)
        worker.once()
    assert job(db, "one").status == "given_up"
    found = webhooks_store.find(db, hook.webhook_id)
    assert found is not None
    assert found.status == "active"


def test_410_switches_the_webhook_off_at_once(db: Database, worker: Worker) -> None:
    with Receiver([GONE]) as receiver:
        hook = hook_to(db, receiver)
        for number in range(3):
            put(db, hook, f"job-{number}")
        worker.once()
        assert len(receiver.received) == 1
    found = webhooks_store.find(db, hook.webhook_id)
    assert found is not None
    assert (found.status, "410" in (found.reason or "")) == ("off", True)
    assert statuses(db) == {"given_up": 3}


def test_what_is_tried_again_while_its_web_hook_is_off_is_not_lost(
    db: Database, worker: Worker, clock: Clock
) -> None:
    with Receiver([GONE, GOOD]) as receiver:
        hook = hook_to(db, receiver)
        put(db, hook, "one")
        worker.once()
        jobs.retry(db, clock.now, "one")
        assert worker.once().given_up == 1
        assert read(job(db, "one").last_error or "").startswith("The web-hook is switched off")
        webhooks.switch_on(db, clock.now, hook.webhook_id)
        jobs.retry(db, clock.now, "one")
        assert worker.once().delivered == 1
        assert len(receiver.taken) == 1


def test_what_was_given_up_can_be_tried_again_or_discarded(
    db: Database, worker: Worker, clock: Clock
) -> None:
    with Receiver([ERROR, GOOD]) as receiver:
        hook = hook_to(db, receiver)
        put(db, hook, "one")
        worker.once()
        with pytest.raises(JobError, match="Nothing was changed"):
            jobs.retry(db, NOW, "one")  # it still waits
        with db.transaction():
            store.give_up(db, "one", times.text(NOW), kept(Sentence("Enough.")))
        clock.forward(days=3)
        jobs.retry(db, clock.now, "one", by="olu")
        assert (job(db, "one").status, job(db, "one").attempts) == ("waiting", 0)
        assert worker.once().delivered == 1
    put(db, hook, "two")
    with db.transaction():
        store.give_up(db, "two", times.text(NOW), kept(Sentence("Enough.")))
    jobs.discard(db, clock.now, "two", by="olu")
    assert store.find(db, "two") is None
    with pytest.raises(JobError, match="Nothing was changed"):
        jobs.discard(db, NOW, "two")
    acts = [line["action"] for line in audit_store.newest_first(db, 2)]
    assert sorted(acts) == ["discarded", "tried again"]


# --- one does not block the others ------------------------------------------------------------


def test_a_receiver_that_is_silent_keeps_only_itself_waiting(db: Database, worker: Worker) -> None:
    with Receiver([HANG]) as silent, Receiver() as good:
        bad_hook, good_hook = hook_to(db, silent), hook_to(db, good)
        for number in range(100):
            put(db, bad_hook, f"bad-{number}")
        for number in range(20):
            put(db, good_hook, f"good-{number}")
        done = worker.once()
        assert len(silent.received) == 1  # then it rests
        assert len(good.taken) == 20
    assert (done.delivered, done.waiting, done.given_up) == (20, 1, 0)


def test_a_fault_of_ours_with_one_job_does_not_stop_the_rest(
    db: Database, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver() as receiver:
        hook = hook_to(db, receiver)
        with db.transaction():
            jobs.put(
                db, NOW - timedelta(1), job_id="broken", kind="webhook", topic="t",
                recipient=hook.webhook_id, payload={"no": "body"},
            )  # fmt: skip
        put(db, hook, "sound")
        done = worker.once()
        assert len(receiver.taken) == 1
    assert (done.delivered, done.waiting) == (1, 1)
    assert read(job(db, "broken").last_error or "").startswith("A fault on our side")
    assert "KeyError" in caplog.text


def test_an_event_that_cannot_be_told_does_not_stop_the_rest(
    db: Database, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "sound")
        with db.transaction():
            jobs.put(db, NOW, job_id="broken", kind="event", topic="moment.misery", payload={})
        assert worker.once().delivered == 1
    assert job(db, "broken").status == "waiting"
    assert job(db, "broken").due_utc > times.text(NOW)
    assert "KeyError" in caplog.text


def test_no_transaction_is_open_while_the_network_is_used(
    installation: Installation, clock: Clock
) -> None:
    """Another connection can write while the receiver thinks."""
    db = installation.database()
    wrote: list[bool] = []
    with Receiver([HANG]) as receiver:
        put(db, hook_to(db, receiver), "slow")
        slow = Network(allowed=ALLOWED, limits=Limits(still=3, whole=3))
        thread = threading.Thread(target=Worker(installation, clock, slow).once)
        thread.start()
        while not receiver.received:
            pass
        other = installation.new_database()
        with other.transaction():
            wrote.append(True)
        other.close()
        assert thread.is_alive()
        thread.join()
    assert wrote == [True]


# --- one worker at a time ---------------------------------------------------------------------


def test_the_lease_is_one_workers_until_its_time_is_over(db: Database) -> None:
    def take(holder: str, at: datetime) -> bool:
        with db.transaction():
            return store.take_lease(db, "jobs", holder, times.text(at), times.text(at + LEASE))

    assert take("one", NOW)
    assert not take("two", NOW + LEASE / 2)
    assert take("one", NOW + LEASE / 2)  # prolonged
    assert not take("two", NOW + LEASE)
    assert take("two", NOW + LEASE * 1.5)
    assert not take("one", NOW + LEASE * 1.6)
    with db.transaction():
        store.leave_lease(db, "jobs", "one")  # it is not its own any more
    assert not take("one", NOW + LEASE * 1.6)
    with db.transaction():
        store.leave_lease(db, "jobs", "two")
    assert take("one", NOW + LEASE * 1.6)


def test_a_second_worker_leaves_it_to_the_first_and_goes_on_after_its_death(
    db: Database, worker: Worker, clock: Clock
) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "one")
        with db.transaction():  # a worker that took the lease and died
            store.take_lease(db, LEASE_NAME, "dead", times.text(NOW), times.text(NOW + LEASE))
        assert worker.once().busy
        assert receiver.received == []
        clock.forward(seconds=LEASE.total_seconds())
        assert worker.once().delivered == 1


def test_an_attempt_whose_worker_died_is_made_again(
    db: Database, worker: Worker, clock: Clock
) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "one")
        with db.transaction():
            assert store.claim(db, job(db, "one"), times.text(NOW + jobs.ATTEMPT))
        assert worker.once().delivered == 0
        clock.forward(seconds=jobs.ATTEMPT.total_seconds())
        assert worker.once().delivered == 1
        assert job(db, "one").attempts == 2


def test_what_was_added_to_a_job_after_it_was_read_is_not_lost(db: Database) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "one")
    seen = job(db, "one")
    with db.transaction():
        assert store.set_payload(db, seen, '{"about": "more"}')
    with db.transaction():
        assert not store.claim(db, seen, times.text(NOW + jobs.ATTEMPT))
        assert store.claim(db, job(db, "one"), times.text(NOW + jobs.ATTEMPT))


def test_a_morning_that_cannot_be_worked_out_keeps_nothing_else_back(
    db: Database, worker: Worker
) -> None:
    mail.set_up(db, NOW, mail.MailServer("127.0.0.1", 9, "none", "us@example.org"))
    owner = enrol(db, "owner")
    preferences.choose(db, owner.person_id, {preferences.TIMEZONE: "Europe/Atlantis"})
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "one")
        assert worker.once().delivered == 1


def test_two_claims_of_one_attempt_and_one_wins(db: Database) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "one")
    seen, until = job(db, "one"), times.text(NOW + jobs.ATTEMPT)
    with db.transaction():
        assert [store.claim(db, seen, until) for _ in range(2)] == [True, False]


def test_a_lease_is_left_when_the_work_is_done(db: Database, worker: Worker) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "one")
        worker.once()
    assert db.row("SELECT holder FROM leases") is None


def test_with_nothing_to_do_nothing_is_written(db: Database, worker: Worker) -> None:
    worker.once()
    before = db.row("PRAGMA data_version")
    for _ in range(5):
        worker.once()
    assert db.row("PRAGMA data_version") == before


# --- half of it fails -------------------------------------------------------------------------


@pytest.fixture
def failing() -> Iterator[Receiver]:
    with Receiver([GOOD, ERROR, GOOD, CUT, GOOD, HANG, ERROR, GOOD]) as receiver:
        yield receiver


def test_with_a_receiver_that_fails_half_the_time_every_job_arrives_and_ends_done(
    db: Database, worker: Worker, clock: Clock, failing: Receiver
) -> None:
    hook = hook_to(db, failing)
    names = [f"job-{number}" for number in range(40)]
    for name in names:
        put(db, hook, name)
    for _ in range(60):
        worker.once()
        clock.forward(minutes=10)
        if statuses(db) == {"done": len(names)}:
            break
    assert statuses(db) == {"done": len(names)}
    assert {got.message_id for got in failing.taken} == set(names)
    assert len(failing.received) > len(failing.taken)
    assert all(got.signed_with(hook.secret) for got in failing.received)
    bodies = {(got.message_id, got.body) for got in failing.received}
    assert len(bodies) == len(names)  # the same again, letter by letter


# --- sentences that are kept ------------------------------------------------------------------


def test_a_reason_is_kept_so_that_it_can_be_said_in_another_language() -> None:
    inner = Sentence("{n} of {all}", n=3, all=5)
    made = read(kept(Sentence("“{what}” failed: {why}", what="a {b}", why=inner)))
    assert made == "“a {b}” failed: 3 of 5"
    assert (made.template, made.values["why"]) == ("“{what}” failed: {why}", inner)
    assert isinstance(made.values["why"], Sentence)
    assert str(Undelivered(made)) == made
    assert not mail.by_environment()
