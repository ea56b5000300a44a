"""Bad input over the API: a clear answer each time, and nothing lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys.installation import Installation
from surveys.rebuild import rebuild
from surveys.store import submissions
from surveys.store.database import Database
from surveys.store.submissions import Submission
from surveys.store.writer import GroupCommit
from surveys.web.rates import Rates
from tests.conftest import WITHDRAWN, Clock
from tests.records import Record, counter_form, make

Post = Callable[..., TestResponse]


@pytest.fixture
def form(chain: Installation) -> str:
    return counter_form(chain)


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Posts a batch; ``body`` sends exactly these bytes instead."""

    def send(*records: object, body: bytes | None = None, **members: Any) -> TestResponse:
        if body is None:
            body = json.dumps({"submissions": records, **members}).encode()
        return client.post("/api/submissions", data=body, content_type="application/json")

    return send


def row(db: Database, record: Record, site: str = "vienna-1") -> Submission:
    found = submissions.find(db, site, record["id"])
    assert found is not None
    return found


def receipt(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (found,) = answer.get_json()["receipts"]
    assert isinstance(found, dict)
    return found


def assert_problem(answer: TestResponse, status: int, *words: str) -> None:
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == status
    assert problem["title"]
    for word in words:
        assert word in problem["detail"]


# --- the whole request ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "not JSON"),
        (b"hello", "line 1, column 1"),
        (b'{"submissions": [', "not JSON"),
        (b'{"submissions": []} x', "not JSON"),
        (b'{"submissions": ["\xff"]}', "not UTF-8 at byte 18"),
        (b"[" * 100_000, "without end"),
        (b"[]", "a JSON object"),
        (b'"text"', "a JSON object"),
        (b"null", "a JSON object"),
        (b"{}", '"submissions", a list'),
        (b'{"submissions": {}}', '"submissions", a list'),
        (b'{"submissions": "x"}', '"submissions", a list'),
    ],
)
def test_a_body_of_another_shape_is_answered_by_400(post: Post, body: bytes, word: str) -> None:
    assert_problem(post(body=body), 400, word, "Nothing was stored")


def test_too_much_at_once_is_answered_by_413(post: Post, form: str, chain: Installation) -> None:
    assert_problem(post(*[make(form) for _ in range(101)]), 413, "at most 100", "101")
    long = make(form, answers={"comment": "x" * 1_100_000})
    assert_problem(post(long), 413, "1048576 bytes", "smaller parts")
    assert list(chain.database().rows("SELECT submission_id FROM submissions")) == []
    assert post(*[make(form) for _ in range(100)]).status_code == 200


def test_other_methods_and_addresses_are_problems_too(client: FlaskClient) -> None:
    assert_problem(client.get("/api/submissions"), 405)
    assert_problem(client.post("/api/nothing"), 404)


def test_nothing_lets_another_page_read_the_answer(post: Post, form: str) -> None:
    answer = post(make(form))
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_abuse_is_answered_by_429(app: Flask, post: Post, form: str) -> None:
    app.config["REQUESTS_PER_SECOND"] = 5
    answers = [post(make(form)) for _ in range(30)]
    slowed = [answer for answer in answers if answer.status_code == 429]
    assert slowed
    assert_problem(slowed[0], 429, "Wait")
    assert int(slowed[0].headers["Retry-After"]) >= 1
    assert {answer.status_code for answer in answers} == {200, 429}


