"""The desk's page about raters: for owner and reviewer, with intervals, never noise as news."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import certifying
from surveys.casebook import Case
from surveys.certifying import DRIFT, PRACTICE, TEST
from surveys.installation import Installation
from surveys.people import Person
from surveys.store.database import Database
from tests.conftest import Clock
from tests.desk_people import enrol, send_form, signed_in
from tests.field import add_shopper

CASES = certifying.casebook()
Levels = Callable[[Case], dict[str, int]]


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner"))


@pytest.fixture
def reviewer(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "reviewer"))


def off_by(error: int) -> Levels:
    return lambda case: {s: min(7, max(1, level + error)) for s, level in case.levels.items()}


def go(db: Database, clock: Clock, person: Person, kind: str, levels: Levels) -> None:
    attempt = certifying.begin(db, clock(), person.person_id, kind, CASES)
    for case in certifying.left(db, attempt, CASES):
        certifying.rate(db, clock(), attempt, case, levels(case), CASES)


def text(client: FlaskClient, address: str = "/desk/raters") -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_shopper_stands_with_number_certificate_accuracy_and_severity(
    owner: FlaskClient, db: Database, ana: Person, clock: Clock
) -> None:
    go(db, clock, ana, PRACTICE, off_by(3))
    go(db, clock, ana, TEST, off_by(0))
    found = text(owner)
    assert "Shopper 1 Ana until" in found
    assert re.search(r"0\.00 0\.00 to 0\.\d\d 0\.00 -0\.\d\d to \+0\.\d\d \d\d", found)
    assert "milder than gold" not in found.partition("Where shoppers")[0].partition("Ana")[2]
    assert "1 case" in found


def test_a_severity_that_the_interval_does_not_exclude_is_told(
    reviewer: FlaskClient, db: Database, ana: Person, clock: Clock
) -> None:
    go(db, clock, ana, TEST, off_by(-2))
    row = text(reviewer).partition("Ana")[2].partition("Tests and the cases")[0]
    assert "stricter than gold" in row
    assert "too early to say" in row


def test_movement_is_told_where_it_is_and_no_clear_change_where_it_is_not(
    owner: FlaskClient, db: Database, ana: Person, clock: Clock, chain: Installation
) -> None:
    ben = add_shopper(chain, "ben")
    for person in (ana, ben):
        go(db, clock, person, TEST, off_by(0))
    for error in (0, 0, 3, 3, 3):
        clock.forward(days=31)
        go(db, clock, ana, DRIFT, off_by(error))
        go(db, clock, ben, DRIFT, off_by(0))
    rows = text(signed_in_again(owner, db)).partition("Tests and the cases")[0]
    assert "farther from gold than before milder than before" in rows.partition("Shopper 2")[0]
    assert "no clear change" in rows.partition("Shopper 2")[2]


def signed_in_again(client: FlaskClient, db: Database) -> FlaskClient:
    """Months have gone by, and the session with them."""
    return signed_in(client, enrol(db, "owner"))


def test_a_shoppers_page_has_each_rated_case_and_month(
    reviewer: FlaskClient, db: Database, ana: Person, clock: Clock
) -> None:
    go(db, clock, ana, TEST, off_by(1))
    found = text(reviewer, f"/desk/raters/{ana.person_id}")
    assert "Nov 2026" in found
    for key in certifying.store.of_person(db, ana.person_id)[0].cases:
        assert CASES[key].title["en"] in found
    assert "+1" in found
    assert "Test, 22 Nov 2026" in found


def test_the_scales_and_cases_most_missed_are_named(
    owner: FlaskClient, db: Database, clock: Clock, chain: Installation
) -> None:
    def misses(case: Case) -> dict[str, int]:
        return {s: (7 if s == "waiting" and g < 5 else g) for s, g in case.levels.items()}

    for number in range(16):
        go(db, clock, add_shopper(chain, f"shopper{number}"), TEST, misses)
    found = text(owner)
    scales = found.partition("Where shoppers are farthest from gold")[2]
    first = re.search(r"Ratings ([A-Z][\w ,-]+?) \d", scales)
    assert first
    assert first[1] == "Waiting and pace"
    missed = found.partition("The cases most missed")[2].partition("A case within")[0]
    assert "Waiting and pace" in missed
    assert not {"Sensible rules", "Enthusiasm", "Welcome"} & {*re.findall(r"[A-Z][a-z ]+", missed)}


def test_nobody_is_there_yet(owner: FlaskClient) -> None:
    assert "No shopper has joined yet" in text(owner)


def test_a_certificate_is_withdrawn_with_a_reason(
    reviewer: FlaskClient, db: Database, ana: Person, clock: Clock
) -> None:
    go(db, clock, ana, TEST, off_by(0))
    address = f"/desk/raters/{ana.person_id}/withdraw"
    refused = send_form(reviewer, address, reason="  ")
    assert (refused.status_code, "Say why" in refused.text) == (422, True)
    long = send_form(reviewer, address, reason="x" * 501)
    assert (long.status_code, "x" * 501 in long.text) == (422, True)
    assert certifying.is_certified(db, ana.person_id, clock())
    assert send_form(reviewer, address, reason="Reports alike.").status_code == 303
    assert not certifying.is_certified(db, ana.person_id, clock())
    assert "Withdrawn on 22 Nov 2026: Reports alike." in text(
        reviewer, f"/desk/raters/{ana.person_id}"
    )
    again = send_form(reviewer, address, reason="Again.")
    assert (again.status_code, "no valid certificate" in again.text) == (422, True)


def test_the_owner_says_how_often_a_case_comes(owner: FlaskClient, db: Database) -> None:
    assert send_form(owner, "/desk/raters", every="25").status_code == 303
    assert certifying.drift_every(db) == 25
    wrong = send_form(owner, "/desk/raters", every="often")
    assert (wrong.status_code, 'value="often"' in wrong.text) == (422, True)
    assert certifying.drift_every(db) == 25
    told = "changed after how many visits a shopper rates a case, from 10 to 25."
    assert told in text(owner, "/desk/audit")


def test_a_reviewer_does_not_set_the_pace_and_sees_no_form_for_it(reviewer: FlaskClient) -> None:
    assert "After how many accepted visits" not in text(reviewer)
    assert send_form(reviewer, "/desk/raters", every="25").status_code == 403


def test_managers_do_not_see_raters(app: Flask, db: Database, ana: Person, clock: Clock) -> None:
    manager = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    go(db, clock, ana, TEST, off_by(0))
    for address in ("/desk/raters", f"/desk/raters/{ana.person_id}"):
        assert manager.get(address).status_code == 403
    withdrawn = send_form(manager, f"/desk/raters/{ana.person_id}/withdraw", reason="x")
    assert withdrawn.status_code == 403
    assert certifying.is_certified(db, ana.person_id, clock())


def test_who_is_no_shopper_has_no_page(owner: FlaskClient, db: Database) -> None:
    reviewer = enrol(db, "reviewer")
    assert owner.get(f"/desk/raters/{reviewer.person_id}").status_code == 404
    assert owner.get("/desk/raters/nobody").status_code == 404
