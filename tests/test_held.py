"""The desk's pages about what is held: the list, each one with its decisions, all of a kind."""

from __future__ import annotations

import html
import random
import re
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import holding_bulk, holding_list, publishing
from surveys.erasure import erase
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.rebuild import rebuild
from surveys.store import held, submissions
from surveys.store.database import Database
from surveys.store.submissions import Submission
from surveys.web.desk import held_choice
from tests.conftest import CODES, NOW, WITHDRAWN, Clock
from tests.desk_people import HTML, enrol, form_token, signed_in, submit
from tests.records import SECRET, SECRET_SHA256

MISFIT = {"moment": "worse", "welcome": 9, "comment": "the queue"}


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def reviewer(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "reviewer"))


@pytest.fixture
def manager(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))


def text_of(answer: TestResponse) -> str:
    """A page's words, without its tags."""
    plain = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", plain))


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address, headers=HTML)
    assert answer.status_code == 200, answer.text
    return text_of(answer)


def post(client: FlaskClient, address: str, data: dict[str, Any]) -> TestResponse:
    """Fill in a form: with its token, and as a browser that follows nothing."""
    token = form_token(client.get("/account", headers=HTML))
    return client.post(address, data={"csrf": token, **data}, headers=HTML)


def told(client: FlaskClient, answer: TestResponse) -> str:
    """What the page says to which a post leads."""
    assert answer.status_code == 303, answer.text
    assert answer.location is not None
    return page(client, answer.location)


def hidden_of(answer: TestResponse) -> dict[str, str]:
    """The hidden fields of a page's last form."""
    last = answer.text.rpartition("<form")[2]
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', last)
    }


def at(submission_id: str, act: str = "", site_id: str = "vienna-1") -> str:
    return f"/desk/held/{site_id}/{submission_id}" + (f"/{act}" if act else "")


def row(db: Database, submission_id: str, site_id: str = "vienna-1") -> Submission:
    found = submissions.find(db, site_id, submission_id)
    assert found is not None
    return found


def tallies(db: Database) -> Counter[tuple[str, str]]:
    rows = db.rows("SELECT facet, level, SUM(n) AS n FROM tallies GROUP BY facet, level")
    return Counter({(r["facet"], r["level"]): r["n"] for r in rows})


def unknown_form(db: Database, client: FlaskClient, **more: Any) -> str:
    form = "counter@000000000000"
    return submit(client, db, "vienna-1", {"welcome": 7}, expected="held", form=form, **more)


def late(db: Database, client: FlaskClient, finished: str, **more: Any) -> str:
    """Something under the withdrawn code, which was withdrawn on 21 November at 9:00."""
    answers = more.pop("answers", {"welcome": 6})
    return submit(
        *(client, db, "vienna-1", answers),
        expected="held",
        token=WITHDRAWN,
        finished_at=finished,
        **more,
    )


BEFORE, AFTER = "2026-11-21T08:59:00+00:00", "2026-11-21T09:01:00+00:00"


# --- the list ---------------------------------------------------------------------------------


def test_without_anything_held_the_list_says_what_would_be(reviewer: FlaskClient) -> None:
    assert "Nothing is held" in page(reviewer, "/desk/held")


def test_the_list_counts_each_kind_and_says_what_is_wrong(
    db: Database, reviewer: FlaskClient
) -> None:
    submit(reviewer, db, "vienna-1", MISFIT, expected="held")
    submit(reviewer, db, "lisbon-1", MISFIT, expected="held")
    unknown_form(db, reviewer)
    late(db, reviewer, BEFORE)
    text = page(reviewer, "/desk/held")
    for words in (
        "Answers that do not fit their form 2 0 Decide about all",
        "The version of the form is not known here 1 0",
        "Finished before their code was withdrawn 1 1",
        "expected is a whole number from 1 to 7, or that it did not come up.",
        "Its code had been withdrawn when it arrived.",
        "the poster was torn down",
    ):
        assert words in text, words
    assert "4 submissions are held" in page(reviewer, "/desk")
    assert "1 submission is held" in page(reviewer, "/desk?region=west")


