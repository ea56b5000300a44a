"""What every answer is protected by."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import threading

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from surveys.installation import DATABASE_FILE, Installation
from surveys.store.database import Database, Unavailable
from surveys.web.logs import masked
from surveys.web.sessions import COOKIE
from tests.conftest import CODES
from tests.desk_people import HTML, PASSWORD, enrol, form_token, signed_in

CODE = CODES["vienna-1"]
EVERYWHERE = ["/", "/sign-in", "/desk", f"/q/{CODE}", "/api/nothing", "/nothing", "/healthz"]


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


# --- headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_is_protected(client: FlaskClient, path: str) -> None:
    headers = client.get(path, headers=HTML).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_a_pages_own_small_style_sheet_is_let_in_by_its_hash(client: FlaskClient) -> None:
    page = client.get(f"/q/{CODE}")
    style = re.search("<style[^>]*>(.*?)</style>", page.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in page.headers["Content-Security-Policy"]


def test_https_is_remembered_by_browsers_only_when_it_was_https(client: FlaskClient) -> None:
    answer = client.get("/sign-in", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("path", ["/sign-in", "/desk", "/account", "/exports/scores.csv"])
def test_what_one_person_saw_is_in_no_cache(client: FlaskClient, db: Database, path: str) -> None:
    signed_in(client, enrol(db, "owner"))
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_pages_hold_no_style_or_script_of_their_own(client: FlaskClient, db: Database) -> None:
    """The policy would block it; so it must not be there."""
    signed_in(client, enrol(db, "owner"))
    for path in ("/desk", "/desk/sites/vienna-1", "/desk/contacts", "/account", "/welcome"):
        page = client.get(path, headers=HTML).text
        assert "<style" not in page
        assert " style=" not in page
        assert "<script" not in page
        assert "onclick" not in page


# --- no cookie where nobody signs in ---------------------------------------------------------


@pytest.mark.parametrize("role", [None, "owner", "shopper"])
def test_customers_and_programs_never_get_a_cookie(
    client: FlaskClient, db: Database, role: str | None
) -> None:
    if role:
        signed_in(client, enrol(db, role))
    answers = [
        client.get(f"/q/{CODE}"),
        client.get("/q/unknown-code"),
        client.post(f"/q/{CODE}", data={"moment": "better"}),
        client.post("/api/submissions", json={"submissions": []}),
        client.post("/api/submissions", data="{"),
        client.post("/api/receipts", json={"ids": []}),
        client.get("/api/openapi.json"),
        client.get("/sw.js"),
        client.get("/manifest.webmanifest"),
        client.get("/healthz"),
        client.get("/static/desk.css"),
        client.get("/nothing"),
    ]
    for answer in answers:
        assert "Set-Cookie" not in answer.headers, answer.request.path
        answer.close()


def test_a_visitor_gets_no_cookie_before_a_form_needs_one(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/desk", headers=HTML).headers
    assert "Set-Cookie" in client.get("/sign-in").headers


# --- forms of others -------------------------------------------------------------------------

FORMS = {
    "/sign-in": {"email": "a@example.org", "password": PASSWORD},
    "/sign-out": {},
    "/account": {"old": PASSWORD, "new": "another long one"},
    "/account/everywhere": {},
    "/join/some-token": {"name": "Ana", "password": PASSWORD},
}


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_a_form_without_the_pages_token_changes_nothing(
    client: FlaskClient, db: Database, path: str, token: str | None
) -> None:
    owner = enrol(db, "owner")
    signed_in(client, owner)
    fields = FORMS[path] if token is None else {**FORMS[path], "csrf": token}
    answer = client.post(path, data=fields, headers=HTML)
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert client.get("/account").status_code == 200  # still signed in, nothing ended


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_token(
    client: FlaskClient, db: Database, headers: dict[str, str]
) -> None:
    signed_in(client, enrol(db, "owner"))
    token = form_token(client.get("/account"))
    answer = client.post("/account/everywhere", data={"csrf": token}, headers=headers)
    assert answer.status_code == 400
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "null"}, {"Origin": "http://localhost"}, {"Origin": "https://s.example"}],
)
def test_our_own_form_is_taken(client: FlaskClient, db: Database, headers: dict[str, str]) -> None:
    """``null`` is what browsers say for our pages, which send no referrer."""
    db.execute("INSERT INTO settings VALUES ('base_url', 'https://s.example')")
    signed_in(client, enrol(db, "owner"))
    token = form_token(client.get("/account"))
    answer = client.post("/account/everywhere", data={"csrf": token}, headers=headers)
    assert answer.location == "/sign-in"


def test_somebody_elses_token_is_refused(app: Flask, db: Database) -> None:
    mine, theirs = app.test_client(), app.test_client()
    signed_in(mine, enrol(db, "owner"))
    signed_in(theirs, enrol(db, "owner"))
    token = form_token(theirs.get("/account"))
    assert mine.post("/account/everywhere", data={"csrf": token}).status_code == 400


# --- errors that help ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 429, 500, 503, 418])
def test_every_error_says_what_to_do(app: Flask, status: int) -> None:
    app.add_url_rule("/broken", "broken", lambda: abort(status))
    app.add_url_rule("/api/broken", "api_broken", lambda: abort(status))
    client = app.test_client()
    page = client.get("/broken", headers=HTML)
    assert page.status_code == status
    assert page.mimetype == "text/html"
    assert "<h1>" in page.text
    assert "<main" in page.text
    problem = client.get("/api/broken")
    assert problem.status_code == status
    assert problem.mimetype == "application/problem+json"
    body = problem.get_json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["type"]


def test_a_fault_of_ours_is_logged_and_shows_nothing_of_itself(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise RuntimeError("a secret word")

    app.testing = False
    app.add_url_rule("/join/the-token-itself", "broken", fail)
    app.add_url_rule("/api/broken", "api_broken", fail)
    client = app.test_client()
    page = client.get("/join/the-token-itself", headers=HTML)
    assert page.status_code == 500
    assert "secret word" not in page.text
    assert client.get("/api/broken").get_json()["status"] == 500
    assert "a secret word" in caplog.text
    assert "/join/…" in caplog.text
    assert "the-token-itself" not in "".join(record.getMessage() for record in caplog.records)


def test_a_database_that_cannot_serve_is_a_503_that_says_when_to_come_back(app: Flask) -> None:
    def fail() -> str:
        raise Unavailable("disk full")

    app.add_url_rule("/broken", "broken", fail)
    answer = app.test_client().get("/broken", headers=HTML)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_wrong_method_says_which_there_are(client: FlaskClient) -> None:
    answer = client.delete("/sign-in", headers=HTML)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_huge_form_is_refused_before_it_is_read(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "Nothing was stored" in answer.text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("GET /join/abcDEF-_123?x=1", "GET /join/…?x=1"),
        ("Exception on /q/abc [POST]", "Exception on /q/… [POST]"),
        ("/desk/sites/vienna-1", "/desk/sites/vienna-1"),
        ("'/join/abc' and /q/def", "'/join/…' and /q/…"),
    ],
)
def test_logs_hold_no_tokens(said: str, shown: str) -> None:
    assert masked(said) == shown


def test_the_logger_masks_before_any_handler(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        app.logger.error("failed at %s", "/q/abcdef")
    assert "abcdef" not in caplog.text


def test_the_cookie_has_a_name_of_its_own() -> None:
    assert COOKIE == "touchstone_session"


@pytest.mark.parametrize("path", [f"/q/{CODE}", "/sign-in", "/desk", "/account", "/readyz"])
def test_a_database_that_is_gone_is_a_503_with_every_header(
    client: FlaskClient, chain: Installation, path: str
) -> None:
    signed_in(client, enrol(chain.database(), "owner"))
    installation = client.application.extensions["touchstone"].installation
    installation._local = threading.local()  # as a thread finds it that has no connection yet
    (chain.folder / DATABASE_FILE).rename(chain.folder / "moved.db")
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Content-Security-Policy" in answer.headers
