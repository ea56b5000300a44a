"""A person's decision about what was held or waits for review.

What was sent never changes. Each decision is made by compare-and-set (the second of two people
learns that the first was there), leaves an amendment or a status, and a line in the audit. Each
function is a transaction of its own, or, ``within`` the caller's, a part of that which can fail
alone.

``seen`` is how many amendments the person had before their eyes: if there are others by now, they
are told, and nothing is decided. None asks for no such care.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from surveys import (
    audit,
    days,
    events,
    holding_reports,
    intake_judging,
    intake_replacing,
    publishing,
    scoring,
)
from surveys.digest import TangledError, normalise
from surveys.holding_errors import DecidedError, HoldingError, MisfitError, checked, decided
from surveys.instrument import Instrument
from surveys.problems import Problem
from surveys.sentences import Sentence
from surveys.store import submissions, tallies, times
from surveys.store.database import Database
from surveys.store.submissions import Amendment, Content, Submission

__all__ = [
    "DecidedError",
    "HoldingError",
    "MisfitError",
    "accept",
    "accept_content",
    "mend",
    "opened",
    "reject",
    "reject_content",
]

OPEN = ("held", "pending")


def accept(
    db: Database,
    site_id: str,
    submission_id: str,
    person_id: str,
    at: datetime,
    *,
    form: str | None = None,
    reason: str = "",
    seen: int | None = None,
    within: bool = False,
    on_appeal: bool = False,
) -> None:
    """Count a held or pending submission, read by ``form`` (by default the one it came under).

    Whatever else stood against it (a withdrawn code, say) is the person's to weigh; that the
    answers fit is not, nor that a visit counts once. ``person_id`` is "" where nobody decided and
    its hours have passed; ``on_appeal`` counts what was rejected. Raises :class:`HoldingError`,
    :class:`MisfitError` if the answers do not fit.
    """
    reason = checked(reason)
    with _part(db, within):
        states = ("rejected",) if on_appeal else OPEN
        submission = opened(db, site_id, submission_id, seen, states)
        holding_reports.check_counts_once(db, submission)
        instrument = _instrument(db, submission, form)
        amendments = submissions.amendments(db, site_id, submission_id)
        counted = _read(db, submission, instrument, amendments, must_fit=True)
        counted = replace(counted, status="counted")
        _amend(db, submission, person_id, at, reason or "accepted", instrument.form, {})
        _change(db, submission, counted)
        changes = Counter(intake_judging.bars(counted, counted.mark_pairs, +1))
        changes.update(intake_replacing.counted(db, counted))
        tallies.add(db, changes)
        events.counted(db, at, counted)
        holding_reports.tell(db, submission, "accepted", person_id, at, reason)
        detail = {"form": instrument.form, "was": submission.status, "reason": reason}
        action = "accepted" if person_id else "accepted by itself"
        _record(db, at, person_id, action, submission, detail)


def mend(
    db: Database,
    site_id: str,
    submission_id: str,
    person_id: str,
    at: datetime,
    *,
    answers: Mapping[str, Any],
    reason: str,
    form: str | None = None,
    seen: int | None = None,
) -> list[Problem]:
    """Amend answers of a held or pending submission; what still does not fit.

    ``answers`` says by question what is to be read instead; None takes an answer away (of a scale:
    it did not come up). The submission waits on, to be accepted or rejected. Raises
    :class:`HoldingError`.
    """
    reason = checked(reason, needed=True)
    try:
        answers = normalise(dict(answers))
    except TangledError as error:
        raise HoldingError(str(error)) from error
    with db.transaction():
        submission = opened(db, site_id, submission_id, seen)
        if submission.erased_utc:
            raise HoldingError(
                Sentence("Its words were erased at the sender’s wish: accept or reject it.")
            )
        instrument = _instrument(db, submission, form)
        if contacts := intake_judging.contact_questions(instrument) & answers.keys():
            raise HoldingError(
                Sentence(
                    "Contacts are kept apart and not mended: {questions}.",
                    questions=", ".join(sorted(contacts)),
                )
            )
        _amend(db, submission, person_id, at, reason, instrument.form, answers)
        amendments = submissions.amendments(db, site_id, submission_id)
        mended = _read(db, submission, instrument, amendments, must_fit=False)
        _change(db, submission, mended)
        detail = {"questions": sorted(answers), "form": instrument.form, "reason": reason}
        _record(db, at, person_id, "mended", submission, detail)
        sent = _sent(db, submission)
        return intake_judging.misfits(
            instrument, intake_judging.amended(instrument, sent, amendments), sent
        )


def reject(
    db: Database,
    site_id: str,
    submission_id: str,
    person_id: str,
    at: datetime,
    *,
    reason: str,
    seen: int | None = None,
    within: bool = False,
) -> None:
    """Leave a held or pending submission out of all figures, for good. It is kept.

    Raises :class:`HoldingError`.
    """
    reason = checked(reason, needed=True)
    with _part(db, within):
        submission = opened(db, site_id, submission_id, seen)
        _change(db, submission, replace(submission, status="rejected"))
        holding_reports.tell(db, submission, "rejected", person_id, at, reason)
        detail = {"was": submission.status, "reason": reason}
        _record(db, at, person_id, "rejected", submission, detail)


def accept_content(
    db: Database,
    site_id: str,
    submission_id: str,
    digest: str,
    person_id: str,
    at: datetime,
    *,
    form: str | None = None,
    reason: str = "",
    seen: int | None = None,
    within: bool = False,
) -> None:
    """Read the submission by the other content that came under its id, from now on.

    An amendment of the first says what differs; if the first counts, its marks in the tallies
    become those of the other content. Day, token and receipt stay the first's. Raises
    :class:`HoldingError`, :class:`MisfitError` if the content does not fit.
    """
    reason = checked(reason)
    with _part(db, within):
        first, content = _open_content(db, site_id, submission_id, digest)
        if first.erased_utc:
            # What it counts for is known by its marks alone, and those are the first's.
            raise HoldingError(
                Sentence("Its words were erased at the sender’s wish: reject the other one.")
            )
        sent = json.loads(content.payload)
        named = sent.get("form")
        if form is None and isinstance(named, str) and publishing.version(db, named):
            form = named
        instrument = _instrument(db, first, form)
        amendments = submissions.amendments(db, site_id, submission_id)
        _check_seen(amendments, seen)
        before = intake_judging.amended(instrument, first.sent, amendments)
        after = intake_judging.amended(instrument, sent, ())
        differing = {
            key: after.get(key)
            for key in {**before, **after}
            if key not in after or key not in before or _differs(before[key], after[key])
        }
        amendment = _amend(
            db, first, person_id, at, reason or "other content", instrument.form, differing
        )
        submissions.change_content(db, content, status="accepted")
        amended = _read(db, first, instrument, [*amendments, amendment], must_fit=True)
        _change(db, first, amended)
        if first.status == "counted":
            changes = Counter(intake_judging.bars(first, first.mark_pairs, -1))
            changes.update(intake_judging.bars(amended, amended.mark_pairs, +1))
            tallies.add(db, changes)
            events.amended(db, at, first, amended)
        detail = {"digest": digest, "questions": sorted(differing), "reason": reason}
        _record(db, at, person_id, "accepted other content", first, detail)


def reject_content(
    db: Database,
    site_id: str,
    submission_id: str,
    digest: str,
    person_id: str,
    at: datetime,
    *,
    reason: str,
    within: bool = False,
) -> None:
    """Leave the first as it is. The other content is kept, and its replay is a duplicate.

    Raises :class:`HoldingError`.
    """
    reason = checked(reason, needed=True)
    with _part(db, within):
        first, content = _open_content(db, site_id, submission_id, digest)
        submissions.change_content(db, content, status="rejected")
        detail = {"digest": digest, "reason": reason}
        _record(db, at, person_id, "rejected other content", first, detail)


# --- shared -----------------------------------------------------------------------------------


def _part(db: Database, within: bool) -> AbstractContextManager[None]:
    return db.savepoint() if within else db.transaction()


def opened(
    db: Database,
    site_id: str,
    submission_id: str,
    seen: int | None = None,
    states: tuple[str, ...] = OPEN,
) -> Submission:
    """The submission, if it may still be decided about. Raises :class:`HoldingError`."""
    found = submissions.find(db, site_id, submission_id)
    if found is None:
        raise HoldingError(Sentence("There is no such submission at this site."))
    if found.status not in states:
        raise decided(found.status)
    if seen is not None:
        _check_seen(submissions.amendments(db, site_id, submission_id), seen)
    return found


def _check_seen(amendments: list[Amendment], seen: int | None) -> None:
    if seen is not None and len(amendments) != seen:
        raise DecidedError(
            Sentence(
                "Somebody was here before you: it has been mended since you opened it. Look at it"
                " again. Nothing was changed."
            )
        )


def _open_content(
    db: Database, site_id: str, submission_id: str, digest: str
) -> tuple[Submission, Content]:
    first = submissions.find(db, site_id, submission_id)
    for content in submissions.contents(db, site_id, submission_id):
        if content.digest == digest and first is not None:
            if content.status != "held":
                raise decided(content.status)
            return first, content
    raise HoldingError(Sentence("There is no such content at this site."))


def _instrument(db: Database, submission: Submission, form: str | None) -> Instrument:
    wanted = form or submission.form_used or submission.form
    found = publishing.version(db, wanted)
    if found is None:
        raise HoldingError(
            Sentence(
                "No version “{form}” was published here. Choose a version of the form"
                " “{instrument}”.",
                form=wanted,
                instrument=submission.instrument,
            )
        )
    if found.key != submission.instrument:
        raise HoldingError(
            Sentence(
                "It came under a code for the form “{instrument}”. Choose a version of that form,"
                " or reject it.",
                instrument=submission.instrument,
            )
        )
    return found


def _sent(db: Database, submission: Submission) -> Mapping[str, Any]:
    contents = submissions.contents(db, submission.site_id, submission.submission_id)
    return intake_judging.with_files(submission.sent, contents)


def _read(
    db: Database,
    submission: Submission,
    instrument: Instrument,
    amendments: list[Amendment],
    *,
    must_fit: bool,
) -> Submission:
    """The submission with the marks, flags and mode it has when read by ``instrument``."""
    sent = _sent(db, submission)
    answers = intake_judging.amended(instrument, sent, amendments)
    problems = intake_judging.misfits(instrument, answers, sent)
    read = replace(submission, form_used=instrument.form, mode=instrument.mode)
    if submission.erased_utc and submission.mark_pairs:
        return read  # the answers may be gone, what they counted for is known
    if problems and must_fit:
        raise MisfitError(problems)
    if problems:
        return replace(read, marks="[]")
    marks = intake_judging.marks(instrument, answers, sent, submission.touchpoint)
    seconds = days.seconds(
        days.moment(submission.started_local), days.moment(submission.finished_local)
    )
    flags = [flag for flag in submission.flag_words if flag != "careless"]
    if scoring.careless(instrument, answers, seconds):
        flags.insert(0, "careless")
    return replace(
        read,
        marks=json.dumps(marks),
        flags=json.dumps(flags),
        flagged=int("careless" in flags or "repeat" in flags),
    )


def _differs(one: object, other: object) -> bool:
    """Also 3 from 3.0 and 1 from true, which Python takes for equal."""
    return type(one) is not type(other) or json.dumps(one) != json.dumps(other)


def _change(db: Database, old: Submission, new: Submission) -> None:
    names = ("status", "flags", "flagged", "marks", "mode", "form_used")
    if not submissions.change(db, old, **{name: getattr(new, name) for name in names}):
        raise DecidedError(Sentence("Somebody was quicker: look at it again. Nothing was changed."))


def _amend(
    db: Database,
    submission: Submission,
    person_id: str,
    at: datetime,
    reason: str,
    form: str,
    answers: Mapping[str, Any],
) -> Amendment:
    before = submissions.amendments(db, submission.site_id, submission.submission_id)
    amendment = Amendment(
        site_id=submission.site_id,
        submission_id=submission.submission_id,
        number=len(before) + 1,
        at_utc=times.text(at),
        person_id=person_id,
        reason=reason,
        form=form,
        answers=answers,
    )
    submissions.add_amendment(db, amendment)
    return amendment


def _record(
    db: Database,
    at: datetime,
    person_id: str,
    action: str,
    submission: Submission,
    detail: Mapping[str, Any],
) -> None:
    subject = f"submission {submission.site_id} {submission.submission_id}"
    audit.record(db, at, person_id, action, subject, detail)
