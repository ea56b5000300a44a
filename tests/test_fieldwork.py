"""Timers, photos and places on their way: taken in, judged again, mended, erased, posted plainly.

Whoever judges a submission — intake, a person at the desk, the rebuild — must say the same of it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from surveys import holding, publishing
from surveys.erasure import erase
from surveys.holding import MisfitError
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.intake import Intake, Receipt
from surveys.rebuild import rebuild
from surveys.store import submissions
from surveys.store.submissions import Submission
from surveys.store.writer import GroupCommit
from tests.conftest import CODES, NOW
from tests.records import SECRET, SECRET_SHA256, Record, make

A, B = "a" * 64, "b" * 64
HERE = {"latitude": 48.20824, "longitude": 16.37384, "accuracy": 12}
ITEMS = [
    {"key": "moment", "type": "moment", "ask": {"en": "How was it?"}},
    {"key": "timed", "type": "duration", "ask": {"en": "How long?"}, "measures": "waited"},
    {"key": "shown", "type": "photo", "ask": {"en": "The front?"}, "measures": "receipt_photo"},
    {"key": "here", "type": "place", "ask": {"en": "Where?"}, "measures": "position"},
]
ANSWERS = {"moment": "better", "timed": 200, "shown": [A, B], "here": HERE}
WHO = "person-1"


def listed(*digests: str, question: str = "shown") -> list[dict[str, object]]:
    return [
        {"sha256": digest, "question": question, "type": "image/jpeg", "bytes": 9}
        for digest in digests
    ]


class Field:
    """An installation whose counter code leads to a form of every such type."""

    def __init__(self, installation: Installation, review: str = "none") -> None:
        self.db = installation.database()
        self.files = installation.files
        newest = publishing.newest(self.db, "counter")
        assert newest is not None
        sections = [{"title": {"en": "All"}, "items": ITEMS}]
        document = {**newest.document, "review": review, "sections": sections}
        form = Instrument.from_document(document)
        publishing.publish(self.db, form, NOW)
        self.form = form.form
        self._intake = Intake(GroupCommit(installation.new_database).run)

    def make(self, **members: Any) -> Record:
        answers = members.pop("answers", ANSWERS)
        files = listed(A, B)
        return make(
            self.form, **{"answers": answers, "asked": [*answers], "files": files} | members
        )

    def send(self, *records: Record) -> Sequence[Receipt]:
        return self._intake.receive(records, received=NOW)

    def row(self, record: Record) -> Submission:
        found = submissions.find(self.db, "vienna-1", record["id"])
        assert found is not None
        return found

    def mend(self, record: Record, **answers: Any) -> list[Any]:
        return holding.mend(
            self.db, "vienna-1", record["id"], WHO, NOW, answers=answers, reason="rang them up"
        )

    def accept(self, record: Record) -> None:
        holding.accept(self.db, "vienna-1", record["id"], WHO, NOW)


@pytest.fixture
def field(chain: Installation) -> Field:
    return Field(chain)


def test_what_fits_counts_and_adds_its_ticks_alone_to_the_tallies(field: Field) -> None:
    one = field.make()
    (receipt,) = field.send(one)
    assert (receipt.status, receipt.problems) == ("accepted", ())
    assert receipt.missing_files == (A, B)
    assert field.row(one).status == "counted"
    assert {facet for facet, _ in field.row(one).mark_pairs} == {
        *("submission", "moment", "touchpoint_moment:queue"),
    }
    assert rebuild(field.db) == []


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({"timed": 3.5}, "/answers/timed"),
        ({"timed": -1}, "/answers/timed"),
        ({"timed": "3:20"}, "/answers/timed"),
        ({"shown": A}, "/answers/shown"),
        ({"shown": [A, A]}, "/answers/shown"),
        ({"shown": ["A" * 64]}, "/answers/shown"),
        ({"shown": [B, "c" * 64]}, "/answers/shown/1"),
        ({"here": {**HERE, "latitude": 91}}, "/answers/here"),
        ({"here": {**HERE, "altitude": 170}}, "/answers/here"),
        ({"here": [48.2, 16.4, 12]}, "/answers/here"),
    ],
)
def test_what_does_not_fit_is_held_until_a_person_takes_it_away(
    field: Field, answer: dict[str, Any], path: str
) -> None:
    one = field.make(answers={**ANSWERS, **answer})
    (receipt,) = field.send(one)
    assert receipt.status == "held"
    assert [(p.code, p.path) for p in receipt.problems] == [("does_not_fit", path)]
    assert rebuild(field.db) == []
    with pytest.raises(MisfitError):
        field.accept(one)
    (key,) = answer
    assert field.mend(one, **{key: None}) == []
    assert rebuild(field.db) == []
    field.accept(one)
    assert field.row(one).status == "counted"
    assert rebuild(field.db) == []


def test_a_pending_report_keeps_its_photos_when_it_is_accepted(chain: Installation) -> None:
    field = Field(chain, review="after-72h")
    one = field.make()
    field.send(one)
    assert field.row(one).status == "pending"
    assert rebuild(field.db) == []
    field.accept(one)
    assert field.row(one).sent["answers"]["shown"] == [A, B]
    assert rebuild(field.db) == []


@pytest.mark.parametrize("first_fits", [True, False])
def test_the_photos_of_other_content_are_among_its_own_files(
    field: Field, first_fits: bool
) -> None:
    first = field.make(answers={**ANSWERS, "shown": [A] if first_fits else [B]}, files=listed(A))
    other = {**first, "answers": {**ANSWERS, "shown": [B], "moment": "worse"}, "files": listed(B)}
    field.send(first)
    (receipt,) = field.send(other)
    assert receipt.status == "held"
    assert receipt.digest is not None
    assert rebuild(field.db) == []
    holding.accept_content(field.db, "vienna-1", first["id"], receipt.digest, WHO, NOW)
    assert rebuild(field.db) == []
    if not first_fits:
        field.accept(first)
    assert field.row(first).status == "counted"
    assert ("moment", "worse") in field.row(first).mark_pairs
    assert rebuild(field.db) == []


def test_erasing_takes_the_place_and_the_photos_and_leaves_the_time(field: Field) -> None:
    one = field.make(secret_sha256=SECRET_SHA256)
    field.send(one)
    assert erase(field.db, field.files, one["id"], SECRET, NOW)
    row = field.row(one)
    assert row.sent["answers"] == {"moment": "better", "timed": 200}
    assert "files" not in row.sent
    for taken in (A, B, "48.2", "16.37"):
        assert taken not in json.dumps([*field.db.rows("SELECT * FROM submissions")])
    assert row.status == "counted"
    assert rebuild(field.db) == []


# --- the plain form ---------------------------------------------------------------------------


def post(client: FlaskClient, **fields: Any) -> str:
    answer = client.post(f"/q/{CODES['vienna-1']}", data=fields, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def only(field: Field) -> Submission:
    (found,) = submissions.of_site(field.db, "vienna-1")
    return found


def test_a_plain_form_takes_a_time_and_a_place(field: Field, client: FlaskClient) -> None:
    page = client.get(f"/q/{CODES['vienna-1']}").text
    assert 'enctype="multipart/form-data"' in page
    assert "<script" not in page, "form.js cannot read these questions"
    post(client, timed="3:20", here="48.2082, 16.3738, 25", shown=(io.BytesIO(), ""))
    one = only(field)
    assert (one.status, one.problem_list) == ("counted", [])
    assert one.sent["answers"] == {
        "timed": 200,
        "here": {"latitude": 48.2082, "longitude": 16.3738, "accuracy": 25.0},
    }


@pytest.mark.parametrize(("name", "typed"), [("timed", "soon"), ("here", "the corner")])
def test_what_cannot_be_read_is_kept_for_a_person(
    field: Field, client: FlaskClient, name: str, typed: str
) -> None:
    assert "needs a second look" in post(client, **{name: typed})
    one = only(field)
    assert (one.status, one.sent["answers"]) == ("held", {name: typed})


def test_a_photo_in_a_plain_form_is_never_passed_over_in_silence(
    field: Field, client: FlaskClient
) -> None:
    assert "needs a second look" in post(client, shown=(io.BytesIO(b"jpeg"), "front.jpg"))
    assert only(field).sent["answers"] == {"shown": ["front.jpg"]}


def test_the_script_goes_with_every_other_form(chain: Installation, client: FlaskClient) -> None:
    assert "form.js" in client.get(f"/q/{CODES['vienna-1']}").text
