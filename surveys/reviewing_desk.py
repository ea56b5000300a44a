"""What a reviewer sees of reports: the list of those that wait, and one beside those before it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from surveys import (
    days,
    holding_desk,
    intake_judging,
    people,
    presence_evidence,
    publishing,
    reviewing,
    reviewing_hours,
    wording,
)
from surveys.holding_desk import Case
from surveys.instrument import Instrument, Item, Text
from surveys.presence import Presence, judge
from surveys.sentences import Sentence
from surveys.store import reviews, submissions
from surveys.store import visits as visits_store
from surveys.store.database import Database
from surveys.store.reviews import Position, Review, Waiting, Wanted
from surveys.store.sites import Site
from surveys.store.submissions import Submission
from surveys.store.visits import Report, Visit
from surveys.wording import Line

A_PAGE = 50
LARGE_STEP = 2
"""Levels between two reports of a site: one may be the rater's, two are worth a look."""

FACTS = ("yes_no", "choice", "choices", "moment")

ACTS = {
    "accepted": Sentence("{who} accepted it."),
    "rejected": Sentence("{who} rejected it."),
    "returned": Sentence("{who} returned it."),
    "appealed": Sentence("{who} appealed."),
    "upheld": Sentence("{who} looked again: it stays rejected."),
}
BY_ITSELF = Sentence("It counts by itself, since its hours had passed.")


@dataclass(frozen=True)
class Shopper:
    """``name`` is for owner and reviewer alone; to everybody else a shopper is a number."""

    person_id: str
    number: int | None
    name: str


@dataclass(frozen=True)
class Row:
    """One line of the list. ``counts_at`` is when it counts by itself, None if never or appealed;
    ``fits`` whether its answers fit their form."""

    waiting: Waiting
    site: Site
    title: Text
    shopper: Shopper | None
    counts_at: datetime | None
    fits: bool
    flags: tuple[str, ...]

    @property
    def appealed(self) -> bool:
        return self.waiting.status == "rejected"


def page(
    db: Database, wanted: Wanted, sites: Mapping[str, Site], position: Position | None
) -> tuple[list[Row], Position | None]:
    """The next :data:`A_PAGE` behind ``position``, oldest first, and where a page more begins; on
    the first page those before all that are appealed."""
    appealed = reviews.appealed(db, wanted) if position is None else []
    found = reviews.pending(db, wanted, position, A_PAGE + 1)
    numbers = visits_store.numbers(db)
    rows = [
        _row(db, one, sites[one.site_id], numbers)
        for one in (*appealed, *found[:A_PAGE])
        if one.site_id in sites
    ]
    return rows, found[A_PAGE - 1].position if len(found) > A_PAGE else None


def following(db: Database, wanted: Wanted, position: Position) -> Waiting | None:
    """The one to read after that at ``position``: the next that waits, else an appealed one, else
    the first that waits."""
    found = [
        *reviews.pending(db, wanted, position, 1),
        *reviews.appealed(db, wanted),
        *reviews.pending(db, wanted, None, 2),
    ]
    return next((one for one in found if one.position != position), None)


def shoppers(db: Database, person_ids: Iterable[str | None]) -> list[Shopper]:
    """Those who are named, by number."""
    numbers = visits_store.numbers(db)
    wanted = {person_id for person_id in person_ids if person_id is not None}
    found = [_shopper(db, person_id, numbers) for person_id in wanted]
    return sorted((one for one in found if one is not None), key=lambda one: one.number or 0)


def _row(db: Database, one: Waiting, site: Site, numbers: Mapping[str, int]) -> Row:
    instrument = publishing.version(db, one.form_used or "")
    pending = one.status == "pending"
    fits = one.marks != "[]"
    return Row(
        waiting=one,
        site=site,
        title={"en": one.instrument} if instrument is None else instrument.title,
        shopper=_shopper(db, one.person_id, numbers),
        counts_at=(
            reviewing_hours.counts_at(instrument, one.received_utc) if pending and fits else None
        ),
        fits=fits,
        flags=tuple(json.loads(one.flags)),
    )


def _shopper(db: Database, person_id: str | None, numbers: Mapping[str, int]) -> Shopper | None:
    person = None if person_id is None else people.find(db, person_id)
    if person is None:
        return None
    return Shopper(person.person_id, numbers.get(person.person_id), person.name or person.email)


# --- one of them ------------------------------------------------------------------------------

REPLACED, PREVIOUS = "replaced", "previous"


@dataclass(frozen=True)
class Beside:
    """Another report to hold it against: the one that it replaces, or the site's previous one."""

    kind: str
    submission: Submission
    answers: Mapping[str, Any]
    instrument: Instrument | None


@dataclass(frozen=True)
class Told:
    """A question as another report answers it, and in which way this one differs ("" if not)."""

    value: str
    differs: str


@dataclass(frozen=True)
class Question:
    """One question: this report's answer, and what each of those beside it says. ``photos`` are
    the digests it lists, each with whether the photo is here."""

    line: Line
    beside: tuple[Told, ...]
    photos: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Act:
    """Something that was decided or answered, in words."""

    said: Sentence
    review: Review
    comments: tuple[tuple[str, str], ...]  # the question's words, and the comment


@dataclass(frozen=True)
class Reading:
    """A report with all that helps to decide about it.

    ``others`` are further reports of its visit; ``visited`` is when it says that the visit was,
    ``gap`` from there to when it was finished.
    """

    case: Case
    visit: Visit | None
    others: tuple[Report, ...]
    shopper: Shopper | None
    presence: Presence
    beside: tuple[Beside, ...]
    questions: tuple[Question, ...]
    acts: tuple[Act, ...]
    visited: datetime | None
    finished: datetime | None
    counts_at: datetime | None
    appealed: bool

    @property
    def gap(self) -> timedelta | None:
        if self.visited is None or self.finished is None or self.finished < self.visited:
            return None
        return self.finished - self.visited

    @property
    def pending(self) -> bool:
        return self.case.submission.status == "pending"

    @property
    def position(self) -> Position:
        submission = self.case.submission
        return submission.received_utc, submission.site_id, submission.submission_id


