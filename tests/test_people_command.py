"""``people add``, ``link``, ``list``, ``phones``, ``sign-out`` and ``remove``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from surveys import devices, people, people_joining
from surveys.commands.root import main
from surveys.installation import Installation
from surveys.store import settings
from tests.desk_people import PASSWORD, enrol
from tests.field import add_phone, add_shopper


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["people", *arguments, "--data", str(folder)])


def test_add_prints_a_link_that_works(chain: Installation) -> None:
    db = chain.database()
    settings.put(db, "base_url", "https://survey.example.org")
    done = run(chain.folder, "add", "Ana@Example.org", "--role", "manager", "--region", "east")
    assert done.exit_code == 0, done.output
    found = re.fullmatch(r"https://survey\.example\.org/join/([\w-]+)\n", done.stdout)
    assert found
    assert "ana@example.org" in done.stderr
    invited = people_joining.invitation(db, datetime.now(UTC), found[1]).person
    assert invited is not None
    assert (invited.email, invited.role, invited.regions) == (
        "ana@example.org",
        "manager",
        {"east"},
    )


def test_until_a_base_url_is_told_the_link_names_where_it_listens(chain: Installation) -> None:
    db = chain.database()
    first = run(chain.folder, "add", "a@example.org", "--role", "reviewer")
    assert first.stdout.startswith("http://127.0.0.1:8000/join/")
    settings.put(db, "listens_on", "http://192.168.1.5:8080")
    again = run(chain.folder, "add", "a@example.org", "--role", "reviewer")
    assert again.stdout.startswith("http://192.168.1.5:8080/join/")


def test_an_unknown_role_is_wrong_use(chain: Installation) -> None:
    assert run(chain.folder, "add", "ana@example.org", "--role", "boss").exit_code == 2


@pytest.mark.parametrize(
    ("place", "there"),
    [
        (("--region", "north"), "east, west"),
        (("--site", "paris-1"), "auckland-1, lisbon-1, vienna-1, vienna-2"),
        (("--region", "east", "--region", "East"), "east, west"),
    ],
)
def test_an_unknown_place_is_answered_with_those_there_are(
    chain: Installation, place: tuple[str, ...], there: str
) -> None:
    done = run(chain.folder, "add", "ana@example.org", "--role", "manager", *place)
    assert done.exit_code == 1
    assert there in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert people.find_email(chain.database(), "ana@example.org") is None


def test_a_manager_before_any_site_is_told_to_import_them(installation: Installation) -> None:
    done = run(installation.folder, "add", "a@example.org", "--role", "manager", "--region", "x")
    assert done.exit_code == 1
    assert "Import the sites first" in done.output


def test_a_manager_and_staff_are_told_what_they_need(chain: Installation) -> None:
    for role in ("manager", "staff"):
        done = run(chain.folder, "add", "ana@example.org", "--role", role)
        assert (done.exit_code, "at least one --region or --site" in done.output) == (2, True)
        assert people.find_email(chain.database(), "ana@example.org") is None


def test_link_lets_somebody_choose_a_new_password(chain: Installation) -> None:
    db = chain.database()
    enrol(db, "owner", email="olu@example.org")
    done = run(chain.folder, "link", "OLU@example.org")
    assert done.exit_code == 0, done.output
    token = done.stdout.strip().rpartition("/join/")[2]
    new = "quite another sentence"
    people_joining.join(db, datetime.now(UTC), token, name="Olu", password=new)
    assert people.sign_in(db, "olu@example.org", PASSWORD) is None
    assert people.sign_in(db, "olu@example.org", new) is not None
    nobody = run(chain.folder, "link", "nobody@example.org")
    assert (nobody.exit_code, "nobody with the address" in nobody.output) == (1, True)


def test_list_shows_who_there_is(chain: Installation) -> None:
    assert "There is nobody yet" in run(chain.folder, "list").output
    db = chain.database()
    enrol(db, "owner", email="olu@example.org")
    enrol(db, "manager", email="max@example.org", regions=["east"], sites=["lisbon-1"])
    run(chain.folder, "add", "ana@example.org", "--role", "reviewer")
    lines = run(chain.folder, "list").output.splitlines()
    assert lines[0].split() == ["E-MAIL", "NAME", "ROLE", "STATUS", "SEES"]
    assert [line.split()[0] for line in lines[1:]] == [
        "ana@example.org",
        "max@example.org",
        "olu@example.org",
    ]
    assert "invited" in lines[1]
    assert lines[2].endswith("east, lisbon-1")
    assert lines[3].endswith("all sites")
    assert run(chain.folder, "remove", "ana@example.org").exit_code == 0
    assert "ana@example.org" not in run(chain.folder, "list").output


def test_remove_takes_access_away(chain: Installation) -> None:
    db = chain.database()
    enrol(db, "owner", email="olu@example.org")
    enrol(db, "reviewer", email="ana@example.org")
    done = run(chain.folder, "remove", "ANA@example.org")
    assert (done.exit_code, "is removed" in done.output) == (0, True)
    assert people.sign_in(db, "ana@example.org", PASSWORD) is None
    nobody = run(chain.folder, "remove", "ana@example.org")
    assert (nobody.exit_code, "nobody with the address" in nobody.output) == (1, True)


def test_the_last_owner_cannot_be_removed(chain: Installation) -> None:
    enrol(chain.database(), "owner", email="olu@example.org")
    done = run(chain.folder, "remove", "olu@example.org")
    assert (done.exit_code, "only owner" in done.output) == (1, True)
    assert people.sign_in(chain.database(), "olu@example.org", PASSWORD) is not None


def test_names_cannot_move_the_terminal(chain: Installation) -> None:
    db = chain.database()
    owner = enrol(db, "owner")
    db.execute(
        "UPDATE people SET name = :name WHERE person_id = :person_id",
        {"name": "\x1b[2Jgone\u202e", "person_id": owner.person_id},
    )
    output = run(chain.folder, "list").output
    assert "\x1b" not in output
    assert "\u202e" not in output


# --- phones -----------------------------------------------------------------------------------


def test_phones_lists_those_that_are_signed_in_and_sign_out_ends_them(chain: Installation) -> None:
    ana = add_shopper(chain)
    assert "No phone of theirs is signed in." in run(chain.folder, "phones", ana.email).output
    devices.set_days(chain.database(), datetime.now(UTC), None, by="")
    _, token = add_phone(chain, ana, "iPhone, app")
    line = run(chain.folder, "phones", ana.email).output.splitlines()[1]
    assert re.fullmatch(r"iPhone, app +2026-11-22T09:00 +2026-11-22T09:00 +no end", line)
    done = run(chain.folder, "sign-out", ana.email)
    assert done.exit_code == 0
    assert "signed out everywhere" in done.output
    assert devices.find(chain.database(), datetime.now(UTC), token) is None
    assert "No phone of theirs is signed in." in run(chain.folder, "phones", ana.email).output


def test_phones_of_nobody_is_a_clear_failure(chain: Installation) -> None:
    for command in ("phones", "sign-out"):
        done = run(chain.folder, command, "who@example.org")
        assert done.exit_code == 1
        assert "nobody with the address who@example.org" in done.output