def test_the_promised_rate_is_never_slowed_down(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("surveys.web.rates.time.monotonic", lambda: now)
    # All of four seconds' requests in one instant: ten times the promise would still pass.
    answers = [client.post("/api/receipts", json={"ids": []}) for _ in range(800)]
    assert {answer.status_code for answer in answers} == {200}

    rates = Rates(per_second=10)
    assert [rates.wait("one") for _ in range(20)] == [0.0] * 20
    assert rates.wait("one") == pytest.approx(0.1)
    assert rates.wait("another") == 0.0
    now += 0.5
    assert [rates.wait("one") > 0 for _ in range(6)] == [False] * 5 + [True]


def test_many_keys_that_are_alike_do_not_take_for_ever(post: Post, form: str) -> None:
    """Each became longer than the last, and half a minute went into 50 KB."""
    alike = {chr(0xD800 + n // 512) + chr(0xD800 + n % 512): 1 for n in range(40_000)}
    found = receipt(post(make(form, answers=alike)))
    assert found["status"] == "refused"
    assert found["problems"][0]["code"] == "no_shape"
    assert "surrogates" in found["problems"][0]["message"]


def test_thousands_of_wrong_files_are_counted_not_listed(post: Post, form: str) -> None:
    """A receipt, and the row it tells of, must not become thirty times as large as what came."""
    found = receipt(post(make(form, files=[5] * 100_000)))
    assert found["status"] == "held"
    assert [problem["path"] for problem in found["problems"][-2:]] == ["/files/19", "/files"]
    assert "99980 more" in found["problems"][-1]["message"]


def test_what_cannot_be_a_token_is_not_remembered(app: Flask, post: Post, form: str) -> None:
    found = [receipt(post(make(form, token=token))) for token in ("x" * 500_000, "x" * 200, "é")]
    assert {one["status"] for one in found} == {"refused"}
    remembered = app.extensions["touchstone_rates"]._buckets
    assert f"code {'x' * 200}" in remembered
    assert max(map(len, remembered)) < 300


# --- one record -------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [None, 1, True, "text", [], [[]], 1.5, {}])
def test_what_is_no_submission_is_refused(post: Post, record: object) -> None:
    found = receipt(post(record))
    assert (found["id"], found["status"], found["digest"]) == (None, "refused", None)
    assert found["problems"][0]["code"] == "no_shape"


@pytest.mark.parametrize(
    ("member", "value", "path"),
    [
        ("id", None, "/id"),
        ("id", 7, "/id"),
        ("id", "", "/id"),
        ("id", "0192f0c17d3e7c118a2b5d6a2f1e9a77", "/id"),
        ("id", "{0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77}", "/id"),
        ("id", "０192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77", "/id"),
        ("id", "\ud800", "/id"),
        ("token", None, "/token"),
        ("token", 7, "/token"),
        ("token", ["x"], "/token"),
    ],
)
def test_a_record_without_id_or_token_is_refused(
    post: Post, form: str, member: str, value: object, path: str
) -> None:
    found = receipt(post(make(form, **{member: value})))
    assert found["status"] == "refused"
    assert found["problems"][0]["path"] == path
    assert len(found["problems"][0]["message"]) > 20


@pytest.mark.parametrize("token", ["never-made", "", "x" * 5000, "a b", "\0", "\ud800", "' OR 1=1"])
def test_a_token_that_never_was_is_refused(
    post: Post, form: str, chain: Installation, token: str
) -> None:
    found = receipt(post(make(form, token=token)))
    assert found["status"] == "refused"
    assert found["problems"][0]["code"] == "unknown_token"
    assert list(chain.database().rows("SELECT submission_id FROM submissions")) == []


@pytest.mark.parametrize(
    ("answers", "code", "path"),
    [
        ({"welcome": 0}, "does_not_fit", "/answers/welcome"),
        ({"welcome": 8}, "does_not_fit", "/answers/welcome"),
        ({"welcome": -1}, "does_not_fit", "/answers/welcome"),
        ({"welcome": 3.0}, "does_not_fit", "/answers/welcome"),
        ({"welcome": 3.5}, "does_not_fit", "/answers/welcome"),
        ({"welcome": True}, "does_not_fit", "/answers/welcome"),
        ({"welcome": "3"}, "does_not_fit", "/answers/welcome"),
        ({"welcome": [3]}, "does_not_fit", "/answers/welcome"),
        ({"welcome": {}}, "does_not_fit", "/answers/welcome"),
        ({"welcome": 2**53 + 1}, "does_not_fit", "/answers/welcome"),
        ({"welcome": 10**400}, "does_not_fit", "/answers/welcome"),
        ({"moment": "fine"}, "does_not_fit", "/answers/moment"),
        ({"moment": None}, "does_not_fit", "/answers/moment"),
        ({"come_back": "yes"}, "does_not_fit", "/answers/come_back"),
        ({"comment": 7}, "does_not_fit", "/answers/comment"),
        ({"comment": "x" * 100_000}, "does_not_fit", "/answers/comment"),
        ({"told": True}, "hidden_by_condition", "/answers/told"),
        ({"nobody_asked": 1}, "unknown_question", "/answers/nobody_asked"),
        ({"a/b~c": 1}, "unknown_question", "/answers/a~1b~0c"),
        ({"": 1}, "unknown_question", "/answers/"),
        ({"\ud800": 1}, "unknown_question", "/answers/\ufffd"),
        ([], "does_not_fit", "/answers"),
        ("text", "does_not_fit", "/answers"),
        (None, "does_not_fit", "/answers"),
    ],
)
def test_answers_that_do_not_fit_are_held_whole(
    post: Post, form: str, chain: Installation, answers: Any, code: str, path: str
) -> None:
    sent = make(form, answers=answers)
    found = receipt(post(sent))
    assert found["status"] == "held"
    assert (found["problems"][0]["code"], found["problems"][0]["path"]) == (code, path)
    assert found["problems"][0]["message"]
    db = chain.database()
    stored = row(db, sent)
    assert stored.status == "held"
    assert json.loads(stored.problems) == found["problems"]
    kept = stored.sent["answers"]
    if answers == {"\ud800": 1}:
        assert kept == {"\ufffd": 1}
    elif isinstance(answers, dict) and answers.get("welcome", 0) in (2**53 + 1, 10**400):
        assert kept == {"welcome": str(answers["welcome"])}
    else:
        assert kept == answers
        assert repr(kept) == repr(answers)  # 3.0 stays 3.0, true stays true
    assert receipt(post(sent))["status"] == "duplicate"
    assert list(db.rows("SELECT n FROM tallies")) == []
    assert rebuild(db) == []


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "9007199254740993"])
def test_numbers_that_no_float_holds_are_kept_as_their_text(
    post: Post, form: str, chain: Installation, number: str
) -> None:
    sent = make(form, answers={"welcome": "HERE"})
    body = json.dumps({"submissions": [sent]}).replace('"HERE"', number).encode()
    found = receipt(post(body=body))
    assert found["status"] == "held"
    assert row(chain.database(), sent).sent["answers"] == {"welcome": number}
    assert receipt(post(body=body))["status"] == "duplicate"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 2000,
        "\x00",
        "".join(map(chr, range(32))) + "\x7f\x85\u2028",
        "\u202eabc\u202c",
        "<script>alert(1)</script>&amp;<!--",
        '=HYPERLINK("http://x","y")',
        "+1-1@SUM(A1)\t|cmd",
        "\ud83d\ude00 été مرحبا 你好",
        "a\ud800b",
        "\udc00\ud800",
    ],
)
def test_every_text_is_kept_as_it_came(
    post: Post, form: str, chain: Installation, text: str
) -> None:
    sent = make(form, answers={"comment": text, "welcome": 4}, asked=["comment", "welcome"])
    found = receipt(post(sent))
    assert found["status"] == "accepted", found
    kept = row(chain.database(), sent).sent["answers"]["comment"]
    # Two halves of a pair are one letter, in any JSON; a lone half is U+FFFD.
    paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert kept == ("a\ufffdb" if text == "a\ud800b" else paired)
    assert receipt(post(sent))["status"] == "duplicate"