def test_the_list_is_chosen_by_kind_region_and_site(db: Database, reviewer: FlaskClient) -> None:
    submit(reviewer, db, "vienna-1", MISFIT, expected="held")
    submit(reviewer, db, "lisbon-1", MISFIT, expected="held")
    unknown_form(db, reviewer)
    chosen = {
        "?kind=does_not_fit": ("Vienna, Graben ,", "Lisbon, Chiado ,"),
        "?kind=unknown_form": ("Vienna, Graben ,",),
        "?region=west": ("Lisbon, Chiado ,",),
        "?site=vienna-1&kind=does_not_fit": ("Vienna, Graben ,",),
        "?site=auckland-1": (),
    }
    for query, expected in chosen.items():
        text = page(reviewer, f"/desk/held{query}")
        found = tuple(re.findall(r"(?:Vienna, Graben|Lisbon, Chiado) ,", text))
        assert sorted(found) == sorted(expected), query
    for query in ("?kind=nothing", "?site=nowhere", "?region=north"):
        assert reviewer.get(f"/desk/held{query}").status_code == 404
    assert reviewer.get("/desk/held?after=x").status_code == 400


def test_the_oldest_comes_first_and_pages_leave_none_out(
    db: Database, reviewer: FlaskClient, clock: Clock
) -> None:
    sent = []
    for _ in range(103):
        clock.forward(seconds=1)
        sent.append(submit(reviewer, db, "vienna-1", MISFIT, expected="held"))
    seen: list[str] = []
    address = "/desk/held?kind=does_not_fit"
    for expected in (50, 50, 3):
        answer = reviewer.get(address, headers=HTML)
        found = re.findall(r'href="/desk/held/vienna-1/([0-9a-f-]{36})', answer.text)
        assert len(found) == expected
        seen += found
        further = re.search(r'href="([^"]+)#list">Further', answer.text)
        address = html.unescape(further[1]) if further else ""
    assert seen == sent
    assert address == ""


@pytest.mark.parametrize("site_id", ["vienna-1", "a|b", "a b", "|"])
def test_a_place_in_the_list_is_found_again_whatever_the_site_is_called(site_id: str) -> None:
    here = ("2026-11-22T09:00:00Z", site_id, "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77", "abc")
    assert held_choice.position(held_choice.written(here)) == here


# --- one of them ------------------------------------------------------------------------------


def test_one_is_shown_question_by_question_with_its_problems(
    db: Database, reviewer: FlaskClient
) -> None:
    answers = {**MISFIT, "nobody_asked": "x", "contact": "+43 1 000"}
    one = submit(reviewer, db, "vienna-1", answers, expected="held")
    text = page(reviewer, at(one))
    for words in (
        "Compared with what you expected, this was … worse",
        "What should we know? the queue",
        "The form has no question “nobody_asked”.",
        'nobody_asked "x" The form has no such question.',
        "“How were you greeted and seen off?”: the answer does not fit; expected is a whole number",
        "This does not fit; expected is a whole number from 1 to 7, or that it did not come up.",
        "It cannot count yet",
        "Finished 22 Nov 2026, 09:01 CET",
    ):
        assert words in text, words
    assert "+43 1 000" not in text
    assert CODES["vienna-1"] not in text  # of a visit or an invitation that would be a key


def test_it_is_accepted_and_leads_to_the_next(db: Database, reviewer: FlaskClient) -> None:
    one, two = late(db, reviewer, BEFORE), late(db, reviewer, BEFORE)
    answer = post(reviewer, f"{at(one, 'accept')}?kind=withdrawn_before", {"seen": 0})
    assert answer.location == f"{at(two)}?kind=withdrawn_before"
    assert "Accepted: it counts at Vienna, Graben, on 21 Nov 2026." in told(reviewer, answer)
    assert row(db, one).status == "counted"
    assert tallies(db)[("dimension:welcome", "6")] == 1
    answer = post(reviewer, f"{at(two, 'accept')}?kind=withdrawn_before", {"seen": 0})
    assert answer.location == "/desk/held?kind=withdrawn_before"
    assert "Nothing is held" in told(reviewer, answer)
    assert rebuild(db) == []


def test_what_does_not_fit_is_not_accepted_and_the_reason_stands_there_again(
    db: Database, reviewer: FlaskClient
) -> None:
    one = submit(reviewer, db, "vienna-1", MISFIT, expected="held")
    answer = post(reviewer, at(one, "accept"), {"seen": 0, "reason": "surely a seven"})
    assert answer.status_code == 422
    assert "It does not fit this version of the form" in text_of(answer)
    assert row(db, one).status == "held"


