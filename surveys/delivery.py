"""One attempt at one job: the letter is written, or the web-hook signed, and sent."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from surveys import (
    alerts,
    daily,
    invitations,
    jobs,
    mail,
    mail_sending,
    outside,
    report_letters,
    visit_letters,
    webhook_sending,
    webhooks,
)
from surveys.letters import Letter
from surveys.mail import MailError
from surveys.outside import Undelivered
from surveys.sentences import Sentence
from surveys.store import jobs as store
from surveys.store import times
from surveys.store import webhooks as webhooks_store
from surveys.store.database import Database
from surveys.store.jobs import Job
from surveys.webhook_sending import Gone, Limits


@dataclass(frozen=True)
class Network:
    """How the world outside is reached; the defaults are what a server does."""

    allowed: Collection[str] | None = None
    look_up: outside.Resolve = outside.resolve
    limits: Limits = field(default_factory=Limits)
    mail_still: float = mail_sending.STILL_SECONDS
    mail_whole: float = mail_sending.WHOLE_SECONDS


def attempt(db: Database, at: datetime, job: Job, network: Network) -> str | None:
    """Send it; what was answered, or None where there was nothing to say any more.

    No transaction is open meanwhile. Raises :class:`Undelivered`.
    """
    return (_letter if job.kind == "email" else _webhook)(db, at, job, network)


def settle(db: Database, at: datetime, job: Job, why: Undelivered | None, chance: float) -> str:
    """Write down what came of an attempt: ``done``, ``waiting`` or ``given_up``.

    A web-hook that has answered well to nothing since the first attempt failed is switched off
    with it: it would only gather more.
    """
    with db.transaction():
        if why is None:
            store.done(db, job.job_id, times.text(at))
            return "done"
        status = jobs.failed(db, at, job, why, chance)
    if status == "given_up" and job.kind == "webhook":
        webhook = webhooks_store.find(db, job.recipient)
        first = job.first_failed_utc or times.text(at)
        well = webhook is not None and (webhook.succeeded_utc or "") > first
        if webhook is not None and webhook.status == "active" and not well:
            webhooks.switch_off(db, at, webhook.webhook_id, why.why)
    return status


def _letter(db: Database, at: datetime, job: Job, network: Network) -> str | None:
    written = _written(db, at, job)
    if written is None:
        return None
    try:
        server = mail.server(db)
    except MailError as error:
        raise Undelivered(error.args[0], server=True) from None
    if server is None:
        raise Undelivered(Sentence("No mail server is set up any more."), server=True)
    message = mail_sending.letter(
        server, to=written.to, subject=written.subject, text=written.text, ident=job.job_id, at=at
    )
    return mail_sending.send(server, message, still=network.mail_still, whole=network.mail_whole)


def _written(db: Database, at: datetime, job: Job) -> Letter | None:
    if job.topic == invitations.TOPIC:
        return invitations.letter(db, at, job)
    if job.topic == alerts.TOPIC:
        return alerts.letter(db, job)
    if job.topic == report_letters.TOPIC:
        return report_letters.letter(db, job)
    if job.topic in visit_letters.TOPICS:
        return visit_letters.letter(db, at, job)
    return daily.letter(db, job)


def _webhook(db: Database, at: datetime, job: Job, network: Network) -> str | None:
    webhook = webhooks_store.find(db, job.recipient)
    if webhook is None:
        return None
    if webhook.status != "active":  # tried again by hand, perhaps
        why = Sentence("The web-hook is switched off. Switch it on, then try again.")
        raise Undelivered(why, final=True)
    payload = json.loads(job.payload)
    try:
        answer = webhook_sending.send(
            webhook,
            payload["id"],
            payload["body"].encode(),
            at,
            allowed=network.allowed,
            look_up=network.look_up,
            limits=network.limits,
        )
    except Undelivered as error:
        webhook_sending.answered(db, at, webhook.webhook_id, error.why, succeeded=False)
        if isinstance(error, Gone):
            webhooks.switch_off(db, at, webhook.webhook_id, error.why)
        raise
    webhook_sending.answered(db, at, webhook.webhook_id, answer, succeeded=True)
    return answer