def test_a_contact_of_any_letters_is_split_off(post: Post, form: str, chain: Installation) -> None:
    contact = "\x00 0664\ud800 \u202e"
    sent = make(form, answers={"moment": "worse", "contact": contact}, asked=None)
    assert receipt(post(sent))["status"] == "accepted"
    db = chain.database()
    ((_, question, kept),) = submissions.contacts(db, "vienna-1", sent["id"])
    assert (question, kept) == ("contact", "\x00 0664\ufffd \u202e")
    assert "0664" not in row(db, sent).payload


@pytest.mark.parametrize(
    ("member", "value", "path"),
    [
        ("replaces", 7, "/replaces"),
        ("replaces", "not an id", "/replaces"),
        ("secret_sha256", "short", "/secret_sha256"),
        ("secret_sha256", {}, "/secret_sha256"),
        ("files", {}, "/files"),
        ("files", ["x"], "/files/0"),
        ("files", [{"sha256": "a" * 64}, {"sha256": 1}], "/files/1"),
        ("asked", "welcome", "/asked"),
        ("asked", ["welcome", 7], "/asked/1"),
        ("asked", ["nobody_asked"], "/asked/0"),
    ],
)
def test_members_of_another_shape_are_held(
    post: Post, form: str, chain: Installation, member: str, value: object, path: str
) -> None:
    sent = make(form, **{member: value})
    found = receipt(post(sent))
    assert (found["status"], found["problems"][0]["path"]) == ("held", path)
    assert row(chain.database(), sent).sent[member] == value
    assert receipt(post(sent))["status"] == "duplicate"
    assert rebuild(chain.database()) == []


