"""``/desk/load``: a file that a phone saved, shown first, then taken in."""

from __future__ import annotations

import base64
import json
import os
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys.installation import Installation
from surveys.store import files, submissions
from surveys.store.database import Database
from surveys.web.desk import load
from surveys.worker import Worker
from tests.conftest import NOW, VISITS
from tests.desk_people import HTML, enrol, form_token, send_form, signed_in
from tests.field import listed, photo, report_of, sha256

PHOTO = photo()


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def desk(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "reviewer", email="rita@example.org"))


def saved(*records: object, **members: Any) -> bytes:
    return json.dumps({"submissions": records, **members}).encode()


def packed(*contents: bytes) -> dict[str, str]:
    return {sha256(one): base64.b64encode(one).decode() for one in contents}


def upload(client: FlaskClient, content: bytes) -> TestResponse:
    token = form_token(client.get("/account", headers=HTML))
    form = {"csrf": token, "file": (BytesIO(content), "saved.json")}
    return client.post("/desk/load", data=form, headers=HTML)


def word_on(page: TestResponse) -> str:
    found = re.search(r'name="word" value="([0-9a-f]+)"', page.text)
    assert found, page.text
    return found[1]


def taken_in(client: FlaskClient, content: bytes) -> TestResponse:
    return send_form(client, "/desk/load/apply", word=word_on(upload(client, content)))


def test_what_is_in_a_file_is_shown_before_anything_is_taken_in(
    desk: FlaskClient, chain: Installation, db: Database
) -> None:
    record = report_of(chain, VISITS["vienna-1"], files=listed(PHOTO, photo("coral")))
    page = upload(desk, saved(record, {"id": 3}, contents=packed(PHOTO)))
    assert page.status_code == 200
    assert "2 reports, 1 photo." in page.text
    assert "Vienna, Graben" in page.text
    assert "1 of 2" in page.text
    assert "a code that is not known here" in page.text
    assert submissions.find(db, "vienna-1", record["id"]) is None
    (kept,) = chain.uploads.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_taking_it_in_tells_what_became_of_each_and_twice_counts_once(
    desk: FlaskClient, chain: Installation, db: Database
) -> None:
    good = report_of(chain, VISITS["vienna-1"], files=listed(PHOTO))
    content = saved(good, contents=packed(PHOTO))
    done = taken_in(desk, content)
    assert done.status_code == 200
    assert "Everything in the file is here now." in done.text
    assert "taken in" in done.text
    assert "1 photo is new here." in done.text
    assert submissions.find(db, "vienna-1", good["id"]) is not None
    assert files.path(chain.files, sha256(PHOTO)).read_bytes() == PHOTO
    assert list(chain.uploads.iterdir()) == []
    again = taken_in(desk, content)
    assert "was here already" in again.text
    assert "0 photos are new here." in again.text


def test_what_is_held_or_refused_is_said_in_words(desk: FlaskClient, chain: Installation) -> None:
    held = report_of(chain, VISITS["vienna-1"], answers={"welcome": 9})
    unknown = report_of(chain, "never-made", files=listed(PHOTO))
    done = taken_in(desk, saved(held, unknown, "no object", contents=packed(PHOTO, b"x")))
    assert "Keep the file." in done.text
    assert "held for a person’s eye" in done.text
    assert "expected is a whole number from 1 to 7" in done.text
    assert "There was never such a code or visit here." in done.text
    assert "It is no report" in done.text
    assert "Its submission was refused." in done.text
    assert "No submission in the file lists it." in done.text


def test_the_audit_tells_who_loaded_it(
    app: Flask, desk: FlaskClient, chain: Installation, db: Database
) -> None:
    record = report_of(chain, VISITS["vienna-1"], files=listed(PHOTO))
    taken_in(desk, saved(record, contents=packed(PHOTO)))
    owner = signed_in(app.test_client(), enrol(db, "owner"))
    assert "loaded a file that a phone saved: reports 1, new photos 1." in re.sub(
        r"<[^>]+>", "", owner.get("/desk/audit").text
    )


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Choose the file"),
        (b"{", "not the JSON of a saved file"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "has no"),
        (b'{"submissions": []}', "holds no report"),
        (b'{"submissions": [{}], "contents": "x"}', "not photos by their digests"),
    ],
)
def test_another_file_is_told_what_is_wrong_with_it(
    desk: FlaskClient, chain: Installation, content: bytes, why: str
) -> None:
    page = upload(desk, content)
    assert page.status_code == 422
    assert why in page.text
    assert not chain.uploads.exists()


def test_a_file_that_is_too_large_is_led_to_the_command(
    desk: FlaskClient, chain: Installation
) -> None:
    token = form_token(desk.get("/account", headers=HTML)).encode()
    for size in (load.MOST_BYTES + 1, load.MOST_BYTES + 2 * 1024 * 1024):
        # By hand: the test client would lay a large body aside in a file that nobody closes.
        parts = (b'name="csrf"\r\n\r\n' + token, b'name="file"; filename="x"\r\n\r\n' + b" " * size)
        body = b"".join(b"--x\r\nContent-Disposition: form-data; %b\r\n" % one for one in parts)
        page = desk.post(
            "/desk/load",
            data=body + b"--x--\r\n",
            content_type="multipart/form-data; boundary=x",
            headers=HTML,
        )
        assert page.status_code == 413
        assert "with the command" in page.text
    assert not chain.uploads.exists()


def test_a_page_that_is_too_old_leads_back(desk: FlaskClient, chain: Installation) -> None:
    record = report_of(chain, VISITS["vienna-1"])
    word = word_on(upload(desk, saved(record)))
    (kept,) = chain.uploads.iterdir()
    os.utime(kept, ((NOW - timedelta(hours=3)).timestamp(),) * 2)
    Worker(chain, lambda: NOW).once()
    assert list(chain.uploads.iterdir()) == []
    for gone in (word, "0" * 32, "../secret.key", ""):
        answer = send_form(desk, "/desk/load/apply", word=gone)
        assert (answer.status_code, answer.location) == (303, "/desk/load")
    assert "That page was too old" in desk.get("/desk/load").text


def test_managers_load_nothing(app: Flask, db: Database) -> None:
    manager = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    assert manager.get("/desk/load", headers=HTML).status_code == 403
    assert send_form(manager, "/desk/load/apply", word="x").status_code == 403


def test_a_reviewer_of_other_places_is_not_told_the_names_of_these(
    app: Flask, chain: Installation, db: Database
) -> None:
    west = signed_in(app.test_client(), enrol(db, "reviewer", regions=["west"]))
    page = upload(west, saved(report_of(chain, VISITS["vienna-1"])))
    assert "a place of others" in page.text
    assert "Vienna" not in page.text
