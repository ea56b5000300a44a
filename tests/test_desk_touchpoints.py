"""The chain's touchpoints at the desk."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import touchpoints
from surveys.installation import Installation
from surveys.store.database import Database
from tests.desk_people import HTML, enrol, form_token, signed_in

PAGE = "/desk/touchpoints"


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def desk(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner", email="olu@example.org"))


def post(client: FlaskClient, address: str, **fields: str) -> TestResponse:
    token = form_token(client.get("/account", headers=HTML))
    named = {name.replace("_", "-") if "name" in name else name: fields[name] for name in fields}
    return client.post(address, data={"csrf": token, **named}, headers=HTML)


def keys(db: Database) -> list[str]:
    return [found.key for found in touchpoints.every(db)]


def test_they_stand_in_the_order_of_the_way(desk: FlaskClient, db: Database) -> None:
    page = desk.get(PAGE, headers=HTML).text
    assert re.findall(r'<tr role="row" id="(\w+)">', page) == keys(db)
    assert page.count(' required="') == 1 + 1 + len(keys(db))  # the key, and English, alone
    assert "Used by codes, and not in the list" in page  # the chain's codes hang at “queue”


def test_one_is_added_with_its_names(desk: FlaskClient, db: Database) -> None:
    done = post(desk, PAGE, key="queue", name_en="The queue", name_ar="الطابور")
    assert done.location == f"{PAGE}#queue"
    assert keys(db)[-1] == "queue"
    assert touchpoints.name(db, "queue", "ar") == "الطابور"
    page = desk.get(PAGE, headers=HTML).text
    assert "The queue is added" in page
    assert "Used by codes, and not in the list" not in page


def test_what_cannot_be_added_stands_in_the_form_again(desk: FlaskClient, db: Database) -> None:
    before = keys(db)
    refused = post(desk, PAGE, key="The queue", name_en="The queue", name_fr="La file")
    assert (refused.status_code, "cannot be a key" in refused.text) == (422, True)
    for typed in ("The queue", "La file"):
        assert f'value="{typed}"' in refused.text
    assert keys(db) == before


def test_one_is_renamed_and_its_key_stays(desk: FlaskClient, db: Database) -> None:
    assert post(desk, f"{PAGE}/line/rename", name_en="The queue").status_code == 303
    assert touchpoints.name(db, "line", "en") == "The queue"
    refused = post(desk, f"{PAGE}/line/rename", name_en="", name_fr="La file")
    assert (refused.status_code, "name in English" in refused.text) == (422, True)
    assert 'value="La file"' in refused.text


def test_the_buttons_move_hide_show_and_remove(desk: FlaskClient, db: Database) -> None:
    before = keys(db)
    post(desk, f"{PAGE}/{before[1]}", act="earlier")
    assert keys(db)[:2] == [before[1], before[0]]
    post(desk, f"{PAGE}/{before[1]}", act="later")
    assert keys(db) == before
    post(desk, f"{PAGE}/parking", act="hide")
    assert "hidden</small>" in desk.get(PAGE, headers=HTML).text
    post(desk, f"{PAGE}/parking", act="show")
    assert "hidden</small>" not in desk.get(PAGE, headers=HTML).text
    assert post(desk, f"{PAGE}/parking", act="remove").location == PAGE
    assert "Car park is removed" in desk.get(PAGE, headers=HTML).text
    assert "parking" not in keys(db)
    post(desk, f"{PAGE}/table", act="")
    assert "table" in keys(db)


def test_one_in_use_is_not_removed(desk: FlaskClient, db: Database) -> None:
    refused = post(desk, f"{PAGE}/line", act="remove")
    assert (refused.status_code, "Hide it instead" in refused.text) == (422, True)
    nothing = post(desk, f"{PAGE}/no_such", act="hide")
    assert (nothing.status_code, "There is no touchpoint" in nothing.text) == (422, True)
    assert "line" in keys(db)
