"""The letter to a shopper whose report came back, or was rejected: somebody waits for them.

It names the site and leads to the phone's page; the reviewer's words are read there alone.
"""

from __future__ import annotations

import json
from datetime import date, datetime

from surveys import addresses, jobs, letters, mail, people
from surveys.letters import Letter
from surveys.sentences import Sentence
from surveys.store import sites, submissions, visits
from surveys.store.database import Database
from surveys.store.jobs import Job

TOPIC = "report"


def put(db: Database, at: datetime, site_id: str, submission_id: str) -> None:
    """Have the shopper told, inside the transaction that decides. Nothing where no mail server is
    set up, or nobody's visit was reported."""
    report = visits.report(db, site_id, submission_id)
    if report is None or not mail.is_set_up(db):
        return
    jobs.put(
        db,
        at,
        job_id=f"report:{site_id}:{submission_id}",
        kind="email",
        topic=TOPIC,
        recipient=report.person_id,
        payload={"site_id": site_id, "submission_id": submission_id},
        cause=f"submission {submission_id}",
    )


def letter(db: Database, job: Job) -> Letter | None:
    """The letter; None where a better one has come meanwhile, or it counts after all."""
    key = json.loads(job.payload)
    report = visits.report(db, key["site_id"], key["submission_id"])
    submission = submissions.find(db, key["site_id"], key["submission_id"])
    person, site = people.find(db, job.recipient), sites.find(db, key["site_id"])
    if person is None or person.status != "active" or site is None:
        return None
    if report is None or submission is None or report.status not in ("returned", "rejected"):
        return None
    if submissions.replacing(db, site.site_id, submission.submission_id):
        return None
    page = f"{addresses.own(db)}/visits/{report.visit_id}/report"
    if report.status == "returned":
        subject = Sentence("{site}: your report came back", site=site.name)
        said = Sentence(
            "A reviewer has read your report of {day} and asks for a better one.",
            day=date.fromisoformat(submission.day),
        )
    else:
        subject = Sentence("{site}: your report was rejected", site=site.name)
        said = Sentence(
            "A reviewer has read your report of {day}, and it was rejected. You can appeal once.",
            day=date.fromisoformat(submission.day),
        )
    why = Sentence("Why, you read on your phone: {address}", address=page)
    return letters.reader(db, person).letter(subject, (said, "", why))
