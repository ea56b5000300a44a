"""The one door for submissions, whatever brought them.

Everything that can be done without the database is done before the transaction; inside it the
insert decides what is new, never a look before it. A receipt is given once the transaction is
durable.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from surveys import (
    attachments,
    days,
    events,
    holding_list,
    intake_judging,
    intake_reading,
    intake_replacing,
    publishing,
    voices,
)
from surveys.instrument import Instrument
from surveys.intake_judging import Judgement
from surveys.intake_reading import Sent, ShapelessError
from surveys.intake_receipts import (
    COUNTS_ALREADY,
    NOT_STORED,
    OTHER_CONTENT,
    OTHER_INSTRUMENT,
    UNKNOWN_FORM,
    UNKNOWN_TOKEN,
    WITHDRAWN_TOKEN,
    WITHDRAWN_VISIT,
    Receipt,
)
from surveys.intake_repeats import Repeats
from surveys.problems import Problem
from surveys.store import submissions, tallies, times, tokens, visits
from surveys.store.database import Database, Unavailable
from surveys.store.submissions import Content, Submission, problems_text
from surveys.store.tallies import Bar
from surveys.store.tokens import Token

__all__ = ["Intake", "Receipt"]

log = logging.getLogger(__name__)

MAX_REMEMBERED = 20_000
"""Tokens and forms kept in memory so that answers are checked before the transaction."""

VISIT = "visit"  # the kind of token that reports of visits come under


@dataclass(frozen=True)
class _Prepared:
    """A record and what was found out about it before the transaction."""

    sent: Sent
    guess: Judgement | None
    """What it means if its token and form are still what they were when last seen."""


@dataclass(frozen=True)
class _Context:
    received: datetime
    sent_at: object
    sender: str | None


class Intake:
    """``run`` executes work in a transaction and returns once it is durable (GroupCommit.run).

    One for a process; its threads may share it.
    """

    def __init__(self, run: Callable[[Callable[[Database], Any]], Any]) -> None:
        self._run = run
        self._repeats = Repeats()
        self._tokens: dict[str, Token] = {}
        self._forms: dict[str, Instrument] = {}
        self._contacts: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def receive(
        self,
        records: Sequence[object],
        *,
        received: datetime,
        sent_at: object = None,
        sender: str | None = None,
        plain: bool = False,
    ) -> list[Receipt]:
        """Take in a batch; one receipt each, in order.

        ``received`` is the server's time (aware), ``sent_at`` the phone's as it was sent,
        ``sender`` an opaque word for who sent it (never stored; only to notice repeats),
        ``plain`` says that it came from the HTML form without JavaScript.

        Raises :class:`surveys.store.database.Unavailable` when nothing can be stored; then
        nothing of the batch was.
        """
        prepared = [self._prepare(record, plain) for record in records]
        if all(isinstance(found, Receipt) for found in prepared):
            return [found for found in prepared if isinstance(found, Receipt)]
        context = _Context(received, sent_at, sender)
        receipts: list[Receipt] = self._run(lambda db: self._take_all(db, prepared, context))
        return receipts

    # --- before the transaction ---------------------------------------------------------------

    def _prepare(self, record: object, plain: bool) -> _Prepared | Receipt:
        try:
            sent = intake_reading.read(record, plain=plain)
        except ShapelessError as error:
            return Receipt(error.shown_id, "refused", None, problems=(error.problem,))
        token = self._tokens.get(sent.token)
        instrument = self._forms.get(sent.form or "")
        guess = None
        if token is not None and instrument is not None and instrument.key == token.instrument:
            questions = self._contacts.get(token.instrument)
            if questions is not None and instrument.form in questions[1]:
                guess = intake_judging.judge(sent, instrument, questions[0], token.touchpoint)
        return _Prepared(sent, guess)

    # --- inside the transaction ---------------------------------------------------------------

    def _take_all(
        self, db: Database, prepared: Sequence[_Prepared | Receipt], context: _Context
    ) -> list[Receipt]:
        changes: Counter[Bar] = Counter()
        receipts = []
        for found in prepared:
            if isinstance(found, Receipt):
                receipts.append(found)
                continue
            try:
                with db.savepoint():
                    receipt, changed = self._take(db, found, context)
            except Unavailable:
                raise
            except Exception:
                # A fault of ours with this one record must not keep the others waiting for ever.
                log.exception("Submission %s could not be stored", found.sent.submission_id)
                sent = found.sent
                receipt = Receipt(sent.shown_id, "refused", sent.digest, problems=(NOT_STORED,))
                changed = {}
            receipts.append(receipt)
            for bar, n in changed.items():
                changes[bar] += n
        tallies.add(db, changes)
        return receipts

    def _take(
        self, db: Database, prepared: _Prepared, context: _Context
    ) -> tuple[Receipt, Mapping[Bar, int]]:
        sent = prepared.sent
        token = self._token(db, sent.token)
        if token is None:
            refused = Receipt(sent.shown_id, "refused", sent.digest, problems=(UNKNOWN_TOKEN,))
            return refused, {}
        instrument, problems = self._form(db, sent, token)
        judgement = prepared.guess
        if judgement is None:
            questions = self._contact_questions(db, token.instrument, sent.form)
            judgement = intake_judging.judge(sent, instrument, questions, token.touchpoint)
        if not token.active:
            problems.append(WITHDRAWN_VISIT if token.kind == VISIT else WITHDRAWN_TOKEN)
        problems += [*sent.problems, *judgement.problems]
        finish = days.finish(
            sent.record.get("finished_at"),
            received=context.received,
            sent_at=context.sent_at,
            zone=ZoneInfo(token.timezone),
        )
        submission = self._submission(
            db, sent, token, instrument, judgement, problems, context, finish
        )
        against = intake_replacing.problem(db, submission, token.kind)
        if against is not None:
            problems.append(against)
            submission = replace(
                submission, replaces=None, status="held", problems=problems_text(problems)
            )
        elif submission.status == "counted" and _counts_already(db, submission):
            problems.append(COUNTS_ALREADY)
            submission = replace(submission, status="held", problems=problems_text(problems))
        if not submissions.insert(db, submission):
            return _known(db, sent, submission, judgement, problems, finish), {}
        if token.kind == VISIT:
            _belongs_to_visit(db, submission, sent.files)
        if submission.status == "held":
            holding_list.enlist(db, submission, finish.at)
        _keep_contacts(db, submission, judgement)
        changes: Counter[Bar] = Counter()
        if submission.status == "counted":
            changes.update(intake_judging.bars(submission, submission.mark_pairs, +1))
            events.counted(db, context.received, submission)
        changes.update(intake_replacing.arrived(db, submission))
        receipt = "held" if submission.status == "held" else "accepted"
        return _receipt(db, sent, receipt, submission, problems), changes

    def _submission(
        self,
        db: Database,
        sent: Sent,
        token: Token,
        instrument: Instrument | None,
        judgement: Judgement,
        problems: list[Problem],
        context: _Context,
        finish: days.Finish,
    ) -> Submission:
        flags = self._flags(sent, token, judgement, finish, context)
        newest = instrument or publishing.newest(db, token.instrument)
        return Submission(
            site_id=token.site_id,
            submission_id=sent.submission_id,
            token=token.token,
            instrument=token.instrument,
            source=token.source,
            mode="routine" if newest is None else newest.mode,
            touchpoint=token.touchpoint,
            form=sent.form_as_sent,
            form_used=None if instrument is None else instrument.form,
            status=_status(instrument, problems),
            flags=json.dumps(flags),
            flagged=int("careless" in flags or "repeat" in flags),
            digest=sent.digest,
            language=sent.language,
            started_local=sent.local("started_at"),
            finished_local=sent.local("finished_at"),
            received_utc=times.text(context.received),
            day=finish.day.isoformat(),
            payload=judgement.payload,
            problems=problems_text(problems) if problems else "[]",
            marks=json.dumps(judgement.marks),
            replaces=sent.replaces,
            secret_sha256=sent.secret_sha256,
        )

    def _flags(
        self,
        sent: Sent,
        token: Token,
        judgement: Judgement,
        finish: days.Finish,
        context: _Context,
    ) -> list[str]:
        flags = ["careless"] if judgement.careless else []
        # Those who work at a place share one link and one address, and answer when they are asked
        # to, all at once: there, closeness says nothing.
        sender = None if token.kind == voices.LINK else context.sender
        if sender is not None and self._repeats.notice(
            sender, sent.token, sent.submission_id, finish.at, sent.replaces
        ):
            flags.append("repeat")
        if finish.clock:
            flags.append("clock")
        return flags

    # --- what is looked up --------------------------------------------------------------------

    def _token(self, db: Database, token: str) -> Token | None:
        found = tokens.find(db, token) if intake_reading.TOKEN.fullmatch(token) else None
        if found is not None:
            _remember(self._tokens, token, found)
        return found

    def _form(
        self, db: Database, sent: Sent, token: Token
    ) -> tuple[Instrument | None, list[Problem]]:
        """The instrument to read it by, or None and why."""
        if sent.form is None:
            return None, [UNKNOWN_FORM]
        if sent.form.partition("@")[0] != token.instrument:
            return None, [OTHER_INSTRUMENT]
        found = publishing.version(db, sent.form)
        if found is None:
            return None, [UNKNOWN_FORM]
        _remember(self._forms, sent.form, found)
        return found, []

    def _contact_questions(self, db: Database, key: str, form: str | None) -> frozenset[str]:
        """The questions for contacts in any version of the instrument, and of the form named.

        What a phone holds may be older or newer than what is published here, and a way to reach
        somebody must not stay among the answers because of that.
        """
        questions, forms = self._contacts.get(key, (frozenset[str](), frozenset[str]()))
        if form not in forms:
            for published in publishing.versions(db, key):
                instrument = publishing.version(db, published.form)
                if instrument is not None:
                    questions |= intake_judging.contact_questions(instrument)
                    forms |= {published.form}
            self._contacts[key] = (questions, forms)
        named = (form or key).partition("@")[0]
        if named != key:
            return questions | self._contact_questions(db, named, form)
        return questions


def _counts_already(db: Database, submission: Submission) -> bool:
    """Whether another report of its visit counts, and neither stands in place of the other."""
    found = visits.under(db, submission.site_id, submission.token)
    if found is None:
        return False
    one_of_two = {submission.submission_id, *intake_replacing.below(db, submission)}
    return any(
        other.status == "counted"
        and other.submission_id not in one_of_two
        and other.replaces != submission.submission_id
        for other in visits.reports_under(db, submission.site_id, found[0])
    )


def _belongs_to_visit(db: Database, submission: Submission, listed: Sequence[str]) -> None:
    site_id, submission_id = submission.site_id, submission.submission_id
    found = visits.under(db, site_id, submission.token)
    if found is not None:
        visits.add_report(db, site_id, submission_id, *found)
    if submission.replaces is not None:
        attachments.inherit(db, site_id, submission.replaces, submission_id, listed)


def _remember(memory: dict[str, Any], key: str, value: Any) -> None:
    if len(memory) >= MAX_REMEMBERED:
        memory.clear()
    memory[key] = value


def _status(instrument: Instrument | None, problems: Sequence[Problem]) -> str:
    if problems or instrument is None:
        return "held"
    return "counted" if instrument.review == "none" else "pending"


def _known(
    db: Database,
    sent: Sent,
    submission: Submission,
    judgement: Judgement,
    problems: list[Problem],
    finish: days.Finish,
) -> Receipt:
    """The receipt of a submission whose id is known at its site."""
    first = submissions.find(db, submission.site_id, submission.submission_id)
    assert first is not None  # noqa: S101 - nothing ever deletes a submission
    if first.digest == sent.digest:
        return _receipt(db, sent, "duplicate", first, ())
    problems = [OTHER_CONTENT, *problems]
    content = Content(
        site_id=submission.site_id,
        submission_id=submission.submission_id,
        digest=sent.digest,
        received_utc=submission.received_utc,
        payload=submission.payload,
        problems=problems_text(problems),
        status="held",
    )
    if not submissions.insert_content(db, content):
        return _receipt(db, sent, "duplicate", first, ())
    holding_list.enlist_content(db, first, content, finish.at, fits=bool(judgement.marks))
    _keep_contacts(db, submission, judgement)
    return _receipt(db, sent, "held", first, problems)


def _keep_contacts(db: Database, submission: Submission, judgement: Judgement) -> None:
    if judgement.contacts:
        submissions.add_contacts(
            db, submission.site_id, submission.submission_id, submission.digest, judgement.contacts
        )


def _receipt(
    db: Database, sent: Sent, status: str, kept: Submission, problems: Sequence[Problem]
) -> Receipt:
    """``kept`` is what stands here under its id."""
    files: tuple[str, ...] = ()
    if kept.erased_utc is None:
        files = attachments.missing(db, kept.site_id, kept.submission_id, sent.files)
    return Receipt(sent.shown_id, status, sent.digest, files, tuple(problems))
