"""What happened that others are told of: noted where it happens, told by the worker.

Intake notes an event in its own transaction and goes on; whom it concerns, and in which words, is
found out later. Only what customers and shoppers sent is told: what managers and staff say is
shown in sums alone.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cached_property
from typing import Any

from surveys import alerts, jobs, letters, mail
from surveys.letters import Reader
from surveys.store import jobs as jobs_store
from surveys.store import sites, submissions, times
from surveys.store import webhooks as webhooks_store
from surveys.store.database import Database
from surveys.store.jobs import Job
from surveys.store.submissions import Submission
from surveys.store.webhooks import Webhook
from surveys.suppression import CONFIDENTIAL

ACCEPTED = "submission.accepted"
MISERY = "moment.misery"
TYPES = (ACCEPTED, MISERY)


def counted(db: Database, at: datetime, submission: Submission) -> None:
    """Note that ``submission`` counts from now on, inside the transaction that makes it so.

    Nothing is written while nobody wants to know.
    """
    if submission.source in CONFIDENTIAL:
        return
    wanted = webhooks_store.wanted(db)
    if ACCEPTED in wanted:
        _note(db, at, ACCEPTED, submission)
    if alerts.is_misery(submission) and (MISERY in wanted or mail.is_set_up(db)):
        _note(db, at, MISERY, submission)


def amended(db: Database, at: datetime, before: Submission, after: Submission) -> None:
    """Note a misery that a counted submission tells of now and did not before."""
    if alerts.is_misery(after) and not alerts.is_misery(before):
        counted(db, at, after)


def _note(db: Database, at: datetime, event: str, submission: Submission) -> None:
    jobs.put(
        db,
        at,
        job_id=f"{event}:{submission.site_id}:{submission.submission_id}",
        kind="event",
        topic=event,
        payload=submission.key,
        cause=f"submission {submission.submission_id}",
    )


class Teller:
    """Tells events, one after the other; who may get a letter is read once."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @cached_property
    def _readers(self) -> list[Reader]:
        return letters.readers(self._db)

    def tell(self, at: datetime, job: Job) -> None:
        """Put in what follows from an event, in one transaction with the end of the event.

        Nothing follows where another submission has taken its place meanwhile: that one is told.
        """
        db, key = self._db, json.loads(job.payload)
        submission = submissions.find(db, key["site_id"], key["submission_id"])
        site = sites.find(db, key["site_id"])
        hooks = [hook for hook in webhooks_store.every(db) if _wants(hook, job)]
        readers = self._readers if job.topic == MISERY and mail.is_set_up(db) else []
        with db.transaction():
            if submission is not None and submission.status == "counted" and site is not None:
                _put_messages(db, at, job, hooks, _message(job, submission, site.region))
                alerts.gather(db, at, readers, site, submission)
            jobs_store.done(db, job.job_id, times.text(at))


def _wants(hook: Webhook, job: Job) -> bool:
    return hook.status == "active" and job.topic in hook.event_list


def _put_messages(
    db: Database, at: datetime, job: Job, hooks: list[Webhook], message: dict[str, Any]
) -> None:
    message_id = f"msg_{hashlib.sha256(job.job_id.encode()).hexdigest()[:32]}"
    body = json.dumps(message, ensure_ascii=False)
    for hook in hooks:
        jobs.put(
            db,
            at,
            job_id=f"{message_id}:{hook.webhook_id}",
            kind="webhook",
            topic=job.topic,
            recipient=hook.webhook_id,
            payload={"id": message_id, "body": body},
            cause=job.cause,
        )


def _message(job: Job, submission: Submission, region: str) -> dict[str, Any]:
    """What a web-hook is sent: ids, places and levels; nobody's words, no way to reach anybody."""
    levels: dict[str, int] = {}
    moments = []
    for facet, level in submission.mark_pairs:
        kind, _, name = facet.partition(":")
        if kind == "dimension" and level != "asked":
            levels[name] = int(level)
        elif facet == "moment" and level != "asked":
            moments.append(level)
    return {
        "type": job.topic,
        "timestamp": job.created_utc,
        "data": {
            "version": 1,
            "submission_id": submission.submission_id,
            "site_id": submission.site_id,
            "region": region,
            "touchpoint": submission.touchpoint,
            "day": submission.day,
            "source": submission.source,
            "mode": submission.mode,
            "form": submission.form_used or submission.form,
            "flags": submission.flag_words,
            "levels": levels,
            "moments": moments,
            "replaces": submission.replaces,
        },
    }