def test_mending_writes_only_what_was_changed(db: Database, reviewer: FlaskClient) -> None:
    answers = {**MISFIT, "nobody_asked": "x"}
    one = submit(reviewer, db, "vienna-1", answers, expected="held")
    fields = {
        "a.moment": "worse",
        "a.welcome": "6",
        "a.comment": "the queue",
        "a.waiting": "=",
        "seen": 0,
        "reason": "rang them up",
    }
    text = told(reviewer, post(reviewer, at(one, "mend"), fields))
    assert "Mended. 1 thing still does not fit." in text
    assert "6 of 7 mended; it came as: 9" in text
    (amendment,) = submissions.amendments(db, "vienna-1", one)
    assert (amendment.answers, amendment.reason) == ({"welcome": 6}, "rang them up")
    fields = {"a.nobody_asked": "drop", "a.comment": "", "seen": 1, "reason": "nobody asked"}
    text = told(reviewer, post(reviewer, at(one, "mend"), fields))
    assert "Mended. It fits now" in text
    assert submissions.amendments(db, "vienna-1", one)[1].answers == {
        "nobody_asked": None,
        "comment": None,
    }
    assert "Reviewer Müller mended answers of a submission at Vienna, Graben: rang them up" in text
    assert "Accepted" in told(reviewer, post(reviewer, at(one, "accept"), {"seen": 2}))
    assert tallies(db)[("dimension:welcome", "6")] == 1
    assert rebuild(db) == []


def test_a_mend_without_a_reason_keeps_what_was_typed(db: Database, reviewer: FlaskClient) -> None:
    one = submit(reviewer, db, "vienna-1", MISFIT, expected="held")
    fields = {"a.welcome": "3", "a.comment": "a long correction", "seen": 0, "reason": " "}
    answer = post(reviewer, at(one, "mend"), fields)
    assert answer.status_code == 422
    assert "Say why, in a few words" in text_of(answer)
    assert "a long correction" in answer.text
    assert '<option value="3" selected>' in answer.text
    assert submissions.amendments(db, "vienna-1", one) == []


def test_a_mend_that_changes_nothing_says_so(db: Database, reviewer: FlaskClient) -> None:
    one = submit(reviewer, db, "vienna-1", MISFIT, expected="held")
    fields = {"a.welcome": "=", "a.moment": "worse", "seen": 0, "reason": "no reason"}
    answer = post(reviewer, at(one, "mend"), fields)
    assert answer.status_code == 422
    assert "Nothing was changed" in text_of(answer)


EVERY_TYPE = (
    *({"key": key, "type": key} for key in ("moment", "yes_no", "text", "date", "time")),
    {"key": "datetime", "type": "datetime"},
    {"key": "integer", "type": "integer", "min": 0, "max": 10},
    {"key": "duration", "type": "duration", "max": 600},
    {"key": "number", "type": "number", "unit": "€"},
    *(
        {
            "key": key,
            "type": key,
            "choices": [{"key": one, "label": {"en": one.title()}} for one in ("red", "blue")],
        }
        for key in ("choice", "choices")
    ),
)


def test_every_type_of_question_has_a_field_that_mends_it(
    db: Database, reviewer: FlaskClient
) -> None:
    newest = publishing.newest(db, "counter")
    assert newest is not None
    items = [{**item, "ask": {"en": f"The {item['key']}?"}} for item in EVERY_TYPE]
    sections = [{"title": {"en": "All"}, "items": items}]
    form = Instrument.from_document({**newest.document, "sections": sections})
    publishing.publish(db, form, NOW)
    wrong = {item["key"]: {"no": "answer"} for item in EVERY_TYPE}
    one = submit(reviewer, db, "vienna-1", wrong, expected="held")
    fields: dict[str, Any] = {
        "a.moment": "better",
        "a.yes_no": "false",
        "a.text": "words\r\non two lines",
        "a.date": "2026-11-22",
        "a.time": "14:05",
        "a.datetime": "2026-11-22T14:05",
        "a.integer": "3",
        "a.duration": "3:20",
        "a.number": "2,5",
        "a.choice": "red",
        "a.choices": ["red", "blue"],
        "s.choices": "1",
    }
    shown = reviewer.get(at(one)).text
    for name in fields:
        assert f'name="{name}"' in shown, name
    answer = post(reviewer, at(one, "mend"), {**fields, "seen": 0, "reason": "rang them up"})
    text = told(reviewer, answer)
    assert "It fits now" in text
    assert "2.5 €" in text
    assert "3 min 20 s" in text
    assert "Red · Blue" in text
    assert submissions.amendments(db, "vienna-1", one)[0].answers == {
        "moment": "better",
        "yes_no": False,
        "text": "words\non two lines",
        "date": "2026-11-22",
        "time": "14:05",
        "datetime": "2026-11-22T14:05:00+01:00",
        "integer": 3,
        "duration": 200,
        "number": 2.5,
        "choice": "red",
        "choices": ["red", "blue"],
    }
    # what stands there now is no change
    again = {
        "seen": 1,
        "reason": "they were right",
        "a.duration": "3:20",
        "s.choices": "1",
        "a.yes_no": "",
    }
    told(reviewer, post(reviewer, at(one, "mend"), again))
    assert submissions.amendments(db, "vienna-1", one)[1].answers == {
        "choices": None,
        "yes_no": None,
    }


