"""The desk's pages about reports that wait for a reviewer, and the shopper's page about theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import publishing, reviewing_hours
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.people import Person
from surveys.rebuild import rebuild
from surveys.store import reviews, submissions, tokens
from surveys.store.database import Database
from surveys.visits import Visit
from tests.conftest import NOW
from tests.desk_people import HTML, enrol, form_token, signed_in
from tests.field import (
    FACTS,
    accepted_visit,
    add_phone,
    add_shopper,
    phone,
    report_of,
    reviewed,
    send,
)
from tests.test_held import page, post, text_of, told

Send = Callable[..., str]


@pytest.fixture
def db(chain: Installation) -> Database:
    reviewed(chain)
    return chain.database()


@pytest.fixture
def reviewer(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "reviewer"))


@pytest.fixture
def visit(chain: Installation, ana: Person) -> Visit:
    return accepted_visit(chain, ana)


@pytest.fixture
def report(chain: Installation, db: Database, visit: Visit) -> Send:
    """Sends a report of a visit (of ``visit`` unless another is given); its id."""

    def send_one(of: Visit = visit, /, *, at: Any = NOW, **members: Any) -> str:
        assert of.token is not None
        record = report_of(chain, of.token, **members)
        assert send(chain, record, at=at)[0].status in ("accepted", "held")
        return str(record["id"])

    return send_one


def at(submission_id: str, act: str = "", site_id: str = "vienna-1") -> str:
    return f"/desk/review/{site_id}/{submission_id}" + (f"/{act}" if act else "")


def status(db: Database, submission_id: str) -> str:
    found = submissions.find(db, "vienna-1", submission_id)
    assert found is not None
    return found.status


def decide(client: FlaskClient, one: str, act: str, **fields: Any) -> TestResponse:
    return post(client, at(one), {"act": act, "seen": 0, **fields})


def phone_of(app: Flask, chain: Installation, person: Person) -> FlaskClient:
    return phone(app, add_phone(chain, person)[1])


def post_from(client: FlaskClient, visit: Visit, address: str, **fields: str) -> TestResponse:
    token = form_token(client.get("/visits/interests", headers=HTML))
    return client.post(f"/visits/{visit.visit_id}/{address}", data={"csrf": token, **fields})


# --- the list -----------------------------------------------------------------------------------


def test_without_any_report_the_list_says_what_would_be(reviewer: FlaskClient) -> None:
    assert "No report waits" in page(reviewer, "/desk/review")


def test_the_list_says_who_reported_and_when(reviewer: FlaskClient, report: Send) -> None:
    report()
    text = page(reviewer, "/desk/review")
    assert "Vienna, Graben , 22 Nov 2026 1 · Ana Mystery visit" in text
    assert "22 Nov 2026, 10:00 CET" in text


@pytest.mark.parametrize(
    ("waited", "said"),
    [
        ({"hours": 0}, "in 3 days"),
        ({"hours": 30}, "in 42 hours"),
        ({"hours": 71, "minutes": 30}, "in 30 minutes"),
        ({"hours": 73}, "within minutes"),  # the worker comes round every minute
    ],
)
def test_how_long_is_said_in_the_unit_that_tells_most(
    reviewer: FlaskClient, report: Send, waited: dict[str, float], said: str
) -> None:
    report(at=NOW - timedelta(**waited))
    assert said in page(reviewer, "/desk/review")


def test_the_appealed_stand_first_then_the_oldest(
    reviewer: FlaskClient, chain: Installation, app: Flask, ana: Person, visit: Visit, report: Send
) -> None:
    old, new = (accepted_visit(chain, ana) for _ in range(2))
    newest = report(new, at=NOW + timedelta(hours=2))
    oldest = report(old, at=NOW)
    rejected = report(at=NOW + timedelta(hours=1))
    decide(reviewer, rejected, "reject", words="No photo.")
    assert post_from(
        phone_of(app, chain, ana), visit, "appeal", words="I was there.", of=rejected
    ).status_code == 303  # fmt: skip
    found = reviewer.get("/desk/review").text
    places = [found.index(one) for one in (rejected, oldest, newest)]
    assert places == sorted(places)
    assert "appealed" in text_of(reviewer.get("/desk/review"))


def test_the_list_is_chosen_by_region_form_and_shopper(
    reviewer: FlaskClient, chain: Installation, db: Database, ana: Person, report: Send
) -> None:
    ben = add_shopper(chain, "ben")
    west = report(accepted_visit(chain, ben, site_id="lisbon-1"))
    east = report()
    for query, expected in {
        "": {east, west},
        "?region=west": {west},
        "?region=nowhere": set(),
        "?shopper=1": {east},
        "?shopper=2&region=west": {west},
        "?shopper=9": set(),
        "?instrument=visit": {east, west},
        "?instrument=counter": set(),
    }.items():
        answer = reviewer.get(f"/desk/review{query}")
        assert {one for one in (east, west) if one in answer.text} == expected, query
    assert reviewer.get("/desk/review?after=x").status_code == 400


def test_pages_of_the_list_leave_none_out(
    reviewer: FlaskClient,
    chain: Installation,
    ana: Person,
    report: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("surveys.reviewing_desk.A_PAGE", 2)
    sent = [
        report(accepted_visit(chain, ana), at=NOW + timedelta(minutes=number))
        for number in range(5)
    ]
    seen: list[str] = []
    address = "/desk/review"
    for _ in range(3):
        found = reviewer.get(address).text
        seen += [one for one in sent if one in found]
        link = found.partition('href="/desk/review?after=')[2].partition("#")[0]
        address = f"/desk/review?after={link}"
    assert seen == sent


def test_a_reviewer_of_a_region_finds_that_region_alone(
    app: Flask, db: Database, chain: Installation, ana: Person, report: Send
) -> None:
    client = signed_in(app.test_client(), enrol(db, "reviewer", regions=["west"]))
    west = report(accepted_visit(chain, ana, site_id="lisbon-1"))
    east = report()
    found = client.get("/desk/review").text
    assert (west in found, east in found) == (True, False)
    assert client.get(at(east)).status_code == 404
    assert post(client, at(east), {"act": "accept"}).status_code == 404
    assert client.get(at(west, site_id="lisbon-1")).status_code == 200


def test_a_manager_finds_neither_the_list_nor_who_reported(
    app: Flask, db: Database, chain: Installation, ana: Person, report: Send
) -> None:
    manager = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    owner = signed_in(app.test_client(), enrol(db, "owner"))
    one = report(answers={**FACTS, "comment": "An unread word."})
    held = report(accepted_visit(chain, ana), answers={**FACTS, "welcome": 9, "comment": "Unread."})
    for address in ("/desk/review", at(one)):
        assert manager.get(address).status_code == 403
    assert post(manager, at(one), {"act": "accept"}).status_code == 403
    fields = {"a.welcome": "2", "seen": 0, "reason": "Secret reviewer’s words."}
    assert post(owner, at(one, "mend"), fields).status_code == 303
    for submission_id in (one, held):
        text = page(manager, f"/desk/held/vienna-1/{submission_id}")
        for hidden in ("Unread", "unread", "Ana", "Secret", "Owner Müller"):
            assert hidden not in text, hidden


# --- one report ---------------------------------------------------------------------------------


def test_a_report_stands_beside_the_one_before(
    reviewer: FlaskClient, chain: Installation, ana: Person, report: Send, db: Database
) -> None:
    before = report(
        accepted_visit(chain, ana),
        answers={**FACTS, "welcome": 3, "waiting": 3, "greeted": True, "waited": 240},
        finished_at="2026-11-20T10:00:00+01:00",
    )
    decide(reviewer, before, "accept")
    one = report(answers={**FACTS, "greeted": False, "waited": 540}, language="fr")
    text = page(reviewer, at(one))
    for words in (
        "The one before was made here on 20 Nov 2026.",
        "6 of 7 3 of 7 now 3 levels up",
        "2 of 7 3 of 7",
        "Did somebody greet you before you spoke? Comment no yes now different",
        "9 min 0 s 4 min 0 s",
        "Visited 22 Nov 2026, 09:00 CET",
        "Finished 22 Nov 2026, 09:50 CET · 50 minutes after arriving",
        "Shopper 1 · Ana",
        "Was the shopper there? partly supported",
        "No code of the site was scanned or typed. neither",
        "The times fit together. for it",
        "It counts by itself in 3 days, unless you decide.",
    ):
        assert words in text, words
    assert "9 min 0 s 4 min 0 s now different" not in text
    assert "levels down" not in text  # one level is no difference


def test_the_first_of_a_site_has_none_beside_it(reviewer: FlaskClient, report: Send) -> None:
    assert "It is the first of this form from this site" in page(reviewer, at(report()))


def test_a_corrected_report_stands_beside_the_one_it_replaces(
    reviewer: FlaskClient, report: Send
) -> None:
    first = report(answers={**FACTS, "welcome": 1})
    decide(reviewer, first, "return", words="Why so low?", **{"q.welcome": "What was said?"})
    second = report(replaces=first)
    text = page(reviewer, at(second))
    assert "It replaces the report that is beside it first, which is returned now." in text
    assert "6 of 7 1 of 7 now 5 levels up" in text
    assert "Why so low?" in page(reviewer, at(first))
    assert "How were you greeted and seen off? What was said?" in page(reviewer, at(first))


def test_accepting_leads_to_the_next(
    reviewer: FlaskClient, chain: Installation, ana: Person, report: Send, db: Database
) -> None:
    one = report()
    two = report(accepted_visit(chain, ana), at=NOW + timedelta(minutes=1))
    answer = post(reviewer, f"{at(one)}?region=east", {"act": "accept", "seen": 0})
    assert answer.location == f"{at(two)}?region=east"
    assert "Accepted: it counts at Vienna, Graben, on 22 Nov 2026." in told(reviewer, answer)
    answer = decide(reviewer, two, "accept")
    assert answer.location == "/desk/review"
    assert "No report waits" in told(reviewer, answer)
    assert (status(db, one), status(db, two)) == ("counted", "counted")
    assert rebuild(db) == []


def test_returning_keeps_every_comment(reviewer: FlaskClient, report: Send, db: Database) -> None:
    one = report()
    answer = decide(
        reviewer,
        one,
        "return",
        words="Nearly.",
        **{"q.welcome": "What was said?", "q.waiting": "", "q.nothing_of_ours": "x"},
    )
    assert "Returned: the shopper reads your words" in told(reviewer, answer)
    (review,) = reviews.of(db, "vienna-1", one)
    assert (review.words, review.comments) == ("Nearly.", {"welcome": "What was said?"})


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("reject", {"words": " "}, "Say why it is rejected"),
        ("return", {"words": ""}, "Say what is missing"),
        ("return", {"words": "x" * 1001}, "at most 1,000 characters"),
        ("accept", {"words": "x" * 1001}, "at most 1,000 characters"),
    ],
)
def test_after_a_fault_all_that_was_typed_stands_again(
    reviewer: FlaskClient, report: Send, db: Database, act: str, fields: dict[str, str], said: str
) -> None:
    one = report()
    typed = {"q.welcome": " " if act == "return" and not fields["words"] else "A long comment."}
    answer = decide(reviewer, one, act, **fields, **typed)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert fields["words"].strip() in answer.text
    assert typed["q.welcome"].strip() in answer.text
    assert status(db, one) == "pending"


def test_an_act_that_is_none_is_refused(reviewer: FlaskClient, report: Send) -> None:
    one = report()
    assert decide(reviewer, one, "forget").status_code == 400
    assert reviewer.get(at("0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77")).status_code == 404
    assert reviewer.get(at(one, site_id="nowhere")).status_code == 404


def test_who_comes_second_is_told(
    app: Flask, reviewer: FlaskClient, report: Send, db: Database
) -> None:
    one = report()
    other = signed_in(app.test_client(), enrol(db, "reviewer"))
    decide(other, one, "return", words="Which till?")
    for act in ("accept", "reject", "return"):
        answer = decide(reviewer, one, act, words="Mine.")
        assert "Somebody was here before you: it is returned now." in told(reviewer, answer)
    assert status(db, one) == "returned"


def test_a_report_is_mended_while_it_waits(
    app: Flask, reviewer: FlaskClient, report: Send, db: Database
) -> None:
    one = report()
    fields = {"a.welcome": "2", "seen": 0, "reason": "The words say so."}
    assert "Your correction stands beside the report" in told(
        reviewer, post(reviewer, at(one, "mend"), fields)
    )
    again = post(reviewer, at(one, "mend"), {"a.welcome": "3", "seen": 1, "reason": ""})
    assert again.status_code == 422
    assert "Say why, in a few words" in text_of(again)
    nothing = post(reviewer, at(one, "mend"), {"a.welcome": "2", "seen": 1, "reason": "x"})
    assert "Nothing was changed" in text_of(nothing)
    stale = decide(reviewer, one, "accept")
    assert "it has been mended since you opened it" in told(reviewer, stale)
    assert "2 of 7 mended; it came as: 6" in page(reviewer, at(one))
    told(reviewer, decide(reviewer, one, "accept", seen=1))
    (row,) = db.rows("SELECT level FROM tallies WHERE facet = 'dimension:welcome'"
                     " AND level <> 'asked' AND n > 0")  # fmt: skip
    assert row["level"] == "2"
    assert rebuild(db) == []


def test_what_does_not_fit_as_it_was_mended_cannot_be_accepted(
    reviewer: FlaskClient, report: Send, db: Database
) -> None:
    one = report()
    fields = {"a.settled": "", "seen": 0, "reason": "A slip."}
    told(reviewer, post(reviewer, at(one, "mend"), fields))
    assert "cannot count so" in page(reviewer, at(one))
    answer = decide(reviewer, one, "accept", seen=1)
    assert answer.status_code == 422
    assert "It does not fit its form as it stands" in text_of(answer)
    assert "no: it does not fit its form" in page(reviewer, "/desk/review")


def test_a_held_report_leads_to_where_that_is_decided(reviewer: FlaskClient, report: Send) -> None:
    one = report(answers={**FACTS, "welcome": 9})
    assert "Decide about it there" in page(reviewer, at(one))
    assert "it is held now" in told(reviewer, decide(reviewer, one, "return", words="x"))


def test_what_came_under_a_poster_is_reviewed_too(
    reviewer: FlaskClient, chain: Installation, db: Database
) -> None:
    newest = publishing.newest(db, "counter")
    assert newest is not None
    form = Instrument.from_document(
        {**newest.document, "instrument": "kiosk", "review": "required"}
    )
    publishing.publish(db, form, NOW)
    with db.transaction():
        tokens.create(db, "kiosk-code", kind="code", site_id="vienna-1", instrument="kiosk",
                      source="customer", touchpoint=None, at=NOW)  # fmt: skip
    record = report_of(chain, "kiosk-code", form=form.form, answers={"welcome": 5})
    assert send(chain, record)[0].status == "accepted"
    assert "no: it waits for you" in page(reviewer, "/desk/review")
    assert "Accepted" in told(reviewer, decide(reviewer, record["id"], "accept"))


def test_the_first_page_says_how_many_wait_to_those_who_read_them(
    app: Flask, db: Database, reviewer: FlaskClient, report: Send
) -> None:
    manager = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    assert "wait for a reviewer" not in page(reviewer, "/desk")
    report()
    assert "1 report waits for a reviewer." in page(reviewer, "/desk")
    assert "for a reviewer" not in page(reviewer, "/desk?region=west")
    assert "for a reviewer" not in page(manager, "/desk")


def test_a_second_report_of_a_visit_leads_to_the_first(
    reviewer: FlaskClient, report: Send, db: Database
) -> None:
    one, two = report(), report()
    decide(reviewer, one, "accept")
    assert at(one) in reviewer.get(at(two)).text
    answer = decide(reviewer, two, "accept")
    assert answer.status_code == 422
    assert "Another report of this visit counts already" in text_of(answer)
    assert status(db, two) == "pending"


def test_photos_are_shown_once_they_are_here(
    app: Flask,
    chain: Installation,
    ana: Person,
    visit: Visit,
    reviewer: FlaskClient,
    report: Send,
    db: Database,
) -> None:
    photo = "ab" * 32
    one = report(
        answers={**FACTS, "paid": True, "photo_receipt": [photo]},
        files=[{"sha256": photo, "question": "photo_receipt", "type": "image/jpeg", "bytes": 1}],
    )
    client = phone_of(app, chain, ana)
    mine = f"/visits/{visit.visit_id}/report"
    for text in (page(reviewer, at(one)), page(client, mine)):
        assert "Photo 1 has not arrived yet." in text
    with db.transaction():
        db.execute(
            "INSERT INTO files (site_id, submission_id, sha256, type, bytes, width, height,"
            " received_utc) VALUES ('vienna-1', :id, :sha, 'image/jpeg', 1, 1, 1, '')",
            {"id": one, "sha": photo},
        )
    assert f'src="/desk/files/vienna-1/{one}/{photo}"' in reviewer.get(at(one)).text
    assert f'src="/visits/{visit.visit_id}/files/{photo}"' in client.get(mine).text
    assert "There is a photo of the receipt" in page(reviewer, at(one))


# --- appeals, and the shopper's page ------------------------------------------------------------


def test_a_shopper_reads_what_became_of_a_report_and_appeals(
    app: Flask,
    reviewer: FlaskClient,
    chain: Installation,
    db: Database,
    ana: Person,
    visit: Visit,
    report: Send,
) -> None:
    client = phone_of(app, chain, ana)
    address = f"/visits/{visit.visit_id}/report"
    assert client.get(address).status_code == 404
    one = report()
    text = page(client, address)
    assert "It has arrived and waits for a reviewer." in text
    assert "How were you greeted and seen off? 6 of 7" in text
    assert "Appeal" not in text
    decide(reviewer, one, "reject", words="No photo of the receipt.")
    text = page(client, address)
    for words in (
        "It was rejected and counts nowhere.",
        "The reviewer: No photo of the receipt.",
        "You can ask once, until 22 Dec 2026, 10:00 CET",
    ):
        assert words in text, words
    assert "Müller" not in text
    empty = post_from(client, visit, "appeal", of=one, words=" ")
    assert (empty.status_code, "Say why it should count" in text_of(empty)) == (422, True)
    sent = post_from(client, visit, "appeal", of=one, words="There was none to be had.")
    assert sent.status_code == 303
    assert sent.location == f"{address}?of={one}"
    text = page(client, sent.location)
    assert "You have appealed: somebody reads it again." in text
    assert "You can ask once" not in text
    again = post_from(client, visit, "appeal", of=one, words="And again.")
    assert (again.status_code, "can be appealed once" in text_of(again)) == (422, True)

    other = signed_in(app.test_client(), enrol(db, "reviewer"))
    text = page(reviewer, at(one))
    assert "Ana appealed." in text
    assert "There was none to be had." in text
    assert "somebody else decides about the appeal" in text
    mine = decide(reviewer, one, "accept-appeal", words="")
    assert (mine.status_code, status(db, one)) == (422, "rejected")
    silent = decide(other, one, "uphold", words="")
    assert "Say why it stays rejected" in text_of(silent)
    assert "It stays rejected, for good." in told(
        other, decide(other, one, "uphold", words="Others have one.")
    )
    text = page(client, address)
    assert "It was read again after your appeal, and stays so." in text
    assert "The reviewer: Others have one." in text


def test_an_appeal_is_accepted_after_all(
    app: Flask, reviewer: FlaskClient, chain: Installation, db: Database, ana: Person,
    visit: Visit, report: Send,
) -> None:  # fmt: skip
    one = report()
    decide(reviewer, one, "reject", words="No.")
    post_from(phone_of(app, chain, ana), visit, "appeal", of=one, words="Yes.")
    assert "there is nobody else who could decide" in page(reviewer, at(one))
    assert "Accepted" in told(reviewer, decide(reviewer, one, "accept-appeal", words=""))
    assert status(db, one) == "counted"
    assert rebuild(db) == []


def test_a_returned_report_is_read_with_each_comment(
    app: Flask, reviewer: FlaskClient, chain: Installation, ana: Person, visit: Visit, report: Send
) -> None:
    one = report()
    decide(reviewer, one, "return", words="Nearly.", **{"q.welcome": "What was <said>?"})
    client = phone_of(app, chain, ana)
    text = page(client, f"/visits/{visit.visit_id}/report")
    assert "It was returned to you" in text
    assert "6 of 7 The reviewer: What was <said>?" in text
    two = report(replaces=one)
    text = page(client, f"/visits/{visit.visit_id}/report")
    assert "waits for a reviewer" in text
    assert "Your other reports of this visit" in text
    decide(reviewer, two, "accept")
    text = page(client, f"/visits/{visit.visit_id}/report?of={one}")
    assert "A newer report of yours has taken its place." in text


def test_another_shoppers_report_is_not_found(
    app: Flask, chain: Installation, reviewer: FlaskClient, visit: Visit, report: Send
) -> None:
    one = report()
    decide(reviewer, one, "reject", words="No.")
    ben = add_shopper(chain, "ben")
    client = phone_of(app, chain, ben)
    own = accepted_visit(chain, ben)
    assert client.get(f"/visits/{visit.visit_id}/report").status_code == 404
    assert client.get(f"/visits/{own.visit_id}/report?of={one}").status_code == 404
    assert post_from(client, visit, "appeal", of=one, words="Mine!").status_code == 404
    assert post_from(client, own, "appeal", of=one, words="Mine!").status_code == 404


def test_what_counted_by_itself_says_so(reviewer: FlaskClient, report: Send, db: Database) -> None:
    one = report()
    reviewing_hours.accept_due(db, NOW + timedelta(hours=72))
    assert "It counts by itself, since its hours had passed." in page(reviewer, at(one))
    late = decide(reviewer, one, "reject", words="Too late.")
    assert "it is counted now" in told(reviewer, late)
