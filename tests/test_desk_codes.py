"""The codes of a site at the desk, and a code that is withdrawn while queues are out."""

from __future__ import annotations

import re
from typing import Any

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from werkzeug.test import TestResponse

from surveys import codes, holding, publishing, touchpoints
from surveys.codes import shown_id
from surveys.installation import Installation
from surveys.people import Person
from surveys.rebuild import rebuild
from surveys.store import settings, submissions
from surveys.store.database import Database
from tests.conftest import CODES, NOW, WITHDRAWN, Clock
from tests.desk_people import HTML, enrol, form_token, signed_in
from tests.records import Record, counter_form, make

PAGE = "/desk/sites/vienna-1/codes"
CODE = CODES["vienna-1"]


@pytest.fixture
def db(chain: Installation) -> Database:
    settings.put(chain.database(), "base_url", "https://survey.example.org")
    return chain.database()


@pytest.fixture
def owner(db: Database) -> Person:
    return enrol(db, "owner")


@pytest.fixture
def desk(app: Flask, owner: Person) -> FlaskClient:
    return signed_in(app.test_client(), owner)


def post(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    token = form_token(client.get("/account", headers=HTML))
    return client.post(address, data={"csrf": token, **fields}, headers=HTML)


def acts(db: Database) -> list[tuple[str, str]]:
    rows = db.rows("SELECT action, person_id FROM audit WHERE subject = 'code' ORDER BY at_utc")
    return [(row["action"], row["person_id"]) for row in rows]


# --- what hangs there -------------------------------------------------------------------------


def test_the_page_shows_what_is_in_use_and_what_was_withdrawn(
    desk: FlaskClient, db: Database
) -> None:
    touchpoints.add(db, NOW, "queue", {"en": "The long queue"}, by="")
    page = desk.get(PAGE, headers=HTML).text
    assert f"https://survey.example.org/q/{CODE}" in page
    assert "The long queue" in page
    assert "1 code withdrawn" in page
    assert "the poster was torn down" in page
    assert WITHDRAWN not in page  # it is of no use to anybody


def test_a_code_stands_in_no_address_of_the_desk(desk: FlaskClient) -> None:
    page = desk.get(PAGE, headers=HTML).text
    for address in re.findall(r'(?:href|src|action)="([^"]*)"', page):
        assert CODE not in address


def test_the_picture_is_the_code(desk: FlaskClient) -> None:
    answer = desk.get(f"{PAGE}/{shown_id(CODE)}.svg")
    assert answer.mimetype == "image/svg+xml"
    (read,) = zxingcpp.read_barcodes(drawn(answer.text))
    assert read.text == f"https://survey.example.org/q/{CODE}"
    assert desk.get(f"/desk/sites/vienna-2/codes/{shown_id(CODE)}.svg").status_code == 404


def drawn(svg: str, scale: int = 4) -> Image.Image:
    """The picture as an image: its one path is made of squares, each ``Mx,yHx2Vy2Hxz``."""
    side = re.search(r'viewBox="0 0 ([\d.]+) ', svg)
    assert side
    image = Image.new("L", (int(float(side[1]) * scale),) * 2, 255)
    squares = re.findall(r"M([\d.]+),([\d.]+)H([\d.]+)V([\d.]+)", svg)
    for corners in squares:
        x, y, x2, y2 = (float(number) * scale for number in corners)
        ImageDraw.Draw(image).rectangle((x, y, x2 - 1, y2 - 1), fill=0)
    return image


def test_without_an_address_for_phones_one_is_told(desk: FlaskClient, db: Database) -> None:
    settings.put(db, "base_url", "http://127.0.0.1:8000")
    assert "which no phone can open" in desk.get(PAGE, headers=HTML).text


# --- making one -------------------------------------------------------------------------------


def test_a_code_is_made_for_a_touchpoint(desk: FlaskClient, db: Database, owner: Person) -> None:
    publishing.publish_shipped(db, NOW)
    made = post(desk, PAGE, touchpoint="payment", instrument="counter")
    token = codes.active(db, "vienna-1", "payment")
    assert token is not None
    assert made.location == f"{PAGE}#code-{shown_id(token.token)}"
    assert ("issued", owner.person_id) in acts(db)
    page = desk.get(PAGE, headers=HTML).text
    assert "Print its poster" in page
    assert "<bdi>Paying</bdi>" in page
    again = post(desk, PAGE, touchpoint="payment", instrument="counter")
    assert again.location == made.location
    assert "there already" in desk.get(PAGE, headers=HTML).text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"touchpoint": "Not a key", "instrument": "counter"}, "is not a touchpoint"),
        ({"touchpoint": "line", "instrument": "no_such"}, "No instrument “no_such”"),
        ({}, "No instrument “”"),
    ],
)
def test_what_cannot_be_a_code_is_told(
    desk: FlaskClient, db: Database, fields: dict[str, str], says: str
) -> None:
    before = list(codes.of(db, "vienna-1"))
    refused = post(desk, PAGE, **fields)
    assert (refused.status_code, says in refused.text) == (422, True)
    assert list(codes.of(db, "vienna-1")) == before


def test_hidden_touchpoints_are_not_offered(desk: FlaskClient, db: Database) -> None:
    touchpoints.hide(db, NOW, "parking", hidden=True, by="")
    page = desk.get(PAGE, headers=HTML).text
    assert 'value="payment"' in page
    assert 'value="parking"' not in page


# --- taking one back --------------------------------------------------------------------------


