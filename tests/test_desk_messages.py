"""The desk's pages of what is sent: messages, web-hooks, the mail server, one's own letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import jobs, mail, people, preferences, webhooks
from surveys.installation import Installation
from surveys.mail import MailServer
from surveys.people import Person
from surveys.sentences import Sentence, kept
from surveys.store import audit as audit_store
from surveys.store import jobs as store
from surveys.store import settings, times
from surveys.store import webhooks as webhooks_store
from surveys.store.database import Database
from surveys.worker import Worker
from tests.conftest import NOW
from tests.desk_people import HTML, enrol, form_token, signed_in
from tests.rig.receivers import ERROR, GOOD, Receiver, mail_server
from tests.rig.server import free_port

URL = "https://hooks.example.org/touchstone"
PASSWORD = "a secret that nobody may read"


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def olu(db: Database) -> Person:
    return enrol(db, "owner", email="olu@example.org")


@pytest.fixture
def owner(app: Flask, olu: Person) -> FlaskClient:
    return signed_in(app.test_client(), olu)


def post(
    client: FlaskClient, address: str, page: str = "/account", **fields: object
) -> TestResponse:
    """As a browser does; follows the way back."""
    token = form_token(client.get("/account", headers=HTML))
    data = {"csrf": token, **fields}
    return client.post(address, data=data, headers=HTML, follow_redirects=True)


def put_given_up(db: Database, person: Person, job_id: str = "job-1") -> None:
    with db.transaction():
        jobs.put(
            db, NOW, job_id=job_id, kind="email", topic="misery", recipient=person.person_id,
            payload={"about": []},
        )  # fmt: skip
        why = Sentence("{host} answered: {answer}", host="smtp.example.org", answer="550 <no>")
        store.give_up(db, job_id, times.text(NOW), kept(why))


# --- messages ---------------------------------------------------------------------------------


def test_with_nothing_to_send_the_page_says_so(owner: FlaskClient) -> None:
    page = owner.get("/desk/messages").text
    assert "Nothing waits." in page
    assert "No mail server is set up" in page
    assert "given up" not in owner.get("/desk").text


def test_what_was_given_up_stands_on_the_owners_first_page_and_why_on_its_own(
    app: Flask, db: Database, owner: FlaskClient, olu: Person
) -> None:
    put_given_up(db, olu)
    first = owner.get("/desk").text
    assert "1 message could not be sent and was given up." in first
    assert 'href="/desk/messages"' in first
    page = owner.get("/desk/messages").text
    assert "smtp.example.org answered: 550 &lt;no&gt;" in page
    assert "olu@example.org" in page
    manager = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    assert "given up" not in manager.get("/desk").text


def test_what_was_given_up_is_tried_again(db: Database, owner: FlaskClient, olu: Person) -> None:
    for job_id in ("job-1", "job-2", "job-3"):
        put_given_up(db, olu, job_id)
    assert "1 message is tried again now." in post(owner, "/desk/messages/retry", job="job-1").text
    assert store.counts(db) == {"waiting": 1, "given_up": 2}
    assert "2 messages are tried again now." in post(owner, "/desk/messages/retry", all="1").text
    assert store.counts(db) == {"waiting": 3}
    assert "not tried yet" not in owner.get("/desk/messages").text  # the last reason stays
    tried = [a for a in audit_store.newest_first(db, 10) if a["action"] == "tried again"]
    assert [act["person_id"] for act in tried] == [olu.person_id] * 3


def test_what_was_given_up_is_discarded(db: Database, owner: FlaskClient, olu: Person) -> None:
    put_given_up(db, olu)
    assert "It is discarded" in post(owner, "/desk/messages/discard", job="job-1").text
    assert store.counts(db) == {}


@pytest.mark.parametrize("what", ["retry", "discard"])
def test_what_somebody_else_has_decided_meanwhile_stays(
    db: Database, owner: FlaskClient, olu: Person, what: str
) -> None:
    put_given_up(db, olu)
    jobs.retry(db, NOW, "job-1")
    page = post(owner, f"/desk/messages/{what}", job="job-1").text
    assert "Nothing was changed." in page
    assert store.counts(db) == {"waiting": 1}


# --- web-hooks --------------------------------------------------------------------------------


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("TOUCHSTONE_WEBHOOK_HOSTS", "localhost")
    with Receiver([GOOD, ERROR]) as found:
        yield found


def test_a_web_hook_is_added_and_its_secret_shown_once(db: Database, owner: FlaskClient) -> None:
    page = post(owner, "/desk/webhooks", url=URL, event=["moment.misery"])
    (made,) = webhooks_store.every(db)
    assert (made.url, made.events, made.status) == (URL, "moment.misery", "active")
    assert made.secret in page.text
    listed = owner.get("/desk/webhooks").text
    assert URL in listed
    assert "whsec_" not in listed


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://localhost/x", "inside the own network"),
        ("https://169.254.169.254/latest", "inside the own network"),
        ("http://hooks.example.org/", "begins with https://"),
        ("<script>", "is not an address"),
    ],
)
def test_an_address_that_is_refused_stands_in_the_form_again(
    db: Database, owner: FlaskClient, url: str, said: str
) -> None:
    page = post(owner, "/desk/webhooks", url=url, event=["moment.misery"])
    assert page.status_code == 422
    assert said in page.text
    assert "<script>" not in page.text
    assert re.search(r'value="moment.misery" checked', page.text)
    assert f'value="{url.replace("<", "&lt;").replace(">", "&gt;")}"' in page.text
    assert webhooks_store.every(db) == []


def test_a_web_hook_without_an_event_is_refused(db: Database, owner: FlaskClient) -> None:
    page = post(owner, "/desk/webhooks", url=URL)
    assert (page.status_code, "Choose at least one kind of event." in page.text) == (422, True)
    assert webhooks_store.every(db) == []


def test_a_test_tells_what_was_answered(
    db: Database, owner: FlaskClient, receiver: Receiver
) -> None:
    made = webhooks.add(db, NOW, url=receiver.url, events=["moment.misery"])
    address = f"/desk/webhooks/{made.webhook_id}/test"
    assert "localhost answered 204 No Content." in post(owner, address).text
    assert receiver.taken[0].data["type"] == "test"
    assert receiver.taken[0].signed_with(made.secret)
    assert "localhost answered 500 Internal Server Error." in post(owner, address).text
    assert "localhost answered 500" in owner.get("/desk/webhooks").text  # and it stays there


def test_a_web_hook_is_switched_off_and_on_and_removed(db: Database, owner: FlaskClient) -> None:
    made = webhooks.add(db, NOW, url=URL, events=["moment.misery"])
    address = f"/desk/webhooks/{made.webhook_id}"
    post(owner, f"{address}/off")
    assert webhooks_store.every(db)[0].status == "off"
    post(owner, f"{address}/on")
    assert webhooks_store.every(db)[0].status == "active"
    post(owner, f"{address}/remove")
    assert webhooks_store.every(db) == []
    assert post(owner, f"{address}/off").status_code == 404


def test_a_new_secret_is_shown_once(db: Database, owner: FlaskClient) -> None:
    made = webhooks.add(db, NOW, url=URL, events=["moment.misery"])
    page = post(owner, f"/desk/webhooks/{made.webhook_id}/secret").text
    (found,) = webhooks_store.every(db)
    assert found.secret != made.secret
    assert found.secret in page
    assert made.secret not in page
    assert "the old secret signs too" in page


def test_why_it_was_switched_off_by_itself_is_said(db: Database, owner: FlaskClient) -> None:
    made = webhooks.add(db, NOW, url=URL, events=["moment.misery"])
    webhooks.switch_off(db, NOW, made.webhook_id, Sentence("It is gone."))
    assert "switched off by itself: It is gone." in owner.get("/desk/webhooks").text


# --- the mail server --------------------------------------------------------------------------

FORM = {
    "host": "smtp.example.org", "port": "", "security": "starttls",
    "sender": "survey@example.org", "user": "ana", "password": PASSWORD,
}  # fmt: skip


def test_the_mail_server_is_set_up_and_its_password_never_shown(
    db: Database, owner: FlaskClient
) -> None:
    page = post(owner, "/desk/settings/mail", **FORM)
    assert mail.server(db) == MailServer(
        "smtp.example.org", 587, "starttls", "survey@example.org", "ana", PASSWORD
    )
    assert "Saved." in page.text
    assert "smtp.example.org" in page.text
    assert PASSWORD not in page.text
    assert PASSWORD not in str(list(audit_store.newest_first(db, 5)))


def test_settings_that_are_refused_stand_in_the_form_again_without_the_password(
    db: Database, owner: FlaskClient
) -> None:
    page = post(owner, "/desk/settings/mail", **FORM | {"port": "x<y"})
    assert page.status_code == 422
    assert "A port is a number" in page.text
    assert 'value="x&lt;y"' in page.text
    assert 'value="smtp.example.org"' in page.text
    assert PASSWORD not in page.text
    assert mail.server(db) is None


def test_an_empty_password_keeps_the_one_that_is_there(db: Database, owner: FlaskClient) -> None:
    post(owner, "/desk/settings/mail", **FORM)
    post(owner, "/desk/settings/mail", **FORM | {"password": "", "sender": "new@example.org"})
    server = mail.server(db)
    assert server is not None
    assert (server.sender, server.password) == ("new@example.org", PASSWORD)


@pytest.mark.parametrize(
    "changed", [{"host": "mail.elsewhere.example"}, {"user": "eve"}, {"security": "none"}]
)
def test_nobody_learns_the_password_by_naming_another_server(
    db: Database, owner: FlaskClient, changed: dict[str, str]
) -> None:
    post(owner, "/desk/settings/mail", **FORM)
    page = post(owner, "/desk/settings/mail", **FORM | {"password": ""} | changed)
    assert page.status_code == 422
    assert "User name and password go together" in page.text
    server = mail.server(db)
    assert server is not None
    assert server.host == "smtp.example.org"


def test_a_test_letter_tells_what_the_server_answered(db: Database, owner: FlaskClient) -> None:
    with mail_server() as (port, box):
        fields = {"host": "localhost", "port": str(port), "security": "none", "user": ""}
        post(owner, "/desk/settings/mail", **FORM | fields | {"password": ""})
        page = post(owner, "/desk/settings/mail/test", to="ana@example.org").text
        assert "250 Taken as number 1" in page
        box.refuses["max@example.org"] = "550 No such user here"
        page = post(owner, "/desk/settings/mail/test", to="max@example.org").text
        assert "localhost answered: 550 No such user here" in page
        assert 'value="max@example.org"' in page
        assert "not an e-mail address" in post(owner, "/desk/settings/mail/test", to="max").text
    assert len(box.letters) == 1


def test_a_server_that_is_not_there_is_said_at_once(db: Database, owner: FlaskClient) -> None:
    server = mail.checked(
        host="localhost", port=free_port(), security="none", sender="survey@example.org"
    )
    mail.set_up(db, NOW, server)
    page = post(owner, "/desk/settings/mail/test", to="ana@example.org")
    assert (page.status_code, "cannot be reached" in page.text) == (422, True)


def test_the_server_is_forgotten(db: Database, owner: FlaskClient) -> None:
    post(owner, "/desk/settings/mail", **FORM)
    assert "Invitations are links" in post(owner, "/desk/settings/mail/off").text
    assert mail.server(db) is None
    assert PASSWORD not in (settings.get(db, mail.SETTING) or "")


def test_what_the_environment_names_cannot_be_changed_at_the_desk(
    db: Database, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mail.ENVIRONMENT, f"smtp://ana:{PASSWORD}@relay?from=survey@example.org")
    page = owner.get("/desk/settings/mail").text
    assert "relay" in page
    assert "a secret" not in page
    post(owner, "/desk/settings/mail", **FORM)
    assert settings.get(db, mail.SETTING) is None
    monkeypatch.setenv(mail.ENVIRONMENT, "relay")
    assert "is written like" in owner.get("/desk/settings/mail").text


# --- which letters one gets -------------------------------------------------------------------


def test_everybody_chooses_their_letters(app: Flask, db: Database) -> None:
    person = enrol(db, "manager", regions=["east"])
    client = signed_in(app.test_client(), person)
    page = client.get("/account").text
    assert re.search(r'name="alerts" value="1" checked', page)
    assert re.search(r'name="daily" value="1" checked', page)
    assert "has not set up a mail server" in page
    page = post(client, "/account/letters", alerts="1").text
    assert "Saved." in page
    assert preferences.of(db, person.person_id) == {"alerts": "yes", "daily": "no"}
    assert not re.search(r'name="daily" value="1" checked', page)


def test_there_are_no_letters_for_a_reviewer(app: Flask, db: Database) -> None:
    client = signed_in(app.test_client(), enrol(db, "reviewer"))
    assert 'name="alerts"' not in client.get("/account").text


# --- inviting ---------------------------------------------------------------------------------


def test_who_is_invited_gets_a_letter_where_a_mail_server_is_set_up(
    chain: Installation, db: Database, owner: FlaskClient
) -> None:
    with mail_server() as (port, box):
        server = mail.checked(
            host="localhost", port=port, security="none", sender="survey@example.org"
        )
        mail.set_up(db, NOW, server)
        page = post(owner, "/desk/people/invite", email="nora@example.org", role="reviewer").text
        assert "A letter with it is on its way" in page
        link = re.search(r'value="(http\S+/join/[\w-]+)"', page)
        assert link
        assert box.letters == []  # nothing is sent from a request
        assert Worker(chain, lambda: NOW).once().delivered == 1
        (letter,) = box.letters
        assert letter["To"] == "nora@example.org"
        assert link[1] in letter.get_content()
        person = people.find_email(db, "nora@example.org")
        assert person is not None
        post(owner, f"/desk/people/{person.person_id}/link")
        assert Worker(chain, lambda: NOW).once().delivered == 1
        assert link[1] not in box.letters[1].get_content()


def test_without_a_mail_server_the_link_is_there_to_pass_on(
    db: Database, owner: FlaskClient
) -> None:
    page = post(owner, "/desk/people/invite", email="nora@example.org", role="reviewer").text
    assert "Send it to that person, and to nobody else" in page
    assert store.counts(db) == {}


def test_an_invitation_that_is_refused_sends_no_letter(db: Database, owner: FlaskClient) -> None:
    server = mail.checked(
        host="localhost", port=free_port(), security="none", sender="survey@example.org"
    )
    mail.set_up(db, NOW, server)
    page = post(owner, "/desk/people/invite", email="olu@example.org", role="reviewer")
    assert page.status_code == 422
    assert store.counts(db) == {}