PHOTO = {"sha256": "a" * 64, "question": "front", "type": "image/jpeg", "bytes": 9}


def fieldwork(db: Database) -> None:
    """The counter's code leads to a form with photos, a place and a timer."""
    newest = publishing.newest(db, "counter")
    assert newest is not None
    items = [
        {"key": "front", "type": "photo", "ask": {"en": "The front?"}},
        {"key": "here", "type": "place", "ask": {"en": "Where?"}},
        {"key": "timed", "type": "duration", "max": 600, "ask": {"en": "How long?"}},
    ]
    sections = [{"title": {"en": "All"}, "items": items}]
    publishing.publish(db, Instrument.from_document({**newest.document, "sections": sections}), NOW)


def test_photos_and_places_are_told_in_words_and_only_taken_away(
    db: Database, reviewer: FlaskClient
) -> None:
    fieldwork(db)
    here = {"latitude": 48.20824, "longitude": 16.37384, "accuracy": 11.2}
    answers = {"front": ["a" * 64, "b" * 64], "here": here, "timed": 601}
    one = submit(reviewer, db, "vienna-1", answers, files=[PHOTO], expected="held")
    text = page(reviewer, at(one))
    assert "48.20824, 16.37384, accurate to 12 m" in text
    assert "2 photos" in text
    assert "expected is at most 3 photos, each in its list of files" in text
    assert "expected is minutes and seconds like 3:20, from 0:00 to 10:00" in text
    shown = reviewer.get(at(one)).text
    for key in ("front", "here"):
        assert re.search(rf'type="checkbox"[^>]* name="a.{key}"[^>]* value="drop"', shown), key
    forged = {"a.here": "1, 2, 3", "a.front": "c" * 64, "a.timed": "10:00"}
    answer = post(reviewer, at(one, "mend"), {**forged, "seen": 0, "reason": "they rang"})
    assert "It fits now" in told(reviewer, answer)
    assert submissions.amendments(db, "vienna-1", one)[0].answers == {
        "front": None,
        "here": None,
        "timed": 600,
    }
    text = page(reviewer, at(one))
    assert "10 min 0 s" in text
    assert "Take away the answer to “The front?”" not in text
    post(reviewer, at(one, "accept"), {"seen": 1})
    assert row(db, one).status == "counted"
    assert rebuild(db) == []


def test_a_file_of_no_photo_is_a_persons_to_weigh(db: Database, reviewer: FlaskClient) -> None:
    fieldwork(db)
    stray = {**PHOTO, "question": "here"}
    one = submit(reviewer, db, "vienna-1", {"timed": 5}, files=[stray], expected="held")
    text = page(reviewer, at(one))
    assert "Its list of files names one for a question that takes no photos." in text
    assert "Its answers fit the form as it is read below." in text
    post(reviewer, at(one, "accept"), {"seen": 0})
    assert row(db, one).status == "counted"
    assert rebuild(db) == []


def test_an_unknown_version_is_read_by_the_one_chosen(db: Database, reviewer: FlaskClient) -> None:
    one = unknown_form(db, reviewer)
    newest = publishing.newest(db, "counter")
    assert newest is not None
    longer = Instrument.from_document({**newest.document, "review": "required"})
    publishing.publish(db, longer, NOW)
    text = page(reviewer, at(one))
    assert f"{longer.form} · published 22 Nov 2026 · the newest · fits" in text
    assert f"read by {newest.form}" in page(reviewer, f"{at(one)}?form={newest.form}")
    never = post(reviewer, at(one, "accept"), {"seen": 0, "form": "counter@111111111111"})
    assert (never.status_code, row(db, one).status) == (400, "held")
    post(reviewer, at(one, "accept"), {"seen": 0, "form": newest.form})
    assert row(db, one).form_used == newest.form


