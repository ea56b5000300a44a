"""The desk's messages: what waits to be sent, what was given up and why."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from surveys import jobs, mail, people
from surveys.jobs import JobError
from surveys.sentences import Sentence, read
from surveys.store import jobs as store
from surveys.store import webhooks as webhooks_store
from surveys.store.jobs import Job
from surveys.web.security import needs, signed_in
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import ngettext, told

blueprint = Blueprint("messages", __name__)

SHOWN = 100

TOPICS = {
    "invitation": Sentence("An invitation"),
    "report": Sentence("A report that came back"),
    "visit.offered": Sentence("Visits that are offered"),
    "visit.deadline": Sentence("A deadline that is tomorrow’s"),
    "misery": Sentence("An alert: customers were disappointed"),
    "daily": Sentence("The morning letter"),
    "submission.accepted": Sentence("A submission counts"),
    "moment.misery": Sentence("A customer was disappointed"),
}


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    app: Flask = state.app  # type: ignore[assignment]
    app.jinja_env.globals["given_up"] = given_up


def given_up() -> int:
    """How many messages were given up, for the owner's first page; 0 for others."""
    person = signed_in()
    if person is None or person.role != "owner":
        return 0
    return store.given_up(services().database)


@dataclass(frozen=True)
class Line:
    """A job as the page shows it: about what, to whom, and why it is not there yet."""

    job: Job
    about: str
    to: str
    why: str


@blueprint.get("/desk/messages")
@needs("owner")
def listed() -> str:
    database = services().database
    with database.snapshot():
        counts = store.counts(database)
        failed, waiting = (
            [_line(job) for job in store.of_status(database, status, SHOWN)]
            for status in ("given_up", "waiting")
        )
        mail_is_set_up = mail.is_set_up(database)
    return render_template(
        "desk/messages.html",
        failed=failed,
        waiting=waiting,
        counts=counts,
        mail_is_set_up=mail_is_set_up,
        shown=SHOWN,
        days=jobs.GIVE_UP_AFTER.days,
        kept_days=jobs.KEPT.days,
    )


@blueprint.post("/desk/messages/retry")
@needs("owner")
def retry() -> BaseResponse:
    """One by its id, or all that were given up."""
    wanted = _wanted()
    for job_id in wanted:
        try:
            jobs.retry(services().database, services().clock(), job_id, by=me().person_id)
        except JobError as wrong:
            flash(told(wrong), "wrong")
            return redirect(url_for("messages.listed"), 303)
    flash(
        ngettext(
            "{n} message is tried again now.", "{n} messages are tried again now.", len(wanted)
        )
    )
    return redirect(url_for("messages.listed"), 303)


@blueprint.post("/desk/messages/discard")
@needs("owner")
def discard() -> BaseResponse:
    try:
        job_id = request.form.get("job", "")
        jobs.discard(services().database, services().clock(), job_id, by=me().person_id)
    except JobError as wrong:
        flash(told(wrong), "wrong")
    else:
        flash(_("It is discarded, and will not be sent."))
    return redirect(url_for("messages.listed"), 303)


def _wanted() -> list[str]:
    if "all" not in request.form:
        return [request.form.get("job", "")]
    return [job.job_id for job in store.of_status(services().database, "given_up", 10_000)]


def _line(job: Job) -> Line:
    database = services().database
    if job.kind == "email":
        person = people.find(database, job.recipient)
        to = person.email if person else "–"
    else:
        webhook = webhooks_store.find(database, job.recipient)
        to = (urlsplit(webhook.url).hostname or "–") if webhook else "–"
    return Line(
        job=job,
        about=TOPICS.get(job.topic, job.topic),
        to=to,
        why=read(job.last_error) if job.last_error else "",
    )
