"""Visits: offered, taken by the first, reported under a token of their own."""

from __future__ import annotations

import pytest
from flask import Flask

from surveys import devices, visits
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import visits as store
from surveys.visits import VisitError
from tests.conftest import NOW
from tests.field import (
    accepted_visit,
    add_phone,
    add_shopper,
    add_visit,
    phone,
    report_of,
    send,
)


@pytest.fixture
def ana(chain: Installation) -> Person:
    return add_shopper(chain, "ana")


@pytest.fixture
def ben(chain: Installation) -> Person:
    return add_shopper(chain, "ben")


def test_the_first_who_accepts_has_it(chain: Installation, ana: Person, ben: Person) -> None:
    db = chain.database()
    visit = add_visit(chain, [ana, ben])

    taken = visits.accept(db, NOW, visit, ana.person_id)
    with pytest.raises(VisitError, match="somebody was quicker"):
        visits.accept(db, NOW, visit, ben.person_id)

    assert (taken.status, taken.person_id) == ("accepted", ana.person_id)
    assert visits.one_of(db, ben.person_id, visit.visit_id) is None
    assert [found.visit for found in visits.of_shopper(db, ana.person_id)] == [taken]


def test_a_report_is_known_as_its_visits(chain: Installation, ana: Person) -> None:
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    sent = report_of(chain, visit.token)

    (receipt,) = send(chain, sent)

    assert receipt.status == "accepted"
    (found,) = visits.of_shopper(chain.database(), ana.person_id)
    assert found.report is not None
    assert found.report.submission_id == sent["id"]
    assert found.state == found.report.status != "held"


def test_what_comes_from_a_phone_that_was_signed_out_is_held(
    chain: Installation, ana: Person
) -> None:
    db = chain.database()
    device_id, _ = add_phone(chain, ana)
    old = accepted_visit(chain, ana)
    assert old.token is not None

    with db.transaction():
        devices.revoke(db, NOW, device_id)
        visits.renew_tokens(db, NOW, ana.person_id, "the phone was lost")

    (receipt,) = send(chain, report_of(chain, old.token))
    assert receipt.status == "held"
    new = store.find(db, old.site_id, old.visit_id)
    assert new is not None
    assert new.token not in (None, old.token)


def test_a_phone_shows_its_shoppers_visits_and_nobody_elses(
    app: Flask, chain: Installation, ana: Person, ben: Person
) -> None:
    _, token = add_phone(chain, ana)
    mine, other = accepted_visit(chain, ana), accepted_visit(chain, ben, site_id="lisbon-1")
    client = phone(app, token)

    home = client.get("/visits").text

    assert "Vienna, Graben" in home
    assert "Lisbon, Chiado" not in home
    assert client.get(f"/visits/{mine.visit_id}").status_code == 200
    assert client.get(f"/visits/{other.visit_id}").status_code == 404
