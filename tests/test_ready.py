"""What a shopper's phone is told to hold, and the shell that makes it hold it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import visits
from surveys.installation import Installation
from surveys.people import Person
from surveys.web import assets, words
from tests.conftest import CODES
from tests.field import (
    accepted_visit,
    add_phone,
    add_shopper,
    add_visit,
    phone,
    report_of,
    send,
)


def told(client: FlaskClient, **headers: str) -> Any:
    answer = client.get("/visits/ready", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.get_json()


def version(client: FlaskClient, **headers: str) -> str:
    (found,) = told(client, **headers)["visits"]
    return str(found["version"])


def test_every_visit_to_be_made_is_named_with_its_page(
    chain: Installation, ana: Person, hers: FlaskClient
) -> None:
    visit = accepted_visit(chain, ana)
    add_visit(chain, [ana])  # offered, and nobody's yet

    found = told(hers)

    assert found["shopper"] == "1"
    assert found["at"]
    (one,) = found["visits"]
    assert one["visit"] == visit.visit_id
    assert one["address"] == f"/visits/{visit.visit_id}"
    assert (one["site"], one["code"], one["due"]) == ("Vienna, Graben", visit.code, "2026-11-30")
    assert (one["state"], one["report"], one["words"]) == ("accepted", None, None)
    for address in [one["address"], *found["pages"]]:
        assert hers.get(address).status_code == 200, address


def test_a_code_at_the_place_can_be_recognised_and_not_be_read(
    chain: Installation, ana: Person, hers: FlaskClient
) -> None:
    accepted_visit(chain, ana)
    answer = hers.get("/visits/ready")
    (one,) = answer.get_json()["visits"]
    mark = hashlib.sha256(f"code {CODES['vienna-1']}".encode()).hexdigest()[:16]
    assert mark in one["codes"]
    assert CODES["vienna-1"] not in answer.text


def test_the_version_changes_when_the_page_would(
    chain: Installation, ana: Person, hers: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted_visit(chain, ana)
    first = version(hers)
    assert version(hers) == first
    assert version(hers, **{"Accept-Language": "fr"}) != first
    monkeypatch.setattr(assets, "version", lambda: "0123456789ab")
    assert version(hers) != first


def test_what_became_of_a_report_is_told(
    chain: Installation, ana: Person, hers: FlaskClient
) -> None:
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    before = version(hers)
    sent = report_of(chain, visit.token)
    send(chain, sent)

    (one,) = told(hers)["visits"]

    assert one["report"] == sent["id"]
    assert one["state"] not in ("accepted", "returned")
    assert one["version"] != before


def test_a_cancelled_visit_is_no_more(chain: Installation, ana: Person, hers: FlaskClient) -> None:
    visit = accepted_visit(chain, ana)
    db = chain.database()
    with db.transaction():
        visits.store.change(db, visit, status="cancelled")
    assert told(hers)["visits"] == []


def test_somebody_elses_visits_are_never_in_it(
    chain: Installation, app: Flask, ana: Person, hers: FlaskClient
) -> None:
    ben = add_shopper(chain, "ben")
    accepted_visit(chain, ben)
    assert told(hers)["visits"] == []
    assert [one["site"] for one in told(phone(app, add_phone(chain, ben)[1]))["visits"]] == [
        "Vienna, Graben"
    ]


def test_a_phone_that_is_signed_out_is_told_so(
    chain: Installation, client: FlaskClient, ana: Person
) -> None:
    accepted_visit(chain, ana)
    assert client.get("/visits/ready").status_code == 401


# --- the queue's page without a script --------------------------------------------------------


def test_the_queues_page_says_what_has_arrived(
    chain: Installation, app: Flask, ana: Person, hers: FlaskClient
) -> None:
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    assert "Nothing has arrived from you yet." in hers.get("/visits/queue").text
    send(chain, report_of(chain, visit.token))
    page = hers.get("/visits/queue").text
    assert "Vienna, Graben" in page
    assert "Received " in page
    ben = phone(app, add_phone(chain, add_shopper(chain, "ben"))[1])
    assert "Vienna, Graben" not in ben.get("/visits/queue").text


# --- the shell --------------------------------------------------------------------------------


def test_every_file_that_a_page_names_is_there_and_never_changes(
    chain: Installation, ana: Person, hers: FlaskClient
) -> None:
    visit = accepted_visit(chain, ana)
    for address in ("/visits", "/visits/queue", f"/visits/{visit.visit_id}"):
        page = hers.get(address).text
        assert 'data-shopper="1"' in page
        files = set(re.findall(r"/static/v-\w+/[\w.]+", page))
        shared = {"shopper.js", "form.css", "phone.css", "icon.svg"}
        assert {file.rpartition("/")[2] for file in files} - {"report.css"} == shared
        for file in files:
            assert "immutable" in hers.get(file).headers["Cache-Control"]


def test_the_scripts_words_stand_in_every_language() -> None:
    for language, found in words.all_words().items():
        for name in words.FOR_THE_SHOPPER:
            assert found.get(f"phone_{name}"), (language, name)


def test_the_manifest_names_pictures_that_are_there(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    manifest = json.loads(answer.text)
    assert manifest["start_url"] == "/visits"
    for icon in manifest["icons"]:
        with client.get(icon["src"]) as picture:
            assert picture.mimetype == icon["type"]


def test_nobody_is_a_shopper_on_the_page_where_one_signs_in(client: FlaskClient) -> None:
    assert "data-shopper" not in client.get("/visits/sign-in").text