UNBELIEVABLE = (
    *(7, "", "yesterday", "2026-11-22", "2026-11-22T10:00:00", "\0", None, []),
    *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
    *("2025-11-22T09:00:00Z", "2027-11-22T09:00:00Z"),
)


@pytest.mark.parametrize("value", UNBELIEVABLE)
def test_times_alone_never_hold_anything(
    post: Post, form: str, chain: Installation, value: object
) -> None:
    for member in ("started_at", "finished_at"):
        sent = make(form, **{member: value})
        assert receipt(post(sent))["status"] == "accepted"
        assert row(chain.database(), sent).sent[member] == value
    assert receipt(post(make(form, finished_at=value), sent_at=value))["status"] == "accepted"
    assert receipt(post(make(form), sent_at=value))["status"] == "accepted"


def test_a_clock_that_is_a_year_off_is_set_right(
    post: Post, form: str, chain: Installation, clock: Clock
) -> None:
    year_off = {
        "started_at": "2025-11-20T22:30:00+01:00",
        "finished_at": "2025-11-20T22:31:00+01:00",
    }
    sent = make(form, **year_off)
    # By its own clock it was sent 11 hours later, and that was now: so it is the same evening.
    assert receipt(post(sent, sent_at="2025-11-21T09:31:00+01:00"))["status"] == "accepted"
    stored = row(chain.database(), sent)
    assert (stored.day, stored.flags) == ("2026-11-21", "[]")
    assert stored.finished_local == "2025-11-20T22:31:00+01:00"
    unsaid = make(form, **year_off)
    assert receipt(post(unsaid))["status"] == "accepted"
    assert (row(chain.database(), unsaid).day, row(chain.database(), unsaid).flags) == (
        "2026-11-22",
        '["clock"]',
    )


def test_depth_without_end_is_refused_alone(post: Post, form: str, chain: Installation) -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    sound = make(form)
    answer = post(make(form, answers=deep), sound)
    assert [found["status"] for found in answer.get_json()["receipts"]] == ["refused", "accepted"]
    assert row(chain.database(), sound).status == "counted"


