"""Coming in and going out, as a browser does it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import people, people_joining, people_leaving, preferences
from surveys.installation import Installation
from surveys.store.database import Database
from surveys.web.security import safe_next
from surveys.web.sessions import COOKIE, IDLE, LONGEST
from tests.conftest import NOW, Clock
from tests.desk_people import HTML, PASSWORD, enrol, form_token, sign_in, signed_in


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def is_in(client: FlaskClient) -> bool:
    return client.get("/account", headers=HTML).status_code == 200


# --- sign-in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "home"),
    [
        ("owner", "/desk"),
        ("manager", "/desk"),
        ("reviewer", "/desk"),
        ("shopper", "/visits"),
        ("staff", "/staff"),
    ],
)
def test_everybody_begins_where_their_work_is(
    client: FlaskClient, db: Database, role: str, home: str
) -> None:
    person = enrol(db, role, regions=["east"] if role == "manager" else [])
    answer = sign_in(client, person.email)
    assert (answer.status_code, answer.location) == (303, home)
    assert client.get(home, headers=HTML).status_code == 200
    assert client.get("/", headers=HTML).location == home
    assert client.get("/sign-in", headers=HTML).location == home


def test_who_comes_before_there_is_an_owner_is_told_of_the_link(
    client: FlaskClient, db: Database
) -> None:
    assert "Nobody owns this Touchstone yet" in client.get("/sign-in", headers=HTML).text
    enrol(db, "owner")
    page = client.get("/sign-in", headers=HTML).text
    assert "Nobody owns" not in page
    assert "People come in by invitation" in page


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    client: FlaskClient, db: Database
) -> None:
    person = enrol(db, "owner")
    wrong = sign_in(client, person.email, "not the right password")
    unknown = sign_in(client, "nobody@example.org", "not the right password")
    assert wrong.status_code == unknown.status_code == 422
    assert "do not belong together" in wrong.text
    strip = {form_token(wrong): "", person.email: "", "nobody@example.org": ""}
    texts = [wrong.text, unknown.text]
    for word in strip:
        texts = [text.replace(word, "") for text in texts]
    assert texts[0] == texts[1]
    assert not is_in(client)


def test_what_was_typed_into_the_address_stays_and_the_password_does_not(
    client: FlaskClient,
) -> None:
    answer = sign_in(client, '"><b>@example.org', "secret secret")
    assert "&#34;&gt;&lt;b&gt;@example.org" in answer.text
    assert "secret secret" not in answer.text


def test_whoever_guesses_has_to_wait_longer_and_longer(
    client: FlaskClient, db: Database, clock: Clock
) -> None:
    person = enrol(db, "owner")
    for _ in range(5):
        assert sign_in(client, person.email, "a wrong password").status_code == 422
    waits = []
    for _ in range(4):
        refused = sign_in(client, person.email)  # even the right one has to wait
        assert refused.status_code == 429
        waits.append(int(refused.headers["Retry-After"]))
        assert f"wait {waits[-1]} second" in refused.text
        clock.forward(seconds=waits[-1])
        assert sign_in(client, person.email, "a wrong password").status_code == 422
    assert waits == [1, 2, 4, 8]
    clock.forward(minutes=1)
    assert sign_in(client, person.email).status_code == 303


def test_others_are_not_kept_waiting_for_somebodys_guesses(
    client: FlaskClient, db: Database
) -> None:
    guessed, other = enrol(db, "owner"), enrol(db, "reviewer")
    for _ in range(7):
        sign_in(client, guessed.email, "a wrong password")
    assert sign_in(client, guessed.email).status_code == 429
    assert sign_in(client, other.email).status_code == 303


def test_one_address_that_tries_many_people_has_to_wait(client: FlaskClient, clock: Clock) -> None:
    for number in range(30):
        assert sign_in(client, f"p{number}@example.org", "a wrong one").status_code == 422
    assert sign_in(client, "another@example.org", "a wrong one").status_code == 429
    clock.forward(hours=1, seconds=1)
    assert sign_in(client, "another@example.org", "a wrong one").status_code == 422


# --- next= -----------------------------------------------------------------------------------


def test_after_signing_in_one_is_where_one_wanted_to_be(client: FlaskClient, db: Database) -> None:
    owner = enrol(db, "owner")
    asked = client.get("/desk/sites/vienna-1?days=30&source=shopper", headers=HTML)
    assert asked.status_code == 303
    page = client.get(asked.location, headers=HTML)
    wanted = "/desk/sites/vienna-1?days=30&amp;source=shopper"
    assert f'name="next" value="{wanted}"' in page.text
    answer = sign_in(client, owner.email, next=wanted.replace("&amp;", "&"))
    assert answer.location == "/desk/sites/vienna-1?days=30&source=shopper"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "desk",
        "http:/desk",
        "",
    ],
)
def test_nobody_is_led_to_another_host(client: FlaskClient, db: Database, wanted: str) -> None:
    assert safe_next(wanted) is None
    owner = enrol(db, "owner")
    assert sign_in(client, owner.email, next=wanted).location == "/desk"
    again = client.get("/sign-in", query_string={"next": wanted}, headers=HTML)
    assert again.location == "/desk"


def test_programs_are_told_and_not_led(client: FlaskClient) -> None:
    assert client.get("/desk").status_code == 401
    assert client.get("/exports/scores.csv", headers={"Accept": "*/*"}).status_code == 401


# --- the session -----------------------------------------------------------------------------


def test_the_cookie_is_the_servers_alone(client: FlaskClient, db: Database) -> None:
    answer = sign_in(client, enrol(db, "owner").email)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # this was http


def test_by_https_the_cookie_travels_by_https_only(app: Flask, db: Database) -> None:
    client = app.test_client()
    page = client.get("/sign-in", base_url="https://survey.example.org")
    assert "Secure" in page.headers["Set-Cookie"]


def test_behind_the_proxy_of_the_base_url_the_cookie_travels_by_https_only(
    app: Flask, db: Database
) -> None:
    db.execute("INSERT INTO settings VALUES ('base_url', 'https://survey.example.org')")
    client = app.test_client()
    assert (
        "Secure"
        in client.get("/sign-in", base_url="http://survey.example.org").headers["Set-Cookie"]
    )
    assert "Secure" not in client.get("/sign-in").headers["Set-Cookie"]


def test_signing_in_leaves_nothing_of_the_session_before(app: Flask, db: Database) -> None:
    """Session fixation: what an attacker planted in the browser is worth nothing afterwards."""
    attacker, victim = app.test_client(), app.test_client()
    planted = form_token(attacker.get("/sign-in"))
    value = attacker.get_cookie(COOKIE)
    assert value is not None
    victim.set_cookie(COOKIE, value.value)
    answer = victim.post(
        "/sign-in", data={"csrf": planted, "email": enrol(db, "owner").email, "password": PASSWORD}
    )
    assert answer.status_code == 303
    assert not is_in(attacker)
    assert form_token(victim.get("/account", headers=HTML)) != planted


def test_signing_out_ends_the_session(client: FlaskClient, db: Database) -> None:
    signed_in(client, enrol(db, "owner"))
    token = form_token(client.get("/account", headers=HTML))
    assert client.get("/sign-out").status_code == 405
    assert is_in(client)
    answer = client.post("/sign-out", data={"csrf": token})
    assert answer.location == "/sign-in"
    assert "signed out" in client.get("/sign-in").text
    assert not is_in(client)


def test_signing_out_everywhere_ends_every_session_at_once(app: Flask, db: Database) -> None:
    owner = enrol(db, "owner")
    here, there = (signed_in(app.test_client(), owner) for _ in range(2))
    token = form_token(here.get("/account", headers=HTML))
    assert here.post("/account/everywhere", data={"csrf": token}).location == "/sign-in"
    assert not is_in(here)
    assert not is_in(there)
    assert is_in(signed_in(there, owner))


def test_whoever_is_removed_is_out_at_once(client: FlaskClient, db: Database) -> None:
    enrol(db, "owner")
    reviewer = enrol(db, "reviewer")
    signed_in(client, reviewer)
    assert is_in(client)
    people_leaving.remove(db, NOW, reviewer.email)
    assert not is_in(client)


def test_a_session_ends_when_nobody_uses_it(
    client: FlaskClient, db: Database, clock: Clock
) -> None:
    signed_in(client, enrol(db, "owner"))
    clock.forward(seconds=(IDLE - timedelta(minutes=1)).total_seconds())
    assert is_in(client)
    clock.forward(seconds=(IDLE - timedelta(minutes=1)).total_seconds())
    assert is_in(client)  # it was used in between
    clock.forward(seconds=(IDLE + timedelta(minutes=1)).total_seconds())
    assert not is_in(client)


def test_a_session_ends_after_a_week_however_much_it_is_used(
    client: FlaskClient, db: Database, clock: Clock
) -> None:
    signed_in(client, enrol(db, "owner"))
    hours = int(LONGEST.total_seconds() // 3600)
    for _ in range(hours // 8):
        assert is_in(client)
        clock.forward(hours=8)
    clock.forward(seconds=1)
    assert not is_in(client)


def test_a_forged_cookie_is_nobody(client: FlaskClient, db: Database) -> None:
    signed_in(client, enrol(db, "owner"))
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    # Not the seal's last letter, which holds bits that do not count.
    text, _, seal = cookie.value.rpartition(".")
    client.set_cookie(COOKIE, f"{text}.{'A' if seal[0] != 'A' else 'B'}{seal[1:]}")
    assert not is_in(client)


# --- the account -----------------------------------------------------------------------------


def test_a_new_password_signs_out_everywhere_else(app: Flask, db: Database) -> None:
    owner = enrol(db, "owner")
    here, there = (signed_in(app.test_client(), owner) for _ in range(2))
    token = form_token(here.get("/account", headers=HTML))
    wrong = here.post(
        "/account", data={"csrf": token, "old": "not that one", "new": "another long one"}
    )
    assert wrong.status_code == 422
    assert "Nothing was changed" in wrong.text
    done = here.post("/account", data={"csrf": token, "old": PASSWORD, "new": "another long one"})
    assert done.location == "/account"
    assert "password is changed" in here.get("/account", headers=HTML).text
    assert not is_in(there)
    assert sign_in(there, owner.email, "another long one").status_code == 303


def test_language_and_time_zone_are_chosen_and_forgotten(client: FlaskClient, db: Database) -> None:
    owner = enrol(db, "owner")
    signed_in(client, owner)
    page = client.get("/account", headers=HTML)
    fields = {"csrf": form_token(page), "language": "fr", "timezone": "Pacific/Auckland"}
    assert client.post("/account/preferences", data=fields).location == "/account"
    page = client.get("/account", headers=HTML)
    assert '<html lang="fr">' in page.text
    assert "<option selected>Pacific/Auckland</option>" in page.text
    assert preferences.of(db, owner.person_id) == {
        "language": "fr",
        "timezone": "Pacific/Auckland",
    }
    client.post("/account/preferences", data={"csrf": form_token(page)})
    assert preferences.of(db, owner.person_id) == {}
    assert '<html lang="en">' in client.get("/account", headers=HTML).text


@pytest.mark.parametrize("wrong", [{"language": "tlh"}, {"timezone": "../../etc/passwd"}])
def test_a_language_or_a_zone_that_is_not_offered_is_refused(
    client: FlaskClient, db: Database, wrong: dict[str, str]
) -> None:
    owner = enrol(db, "owner")
    signed_in(client, owner)
    token = form_token(client.get("/account", headers=HTML))
    assert client.post("/account/preferences", data={"csrf": token, **wrong}).status_code == 400
    assert preferences.of(db, owner.person_id) == {}


# --- joining ---------------------------------------------------------------------------------


def test_an_invitation_leads_in(client: FlaskClient, db: Database) -> None:
    token = people_joining.invite(
        db, NOW, email="Ana@example.org", role="manager", regions=["east"]
    )
    page = client.get(f"/join/{token}", headers=HTML)
    assert page.status_code == 200
    assert "ana@example.org" in page.text
    fields = {"csrf": form_token(page), "name": "Ana", "password": PASSWORD}
    short = client.post(f"/join/{token}", data={**fields, "password": "short"})
    assert short.status_code == 422
    assert "at least 10 characters" in short.text
    assert 'value="Ana"' in short.text
    done = client.post(f"/join/{token}", data={**fields, "csrf": form_token(short)})
    assert (done.status_code, done.location) == (303, "/desk")
    assert "Ana" in client.get("/desk", headers=HTML).text


def test_the_first_owner_says_who_they_are(client: FlaskClient, db: Database) -> None:
    token = people_joining.first_owner_token(db, NOW)
    page = client.get(f"/join/{token}", headers=HTML)
    fields = {"csrf": form_token(page), "name": "Olu", "password": PASSWORD}
    without = client.post(f"/join/{token}", data=fields)
    assert without.status_code == 422
    assert "e-mail" in without.text
    done = client.post(f"/join/{token}", data={**fields, "email": "olu@example.org"})
    assert done.location == "/desk/setup"
    found = people.find_email(db, "olu@example.org")
    assert found is not None
    assert found.role == "owner"


def test_of_two_tabs_with_one_invitation_the_second_is_told(app: Flask, db: Database) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    first, second = app.test_client(), app.test_client()
    pages = [tab.get(f"/join/{token}", headers=HTML) for tab in (first, second)]
    fields = {"name": "Ana", "password": PASSWORD}
    answers = [
        tab.post(f"/join/{token}", data={**fields, "csrf": form_token(page)})
        for tab, page in zip((first, second), pages, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [303, 410]
    assert "has been used" in answers[1].text
    assert not is_in(second)


@pytest.mark.parametrize(
    ("hours", "status", "says"), [(0, 410, "has been used"), (24 * 8, 410, "has been used")]
)
def test_a_used_link_says_so_for_ever(
    client: FlaskClient, db: Database, clock: Clock, hours: int, status: int, says: str
) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    people_joining.join(db, NOW, token, name="Ana", password=PASSWORD)
    clock.forward(hours=hours)
    answer = client.get(f"/join/{token}", headers=HTML)
    assert answer.status_code == status
    assert says in answer.text


def test_an_expired_and_an_unknown_link_say_what_to_do(
    client: FlaskClient, db: Database, clock: Clock
) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    clock.forward(days=8)
    expired = client.get(f"/join/{token}", headers=HTML)
    assert (expired.status_code, "last 7 days" in expired.text) == (410, True)
    unknown = client.get("/join/éé<b>", headers=HTML)
    assert (unknown.status_code, "check that it is whole" in unknown.text) == (404, True)
    assert "<b>" not in unknown.text


def test_looking_at_a_link_does_not_use_it(client: FlaskClient, db: Database) -> None:
    """Mail programs open links before people do."""
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    for method in (client.head, client.get, client.get):
        assert method(f"/join/{token}").status_code == 200
    assert people_joining.invitation(db, NOW, token).person is not None
