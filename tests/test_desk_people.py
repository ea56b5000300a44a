"""The desk's people: inviting, changing, links for a new password, removing."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import mail, people, people_joining
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import jobs as jobs_store
from surveys.store import settings
from surveys.store.database import Database
from tests.conftest import Clock
from tests.desk_people import HTML, PASSWORD, enrol, form_token, sign_in, signed_in

NEW = "quite another sentence"


@pytest.fixture
def db(chain: Installation) -> Database:
    settings.put(chain.database(), "base_url", "https://survey.example.org")
    return chain.database()


@pytest.fixture
def owner(db: Database) -> Person:
    return enrol(db, "owner", email="olu@example.org")


@pytest.fixture
def desk(app: Flask, owner: Person) -> FlaskClient:
    return signed_in(app.test_client(), owner)


def post(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    token = form_token(client.get("/account", headers=HTML))
    return client.post(address, data={"csrf": token, **fields}, headers=HTML)


def link_on(page: TestResponse) -> str:
    """The path of the link that a page shows."""
    found = re.search(r'value="https://survey\.example\.org(/join/[\w-]+)"', page.text)
    assert found, page.text
    return found[1]


def use(client: FlaskClient, link: str, password: str = PASSWORD) -> TestResponse:
    page = client.get(link, headers=HTML)
    assert page.status_code == 200, page.text
    fields = {"csrf": form_token(page), "name": "أميرة", "password": password}
    return client.post(link, data=fields, headers=HTML)


def acts(db: Database, email: str) -> list[tuple[str, str]]:
    rows = db.rows(
        "SELECT action, person_id FROM audit WHERE subject = :email ORDER BY at_utc",
        {"email": email},
    )
    return [(row["action"], row["person_id"]) for row in rows]


# --- inviting ---------------------------------------------------------------------------------


def test_an_owner_invites_and_the_link_is_shown_once(
    app: Flask, desk: FlaskClient, owner: Person, db: Database, clock: Clock
) -> None:
    page = post(
        desk,
        "/desk/people/invite",
        email="Ana@example.org",
        role="manager",
        region=["east"],
        site=["lisbon-1"],
    )
    assert page.status_code == 200
    assert "nobody else" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    link = link_on(page)
    shown = desk.get("/desk/people", headers=HTML).text
    assert "link until 29 Nov 2026" in shown
    assert link.removeprefix("/join/") not in shown
    clock.forward(hours=1)
    ana = app.test_client()
    assert use(ana, link).location == "/desk"
    found = people.find_email(db, "ana@example.org")
    assert found is not None
    assert (found.role, found.regions, found.sites) == ("manager", {"east"}, {"lisbon-1"})
    shown = desk.get("/desk/people", headers=HTML).text
    assert "<bdi>أميرة</bdi>" in shown
    assert "last link used 22 Nov 2026" in shown
    assert sorted(acts(db, "ana@example.org")) == sorted(
        [("invited", owner.person_id), ("joined", found.person_id)]
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"email": "ana", "role": "reviewer"}, "not an e-mail address"),
        ({"email": "ana@example.org"}, "Choose what they will be"),
        ({"email": "ana@example.org", "role": "boss"}, "There is no role"),
        ({"email": "ana@example.org", "role": "manager"}, "A manager needs at least one"),
        ({"email": "ana@example.org", "role": "staff"}, "Staff need at least one"),
        ({"email": "ana@example.org", "role": "staff", "site": "x"}, "There is no site “x”"),
        ({"email": "olu@example.org", "role": "reviewer"}, "has joined already, as owner"),
    ],
)
def test_what_cannot_be_invited_stands_in_the_form_again(
    desk: FlaskClient, db: Database, fields: dict[str, str], says: str
) -> None:
    answer = post(desk, "/desk/people/invite", **fields)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{fields["email"]}"' in answer.text
    if fields.get("role") in people.ROLES:
        assert re.search(rf'value="{fields["role"]}" required checked', answer.text)
    assert [person.email for person in people.everyone(db)] == ["olu@example.org"]


def test_what_was_ticked_stays_ticked(desk: FlaskClient) -> None:
    answer = post(
        desk, "/desk/people/invite", email="x", role="manager", region="west", site="vienna-2"
    )
    assert re.search(r'name="region" value="west" checked', answer.text)
    assert re.search(r'name="site" value="vienna-2" checked', answer.text)
    assert not re.search(r'name="region" value="east" checked', answer.text)


def test_an_owner_needs_no_places_and_gets_none(desk: FlaskClient, db: Database) -> None:
    post(desk, "/desk/people/invite", email="two@example.org", role="owner", region="east")
    found = people.find_email(db, "two@example.org")
    assert found is not None
    assert (found.role, found.regions) == ("owner", set())


def test_before_there_is_a_site_one_is_told(installation: Installation) -> None:
    from surveys.web.application import build  # noqa: PLC0415 - as the fixture does

    app = build(installation.folder)
    app.testing = True
    desk = signed_in(app.test_client(), enrol(installation.database(), "owner"))
    assert "There are no sites yet" in desk.get("/desk/people/invite", headers=HTML).text


def test_a_link_that_nobody_else_can_open_says_so(desk: FlaskClient, db: Database) -> None:
    settings.put(db, "base_url", "http://127.0.0.1:8000")
    page = post(desk, "/desk/people/invite", email="ana@example.org", role="reviewer")
    assert "leads to this machine only" in page.text


def test_a_new_link_makes_the_one_before_void(
    app: Flask, desk: FlaskClient, db: Database, clock: Clock
) -> None:
    old = link_on(post(desk, "/desk/people/invite", email="ana@example.org", role="reviewer"))
    ana = people.find_email(db, "ana@example.org")
    assert ana is not None
    clock.forward(days=8)
    assert sign_in(desk, "olu@example.org").status_code == 303  # sessions last a week
    page = desk.get(f"/desk/people/{ana.person_id}", headers=HTML).text
    assert "the link has expired" in page
    new = link_on(post(desk, f"/desk/people/{ana.person_id}/link"))
    client = app.test_client()
    assert client.get(old, headers=HTML).status_code == 404
    assert use(client, new).status_code == 303


# --- changing ---------------------------------------------------------------------------------


def test_other_places_hold_from_the_next_page_on(
    app: Flask, desk: FlaskClient, owner: Person, db: Database
) -> None:
    max_ = enrol(db, "manager", email="max@example.org", regions=["east"])
    client = signed_in(app.test_client(), max_)
    assert client.get("/desk/sites/vienna-1", headers=HTML).status_code == 200
    page = desk.get(f"/desk/people/{max_.person_id}", headers=HTML).text
    assert re.search(r'name="region" value="east" checked', page)
    done = post(desk, f"/desk/people/{max_.person_id}", role="manager", site="lisbon-1")
    assert done.status_code == 303
    assert client.get("/desk/sites/vienna-1", headers=HTML).status_code == 404
    assert client.get("/desk/sites/lisbon-1", headers=HTML).status_code == 200
    assert ("changed", owner.person_id) in acts(db, max_.email)


def test_a_change_that_cannot_be_is_told_and_nothing_changes(
    desk: FlaskClient, db: Database
) -> None:
    max_ = enrol(db, "manager", regions=["east"])
    refused = post(desk, f"/desk/people/{max_.person_id}", role="manager")
    assert (refused.status_code, "A manager needs" in refused.text) == (422, True)
    assert people.find(db, max_.person_id) == max_


def test_the_only_owner_stays_one(desk: FlaskClient, owner: Person, db: Database) -> None:
    address = f"/desk/people/{owner.person_id}"
    for done in (
        post(desk, address, role="reviewer", sure="1"),
        post(desk, f"{address}/remove", sure="1"),
    ):
        assert (done.status_code, "only owner" in done.text) == (422, True)
    assert people.find(db, owner.person_id) == owner


def test_an_owner_is_asked_once_more_before_they_shut_themselves_out(
    desk: FlaskClient, owner: Person, db: Database
) -> None:
    enrol(db, "owner", email="two@example.org")
    address = f"/desk/people/{owner.person_id}"
    for done in (post(desk, address, role="reviewer"), post(desk, f"{address}/remove")):
        assert (done.status_code, "Tick that you mean it" in done.text) == (422, True)
    assert people.find(db, owner.person_id) == owner
    assert post(desk, address, role="reviewer", sure="1").location == "/"
    assert desk.get("/desk/people", headers=HTML).status_code == 403
    assert desk.get("/desk", headers=HTML).status_code == 200


def test_another_owner_is_changed_without_a_tick(desk: FlaskClient, db: Database) -> None:
    two = enrol(db, "owner", email="two@example.org")
    assert post(desk, f"/desk/people/{two.person_id}", role="reviewer").status_code == 303
    found = people.find(db, two.person_id)
    assert found is not None
    assert found.role == "reviewer"


# --- a lost password, a lost phone ------------------------------------------------------------


def test_a_lost_password_needs_no_shell(
    app: Flask, desk: FlaskClient, owner: Person, db: Database
) -> None:
    ana = enrol(db, "reviewer", email="ana@example.org")
    elsewhere = signed_in(app.test_client(), ana)
    page = post(desk, f"/desk/people/{ana.person_id}/link")
    assert "chooses a new password" in page.text
    link = link_on(page)
    assert "link for a new password until" in desk.get("/desk/people", headers=HTML).text
    assert elsewhere.get("/desk", headers=HTML).status_code == 200
    assert people.sign_in(db, ana.email, PASSWORD) is not None
    client = app.test_client()
    assert "Choose a new password" in client.get(link, headers=HTML).text
    assert use(client, link, NEW).location == "/desk"
    assert people.sign_in(db, ana.email, PASSWORD) is None
    assert elsewhere.get("/desk", headers=HTML).status_code == 303
    assert sign_in(elsewhere, ana.email, NEW).status_code == 303
    assert ("made a link for a new password", owner.person_id) in acts(db, ana.email)
    assert ("chose a new password by a link", ana.person_id) in acts(db, ana.email)


def test_an_owner_signs_somebody_out_everywhere(
    app: Flask, desk: FlaskClient, owner: Person, db: Database
) -> None:
    ana = enrol(db, "reviewer", email="ana@example.org")
    client = signed_in(app.test_client(), ana)
    assert post(desk, f"/desk/people/{ana.person_id}/sign-out").status_code == 303
    assert client.get("/desk", headers=HTML).status_code == 303
    assert desk.get("/desk", headers=HTML).status_code == 200
    assert ("signed out everywhere", owner.person_id) in acts(db, ana.email)
    out = post(desk, f"/desk/people/{owner.person_id}/sign-out")
    assert out.location == "/sign-in"
    assert desk.get("/desk", headers=HTML).status_code == 303


# --- leaving and coming back ------------------------------------------------------------------


def test_somebody_is_removed_and_brought_back(
    app: Flask, desk: FlaskClient, owner: Person, db: Database
) -> None:
    ana = enrol(db, "reviewer", email="ana@example.org")
    client = signed_in(app.test_client(), ana)
    assert post(desk, f"/desk/people/{ana.person_id}/remove").location == "/desk/people"
    assert client.get("/desk", headers=HTML).status_code == 303
    assert "1 person removed" in desk.get("/desk/people", headers=HTML).text
    assert ("removed", owner.person_id) in acts(db, ana.email)
    refused = post(desk, f"/desk/people/{ana.person_id}/link")
    assert (refused.status_code, "was removed" in refused.text) == (422, True)
    back = post(desk, f"/desk/people/{ana.person_id}", role="manager", region="west")
    assert use(client, link_on(back)).status_code == 303
    found = people.find(db, ana.person_id)
    assert found is not None
    assert (found.role, found.status, found.regions) == ("manager", "active", {"west"})


def test_nobody_there_is_a_page_that_says_so(desk: FlaskClient) -> None:
    answer = desk.get("/desk/people/nobody", headers=HTML)
    assert (answer.status_code, "There is nobody here" in answer.text) == (404, True)


# --- links in other hands ---------------------------------------------------------------------


def test_a_link_opened_by_somebody_who_is_signed_in_joins_as_the_invited(
    app: Flask, db: Database, owner: Person, desk: FlaskClient
) -> None:
    """On a shared computer: the other's session ends here, and only by going on."""
    link = link_on(post(desk, "/desk/people/invite", email="ana@example.org", role="reviewer"))
    page = desk.get(link, headers=HTML)
    assert "is signed in at the moment" in page.text
    assert desk.get("/desk/people", headers=HTML).status_code == 200  # looking ends nothing
    assert use(desk, link).location == "/desk"
    assert "ana@example.org" in desk.get("/account", headers=HTML).text
    assert desk.get("/desk/people", headers=HTML).status_code == 403
    assert signed_in(app.test_client(), owner).get("/desk/people", headers=HTML).status_code == 200


