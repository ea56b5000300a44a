"""What the desk shows of what waits: how many of each kind, a page of them, one of them whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from surveys import holding_kinds, intake_judging, publishing, wording
from surveys.instrument import Instrument
from surveys.sentences import Sentence
from surveys.store import held, submissions, tokens
from surveys.store.database import Database
from surveys.store.held import Held, Position, Wanted
from surveys.store.sites import Site
from surveys.store.submissions import Amendment, Content, Submission
from surveys.store.tokens import Token
from surveys.wording import Line

A_PAGE = 50

KINDS = {
    holding_kinds.BEFORE: Sentence("Finished before their code was withdrawn"),
    holding_kinds.AFTER: Sentence("Finished after their code was withdrawn"),
    holding_kinds.OTHER_CONTENT: Sentence("The same id with other content"),
    "other_instrument": Sentence("Another form than the code’s"),
    "unknown_form": Sentence("The version of the form is not known here"),
    "cannot_replace": Sentence("A correction that shows no right to correct"),
    "does_not_fit": Sentence("Answers that do not fit their form"),
    "other": Sentence("Something else"),
}


@dataclass(frozen=True)
class Count:
    """How many wait, and how many of them fit the form that they are read by."""

    n: int = 0
    fit: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.n + other.n, self.fit + other.fit)


@dataclass(frozen=True)
class Withdrawn:
    """A withdrawn code under which answers wait."""

    token: Token
    site: Site
    before: Count
    after: Count


@dataclass(frozen=True)
class Overview:
    """What waits at some sites: by kind in the order of :data:`KINDS`, and by withdrawn code."""

    kinds: dict[str, Count]
    withdrawn: list[Withdrawn]

    @property
    def n(self) -> int:
        return sum(count.n for count in self.kinds.values())


def overview(db: Database, sites: Mapping[str, Site], token: str | None = None) -> Overview:
    """What waits at ``sites`` (by id); under ``token`` alone if it is named."""
    kinds = dict.fromkeys(KINDS, Count())
    codes: dict[str, dict[str, Count]] = {}
    places: dict[str, Site] = {}
    for row in held.counts(db):
        if row["site_id"] not in sites or token not in (None, row["token"]):
            continue
        count = Count(row["n"], row["fit"])
        kinds[row["kind"]] = kinds.get(row["kind"], Count()) + count
        if row["kind"] in (holding_kinds.BEFORE, holding_kinds.AFTER):
            codes.setdefault(row["token"], {})[row["kind"]] = count
            places[row["token"]] = sites[row["site_id"]]
    withdrawn = [
        Withdrawn(
            found,
            places[code],
            counts.get(holding_kinds.BEFORE, Count()),
            counts.get(holding_kinds.AFTER, Count()),
        )
        for code, counts in codes.items()
        if (found := tokens.find(db, code)) is not None
    ]
    withdrawn.sort(key=lambda one: (one.site.name, one.token.withdrawn_utc or ""))
    return Overview({kind: count for kind, count in kinds.items() if count.n}, withdrawn)


def waiting(db: Database, sites: Iterable[Site]) -> int:
    """How many wait at ``sites``."""
    wanted = {site.site_id for site in sites}
    return sum(row["n"] for row in held.counts(db) if row["site_id"] in wanted)


@dataclass(frozen=True)
class Row:
    """One line of the list. ``more`` is how many problems it has beside ``what``."""

    held: Held
    site: Site
    what: Sentence
    more: int
    form: str
    language: str
    source: str
    day: str
    flags: tuple[str, ...]


def page(
    db: Database,
    wanted: Wanted,
    sites: Mapping[str, Site],
    language: str,
    position: Position | None = None,
) -> tuple[list[Row], Position | None]:
    """The next :data:`A_PAGE` behind ``position``, oldest first, and where a page more begins."""
    found = list(held.described(db, wanted, position, A_PAGE + 1))
    rows = []
    for waits, told in found[:A_PAGE]:
        problems = json.loads(told["problems"])
        first = wording.first_of(problems)
        form = publishing.version(db, told["form_used"] or told["form"])
        rows.append(
            Row(
                held=waits,
                site=sites[waits.site_id],
                what=wording.sentence(first, form, language) if first else KINDS["other"],
                more=max(0, len(problems) - 1),
                form=told["form"],
                language=told["language"] or "",
                source=told["source"],
                day=told["day"],
                flags=tuple(json.loads(told["flags"])),
            )
        )
    return rows, rows[-1].held.position if len(found) > A_PAGE else None


# --- one of them ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """A version to read it by, and how much would not fit under it."""

    form: str
    published_utc: str
    misfits: int
    named: bool
    newest: bool


@dataclass(frozen=True)
class Pair:
    """A question as the first content answers it and as the other does."""

    question: str
    first: str
    other: str
    differs: bool


@dataclass(frozen=True)
class Other:
    """Other content under the same id; ``wrong`` is why it could not be taken instead."""

    content: Content
    pairs: list[Pair]
    wrong: list[Sentence]


@dataclass(frozen=True)
class Case:
    """A submission as the one who decides about it reads it, by ``instrument``.

    ``against`` are the problems of the whole, ``misfits`` what keeps it from counting.
    """

    site: Site
    submission: Submission
    token: Token | None
    held: Held | None
    instrument: Instrument | None
    versions: list[Version]
    against: list[Sentence]
    misfits: list[Sentence]
    lines: list[Line]
    answers: Mapping[str, Any]
    amendments: list[Amendment]
    others: list[Other]

    @property
    def is_open(self) -> bool:
        return self.submission.status == "held"


def case(
    db: Database, site: Site, submission_id: str, language: str, form: str | None = None
) -> Case | None:
    """The submission with all that stands beside it, read by ``form`` if its code's instrument has
    such a version. None for one that nobody had to look at."""
    submission = submissions.find(db, site.site_id, submission_id)
    if submission is None:
        return None
    contents = submissions.contents(db, site.site_id, submission_id)
    amendments = submissions.amendments(db, site.site_id, submission_id)
    if not (submission.problem_list or contents or amendments):
        return None
    return read(db, site, submission, language, form)


def read(
    db: Database, site: Site, submission: Submission, language: str, form: str | None = None
) -> Case:
    """As :func:`case`, also one that nobody had to look at."""
    contents = submissions.contents(db, site.site_id, submission.submission_id)
    amendments = submissions.amendments(db, site.site_id, submission.submission_id)
    sent = intake_judging.with_files(submission.sent, contents)
    versions = _versions(db, submission, sent, amendments)
    instrument = _chosen(db, submission, versions, form)
    answers = _answers(instrument, sent, amendments)
    misfits = [] if instrument is None else intake_judging.misfits(instrument, answers, sent)
    wrong = [problem.as_dict() for problem in misfits]
    against = [
        wording.sentence(problem, instrument, language)
        for problem in submission.problem_list
        if problem["code"] not in holding_kinds.MISFITS
        or not problem["path"].startswith("/answers")
    ]
    return Case(
        site=site,
        submission=submission,
        token=tokens.find(db, submission.token),
        held=held.find(db, site.site_id, submission.submission_id, submission.digest),
        instrument=instrument,
        versions=versions,
        against=list(dict.fromkeys(against)),
        misfits=list(
            dict.fromkeys(wording.sentence(problem, instrument, language) for problem in wrong)
        ),
        lines=wording.lines(
            instrument, _answers(instrument, submission.sent, ()), answers, wrong, language
        ),
        answers=answers,
        amendments=amendments,
        others=[_other(db, instrument, answers, content, language) for content in contents],
    )


def _versions(
    db: Database, submission: Submission, sent: Mapping[str, Any], amendments: list[Amendment]
) -> list[Version]:
    """The one it named first, then the newest."""
    newest = publishing.newest(db, submission.instrument)
    found = []
    for published in publishing.versions(db, submission.instrument):
        instrument = publishing.version(db, published.form)
        assert instrument is not None  # noqa: S101 - it was published
        answers = _answers(instrument, sent, amendments)
        found.append(
            Version(
                form=published.form,
                published_utc=published.published_utc,
                misfits=len(intake_judging.misfits(instrument, answers, sent)),
                named=published.form == submission.form,
                newest=newest is not None and published.form == newest.form,
            )
        )
    return sorted(found, key=lambda one: (not one.named, not one.newest))


def _chosen(
    db: Database, submission: Submission, versions: list[Version], form: str | None
) -> Instrument | None:
    forms = [version.form for version in versions]
    for wanted in (form, submission.form_used, *forms):
        if wanted in forms and wanted is not None:
            return publishing.version(db, wanted)
    return None


def _answers(
    instrument: Instrument | None, sent: Mapping[str, Any], amendments: Iterable[Amendment]
) -> dict[str, Any]:
    if instrument is not None:
        return intake_judging.amended(instrument, sent, amendments)
    answers = sent.get("answers")
    return dict(answers) if isinstance(answers, dict) else {}


def _other(
    db: Database,
    instrument: Instrument | None,
    answers: Mapping[str, Any],
    content: Content,
    language: str,
) -> Other:
    sent = json.loads(content.payload)
    named = sent.get("form")
    form = publishing.version(db, named) if isinstance(named, str) else None
    if form is None or instrument is None or form.key != instrument.key:
        form = instrument
    theirs = _answers(form, sent, ())
    misfits = [] if form is None else intake_judging.misfits(form, theirs, sent)
    pairs = [
        Pair(line.question, line.sent, line.value, wording.differs(answers, theirs, line.key))
        for line in wording.lines(form, answers, theirs, (), language)
        if line.key in answers or line.key in theirs
    ]
    wrong = [wording.sentence(problem.as_dict(), form, language) for problem in misfits]
    return Other(content, pairs, wrong)
