"""Letters through a real SMTP server, and through servers that vanish at every stage."""

from __future__ import annotations

import json
import logging
import ssl
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from surveys import mail, mail_sending
from surveys.installation import Installation
from surveys.mail import MailError, MailServer
from surveys.outside import Undelivered
from surveys.store import audit as audit_store
from surveys.store import settings
from tests.conftest import NOW
from tests.rig.receivers import STAGES, Vanishing, certificate, mail_server
from tests.rig.server import free_port

PASSWORD = "a secret that nobody may read"
SENDER = "survey@example.org"


def through(port: int, **more: str) -> MailServer:
    return mail.checked(
        **{"host": "localhost", "port": port, "security": "none", "sender": SENDER} | more  # type: ignore[arg-type]
    )


def send(server: MailServer, to: str = "ana@example.org", text: str = "Hello.\n") -> str:
    message = mail_sending.letter(
        server, to=to, subject="A subject", text=text, ident="job-1", at=NOW
    )
    return mail_sending.send(server, message, still=0.3, whole=0.8)


def text_of(letter: EmailMessage) -> str:
    return str(letter.get_content()).replace("\r\n", "\n")


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A certificate for localhost that this machine trusts."""
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made[0]))
    return made


# --- a letter ---------------------------------------------------------------------------------


def test_a_letter_arrives_and_the_answer_is_told() -> None:
    with mail_server() as (port, box):
        assert send(through(port)) == "250 Taken as number 1"
    (letter,) = box.letters
    assert letter["From"] == "Touchstone <survey@example.org>"
    assert letter["To"] == "ana@example.org"
    assert letter["Subject"] == "A subject"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"] == "Sun, 22 Nov 2026 09:00:00 +0000"
    assert text_of(letter) == "Hello.\n"


@pytest.mark.parametrize(
    "text",
    [
        "Größe, crème, 10 €\n",
        "مرحبا بكم في المتجر\n",
        "次のリンクを開いてください\n.\n..\nend\n",
        "a" * 3000 + "\n",
    ],
)
def test_any_alphabet_arrives_as_it_was_written(text: str) -> None:
    with mail_server() as (port, box):
        send(through(port), text=text)
    assert text_of(box.letters[0]) == text


def test_a_subject_in_another_alphabet_arrives_and_stays_one_line() -> None:
    with mail_server() as (port, box):
        server = through(port)
        letter = mail_sending.letter(
            server, to="ana@example.org", subject="Café\r\nBcc: eve@example.org 日本",
            text="Hello.\n", ident="job-1", at=NOW,
        )  # fmt: skip
        mail_sending.send(server, letter)
    assert box.letters[0]["Subject"] == "Café Bcc: eve@example.org 日本"
    assert box.letters[0]["Bcc"] is None
    assert box.envelopes[0].rcpt_tos == ["ana@example.org"]


def test_the_same_job_has_the_same_message_id_and_another_has_another() -> None:
    server = through(25)
    ids = [
        mail_sending.letter(server, to="a@example.org", subject="s", text="t", ident=ident, at=NOW)[
            "Message-ID"
        ]
        for ident in ("one", "one", "two")
    ]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].endswith("@example.org>")


def test_addresses_in_other_alphabets_are_reached() -> None:
    with mail_server() as (port, box):
        send(through(port), to="ana@bücher.example")
        send(through(port), to="анна@пример.example")
    assert box.envelopes[0].rcpt_tos == ["ana@xn--bcher-kva.example"]
    assert box.envelopes[1].rcpt_tos == ["анна@xn--e1afmkfd.example"]


def test_a_server_that_cannot_take_such_an_address_is_not_asked_again() -> None:
    with Vanishing("dot") as server, pytest.raises(Undelivered, match="beyond a to z") as refused:
        send(through(server.port), to="анна@example.org")
    assert refused.value.final


# --- security ---------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [False, True])
def test_tls_and_a_password(trusted: tuple[Path, Path], at_once: bool) -> None:
    with mail_server(tls=trusted, at_once=at_once, password=PASSWORD) as (port, box):
        security = "tls" if at_once else "starttls"
        send(through(port, security=security, user="ana", password=PASSWORD))
    assert len(box.letters) == 1


@pytest.mark.parametrize("at_once", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, at_once: bool) -> None:
    with (
        mail_server(tls=certificate(tmp_path), at_once=at_once) as (port, box),
        pytest.raises(Undelivered, match="certificate of localhost cannot be trusted") as why,
    ):
        send(through(port, security="tls" if at_once else "starttls"))
    assert why.value.server
    assert not why.value.final
    assert box.letters == []


def test_a_certificate_for_another_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(made[0]))
    with (
        mail_server(tls=made) as (port, _),
        pytest.raises(Undelivered, match="cannot be trusted"),
    ):
        send(through(port, security="starttls"))


def test_a_password_never_goes_where_starttls_is_not_offered() -> None:
    with Vanishing("dot") as server:
        with pytest.raises(Undelivered, match="does not offer"):
            send(through(server.port, security="starttls", user="ana", password=PASSWORD))
        assert server.seen == ["ehlo"]


def test_a_wrong_password_is_told_in_the_servers_words(trusted: tuple[Path, Path]) -> None:
    with (
        mail_server(tls=trusted, password=PASSWORD) as (port, _),
        pytest.raises(Undelivered, match="does not take this user name") as why,
    ):
        send(through(port, security="starttls", user="ana", password="wrong"))
    assert "535" in str(why.value)
    assert why.value.server


# --- servers that fail ------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("how", ["silent", "cuts", "drips"])
def test_a_server_that_vanishes_leads_to_another_try(stage: str, how: str) -> None:
    started = time.monotonic()
    with (
        Vanishing(stage, cuts=how == "cuts", drips=how == "drips") as server,
        pytest.raises(Undelivered) as why,
    ):
        send(through(server.port))
    assert not why.value.final
    assert why.value.server
    assert time.monotonic() - started < 20  # hours, if nothing ended it
    said = "closed the connection" if how == "cuts" else "did not answer in time"
    assert said in str(why.value)


def test_nobody_there() -> None:
    with pytest.raises(Undelivered, match="cannot be reached") as why:
        send(through(free_port()))
    assert why.value.server
    assert not why.value.final


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(Undelivered, match="cannot be reached"):
        send(through(25, host="mail.invalid"))


@pytest.mark.parametrize(
    ("answer", "final"), [("550 No such user", True), ("450 Try later", False)]
)
def test_a_refused_address_is_given_up_only_if_it_is_for_good(answer: str, final: bool) -> None:
    with mail_server() as (port, box):
        box.refuses["ana@example.org"] = answer
        with pytest.raises(Undelivered) as why:
            send(through(port))
        assert answer in str(why.value)
        assert (why.value.final, why.value.server) == (final, False)
        send(through(port), to="max@example.org")  # the others are not kept from theirs


# --- settings ---------------------------------------------------------------------------------


def test_settings_are_remembered_and_forgotten(installation: Installation) -> None:
    db = installation.database()
    assert mail.server(db) is None
    assert not mail.is_set_up(db)
    server = mail.checked(
        host=" smtp.example.org ", port="", security="starttls", sender="Survey@Example.org",
        user="ana", password=PASSWORD,
    )  # fmt: skip
    assert server.port == 587
    mail.set_up(db, NOW, server)
    assert mail.server(db) == server
    assert mail.is_set_up(db)
    mail.set_up(db, NOW, None)
    assert mail.server(db) is None
    assert not mail.is_set_up(db)
    assert PASSWORD not in (settings.get(db, "smtp") or "")


def test_the_password_is_in_no_audit_and_no_log(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    db = installation.database()
    server = through(25, user="ana", password=PASSWORD)
    with caplog.at_level(logging.DEBUG):
        mail.set_up(db, NOW, server, by="somebody")
        logging.getLogger().warning("%r", server)
    lines = list(audit_store.newest_first(db, 10))
    assert lines[0]["action"] == "set up"
    assert json.loads(lines[0]["detail"])["host"] == "localhost"
    assert PASSWORD not in str(lines)
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host": ""}, "Name the machine"),
        ({"host": "http://smtp.example.org/"}, "Name the machine"),
        ({"host": "smtp example"}, "Name the machine"),
        ({"port": "0"}, "65535"),
        ({"port": "70000"}, "65535"),
        ({"port": "٢٥"}, "65535"),
        ({"security": "ssl"}, "starttls, tls or none"),
        ({"sender": "nobody"}, "not an e-mail address"),
        ({"sender": "ana@example.org\nBcc: eve@example.org"}, "not an e-mail address"),
        ({"user": "ana"}, "go together"),
        ({"password": "x"}, "go together"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, str], said: str) -> None:
    right = {"host": "localhost", "port": "25", "security": "none", "sender": SENDER}
    with pytest.raises(MailError, match=said):
        mail.checked(**right | wrong)


def test_the_environment_names_the_server(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = installation.database()
    url = "smtps://ana:p%40ss@smtp.example.org?from=survey@example.org"
    monkeypatch.setenv(mail.ENVIRONMENT, url)
    assert mail.server(db) == MailServer("smtp.example.org", 465, "tls", SENDER, "ana", "p@ss")
    assert mail.is_set_up(db)
    monkeypatch.setenv(mail.ENVIRONMENT, "smtp://relay?security=none&from=survey@example.org")
    assert mail.server(db) == MailServer("relay", 25, "none", SENDER)


@pytest.mark.parametrize("url", ["smtp.example.org", "http://a", "smtp://host:abc", "smtp://[::1"])
def test_an_environment_that_makes_no_sense_says_how_it_is_written(url: str) -> None:
    with pytest.raises(MailError, match="TOUCHSTONE_SMTP_URL is written like"):
        mail.from_url(url)


def test_a_test_letter_says_what_was_answered(trusted: tuple[Path, Path]) -> None:
    assert ssl.get_default_verify_paths().cafile == str(trusted[0])
    with mail_server(tls=trusted) as (port, box):
        server = through(port, security="starttls")
        assert mail_sending.try_out(server, to="ana@example.org", at=NOW) == "250 Taken as number 1"
        with pytest.raises(MailError, match="not an e-mail address"):
            mail_sending.try_out(server, to="ana", at=NOW)
    assert len(box.letters) == 1