def test_rejecting_needs_a_reason_and_counts_nowhere(db: Database, reviewer: FlaskClient) -> None:
    one = late(db, reviewer, AFTER)
    answer = post(reviewer, at(one, "reject"), {"seen": 0, "reason": ""})
    assert answer.status_code == 422
    assert "Say why" in text_of(answer)
    answer = post(reviewer, at(one, "reject"), {"seen": 0, "reason": "an old poster"})
    assert "Rejected: it is kept, and counts nowhere." in told(reviewer, answer)
    assert row(db, one).status == "rejected"
    assert not tallies(db)
    text = page(reviewer, at(one))
    assert "It is rejected now." in text
    assert "Reviewer Müller rejected a submission at Vienna, Graben: an old poster" in text
    assert "Save the correction" not in text


def test_the_second_of_two_people_learns_that_the_first_was_there(
    app: Flask, db: Database, reviewer: FlaskClient
) -> None:
    other = signed_in(app.test_client(), enrol(db, "owner"))
    one = late(db, reviewer, BEFORE)
    fields = {"a.welcome": "2", "seen": 0, "reason": "rang them up"}
    told(other, post(other, at(one, "mend"), fields))
    for act in ("accept", "reject", "mend"):
        answer = post(reviewer, at(one, act), {**fields, "a.welcome": "5"})
        assert "Somebody was here before you: it has been mended" in told(reviewer, answer)
    assert row(db, one).status == "held"
    told(other, post(other, at(one, "accept"), {"seen": 1}))
    answer = post(reviewer, at(one, "reject"), {"seen": 1, "reason": "late"})
    assert "Somebody was here before you: it is counted now." in told(reviewer, answer)
    assert tallies(db)[("dimension:welcome", "2")] == 1


def test_other_content_stands_beside_the_first_and_is_taken_or_left(
    db: Database, reviewer: FlaskClient
) -> None:
    ids = [str(uuid.uuid4()) for _ in range(2)]
    for one in ids:
        submit(reviewer, db, "vienna-1", {"welcome": 2, "comment": "slow"}, id=one)
        other = {"welcome": 6, "comment": "slow"}
        submit(reviewer, db, "vienna-1", other, id=one, expected="held")
    assert "The same id with other content 2" in page(reviewer, "/desk/held")
    decisions = ((ids[0], "other", "accepted", "6"), (ids[1], "first", "rejected", "2"))
    for one, take, status, level in decisions:
        (content,) = submissions.contents(db, "vienna-1", one)
        text = page(reviewer, at(one))
        assert "differs 2 of 7 6 of 7" in text
        assert "What should we know? slow slow" in text
        fields = {"digest": content.digest, "take": take, "seen": 0, "reason": "they rang"}
        post(reviewer, at(one, "other"), fields)
        assert submissions.contents(db, "vienna-1", one)[0].status == status
        assert tallies(db)[("dimension:welcome", level)] == 1
    assert "Nothing is held" in page(reviewer, "/desk/held")
    assert rebuild(db) == []


def test_what_was_sent_is_read_in_its_own_alphabet(db: Database, reviewer: FlaskClient) -> None:
    one = late(db, reviewer, BEFORE, answers={"welcome": 6, "comment": "شكرا <b>"})
    assert '"comment": "شكرا <b>"' in page(reviewer, at(one))
    assert "<b>" not in reviewer.get(at(one), headers=HTML).text


def test_a_phone_without_a_clock_keeps_nobody_from_deciding(
    db: Database, reviewer: FlaskClient
) -> None:
    dawn = {"finished_at": "0001-01-01T00:00:00+14:00"}
    one = submit(reviewer, db, "vienna-1", {"welcome": 2}, **dawn)
    submit(reviewer, db, "vienna-1", {"welcome": 7}, expected="held", id=one, **dawn)
    assert "Finished not said" in page(reviewer, at(one))


@pytest.mark.parametrize("until", ["yesterday", "0001-01-01T00:00:00+14:00"])
def test_all_until_a_moment_that_is_none(reviewer: FlaskClient, until: str) -> None:
    form = {"action": "accept", "reason": "late", "until": until}
    assert post(reviewer, "/desk/held/all?kind=does_not_fit", form).status_code == 400


def test_what_was_erased_can_still_be_decided(
    chain: Installation, db: Database, reviewer: FlaskClient
) -> None:
    one = late(
        db, reviewer, BEFORE, secret_sha256=SECRET_SHA256, answers={"welcome": 6, "comment": "Ha"}
    )
    assert erase(db, chain.files, one, SECRET, NOW)
    text = page(reviewer, at(one))
    assert "erased at the sender’s wish" in text
    assert "Save the correction" not in text
    told(reviewer, post(reviewer, at(one, "accept"), {"seen": 0}))
    assert tallies(db)[("dimension:welcome", "6")] == 1
    assert rebuild(db) == []


