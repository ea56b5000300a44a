"""A reviewer's decision about a report, and its shopper's one appeal.

A report that waits (``pending``) is accepted or rejected by :mod:`surveys.holding`, as what is held
is, or given back: ``returned``, never counted, until another that replaces it counts. Each decision
is made by compare-and-set, and leaves a row in ``reviews`` with its words and a line in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from surveys import audit, holding, people, report_letters
from surveys.holding_errors import LONGEST_REASON, DecidedError, HoldingError, decided
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.store import reviews, sites, submissions, times
from surveys.store import visits as visits_store
from surveys.store.database import Database
from surveys.store.reviews import Review
from surveys.store.submissions import Submission

APPEAL_WITHIN = timedelta(days=30)
REVIEWERS = ("owner", "reviewer")
GIVEN_BACK = ("returned", "rejected", "upheld")


def words_on(db: Database, site_id: str, submission_id: str) -> Mapping[str, str]:
    """What was said when a report was last returned or rejected: question → the comment on it,
    "" → the general words. Empty where nothing was."""
    for review in reversed(reviews.of(db, site_id, submission_id)):
        if review.act in GIVEN_BACK:
            general = {"": review.words} if review.words else {}
            return {**general, **review.comments}
    return {}


def give_back(
    db: Database,
    site_id: str,
    submission_id: str,
    person_id: str,
    at: datetime,
    *,
    words: str,
    comments: Mapping[str, str],
    seen: int | None = None,
) -> None:
    """Return a report that waits for review: its shopper is to send another in its place.

    ``comments`` are by question. Raises :class:`HoldingError`: nothing was said, or too much.
    """
    said = {key: text for key, given in comments.items() if (text := _checked(given))}
    general = _checked(words)
    if not said and not general:
        raise HoldingError(
            Sentence("Say what is missing, in general or beside a question: the shopper reads it.")
        )
    with db.transaction():
        submission = holding.opened(db, site_id, submission_id, seen)
        if submission.status != "pending":
            raise decided(submission.status)
        if not submissions.change(db, submission, status="returned"):
            raise decided("returned")
        reviews.add(
            db, site_id, submission_id, "returned", person_id, times.text(at), general, said
        )
        report_letters.put(db, at, site_id, submission_id)
        _record(
            db,
            at,
            person_id,
            "returned",
            submission,
            {"reason": general, "questions": sorted(said)},
        )


# --- appeals ----------------------------------------------------------------------------------


def appeal_until(history: list[Review]) -> datetime | None:
    """Until when a rejected report with this history can be appealed; None if it cannot be."""
    if not history or any(review.act == "appealed" for review in history):
        return None
    if history[-1].act != "rejected":
        return None
    return datetime.fromisoformat(history[-1].at_utc) + APPEAL_WITHIN


def is_appealed(history: list[Review]) -> bool:
    """Whether an appeal waits for an answer."""
    return bool(history) and history[-1].act == "appealed"


def appeal(
    db: Database, site_id: str, submission_id: str, person_id: str, at: datetime, words: str
) -> None:
    """A shopper asks once that a rejected report of theirs be read again.

    Raises :class:`HoldingError`: not theirs, not rejected, too late, asked before, nothing said.
    """
    said = _checked(words)
    if not said:
        raise HoldingError(Sentence("Say why it should count, in a few words."))
    with db.transaction():
        report = visits_store.report(db, site_id, submission_id)
        if report is None or report.person_id != person_id:
            raise HoldingError(Sentence("There is no such report among yours."))
        if report.status != "rejected":
            raise decided(report.status)
        until = appeal_until(reviews.of(db, site_id, submission_id))
        if until is None:
            raise HoldingError(Sentence("A rejection can be appealed once, and this one was."))
        if at > until:
            raise HoldingError(
                Sentence(
                    "A rejection can be appealed within {n} days, and they have passed.",
                    n=APPEAL_WITHIN.days,
                )
            )
        key = (site_id, submission_id)
        reviews.add(db, *key, "appealed", person_id, times.text(at), said)
        # The shopper's words stand in `reviews` alone, where they can be erased.
        audit.record(db, at, person_id, "appealed", f"submission {site_id} {submission_id}")


def uphold(
    db: Database, site_id: str, submission_id: str, person_id: str, at: datetime, *, words: str
) -> None:
    """Answer an appeal: the report stays rejected, for good. Raises :class:`HoldingError`."""
    said = _checked(words)
    if not said:
        raise HoldingError(Sentence("Say why it stays rejected: the shopper reads it."))
    with db.transaction():
        submission = _appealed(db, site_id, submission_id, person_id)
        reviews.add(db, site_id, submission_id, "upheld", person_id, times.text(at), said)
        _record(db, at, person_id, "upheld", submission, {"reason": said})


def accept_appeal(
    db: Database, site_id: str, submission_id: str, person_id: str, at: datetime, *, words: str
) -> None:
    """Answer an appeal: the report counts after all. Raises :class:`HoldingError`."""
    with db.transaction():
        _appealed(db, site_id, submission_id, person_id)
        holding.accept(
            *(db, site_id, submission_id, person_id, at),
            reason=words,
            within=True,
            on_appeal=True,
        )


def others_who_decide(
    db: Database, site_id: str, history: list[Review], person: Person
) -> list[Person]:
    """Whoever may answer an appeal in place of ``person``, who rejected the report. Empty if they
    did not, or if there is nobody else."""
    rejected = [review.person_id for review in history if review.act == "rejected"]
    if not rejected or rejected[-1] != person.person_id:
        return []
    site = sites.find(db, site_id)
    return [
        other
        for other in people.everyone(db)
        if other.person_id != person.person_id
        and other.status == "active"
        and other.role in REVIEWERS
        and site is not None
        and people.may_see(other, site)
    ]


def _appealed(db: Database, site_id: str, submission_id: str, person_id: str) -> Submission:
    submission = submissions.find(db, site_id, submission_id)
    history = reviews.of(db, site_id, submission_id)
    if submission is None or not is_appealed(history) or submission.status != "rejected":
        raise DecidedError(
            Sentence("Somebody was here before you: its appeal is decided. Nothing was changed.")
        )
    if others_who_decide(db, site_id, history, people.known(db, person_id)):
        raise HoldingError(
            Sentence("You rejected it yourself: somebody else decides about the appeal.")
        )
    return submission


# --- shared -----------------------------------------------------------------------------------


def _checked(written: str) -> str:
    text = written.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_REASON:
        raise HoldingError(Sentence("Say it in at most {n} characters each.", n=LONGEST_REASON))
    return text


def _record(
    db: Database,
    at: datetime,
    person_id: str,
    action: str,
    submission: Submission,
    detail: Mapping[str, object],
) -> None:
    subject = f"submission {submission.site_id} {submission.submission_id}"
    audit.record(db, at, person_id, action, subject, dict(detail))
