"""Visits from a CSV: every bad row named, nothing set until all are right, nothing set twice."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from surveys import interests, visits_file
from surveys.commands.root import main
from surveys.csv_reading import Faulty
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import visits as store
from surveys.store.database import Database
from tests.conftest import CHAIN, NOW
from tests.desk_people import HTML, enrol, send_form, signed_in
from tests.field import accepted_visit, add_plan, add_visit

HEADER = ",".join(visits_file.NAMES)
GOOD = f"""{HEADER}
vienna-1,2026-12-15,2026-12-01,visit,closing,"Ask for a gift, then go",,25,12.50,EUR,ana@example.org
lisbon-1,2026-12-20,,,,,,,,,
"""


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner"))


def count(db: Database) -> int:
    return len(list(db.rows("SELECT visit_id FROM visits")))


def faults(db: Database, text: str) -> list[str]:
    with pytest.raises(Faulty) as caught:
        visits_file.read(db, NOW, text.encode())
    return [str(fault) for fault in caught.value.faults]


def test_a_file_is_set_and_offered(db: Database, ana: Person) -> None:
    done = visits_file.take_in(db, NOW, GOOD.encode())
    assert done is not None
    assert len(done.new) == 2
    (offered,) = store.open_to(db, ana.person_id)
    assert (offered.site_id, offered.edge, offered.fee, offered.expenses) == (
        *("vienna-1", "closing", "25", "12.50"),
    )
    assert (offered.not_before, offered.briefing) == ("2026-12-01", "Ask for a gift, then go")


def test_columns_may_be_missing_and_separated_otherwise(db: Database, ana: Person) -> None:
    add_visit_to(db, ana)
    number = store.number(db, ana.person_id)
    text = f"\ufeffSite ID;Due;Shoppers;Own\r\nvienna-2;2026-12-15;{number};x\r\n;;;\r\n"
    done = visits_file.take_in(db, NOW, text.encode())
    assert done is not None
    (row,) = done.new
    assert [one.person_id for one in row.shoppers] == [ana.person_id]
    assert (row.facts.instrument, done.ignored) == ("visit", ("Own",))


def add_visit_to(db: Database, person: Person) -> None:
    """Something offered, so that they have a number."""
    with db.transaction():
        store.give_number(db, person.person_id)


def test_the_same_file_twice_sets_nothing_twice(db: Database, ana: Person) -> None:
    visits_file.take_in(db, NOW, GOOD.encode())
    again = visits_file.take_in(db, NOW, GOOD.encode())
    assert again is not None
    assert again.new == []
    assert count(db) == 2


def test_two_equal_rows_are_two_visits(db: Database, ana: Person) -> None:
    text = "site_id,due\nvienna-1,2026-12-15\nvienna-1,2026-12-15\n"
    for there, new in ((0, 2), (2, 0)):
        assert count(db) == there
        done = visits_file.take_in(db, NOW, text.encode())
        assert done is not None
        assert len(done.new) == new


def test_a_cancelled_visit_can_be_imported_again(db: Database, ana: Person) -> None:
    visits_file.take_in(db, NOW, GOOD.encode())
    db.execute("UPDATE visits SET status = 'cancelled' WHERE site_id = 'lisbon-1'")
    done = visits_file.take_in(db, NOW, GOOD.encode())
    assert done is not None
    assert [row.site.site_id for row in done.new] == ["lisbon-1"]


def test_every_fault_is_named_and_nothing_is_set(db: Database, ana: Person) -> None:
    text = f"""{HEADER}
