"""People: invitations, passwords, what they may see."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from surveys import passwords, people, people_joining, people_leaving
from surveys.installation import Installation
from surveys.passwords import PasswordRefused, PeopleError
from surveys.people import Person, may_see
from surveys.people_joining import InvitationGone
from surveys.store.database import Database
from tests.conftest import CHAIN, NOW, add_chain
from tests.desk_people import PASSWORD

EAST, _, WEST, _ = CHAIN


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def joined(db: Database, token: str, **more: str) -> Person:
    return people_joining.join(db, NOW, token, **{"name": "Ana", "password": PASSWORD, **more})


def reason(db: Database, token: str, later: timedelta = timedelta()) -> str:
    with pytest.raises(InvitationGone) as gone:
        people_joining.invitation(db, NOW + later, token)
    return gone.value.reason


# --- the first owner -------------------------------------------------------------------------


def test_the_first_link_makes_an_owner_and_then_there_are_no_more(db: Database) -> None:
    token = people_joining.first_owner_token(db, NOW)
    assert token
    owner = joined(db, token, email="Ana@Example.org")
    assert (owner.role, owner.email, owner.status) == ("owner", "ana@example.org", "active")
    assert people_joining.first_owner_token(db, NOW) is None
    assert reason(db, token) == "used"


def test_a_new_first_link_makes_the_old_one_void(db: Database) -> None:
    old, new = people_joining.first_owner_token(db, NOW), people_joining.first_owner_token(db, NOW)
    assert old
    assert new
    assert reason(db, old) == "unknown"
    assert joined(db, new, email="ana@example.org").role == "owner"


def test_only_the_hash_of_a_link_is_kept(db: Database) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    stored = [str(dict(row)) for row in db.rows("SELECT * FROM invitations")]
    stored += [str(dict(row)) for row in db.rows("SELECT * FROM audit")]
    assert len(stored) == 2
    assert not any(token in row for row in stored)


# --- invitations -----------------------------------------------------------------------------


def test_an_invitation_works_once(db: Database) -> None:
    token = people_joining.invite(
        db, NOW, email="ana@example.org", role="manager", regions=["east"], sites=["lisbon-1"]
    )
    ana = joined(db, token)
    assert (ana.role, ana.regions, ana.sites) == ("manager", {"east"}, {"lisbon-1"})
    assert reason(db, token) == "used"
    assert people.sign_in(db, "ana@example.org", PASSWORD) == ana


def test_an_invitation_expires_after_seven_days(db: Database) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    assert people_joining.invitation(db, NOW + timedelta(days=7), token).person is not None
    assert reason(db, token, timedelta(days=7, seconds=1)) == "expired"
    with pytest.raises(InvitationGone):
        people_joining.join(db, NOW + timedelta(days=8), token, name="Ana", password=PASSWORD)


def test_inviting_again_makes_the_first_link_void_and_takes_the_newer_role(db: Database) -> None:
    old = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    new = people_joining.invite(db, NOW, email="ANA@example.org ", role="manager", regions=["east"])
    assert reason(db, old) == "unknown"
    assert joined(db, new).role == "manager"
    assert len(list(people.everyone(db))) == 1


def test_somebody_who_has_joined_is_not_invited_again(db: Database) -> None:
    joined(db, people_joining.invite(db, NOW, email="ana@example.org", role="reviewer"))
    with pytest.raises(PeopleError, match="has joined already, as reviewer"):
        people_joining.invite(db, NOW, email="Ana@Example.Org", role="owner")


def test_of_many_who_open_one_link_at_once_one_joins(installation: Installation) -> None:
    add_chain(installation.database())
    token = people_joining.first_owner_token(installation.database(), NOW)
    assert token
    outcomes: list[str] = []
    together = threading.Barrier(6)

    def try_it(number: int) -> None:
        db = installation.new_database()
        together.wait()
        try:
            who = people_joining.join(
                db, NOW, token, name="Ana", password=PASSWORD, email=f"{number}@example.org"
            )
            outcomes.append(who.email)
        except InvitationGone as gone:
            outcomes.append(gone.reason)
        finally:
            db.close()

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[1:] == ["used"] * 5
    owners = [p.email for p in people.everyone(installation.database()) if p.status == "active"]
    assert owners == sorted(outcomes)[:1]


def test_a_refused_password_leaves_the_invitation_as_it_was(db: Database) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    with pytest.raises(PasswordRefused):
        joined(db, token, password="short")
    with pytest.raises(PeopleError, match="call you"):
        joined(db, token, name=" \t ")
    assert joined(db, token).status == "active"


@pytest.mark.parametrize(
    ("email", "role", "regions", "says"),
    [
        ("not an address", "owner", (), "not an e-mail address"),
        ("ana@", "owner", (), "not an e-mail address"),
        ("a\u202eb@example.org", "owner", (), "not an e-mail address"),
        ("ana@example.org", "boss", (), "no role “boss”"),
        ("ana@example.org", "manager", (), "at least one region or site"),
        ("ana@example.org", "manager", ("north",), "no region “north”. There are: east, west"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(
    db: Database, email: str, role: str, regions: tuple[str, ...], says: str
) -> None:
    with pytest.raises(PeopleError, match=says):
        people_joining.invite(db, NOW, email=email, role=role, regions=regions)
    assert list(people.everyone(db)) == []


# --- names, addresses, passwords -------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Ana", "أميرة", "李小龍", "Jean‑Luc d’Été", "नंदिनी", "می\u200cنا", "O'Brien 🙂"]
)
def test_names_come_in_any_alphabet(db: Database, name: str) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    assert joined(db, token, name=f"  {name} ").name == name


@pytest.mark.parametrize("name", ["\x00Ana", "A\x1b[31mna", "\u202eanA", "x" * 101])
def test_names_that_cannot_be_shown_are_refused(db: Database, name: str) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    with pytest.raises(PeopleError):
        joined(db, token, name=name)


@pytest.mark.parametrize("typed", ["ana@example.org", "ANA@EXAMPLE.ORG", "  Ana@Example.Org\t"])
def test_an_address_is_known_in_any_case(db: Database, typed: str) -> None:
    joined(db, people_joining.invite(db, NOW, email="Ana@example.org", role="reviewer"))
    assert people.sign_in(db, typed, PASSWORD) is not None


@pytest.mark.parametrize("password", ["", "ninechars", "1234567890", "Qwertyuiop", "aaaaaaaaaaaa"])
def test_short_and_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(PasswordRefused):
        passwords.hashed(password)


def test_a_password_typed_with_other_code_points_is_the_same() -> None:
    kept = passwords.hashed("Ａｎａ’s café ﬁne")  # full width, one é, a ligature
    assert passwords.fits("Ana’s cafe\u0301 fine", kept)
    assert not passwords.fits("Ana’s cafe fine", kept)


def test_nothing_fits_where_there_is_nobody(db: Database) -> None:
    assert people.sign_in(db, "nobody@example.org", PASSWORD) is None
    people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    assert people.sign_in(db, "ana@example.org", "") is None


# --- staying and leaving ---------------------------------------------------------------------


def test_a_new_password_replaces_the_old_one(db: Database) -> None:
    ana = joined(db, people_joining.invite(db, NOW, email="ana@example.org", role="reviewer"))
    with pytest.raises(PeopleError, match="old password is not right"):
        people.change_password(db, NOW, ana, old="wrong wrong wrong", new="another long one")
    with pytest.raises(PasswordRefused):
        people.change_password(db, NOW, ana, old=PASSWORD, new="short")
    assert people.sign_in(db, ana.email, PASSWORD) is not None
    changed = people.change_password(db, NOW, ana, old=PASSWORD, new="another long one")
    assert changed.epoch == ana.epoch + 1
    assert people.sign_in(db, ana.email, PASSWORD) is None
    assert people.sign_in(db, ana.email, "another long one") is not None


def test_a_lost_password_is_replaced_by_a_link_and_until_then_the_old_one_works(
    db: Database,
) -> None:
    owner = joined(db, people_joining.invite(db, NOW, email="own@example.org", role="owner"))
    token = people_joining.new_link(db, NOW, owner.person_id)
    assert people.sign_in(db, owner.email, PASSWORD) == owner
    again = joined(db, token, password="quite another sentence")
    assert (again.person_id, again.role, again.epoch) == (owner.person_id, "owner", 1 + owner.epoch)
    assert people.sign_in(db, owner.email, PASSWORD) is None
    assert people.sign_in(db, owner.email, "quite another sentence") == again
    assert reason(db, token) == "used"


def test_a_new_link_makes_the_old_one_void(db: Database) -> None:
    old = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    ana = people.find_email(db, "ana@example.org")
    assert ana is not None
    new = people_joining.new_link(db, NOW, ana.person_id)
    assert reason(db, old) == "unknown"
    assert joined(db, new).role == "reviewer"


@pytest.mark.parametrize("ending", ["removed", "chose a password"])
def test_a_link_for_a_new_password_is_void_once_it_is_not_needed(db: Database, ending: str) -> None:
    joined(db, people_joining.invite(db, NOW, email="own@example.org", role="owner"))
    ana = joined(db, people_joining.invite(db, NOW, email="ana@example.org", role="reviewer"))
    token = people_joining.new_link(db, NOW, ana.person_id)
    if ending == "removed":
        people_leaving.remove(db, NOW, ana.email)
        with pytest.raises(PeopleError, match="was removed"):
            people_joining.new_link(db, NOW, ana.person_id)
    else:
        people.change_password(db, NOW, ana, old=PASSWORD, new="another long one")
    assert reason(db, token) == "unknown"


def test_a_letter_stands_or_falls_with_its_link(db: Database) -> None:
    def lost(db: Database, at: datetime, person: Person, token: str) -> None:
        assert (at, person.email, person.status) == (NOW, "ana@example.org", "invited")
        assert people_joining.invitation(db, NOW, token).person == person
        raise RuntimeError("the outbox is full")

    with pytest.raises(RuntimeError, match="outbox"):
        people_joining.invite(db, NOW, email="ana@example.org", role="reviewer", letter=lost)
    assert list(people.everyone(db)) == []


# --- changing ---------------------------------------------------------------------------------


def test_another_role_and_other_places_hold_at_once_and_sessions_go_on(db: Database) -> None:
    ana = joined(
        db,
        people_joining.invite(
            db, NOW, email="ana@example.org", role="manager", regions=["east"], by="olu"
        ),
    )
    changed = people_leaving.change(
        db, NOW, ana.person_id, role="manager", sites=["lisbon-1"], by="olu"
    )
    assert (changed.regions, changed.sites, changed.epoch) == (set(), {"lisbon-1"}, ana.epoch)
    assert not may_see(changed, EAST)
    assert people_leaving.change(db, NOW, ana.person_id, role="reviewer").sees_all
    rows = list(db.rows("SELECT person_id, detail FROM audit WHERE action = 'changed'"))
    assert sorted(row["person_id"] for row in rows) == ["", "olu"]


def test_what_stays_as_it_is_is_not_written_down(db: Database) -> None:
    token = people_joining.invite(
        db, NOW, email="ana@example.org", role="manager", regions=["east"], sites=["lisbon-1"]
    )
    ana = joined(db, token)
    same = people_leaving.change(
        db, NOW, ana.person_id, role="manager", sites=["lisbon-1"], regions=["east"]
    )
    assert same == ana
    assert list(db.rows("SELECT action FROM audit WHERE action = 'changed'")) == []


def test_somebody_invited_joins_as_what_they_were_changed_to(db: Database) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    ana = people.find_email(db, "ana@example.org")
    assert ana is not None
    people_leaving.change(db, NOW, ana.person_id, role="staff", sites=["vienna-1"])
    assert (joined(db, token).role, joined_again(db)) == ("staff", {"vienna-1"})


def joined_again(db: Database) -> frozenset[str]:
    ana = people.sign_in(db, "ana@example.org", PASSWORD)
    assert ana is not None
    return ana.sites


def test_a_change_that_makes_no_sense_changes_nothing(db: Database) -> None:
    owner = joined(db, people_joining.invite(db, NOW, email="own@example.org", role="owner"))
    ana = joined(db, people_joining.invite(db, NOW, email="ana@example.org", role="reviewer"))
    for role, sites, says in (
        ("manager", [], "A manager needs"),
        ("staff", [], "Staff need"),
        ("boss", [], "no role"),
        ("manager", ["paris-1"], "no site “paris-1”. There are"),
    ):
        with pytest.raises(PeopleError, match=says):
            people_leaving.change(db, NOW, ana.person_id, role=role, sites=sites)
    with pytest.raises(PeopleError, match="only owner"):
        people_leaving.change(db, NOW, owner.person_id, role="reviewer")
    people_leaving.remove(db, NOW, ana.email)
    with pytest.raises(PeopleError, match="nobody with the address ana@"):
        people_leaving.change(db, NOW, ana.person_id, role="owner")
    assert people.find(db, owner.person_id) == owner


def test_whoever_is_removed_loses_everything_and_can_come_back(db: Database) -> None:
    joined(db, people_joining.invite(db, NOW, email="own@example.org", role="owner"))
    ana = joined(
        db,
        people_joining.invite(db, NOW, email="ana@example.org", role="manager", regions=["east"]),
    )
    people_leaving.remove(db, NOW, "ANA@example.org")
    found = people.find(db, ana.person_id)
    assert found is not None
    assert (found.status, found.regions, found.epoch) == ("removed", set(), ana.epoch + 1)
    assert people.sign_in(db, ana.email, PASSWORD) is None
    with pytest.raises(PeopleError, match="nobody with the address"):
        people_leaving.remove(db, NOW, ana.email)
    again = joined(db, people_joining.invite(db, NOW, email="ana@example.org", role="reviewer"))
    assert (again.person_id, again.role, again.regions) == (ana.person_id, "reviewer", set())


def test_removing_somebody_who_is_invited_makes_the_link_void(db: Database) -> None:
    token = people_joining.invite(db, NOW, email="ana@example.org", role="reviewer")
    people_leaving.remove(db, NOW, "ana@example.org")
    assert reason(db, token) == "unknown"


def test_the_last_owner_stays(db: Database) -> None:
    joined(db, people_joining.invite(db, NOW, email="own@example.org", role="owner"))
    second = people_joining.invite(db, NOW, email="two@example.org", role="owner")
    with pytest.raises(PeopleError, match="only owner"):
        people_leaving.remove(db, NOW, "own@example.org")
    joined(db, second)
    people_leaving.remove(db, NOW, "own@example.org")
    with pytest.raises(PeopleError, match="only owner"):
        people_leaving.remove(db, NOW, "two@example.org")


def test_what_was_done_stands_in_the_audit(db: Database) -> None:
    joined(db, people_joining.invite(db, NOW, email="own@example.org", role="owner"))
    ana = joined(db, people_joining.invite(db, NOW, email="ana@example.org", role="reviewer"))
    people.change_password(db, NOW, ana, old=PASSWORD, new="another long one")
    people_leaving.sign_out_everywhere(db, NOW, ana, by=ana.person_id)
    people_leaving.remove(db, NOW, ana.email)
    acts = [
        row["action"]
        for row in db.rows("SELECT action FROM audit WHERE subject = 'ana@example.org'")
    ]
    assert sorted(acts) == [
        "changed password",
        "invited",
        "joined",
        "removed",
        "signed out everywhere",
    ]


# --- what they may see -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "east", "west"),
    [
        (Person("1", "", "", "owner"), True, True),
        (Person("1", "", "", "reviewer"), True, True),
        (Person("1", "", "", "reviewer", regions=frozenset({"east"})), True, False),
        (Person("1", "", "", "manager", regions=frozenset({"east"})), True, False),
        (Person("1", "", "", "manager", sites=frozenset({WEST.site_id})), False, True),
        (Person("1", "", "", "manager"), False, False),
        (Person("1", "", "", "shopper"), False, False),
        (Person("1", "", "", "staff"), False, False),
    ],
)
def test_who_may_see_which_site(person: Person, east: bool, west: bool) -> None:
    assert (may_see(person, EAST), may_see(person, WEST)) == (east, west)
