"""Shoppers' reports in every state that a reviewer and their shopper see, over a running chain."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from surveys import holding, people, publishing, reviewing, visits
from surveys.demo import SHOPPER
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.intake import Intake
from surveys.store.writer import GroupCommit
from tests.field import FACTS

WORDS = "The wait is given as nine minutes, and the receipt says that it was four."
MORE = {
    "greeted": True,
    "people_ahead": 3,
    "waited": 240,
    "knowledge": 5,
    "promise_made": False,
    "comment": "Two tills of five were open, and nobody said how long it would take.",
}


def put(installation: Installation, site_id: str, code: str) -> dict[str, str]:
    """Reports of the demonstration's shopper at a site with that code: the names of their places
    (``pending``, ``appealed``, and the visits ``returned_visit``, ``rejected_visit``)."""
    db, now = installation.database(), datetime.now(UTC)
    newest = publishing.newest(db, "visit")
    shopper = people.find_email(db, SHOPPER)
    owner = next(one for one in people.everyone(db) if one.role == "owner")
    assert newest is not None
    assert shopper is not None
    form = Instrument.from_document({**newest.document, "review": "after-72h"})
    publishing.publish(db, form, now)
    group = GroupCommit(installation.new_database)
    intake = Intake(group.run)

    def report(hours_ago: float, **answers: Any) -> tuple[str, str]:
        """A report of a visit of its own; the visit's id and its own."""
        at = now - timedelta(hours=hours_ago)
        with db.transaction():
            visit = visits.make(
                db,
                at,
                site_id=site_id,
                instrument="visit",
                due=(now + timedelta(days=7)).date(),
                not_before=(now - timedelta(days=3)).date(),
                briefing="Ask for a gift up to 30, and whether it can be wrapped.",
                offered_to=[shopper.person_id],
            )
        visit = visits.accept(db, at, visit, shopper.person_id)
        arrived = at - timedelta(minutes=50)
        record = {
            "id": str(uuid.uuid4()),
            "form": form.form,
            "token": visit.token,
            "answers": {**FACTS, **MORE, "arrived_at": arrived.isoformat(), **answers},
            "language": "en",
            "started_at": (at - timedelta(minutes=25)).isoformat(),
            "finished_at": at.isoformat(),
            "scanned": [{"code": code, "at": arrived.isoformat()}],
        }
        (receipt,) = intake.receive([record], received=at, sent_at=at.isoformat())
        assert receipt.status == "accepted", receipt
        return visit.visit_id, str(record["id"])

    by = (owner.person_id, now)
    try:
        _, before = report(60, welcome=3, greeted=False)
        holding.accept(db, site_id, before, *by)
        returned_visit, returned = report(30, waited=540)
        reviewing.give_back(
            *(db, site_id, returned, *by),
            words=WORDS,
            comments={"waited": "Four or nine?", "comment": "Which tills were those?"},
        )
        rejected_visit, rejected = report(28)
        holding.reject(db, site_id, rejected, *by, reason="This is the report of another site.")
        _, appealed = report(26, comment="I have the receipt here.")
        holding.reject(db, site_id, appealed, *by, reason="Nobody was there at that hour.")
        reviewing.appeal(
            db, site_id, appealed, shopper.person_id, now, "The shop was open: I have a receipt."
        )
        _, pending = report(20, greeted=True, waited=540)
        report(2)
    finally:
        group.close()
    return {
        "pending": pending,
        "appealed": appealed,
        "returned_visit": returned_visit,
        "rejected_visit": rejected_visit,
    }
