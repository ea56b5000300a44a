"""The desk's pages about managers and staff: voices (owner), observe (managers), the mirror."""

from __future__ import annotations

import base64
import io
import re

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from surveys import voices
from surveys.installation import Installation
from surveys.store import tokens
from surveys.store.database import Database
from surveys.voices import MANAGER_FORECAST, OBSERVING, STAFF_FORECAST
from tests.conftest import CHAIN, CODES, NOW
from tests.desk_people import HTML, enrol, form_token, signed_in
from tests.test_staff import forecast, opened, rated

SITE = "vienna-1"
PAGE = f"/desk/voices/{SITE}"


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner"))


@pytest.fixture
def manager(app: Flask, db: Database) -> FlaskClient:
    """Who looks after the east."""
    return signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))


def post(client: FlaskClient, address: str, **fields: str) -> tuple[int, str]:
    """Status, and the page that came or where it led."""
    data = {"csrf": form_token(client.get("/account", headers=HTML)), **fields}
    answer = client.post(address, data=data, headers=HTML)
    return answer.status_code, answer.location or answer.text


# --- the owner's links ------------------------------------------------------------------------


def test_the_owner_makes_the_links_of_all_sites_at_once(owner: FlaskClient, db: Database) -> None:
    assert "Make the links of 4 sites" in opened(owner, "/desk/voices")
    first = voices.issue(db, SITE, STAFF_FORECAST, NOW)
    assert post(owner, "/desk/voices", voice=str(STAFF_FORECAST)) == (303, "/desk/voices")
    assert "3 links were made." in opened(owner, "/desk/voices")
    made = [voices.latest(db, site.site_id)[STAFF_FORECAST].token for site in CHAIN]
    assert first in made
    assert len(set(made)) == 4


def test_what_was_closed_is_not_opened_with_all_others(owner: FlaskClient, db: Database) -> None:
    voices.withdraw(db, voices.issue(db, SITE, STAFF_FORECAST, NOW), "Over", NOW)
    post(owner, "/desk/voices", voice=str(STAFF_FORECAST))
    assert not voices.latest(db, SITE)[STAFF_FORECAST].active


def test_a_site_shows_its_links_to_copy_and_to_scan(owner: FlaskClient, db: Database) -> None:
    assert "There is no link yet" in opened(owner, PAGE)
    assert post(owner, PAGE, act="make", voice=str(OBSERVING)) == (303, PAGE)
    token = voices.latest(db, SITE)[OBSERVING].token
    page = owner.get(PAGE, headers=HTML).text
    assert f'value="http://127.0.0.1:8000/q/{token}"' in page
    assert "open on this machine alone" in page
    assert "data:image/png;base64," in page


def test_the_printed_cards_decode(owner: FlaskClient, db: Database) -> None:
    links = {site.site_id: voices.issue(db, site.site_id, STAFF_FORECAST, NOW) for site in CHAIN}
    voices.withdraw(db, links.pop("lisbon-1"), "Closed", NOW)
    page = owner.get(f"/desk/voices/print?voice={STAFF_FORECAST}", headers=HTML).text
    found = set()
    for picture in re.findall(r"data:image/png;base64,([^\"]+)", page):
        drawn = Image.open(io.BytesIO(base64.b64decode(picture)))
        found |= {one.text for one in zxingcpp.read_barcodes(drawn)}
    assert found == {f"http://127.0.0.1:8000/q/{token}" for token in links.values()}
    assert "Lisbon" not in page


def test_withdrawing_and_replacing_need_a_reason_and_keep_what_was_typed(
    owner: FlaskClient, db: Database
) -> None:
    link = voices.issue(db, SITE, STAFF_FORECAST, NOW)
    for act in ("withdraw", "renew"):
        status, page = post(owner, PAGE, act=act, link=link, reason="x" * 501)
        assert status == 422
        assert "at most 500 characters" in page
        assert "x" * 501 in page
        assert re.search(r'<details class="confirm" open>.*name="act" value="' + act, page, re.S)
        status, page = post(owner, PAGE, act=act, link=link, reason=" ")
        assert status == 422
        assert "Say why" in page
    assert voices.latest(db, SITE)[STAFF_FORECAST].active


