"""The outbox: what is to be sent, put in by the very transaction that causes it.

Rolled back is never sent; committed is sent at least once, by whichever worker holds the lease
(:mod:`surveys.worker`). A job's id is made of what caused it, so that the same cause twice is one
job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from surveys import audit
from surveys.outside import Undelivered
from surveys.sentences import Sentence, kept
from surveys.store import jobs as store
from surveys.store import times
from surveys.store.database import Database
from surveys.store.jobs import Job

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=2)
"""From the first attempt that failed."""

ATTEMPT = timedelta(minutes=5)
"""An attempt that says nothing for so long is made again: its worker is gone."""

KEPT = timedelta(days=14)
"""What is done is remembered as long, without what it carried."""


class JobError(ValueError):
    """It cannot be done; the message says why."""


def put(
    db: Database,
    at: datetime,
    *,
    job_id: str,
    kind: str,
    topic: str,
    payload: Mapping[str, Any],
    recipient: str = "",
    due: datetime | None = None,
    cause: str = "",
) -> bool:
    """Put a job in, inside the caller's transaction; False if one of that id is there already.

    ``kind`` is event, email or webhook; ``recipient`` a person's or a web-hook's id; ``cause`` who
    or what put it in. ``payload`` is plain JSON, and is taken away when the job is done.
    """
    job = Job(
        job_id=job_id,
        kind=kind,
        topic=topic,
        recipient=recipient,
        payload=json.dumps(dict(payload), ensure_ascii=False),
        status="waiting",
        attempts=0,
        due_utc=times.text(due or at),
        first_failed_utc=None,
        last_error=None,
        cause=cause,
        created_utc=times.text(at),
        finished_utc=None,
    )
    return store.insert(db, job)


def pause(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts: a minute, two, four … up to six hours.

    ``chance`` (0 … 1) lengthens it by up to a quarter, so that what failed together does not come
    back together.
    """
    grown: timedelta = min(FIRST_PAUSE * 2.0 ** min(attempts - 1, 16), LONGEST_PAUSE)
    return grown * (1 + chance / 4)


def failed(db: Database, at: datetime, job: Job, why: Undelivered, chance: float) -> str:
    """Write down that an attempt came to nothing; ``waiting`` or ``given_up``, as it is now."""
    first = job.first_failed_utc or times.text(at)
    reason = kept(why.why)
    if why.final or first <= times.text(at - GIVE_UP_AFTER):
        store.give_up(db, job.job_id, times.text(at), reason)
        return "given_up"
    wait = max(pause(job.attempts, chance), min(timedelta(seconds=why.wait), LONGEST_PAUSE))
    store.failed(db, job, first, times.text(at + wait), reason)
    return "waiting"


def retry(db: Database, at: datetime, job_id: str, *, by: str = "") -> None:
    """Try what was given up as if it were new. Raises :class:`JobError`."""
    with db.transaction():
        detail = _detail(store.find(db, job_id))
        if not store.revive(db, job_id, times.text(at)):
            raise JobError(_not_given_up())
        audit.record(db, at, by, "tried again", f"job {job_id}", detail)


def discard(db: Database, at: datetime, job_id: str, *, by: str = "") -> None:
    """Take away what was given up, unsent. Raises :class:`JobError`."""
    with db.transaction():
        detail = _detail(store.find(db, job_id))
        if not store.delete(db, job_id, "given_up"):
            raise JobError(_not_given_up())
        audit.record(db, at, by, "discarded", f"job {job_id}", detail)


def _detail(job: Job | None) -> dict[str, str]:
    return {"kind": job.kind, "topic": job.topic, "recipient": job.recipient} if job else {}


def _not_given_up() -> Sentence:
    return Sentence(
        "Somebody was quicker: this is not among what was given up any more. Nothing was changed."
    )
