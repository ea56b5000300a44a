"""Visits and payroll as files: of whom, for whom, and what is owed to the cent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from exports.columns import CannotExport, NotYours
from exports.tables import sheet
from surveys.installation import Installation
from surveys.people import Person
from surveys.store.database import Database
from tests.desk_people import enrol, signed_in
from tests.exported import ask, rows
from tests.field import accepted_visit, add_visit, counted_visit


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def test_every_visit_has_its_row_and_its_state(
    chain: Installation, db: Database, ana: Person
) -> None:
    done = counted_visit(chain, ana, 8.35, fee="25", expenses="10", currency="EUR", edge="closing")
    accepted_visit(chain, ana, site_id="lisbon-1")
    add_visit(chain, site_id="auckland-1")

    found = {row["site_id"]: row for row in rows(db, "visits")}

    assert {site: row["status"] for site, row in found.items()} == {
        "vienna-1": "counted",
        "lisbon-1": "accepted",
        "auckland-1": "offered",
    }
    row = found["vienna-1"]
    assert (row["visit_id"], row["shopper"], row["region"]) == (done.visit_id, "1", "east")
    assert (row["due"], row["edge"], row["fee"]) == ("2026-11-30", "closing", "25")
    assert row["submitted_utc"].startswith("2026-11-22T09:00")
    assert row["presence"] == "nothing"
    assert found["auckland-1"]["presence"] == ""
    assert found["auckland-1"]["shopper"] == ""
    assert found["auckland-1"]["submitted_utc"] == ""


def test_payroll_says_what_is_owed(chain: Installation, db: Database, ana: Person) -> None:
    counted_visit(chain, ana, 8.35, fee="25", expenses="10", currency="EUR")
    counted_visit(chain, ana, 20, site_id="lisbon-1", fee="0.1", expenses="0.2", currency="CHF")
    accepted_visit(chain, ana, site_id="auckland-1", fee="99", currency="EUR")
    found = {row["site_id"]: row for row in rows(db, "payroll")}
    assert found.keys() == {"vienna-1", "lisbon-1"}
    row = found["vienna-1"]
    assert (row["name"], row["shopper"], row["site"]) == ("Ana", "1", "Vienna, Graben")
    assert (row["expenses_claimed"], row["expenses_owed"], row["owed"]) == ("8.35", "8.35", "33.35")
    assert (found["lisbon-1"]["owed"], found["lisbon-1"]["currency"]) == ("0.3", "CHF")
    assert row["accepted_day"] == "2026-11-22"


@pytest.mark.parametrize(
    ("table", "options", "n"),
    [
        ("visits", {"from": "2026-11-30", "to": "2026-11-30"}, 1),
        ("visits", {"from": "2026-12-01"}, 0),
        ("visits", {"site": "lisbon-1"}, 0),
        ("visits", {"region": "east"}, 1),
        ("visits", {"instrument": "counter"}, 0),
        ("payroll", {"from": "2026-11-22", "to": "2026-11-22"}, 1),
        ("payroll", {"to": "2026-11-21"}, 0),
    ],
)
def test_rows_are_chosen(
    chain: Installation, db: Database, ana: Person, table: str, options: dict[str, str], n: int
) -> None:
    counted_visit(chain, ana, due=date(2026, 11, 30), fee="25", currency="EUR")
    assert len(rows(db, table, **options)) == n


@pytest.mark.parametrize("options", [{"source": "shopper"}, {"flagged": "only"}, {"by": "day"}])
@pytest.mark.parametrize("table", ["visits", "payroll"])
def test_what_visits_know_nothing_of_is_refused(
    db: Database, table: str, options: dict[str, Any]
) -> None:
    with pytest.raises(CannotExport):
        sheet(db, table, ask(**options))


def test_a_manager_gets_the_visits_of_the_own_sites_with_numbers_and_no_money(
    app: Flask, chain: Installation, db: Database, ana: Person
) -> None:
    counted_visit(chain, ana, 8, fee="25", expenses="10", currency="EUR")
    accepted_visit(chain, ana, site_id="lisbon-1")
    manager = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    file = manager.get("/exports/visits.csv").text
    assert "vienna-1" in file
    assert "lisbon-1" not in file
    for hidden in ("Ana", "ana@example.org", "EUR", ",25,"):
        assert hidden not in file
    assert manager.get("/exports/visits.datapackage.json").status_code == 200


def test_payroll_is_the_owners_alone(
    app: Flask, chain: Installation, db: Database, ana: Person
) -> None:
    counted_visit(chain, ana, fee="25", currency="EUR")
    for role, granted, status in (
        ("owner", {}, 200),
        ("manager", {"regions": ["east", "west"]}, 403),
        ("reviewer", {}, 403),
    ):
        client = signed_in(app.test_client(), enrol(db, role, **granted))
        for format_ in ("csv", "xlsx", "jsonl", "datapackage.json"):
            assert client.get(f"/exports/payroll.{format_}").status_code == status
    own = ask()
    theirs = type(own)(selection=own.selection, everything=False)
    with pytest.raises(NotYours):
        sheet(db, "payroll", theirs)