# --- who may ----------------------------------------------------------------------------------


def test_managers_see_what_is_held_and_cannot_change_it(
    db: Database, reviewer: FlaskClient, manager: FlaskClient
) -> None:
    ours = submit(reviewer, db, "vienna-1", MISFIT, expected="held")
    theirs = submit(reviewer, db, "lisbon-1", MISFIT, expected="held")
    for address in ("/desk/held", at(ours)):
        text = manager.get(address, headers=HTML).text
        assert "Vienna, Graben" in text
        assert "Lisbon" not in text
        assert text.count('method="post"') == 1  # to sign out
        assert "/desk/held/all" not in text
    assert manager.get(at(theirs, site_id="lisbon-1")).status_code == 404
    for act in ("accept", "mend", "reject", "other"):
        assert post(manager, at(ours, act), {"seen": 0, "reason": "x"}).status_code == 403
    assert post(manager, "/desk/held/all?kind=does_not_fit", {}).status_code == 403


def test_a_reviewer_of_another_region_decides_nothing_here(
    app: Flask, db: Database, reviewer: FlaskClient
) -> None:
    one = late(db, reviewer, BEFORE)
    west = signed_in(app.test_client(), enrol(db, "reviewer", regions=["west"]))
    for act in ("accept", "mend", "reject", "other"):
        answer = post(west, at(one, act), {"seen": 0, "reason": "x"})
        assert answer.status_code == 404
    post(west, "/desk/held/all?kind=withdrawn_before", bulk("reject", n=1))
    assert row(db, one).status == "held"


def test_a_manager_does_not_read_what_one_of_the_staff_answered(
    db: Database, reviewer: FlaskClient, manager: FlaskClient
) -> None:
    """One answer among few gives its sender away."""
    with db.transaction():
        db.execute("UPDATE tokens SET source = 'staff' WHERE token = :t", {"t": CODES["vienna-1"]})
    one = submit(reviewer, db, "vienna-1", MISFIT, expected="held")
    text = page(manager, at(one))
    assert "is not shown one by one" in text
    assert "the queue" not in text
    assert "the queue" in page(reviewer, at(one))


# --- all of a kind ----------------------------------------------------------------------------


def bulk(action: str, *, n: int, reason: str = "all of them", **more: Any) -> dict[str, Any]:
    return {"action": action, "reason": reason, "n": n, "until": NOW.isoformat(), **more}


def test_late_finishes_of_a_withdrawn_code_are_of_two_kinds(
    db: Database, reviewer: FlaskClient
) -> None:
    """By the clock of the server: this phone's is two hours fast."""
    fast = late(db, reviewer, "2026-11-21T10:30:00+00:00")
    held_now = held.of_id(db, "vienna-1", fast)
    assert [one.kind for one in held_now] == ["withdrawn_after"]
    sent = {
        "id": str(uuid.uuid4()),
        "form": row(db, fast).form,
        "token": WITHDRAWN,
        "answers": {"welcome": 5},
        "finished_at": "2026-11-21T10:30:00+00:00",
    }
    body = {"sent_at": (NOW + timedelta(hours=2)).isoformat(), "submissions": [sent]}
    assert reviewer.post("/api/submissions", json=body).status_code == 200
    (one,) = held.of_id(db, "vienna-1", str(sent["id"]))
    assert (one.kind, one.finished_utc) == ("withdrawn_before", "2026-11-21T08:30:00.000000Z")


def test_all_late_finishes_from_before_the_withdrawal_are_accepted_at_once(
    db: Database, reviewer: FlaskClient
) -> None:
    fits = [late(db, reviewer, BEFORE) for _ in range(3)]
    misfit = late(db, reviewer, BEFORE, answers={"welcome": 9})
    after = late(db, reviewer, AFTER)
    listed = reviewer.get("/desk/held").text
    found = re.search(r'href="(/desk/held/all\?kind=withdrawn_before&amp;code=\w+)"', listed)
    assert found
    address = html.unescape(found[1])
    assert WITHDRAWN not in listed
    text = page(reviewer, address)
    assert "4 wait. 3 fit the form" in text
    assert "1 would not fit, and would stay." in text
    assert "the poster was torn down" in text
    answer = post(reviewer, address, bulk("accept", n=4))
    text = told(reviewer, answer)
    assert "3 were accepted." in text
    assert "1 does not fit and still waits" in text
    assert {row(db, one).status for one in fits} == {"counted"}
    assert {row(db, one).status for one in (misfit, after)} == {"held"}
    assert tallies(db)[("dimension:welcome", "6")] == 3
    assert rebuild(db) == []