def test_a_manager_withdraws_at_their_own_wall_and_it_is_written_down(
    app: Flask, db: Database
) -> None:
    manager = enrol(db, "manager", sites=["vienna-1"])
    client = signed_in(app.test_client(), manager)
    page = client.get(PAGE, headers=HTML).text
    assert "Make a code" not in page
    done = post(client, f"{PAGE}/{shown_id(CODE)}/withdraw", reason="  Stolen\n last night ")
    assert done.location == PAGE
    page = client.get(PAGE, headers=HTML).text
    assert "No code is in use here" in page
    assert "Stolen last night" in page
    assert acts(db) == [("withdrawn", manager.person_id)]


def test_a_replaced_code_points_to_the_new_one(
    desk: FlaskClient, db: Database, owner: Person
) -> None:
    done = post(desk, f"{PAGE}/{shown_id(CODE)}/replace", reason="Torn")
    new = codes.active(db, "vienna-1", "queue")
    assert new is not None
    assert done.location == f"{PAGE}#code-{shown_id(new.token)}"
    page = desk.get(PAGE, headers=HTML).text
    assert f'href="#code-{shown_id(new.token)}">replaced' in page
    assert 'href="/desk/posters?site=vienna-1"' in page
    assert acts(db) == [("replaced", owner.person_id)]


@pytest.mark.parametrize("act", ["withdraw", "replace"])
@pytest.mark.parametrize("reason", ["", " \n", "x" * 501])
def test_without_a_reason_nothing_is_taken_back(
    desk: FlaskClient, db: Database, act: str, reason: str
) -> None:
    refused = post(desk, f"{PAGE}/{shown_id(CODE)}/{act}", reason=reason, act=act)
    assert (refused.status_code, "Say why" in refused.text) == (422, True)
    assert codes.active(db, "vienna-1", "queue") is not None
    assert '<details class="confirm" open>' in refused.text


def test_what_was_withdrawn_stays_so(desk: FlaskClient, db: Database) -> None:
    for act in ("withdraw", "replace"):
        again = post(desk, f"{PAGE}/{shown_id(WITHDRAWN)}/{act}", reason="again")
        assert (again.status_code, "It stays withdrawn" in again.text) == (422, True)
    assert acts(db) == []


def test_what_is_not_decided_yet_is_told_before_a_code_is_taken_back(
    app: Flask, desk: FlaskClient
) -> None:
    unknown = make("counter@000000000000", answers={"welcome": 7})
    (receipt,) = send(app.test_client(), "2026-11-22T09:00:00+00:00", unknown)
    assert receipt["status"] == "held"
    page = desk.get(PAGE, headers=HTML).text
    assert page.count("1 answer under it is held already") == 2  # replacing, withdrawing


def test_codes_of_others_and_no_codes_look_the_same(app: Flask, db: Database) -> None:
    client = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    others = f"/desk/sites/lisbon-1/codes/{shown_id(CODES['lisbon-1'])}/withdraw"
    theirs, none = (
        post(client, address, reason="mine now")
        for address in (others, others.replace("lisbon", "nowhere"))
    )
    assert (theirs.status_code, theirs.text) == (404, none.text)
    # a code of another place under an address of one's own
    crossed = f"{PAGE}/{shown_id(CODES['lisbon-1'])}/withdraw"
    assert post(client, crossed, reason="mine now").status_code == 404
    assert codes.active(db, "lisbon-1", "queue") is not None


# --- withdrawn while queues are out -----------------------------------------------------------


def send(client: FlaskClient, sent_at: str, *records: Record) -> list[dict[str, Any]]:
    answer = client.post("/api/submissions", json={"sent_at": sent_at, "submissions": records})
    assert answer.status_code == 200, answer.text
    receipts: list[dict[str, Any]] = answer.get_json()["receipts"]
    return receipts


def test_a_code_withdrawn_while_queues_are_out_loses_nothing(
    app: Flask, desk: FlaskClient, chain: Installation, db: Database, owner: Person, clock: Clock
) -> None:
    """Three phones opened the form. One has sent; two finished, one before the poster came down
    and one after, and both have a signal again only the next day."""
    form = counter_form(chain)
    phone = app.test_client()
    in_time = make(form, finished_at="2026-11-22T08:59:00+00:00")
    before = make(form, finished_at="2026-11-22T09:30:00+00:00")
    after = make(form, finished_at="2026-11-22T10:30:00+00:00")
    (first,) = send(phone, "2026-11-22T09:00:00+00:00", in_time)
    assert first["status"] == "accepted"

    clock.forward(hours=1)
    post(desk, f"{PAGE}/{shown_id(CODE)}/withdraw", reason="Photographed for fun")
    assert phone.get(f"/q/{CODE}").status_code == 410  # nobody new comes in

    clock.forward(hours=20)
    late = send(phone, "2026-11-23T06:00:00+00:00", before, after)
    assert [receipt["status"] for receipt in late] == ["held", "held"]
    for receipt in late:
        assert [problem["code"] for problem in receipt["problems"]] == ["withdrawn_token"]
    again = send(phone, "2026-11-23T06:00:01+00:00", in_time, before, after)
    assert [receipt["status"] for receipt in again] == ["duplicate"] * 3

    kept = {row.submission_id: row.status for row in submissions.of_site(db, "vienna-1")}
    assert kept == {in_time["id"]: "counted", before["id"]: "held", after["id"]: "held"}
    page = signed_in(desk, owner).get(PAGE, headers=HTML).text
    assert re.search(r'data-label="Answers held"><a href="/desk/held">2</a>', page)

    # What was finished before it came down is accepted; it counts as if it had come in time.
    holding.accept(db, "vienna-1", before["id"], owner.person_id, clock(), reason="finished before")
    assert rebuild(db) == []
    rated = db.row(
        "SELECT SUM(n) AS n FROM tallies WHERE facet = 'dimension:welcome' AND level='6'"
    )
    assert rated is not None
    assert rated["n"] == 2
    assert send(phone, "2026-11-23T06:00:02+00:00", before)[0]["status"] == "duplicate"