def test_a_link_opened_by_another_is_still_good_and_its_use_is_seen(
    app: Flask, db: Database, desk: FlaskClient
) -> None:
    """Nobody can tell who holds a link. Looking does not use it; who used it first is in; the
    second is told, and the owner sees when it was used."""
    link = link_on(post(desk, "/desk/people/invite", email="ana@example.org", role="reviewer"))
    another, invited = app.test_client(), app.test_client()
    for _ in range(3):
        assert another.get(link, headers=HTML).status_code == 200
    assert use(another, link).status_code == 303
    gone = invited.get(link, headers=HTML)
    assert (gone.status_code, "tell whoever invited you at once" in gone.text) == (410, True)
    ana = people.find_email(db, "ana@example.org")
    assert ana is not None
    page = desk.get(f"/desk/people/{ana.person_id}", headers=HTML).text
    assert "last link used 22 Nov 2026" in page
    # The cure: out everywhere, and a link for a new password.
    new = link_on(post(desk, f"/desk/people/{ana.person_id}/link"))
    assert use(invited, new, NEW).status_code == 303
    assert another.get("/desk", headers=HTML).status_code == 303


def test_joining_twice_by_one_link_is_told_apart(app: Flask, db: Database, owner: Person) -> None:
    token = people_joining.new_link(db, Clock()(), owner.person_id)
    client = app.test_client()
    page = client.get(f"/join/{token}", headers=HTML)
    fields = {"csrf": form_token(page), "name": "Olu", "password": NEW}
    assert client.post(f"/join/{token}", data=fields).status_code == 303
    again = client.get(f"/join/{token}", headers=HTML)
    assert (again.status_code, "This link has been used" in again.text) == (410, True)


def test_where_a_mail_server_is_set_up_the_link_goes_out_as_a_letter(
    desk: FlaskClient, db: Database, clock: Clock
) -> None:
    server = mail.checked(host="localhost", port=25, security="none", sender="t@example.org")
    mail.set_up(db, clock(), server)
    page = post(desk, "/desk/people/invite", email="nora@example.org", role="reviewer")
    assert "A letter with it is on its way" in page.text
    person = people.find_email(db, "nora@example.org")
    assert person is not None
    waiting = jobs_store.newest(db, "email", "invitation", person.person_id)
    assert waiting is not None
    assert f"/join/{json.loads(waiting.payload)['token']}" == link_on(page)