def test_deciding_about_all_needs_a_reason(db: Database, reviewer: FlaskClient) -> None:
    one = late(db, reviewer, BEFORE)
    address = "/desk/held/all?kind=withdrawn_before"
    for action in ("accept", "reject"):
        answer = post(reviewer, address, bulk(action, n=1, reason=""))
        assert answer.status_code == 422
        assert "Say why" in text_of(answer)
    assert row(db, one).status == "held"
    for wrong in ({"action": "forget"}, {"until": "tomorrow"}):
        assert post(reviewer, address, {**bulk("reject", n=1), **wrong}).status_code == 400
    assert reviewer.get("/desk/held/all").status_code == 404


def test_all_of_an_unknown_version_are_read_by_the_one_chosen(
    db: Database, reviewer: FlaskClient
) -> None:
    sent = [unknown_form(db, reviewer) for _ in range(2)]
    address = "/desk/held/all?kind=unknown_form"
    newest = publishing.newest(db, "counter")
    assert newest is not None
    assert newest.form in page(reviewer, address)
    assert "2 do not fit and still wait" in told(
        reviewer, post(reviewer, address, bulk("accept", n=2))
    )
    post(reviewer, address, bulk("accept", n=2, form=newest.form))
    assert {row(db, one).status for one in sent} == {"counted"}
    assert rebuild(db) == []


def test_long_work_goes_on_step_by_step_and_spares_what_comes_meanwhile(
    db: Database, reviewer: FlaskClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding_bulk.step, "__kwdefaults__", {"most": 4, "pause": lambda s: None})
    for _ in range(10):
        late(db, reviewer, BEFORE)
    address = "/desk/held/all?kind=withdrawn_before"
    fields: dict[str, Any] = bulk("reject", n=10, reason="a test")
    clock.forward(seconds=5)
    newer = late(db, reviewer, BEFORE)
    for left in (6, 2):
        answer = post(reviewer, address, fields)
        assert answer.status_code == 200
        assert f"{10 - left} of 10 are decided, {left} are left." in text_of(answer)
        fields = hidden_of(answer)
    # Sent twice, as by a reload: what was decided stays so.
    again = post(reviewer, address, fields)
    assert "10 were rejected." in told(reviewer, again)
    assert row(db, newer).status == "held"
    rows = list(db.rows("SELECT action FROM audit WHERE action LIKE 'rejected%'"))
    assert Counter(line["action"] for line in rows) == {"rejected": 10, "rejected all": 1}
    assert "1 submission is held" in page(reviewer, "/desk")


def test_other_content_of_many_is_left_at_once(db: Database, reviewer: FlaskClient) -> None:
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for one in ids:
        submit(reviewer, db, "vienna-1", {"welcome": 2}, id=one)
        submit(reviewer, db, "vienna-1", {"welcome": 6}, id=one, expected="held")
    address = "/desk/held/all?kind=other_content"
    assert "Keep the first everywhere" in page(reviewer, address)
    told(reviewer, post(reviewer, address, bulk("reject", n=3)))
    assert tallies(db)[("dimension:welcome", "2")] == 3
    assert rebuild(db) == []


# --- whatever happens, in whatever order --------------------------------------------------------


