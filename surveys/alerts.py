"""The misery alert: those who see a site are told when a contact was worse than expected there.

Several in a short time make one letter: it waits a few minutes for others, and nobody gets more
than one an hour. What it says is read from the record when it is sent: where, when, at which
touchpoint. Never anybody's words.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from surveys import addresses, jobs, letters, people, preferences, touchpoints
from surveys.days import moment
from surveys.letters import Letter, Reader
from surveys.sentences import Sentence
from surveys.store import jobs as jobs_store
from surveys.store import submissions
from surveys.store.database import Database
from surveys.store.jobs import Job
from surveys.store.sites import Site
from surveys.store.submissions import Submission

TOPIC = "misery"
GATHER = timedelta(minutes=10)
AT_MOST_EVERY = timedelta(hours=1)
LINES = 20
"""Contacts that are told one by one; of more, how many."""


def is_misery(submission: Submission) -> bool:
    """Whether it counts and says that a customer's contact was worse than expected."""
    return (
        submission.status == "counted"
        and submission.source == "customer"
        and ("moment", "worse") in submission.mark_pairs
    )


def gather(
    db: Database, at: datetime, readers: Iterable[Reader], site: Site, submission: Submission
) -> None:
    """Tell those ``readers`` who see ``site``, in the next letter of each."""
    for reader in readers:
        if reader.wants(preferences.ALERTS) and people.may_see(reader.person, site):
            _add(db, at, reader.person.person_id, submission)


def _add(db: Database, at: datetime, person_id: str, submission: Submission) -> None:
    key = [submission.site_id, submission.submission_id]
    last = jobs_store.newest(db, "email", TOPIC, person_id)
    if last is not None and last.status == "waiting":
        about = [*json.loads(last.payload)["about"], key]
        if jobs_store.set_payload(db, last, json.dumps({"about": about})):
            return
    due = at + GATHER
    if last is not None:
        due = max(due, datetime.fromisoformat(last.created_utc) + AT_MOST_EVERY + GATHER)
    jobs.put(
        db,
        at,
        job_id=f"misery:{person_id}:{submission.site_id}:{submission.submission_id}",
        kind="email",
        topic=TOPIC,
        recipient=person_id,
        payload={"about": [key]},
        due=due,
        cause=f"submission {submission.submission_id}",
    )


def letter(db: Database, job: Job) -> Letter | None:
    """The letter; None where nothing is left to say: rejected, amended, out of the reader's sight.

    What is flagged as careless or as a repeat is left out: a joker with one phone alarms nobody.
    """
    person = people.find(db, job.recipient)
    if person is None or person.status != "active":
        return None
    reader = letters.reader(db, person)
    if not reader.wants(preferences.ALERTS):
        return None
    sites = {site.site_id: site for site in reader.sites}
    found = []
    for site_id, submission_id in json.loads(job.payload)["about"]:
        submission = submissions.find(db, site_id, submission_id)
        if site_id in sites and submission and is_misery(submission) and not submission.flagged:
            found.append(submission)
    return _written(db, reader, sites, found) if found else None


def _written(
    db: Database, reader: Reader, sites: dict[str, Site], found: list[Submission]
) -> Letter:
    count = Counter(submission.site_id for submission in found)
    first = sites[found[0].site_id]
    if len(found) == 1:
        subject = Sentence("{site}: a customer was disappointed", site=first.name)
    elif len(count) == 1:
        subject = Sentence("{site}: {n} customers were disappointed", site=first.name, n=len(found))
    else:
        subject = Sentence(
            "{n} customers were disappointed, at {sites} sites", n=len(found), sites=len(count)
        )
    lines: list[Sentence | str] = [
        Sentence("For these customers the contact was worse than they expected."),
        "",
    ]
    own = addresses.own(db)
    names = touchpoints.names(db, reader.locale.language)
    for site_id in count:
        lines.append(sites[site_id].name)
        mine = sorted((s for s in found if s.site_id == site_id), key=lambda s: s.received_utc)
        lines += [_line(reader, sites[site_id], submission, names) for submission in mine[:LINES]]
        if len(mine) > LINES:
            lines.append(Sentence("- and {n} more", n=len(mine) - LINES))
        lines += [f"{own}/desk/sites/{site_id}", ""]
    lines += [
        Sentence("What they wrote, and how to reach those who asked for it, stands at the desk."),
        letters.choose(own),
    ]
    return reader.letter(subject, lines)


def _line(reader: Reader, site: Site, submission: Submission, names: Mapping[str, str]) -> Sentence:
    at = datetime.fromisoformat(submission.received_utc)
    if "clock" not in submission.flag_words:
        at = moment(submission.finished_local) or at
    when = letters.clock(at, ZoneInfo(site.timezone), reader.locale)
    if submission.touchpoint:
        name = names.get(submission.touchpoint, submission.touchpoint)
        return Sentence("- {when}, at “{touchpoint}”", when=when, touchpoint=name)
    return Sentence("- {when}", when=when)
