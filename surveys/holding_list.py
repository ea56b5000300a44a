"""The list of what waits for a person: kept at intake, derived again by ``rebuild``."""

from __future__ import annotations

import json
from datetime import datetime

from surveys import holding_kinds
from surveys.store import held, submissions, times, tokens
from surveys.store.database import Database
from surveys.store.held import Held
from surveys.store.submissions import Content, Submission


def enlist(db: Database, submission: Submission, finished: datetime | None = None) -> None:
    """List a submission that is held. ``finished`` is corrected by the phone's clock; None where
    that is not known any more."""
    held.put(db, _waiting(db, submission, finished))


def enlist_content(
    db: Database, first: Submission, content: Content, finished: datetime | None, *, fits: bool
) -> None:
    """List other content that came under the id of ``first``."""
    at = times.text(finished) if finished else content.received_utc
    held.put(
        db,
        Held(
            site_id=content.site_id,
            submission_id=content.submission_id,
            digest=content.digest,
            kind=holding_kinds.OTHER_CONTENT,
            token=first.token,
            fits=int(fits),
            finished_utc=at,
            received_utc=content.received_utc,
        ),
    )


def derive(db: Database, site_id: str) -> list[str]:
    """Mend the list of one site; each difference in words. Inside the caller's transaction."""
    listed = {(row.submission_id, row.digest): row for row in held.of_site(db, site_id)}
    differences = []
    for submission in submissions.held(db, site_id):
        row = listed.pop((submission.submission_id, submission.digest), None)
        if row is None or row.fits != int(bool(submission.mark_pairs)):
            enlist(db, submission)
            differences.append(f"{site_id} held {submission.submission_id}: listed anew")
    for first, content in submissions.held_contents(db, site_id):
        if listed.pop((content.submission_id, content.digest), None) is None:
            enlist_content(db, first, content, None, fits=False)
            differences.append(f"{site_id} held {content.submission_id}: other content listed anew")
    for submission_id, digest in listed:
        held.forget(db, site_id, submission_id, digest)
        differences.append(f"{site_id} held {submission_id}: it does not wait any more")
    return differences


def _waiting(db: Database, submission: Submission, finished: datetime | None) -> Held:
    if finished is None:
        known = held.find(db, submission.site_id, submission.submission_id, submission.digest)
        at = (
            known.finished_utc
            if known
            else times.text(
                holding_kinds.finished(submission.finished_local, submission.received_utc)
            )
        )
    else:
        at = times.text(finished)
    codes = {problem["code"] for problem in json.loads(submission.problems)}
    token = tokens.find(db, submission.token)
    return Held(
        site_id=submission.site_id,
        submission_id=submission.submission_id,
        digest=submission.digest,
        kind=holding_kinds.kind(codes, at, token.withdrawn_utc if token else None),
        token=submission.token,
        fits=int(bool(submission.mark_pairs)),
        finished_utc=at,
        received_utc=submission.received_utc,
    )
