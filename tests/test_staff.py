"""``/staff``: those who work at a place see it and no other: forecast, result, gap, and praise."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import people_joining, publishing, voices
from surveys.installation import Installation
from surveys.people import PeopleError
from surveys.store import tokens
from surveys.store.database import Database
from surveys.voices import STAFF_FORECAST, Voice
from tests.conftest import NOW, Clock
from tests.desk_people import HTML, enrol, form_token, signed_in, submit

SITE = "vienna-1"


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def staff(app: Flask, db: Database) -> FlaskClient:
    """Somebody who works at vienna-1."""
    return signed_in(app.test_client(), enrol(db, "staff", sites=[SITE]))


def opened(client: FlaskClient, address: str = "/staff") -> str:
    """The page's text, without its tags."""
    answer = client.get(address, headers=HTML)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def forecast(
    client: FlaskClient, db: Database, level: int, voice: Voice = STAFF_FORECAST, **more: Any
) -> None:
    """One forecast of vienna-1, through the front door."""
    mirror = publishing.newest(db, voice.instrument)
    assert mirror is not None
    record = {
        "id": str(uuid.uuid4()),
        "form": mirror.form,
        "token": voices.issue(db, SITE, voice, NOW),
        "answers": {"welcome": level, **more},
        "language": "en",
        "started_at": "2026-11-22T08:00:00+00:00",
        "finished_at": "2026-11-22T08:05:00+00:00",
    }
    sent = {"sent_at": "2026-11-22T09:00:00+00:00", "submissions": [record]}
    (receipt,) = client.post("/api/submissions", json=sent).get_json()["receipts"]
    assert receipt["status"] == "accepted", receipt


def rated(client: FlaskClient, db: Database, *levels: int, **more: Any) -> None:
    for level in levels:
        submit(client, db, SITE, {"welcome": level, **more})


# --- forecast, result, gap --------------------------------------------------------------------


def test_the_forecast_the_result_and_the_gap_of_ones_own_site(
    app: Flask, staff: FlaskClient, db: Database
) -> None:
    phone = app.test_client()
    rated(phone, db, 3, 4, 4, 5, 4, 4)
    for level in (6, 7, 6, 5, 6):
        forecast(phone, db, level, accept_it=level > 5)
    page = opened(staff)
    assert "Vienna, Graben" in page
    assert "5 forecasts in these days" in page
    assert re.search(r"Welcome and courtesy 4\.0 .* 6 ratings 6\.0 .*2\.0 above customers", page)
    assert "4 of the 5 of you who answered would accept this yourselves" in page


@pytest.mark.parametrize("n", [1, 4])
def test_fewer_than_five_forecasts_say_how_many_and_nothing_else(
    app: Flask, staff: FlaskClient, db: Database, n: int
) -> None:
    phone = app.test_client()
    rated(phone, db, 3, 4, 4, 5, 4)
    for _ in range(n):
        forecast(phone, db, 7, accept_it=False)
    page = opened(staff)
    assert f"{n} of 5 so far in these days" in page
    assert re.search(rf"Welcome and courtesy 4\.0 [^W]* 5 ratings {n} of 5 so far", page)
    assert "7.0" not in page
    assert "above customers" not in page
    assert "is shown from five answers on" in page
    assert "would accept this yourselves." not in page


def test_before_anybody_has_answered_it_says_so_warmly(staff: FlaskClient) -> None:
    page = opened(staff)
    assert "Give your forecast" in page
    assert "0 of 5 so far" in page
    assert "No customer has answered here in these days" in page
    assert "The next customer you surprise may" in page


def test_what_managers_forecast_is_not_the_staffs(
    app: Flask, staff: FlaskClient, db: Database
) -> None:
    phone = app.test_client()
    rated(phone, db, 4, 4, 4, 4, 4)
    for _ in range(6):
        forecast(phone, db, 7, voices.MANAGER_FORECAST)
    page = opened(staff)
    assert "0 of 5 so far" in page
    assert "7.0" not in page


def test_the_days_are_chosen(app: Flask, staff: FlaskClient, db: Database, clock: Clock) -> None:
    rated(app.test_client(), db, 4, 4)
    clock.forward(days=40)
    page = opened(signed_in(app.test_client(), enrol(db, "staff", sites=[SITE])), "/staff?days=30")
    assert "No customer has answered" in page
    again = signed_in(app.test_client(), enrol(db, "staff", sites=[SITE]))
    assert "2 ratings" in opened(again, "/staff?days=90")
    assert "2 ratings" in opened(again, "/staff?days=all")
    assert again.get("/staff?days=7").status_code == 400


# --- the praise -------------------------------------------------------------------------------


