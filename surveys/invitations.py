"""The letter that carries an invitation."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from surveys import addresses, jobs, letters, mail, people_joining
from surveys.letters import Letter
from surveys.people import Person
from surveys.people_joining import INVITATION_DAYS, InvitationGone
from surveys.sentences import Sentence
from surveys.store import settings
from surveys.store.database import Database
from surveys.store.jobs import Job

TOPIC = "invitation"


def put(db: Database, at: datetime, person: Person, token: str, *, by: str = "") -> bool:
    """Have the link ``token`` sent to the person it is for, inside the transaction that makes it.

    False, and nothing is put in, while no mail server is set up: then the link is for whoever
    invites to pass on.
    """
    if not mail.is_set_up(db):
        return False
    return jobs.put(
        db,
        at,
        job_id=f"invitation:{hashlib.sha256(token.encode()).hexdigest()[:32]}",
        kind="email",
        topic=TOPIC,
        recipient=person.person_id,
        payload={"token": token},
        cause=by,
    )


def letter(db: Database, at: datetime, job: Job) -> Letter | None:
    """The letter; None when the link was used or made void meanwhile."""
    token = json.loads(job.payload)["token"]
    try:
        invited = people_joining.invitation(db, at, token).person
    except InvitationGone:
        return None
    if invited is None:
        return None
    own = addresses.own(db)
    link = f"{own}/join/{token}"
    days = Sentence("It works once, for {days} days:", days=INVITATION_DAYS)
    reader = letters.reader(db, invited)
    if invited.role == "shopper" and invited.status == "active":
        return reader.letter(
            Sentence("Your phone and Touchstone"),
            (
                Sentence("Open this link on the phone that is to show your visits."),
                days,
                "",
                link,
                "",
                Sentence("The link is yours alone: please do not pass it on."),
            ),
        )
    if invited.status == "active":
        return reader.letter(
            Sentence("A new password for Touchstone"),
            (
                Sentence("Open this link to choose a new password for {address}.", address=own),
                days,
                "",
                link,
                "",
                Sentence("Until you do, the password you have still works."),
            ),
        )
    organisation = settings.get(db, "organisation")
    subject = Sentence("Your invitation to Touchstone")
    if organisation:
        subject = Sentence("Your invitation to Touchstone at {name}", name=organisation)
    return reader.letter(
        subject,
        (
            Sentence(
                "You are invited to Touchstone, where it is seen how customers were received."
            ),
            "",
            Sentence("Open this link on the phone that you will take along on your visits.")
            if invited.role == "shopper"
            else Sentence("Open this link to choose your name and your password."),
            days,
            "",
            link,
            "",
            Sentence("The link is yours alone: please do not pass it on."),
            Sentence("If you did not expect it, do nothing; without the link nothing happens."),
        ),
    )
