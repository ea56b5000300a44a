"""People for tests, their sign-in as a browser does it, and ratings for them to look at."""

from __future__ import annotations

import itertools
import re
import uuid
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import people_joining, publishing
from surveys.people import Person
from surveys.store.database import Database
from tests.conftest import CODES, NOW

PASSWORD = "purple elephants dance slowly"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

_numbers = itertools.count(1)


def enrol(
    db: Database, role: str, *, at: datetime = NOW, email: str | None = None, **granted: list[str]
) -> Person:
    """Somebody of that role who knows ``PASSWORD``; ``regions=…``, ``sites=…``."""
    address = email or f"{role}{next(_numbers)}@example.org"
    if role == "staff" and not any(granted.values()):
        granted = {"sites": ["vienna-1"]}  # staff work somewhere
    return people_joining.enrol(
        db,
        at,
        email=address,
        name=f"{role.title()} Müller",
        role=role,
        password=PASSWORD,
        **granted,
    )


def form_token(page: TestResponse) -> str:
    """What a page put into its form."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def sign_in(
    client: FlaskClient, email: str, password: str = PASSWORD, **fields: str
) -> TestResponse:
    """As a browser does: opens the page, sends its form."""
    page = client.get("/sign-in", headers=HTML)
    return client.post(
        "/sign-in",
        data={"csrf": form_token(page), "email": email, "password": password, **fields},
        headers=HTML,
    )


def signed_in(client: FlaskClient, person: Person) -> FlaskClient:
    """The client, with the person signed in."""
    answer = sign_in(client, person.email)
    assert answer.status_code == 303, answer.text
    return client


def send_form(client: FlaskClient, address: str, /, **fields: Any) -> TestResponse:
    """A form of the desk, sent by whoever is signed in."""
    token = form_token(client.get("/account", headers=HTML))
    return client.post(address, data={"csrf": token, **fields}, headers=HTML)


def submit(
    client: FlaskClient,
    db: Database,
    site_id: str,
    answers: dict[str, Any],
    *,
    expected: str = "accepted",
    **more: Any,
) -> str:
    """One customer's submission, through the front door; its id."""
    instrument = publishing.newest(db, "counter")
    assert instrument is not None
    submission_id = str(uuid.uuid4())
    sent = {
        "id": submission_id,
        "form": instrument.form,
        "token": CODES[site_id],
        "answers": answers,
        "language": "en",
        "started_at": "2026-11-22T08:00:00+00:00",
        "finished_at": "2026-11-22T08:01:00+00:00",
        **more,
    }
    answer = client.post(
        "/api/submissions",
        json={"sent_at": "2026-11-22T09:00:00+00:00", "submissions": [sent]},
    )
    assert answer.status_code == 200, answer.text
    receipt = answer.get_json()["receipts"][0]
    assert receipt["status"] == expected, receipt
    return submission_id