def test_the_praise_is_what_those_wrote_who_had_expected_less(
    app: Flask, staff: FlaskClient, db: Database
) -> None:
    phone = app.test_client()
    for words, answers in (
        ("Carried it to my car", {"moment": "better"}),
        ("As it should be", {"moment": "expected"}),
        ("Never again", {"moment": "worse"}),
        ("Nice but the wrong lamp", {"moment": "better", "went_wrong": True}),
        ("No moment told", {"welcome": 7}),
    ):
        submit(phone, db, SITE, {**answers, "comment": words})
    submit(phone, db, "vienna-2", {"moment": "better", "comment": "Praise of the others"})
    page = opened(staff)
    praise = page[page.index("What pleased them") :]
    assert "Carried it to my car" in praise
    assert "22 Nov 2026" in praise
    for other in ("As it should be", "Never again", "wrong lamp", "No moment", "of the others"):
        assert other not in page


def test_words_in_praise_are_words_and_no_markup(
    app: Flask, staff: FlaskClient, db: Database
) -> None:
    words = "<script>alert(1)</script>"
    submit(app.test_client(), db, SITE, {"moment": "better", "comment": words})
    assert words not in staff.get("/staff", headers=HTML).text
    assert "&lt;script&gt;" in staff.get("/staff", headers=HTML).text


# --- giving a forecast ------------------------------------------------------------------------


def test_the_button_leads_to_the_form_that_all_of_the_site_share(
    app: Flask, staff: FlaskClient, db: Database
) -> None:
    data = {"csrf": form_token(staff.get("/staff", headers=HTML))}
    answer = staff.post(f"/staff/{SITE}/forecast", data=data, headers=HTML)
    assert answer.status_code == 303
    token = tokens.find(db, answer.location.removeprefix("/q/"))
    assert token is not None
    assert (token.site_id, token.source, token.kind) == (SITE, "staff_forecast", "invitation")
    assert "What will your customers say?" in staff.get(answer.location).text
    colleague = signed_in(app.test_client(), enrol(db, "staff", sites=[SITE]))
    data = {"csrf": form_token(colleague.get("/staff", headers=HTML))}
    same = colleague.post(f"/staff/{SITE}/forecast", data=data, headers=HTML)
    assert same.location == answer.location


def test_where_the_owner_closed_it_the_reason_stands_instead(
    staff: FlaskClient, db: Database
) -> None:
    data = {"csrf": form_token(staff.get("/staff", headers=HTML))}
    link = voices.issue(db, SITE, STAFF_FORECAST, NOW)
    voices.withdraw(db, link, "The survey of this year is over.", NOW)
    page = opened(staff)
    assert "The survey of this year is over." in page
    assert "Give your forecast" not in page
    answer = staff.post(f"/staff/{SITE}/forecast", data=data, headers=HTML)
    assert (answer.status_code, answer.location) == (303, "/staff")
    assert "has been closed here" in opened(staff)


# --- somebody else's --------------------------------------------------------------------------


@pytest.mark.parametrize("site_id", ["vienna-2", "lisbon-1", "nowhere"])
def test_no_forecast_of_another_site(staff: FlaskClient, db: Database, site_id: str) -> None:
    data = {"csrf": form_token(staff.get("/staff", headers=HTML))}
    answer = staff.post(f"/staff/{site_id}/forecast", data=data, headers=HTML)
    assert answer.status_code == 404
    assert list(voices.of(db, site_id)) == []


def test_another_sites_staff_see_nothing_of_ours(app: Flask, db: Database) -> None:
    phone = app.test_client()
    rated(phone, db, 1, 1, 1, 1, 1, moment="better", comment="Only for Graben")
    for _ in range(5):
        forecast(phone, db, 7)
    others = signed_in(app.test_client(), enrol(db, "staff", sites=["vienna-2"]))
    page = opened(others)
    assert "Praterstern" in page
    for ours in ("Graben", "1.0", "7.0", "5 ratings"):
        assert ours not in page
    for address in (f"/desk/sites/{SITE}", "/desk", "/desk/observe", "/exports/scores.csv"):
        assert others.get(address, headers=HTML).status_code == 403


def test_who_works_at_two_sites_sees_both_apart(app: Flask, db: Database) -> None:
    both = signed_in(app.test_client(), enrol(db, "staff", sites=[SITE, "lisbon-1"]))
    page = opened(both)
    assert page.index("Lisbon, Chiado") < page.index("Vienna, Graben")
    assert page.count("Give your forecast") == 2
    assert "Praterstern" not in page


def test_a_removed_site_leaves_an_honest_page(app: Flask, db: Database) -> None:
    person = enrol(db, "staff", sites=[SITE])
    client = signed_in(app.test_client(), person)
    with db.transaction():
        db.execute("DELETE FROM grants WHERE person_id = :id", {"id": person.person_id})
    assert "No place is yours yet" in opened(client)


def test_staff_are_invited_to_a_place(db: Database) -> None:
    with pytest.raises(PeopleError, match="Staff need at least one region or site"):
        people_joining.invite(db, NOW, email="kim@example.org", role="staff")
