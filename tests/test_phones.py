"""The shopper's phone: signed in by a link or a code, out again; photos that come back to it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import devices, passwords, people, people_joining, people_leaving, voices
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import people as people_store
from surveys.store.database import Database
from surveys.web.sessions import DEVICE_COOKIE
from tests.conftest import CODES, NOW, Clock
from tests.desk_people import HTML, PASSWORD, enrol, form_token, sign_in, signed_in
from tests.field import (
    accepted_visit,
    add_phone,
    add_shopper,
    listed,
    phone,
    photo,
    put_file,
    report_of,
    send,
    sha256,
)

PHOTO = photo()
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"
APP = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def phone_of_ana(app: Flask, chain: Installation, ana: Person) -> FlaskClient:
    return phone(app, add_phone(chain, ana)[1])


def post(client: FlaskClient, page: str, address: str, **fields: str) -> TestResponse:
    """A form on a page of the phone, sent."""
    token = form_token(client.get(page, headers=HTML))
    return client.post(address, data={"csrf": token, **fields}, headers=HTML)


def link_for(db: Database, email: str = "bea@example.org") -> str:
    return "/join/" + people_joining.invite(db, NOW, email=email, role="shopper")


def code_on(page: TestResponse) -> str:
    found = re.search(r">([2-9A-Z]{4}-[2-9A-Z]{4})<", page.text)
    assert found, page.text
    return found[1]


# --- by a link --------------------------------------------------------------------------------


def test_a_link_asks_a_new_shopper_for_a_name_and_signs_the_phone_in(
    app: Flask, db: Database
) -> None:
    client, link = app.test_client(), link_for(db)
    page = client.get(link, headers={**HTML, "User-Agent": SAFARI})
    assert "Your name" in page.text
    assert "password" in page.text
    assert 'type="password"' not in page.text
    assert "Add to Home Screen" in page.text
    entered = client.post(
        link,
        data={"csrf": form_token(page), "name": "Бела"},
        headers={**HTML, "User-Agent": SAFARI},
    )
    assert (entered.status_code, entered.location) == (303, "/visits")
    cookie = client.get_cookie(DEVICE_COOKIE)
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert "Your visits" in client.get("/visits", headers=HTML).text
    bea = people.find_email(db, "bea@example.org")
    assert bea is not None
    (device,) = devices.of(db, bea.person_id)
    assert device.name == "iPhone, Safari"


def test_a_name_that_cannot_be_shown_leaves_the_link_and_what_was_typed(
    app: Flask, db: Database
) -> None:
    client, link = app.test_client(), link_for(db)
    again = post(client, link, link, name="   ")
    assert again.status_code == 422
    assert "what we should call you" in again.text
    assert post(client, link, link, name="Bea").status_code == 303


def test_a_later_link_asks_for_nothing(app: Flask, db: Database, ana: Person) -> None:
    client = app.test_client()
    link = "/join/" + people_joining.new_link(db, NOW, ana.person_id)
    page = client.get(link, headers=HTML)
    assert 'name="name"' not in page.text
    assert post(client, link, link).location == "/visits"
    assert people.known(db, ana.person_id).name == "Ana"


def test_a_link_signs_one_phone_in_and_tells_the_next_how_it_gets_in(
    app: Flask, db: Database
) -> None:
    link = link_for(db)
    post(app.test_client(), link, link, name="Bea")
    gone = app.test_client().get(link, headers=HTML)
    assert gone.status_code == 410
    assert "/visits/sign-in" in gone.text


def test_whoever_is_signed_in_by_a_password_is_told_and_signed_out(
    app: Flask, db: Database
) -> None:
    client = signed_in(app.test_client(), enrol(db, "owner"))
    link = link_for(db)
    page = client.get(link, headers=HTML)
    assert "Owner Müller" in page.text
    assert "signs them out here" in page.text
    post(client, link, link, name="Bea")
    assert client.get("/desk/people", headers=HTML).status_code == 303
    assert client.get("/visits", headers=HTML).status_code == 200


def test_a_link_says_how_long_the_phone_stays_signed_in(app: Flask, db: Database) -> None:
    link = link_for(db)
    assert "for 90 days" in app.test_client().get(link).text
    devices.set_days(db, NOW, None, by="")
    assert "until you sign it out" in app.test_client().get(link).text


# --- by a code --------------------------------------------------------------------------------


def test_a_phone_shows_a_code_by_which_its_app_signs_in_as_a_second_phone(
    app: Flask, db: Database, ana: Person, phone_of_ana: FlaskClient
) -> None:
    shown = post(phone_of_ana, "/visits/phone", "/visits/phone/code")
    assert shown.headers["Cache-Control"] == "no-store"
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = APP
    entered = post(client, "/visits/sign-in", "/visits/sign-in", code=code_on(shown).lower())
    assert (entered.status_code, entered.location) == (303, "/visits")
    assert "iPhone, app" in phone_of_ana.get("/visits/phone").text
    assert {device.name for device in devices.of(db, ana.person_id)} == {"iPhone", "iPhone, app"}


def test_a_code_that_is_wrong_used_or_too_old_says_so_and_stays_in_the_form(
    app: Flask, clock: Clock, phone_of_ana: FlaskClient
) -> None:
    client = app.test_client()
    wrong = post(client, "/visits/sign-in", "/visits/sign-in", code="ABCD-EFGH")
    assert wrong.status_code == 422
    assert "letter by letter" in wrong.text
    assert 'value="ABCD-EFGH"' in wrong.text
    code = code_on(post(phone_of_ana, "/visits/phone", "/visits/phone/code"))
    clock.forward(minutes=11)
    late = post(client, "/visits/sign-in", "/visits/sign-in", code=code)
    assert late.status_code == 422
    assert "too old" in late.text


def test_whoever_guesses_codes_has_to_wait(app: Flask) -> None:
    client = app.test_client()
    token = form_token(client.get("/visits/sign-in", headers=HTML))
    statuses = [
        client.post("/visits/sign-in", data={"csrf": token, "code": f"WRNG{n:04}"}).status_code
        for n in range(12)
    ]
    assert statuses[:10] == [422] * 10
    assert 429 in statuses
    answer = client.post("/visits/sign-in", data={"csrf": token, "code": "AAAA"})
    assert int(answer.headers["Retry-After"]) > 0


def test_the_page_for_codes_tells_where_they_come_from(app: Flask) -> None:
    page = app.test_client().get("/visits/sign-in").text
    assert "Show a code" in page
    assert "/sign-in" in page


# --- which phones there are -------------------------------------------------------------------


def test_a_shopper_signs_another_phone_of_theirs_out(
    app: Flask, chain: Installation, db: Database, ana: Person, phone_of_ana: FlaskClient
) -> None:
    other_id, other_token = add_phone(chain, ana, "Android, Chrome")
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    assert "Android, Chrome" in phone_of_ana.get("/visits/phone").text
    done = post(phone_of_ana, "/visits/phone", f"/visits/phone/{other_id}/sign-out")
    assert done.location == "/visits/phone"
    page = phone_of_ana.get("/visits/phone").text
    assert "is signed out" in page
    assert "Android, Chrome" not in page
    assert phone(app, other_token).get("/visits", headers=HTML).location == "/visits/sign-in"
    assert send(chain, report_of(chain, visit.token))[0].status == "held"


def test_somebody_elses_phone_cannot_be_signed_out(
    app: Flask, chain: Installation, phone_of_ana: FlaskClient
) -> None:
    device_id, token = add_phone(chain, add_shopper(chain, "ben"))
    answer = post(phone_of_ana, "/visits/phone", f"/visits/phone/{device_id}/sign-out")
    assert answer.status_code == 404
    assert phone(app, token).get("/visits", headers=HTML).status_code == 200
    assert "Ben" not in phone_of_ana.get("/visits/phone").text


def test_signing_this_phone_out_is_asked_first_and_ends_it(
    app: Flask, phone_of_ana: FlaskClient
) -> None:
    page = phone_of_ana.get("/visits/sign-out", headers=HTML)
    assert "data-sign-out" in page.text
    done = phone_of_ana.post("/visits/sign-out", data={"csrf": form_token(page)}, headers=HTML)
    assert done.location == "/visits/sign-in"
    assert phone_of_ana.get("/visits", headers=HTML).location == "/visits/sign-in"


def test_a_phone_that_was_signed_out_elsewhere_is_led_to_the_sign_in(
    app: Flask, chain: Installation, db: Database, ana: Person
) -> None:
    device_id, token = add_phone(chain, ana)
    client = phone(app, token)
    assert client.get("/visits", headers=HTML).status_code == 200
    people_leaving.sign_out_phone(db, NOW, device_id, by="")
    assert client.get("/visits", headers=HTML).location == "/visits/sign-in"
    assert client.get("/visits/phone", headers=HTML).location == "/visits/sign-in"


def test_a_phone_whose_time_is_over_is_led_to_the_sign_in(
    app: Flask, chain: Installation, clock: Clock, ana: Person
) -> None:
    client = phone(app, add_phone(chain, ana)[1])
    clock.now += timedelta(days=91)
    assert client.get("/visits", headers=HTML).location == "/visits/sign-in"


def test_a_shopper_with_a_password_from_before_still_comes_in_by_it(
    app: Flask, chain: Installation, db: Database, ana: Person
) -> None:
    with db.transaction():
        people_store.set_password(db, ana.person_id, passwords.hashed(PASSWORD))
    client = app.test_client()
    assert sign_in(client, ana.email).location == "/visits"
    page = client.get("/visits/phone", headers=HTML)
    assert "signed in here with your password" in page.text
    assert code_on(post(client, "/visits/phone", "/visits/phone/code"))


def test_a_phone_opens_nothing_but_its_own_pages(phone_of_ana: FlaskClient) -> None:
    for address in ("/desk", "/desk/people", "/account", "/exports/scores.csv"):
        assert phone_of_ana.get(address, headers=HTML).location.startswith("/sign-in")


# --- photos come back -------------------------------------------------------------------------


def test_a_shopper_sees_the_photos_they_sent_as_safe_pictures(
    app: Flask, chain: Installation, ana: Person, phone_of_ana: FlaskClient
) -> None:
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    record = report_of(chain, visit.token, files=listed(PHOTO))
    send(chain, record)
    put_file(app.test_client(), record, PHOTO)
    answer = phone_of_ana.get(f"/visits/{visit.visit_id}/files/{sha256(PHOTO)}")
    assert (answer.status_code, answer.data) == (200, PHOTO)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert re.fullmatch(
        r"inline; filename=photo-[0-9a-f]{12}\.jpg", answer.headers["Content-Disposition"]
    )


def test_somebody_elses_photo_is_404_by_every_address(
    app: Flask, chain: Installation, ana: Person, phone_of_ana: FlaskClient
) -> None:
    ben = add_shopper(chain, "ben")
    theirs, mine = accepted_visit(chain, ben), accepted_visit(chain, ana)
    assert theirs.token is not None
    record = report_of(chain, theirs.token, files=listed(PHOTO))
    send(chain, record)
    put_file(app.test_client(), record, PHOTO)
    for address in (
        f"/visits/{theirs.visit_id}/files/{sha256(PHOTO)}",
        f"/visits/{mine.visit_id}/files/{sha256(PHOTO)}",
        f"/visits/{theirs.visit_id}/files/{'0' * 64}",
        f"/visits/{mine.visit_id}/files/..%2F..%2Fsecret.key",
    ):
        assert phone_of_ana.get(address, headers=HTML).status_code == 404, address
    assert (
        phone_of_ana.get(f"/desk/files/vienna-1/{record['id']}/{sha256(PHOTO)}").status_code == 401
    )


# --- the code on the wall ---------------------------------------------------------------------

CODE = CODES["vienna-1"]


def test_a_code_leads_a_shoppers_phone_to_the_visit_that_is_due(
    chain: Installation, ana: Person, phone_of_ana: FlaskClient
) -> None:
    visit = accepted_visit(chain, ana)
    answer = phone_of_ana.get(f"/q/{CODE}")
    assert (answer.status_code, answer.location) == (303, f"/visits/{visit.visit_id}?code={CODE}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    page = phone_of_ana.get(answer.location)
    assert page.status_code == 200
    assert f'href="/q/{CODE}?as=customer"' in page.text


def test_a_shopper_may_be_a_customer_and_come_back(
    chain: Installation, ana: Person, phone_of_ana: FlaskClient
) -> None:
    visit = accepted_visit(chain, ana)
    page = phone_of_ana.get(f"/q/{CODE}?as=customer")
    assert page.status_code == 200
    assert f'<a href="/visits/{visit.visit_id}?code={CODE}">I am here for my visit</a>' in page.text
    assert 'href="?lang=fr&amp;as=customer"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    french = phone_of_ana.get(f"/q/{CODE}?lang=fr&as=customer").text
    assert "Je suis ici pour ma visite" in french


def test_several_visits_behind_one_code_are_a_choice(
    chain: Installation, ana: Person, phone_of_ana: FlaskClient
) -> None:
    here = [accepted_visit(chain, ana), accepted_visit(chain, ana)]
    elsewhere = accepted_visit(chain, ana, site_id="lisbon-1")
    answer = phone_of_ana.get(f"/q/{CODE}")
    assert answer.location == f"/visits/here?code={CODE}"
    page = phone_of_ana.get(answer.location).text
    for visit in here:
        assert f"/visits/{visit.visit_id}?code={CODE}" in page
    assert elsewhere.visit_id not in page
    assert f"/q/{CODE}?as=customer" in page


def test_without_a_visit_due_there_the_code_opens_the_customers_form(
    app: Flask, chain: Installation, ana: Person, phone_of_ana: FlaskClient
) -> None:
    tomorrow = NOW.date() + timedelta(days=1)
    accepted_visit(chain, ana, not_before=tomorrow)
    accepted_visit(chain, ana, site_id="lisbon-1")
    done = accepted_visit(chain, ana)
    assert done.token is not None
    send(chain, report_of(chain, done.token))
    page = phone_of_ana.get(f"/q/{CODE}")
    assert page.status_code == 200
    assert "visits" not in page.text
    assert phone_of_ana.get(f"/visits/here?code={CODE}").location == "/visits"


def test_nobody_else_is_led_anywhere_and_their_page_is_what_it_was(
    app: Flask, chain: Installation, db: Database, ana: Person
) -> None:
    accepted_visit(chain, ana)
    others = {
        "a customer": app.test_client(),
        "another shopper": phone(app, add_phone(chain, add_shopper(chain, "ben"))[1]),
        "a phone of nobody": phone(app, "made-up"),
        "an owner": signed_in(app.test_client(), enrol(db, "owner")),
    }
    for who, client in others.items():
        page = client.get(f"/q/{CODE}")
        assert page.status_code == 200, who
        assert "/visits" not in page.text, who
        assert "as=customer" not in page.text, who
        assert "Set-Cookie" not in page.headers, who


def test_a_voices_link_leads_no_phone_to_a_visit(
    chain: Installation, db: Database, ana: Person, phone_of_ana: FlaskClient
) -> None:
    accepted_visit(chain, ana)
    link = voices.issue(db, "vienna-1", voices.STAFF_FORECAST, NOW, "")
    assert phone_of_ana.get(f"/q/{link}").status_code == 200


def test_a_phone_that_was_signed_out_elsewhere_is_told_so(
    app: Flask, chain: Installation, ana: Person
) -> None:
    device_id, token = add_phone(chain, ana)
    client = phone(app, token)
    db = chain.database()
    with db.transaction():
        devices.revoke(db, NOW, device_id)
    gone = client.get("/visits", headers=HTML, follow_redirects=True)
    assert "This phone was signed out" in gone.text
    assert "This phone was signed out" not in app.test_client().get("/visits/sign-in").text
