"""The morning letter: what yesterday brought at the sites that somebody sees.

It is written at seven in the reader's own time zone, on days that have something to say, and read
from the tallies when it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from surveys import addresses, desk, holding_desk, jobs, letters, mail, people, preferences
from surveys.letters import Letter, Reader
from surveys.results import Selection
from surveys.sentences import Sentence
from surveys.store import jobs as jobs_store
from surveys.store import results as results_store
from surveys.store.database import Database
from surveys.store.jobs import Job
from surveys.store.results import Wanted
from surveys.store.sites import Site

TOPIC = "daily"
FROM, UNTIL = 7, 12
"""Hours of the reader's morning; after noon it is no morning letter any more."""

LINES = 25
SOURCES = ("customer", "shopper", "partner")
"""Whose submissions are counted: managers' and staff's are few, and known."""


def schedule(db: Database, at: datetime) -> int:
    """Put in the letters of this morning that are not in yet; how many those were."""
    if not mail.is_set_up(db):
        return 0
    put = 0
    for reader in letters.readers(db):
        local = at.astimezone(reader.zone)
        job_id = f"daily:{local.date()}:{reader.person.person_id}"
        if not FROM <= local.hour < UNTIL or not reader.wants(preferences.DAILY):
            continue
        if jobs_store.find(db, job_id) is not None:
            continue
        with db.transaction():
            put += jobs.put(
                db,
                at,
                job_id=job_id,
                kind="email",
                topic=TOPIC,
                recipient=reader.person.person_id,
                payload={"day": (local.date() - timedelta(days=1)).isoformat()},
                cause=f"day {local.date()}",
            )
    return put


@dataclass(frozen=True)
class _Yesterday:
    """One site's day: submissions counted, contacts worse than expected, comments."""

    site: Site
    submissions: int
    misery: int
    comments: int


def letter(db: Database, job: Job) -> Letter | None:
    """The letter; None where there is nothing to say."""
    person = people.find(db, job.recipient)
    if person is None or person.status != "active":
        return None
    reader = letters.reader(db, person)
    if not reader.wants(preferences.DAILY):
        return None
    day = date.fromisoformat(json.loads(job.payload)["day"])
    found = [one for site in reader.sites if (one := _yesterday(db, site, day)).submissions]
    held = holding_desk.waiting(db, reader.sites)
    if not found and not (held and person.role == "owner"):
        return None
    found.sort(key=lambda one: (-one.misery, -one.submissions, one.site.name))
    return reader.letter(_subject(day, found), _lines(db, reader, day, found, held))


def _yesterday(db: Database, site: Site, day: date) -> _Yesterday:
    wanted = Wanted(day_from=day.isoformat(), day_to=day.isoformat(), sources=SOURCES)
    submissions, misery, comments = 0, 0, 0
    for bar in results_store.bars(db, site.site_id, "submission", wanted, "day"):
        submissions += int(bar["n"])
    for bar in results_store.bars(db, site.site_id, "moment", wanted, "day"):
        misery += int(bar["n"]) if bar["level"] == "worse" else 0
    if submissions:
        selection = Selection(day_from=day, day_to=day, sources=SOURCES)
        comments = sum(1 for _ in desk.comments(db, site, selection, "customer"))
    return _Yesterday(site, submissions, misery, comments)


def _subject(day: date, found: list[_Yesterday]) -> Sentence:
    n = sum(one.submissions for one in found)
    if n == 1:
        return Sentence("{day}: 1 submission", day=day)
    return Sentence("{day}: {n} submissions", day=day, n=n)


def _lines(
    db: Database, reader: Reader, day: date, found: list[_Yesterday], held: int
) -> Iterator[Sentence | str]:
    own = addresses.own(db)
    if found:
        yield Sentence("What came in on {day}:", day=day)
        yield ""
        for one in found[:LINES]:
            yield _line(one)
        if len(found) > LINES:
            yield Sentence("- and {n} more sites", n=len(found) - LINES)
        yield ""
    if held == 1:
        yield Sentence("1 submission is held: it waits for a person and is not counted.")
        yield ""
    elif held:
        yield Sentence(
            "{n} submissions are held: they wait for a person and are not counted.", n=held
        )
        yield ""
    yield Sentence("More at the desk: {address}", address=f"{own}/desk")
    yield letters.choose(own)


def _line(one: _Yesterday) -> Sentence:
    return Sentence(
        "- {site}: {submissions}, {misery}, {comments}",
        site=one.site.name,
        submissions=_count_submissions(one.submissions),
        misery=Sentence("{n} worse than expected", n=one.misery),
        comments=_count_comments(one.comments),
    )


def _count_submissions(n: int) -> Sentence:
    return Sentence("1 submission") if n == 1 else Sentence("{n} submissions", n=n)


def _count_comments(n: int) -> Sentence:
    return Sentence("1 comment") if n == 1 else Sentence("{n} comments", n=n)