def test_a_link_is_replaced_withdrawn_and_made_anew(owner: FlaskClient, db: Database) -> None:
    first = voices.issue(db, SITE, STAFF_FORECAST, NOW)
    assert post(owner, PAGE, act="renew", link=first, reason="Two left") == (303, PAGE)
    second = voices.latest(db, SITE)[STAFF_FORECAST].token
    old = tokens.find(db, first)
    assert old is not None
    assert (old.active, old.replaced_by) == (False, second)
    assert post(owner, PAGE, act="withdraw", link=second, reason="Over") == (303, PAGE)
    page = opened(owner, PAGE)
    assert "Closed since 22 Nov 2026: Over" in page
    assert post(owner, PAGE, act="make", voice=str(STAFF_FORECAST)) == (303, PAGE)
    third = voices.latest(db, SITE)[STAFF_FORECAST]
    assert third.active
    assert third.token not in (first, second)


def test_a_link_that_somebody_else_took_back_meanwhile(owner: FlaskClient, db: Database) -> None:
    link = voices.issue(db, SITE, STAFF_FORECAST, NOW)
    voices.withdraw(db, link, "Over", NOW)
    status, page = post(owner, PAGE, act="withdraw", link=link, reason="Over too")
    assert status == 422
    assert "withdrawn already" in page


@pytest.mark.parametrize("act", ["withdraw", "renew"])
def test_only_the_sites_own_links_are_taken_back(
    owner: FlaskClient, db: Database, act: str
) -> None:
    other = voices.issue(db, "vienna-2", STAFF_FORECAST, NOW)
    for token in (other, CODES[SITE], "nothing"):
        assert post(owner, PAGE, act=act, link=token, reason="Why not")[0] == 404
    assert voices.latest(db, "vienna-2")[STAFF_FORECAST].active


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/desk/voices", {"voice": "counter:customer"}),
        ("/desk/voices", {"voice": ""}),
        (PAGE, {"act": "make", "voice": "mirror:forecast"}),
        ("/desk/voices/nowhere", {"act": "make", "voice": str(STAFF_FORECAST)}),
    ],
)
def test_what_there_is_not_is_not_found(
    owner: FlaskClient, db: Database, address: str, fields: dict[str, str]
) -> None:
    assert post(owner, address, **fields)[0] == 404
    assert list(voices.of(db, SITE)) == []


def test_an_act_there_is_not(owner: FlaskClient, db: Database) -> None:
    link = voices.issue(db, SITE, STAFF_FORECAST, NOW)
    assert post(owner, PAGE, act="burn", link=link)[0] == 400


# --- managers ---------------------------------------------------------------------------------


def test_a_manager_observes_and_forecasts_at_own_sites(manager: FlaskClient, db: Database) -> None:
    page = opened(manager, "/desk/observe")
    assert "Vienna, Graben" in page
    assert "Lisbon" not in page
    for voice in (OBSERVING, MANAGER_FORECAST):
        status, where = post(manager, "/desk/observe", site_id=SITE, voice=str(voice))
        assert (status, where) == (303, f"/q/{voices.latest(db, SITE)[voice].token}")
        assert manager.get(where).status_code == 200


@pytest.mark.parametrize("site_id", ["lisbon-1", "nowhere", ""])
def test_a_manager_observes_nowhere_else(manager: FlaskClient, db: Database, site_id: str) -> None:
    status, _ = post(manager, "/desk/observe", site_id=site_id, voice=str(OBSERVING))
    assert status == 404
    assert list(voices.of(db, "lisbon-1")) == []


def test_a_manager_does_not_answer_as_staff(manager: FlaskClient, db: Database) -> None:
    status, page = post(manager, "/desk/observe", site_id=SITE, voice=str(STAFF_FORECAST))
    assert status == 400
    assert "no such form for managers" in page


