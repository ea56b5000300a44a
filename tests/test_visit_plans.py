"""Plans: previewed, made by hand or by the worker, never twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import interests, visit_plans
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import visit_plans as store
from surveys.store.database import Database
from surveys.visit_plans import PlanError
from surveys.worker import Worker
from tests.conftest import CHAIN, NOW
from tests.desk_people import HTML, enrol, send_form, signed_in
from tests.field import accepted_visit, add_plan, add_shopper

NEW = {
    "name": "Every site twice",
    "instrument": "visit",
    "per_month": "2",
    "edge_per_month": "1",
    "rotation_days": "30",
    "days_open": "5",
    "briefing": "Ask for a gift.",
    "fee": "25",
    "currency": "EUR",
    "status": "by_hand",
}


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner"))


@pytest.fixture
def people(chain: Installation) -> list[Person]:
    return [add_shopper(chain, name) for name in ("ana", "ben", "cho")]


def count(db: Database) -> int:
    return len(list(db.rows("SELECT visit_id FROM visits")))


def test_a_month_is_made_once(chain: Installation, db: Database, people: list[Person]) -> None:
    plan = add_plan(chain)
    for made, n in ((8, 8), (0, 8)):
        done = visit_plans.make(db, NOW, plan, "2026-12")
        assert done is not None
        assert (len(done.found.visits), count(db)) == (made, n)
    (month,) = store.months(db, plan.plan_id)
    assert (month.month, month.visits) == ("2026-12", 8)


def test_a_cancelled_visit_does_not_come_back(
    chain: Installation, db: Database, people: list[Person]
) -> None:
    plan = add_plan(chain)
    visit_plans.make(db, NOW, plan, "2026-12")
    db.execute("UPDATE visits SET status = 'cancelled'")
    visit_plans.make(db, NOW, plan, "2026-12")
    assert count(db) == 8


def test_rotation_holds_over_what_was_accepted_before(
    chain: Installation, db: Database, people: list[Person]
) -> None:
    ana = people[0]
    accepted_visit(chain, ana, due=date(2026, 11, 30))
    plan = add_plan(chain, rotation_days=90, per_month=1)
    found = visit_plans.preview(db, NOW, plan, "2026-12").found
    (graben,) = [visit for visit in found.visits if visit.site_id == "vienna-1"]
    assert ana.person_id not in graben.offered_to
    assert len(graben.offered_to) == 2


def test_a_month_that_is_over_and_an_ended_plan_make_nothing(
    chain: Installation, db: Database
) -> None:
    plan = add_plan(chain)
    with pytest.raises(PlanError, match="over"):
        visit_plans.make(db, NOW, plan, "2026-10")
    visit_plans.end(db, NOW, plan, by="")
    ended = store.find(db, plan.plan_id)
    assert ended is not None
    with pytest.raises(PlanError, match="ended"):
        visit_plans.make(db, NOW, ended, "2026-12")
    assert count(db) == 0


# --- by itself --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "months"),
    [
        (datetime(2026, 11, 23, 12, tzinfo=UTC), set()),
        (datetime(2026, 11, 24, 12, tzinfo=UTC), {"2026-12"}),
        (datetime(2026, 12, 2, 12, tzinfo=UTC), {"2026-12"}),
        (datetime(2026, 12, 28, 12, tzinfo=UTC), {"2026-12", "2027-01"}),
    ],
)
def test_an_automatic_plan_makes_the_coming_month_some_days_before(
    chain: Installation, db: Database, people: list[Person], at: datetime, months: set[str]
) -> None:
    plan = add_plan(chain, status="automatic")
    visit_plans.schedule(db, at)
    assert visit_plans.schedule(db, at) == 0
    assert {made.month for made in store.months(db, plan.plan_id)} == months


@pytest.mark.parametrize("status", ["by_hand", "ended"])
def test_other_plans_wait_for_somebody(chain: Installation, db: Database, status: str) -> None:
    add_plan(chain, status=status)
    assert visit_plans.schedule(db, datetime(2026, 11, 28, tzinfo=UTC)) == 0
    assert count(db) == 0


def test_what_was_made_by_hand_is_not_made_again(
    chain: Installation, db: Database, people: list[Person]
) -> None:
    plan = add_plan(chain, status="automatic")
    visit_plans.make(db, NOW, plan, "2026-12", by="olu")
    assert visit_plans.schedule(db, datetime(2026, 11, 28, tzinfo=UTC)) == 0


def test_the_worker_makes_them(chain: Installation, db: Database, people: list[Person]) -> None:
    add_plan(chain, status="automatic")
    Worker(chain, lambda: datetime(2026, 11, 28, tzinfo=UTC)).once()
    assert count(db) == 8


# --- the desk ---------------------------------------------------------------------------------


def test_a_plan_is_made_looked_at_and_its_month_set(
    owner: FlaskClient, db: Database, people: list[Person]
) -> None:
    assert "There is no plan yet" in owner.get("/desk/visits/plans", headers=HTML).text
    done = send_form(owner, "/desk/visits/plans/new", **NEW, region="east")
    (plan,) = store.every(db)
    assert done.location == f"/desk/visits/plans/{plan.plan_id}?month=2026-12"
    assert (plan.regions, plan.per_month, plan.fee) == (("east",), 2, "25")

    page = owner.get(done.location, headers=HTML).text
    assert "4 visits would be set," in page
    assert "2 of them at edge hours." in page
    assert count(db) == 0

    shown = page.partition('name="shown" value="')[2].partition('"')[0]
    here = f"/desk/visits/plans/{plan.plan_id}/make?month=2026-12"
    made = send_form(owner, here, shown=shown)
    assert made.location == "/desk/visits?month=2026-12"
    assert count(db) == 4
    again = owner.get(done.location, headers=HTML).text
    assert "The visits of December 2026 are made." in again
    assert "Every site twice" in owner.get("/desk/visits/plans", headers=HTML).text


def test_what_changed_meanwhile_is_shown_again(
    chain: Installation, owner: FlaskClient, db: Database, people: list[Person]
) -> None:
    plan = add_plan(chain)
    page = owner.get(f"/desk/visits/plans/{plan.plan_id}?month=2026-12", headers=HTML).text
    shown = page.partition('name="shown" value="')[2].partition('"')[0]
    interests.declare(db, NOW, people[0].person_id, CHAIN[0], "I work there.")
    here = f"/desk/visits/plans/{plan.plan_id}/make?month=2026-12"
    answer = send_form(owner, here, shown=shown)
    assert answer.status_code == 422
    assert "Look once more" in answer.text
    assert count(db) == 0


def test_the_sites_without_a_shopper_are_told_with_each_ones_reason(
    chain: Installation, owner: FlaskClient, db: Database, people: list[Person]
) -> None:
    for person in people:
        interests.declare(db, NOW, person.person_id, CHAIN[0], f"{person.name} lives there.")
    plan = add_plan(chain)
    page = owner.get(f"/desk/visits/plans/{plan.plan_id}?month=2026-12", headers=HTML).text
    assert "At 1 site a visit finds no shopper" in page
    assert "Ben lives there." in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "Give the plan a name"),
        ({"name": "x" * 101}, "Use at most 100 letters"),
        ({"per_month": "0"}, "Write a whole number from 1 to 31"),
        ({"per_month": "1.5"}, "Write a whole number from 1 to 31"),
        ({"edge_per_month": "3"}, "At most 2: so many visits has a site"),
        ({"rotation_days": "-1"}, "Write a whole number from 0 to 730"),
        ({"days_open": "31"}, "Write a whole number from 0 to 30"),
        ({"instrument": "counter"}, "Choose the form that shoppers fill in"),
        ({"status": "ended"}, "Say whether the visits are made by themselves"),
        ({"fee": "much"}, "is not an amount"),
        ({"region": "north"}, "There is no site in what is ticked"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_and_what_was_typed_stays(
    owner: FlaskClient, db: Database, wrong: dict[str, str], said: str
) -> None:
    answer = send_form(owner, "/desk/visits/plans/new", **{**NEW, **wrong})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Ask for a gift." in answer.text
    assert store.every(db) == []


def test_a_plan_is_changed_ended_and_taken_up_again(
    chain: Installation, owner: FlaskClient, db: Database
) -> None:
    plan = add_plan(chain)
    here = f"/desk/visits/plans/{plan.plan_id}"
    assert owner.get(f"{here}/edit", headers=HTML).status_code == 200
    changed = send_form(owner, f"{here}/edit", **{**NEW, "status": "automatic"})
    assert changed.status_code == 303
    found = store.find(db, plan.plan_id)
    assert found is not None
    assert (found.name, found.status, found.created_utc) == (
        *("Every site twice", "automatic", plan.created_utc),
    )
    assert send_form(owner, f"{here}/edit", **{**NEW, "name": ""}).status_code == 422
    for act, status in (("end", "ended"), ("resume", "by_hand")):
        assert send_form(owner, f"{here}/{act}").status_code == 303
        assert owner.get(here, headers=HTML).status_code == 200
        found = store.find(db, plan.plan_id)
        assert found is not None
        assert found.status == status
    assert owner.get("/desk/visits/plans/none", headers=HTML).status_code == 404