def test_other_languages_and_unknown_members_are_kept(
    post: Post, form: str, chain: Installation
) -> None:
    for language in ("pt-BR", "x" * 1000, 7, None, "\0"):
        sent = make(form, language=language, later={"made": ["up"]})
        assert receipt(post(sent))["status"] == "accepted"
        stored = row(chain.database(), sent)
        assert stored.sent["language"] == language
        assert stored.sent["later"] == {"made": ["up"]}
        assert stored.language == ("pt-BR" if language == "pt-BR" else None)


def test_ten_thousand_unknown_questions_have_an_answer_that_can_be_read(
    post: Post, form: str
) -> None:
    sent = make(form, answers={f"question_{number}": number for number in range(10_000)})
    answer = post(sent)
    assert receipt(answer)["status"] == "held"
    assert len(answer.data) < 20_000


def test_a_batch_of_everything_bad_loses_none_of_the_good(
    post: Post, form: str, chain: Installation
) -> None:
    good = [make(form) for _ in range(5)]
    bad = [None, {}, make(form, token="no"), make(form, answers=[]), make("x"), make(form, id=1)]
    held = make(form, token=WITHDRAWN)
    mixed = [good[0], *bad, good[1], held, good[2], {**good[0], "answers": {}}, *good[3:]]
    answer = post(*mixed)
    statuses = [found["status"] for found in answer.get_json()["receipts"]]
    assert len(statuses) == len(mixed)
    db = chain.database()
    assert [row(db, one).status for one in good] == ["counted"] * 5
    assert statuses.count("accepted") == 5
    assert statuses.count("refused") == 4
    assert statuses.count("held") == 4
    again = [found["status"] for found in post(*mixed).get_json()["receipts"]]
    assert again.count("duplicate") == 9
    assert rebuild(db) == []


# --- nothing can be stored --------------------------------------------------------------------


def test_a_locked_database_is_answered_by_503_and_nothing_is_acknowledged(
    post: Post, form: str, chain: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = {"busy_seconds": 0.05}
    monkeypatch.setattr("surveys.store.sqlite.SqliteDatabase.__init__.__kwdefaults__", quick)
    sent = make(form)
    db = chain.database()
    with db.transaction():
        answer = post(sent)
        assert_problem(answer, 503, "nothing of this was")
        assert int(answer.headers["Retry-After"]) > 0
    assert submissions.find(db, "vienna-1", sent["id"]) is None
    assert receipt(post(sent))["status"] == "accepted"


def test_a_file_that_was_moved_away_takes_no_more_answers(
    post: Post, form: str, chain: Installation, client: FlaskClient
) -> None:
    assert receipt(post(make(form)))["status"] == "accepted"
    assert client.get("/readyz").status_code == 200
    file = chain.folder / "touchstone.db"
    away = file.rename(file.with_name("away.db"))
    assert_problem(post(make(form)), 503)
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    away.rename(file)
    sent = make(form)
    assert receipt(post(sent))["status"] == "accepted"
    assert client.get("/readyz").get_json()["status"] == "ok"


def test_more_than_can_wait_is_answered_by_429(app: Flask, chain: Installation, form: str) -> None:
    held_up, go_on = threading.Event(), threading.Event()
    writer = GroupCommit(chain.new_database, max_waiting=1)
    services = app.extensions["touchstone"]
    services.intake._run = writer.run

    def wait(db: Database) -> None:
        held_up.set()
        go_on.wait(30)

    threads = [threading.Thread(target=writer.run, args=(wait,))]
    threads[0].start()
    assert held_up.wait(30)
    threads.append(threading.Thread(target=writer.run, args=(lambda db: None,)))
    threads[1].start()
    while not writer._writer._waiting:  # type: ignore[union-attr]
        time.sleep(0.001)
    answer = app.test_client().post("/api/submissions", json={"submissions": [make(form)]})
    assert_problem(answer, 429, "More is coming in")
    assert int(answer.headers["Retry-After"]) > 0
    go_on.set()
    for thread in threads:
        thread.join()
    writer.close()