def reading(
    db: Database, site: Site, submission_id: str, language: str, names: Mapping[str, str]
) -> Reading | None:
    """The report, if it waits for review, or was a visit's, or decided by a reviewer; else None.

    ``names`` are those of people, by id: reviewers' and shoppers'.
    """
    submission = submissions.find(db, site.site_id, submission_id)
    if submission is None:
        return None
    report = visits_store.report(db, site.site_id, submission_id)
    history = reviews.of(db, site.site_id, submission_id)
    if report is None and not history and submission.status != "pending":
        return None
    visit = None if report is None else visits_store.find(db, site.site_id, report.visit_id)
    case = holding_desk.read(db, site, submission, language)
    evidence = presence_evidence.collect(db, site, submission, visit)
    beside = tuple(_beside(db, submission))
    here = reviews.files_arrived(db, site.site_id, submission_id)
    person_id = None if report is None else report.person_id
    waits = submission.status == "pending" and not case.misfits
    return Reading(
        case=case,
        visit=visit,
        others=tuple(
            other
            for other in (visits_store.reports(db, visit) if visit else ())
            if other.submission_id not in (submission_id, submission.replaces)
        ),
        shopper=_shopper(db, person_id, visits_store.numbers(db)),
        presence=judge(evidence),
        beside=beside,
        questions=tuple(_questions(case, beside, here, language)),
        acts=tuple(acts(case.instrument, history, language, names)),
        visited=evidence.arrived,
        finished=days.moment(submission.finished_local),
        counts_at=(
            reviewing_hours.counts_at(case.instrument, submission.received_utc) if waits else None
        ),
        appealed=submission.status == "rejected" and reviewing.is_appealed(history),
    )


def _beside(db: Database, submission: Submission) -> Iterable[Beside]:
    site_id, replaces = submission.site_id, submission.replaces
    if replaces is not None and (old := submissions.find(db, site_id, replaces)):
        yield _read(db, REPLACED, old)
    previous = reviews.previous(
        db,
        site_id,
        submission.instrument,
        submission.day,
        submission.received_utc,
        but=[submission.submission_id, replaces],
    )
    if previous is not None and (found := submissions.find(db, site_id, previous)):
        yield _read(db, PREVIOUS, found)


def _read(db: Database, kind: str, submission: Submission) -> Beside:
    instrument = publishing.version(db, submission.form_used or submission.form)
    if instrument is None:
        return Beside(kind, submission, {}, None)
    amendments = submissions.amendments(db, submission.site_id, submission.submission_id)
    answers = intake_judging.amended(instrument, submission.sent, amendments)
    return Beside(kind, submission, answers, instrument)


def _questions(
    case: Case, beside: tuple[Beside, ...], here: frozenset[str], language: str
) -> Iterable[Question]:
    for line in case.lines:
        if not (line.answered or line.wrong or any(line.key in one.answers for one in beside)):
            continue
        told = tuple(_told(case, line, one, language) for one in beside)
        digests = case.answers.get(line.key)
        photos: tuple[tuple[str, bool], ...] = ()
        if line.item is not None and line.item.type == "photo" and isinstance(digests, list):
            photos = tuple(
                (one.lower(), one.lower() in here) for one in digests if isinstance(one, str)
            )
        yield Question(line, told, photos)


def _told(case: Case, line: Line, other: Beside, language: str) -> Told:
    if line.key not in other.answers:
        return Told("", "")
    item = None if other.instrument is None else other.instrument.items.get(line.key)
    before, now = other.answers[line.key], case.answers.get(line.key)
    differs = ""
    if line.answered and item is not None and line.item is not None and item.type == line.item.type:
        differs = difference(line.item, before, now)
    return Told(wording.value(item, before, language), differs)


def difference(item: Item, before: object, now: object) -> str:
    """In which way an answer differs from the one before, where that is worth a look; else ""."""
    if item.type == "scale" and isinstance(before, int) and isinstance(now, int):
        step = now - before
        if step >= LARGE_STEP:
            return Sentence("now {n} levels up", n=step)
        return Sentence("now {n} levels down", n=-step) if step <= -LARGE_STEP else ""
    return Sentence("now different") if item.type in FACTS and before != now else ""


def acts(
    instrument: Instrument | None,
    history: Iterable[Review],
    language: str,
    names: Mapping[str, str],
) -> Iterable[Act]:
    """What was decided and answered, in words."""
    items = {} if instrument is None else instrument.items
    for review in history:
        who = names.get(review.person_id) or Sentence("Somebody who is unknown here")
        said = Sentence(ACTS[review.act].template, who=who) if review.person_id else BY_ITSELF
        comments = tuple(
            (wording.said(items[key].ask, language) if key in items else key, words)
            for key, words in review.comments.items()
        )
        yield Act(said, review, comments)


def span(delta: timedelta) -> Sentence:
    """How long, in the largest unit that says something: minutes, hours, days."""
    minutes = max(0, round(delta.total_seconds() / 60))
    hours, whole_days = round(minutes / 60), round(minutes / 1440)
    if minutes < 90:
        return Sentence("1 minute") if minutes == 1 else Sentence("{n} minutes", n=minutes)
    if hours < 48:
        return Sentence("{n} hours", n=hours)
    return Sentence("{n} days", n=whole_days)
