"""Visits at the desk: set, offered, changed, cancelled, given to others; who reads what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import holding, interests, visit_facts, visits, visits_desk
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import sites as sites_store
from surveys.store import tokens
from surveys.store import visits as store
from surveys.store.database import Database
from surveys.visits import Visit, VisitError
from tests.conftest import NOW
from tests.desk_people import HTML, enrol, send_form, signed_in
from tests.field import (
    accepted_visit,
    add_plan,
    add_shopper,
    add_visit,
    counted_visit,
    report_of,
    send,
)

NEW = {
    "site_id": "vienna-1",
    "instrument": "visit",
    "not_before": "2026-11-23",
    "due": "2026-11-30",
    "edge": "closing",
    "briefing": "Ask for a gift.",
    "fee": "25",
    "expenses": "12,50",
    "currency": "eur",
}


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner"))


@pytest.fixture
def manager(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))


def now(db: Database, visit: Visit) -> Visit:
    found = store.find(db, visit.site_id, visit.visit_id)
    assert found is not None
    return found


def only(db: Database) -> Visit:
    (row,) = list(db.rows("SELECT site_id, visit_id FROM visits"))
    found = store.find(db, row["site_id"], row["visit_id"])
    assert found is not None
    return found


def offers(db: Database, visit: Visit) -> dict[str, str]:
    return {offer.person_id: offer.status for offer in store.offers(db, visit)}


# --- the list ---------------------------------------------------------------------------------


def test_without_visits_the_page_says_how_to_begin(owner: FlaskClient) -> None:
    page = owner.get("/desk/visits", headers=HTML).text
    assert "No visits in November 2026" in page
    assert "/desk/visits/new" in page


def test_a_month_shows_its_visits_with_counts_and_what_wants_somebody(
    chain: Installation, owner: FlaskClient, ana: Person, ben: Person, db: Database
) -> None:
    late = add_visit(chain, [ana], due=date(2026, 11, 22), not_before=date(2026, 11, 1))
    db.execute("UPDATE visits SET due = '2026-11-20' WHERE visit_id = :v", {"v": late.visit_id})
    declined = add_visit(chain, [ben], site_id="lisbon-1")
    visits.decline(db, NOW, declined, ben.person_id, "far")
    accepted_visit(chain, ana, site_id="auckland-1")

    page = owner.get("/desk/visits", headers=HTML).text

    first, _, rest = page.partition('id="month"')
    assert "Look here first" in first
    assert "Vienna, Graben" in first
    assert "Lisbon, Chiado" in first
    assert "1 declined" in first
    assert "Auckland" not in first
    assert all(said in rest for said in ("1 late", "1 without a shopper", "1 accepted"))


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("site=vienna-1", {"Vienna, Graben"}),
        ("region=west", {"Lisbon, Chiado"}),
        ("state=accepted", {"Lisbon, Chiado"}),
        ("state=refused", {"Vienna, Graben"}),
        ("month=2026-12", set()),
        ("month=nonsense", {"Vienna, Graben", "Lisbon, Chiado"}),
    ],
)
def test_the_list_can_be_narrowed(
    chain: Installation, owner: FlaskClient, ana: Person, asked: str, shown: set[str]
) -> None:
    add_visit(chain)
    accepted_visit(chain, ana, site_id="lisbon-1")
    page = owner.get(f"/desk/visits?{asked}", headers=HTML).text
    table = page.partition('id="month"')[2]
    rows = table.partition("<tbody")[2]
    assert {name for name in ("Vienna, Graben", "Lisbon, Chiado") if name in rows} == shown


def test_the_list_can_be_narrowed_to_a_shopper(
    chain: Installation, owner: FlaskClient, ana: Person, ben: Person
) -> None:
    accepted_visit(chain, ana)
    add_visit(chain, [ben], site_id="lisbon-1")
    page = owner.get(f"/desk/visits?shopper={ben.person_id}", headers=HTML).text
    rows = page.partition("<tbody")[2]
    assert "Lisbon, Chiado" in rows
    assert "Vienna, Graben" not in rows


def test_a_manager_reads_shoppers_as_numbers_and_changes_nothing(
    chain: Installation, manager: FlaskClient, ana: Person, db: Database
) -> None:
    visit = counted_visit(chain, ana, briefing="Ask for the blue one.")
    listed = manager.get("/desk/visits", headers=HTML).text
    one = manager.get(f"/desk/visits/{visit.visit_id}", headers=HTML).text
    for page in (listed, one):
        assert f"shopper {store.number(db, ana.person_id)}" in page
        assert "Ana" not in page
        assert "ana@example.org" not in page
    assert "<form" not in one.partition("<main")[2]
    assert send_form(manager, f"/desk/visits/{visit.visit_id}/cancel").status_code == 403


def test_a_manager_hears_of_a_visit_once_its_report_counts(
    chain: Installation, manager: FlaskClient, ana: Person, db: Database
) -> None:
    """One that is announced is no mystery visit any more."""
    offered = add_visit(chain, [ana], briefing="Ask for the blue one.")
    accepted = accepted_visit(chain, ana)
    listed = manager.get("/desk/visits", headers=HTML).text
    assert "Vienna, Graben" not in listed.partition("<table")[2]
    for visit in (offered, accepted):
        assert visit.visit_id not in listed
        page = manager.get(f"/desk/visits/{visit.visit_id}", headers=HTML)
        assert page.status_code == 404
    exported = manager.get("/exports/visits.csv").text
    assert len(exported.splitlines()) == 1
    counted = counted_visit(chain, ana)
    assert counted.visit_id in manager.get("/desk/visits", headers=HTML).text
    assert counted.visit_id in manager.get("/exports/visits.csv").text


def test_somebody_elses_region_and_no_visit_at_all_look_the_same(
    chain: Installation, manager: FlaskClient
) -> None:
    west = add_visit(chain, site_id="lisbon-1")
    other = manager.get(f"/desk/visits/{west.visit_id}", headers=HTML)
    none = manager.get("/desk/visits/none", headers=HTML)
    assert other.status_code == none.status_code == 404
    assert other.text == none.text


def test_a_reviewer_reads_names_and_reasons_and_changes_nothing(
    app: Flask, chain: Installation, ana: Person, db: Database
) -> None:
    visit = add_visit(chain, [ana])
    visits.decline(db, NOW, visit, ana.person_id, "far")
    reviewer = signed_in(app.test_client(), enrol(db, "reviewer"))
    page = reviewer.get(f"/desk/visits/{visit.visit_id}", headers=HTML).text
    assert "Ana" in page
    assert "It is too far for me." in page
    assert "/offer" not in page


# --- setting one ------------------------------------------------------------------------------


def test_a_visit_is_set_by_hand_and_offered(
    owner: FlaskClient, db: Database, ana: Person, ben: Person
) -> None:
    who = send_form(owner, "/desk/visits/new", act="who", **NEW)
    assert who.status_code == 200
    assert "ana@example.org" in who.text
    assert not list(db.rows("SELECT visit_id FROM visits")), "looking sets nothing"

    done = send_form(
        owner, "/desk/visits/new", act="set", **NEW, shopper=[ana.person_id, ben.person_id]
    )

    visit = only(db)
    assert done.location == f"/desk/visits/{visit.visit_id}"
    assert (visit.edge, visit.fee, visit.expenses) == ("closing", "25", "12.50")
    assert (visit.currency, visit.briefing, visit.due) == ("EUR", "Ask for a gift.", "2026-11-30")
    assert offers(db, visit) == {ana.person_id: "open", ben.person_id: "open"}
    page = owner.get(done.location, headers=HTML).text
    assert "Olu" not in page
    assert "offered a visit at Vienna, Graben to shopper" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"site_id": ""}, "The site is missing"),
        ({"site_id": "nowhere"}, "There is no site “nowhere”"),
        ({"instrument": "counter"}, "is not a form that shoppers fill in"),
        ({"due": ""}, "The deadline is missing"),
        ({"due": "30/11/2026"}, "is not a day"),
        ({"due": "2026-W48-1"}, "is not a day"),
        ({"due": "2026-11-22"}, "before the first day"),
        ({"not_before": "2026-11-01", "due": "2026-11-10"}, "has passed already"),
        ({"edge": "noon"}, "is no edge hour"),
        ({"fee": "twenty"}, "is not an amount"),
        ({"fee": "-5"}, "is not an amount"),
        ({"expenses": "1.234,50"}, "is not an amount"),
        ({"currency": ""}, "An amount needs its currency"),
        ({"currency": "euro"}, "is not a currency"),
        ({"briefing": "x" * 4001}, "The briefing has 4,001 letters"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    owner: FlaskClient, db: Database, wrong: dict[str, str], said: str
) -> None:
    typed = {**NEW, "briefing": "Ask for a gift. Then leave.", **wrong}
    answer = send_form(owner, "/desk/visits/new", act="set", **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert typed["briefing"] in answer.text
    assert not list(db.rows("SELECT visit_id FROM visits"))


def test_whoever_may_not_go_is_listed_with_the_reason_and_cannot_be_chosen(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person, ben: Person
) -> None:
    site = sites_store.find(db, "vienna-1")
    assert site is not None
    interests.declare(db, NOW, ana.person_id, site, "My brother works there.")
    add_plan(chain, rotation_days=60)
    accepted_visit(chain, ben, due=date(2026, 11, 25))

    who = send_form(owner, "/desk/visits/new", act="who", **NEW)
    assert "2 shoppers may not go" in who.text
    assert "My brother works there." in who.text
    assert "60 days must lie between" in who.text

    for shopper in (ana, ben):
        answer = send_form(owner, "/desk/visits/new", act="set", **NEW, shopper=shopper.person_id)
        assert answer.status_code == 422
        assert "cannot be offered to" in answer.text
    assert len(list(db.rows("SELECT visit_id FROM visits"))) == 1


def test_a_visit_that_needs_a_certificate_is_not_offered_without_one(
    owner: FlaskClient, db: Database, ana: Person
) -> None:
    answer = send_form(
        owner, "/desk/visits/new", act="set", **NEW, certificate="1", shopper=ana.person_id
    )
    assert answer.status_code == 422
    assert "Has no certificate" in answer.text


@pytest.mark.parametrize("who", ["manager", "removed", "nobody"])
def test_a_visit_is_offered_to_active_shoppers_alone(
    owner: FlaskClient, db: Database, ana: Person, who: str
) -> None:
    person_id = enrol(db, "manager", regions=["east"]).person_id if who == "manager" else "x"
    if who == "removed":
        person_id = ana.person_id
        db.execute("UPDATE people SET status = 'removed' WHERE person_id = :p", {"p": person_id})
    answer = send_form(owner, "/desk/visits/new", act="set", **NEW, shopper=person_id)
    assert answer.status_code == 422
    assert not list(db.rows("SELECT visit_id FROM visits"))


# --- changing, offering, taking back ----------------------------------------------------------


def test_everything_but_the_site_changes_while_nobody_has_accepted(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person
) -> None:
    visit = add_visit(chain, [ana])
    page = owner.get(f"/desk/visits/{visit.visit_id}/edit", headers=HTML)
    assert page.status_code == 200
    typed = {**NEW, "site_id": "lisbon-1", "due": "2026-12-09"}
    done = send_form(owner, f"/desk/visits/{visit.visit_id}/edit", **typed)
    assert done.status_code == 303
    changed = now(db, visit)
    assert (changed.site_id, changed.due, changed.edge) == ("vienna-1", "2026-12-09", "closing")
    assert (changed.fee, changed.currency) == ("25", "EUR")
    assert offers(db, visit) == {ana.person_id: "open"}


def test_of_an_accepted_visit_deadline_and_briefing_change(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person
) -> None:
    visit = accepted_visit(chain, ana, fee="10", currency="EUR")
    typed = {**NEW, "due": "2026-12-09", "fee": "99"}
    assert send_form(owner, f"/desk/visits/{visit.visit_id}/edit", **typed).status_code == 303
    changed = now(db, visit)
    assert (changed.due, changed.briefing) == ("2026-12-09", "Ask for a gift.")
    assert (changed.fee, changed.edge, changed.token) == ("10", "", visit.token)


def test_a_change_that_somebody_it_is_offered_to_may_not_make_is_refused(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person
) -> None:
    add_plan(chain, rotation_days=10)
    accepted_visit(chain, ana, not_before=date(2026, 12, 20), due=date(2026, 12, 22))
    visit = add_visit(chain, [ana], due=date(2026, 11, 30))
    typed = {**NEW, "due": "2026-12-15"}
    answer = send_form(owner, f"/desk/visits/{visit.visit_id}/edit", **typed)
    assert answer.status_code == 422
    assert "10 days must lie between" in answer.text
    assert now(db, visit).due == "2026-11-30"


def test_it_is_offered_to_more_and_an_offer_is_taken_back(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person, ben: Person
) -> None:
    visit = add_visit(chain, [ana])
    here = f"/desk/visits/{visit.visit_id}"
    assert send_form(owner, f"{here}/offer", shopper=ben.person_id).status_code == 303
    assert send_form(owner, f"{here}/take-back", shopper=ana.person_id).status_code == 303
    assert offers(db, visit) == {ana.person_id: "withdrawn", ben.person_id: "open"}
    assert visits.one_of(db, ana.person_id, visit.visit_id) is None
    again = send_form(owner, f"{here}/take-back", shopper=ana.person_id)
    assert (again.status_code, "not open any more" in again.text) == (422, True)
    assert send_form(owner, f"{here}/offer", shopper=ana.person_id).status_code == 303
    assert offers(db, visit)[ana.person_id] == "open"
    assert send_form(owner, f"{here}/offer").status_code == 422


def test_a_cancelled_visit_is_nobodys_and_its_report_is_held(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person
) -> None:
    visit = accepted_visit(chain, ana)
    here = f"/desk/visits/{visit.visit_id}"
    assert visit.token is not None
    without = send_form(owner, f"{here}/cancel", reason=" ")
    assert (without.status_code, "Say in a few words why." in without.text) == (422, True)

    assert send_form(owner, f"{here}/cancel", reason="The shop is shut.").status_code == 303

    token = tokens.find(db, visit.token)
    assert token is not None
    assert not token.active
    (receipt,) = send(chain, report_of(chain, visit.token))
    assert receipt.status == "held"
    assert "The shop is shut." in owner.get(here, headers=HTML).text


def test_a_cancelled_visit_can_be_set_again(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person, ben: Person
) -> None:
    visit = accepted_visit(chain, ana)
    here = f"/desk/visits/{visit.visit_id}"
    send_form(owner, f"{here}/cancel", reason="The shop is shut.")
    assert send_form(owner, f"{here}/reopen").status_code == 303
    assert send_form(owner, f"{here}/reopen").status_code == 422
    again = now(db, visit)
    assert (again.status, again.person_id, again.token, again.reason) == (
        *("offered", None, None, None),
    )
    send_form(owner, f"{here}/offer", shopper=ben.person_id)
    taken = visits.accept(db, NOW, again, ben.person_id)
    assert taken.token not in (None, visit.token)


def test_a_visit_is_given_to_somebody_else(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person, ben: Person
) -> None:
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    here = f"/desk/visits/{visit.visit_id}/give"
    for wrong in ({}, {"shopper": ana.person_id, "reason": "Ill"}, {"shopper": ben.person_id}):
        assert send_form(owner, here, **wrong).status_code == 422
    assert now(db, visit) == visit

    done = send_form(owner, here, shopper=ben.person_id, reason="Ana is ill.")

    assert done.status_code == 303
    assert visits.of_shopper(db, ana.person_id) == []
    assert [found.visit.visit_id for found in visits.offered_to(db, ben.person_id)] == [
        visit.visit_id
    ]
    (receipt,) = send(chain, report_of(chain, visit.token))
    assert receipt.status == "held"
    new = visits.accept(db, NOW, now(db, visit), ben.person_id)
    assert new.token is not None
    (receipt,) = send(chain, report_of(chain, new.token))
    assert receipt.status == "accepted"


@pytest.mark.parametrize("act", ["cancel", "offer", "give", "edit"])
def test_once_a_report_is_here_the_visit_does_not_change(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person, ben: Person, act: str
) -> None:
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    send(chain, report_of(chain, visit.token))
    before = now(db, visit)
    answer = send_form(
        owner,
        f"/desk/visits/{visit.visit_id}/{act}",
        shopper=ben.person_id,
        reason="Why not",
        **(NEW if act == "edit" else {}),
    )
    assert answer.status_code == (409 if act == "edit" else 422)
    assert now(db, visit) == before
    page = owner.get(f"/desk/visits/{visit.visit_id}", headers=HTML).text
    assert "/desk/review/vienna-1/" in page


def test_an_interest_declared_after_accepting_is_told_to_the_owner(
    chain: Installation, owner: FlaskClient, db: Database, ana: Person
) -> None:
    accepted_visit(chain, ana)
    site = sites_store.find(db, "vienna-1")
    assert site is not None
    interests.declare(db, NOW + timedelta(hours=1), ana.person_id, site, "I began to work there.")
    first = owner.get("/desk/visits", headers=HTML).text.partition('id="month"')[0]
    assert "interest declared" in first


def test_a_late_report_that_is_rejected_does_not_end_the_visit_of_whoever_has_it_now(
    chain: Installation,
) -> None:
    db = chain.database()
    ana, ben = add_shopper(chain, "ana"), add_shopper(chain, "ben")
    given = accepted_visit(chain, ana)
    visits_desk.give_away(db, NOW, given, [ben.person_id], "Ana is ill.", by="")
    late = report_of(chain, given.token or "")
    assert [one.status for one in send(chain, late)] == ["held"]
    holding.reject(db, given.site_id, late["id"], "", NOW, reason="It is not hers any more.")

    (offered,) = visits.offered_to(db, ben.person_id)
    mine = visits.accept(db, NOW, offered.visit, ben.person_id)
    assert visits.seen(db, mine).state == "accepted"
    visits_desk.cancel(db, NOW, mine, "The shop is closed.", by="")
    (kept,) = store.of_person(db, ben.person_id)
    assert kept.status == "cancelled"


def test_a_cancelled_visit_whose_report_counts_stays_its_shoppers(chain: Installation) -> None:
    """Set again it would be nobody's, and its fee gone from their page."""
    db, ana = chain.database(), add_shopper(chain, "ana")
    visit = accepted_visit(chain, ana)
    visits_desk.cancel(db, NOW, visit, "The shop is closed.", by="")
    late = report_of(chain, visit.token or "")
    send(chain, late)
    holding.accept(db, visit.site_id, late["id"], "", NOW)

    with pytest.raises(VisitError, match="changed meanwhile"):
        visits_desk.reopen(db, NOW, visit, by="")
    assert [found.state for found in visits.of_shopper(db, ana.person_id)] == ["counted"]


@pytest.mark.parametrize(("column", "day"), [("not_before", "0001-01-01"), ("due", "9999-12-31")])
def test_a_day_of_another_age_is_told_in_words(column: str, day: str) -> None:
    """Rotation counts days around it, and there are none beyond the last."""
    _, faults = visit_facts.check({**NEW, column: day})
    assert column in faults