nowhere,2026-12-15,,,,,,,,,
vienna-1,15.12.2026,,,noon,,perhaps,x,,EUR,
vienna-1,2026-11-01,,,,,,,,,
,,,,,,,,,,
vienna-1,2026-12-15,,,,,,5,,,zoe@example.org
vienna-1,2026-12-15,,counter,,,,,,,
"""
    found = "\n".join(faults(db, text))
    for said in (
        "line 2, column site_id: There is no site “nowhere”",
        "line 3, column due: “15.12.2026” is not a day",
        "line 3, column edge: “noon” is no edge hour",
        "line 3, column certificate: “perhaps” is neither yes nor no",
        "line 3, column fee: “x” is not an amount",
        "line 4, column due: The deadline has passed already",
        "line 6, column currency: An amount needs its currency",
        "line 7, column instrument: “counter” is not a form that shoppers fill in",
    ):
        assert said in found
    assert "line 5" not in found
    assert count(db) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: The file is empty"),
        ("site_id\nvienna-1\n", "line 1, column due: The column is missing"),
        ("site_id,due\n", "There is no visit under the header"),
        ("site_id,due\nvienna-1,2026-12-15,x\n", "line 2: The row has 3 values"),
        ('site_id,due\nvienna-1,"2026-12-15\n', "line 2: The quotation marks do not match"),
        ("site_id,due,shoppers\nvienna-1,2026-12-15,zoe@example.org\n", "no active shopper “zoe@"),
        ("site_id,due,shoppers\nvienna-1,2026-12-15,99\n", "no active shopper “99”"),
    ],
)
def test_what_cannot_be_read_is_said(db: Database, ana: Person, text: str, said: str) -> None:
    assert said in "\n".join(faults(db, text))


def test_nobody_is_sent_where_they_may_not_go(
    chain: Installation, db: Database, ana: Person
) -> None:
    add_plan(chain, rotation_days=30)
    text = "site_id,due,not_before,shoppers\n" + "".join(
        f"vienna-1,{due},{due},ana@example.org\n" for due in ("2026-12-01", "2026-12-20")
    )
    (fault,) = faults(db, text)
    assert "line 3, column shoppers: ana@example.org may not go there" in fault
    assert "30 days must lie between" in fault

    interests.declare(db, NOW, ana.person_id, CHAIN[0], "I work there.")
    assert "I work there." in faults(db, text)[0]
    accepted_visit(chain, ana, site_id="lisbon-1", due=date(2026, 12, 10))
    text = "site_id,due,shoppers\nlisbon-1,2026-12-30,ana@example.org\n"
    assert "30 days must lie between" in faults(db, text)[0]


# --- the command ------------------------------------------------------------------------------


def command(chain: Installation, *args: str | Path) -> Result:
    return CliRunner().invoke(
        main, ["visits", *map(str, args), "--data", str(chain.folder)], catch_exceptions=False
    )


def test_the_command_imports_and_lists(chain: Installation, ana: Person, tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text(GOOD.replace("2026", "2096"), "utf-8")
    assert command(chain, "import", file).output.endswith("2 visits set, 0 there already.\n")
    assert command(chain, "import", file).output.endswith("0 visits set, 2 there already.\n")
    listed = command(chain, "list", "--month", "2096-12").output
    assert re.search(r"vienna-1 +2096-12-01 +2096-12-15 +closing +- +offered", listed)
    assert "without a shopper" in listed
    assert "There are no visits in 2097-01" in command(chain, "list", "--month", "2097-01").output
    wrong = command(chain, "list", "--month", "soon")
    assert (wrong.exit_code, "is no month" in wrong.output) == (2, True)


def test_the_command_names_every_bad_row(chain: Installation, tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("site_id,due\nnowhere,2096-12-01\nvienna-1,soon\n", "utf-8")
    answer = command(chain, "import", file)
    assert answer.exit_code == 1
    assert "visits.csv: line 2, column site_id: There is no site “nowhere”" in answer.output
    assert "Nothing was set. Mend these 2 things and try again." in answer.output
    assert count(chain.database()) == 0


# --- the desk ---------------------------------------------------------------------------------


def upload(client: FlaskClient, text: str) -> str:
    data = {"file": (io.BytesIO(text.encode()), "visits.csv")}
    answer = send_form(client, "/desk/visits/import", **data)
    return answer.text


def carried(page: str) -> str:
    found = re.search(r'name="file" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_the_desk_shows_what_would_be_set_and_then_sets_it(
    owner: FlaskClient, db: Database, ana: Person
) -> None:
    page = upload(owner, GOOD)
    assert "2 new visits." in page
    assert "nobody yet" in page
    assert count(db) == 0
    done = send_form(owner, "/desk/visits/import/apply", file=carried(page))
    assert done.location == "/desk/visits?month=2026-12"
    assert count(db) == 2
    assert "There is nothing to set." in upload(owner, GOOD)


def test_what_changed_meanwhile_is_shown_again(
    owner: FlaskClient, db: Database, ana: Person
) -> None:
    page = upload(owner, GOOD)
    visits_file.take_in(db, NOW, "\n".join(GOOD.splitlines()[::2]).encode())
    answer = send_form(owner, "/desk/visits/import/apply", file=carried(page))
    assert answer.status_code == 422
    assert "Look once more" in answer.text
    assert count(db) == 1


def test_a_bad_file_comes_back_with_its_faults(owner: FlaskClient, db: Database) -> None:
    answer = send_form(owner, "/desk/visits/import", pasted="site_id,due\nnowhere,2026-12-01\n")
    assert answer.status_code == 422
    assert "There is no site “nowhere”" in answer.text
    assert "nowhere,2026-12-01" in answer.text
    assert send_form(owner, "/desk/visits/import").status_code == 422
    assert send_form(owner, "/desk/visits/import/apply", file="forged").status_code == 422


def test_the_template_is_a_file_that_is_read(owner: FlaskClient, db: Database) -> None:
    sent = owner.get("/desk/visits/import.csv", headers=HTML)
    assert "attachment" in sent.headers["Content-Disposition"]
    found = "\n".join(faults(db, sent.data.decode()))
    assert "There is no site “0417”" in found
    assert "column due" not in found


def test_a_visit_of_another_hour_is_another_visit(chain: Installation, db: Database) -> None:
    add_visit(chain, due=date(2026, 12, 15), edge="opening")
    done = visits_file.take_in(db, NOW, b"site_id,due,edge\nvienna-1,2026-12-15,closing\n")
    assert done is not None
    assert len(done.new) == 1
