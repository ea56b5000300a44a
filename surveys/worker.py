"""The worker: delivers what is due in the outbox, one worker at a time.

Whoever finds something due takes the lease and prolongs it while it works; one that dies loses it
after :data:`LEASE`, and another goes on. Each job is claimed before its attempt and settled after
it, so that a job is sent at least once, and twice only where an answer was lost. A transaction is
never open while the network is used.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from surveys import (
    attachments,
    daily,
    delivery,
    events,
    jobs,
    reviewing_hours,
    saved_files,
    visit_letters,
    visit_plans,
)
from surveys.delivery import Network
from surveys.installation import Installation
from surveys.outside import Undelivered
from surveys.sentences import Sentence
from surveys.store import jobs as store
from surveys.store import times
from surveys.store.database import Database, Unavailable
from surveys.store.jobs import Job

LEASE = timedelta(seconds=15)
LEASE_NAME = "jobs"
POLL_SECONDS = 1.0
WAIT_SECONDS = 0.5
STOP_SECONDS = 5.0
"""For attempts under way; one that takes longer is made again later."""

TOGETHER = 6
"""Receivers that are served at the same time: a slow one keeps only itself waiting."""

IN_A_ROW = 100
TURN = timedelta(seconds=20)
"""Jobs of one receiver, and time for it, before it is the others' turn."""

EVERY_MINUTE = timedelta(minutes=1)
EVERY_HOUR = timedelta(hours=1)
EVERY_DAY = timedelta(days=1)

_EVERY_MINUTE: tuple[tuple[Callable[[Database, datetime], object], str], ...] = (
    (reviewing_hours.accept_due, "Reports whose hours have passed cannot be accepted"),
    (daily.schedule, "The morning's letters cannot be put in"),
    (visit_plans.schedule, "The visits of a plan cannot be made"),
    (visit_letters.schedule, "The letters about deadlines cannot be put in"),
)
"""What is done then, and what the log says where it cannot be."""

Group = tuple[str, str | None]
"""Jobs that go to the same machine: every e-mail; the messages of one web-hook. Events go nowhere:
other jobs are made of them."""

EVENTS: Group = ("event", None)

log = logging.getLogger(__name__)


@dataclass
class Done:
    """What a run came to."""

    delivered: int = 0
    waiting: int = 0
    given_up: int = 0
    busy: bool = False  # another worker held the lease
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def count(self, status: str) -> None:
        with self._lock:
            self.delivered += status == "done"
            self.waiting += status == "waiting"
            self.given_up += status == "given_up"


