"""Tallies derived afresh from submissions and their amendments, which are the only truth.

Site by site, each in a transaction of its own, so that phones wait for milliseconds only; memory
grows with the bars of one site, not with its submissions.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

from surveys import holding_list, intake_judging, publishing
from surveys.store import sites, submissions, tallies
from surveys.store.database import Database
from surveys.store.submissions import Amendment, Submission
from surveys.store.tallies import Bar


def rebuild(db: Database, done: Callable[[int], None] = lambda sites: None) -> list[str]:
    """Mend whatever differs; each difference in words. ``done`` is told of every site."""
    differences = []
    for site in list(sites.every(db)):
        differences += _site(db, site.site_id)
        done(1)
    return differences


def _site(db: Database, site_id: str) -> list[str]:
    differences: list[str] = []
    with db.transaction():
        amendments = submissions.amendments_of_site(db, site_id)
        expected: Counter[Bar] = Counter()
        wrong: list[tuple[Submission, str]] = []
        for submission in submissions.of_site(db, site_id):
            marks = _marks(db, submission, amendments.get(submission.submission_id, []))
            if marks != submission.mark_pairs:
                wrong.append((submission, json.dumps(marks)))
                differences.append(
                    f"{site_id} submission {submission.submission_id}: its stored marks differed"
                    " from its answers"
                )
            if submission.status == "counted":
                expected.update(intake_judging.bars(submission, marks, +1))
        for submission, text in wrong:
            submissions.change(db, submission, marks=text)
        differences += holding_list.derive(db, site_id)
        known = dict(tallies.of_site(db, site_id))
        for bar in sorted(expected.keys() | known.keys()):
            if expected[bar] != known.get(bar, 0):
                tallies.put(db, bar, expected[bar])
                differences.append(
                    f"{bar}: the tally said {known.get(bar, 0)}, the submissions say"
                    f" {expected[bar]}"
                )
    return differences


def _marks(
    db: Database, submission: Submission, amendments: list[Amendment]
) -> intake_judging.Marks:
    """What its answers as amended count for; nothing if they do not fit a form."""
    if submission.erased_utc or submission.form_used is None:
        return submission.mark_pairs
    instrument = publishing.version(db, submission.form_used)
    if instrument is None:
        return submission.mark_pairs
    sent = submission.sent
    if submission.status != "counted":
        contents = submissions.contents(db, submission.site_id, submission.submission_id)
        sent = intake_judging.with_files(sent, contents)
    answers = intake_judging.amended(instrument, sent, amendments)
    # What counts was checked when it began to count; what does not may not fit.
    return intake_judging.fitting_marks(
        instrument,
        answers,
        sent,
        submission.touchpoint,
        known_to_fit=submission.status == "counted",
    )
