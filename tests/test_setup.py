"""Setting up at the desk: the organisation, the address, what is left to do, the first poster."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import codes, people_joining, reach, setup
from surveys.installation import Installation
from surveys.store import audit, settings
from tests.conftest import NOW, Clock
from tests.desk_people import HTML, PASSWORD, enrol, form_token, send_form, signed_in, submit

Post = Callable[..., TestResponse]


@pytest.fixture
def owner(app: Flask, chain: Installation) -> FlaskClient:
    return signed_in(app.test_client(), enrol(chain.database(), "owner"))


@pytest.fixture
def post(owner: FlaskClient) -> Post:
    """Sends a form of the desk as the owner."""

    return partial(send_form, owner)


# --- the way through --------------------------------------------------------------------------


def test_the_first_owner_is_led_to_what_is_to_be_done(
    app: Flask, installation: Installation
) -> None:
    token = people_joining.first_owner_token(installation.database(), NOW)
    client = app.test_client()
    page = client.get(f"/join/{token}", headers=HTML)
    fields = {"email": "ana@example.org", "name": "Ana", "password": PASSWORD}
    answer = client.post(f"/join/{token}", data={"csrf": form_token(page), **fields}, headers=HTML)
    assert answer.location == "/desk/setup"
    assert client.get("/desk/setup").location == "/desk/setup/organisation"


def test_whoever_joins_later_comes_to_the_results(app: Flask, chain: Installation) -> None:
    token = people_joining.invite(chain.database(), NOW, email="bo@example.org", role="owner")
    client = app.test_client()
    page = client.get(f"/join/{token}", headers=HTML)
    fields = {"name": "Bo", "password": PASSWORD}
    answer = client.post(f"/join/{token}", data={"csrf": form_token(page), **fields}, headers=HTML)
    assert answer.location == "/desk"


def test_who_tries_it_out_is_told_in_the_end_that_phones_need_an_address(
    owner: FlaskClient, post: Post
) -> None:
    post("/desk/settings/address", address="http://127.0.0.1:8000", anyway="1", setup="1")
    page = owner.get("/desk/setup/done").text
    assert page.count("Say under which address phones reach Touchstone") == 1
    post("/desk/settings/address", address="https://nobody.invalid", anyway="1", sure="1")
    page = owner.get("/desk/setup/done").text
    assert "Say under which address phones reach Touchstone" not in page


def test_each_step_leads_to_the_next_that_is_open(owner: FlaskClient, post: Post) -> None:
    """Sites and codes are there, so two steps are left."""
    answer = post("/desk/settings/organisation", organisation="Müller", setup="1")
    assert answer.location == "/desk/setup/address"
    answer = post("/desk/settings/address", address="http://localhost:1", anyway="1", setup="1")
    assert answer.location == "/desk/setup/done"
    assert owner.get("/desk/setup").location == "/desk/setup/done"
    assert "It is set up" in owner.get("/desk/setup/done").text


def test_what_is_left_stands_on_the_owners_first_page_alone(
    app: Flask, chain: Installation, owner: FlaskClient, post: Post
) -> None:
    assert "Say what your organisation is called" in owner.get("/desk").text
    manager = signed_in(app.test_client(), enrol(chain.database(), "manager", regions=["east"]))
    assert "What is left to do" not in manager.get("/desk").text
    assert post("/desk/setup/dismiss").location == "/desk"
    assert "What is left to do" not in owner.get("/desk").text
    assert setup.undone(chain.database()) == ["organisation", "address"]


# --- the organisation -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Café & Söhne <b>", "مقهى الميناء", "株式会社", "x" * 100])
def test_a_name_in_any_alphabet_stands_at_the_head_of_every_page(
    owner: FlaskClient, post: Post, app: Flask, name: str
) -> None:
    assert post("/desk/settings/organisation", organisation=f"  {name} ").status_code == 303
    shown = name.replace("&", "&amp;").replace("<b>", "&lt;b&gt;")
    assert f"<bdi>{shown}</bdi>" in owner.get("/desk").text
    assert f"<bdi>{shown}</bdi>" in app.test_client().get("/sign-in").text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "what your organisation is called"),
        ("x" * 101, "up to 100"),
        ("a\x07b", "type it again"),
    ],
)
@pytest.mark.parametrize("in_setup", [{}, {"setup": "1"}])
def test_a_name_that_is_none(
    chain: Installation, post: Post, name: str, says: str, in_setup: dict[str, str]
) -> None:
    answer = post("/desk/settings/organisation", organisation=name, **in_setup)
    assert answer.status_code == 422
    assert says in answer.text
    assert ("Step 1 of 4" in answer.text) == bool(in_setup)
    assert setup.organisation(chain.database()) == ""


# --- the address ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "does not begin with http"),
        ("ftp://example.org", "does not begin with http"),
        ("https://example.org/desk", "goes on after the machine"),
        ("https://ana:secret@example.org", "no user name"),
        ("https://exa mple.org", "names no machine"),
    ],
)
def test_what_is_no_address_is_said_beside_the_field(
    chain: Installation, post: Post, address: str, says: str
) -> None:
    answer = post("/desk/settings/address", address=address)
    assert answer.status_code == 422
    assert says in answer.text
    assert settings.get(chain.database(), "base_url") is None


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("localhost:8000", "No phone reaches it"),
        ("http://10.1.2.3:6379", "is not checked from here"),
        ("https://nobody.invalid", "The name is not known"),
    ],
)
def test_an_address_that_is_not_reached_can_be_used_anyway(
    chain: Installation, owner: FlaskClient, post: Post, address: str, says: str
) -> None:
    db = chain.database()
    answer = post("/desk/settings/address", address=address)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{address}"' in answer.text  # what was typed stays
    assert settings.get(db, "base_url") is None
    assert post("/desk/settings/address", address=address, anyway="1").status_code == 303
    assert (settings.get(db, "base_url") or "").endswith(address.rpartition("//")[2])
    assert reach.known(db) is not None
    (row,) = (row for row in audit.newest_first(db, 9) if row["subject"] == "address")
    assert row["person_id"]


def test_an_address_that_is_not_reached_keeps_nobody_from_going_on(post: Post) -> None:
    answer = post("/desk/settings/address", address="https://nobody.invalid", setup="1")
    assert "The name is not known" in answer.text
    assert "Skip this for now" in answer.text
    assert "Try it on this computer" in answer.text
    assert re.search(r'<input id="address"[^>]* autofocus', answer.text)


def test_http_and_addresses_within_a_network_are_warned_of(owner: FlaskClient, post: Post) -> None:
    post("/desk/settings/address", address="http://192.168.1.7:8000", anyway="1")
    page = owner.get("/desk/settings").text
    assert "This address is not https" in page
    assert "within your own network only" in page
    assert "a phone that is on the same Wi-Fi" in page
    post("/desk/settings/address", address="nobody.invalid", anyway="1", sure="1")
    page = owner.get("/desk/settings").text
    assert "switch its Wi-Fi off, and scan this" in page
    assert "This address is not https" not in page
    assert "within your own network only" not in page


def test_posters_that_hang_are_thought_of(chain: Installation, post: Post) -> None:
    db = chain.database()
    settings.put(db, "base_url", "https://old.example.org")
    answer = post("/desk/settings/address", address="https://new.example.org", anyway="1")
    assert answer.status_code == 422
    assert "There are posters that carry https://old.example.org" in answer.text
    assert settings.get(db, "base_url") == "https://old.example.org"
    fields = {"address": "https://new.example.org", "anyway": "1", "sure": "1"}
    assert post("/desk/settings/address", **fields).status_code == 303
    assert settings.get(db, "base_url") == "https://new.example.org"


def test_many_checks_in_a_row_are_slowed_down(post: Post, clock: Clock) -> None:
    statuses = [post("/desk/settings/address", address="localhost").status_code for _ in range(8)]
    assert statuses == [422] * 6 + [429] * 2
    clock.forward(minutes=1)
    assert post("/desk/settings/address", address="localhost").status_code == 422


@pytest.mark.parametrize(
    ("host", "proposed"),
    [
        ("survey.example.org", "https://survey.example.org"),
        ("192.168.1.7:8000", "http://192.168.1.7:8000"),
        ("127.0.0.1:8000", ""),
        ("localhost:8000", ""),
    ],
)
def test_the_address_the_browser_came_by_is_proposed_and_not_taken(
    app: Flask, chain: Installation, host: str, proposed: str
) -> None:
    client = app.test_client()
    person = enrol(chain.database(), "owner")
    page = client.get("/sign-in", headers={**HTML, "Host": host})
    fields = {"csrf": form_token(page), "email": person.email, "password": PASSWORD}
    client.post("/sign-in", data=fields, headers={**HTML, "Host": host})
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    page = client.get("/desk/setup/address", headers={**HTML, **forged, "Host": host})
    assert page.status_code == 200
    assert f'name="address" type="text" value="{proposed}"' in page.text
    assert "evil" not in page.text
    assert settings.get(chain.database(), "base_url") is None


# --- the first poster -------------------------------------------------------------------------


def test_a_poster_for_a_site_and_what_comes_in_by_it(
    app: Flask, chain: Installation, owner: FlaskClient, post: Post
) -> None:
    assert (
        post("/desk/setup/poster", site="vienna-2").location == "/desk/setup/poster?site=vienna-2"
    )
    code = codes.active(chain.database(), "vienna-2")
    assert code is not None
    page = owner.get("/desk/setup/poster?site=vienna-2").text
    assert f"/q/{code.token}" in page
    assert "Nothing has come in yet." in page
    poster = owner.get("/desk/setup/poster/vienna-2.pdf")
    assert poster.data.startswith(b"%PDF-")
    assert poster.headers["Content-Disposition"] == "attachment; filename=poster-vienna-2.pdf"
    submit(app.test_client(), chain.database(), "vienna-2", {"moment": "better", "welcome": 6})
    page = owner.get("/desk/setup/poster?site=vienna-2").text
    assert "It has arrived." in page
    assert ": 6 of 7</li>" in page


def test_no_poster_for_a_site_there_is_not(owner: FlaskClient, post: Post) -> None:
    assert post("/desk/setup/poster", site="nowhere").location == "/desk/setup/poster"
    assert "Choose one of your sites." in owner.get("/desk/setup/poster").text
    assert owner.get("/desk/setup/poster/nowhere.pdf").location == "/desk/setup/poster"
