"""Letters to shoppers about visits: what is offered to them, and a deadline that is tomorrow's.

Many offers of one moment are one letter, read from what is open when it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from surveys import addresses, jobs, letters, mail, people
from surveys.letters import Letter
from surveys.sentences import Sentence
from surveys.store import jobs as jobs_store
from surveys.store import sites, visit_lists, visits
from surveys.store.database import Database
from surveys.store.jobs import Job
from surveys.store.sites import Site
from surveys.store.visits import Visit

OFFERED, DEADLINE = "visit.offered", "visit.deadline"
TOPICS = (OFFERED, DEADLINE)
TOGETHER = timedelta(minutes=10)
"""So long offers to one shopper are gathered, and so long after the first the letter goes."""
FROM_HOUR = 9
"""Of the day before a deadline, at the site."""
LINES = 20


def offered(db: Database, at: datetime, person_id: str) -> None:
    """Have a shopper told of what is offered, inside the transaction that offers it."""
    if not mail.is_set_up(db):
        return
    due = datetime.fromtimestamp((at.timestamp() // 600 + 1) * 600, UTC)
    jobs.put(
        db,
        at,
        job_id=f"offered:{person_id}:{due:%Y-%m-%dT%H:%M}",
        kind="email",
        topic=OFFERED,
        recipient=person_id,
        payload={},
        due=due,
        cause="an offer",
    )


def schedule(db: Database, at: datetime) -> int:
    """Put in the letters about what is due tomorrow and has no report; how many those were."""
    if not mail.is_set_up(db):
        return 0
    put = 0
    for visit in visit_lists.without_report(db):
        local = at.astimezone(ZoneInfo(_site(db, visit).timezone))
        tomorrow = (local.date() + timedelta(days=1)).isoformat()
        job_id = f"deadline:{visit.visit_id}:{visit.due}"
        if visit.person_id is None or visit.due != tomorrow or local.hour < FROM_HOUR:
            continue
        if jobs_store.find(db, job_id) is not None:
            continue
        with db.transaction():
            put += jobs.put(
                db,
                at,
                job_id=job_id,
                kind="email",
                topic=DEADLINE,
                recipient=visit.person_id,
                payload={"site_id": visit.site_id, "visit_id": visit.visit_id},
                cause=f"visit {visit.visit_id}",
            )
    return put


def letter(db: Database, at: datetime, job: Job) -> Letter | None:
    """The letter; None where there is nothing to say any more."""
    person = people.find(db, job.recipient)
    if person is None or person.status != "active":
        return None
    said = _offers(db, at, job) if job.topic == OFFERED else _deadline(db, job)
    if said is None:
        return None
    subject, lines = said
    return letters.reader(db, person).letter(subject, lines)


def _offers(db: Database, at: datetime, job: Job) -> tuple[Sentence, list[Sentence | str]] | None:
    found = [
        (visit, site)
        for visit in visits.open_to(db, job.recipient)
        if date.fromisoformat(visit.due)
        >= at.astimezone(ZoneInfo((site := _site(db, visit)).timezone)).date()
    ]
    if not found:
        return None
    if len(found) == 1:
        subject = Sentence("{site}: a visit is offered to you", site=found[0][1].name)
    else:
        subject = Sentence("{n} visits are offered to you", n=len(found))
    return subject, [*_listed(db, found)]


def _listed(db: Database, found: list[tuple[Visit, Site]]) -> Iterator[Sentence | str]:
    yield Sentence("Whoever accepts first has the visit.")
    yield ""
    for visit, site in found[:LINES]:
        yield Sentence(
            "- {site}, from {first} to {last}",
            site=site.name,
            first=date.fromisoformat(visit.not_before),
            last=date.fromisoformat(visit.due),
        )
    if len(found) > LINES:
        yield Sentence("- and {n} more", n=len(found) - LINES)
    yield ""
    yield _on_the_phone(db)


def _deadline(db: Database, job: Job) -> tuple[Sentence, list[Sentence | str]] | None:
    key = json.loads(job.payload)
    visit = visits.find(db, key["site_id"], key["visit_id"])
    if visit is None or (visit.status, visit.person_id) != ("accepted", job.recipient):
        return None
    if visits.reports(db, visit):
        return None
    said = Sentence(
        "Your visit there is due on {day}, and no report has arrived yet. If it is on your phone,"
        " open the list of your visits with a signal.",
        day=date.fromisoformat(visit.due),
    )
    subject = Sentence("{site}: due tomorrow", site=_site(db, visit).name)
    return subject, [said, "", _on_the_phone(db)]


def _on_the_phone(db: Database) -> Sentence:
    return Sentence("Your visits, on your phone: {address}", address=f"{addresses.own(db)}/visits")


def _site(db: Database, visit: Visit) -> Site:
    found = sites.find(db, visit.site_id)
    assert found is not None  # noqa: S101 - a site is never deleted
    return found
