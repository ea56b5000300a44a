"""Shoppers, their phones and their visits, for tests."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import date, datetime
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from surveys import checking, devices, people_joining, publishing, visit_plans, visits
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.intake import Intake, Receipt
from surveys.people import Person
from surveys.store import times
from surveys.store.visit_plans import VisitPlan
from surveys.store.writer import GroupCommit
from surveys.visits import Visit
from surveys.web.sessions import DEVICE_COOKIE
from tests.conftest import NOW

FACTS = {
    "arrived_at": "2026-11-22T09:00:00+01:00",
    "request": "buy",
    "handovers": 0,
    "settled": "fully",
    "welcome": 6,
    "waiting": 2,
}
"""Answers that fit the shipped visit's form."""


def add_shopper(chain: Installation, name: str = "ana") -> Person:
    """A shopper who has joined, ``name@example.org``."""
    db = chain.database()
    token = people_joining.invite(db, NOW, email=f"{name}@example.org", role="shopper")
    with db.transaction():
        return people_joining.enter(db, NOW, token, name=name.title())


def add_phone(chain: Installation, person: Person, name: str = "iPhone") -> tuple[str, str]:
    """A signed-in phone of theirs: its id and its token."""
    db = chain.database()
    with db.transaction():
        device, token = devices.sign_in(db, NOW, person, name)
    return device.device_id, token


def phone(app: Flask, token: str) -> FlaskClient:
    """A browser that holds a device's token."""
    client = app.test_client()
    client.set_cookie(DEVICE_COOKIE, token)
    return client


def add_visit(chain: Installation, offered_to: Iterable[Person] = (), **facts: Any) -> Visit:
    """A visit at vienna-1, due on 30 November, offered to these."""
    db = chain.database()
    wanted = {"site_id": "vienna-1", "instrument": "visit", "due": date(2026, 11, 30), **facts}
    with db.transaction():
        return visits.make(
            db, NOW, offered_to=[person.person_id for person in offered_to], **wanted
        )


def accepted_visit(chain: Installation, person: Person, **facts: Any) -> Visit:
    """A visit that ``person`` has accepted."""
    visit = add_visit(chain, [person], **facts)
    return visits.accept(chain.database(), NOW, visit, person.person_id)


def report_of(chain: Installation, token: str, **members: Any) -> dict[str, Any]:
    """A report as a phone sends it, under a visit's token; keywords replace its members."""
    newest = publishing.newest(chain.database(), "visit")
    assert newest is not None
    return {
        "id": str(uuid.uuid4()),
        "form": newest.form,
        "token": token,
        "answers": FACTS,
        "language": "en",
        "started_at": "2026-11-22T09:30:00+01:00",
        "finished_at": "2026-11-22T09:50:00+01:00",
        **members,
    }


def reviewed(chain: Installation, review: str = "after-72h") -> str:
    """Publish the visit's form as one that is reviewed so; its form."""
    db = chain.database()
    newest = publishing.newest(db, "visit")
    assert newest is not None
    instrument = Instrument.from_document({**newest.document, "review": review})
    publishing.publish(db, instrument, NOW)
    return instrument.form


def send(chain: Installation, *records: dict[str, Any], at: datetime = NOW) -> list[Receipt]:
    """Through intake; the receipts."""
    group = GroupCommit(chain.new_database)
    try:
        return Intake(group.run).receive(list(records), received=at)
    finally:
        group.close()


def add_plan(chain: Installation, at: datetime = NOW, **facts: Any) -> VisitPlan:
    """A plan for all sites, made by hand, twice a month."""
    plan = VisitPlan(
        **{
            "plan_id": str(uuid.uuid4()),
            "name": "Every site",
            "instrument": "visit",
            "scope": '{"regions": [], "sites": []}',
            "per_month": 2,
            "rotation_days": 30,
            "edge_per_month": 1,
            "days_open": 5,
            "briefing": "",
            "certificate": 0,
            "fee": "",
            "expenses": "",
            "currency": "",
            "status": "by_hand",
            "created_utc": times.text(at),
            "person_id": "",
            **facts,
        }
    )
    visit_plans.add(chain.database(), at, plan, by="")
    return plan


ERRAND = """
instrument: errand
title: {en: An errand}
source: shopper
mode: routine
review: none
languages: [en]
sections:
  - title: {en: What it cost}
    items:
      - {key: done, type: yes_no, ask: {en: Did you buy something?}}
      - {key: spent, type: number, min: 0, measures: expenses, ask: {en: What did you spend?}}
"""


def counted_visit(
    chain: Installation, person: Person, spent: float | None = None, **facts: Any
) -> Visit:
    """A visit whose report counts and claims what was spent."""
    form = checking.check_text(ERRAND.encode(), "errand").instrument
    assert form is not None
    publishing.publish(chain.database(), form, NOW)
    visit = accepted_visit(chain, person, instrument="errand", **facts)
    assert visit.token is not None
    answers = {"done": True} if spent is None else {"done": True, "spent": spent}
    (receipt,) = send(chain, report_of(chain, visit.token, answers=answers, form=form.form))
    assert receipt.status == "accepted", receipt
    return visit


# --- photos -----------------------------------------------------------------------------------


def photo(colour: str = "teal", kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture; another colour is another digest."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def listed(*contents: bytes) -> list[dict[str, Any]]:
    """A submission's list of these files."""
    return [
        {"sha256": sha256(one), "question": "receipt", "type": "image/jpeg", "bytes": len(one)}
        for one in contents
    ]


def put_file(
    client: FlaskClient,
    record: dict[str, Any],
    content: bytes,
    *,
    token: str | None = None,
    digest: str | None = None,
    submission_id: str | None = None,
) -> TestResponse:
    """Send an attachment of this report, as a phone does; keywords replace what it says."""
    return client.put(
        f"/api/submissions/{submission_id or record['id']}/files/{digest or sha256(content)}",
        data=content,
        content_type="image/jpeg",
        headers={"Authorization": f"Bearer {token or record['token']}"},
    )
