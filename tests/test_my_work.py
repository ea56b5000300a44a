"""A shopper's own pages: what to do, accept or decline, places they know, what they are owed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import interests, pay, visits
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import interests as interests_store
from surveys.store import visits as store
from surveys.store.database import Database
from surveys.visits import Visit
from tests.conftest import CHAIN, NOW
from tests.desk_people import form_token
from tests.field import (
    accepted_visit,
    add_visit,
    counted_visit,
    report_of,
    send,
)


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def post(client: FlaskClient, address: str, **fields: Any) -> TestResponse:
    token = form_token(client.get("/visits/interests"))
    return client.post(address, data={"csrf": token, **fields}, follow_redirects=True)


def section(page: str, name: str) -> str:
    return page.partition(f'<section aria-labelledby="{name}">')[2].partition("</section>")[0]


# --- the list ---------------------------------------------------------------------------------


def test_the_home_groups_what_is_to_do(hers: FlaskClient, chain: Installation, ana: Person) -> None:
    late = accepted_visit(chain, ana, due=date(2026, 11, 22), not_before=date(2026, 11, 1))
    chain.database().execute(
        "UPDATE visits SET due = '2026-11-21' WHERE visit_id = :v", {"v": late.visit_id}
    )
    accepted_visit(chain, ana, site_id="vienna-2", due=date(2026, 11, 22))
    accepted_visit(chain, ana, site_id="lisbon-1", not_before=date(2026, 11, 25))
    add_visit(chain, [ana], site_id="auckland-1", fee="25", expenses="10", currency="EUR")

    page = hers.get("/visits").text

    now = section(page, "now")
    assert "Late: it was due on 21 Nov 2026." in now
    assert "Today is the last day." in now
    assert f'data-visit="{late.visit_id}"' in now
    assert now.count('<p class="tick"></p>') == 2
    assert "Lisbon, Chiado" in section(page, "coming")
    offered = section(page, "offered")
    assert "Fee 25 EUR." in offered
    assert "Expenses up to 10 EUR." in offered


def test_what_was_delivered_is_told_in_plain_words(
    hers: FlaskClient, chain: Installation, ana: Person
) -> None:
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    sent = report_of(chain, visit.token)
    send(chain, sent)
    for status, said in (
        ("pending", "A reviewer reads it next."),
        ("held", "needs a person’s eye first."),
        ("counted", "Your report is accepted. Thank you."),
        ("rejected", "Your report was not accepted."),
    ):
        chain.database().execute("UPDATE submissions SET status = :s", {"s": status})
        assert said in section(hers.get("/visits").text, "delivered")
    chain.database().execute("UPDATE submissions SET status = 'returned'")
    assert "Your report came back to you." in section(hers.get("/visits").text, "now")


def test_an_offer_is_accepted(hers: FlaskClient, chain: Installation, ana: Person) -> None:
    visit = add_visit(chain, [ana])
    answer = post(hers, f"/visits/{visit.visit_id}/accept")
    assert "The visit is yours." in answer.text
    (mine,) = visits.of_shopper(chain.database(), ana.person_id)
    assert mine.visit.visit_id == visit.visit_id


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"why": "far"}, "far"),
        ({"why": "far", "reason": " The  bus was cut. "}, "The bus was cut."),
        ({"why": "nonsense"}, ""),
        ({}, ""),
    ],
)
def test_an_offer_is_declined_with_a_reason_chosen_or_written(
    hers: FlaskClient, chain: Installation, ana: Person, fields: dict[str, str], kept: str
) -> None:
    visit = add_visit(chain, [ana])
    answer = post(hers, f"/visits/{visit.visit_id}/decline", **fields)
    assert "You have declined the visit." in answer.text
    (offer,) = store.offers(chain.database(), visit)
    assert (offer.status, offer.reason) == ("declined", kept)


def test_who_is_known_there_is_led_to_say_so(
    hers: FlaskClient, chain: Installation, ana: Person
) -> None:
    visit = add_visit(chain, [ana])
    page = post(hers, f"/visits/{visit.visit_id}/decline", why="known").text
    assert 'value="Vienna, Graben"' in page


def test_an_offer_that_is_gone_is_told_kindly(
    hers: FlaskClient, chain: Installation, ana: Person, ben: Person, db: Database
) -> None:
    visit = add_visit(chain, [ana, ben])
    visits.accept(db, NOW, visit, ben.person_id)
    assert post(hers, f"/visits/{visit.visit_id}/accept").status_code == 404


def test_somebody_elses_offer_cannot_be_answered(
    hers: FlaskClient, chain: Installation, ben: Person, db: Database
) -> None:
    visit = add_visit(chain, [ben])
    for act in ("accept", "decline"):
        assert post(hers, f"/visits/{visit.visit_id}/{act}").status_code == 404
    (offer,) = store.offers(db, visit)
    assert offer.status == "open"


# --- places they know -------------------------------------------------------------------------


def test_an_interest_takes_open_offers_there_back(
    hers: FlaskClient, chain: Installation, ana: Person, db: Database
) -> None:
    there = add_visit(chain, [ana])
    elsewhere = add_visit(chain, [ana], site_id="lisbon-1")
    page = post(hers, "/visits/interests", site="vienna, graben", reason="I work there.").text
    assert "1 offer there is taken back." in page
    assert "I work there." in page
    assert [found.visit.visit_id for found in visits.offered_to(db, ana.person_id)] == [
        elsewhere.visit_id
    ]
    (offer,) = store.offers(db, there)
    assert offer.status == "withdrawn"


def test_of_an_accepted_visit_there_the_owner_is_told(
    hers: FlaskClient, chain: Installation, ana: Person
) -> None:
    accepted_visit(chain, ana)
    page = post(hers, "/visits/interests", site="vienna-1", reason="I began to work there.").text
    assert "Its owner is told" in page


@pytest.mark.parametrize(
    ("typed", "reason", "said"),
    [
        ("", "I work there.", "Choose the place, or type its name."),
        ("Atlantis", "I work there.", "There is no place called “Atlantis”."),
        ("Vienna", "I work there.", "Several places are called like that: Vienna, Graben, Vienna"),
        ("Chiado", "  ", "Say in a few words why"),
    ],
)
def test_an_interest_that_cannot_be_taken_is_explained(
    hers: FlaskClient, ana: Person, db: Database, typed: str, reason: str, said: str
) -> None:
    answer = post(hers, "/visits/interests", site=typed, reason=reason)
    assert answer.status_code == 422
    assert said in answer.text
    assert interests_store.of_person(db, ana.person_id) == []


def test_an_interest_is_taken_back_and_declared_again(
    hers: FlaskClient, ana: Person, ben: Person, db: Database
) -> None:
    interests.declare(db, NOW, ben.person_id, CHAIN[0], "Mine")
    post(hers, "/visits/interests", site="vienna-1", reason="I work there.")
    assert "Taken back." in post(hers, "/visits/interests/take-back", site="vienna-1").text
    assert interests_store.of_person(db, ana.person_id) == []
    assert "no such interest" in post(hers, "/visits/interests/take-back", site="vienna-1").text
    assert len(interests_store.of_person(db, ben.person_id)) == 1, "nobody else's is touched"
    post(hers, "/visits/interests", site="vienna-1", reason="Again.")
    assert [one.reason for one in interests_store.of_person(db, ana.person_id)] == ["Again."]


# --- what they are owed -----------------------------------------------------------------------


def owed(db: Database, visit: Visit) -> pay.Pay | None:
    found = store.find(db, visit.site_id, visit.visit_id)
    assert found is not None
    return pay.of(db, visits.seen(db, found))


@pytest.mark.parametrize(
    ("spent", "expenses", "sum_"),
    [(8.35, "12.50", "33.35"), (20, "12.50", "37.50"), (None, "12.50", "25"), (8, "", "25")],
)
def test_the_smaller_of_claimed_and_allowed_is_owed_beside_the_fee(
    chain: Installation, ana: Person, db: Database, spent: float | None, expenses: str, sum_: str
) -> None:
    visit = counted_visit(chain, ana, spent, fee="25", expenses=expenses, currency="EUR")
    found = owed(db, visit)
    assert found is not None
    assert found.owed == Decimal(sum_)
    assert found.currency == "EUR"


def test_tenths_are_added_exactly(chain: Installation, ana: Person, db: Database) -> None:
    visit = counted_visit(chain, ana, 0.2, fee="0.1", expenses="1", currency="EUR")
    found = owed(db, visit)
    assert found is not None
    assert str(found.owed) == "0.3"


def test_nothing_is_owed_before_a_report_counts(
    chain: Installation, ana: Person, db: Database
) -> None:
    visit = counted_visit(chain, ana, 8, fee="25", currency="EUR")
    for status in ("pending", "held", "returned", "rejected", "replaced"):
        db.execute("UPDATE submissions SET status = :s", {"s": status})
        assert owed(db, visit) is None


def test_my_work_tells_what_is_done_and_owed_currency_by_currency(
    hers: FlaskClient, chain: Installation, ana: Person, ben: Person
) -> None:
    assert "Nothing yet." in hers.get("/visits/work").text
    counted_visit(chain, ana, 20, fee="25", expenses="12.50", currency="EUR")
    counted_visit(chain, ana, None, site_id="lisbon-1", fee="30", currency="CHF")
    counted_visit(chain, ben, None, site_id="auckland-1", fee="99", currency="NZD")
    page = hers.get("/visits/work").text
    assert "2 reports sent." in page
    assert "37.50 EUR" in page
    assert "30 CHF" in page
    assert "You spent 20; 12.50 was allowed." in page
    assert "No payment is made here" in page
    assert "NZD" not in page
    assert "Auckland" not in page