def test_a_manager_does_not_open_what_the_owner_closed(manager: FlaskClient, db: Database) -> None:
    voices.withdraw(db, voices.issue(db, SITE, OBSERVING, NOW), "Not in December", NOW)
    assert "Not in December" in opened(manager, "/desk/observe")
    status, where = post(manager, "/desk/observe", site_id=SITE, voice=str(OBSERVING))
    assert (status, where) == (303, "/desk/observe")
    assert "has been closed here: Not in December" in opened(manager, "/desk/observe")


# --- the mirror at the desk -------------------------------------------------------------------


def test_the_site_page_sets_both_forecasts_beside_customers(
    app: Flask, manager: FlaskClient, db: Database
) -> None:
    phone = app.test_client()
    rated(phone, db, 4, 4, 4, 4, 4)
    assert "The mirror" not in opened(manager, f"/desk/sites/{SITE}")
    for _ in range(5):
        forecast(phone, db, 6, STAFF_FORECAST, accept_it=True)
    for _ in range(4):
        forecast(phone, db, 7, MANAGER_FORECAST, accept_it=True)
    for source in ("customer", "manager_forecast", "staff_forecast"):
        page = opened(manager, f"/desk/sites/{SITE}?source={source}")
        mirror = page[page.index("The mirror") :]
        assert "2.0 above customers" in mirror
        assert "4 of 5 so far" in mirror
        assert "7.0" not in mirror
        assert "5 of 5 who work here would accept this themselves." in mirror
        assert "Would managers accept this themselves?" in mirror
    assert "The mirror" not in opened(manager, f"/desk/sites/{SITE}?source=shopper")


def test_too_few_customers_are_said(app: Flask, manager: FlaskClient, db: Database) -> None:
    phone = app.test_client()
    rated(phone, db, 4, 4)
    for _ in range(5):
        forecast(phone, db, 6)
    page = opened(manager, f"/desk/sites/{SITE}")
    assert "to compare, 2 of 5 customers so far" in page
    assert "above customers (" not in page


def test_the_hours_at_the_counter_are_shown_from_five_on(
    app: Flask, manager: FlaskClient, db: Database
) -> None:
    phone = app.test_client()
    hour = {"began_at": "2026-11-22T08:00:00+01:00", "minutes": 75}
    for _ in range(4):
        forecast(phone, db, 5, OBSERVING, **hour)
    few = opened(manager, f"/desk/sites/{SITE}?source=manager")
    assert "Managers observed here 4 times. How long is shown from five times on." in few
    forecast(phone, db, 5, OBSERVING, **hour)
    enough = opened(manager, f"/desk/sites/{SITE}?source=manager")
    assert "Managers observed here 5 times, 6.2 hours in all." in enough


def test_words_of_those_who_work_there_come_from_eight_writers_on(
    app: Flask, manager: FlaskClient, db: Database
) -> None:
    """Eight people, not eight texts: the mirror has two places for words."""
    phone = app.test_client()
    words = {"accept_it": False, "not_accepted": "The queue", "in_the_way": "The old till"}
    for _ in range(7):
        forecast(phone, db, 5, STAFF_FORECAST, **words)
    address = f"/desk/sites/{SITE}?source=staff_forecast"
    assert "The old till" not in opened(manager, address)
    assert "Fewer than eight have written" in opened(manager, address)
    forecast(phone, db, 5, STAFF_FORECAST, **words)
    assert opened(manager, address).count("The old till") == 8


def test_what_few_ticked_is_in_no_row_of_a_managers_file(
    app: Flask, manager: FlaskClient, db: Database
) -> None:
    phone = app.test_client()
    for number in range(6):
        forecast(phone, db, 5, **({"accept_it": False} if number < 2 else {}))
    assert "shown from five answers on" in opened(manager, "/desk/sites/vienna-1")
    rows = manager.get("/exports/submissions.csv?instrument=mirror").text
    assert rows.count("staff_forecast") == 4
    assert "false" not in rows
    for _ in range(3):
        forecast(phone, db, 5, accept_it=True)
    rows = manager.get("/exports/submissions.csv?instrument=mirror").text
    assert rows.count("staff_forecast") == 9
