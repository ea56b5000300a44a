"""``/visits/<visit_id>``: the briefing and the long form, complete without a script."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from surveys import devices, publishing, reviewing, visits
from surveys.checking import load
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.people import Person
from surveys.store import files, submissions
from surveys.visits import Visit
from surveys.web import rendering
from surveys.web import words as w
from tests.conftest import NOW
from tests.field import (
    FACTS,
    accepted_visit,
    add_phone,
    add_shopper,
    add_visit,
    phone,
    report_of,
    reviewed,
    send,
)

TRIP = """
instrument: trip
title: {en: Trip, ar: رحلة}
source: shopper
mode: routine
review: required
languages: [en, ar]
sections:
  - title: {en: Facts, ar: وقائع}
    items:
      - {key: arrived_at, type: datetime, required: true, ask: {en: "When?", ar: "متى؟"}}
      - {key: ahead, type: integer, min: 0, max: 20, ask: {en: "How many ahead?", ar: "كم؟"}}
      - {key: waited, type: duration, ask: {en: "How long?", ar: "كم انتظرت؟"}}
      - {key: front, type: photo, max_photos: 2, ask: {en: "The entrance", ar: "المدخل"}}
      - {key: back, type: photo, show_if: {ahead: {more_than: 5}}, ask: {en: "Line", ar: "الصف"}}
      - {key: here, type: place, ask: {en: "Where?", ar: "أين؟"}}
  - title: {en: Words, ar: كلمات}
    items:
      - {key: welcome, type: scale, short: true}
      - {key: praise, type: text, ask: {en: "Praise?", ar: "ثناء؟"}}
"""
GPS, ORIENTATION = 0x8825, 0x0112


@pytest.fixture
def mine(app: Flask, chain: Installation, ana: Person) -> FlaskClient:
    """Ana's phone."""
    _, token = add_phone(chain, ana)
    return phone(app, token)


@pytest.fixture
def trip(chain: Installation, ana: Person, tmp_path: Path) -> Visit:
    """A visit with every kind of question that a phone answers by itself."""
    file = tmp_path / "trip.yaml"
    file.write_text(TRIP, encoding="utf-8")
    publishing.publish(chain.database(), load(file), NOW)
    return accepted_visit(chain, ana, instrument="trip", briefing="Ask for a gift.", edge="closing")


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def post(client: FlaskClient, visit: Visit, **answers: Any) -> TestResponse:
    address = f"/visits/{visit.visit_id}"
    page = client.get(address).text
    given = {name: field(page, name) for name in ("csrf", "id", "form", "asked")}
    return client.post(
        address, data=given | answers, content_type="multipart/form-data", follow_redirects=False
    )


def arrived(chain: Installation, visit: Visit) -> list[submissions.Submission]:
    db = chain.database()
    seen = visits.of_shopper(db, visit.person_id or "")
    (found,) = (one for one in seen if one.visit.visit_id == visit.visit_id)
    read = [submissions.find(db, visit.site_id, one.submission_id) for one in found.reports]
    return [one for one in read if one is not None]


