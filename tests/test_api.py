"""The API, replayed from its documentation: what ``docs/api.md`` shows is what happens."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import publishing
from surveys.digest import canonical
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.store import submissions, tokens
from surveys.web.api import NOT_TAKEN
from tests.conftest import CODES, NOW
from tests.records import SECRET, SECRET_SHA256, counter_form, make

PAGE = Path(__file__).resolve().parent.parent / "docs" / "api.md"

EXAMPLE = {
    "instrument": "example",
    "title": {"en": "How was it?"},
    "source": "customer",
    "mode": "routine",
    "review": "none",
    "languages": ["en"],
    "sections": [
        {
            "title": {"en": "This visit"},
            "items": [
                {
                    "key": "moment",
                    "type": "moment",
                    "ask": {"en": "Compared with what you expected"},
                },
                {
                    "type": "scale",
                    "scale": {
                        "key": "welcome",
                        "level": "person",
                        "status": "active",
                        "name": {"en": "Welcome"},
                        "ask": {"en": "How were you greeted?"},
                        "low": {"en": "Not at all"},
                        "high": {"en": "At once"},
                        "anchors": {"7": [], "4": [], "1": []},
                        "coaching": {"en": "Look up."},
                    },
                },
                {"key": "comment", "type": "text", "ask": {"en": "What should we know?"}},
            ],
        }
    ],
}
"""A form of three questions whose words never change, so that its version does not."""

CODE = "Xk3vQ9rTn7bWc2Ym"

STEP = re.compile(
    r"`POST (?P<path>/\S+)`.*?\n```json\n(?P<body>.*?)```\n\nAnswer (?P<status>\d+):\n\n"
    r"```json\n(?P<answer>.*?)```",
    re.DOTALL,
)


@pytest.fixture
def documented(chain: Installation) -> Installation:
    """An installation as the page imagines it."""
    db = chain.database()
    publishing.publish(db, Instrument.from_document(EXAMPLE), NOW)
    with db.transaction():
        tokens.create(
            db,
            CODE,
            kind="code",
            site_id="vienna-1",
            instrument="example",
            source="customer",
            touchpoint=None,
            at=NOW,
        )
    return chain


def steps() -> list[dict[str, Any]]:
    found = [match.groupdict() for match in STEP.finditer(PAGE.read_text(encoding="utf-8"))]
    return [
        {
            "path": step["path"],
            "status": int(step["status"]),
            "body": json.loads(step["body"]),
            "answer": json.loads(step["answer"]),
        }
        for step in found
    ]


def test_the_page_shows_what_happens(documented: Installation, client: FlaskClient) -> None:
    shown = steps()
    assert len(shown) == 7
    for step in shown:
        answer = client.post(step["path"], json=step["body"])
        assert answer.status_code == step["status"], answer.text
        assert answer.get_json() == step["answer"]


def test_the_page_names_every_problem_there_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    source = Path(__file__).resolve().parent.parent / "surveys"
    codes: set[str] = set()
    for file in [*source.glob("intake*.py"), source / "answers.py", source / "erasure.py"]:
        codes |= set(re.findall(r'Problem\(\s*"([a-z_]+)"', file.read_text(encoding="utf-8")))
    api = (source / "web" / "api.py").read_text(encoding="utf-8")
    codes |= set(re.findall(r'code="([a-z_]+)"', api)) | {"overload", "unavailable"}
    codes |= NOT_TAKEN.keys()
    assert len(codes) > 15
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []


def test_the_digest_of_the_page_is_that_of_its_canonical_text() -> None:
    page = PAGE.read_text(encoding="utf-8")
    canonical_text = re.search(r"```text\n(\{.*?\})\n```", page)
    assert canonical_text is not None
    submission = steps()[0]["body"]["submissions"][0]
    assert canonical(submission).decode() == canonical_text[1]
    digest = hashlib.sha256(canonical_text[1].encode()).hexdigest()
    assert digest == steps()[0]["answer"]["receipts"][0]["digest"]
    assert digest == "09f7c0e75e855ac36e0bdb11664cd82afc1c9932111f703097b170ffc86a9ce7"


# --- receipts and erasure beyond the page -----------------------------------------------------


def test_receipts_know_what_is_here_and_tell_nothing_else(
    chain: Installation, client: FlaskClient
) -> None:
    form = counter_form(chain)
    here = make(form, files=[{"sha256": "a" * 64}])
    both = make(form)
    there = {**both, "token": CODES["lisbon-1"]}
    client.post("/api/submissions", json={"submissions": [here, both, there]})
    ids = [here["id"], both["id"], make(form)["id"], "no id", "\0"]

    def known(**more: Any) -> dict[str, Any]:
        answer = client.post("/api/receipts", json={"ids": ids, **more})
        assert answer.status_code == 200
        found = answer.get_json()["known"]
        assert isinstance(found, dict)
        return found

    # Without a token, an id that two sites know is left out.
    assert known().keys() == {here["id"]}
    assert known()[here["id"]]["missing_files"] == ["a" * 64]
    assert known(token=CODES["vienna-1"]).keys() == {here["id"], both["id"]}
    assert known(token=CODES["lisbon-1"]).keys() == {both["id"]}
    assert known(token="never-made") == {}
    digests = {known(token=CODES[site])[both["id"]]["digest"] for site in ("vienna-1", "lisbon-1")}
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"ids": "x"}, 400),
        ({"ids": [1]}, 400),
        ({"ids": [], "token": 1}, 400),
        ({"ids": ["x"] * 101}, 413),
        ([], 400),
    ],
)
def test_receipts_of_another_shape_are_problems(
    client: FlaskClient, body: object, status: int
) -> None:
    answer = client.post("/api/receipts", json=body)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_erasing_takes_words_and_contacts_and_keeps_the_counts(
    chain: Installation, client: FlaskClient
) -> None:
    sent = make(
        counter_form(chain),
        answers={"moment": "worse", "welcome": 3, "comment": "Anna was rude", "contact": "0664 1"},
        secret_sha256=SECRET_SHA256,
        files=[{"sha256": "a" * 64}],
        note="written by hand",
    )
    other = {**sent, "answers": {"comment": "Anna was kind", "contact": "0664 2", "who am I": 1}}
    for one in (sent, other):
        client.post("/api/submissions", json={"submissions": [one]})
    db = chain.database()
    before = list(db.rows("SELECT * FROM tallies ORDER BY facet, level"))

    for wrong in (
        {"id": sent["id"], "secret": "guessed"},
        {"id": make("x")["id"], "secret": SECRET},
    ):
        assert client.post("/api/erase", json=wrong).status_code == 404
    assert "Anna" in _everything(db)
    right = {"id": sent["id"].upper(), "secret": SECRET}
    assert client.post("/api/erase", json=right).status_code == 200

    kept = _everything(db)
    for word in ("Anna", "0664", "by hand", "who am I"):
        assert word not in kept
    row = submissions.find(db, "vienna-1", sent["id"])
    assert row is not None
    assert row.status == "counted"
    assert row.erased_utc is not None
    assert row.sent["answers"] == {"moment": "worse", "welcome": 3}
    assert list(db.rows("SELECT * FROM tallies ORDER BY facet, level")) == before
    # A late replay is still a duplicate, asks for no file, and brings nothing back.
    for one in (sent, other):
        answer = client.post("/api/submissions", json={"submissions": [one]})
        (receipt,) = answer.get_json()["receipts"]
        assert (receipt["status"], receipt["missing_files"]) == ("duplicate", [])
    assert "Anna" not in _everything(db)
    assert client.post("/api/erase", json=right).status_code == 200


def _everything(db: Any) -> str:
    tables = ("submissions", "conflicting", "contacts", "amendments", "audit")
    return json.dumps([row for table in tables for row in db.rows(f"SELECT * FROM {table}")])


def test_somebody_elses_secret_erases_only_what_came_with_it(
    chain: Installation, client: FlaskClient
) -> None:
    first = make(counter_form(chain), answers={"comment": "mine"})
    other = {**first, "answers": {"comment": "theirs"}, "secret_sha256": SECRET_SHA256}
    for one in (first, other):
        client.post("/api/submissions", json={"submissions": [one]})
    answer = client.post("/api/erase", json={"id": first["id"], "secret": SECRET})
    assert answer.status_code == 200
    kept = _everything(chain.database())
    assert "mine" in kept
    assert "theirs" not in kept


@pytest.mark.parametrize("body", [{}, {"id": 1, "secret": "x"}, {"id": "x"}, []])
def test_an_erasure_of_another_shape_is_a_problem(client: FlaskClient, body: object) -> None:
    assert client.post("/api/erase", json=body).status_code == 400


def test_health_and_readiness(app: Flask, client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").get_json() == {"status": "ok", "database": "ok"}
