"""What a decision about a report means beyond its own row: for its visit and its shopper."""

from __future__ import annotations

from datetime import datetime

from surveys import intake_replacing, report_letters
from surveys.holding_errors import HoldingError
from surveys.sentences import Sentence
from surveys.store import reviews, times, visits
from surveys.store.database import Database
from surveys.store.submissions import Submission


def check_counts_once(db: Database, submission: Submission) -> None:
    """Two phones of one shopper may have sent a report each, without knowing of one another.

    Raises :class:`HoldingError` if another counts that this one does not stand in place of.
    """
    report = visits.report(db, submission.site_id, submission.submission_id)
    visit = None if report is None else visits.find(db, submission.site_id, report.visit_id)
    if visit is None:
        return
    mine = {submission.submission_id, *intake_replacing.below(db, submission)}
    if any(
        other.status == "counted" and other.submission_id not in mine
        for other in visits.reports(db, visit)
    ):
        raise HoldingError(
            Sentence("Another report of this visit counts already, and a visit counts once.")
        )


def tell(
    db: Database, submission: Submission, act: str, person_id: str, at: datetime, words: str
) -> None:
    """Keep what was decided for whoever sent a report or reviews it, and have its shopper told.

    ``submission`` is as it was before the decision. Part of the caller's transaction.
    """
    key = (submission.site_id, submission.submission_id)
    if submission.status == "pending" or visits.report(db, *key) is not None:
        reviews.add(db, *key, act, person_id, times.text(at), words)
    if act == "rejected":
        report_letters.put(db, at, *key)