class Storm:
    """Random acts of phones and people, over the pages and the API."""

    def __init__(self, chain: Installation, client: FlaskClient, seed: int) -> None:
        self.db, self.files, self.client = chain.database(), chain.files, client
        self.dice = random.Random(seed)
        self.sent: list[dict[str, Any]] = []

    def act(self) -> None:
        acts = [self.send] * 4 + [self.replay, self.erase, self.accept, self.mend, self.reject]
        self.dice.choice([*acts, self.other, self.all])()

    def send(self) -> None:
        newest = publishing.newest(self.db, "counter")
        assert newest is not None
        earlier = self.dice.choice(self.sent) if self.sent and self.dice.random() < 0.3 else None
        record = {
            "id": str(uuid.UUID(int=self.dice.getrandbits(128), version=4)),
            "form": self.dice.choice([newest.form, newest.form, "counter@000000000000"]),
            "token": self.dice.choice([CODES["vienna-1"], CODES["vienna-1"], WITHDRAWN]),
            "answers": {"welcome": self.dice.choice([1, 2, 6, 7, 9]), "moment": "worse"},
            "finished_at": self.dice.choice([BEFORE, AFTER]),
            "secret_sha256": SECRET_SHA256,
        }
        if earlier is not None:
            if self.dice.random() < 0.5:
                record["id"] = earlier["id"]
            else:
                record["replaces"], record["token"] = earlier["id"], earlier["token"]
        self.sent.append(record)
        self.post(record)

    def post(self, record: dict[str, Any]) -> None:
        body = {"sent_at": NOW.isoformat(), "submissions": [record]}
        assert self.client.post("/api/submissions", json=body).status_code == 200

    def replay(self) -> None:
        if self.sent:
            self.post(self.dice.choice(self.sent))

    def erase(self) -> None:
        if self.sent and self.dice.random() < 0.3:
            erase(self.db, self.files, self.dice.choice(self.sent)["id"], SECRET, NOW)

    def waiting(self) -> Sequence[held.Held]:
        return held.after(self.db, held.Wanted(), None, 1000)

    def decide(self, act: str, **fields: Any) -> None:
        found = self.waiting()
        if found:
            one = self.dice.choice(found)
            seen = len(submissions.amendments(self.db, one.site_id, one.submission_id))
            fields = {"seen": seen, "reason": "a storm", "digest": one.digest, **fields}
            answer = post(self.client, at(one.submission_id, act), fields)
            assert answer.status_code in (303, 422), answer.text

    def accept(self) -> None:
        newest = publishing.newest(self.db, "counter")
        assert newest is not None
        self.decide("accept", form=newest.form)

    def mend(self) -> None:
        self.decide("mend", **{"a.welcome": str(self.dice.choice([3, 4, 8]))})

    def reject(self) -> None:
        self.decide("reject")

    def other(self) -> None:
        self.decide("other", take=self.dice.choice(["other", "first"]))

    def all(self) -> None:
        if self.dice.random() < 0.5:
            kind = self.dice.choice(["withdrawn_before", "withdrawn_after", "does_not_fit"])
            action = self.dice.choice(["accept", "reject"])
            post(self.client, f"/desk/held/all?kind={kind}", bulk(action, n=5))


@pytest.mark.parametrize("seed", range(6))
def test_tallies_and_list_follow_whatever_phones_and_people_do(
    chain: Installation, db: Database, reviewer: FlaskClient, seed: int
) -> None:
    storm = Storm(chain, reviewer, seed)
    for _ in range(60):
        storm.act()
    assert rebuild(db) == []
    waits = {
        (r["site_id"], r["submission_id"], r["digest"])
        for table in ("submissions", "conflicting")
        for r in db.rows(
            f"SELECT site_id, submission_id, digest FROM {table} WHERE status = 'held'"
        )
    }
    assert waits == {(one.site_id, one.submission_id, one.digest) for one in storm.waiting()}


def test_rebuild_lists_anew_what_is_missing_and_forgets_what_waits_no_more(
    db: Database, reviewer: FlaskClient
) -> None:
    one = late(db, reviewer, BEFORE)
    two = submit(reviewer, db, "vienna-1", {"welcome": 2})
    submit(reviewer, db, "vienna-1", {"welcome": 3}, id=two, expected="held")
    before = held.after(db, held.Wanted(), None, 10)
    assert len(before) == 2
    with db.transaction():
        db.execute("DELETE FROM held")
        holding_list.enlist(db, row(db, two))
    assert len(rebuild(db)) == 3
    after = held.after(db, held.Wanted(), None, 10)
    assert {(o.submission_id, o.kind) for o in after} == {(o.submission_id, o.kind) for o in before}
    assert {o.submission_id for o in after} == {one, two}
    assert rebuild(db) == []


def test_an_installation_from_before_lists_what_waited_already(
    db: Database, reviewer: FlaskClient
) -> None:
    late(db, reviewer, BEFORE)
    late(db, reviewer, AFTER, answers={"welcome": 9})
    unknown_form(db, reviewer)
    two = submit(reviewer, db, "vienna-1", {"welcome": 2})
    submit(reviewer, db, "vienna-1", {"welcome": 3}, id=two, expected="held")
    submit(reviewer, db, "lisbon-1", MISFIT, expected="held")
    before = {(one.position, one.kind, one.fits) for one in held.after(db, held.Wanted(), None, 10)}
    with db.transaction():
        db.execute("DROP TABLE held")
        for index in ("at_utc_audit_id", "subject_at_utc_audit_id"):
            db.execute(f"DROP INDEX idx_audit_{index}")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm006_held'")
    assert db.migrate() == ["m006_held"]
    after = {(one.position, one.kind, one.fits) for one in held.after(db, held.Wanted(), None, 10)}
    assert after == before
    assert len(after) == 5
    assert rebuild(db) == []