def picture(*, gps: bool = True, color: str = "red") -> tuple[BytesIO, str]:
    """A camera's picture, on its side, that tells where it was taken."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[GPS] = {1: "N", 2: (48.0, 12.0, 30.0)}
    made = BytesIO()
    Image.new("RGB", (2400, 1200), color).save(made, "JPEG", exif=exif if gps else None)
    made.seek(0)
    return made, "door.jpg"


# --- the page ---------------------------------------------------------------------------------


def test_the_page_has_the_briefing_and_every_part_of_the_form(
    mine: FlaskClient, trip: Visit, ana: Person
) -> None:
    page = mine.get(f"/visits/{trip.visit_id}").text

    assert "Ask for a gift." in page
    assert "Due by Monday 30 November 2026." in page or "Due by Monday, 30 November 2026." in page
    assert "Go shortly before the doors close." in page
    assert re.findall(r"<h2>([^<]+)</h2>", page) == ["Facts", "Words"]
    assert field(page, "form").startswith("trip@")
    facts = re.search(r'<form [^>]*id="form"[^>]*>', page)
    assert facts is not None
    for fact in (
        f'data-visit="{trip.visit_id}"',
        f'data-token="{trip.token}"',
        'data-shopper="1"',
        'data-site="Vienna, Graben"',
        'enctype="multipart/form-data"',
    ):
        assert fact in facts[0]
    assert "data-replaces" not in facts[0]
    assert re.search(r'data-k="ahead"[^>]* data-min="0" data-max="20"', page)
    assert re.search(r'data-k="arrived_at"[^>]* data-need=""', page)
    assert re.search(r'data-k="front"[^>]* data-most="2"', page)


def test_the_customers_form_carries_nothing_of_it(client: FlaskClient) -> None:
    page = client.get("/q/vienna-1-counter").text
    assert not re.search(r"data-(need|min|max|most|visit)=", page)


def test_in_arabic_the_whole_page_runs_from_the_right(mine: FlaskClient, trip: Visit) -> None:
    page = mine.get(f"/visits/{trip.visit_id}?lang=ar").text
    assert '<html lang="ar" dir="rtl">' in page
    assert w.words("ar")["briefing"] in page
    assert w.words("ar")["edge_closing"] in page


def test_the_phone_gets_words_that_exist_and_no_others() -> None:
    names = ("reading", "photos", "drafts", "gadgets", "codes", "parts", "review", "form")
    source = "".join(
        (rendering.STATIC / f"shopper/{name}.js").read_text(encoding="utf-8") for name in names
    )
    used = set(re.findall(r"\bwords\.(\w+)", source))
    used |= set(re.findall(r'"((?:photo|place)_(?:wrong|heic|https|refused|none|late))"', source))
    assert used == set(w.FOR_THE_REPORT)
    for language, said in w.all_words().items():
        assert used <= set(said), language


def test_somebody_elses_visit_is_not_there(
    app: Flask, chain: Installation, trip: Visit, mine: FlaskClient
) -> None:
    _, token = add_phone(chain, add_shopper(chain, "ben"))
    other = phone(app, token)
    assert other.get(f"/visits/{trip.visit_id}").status_code == 404
    assert other.post(f"/visits/{trip.visit_id}", data={}).status_code in (400, 404)
    assert app.test_client().get(f"/visits/{trip.visit_id}").status_code in (303, 401)


def test_a_visit_that_is_only_offered_has_no_form(
    mine: FlaskClient, chain: Installation, ana: Person
) -> None:
    offered = add_visit(chain, [ana])
    page = mine.get(f"/visits/{offered.visit_id}").text
    assert "Accept this visit first." in page
    assert 'name="asked"' not in page


def test_a_visit_whose_report_has_come_says_so_and_has_no_form(
    mine: FlaskClient, chain: Installation, trip: Visit
) -> None:
    assert post(mine, trip, arrived_at="2026-11-22T09:30").status_code == 303
    page = mine.get(f"/visits/{trip.visit_id}").text
    assert "A reviewer will read it." in page
    assert 'name="asked"' not in page
    assert re.search(r'<form hidden[^>]* data-visit="', page), "a draft on this phone goes on there"


# --- without a script -------------------------------------------------------------------------


def test_a_report_without_a_script_arrives_with_its_photos_and_the_code(
    mine: FlaskClient, chain: Installation, trip: Visit
) -> None:
    answer = post(
        mine,
        trip,
        arrived_at="2026-11-22T09:30",
        ahead="3",
        waited="3:20",
        here="48.2082, 16.3738",
        welcome="6",
        praise="",
        code="vienna-1-counter",
        front=[picture(), picture()],
        back=[picture()],
    )

    assert (answer.status_code, answer.location) == (303, "/visits")
    (found,) = arrived(chain, trip)
    assert (found.status, found.problem_list) == ("pending", [])
    (photo,) = found.sent["files"]
    assert photo["question"] == "front", "the same picture twice is one"
    assert found.sent["answers"] == {
        "arrived_at": "2026-11-22T09:30:00+01:00",
        "ahead": 3,
        "waited": 200,
        "front": [photo["sha256"]],
        "here": {"latitude": 48.2082, "longitude": 16.3738, "accuracy": 6.0},
        "welcome": 6,
    }
    assert [one["code"] for one in found.sent["scanned"]] == ["vienna-1-counter"]
    (stored,) = files.of_submission(chain.database(), trip.site_id, found.submission_id)
    content = files.path(chain.folder, stored.sha256).read_bytes()
    drawn = Image.open(BytesIO(content))
    assert drawn.size == (800, 1600), "upright, and not too large"
    assert not drawn.getexif()


def test_what_is_no_picture_is_said_and_all_else_stands_there_again(
    mine: FlaskClient, chain: Installation, trip: Visit
) -> None:
    answer = post(
        mine, trip, ahead="3", code="abc", front=[(BytesIO(b"MZ no picture"), "virus.exe")]
    )
    assert answer.status_code == 422
    assert "“virus.exe” is no picture" in answer.text
    assert 'name="ahead" aria-describedby="ahead-h" inputmode="numeric"' in answer.text
    assert re.search(r'name="ahead"[^>]*value="3"', answer.text)
    assert field(answer.text, "code") == "abc"
    assert arrived(chain, trip) == []


def test_sent_twice_it_is_one_report(mine: FlaskClient, chain: Installation, trip: Visit) -> None:
    address = f"/visits/{trip.visit_id}"
    page = mine.get(address).text
    given = {name: field(page, name) for name in ("csrf", "id", "form", "asked")}
    given |= {"arrived_at": "2026-11-22T09:30", "code": "vienna-1-counter"}
    for _ in range(2):
        answer = mine.post(address, data=given | {"front": [picture()]})
        assert answer.status_code == 303
    (found,) = arrived(chain, trip)
    assert found.status == "pending"


def test_an_empty_report_is_not_sent(mine: FlaskClient, chain: Installation, trip: Visit) -> None:
    answer = post(mine, trip)
    assert answer.status_code == 422
    assert "Nothing is answered yet." in answer.text
    assert arrived(chain, trip) == []


def test_a_post_that_no_page_of_ours_made_is_refused(mine: FlaskClient, trip: Visit) -> None:
    assert mine.post(f"/visits/{trip.visit_id}", data={"ahead": "3"}).status_code == 400


def test_a_form_of_an_older_version_is_read_by_that_version(
    mine: FlaskClient, chain: Installation, ana: Person
) -> None:
    visit = accepted_visit(chain, ana)
    old = publishing.newest(chain.database(), "visit")
    assert old is not None
    page = mine.get(f"/visits/{visit.visit_id}").text
    reviewed(chain)  # a newer one
    given = {name: field(page, name) for name in ("csrf", "id", "form", "asked")}
    facts = {"request": "buy", "handovers": "0", "settled": "fully"}
    mine.post(f"/visits/{visit.visit_id}", data=given | facts | {"arrived_at": "2026-11-22T09:30"})
    (found,) = arrived(chain, visit)
    assert found.form == old.form


# --- a report that came back ------------------------------------------------------------------


@pytest.fixture
def returned(chain: Installation, ana: Person) -> tuple[Visit, str]:
    """A visit whose report a reviewer gave back, and the report's id."""
    form = reviewed(chain, "required")
    visit = accepted_visit(chain, ana)
    sent = report_of(chain, visit.token or "", form=form)
    (receipt,) = send(chain, sent)
    assert receipt.status == "accepted"
    reviewing.give_back(
        *(chain.database(), visit.site_id, sent["id"], "reviewer", NOW),
        words="Nearly.",
        comments={"welcome": "Who <greeted> first?"},
    )
    # The form has moved on since.
    newest = publishing.newest(chain.database(), "visit")
    assert newest is not None
    again = Instrument.from_document({**newest.document, "review": "after-24h"})
    publishing.publish(chain.database(), again, NOW)
    return visit, sent["id"]