class Worker:
    """One worker over an installation; ``clock`` gives the time in UTC."""

    def __init__(
        self,
        installation: Installation,
        clock: Callable[[], datetime],
        network: Network | None = None,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._installation = installation
        self._clock = clock
        self._network = network or Network()
        self._chance = chance
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._ended = threading.Event()
        self._leased: datetime | None = None
        self._resting: dict[Group, datetime] = {}
        self._scheduled: datetime | None = None
        self._tidied: datetime | None = None
        self._swept: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Deliver whatever becomes due, until ``stop`` is set."""
        while not stop.wait(POLL_SECONDS):
            try:
                self.once(stop)
            except Unavailable as error:
                log.error("The outbox cannot be read just now: %s", error)
            except Exception:
                log.exception("The worker met a fault and goes on")

    def once(self, stop: threading.Event | None = None) -> Done:
        """Deliver what is due now, and end."""
        stop, done = stop or threading.Event(), Done()
        db = self._installation.new_database()
        running: dict[Group, threading.Thread] = {}
        patience = STOP_SECONDS
        try:
            while patience > 0:
                self._regularly(db)
                running = {group: thread for group, thread in running.items() if thread.is_alive()}
                due = [] if stop.is_set() else [g for g in self._due(db) if g not in running]
                if not due and not running:
                    break
                if not self._lease(db):
                    done.busy = True
                    break
                if EVENTS in due:
                    self._tell(db, stop)
                    continue
                for group in due[: TOGETHER - len(running)]:
                    running[group] = self._start(group, stop, done)
                self._ended.wait(WAIT_SECONDS)
                self._ended.clear()
                patience -= WAIT_SECONDS if stop.is_set() else 0
        finally:
            self._leave(db)
            db.close()
        return done

    # --- the lease ----------------------------------------------------------------------------

    def _lease(self, db: Database) -> bool:
        """Take the lease, or prolong it well before it ends; False while another has it."""
        now = self._clock()
        if self._leased is not None and now - self._leased < LEASE / 3:
            return True
        with db.transaction():
            taken = store.take_lease(
                db, LEASE_NAME, self._holder, times.text(now), times.text(now + LEASE)
            )
        self._leased = now if taken else None
        return taken

    def _leave(self, db: Database) -> None:
        if self._leased is not None:
            self._leased = None
            with db.transaction():
                store.leave_lease(db, LEASE_NAME, self._holder)

    # --- what there is to do ------------------------------------------------------------------

    def _regularly(self, db: Database) -> None:
        """What goes by the clock: reports that count by now, letters, visits, tidying up."""
        now = self._clock()
        if self._scheduled is None or now - self._scheduled >= EVERY_MINUTE:
            self._scheduled = now
            for act, failed in _EVERY_MINUTE:
                try:
                    act(db, now)
                except Unavailable:
                    raise
                except Exception:  # what is due goes out nevertheless
                    log.exception(failed)
        if self._tidied is None or now - self._tidied >= EVERY_HOUR:
            with db.transaction():
                store.delete_done(db, times.text(now - jobs.KEPT))
            self._tidied = now
            try:
                saved_files.tidy(self._installation.uploads, now)
                if self._swept is None or now - self._swept >= EVERY_DAY:
                    self._swept = now
                    attachments.tidy(db, self._installation.files, now)
            except (OSError, Unavailable):  # a folder that cannot be tidied keeps no letter waiting
                log.exception("Files that nobody needs cannot be taken away")

    def _due(self, db: Database) -> list[Group]:
        """Whom something is due for; those whose machine has just failed rest for a minute."""
        now = self._clock()
        found: dict[Group, None] = {}
        for kind, recipient in store.due_groups(db, times.text(now)):
            found[kind, recipient if kind == "webhook" else None] = None
        return [group for group in found if self._resting.get(group, now) <= now]

    def _tell(self, db: Database, stop: threading.Event) -> None:
        """Put in what follows from events: other jobs."""
        teller = events.Teller(db)
        for _ in range(IN_A_ROW):
            now = self._clock()
            job = store.next_due(db, *EVENTS, times.text(now))
            if job is None or stop.is_set():
                return
            try:
                teller.tell(now, job)
            except Unavailable:
                raise
            except Exception:
                log.exception("The event %s cannot be told", job.job_id)
                with db.transaction():
                    if store.claim(db, job, times.text(now)):
                        tried = replace(job, attempts=job.attempts + 1)
                        jobs.failed(db, now, tried, _fault(), self._chance())

    # --- delivering ---------------------------------------------------------------------------

    def _start(self, group: Group, stop: threading.Event, done: Done) -> threading.Thread:
        thread = threading.Thread(target=self._serve, args=(group, stop, done), daemon=True)
        thread.start()
        return thread

    def _serve(self, group: Group, stop: threading.Event, done: Done) -> None:
        """A thread's work, with a connection of its own: one receiver's turn."""
        try:
            db = self._installation.new_database()
            try:
                self._take_turn(db, group, stop, done)
            finally:
                db.close()
        except Unavailable as error:
            log.error("What came of an attempt cannot be written down: %s", error)
            self._resting[group] = self._clock() + jobs.FIRST_PAUSE
        finally:
            self._ended.set()

    def _take_turn(self, db: Database, group: Group, stop: threading.Event, done: Done) -> None:
        began = now = self._clock()
        for _ in range(IN_A_ROW):
            job = store.next_due(db, *group, times.text(now))
            if job is None or stop.is_set() or now - began > TURN:
                return
            with db.transaction():
                claimed = store.claim(db, job, times.text(now + jobs.ATTEMPT))
            if claimed:
                why = self._attempt(db, replace(job, attempts=job.attempts + 1), done)
                if why is not None and why.server:
                    self._resting[group] = now + jobs.FIRST_PAUSE
                    return
            now = self._clock()

    def _attempt(self, db: Database, job: Job, done: Done) -> Undelivered | None:
        """One attempt, settled; why it came to nothing, if it did."""
        why: Undelivered | None = None
        try:
            delivery.attempt(db, self._clock(), job, self._network)
        except Undelivered as error:
            why = error
        except Unavailable:
            raise
        except Exception:
            log.exception("The %s %s cannot be made", job.kind, job.topic)
            why = _fault()
        status = delivery.settle(db, self._clock(), job, why, self._chance())
        if status == "given_up":
            log.warning("An %s was given up; “jobs list” says why", f"{job.kind} ({job.topic})")
        done.count(status)
        return why


def _fault() -> Undelivered:
    return Undelivered(Sentence("A fault on our side, which has been written down in the log."))
