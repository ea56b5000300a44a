"""What happens in the field, in the audit: each act in words of its own."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from surveys import audit, audit_words, interests, visit_plans, visits, visits_desk, visits_file
from surveys.audit_acts_field import FIELD
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import audit as audit_store
from surveys.store.database import Database
from surveys.visit_facts import Facts, Terms
from tests.conftest import CHAIN, NOW
from tests.desk_people import enrol
from tests.field import add_plan, add_shopper

DUE = date(2026, 11, 30)
KINDS = ("visit", "visits", "interest", "plan")
TOLD = (
    "Ana declared an interest at Vienna, Praterstern: I live above it.",
    "Ana has no interest at Vienna, Praterstern any more.",
    "Olu set a visit at Vienna, Graben, due on 2026-11-30.",
    "Olu offered a visit at Vienna, Graben to shopper 1.",
    "Olu offered a visit at Vienna, Graben to shopper 2.",
    "Olu took back the offer of a visit at Vienna, Graben to shopper 1.",
    "Ben declined a visit at Vienna, Graben: It is too far for me.",
    "Olu offered a visit at Vienna, Graben to shopper 1.",
    "Ana accepted a visit at Vienna, Graben.",
    "Olu changed a visit at Vienna, Graben, due on 2026-12-01.",
    "Olu took a visit at Vienna, Graben from shopper 1: Ana is ill.",
    "Olu offered a visit at Vienna, Graben to shopper 2.",
    "Olu cancelled a visit at Vienna, Graben: The shop is shut.",
    "Olu set a cancelled visit at Vienna, Graben again.",
    "Somebody on the server set a visit at Vienna, Graben, due on 2026-12-05.",
    "Somebody on the server imported visits: 1.",
    "Somebody on the server made the plan “Every site”.",
    "Olu changed the plan “Every site”.",
    "Olu set a visit at Vienna, Praterstern, due on 2026-12-06.",
    "Olu made visits of the plan “Every site” for the month from 2026-12-01: 1.",
    "Olu ended the plan “Every site”.",
    "Olu took the plan “Every site” up again.",
)


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def named(db: Database, person: Person, name: str) -> Person:
    db.execute(
        "UPDATE people SET name = :name WHERE person_id = :person_id",
        {"name": name, "person_id": person.person_id},
    )
    return person


def _do(chain: Installation, db: Database, olu: str, ana: str, ben: str) -> None:
    """All of it, a minute each."""
    minutes = itertools.count()

    def at() -> datetime:
        return NOW + timedelta(minutes=next(minutes))

    interests.declare(db, at(), ana, CHAIN[1], "I live above it.")
    interests.take_back(db, at(), ana, CHAIN[1].site_id)
    facts = Facts("vienna-1", "visit", None, DUE, "", Terms())
    with db.transaction():
        visit = visits_desk.set_visit(db, at(), facts, [ana, ben], by=olu)
    visits_desk.take_back(db, at(), visit, ana, by=olu)
    visits.decline(db, at(), visit, ben, "far")
    visits_desk.offer_to(db, at(), visit, [ana], by=olu)
    visit = visits.accept(db, at(), visit, ana)
    visits_desk.change(db, at(), visit, replace(facts, due=date(2026, 12, 1)), by=olu)
    visits_desk.give_away(db, at(), visit, [ben], "Ana is ill.", by=olu)
    visits_desk.cancel(db, at(), visit, "The shop is shut.", by=olu)
    visits_desk.reopen(db, at(), visit, by=olu)
    visits_file.take_in(db, at(), b"site_id,due\nvienna-1,2026-12-05\n")
    plan = add_plan(
        chain, at(), plan_id="plan-1", per_month=1, scope='{"regions": [], "sites": ["vienna-2"]}'
    )
    visit_plans.change(db, at(), plan, by=olu)
    # So that the plan's visits are offered to nobody, which would be told too.
    db.execute("UPDATE people SET status = 'removed' WHERE role = 'shopper'")
    visit_plans.make(db, at(), plan, "2026-12", by=olu)
    visit_plans.end(db, at(), plan, by=olu)
    visit_plans.resume(db, at(), plan, by=olu)


def test_each_act_is_told_in_its_own_words(chain: Installation, db: Database) -> None:
    olu = named(db, enrol(db, "owner"), "Olu").person_id
    ana, ben = add_shopper(chain, "ana").person_id, add_shopper(chain, "ben").person_id
    _do(chain, db, olu, ana, ben)

    found = [
        entry
        for entry in audit_words.entries(db, list(audit_store.newest_first(db, 500)))
        if audit.kind_of(entry.subject) in KINDS
    ]
    # Several stand at one moment, in no order.
    assert sorted(str(entry.said) for entry in found) == sorted(TOLD)
    assert {(entry.action, audit.kind_of(entry.subject)) for entry in found} == {
        pair for pair in FIELD if pair[1] in KINDS
    }
