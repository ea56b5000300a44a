"""Web-hooks: their signatures, where they may lead, and what becomes of each answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from surveys import jobs, outside, webhook_sending, webhooks
from surveys.installation import Installation
from surveys.outside import Undelivered, is_public
from surveys.sentences import read
from surveys.store import audit as audit_store
from surveys.store import jobs as jobs_store
from surveys.store import times
from surveys.store import webhooks as store
from surveys.store.webhooks import Webhook
from surveys.webhook_sending import Gone, Limits
from surveys.webhooks import WebhookError
from tests.conftest import NOW
from tests.rig.receivers import (
    BUSY,
    CUT,
    DRIP,
    ERROR,
    GONE,
    HANG,
    HUGE,
    REDIRECT,
    Receiver,
    certificate,
)  # fmt: skip

URL = "https://hooks.example.org/touchstone"
LOCAL = frozenset({"localhost"})
QUICK = Limits(still=0.3, whole=0.8)


def hook(url: str = URL) -> Webhook:
    return Webhook(
        webhook_id="w1", url=url, events="moment.misery",
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", old_secret=None, old_until_utc=None,
        status="active", reason=None, answer=None, answered_utc=None, succeeded_utc=None,
        created_utc=times.text(NOW),
    )  # fmt: skip


def send(receiver: Receiver, body: bytes = b"{}", **more: object) -> str:
    return str(
        webhook_sending.send(
            hook(receiver.url),
            "msg_1",
            body,
            NOW,
            allowed=LOCAL,
            limits=QUICK,
            **more,  # type: ignore[arg-type]
        )
    )


# --- signing ----------------------------------------------------------------------------------


def test_the_published_example_is_signed_as_published() -> None:
    """The test vector that the libraries of Standard Webhooks share."""
    at = datetime.fromtimestamp(1614265330, UTC)
    found = webhook_sending.headers(
        hook(), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}'
    )
    assert found["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert found["webhook-timestamp"] == "1614265330"
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_changes_both_sign_and_then_the_new_one_alone(
    installation: Installation,
) -> None:
    db = installation.database()
    made = webhooks.add(db, NOW, url=URL, events=["moment.misery"])
    new = webhooks.new_secret_for(db, NOW, made.webhook_id)
    assert new != made.secret
    found = store.find(db, made.webhook_id)
    assert found is not None
    during = webhook_sending.headers(found, "m", NOW + timedelta(hours=23), b"x")
    after = webhook_sending.headers(found, "m", NOW + timedelta(hours=25), b"x")
    stamp = int((NOW + timedelta(hours=23)).timestamp())
    assert during["webhook-signature"].split(" ") == [
        webhook_sending.signature(new, "m", stamp, b"x"),
        webhook_sending.signature(made.secret, "m", stamp, b"x"),
    ]
    assert len(after["webhook-signature"].split(" ")) == 1


def test_a_receiver_can_check_what_it_was_sent() -> None:
    with Receiver() as receiver:
        assert send(receiver, '{"a": "größe"}'.encode()) == "localhost answered 204 No Content."
    (got,) = receiver.taken
    assert got.signed_with(hook().secret)
    assert not got.signed_with("whsec_" + "A" * 32)
    assert (got.path, got.headers["content-type"]) == ("/hook", "application/json")
    assert got.headers["host"] == f"localhost:{receiver.port}"
    assert got.data == {"a": "größe"}


def test_over_tls_the_certificate_must_be_the_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(tmp_path)
    with Receiver(tls=made) as receiver:
        with pytest.raises(Undelivered, match="certificate of localhost cannot be trusted"):
            send(receiver)
        monkeypatch.setenv("SSL_CERT_FILE", str(made[0]))
        send(receiver)
    assert len(receiver.taken) == 1


# --- answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "said", "server"),
    [
        (ERROR, "answered 500", False),
        (HANG, "did not answer in time", True),
        (CUT, "cannot be reached", True),
        (DRIP, "did not answer in time", True),
        (BUSY, "answered 503", True),
        (REDIRECT, "Put in the final one", True),
    ],
)
def test_what_is_no_good_answer_leads_to_another_try(what: str, said: str, server: bool) -> None:
    with Receiver([what]) as receiver:
        started = time.monotonic()
        with pytest.raises(Undelivered, match=said) as why:
            send(receiver)
        assert time.monotonic() - started < 20
        assert (why.value.final, why.value.server) == (False, server)
        assert why.value.wait == (7200 if what == BUSY else 0)
        assert [got.path for got in receiver.received] == ["/hook"]  # no redirect was followed


def test_an_answer_without_end_is_read_a_little_and_left() -> None:
    with Receiver([HUGE]) as receiver:
        assert send(receiver) == "localhost answered 200 OK."


def test_410_says_that_the_receiver_is_gone() -> None:
    with Receiver([GONE]) as receiver, pytest.raises(Gone, match="wants no more") as why:
        send(receiver)
    assert why.value.final


# --- where it may lead ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "224.0.0.1", "239.1.1.1", "255.255.255.255"),
        *("240.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0"),
        *("fd00::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "2001:db8::1"),
        "fd00:ec2::254",
    ],
)
def test_an_address_inside_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_an_address_outside_is_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:10.0.0.1"])
def test_a_name_that_leads_inside_is_refused_whatever_else_it_leads_to(inside: str) -> None:
    with pytest.raises(Undelivered, match=r"inside the own network.*TOUCHSTONE_WEBHOOK") as why:
        outside.addresses("hooks.example.org", 443, (), lambda host, port: ["8.8.8.8", inside])
    assert why.value.final


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that first leads outside and then inside is asked once only."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with Receiver() as receiver:
        # Allowed by name: what matters here is that nobody looks it up a second time.
        url = f"http://no-such-name.invalid:{receiver.port}/"
        webhook_sending.send(
            hook(url), "m", b"{}", NOW, allowed={"no-such-name.invalid"}, look_up=rebinding,
            limits=QUICK,
        )  # fmt: skip
        assert receiver.taken[0].headers["host"] == f"no-such-name.invalid:{receiver.port}"
    assert asked == ["no-such-name.invalid"]


def test_nothing_is_sent_inside_though_the_address_was_taken_in_before() -> None:
    """What the desk took in cannot be trusted later: names change their addresses."""
    with Receiver() as receiver:
        with pytest.raises(Undelivered, match="inside the own network"):
            webhook_sending.send(
                hook(f"https://hooks.example.org:{receiver.port}/"), "m", b"{}", NOW,
                allowed=(), look_up=lambda host, port: ["127.0.0.1"], limits=QUICK,
            )  # fmt: skip
        assert receiver.received == []


def test_a_name_that_cannot_be_found_is_tried_again() -> None:
    with pytest.raises(Undelivered, match="cannot be found") as why:
        webhook_sending.send(hook("https://hooks.invalid/"), "m", b"{}", NOW, allowed=())
    assert (why.value.final, why.value.server) == (False, True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is not an address"),
        ("hooks.example.org", "is not an address"),
        ("https://", "is not an address"),
        ("https://hooks.example.org:0/", "is not an address"),
        ("https://hooks.example.org:99999/", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://a b.example/", "is not an address"),
        ("https://a.example/\r\nX: y", "is not an address"),
        ("http://hooks.example.org/", "begins with https"),
        ("ftp://hooks.example.org/", "begins with https"),
        ("file:///etc/passwd", "is not an address"),
        ("https://ana:secret@hooks.example.org/", "no user name"),
        ("https://hooks.example.org/#part", "behind the #"),
        ("https://localhost/", "inside the own network"),
        ("https://LOCALHOST/", "inside the own network"),
        ("https://printer.local/", "inside the own network"),
        ("https://127.0.0.1/", "inside the own network"),
        ("https://[::1]/", "inside the own network"),
        ("https://[::ffff:127.0.0.1]/", "inside the own network"),
        ("https://169.254.169.254/latest/meta-data/", "inside the own network"),
        ("https://hooks.example.org/" + "a" * 2000, "too long"),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_once(
    installation: Installation, url: str, said: str
) -> None:
    with pytest.raises(WebhookError, match=said):
        webhooks.add(installation.database(), NOW, url=url, events=["moment.misery"])
    assert store.every(installation.database()) == []


@pytest.mark.parametrize("number", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
def test_other_ways_to_write_a_loopback_address_are_refused_when_it_is_sent(number: str) -> None:
    with pytest.raises(Undelivered) as why:
        webhook_sending.send(hook(f"https://{number}/"), "m", b"{}", NOW, allowed=())
    assert "inside the own network" in str(why.value) or "cannot be found" in str(why.value)


def test_a_host_inside_is_taken_when_whoever_runs_the_server_names_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(outside.ALLOWED, "intranet.example, Localhost")
    for url in ("http://localhost:8123/x", "https://intranet.example/"):
        made = webhooks.add(installation.database(), NOW, url=url, events=["moment.misery"])
        assert made.url == url
    with pytest.raises(WebhookError):
        webhooks.add(
            installation.database(), NOW, url="http://127.0.0.1/", events=["moment.misery"]
        )


# --- which there are --------------------------------------------------------------------------


@pytest.mark.parametrize("events", [[], ["everything"], ["moment.misery", "everything"]])
def test_events_that_there_are_not_are_refused(
    installation: Installation, events: list[str]
) -> None:
    with pytest.raises(WebhookError, match="at least one kind"):
        webhooks.add(installation.database(), NOW, url=URL, events=events)


def test_what_is_done_to_a_webhook_is_in_the_audit_and_no_secret_is(
    installation: Installation,
) -> None:
    db = installation.database()
    made = webhooks.add(db, NOW, url=URL, events=["moment.misery"], by="olu")
    new = webhooks.new_secret_for(db, NOW + timedelta(1), made.webhook_id, by="olu")
    webhooks.switch_off(db, NOW + timedelta(2), made.webhook_id, by="olu")
    webhooks.switch_on(db, NOW + timedelta(3), made.webhook_id, by="olu")
    webhooks.remove(db, NOW + timedelta(4), made.webhook_id, by="olu")
    lines = list(audit_store.newest_first(db, 10))
    acts = [line["action"] for line in reversed(lines)]
    assert acts == ["added", "new secret", "switched off", "switched on", "removed"]
    assert {line["person_id"] for line in lines} == {"olu"}
    assert made.secret not in str(lines)
    assert new not in str(lines)
    assert made.secret not in repr(made)
    with pytest.raises(WebhookError, match="no such web-hook"):
        webhooks.switch_on(db, NOW, made.webhook_id)


def test_switching_off_and_removing_take_what_waits_along(installation: Installation) -> None:
    db = installation.database()
    made = webhooks.add(db, NOW, url=URL, events=["moment.misery"])

    def put(job_id: str) -> None:
        with db.transaction():
            jobs.put(
                db, NOW, job_id=job_id, kind="webhook", topic="moment.misery",
                recipient=made.webhook_id, payload={},
            )  # fmt: skip

    put("one")
    webhooks.switch_off(db, NOW, made.webhook_id, read(_SAID))
    given_up = jobs_store.find(db, "one")
    assert given_up is not None
    assert (given_up.status, read(given_up.last_error or "")) == ("given_up", "It is gone.")
    off = store.find(db, made.webhook_id)
    assert off is not None
    assert (off.status, read(off.reason or "")) == ("off", "It is gone.")
    put("two")
    webhooks.switch_off(db, NOW, made.webhook_id)
    assert jobs_store.find(db, "two") is None
    put("three")
    webhooks.remove(db, NOW, made.webhook_id)
    assert jobs_store.find(db, "three") is None


_SAID = '{"template": "It is gone.", "values": {}}'
