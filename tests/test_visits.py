"""Visits: offered, taken by the first, reported under a token of their own."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from flask import Flask

from surveys import devices, holding, publishing, visits
from surveys.holding import HoldingError
from surveys.installation import Installation
from surveys.people import Person
from surveys.rebuild import rebuild
from surveys.store import visits as store
from surveys.visits import VisitError
from tests.conftest import NOW
from tests.field import (
    accepted_visit,
    add_phone,
    add_shopper,
    add_visit,
    counted_visit,
    phone,
    report_of,
    send,
)


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


def test_a_visit_that_needs_a_certificate_is_not_accepted_without_a_good_one(
    chain: Installation,
) -> None:
    """It may have lapsed, or been withdrawn, after the visit was offered."""
    ana = add_shopper(chain)
    visit = add_visit(chain, [ana], certificate=True)
    with pytest.raises(VisitError, match="needs a certificate"):
        visits.accept(chain.database(), NOW, visit, ana.person_id)
    (offered,) = visits.offered_to(chain.database(), ana.person_id)
    assert offered.state == "offered"


def test_a_visit_is_not_accepted_after_its_deadline_where_it_is(
    chain: Installation, ana: Person
) -> None:
    visit = add_visit(chain, [ana])  # due on 30 November in Vienna
    last, over = (datetime(2026, 11, 30, hour, 30, tzinfo=UTC) for hour in (22, 23))
    with pytest.raises(VisitError, match="deadline of this visit has passed"):
        visits.accept(chain.database(), over, visit, ana.person_id)
    assert visits.accept(chain.database(), last, visit, ana.person_id).status == "accepted"


def test_a_visit_counts_once_though_nobody_reviews_its_reports(
    chain: Installation, ana: Person
) -> None:
    """Two phones of one shopper, or two tabs, each send a report of their own."""
    db = chain.database()
    visit = counted_visit(chain, ana)
    assert visit.token is not None
    (first,) = store.reports(db, visit)
    other = report_of(chain, visit.token, answers={"done": False}, form=first.form)

    (receipt,) = send(chain, other)
    assert (receipt.status, [one.code for one in receipt.problems]) == ("held", ["counts_already"])
    assert [one.status for one in send(chain, other)] == ["duplicate"]
    with pytest.raises(HoldingError, match="counts once"):
        holding.accept(db, visit.site_id, other["id"], "", NOW)
    assert sorted(one.status for one in store.reports(db, visit)) == ["counted", "held"]

    better = {**other, "id": str(uuid.uuid4()), "replaces": first.submission_id}
    assert [one.status for one in send(chain, better)] == ["accepted"]
    assert [one.status for one in store.reports(db, visit)].count("counted") == 1
    assert rebuild(db) == []


def test_a_report_and_what_replaces_it_count_once_in_either_order(
    chain: Installation, ana: Person
) -> None:
    counted_visit(chain, ana)
    visit = accepted_visit(chain, ana, instrument="errand")
    newest = publishing.newest(chain.database(), "errand")
    assert visit.token is not None and newest is not None  # noqa: PT018
    old = report_of(chain, visit.token, answers={"done": True}, form=newest.form)
    new = {**old, "id": str(uuid.uuid4()), "replaces": old["id"]}
    assert [one.status for one in send(chain, new)] == ["accepted"]
    assert [one.status for one in send(chain, old)] == ["accepted"]
    found = {one.submission_id: one.status for one in store.reports(chain.database(), visit)}
    assert found == {old["id"]: "replaced", new["id"]: "counted"}
    assert rebuild(chain.database()) == []