def test_a_returned_report_comes_filled_in_its_own_version_with_the_reviewers_words(
    mine: FlaskClient, returned: tuple[Visit, str], chain: Installation
) -> None:
    visit, before = returned
    page = mine.get(f"/visits/{visit.visit_id}").text

    assert "Nearly." in page
    assert re.search(r'data-k="welcome".*?Who &lt;greeted&gt; first\?.*?</fieldset>', page, re.S)
    assert f'data-replaces="{before}"' in page
    assert field(page, "replaces") == before
    newest = publishing.newest(chain.database(), "visit")
    assert newest is not None
    assert field(page, "form") != newest.form
    assert 'value="2026-11-22T09:00"' in page
    assert re.search(r'name="welcome" value="6" checked', page)
    assert re.search(r'name="request" value="buy" checked', page)


def test_a_better_one_replaces_it(
    mine: FlaskClient, returned: tuple[Visit, str], chain: Installation
) -> None:
    visit, before = returned
    facts = {name: str(value) for name, value in FACTS.items()}
    facts["arrived_at"] = "2026-11-22T09:00"
    page = mine.get(f"/visits/{visit.visit_id}").text
    given = {name: field(page, name) for name in ("csrf", "id", "form", "asked", "replaces")}
    assert mine.post(f"/visits/{visit.visit_id}", data=given | facts).status_code == 303
    new = next(one for one in arrived(chain, visit) if one.submission_id != before)
    assert new.sent["replaces"] == before
    assert new.status == "pending"


def test_photos_of_the_report_that_came_back_stay(
    mine: FlaskClient, chain: Installation, trip: Visit
) -> None:
    post(mine, trip, arrived_at="2026-11-22T09:30", front=[picture()])
    (first,) = arrived(chain, trip)
    reviewing.give_back(
        *(chain.database(), trip.site_id, first.submission_id, "reviewer", NOW),
        words="More, please.",
        comments={},
    )
    page = mine.get(f"/visits/{trip.visit_id}").text
    (photo,) = first.sent["files"]
    held = re.search(r"data-photos=\"([^\"]*)\"", page)
    assert held is not None
    assert json.loads(held[1].replace("&#34;", '"')) == {"front": [photo["sha256"]]}

    given = {name: field(page, name) for name in ("csrf", "id", "form", "asked", "replaces")}
    mine.post(f"/visits/{trip.visit_id}", data=given | {"arrived_at": "2026-11-22T09:30"})
    new = next(one for one in arrived(chain, trip) if one.status == "pending")
    assert new.sent["files"] == [photo]
    assert new.sent["answers"]["front"] == [photo["sha256"]]
    kept = files.of_submission(chain.database(), trip.site_id, new.submission_id)
    assert [one.sha256 for one in kept] == [photo["sha256"]]


def test_a_phone_that_was_signed_out_opens_nothing(
    mine: FlaskClient, chain: Installation, trip: Visit, ana: Person
) -> None:
    (device,) = devices.of(chain.database(), ana.person_id)
    db = chain.database()
    with db.transaction():
        devices.revoke(db, NOW, device.device_id)
    assert mine.get(f"/visits/{trip.visit_id}").status_code in (303, 401)
