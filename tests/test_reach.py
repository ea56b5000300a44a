"""Does the outside reach us? Asked of real sockets: our own server, and everything that may sit in
its place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import reach, setup
from surveys.installation import Installation
from surveys.reach_asking import ask
from surveys.store import audit, settings
from tests.conftest import NOW, Clock
from tests.desk_people import HTML
from tests.rig.listeners import Certificates, Listener, passes_on, says
from tests.rig.server import Server, free_port

KEY = b"k" * 32
NONCE = reach.new_nonce(KEY, NOW)
PROOF = reach.proof(KEY, NONCE, NOW) or ""
OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="no openssl here to make certificates with"
)


def asked(port: int, *, scheme: str = "http", host: str = "localhost", timeout: float = 5) -> str:
    return ask(f"{scheme}://{host}:{port}", NONCE, PROOF, own_port=port, timeout=timeout)


# --- the nonce and its proof ------------------------------------------------------------------


def test_a_proof_is_given_for_our_own_nonces_while_they_are_fresh() -> None:
    assert PROOF
    assert reach.proof(KEY, NONCE, NOW + timedelta(minutes=59)) == PROOF
    assert reach.proof(KEY, NONCE, NOW + timedelta(minutes=61)) is None
    assert reach.proof(b"x" * 32, NONCE, NOW) is None
    for other in ("", "-", "--", "0-0-0", NONCE[:-1] + "x", f"{NONCE}-", "é-é-é"):
        assert reach.proof(KEY, other, NOW) is None


# --- who answers ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("reach") / "data") as server:
        yield server


@pytest.fixture
def own(server: Server) -> tuple[str, str]:
    """A nonce of the running server, made now, and its proof."""
    installation = Installation(server.folder)
    now = datetime.now(UTC)
    nonce = reach.new_nonce(installation.secret_key(), now)
    return nonce, reach.proof(installation.secret_key(), nonce, now) or ""


def test_our_own_server_proves_itself(server: Server, own: tuple[str, str]) -> None:
    nonce, proof = own
    assert ask(server.url, nonce, proof, own_port=server.port) == "works"


def test_another_touchstone_does_not(server: Server) -> None:
    assert asked(server.port) == "another Touchstone"


@needs_openssl
def test_by_https_behind_a_proxy(
    server: Server, own: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with Listener(passes_on(server.port), certificates.made("localhost")) as proxy:
        address = f"https://localhost:{proxy.port}"
        assert ask(address, *own, own_port=proxy.port) == "works"


@needs_openssl
@pytest.mark.parametrize(
    ("name", "days", "believed", "came_of_it"),
    [
        ("localhost", 2, False, "untrusted"),
        ("localhost", -1, True, "expired"),
        ("elsewhere.example", 2, True, "other name"),
    ],
)
def test_a_certificate_that_phones_would_not_take(
    name: str,
    days: int,
    believed: bool,
    came_of_it: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificates = Certificates(tmp_path)
    if believed:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    answer = says(f"{OK}{reach.ANSWER} {PROOF}")
    with Listener(answer, certificates.made(name, days=days)) as listener:
        assert asked(listener.port, scheme="https") == came_of_it
        assert listener.requests in ([], [b""])  # nothing was told to it


@pytest.mark.parametrize(
    ("answer", "came_of_it"),
    [
        (f"{OK}{reach.ANSWER} {PROOF}\n", "works"),
        (f"{OK}{reach.ANSWER} {'0' * 64}\n", "another Touchstone"),
        (f"{OK}Welcome to nginx!", "another program"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "another program"),
        ("220 mail.example.org ESMTP\r\n", "another program"),
        (f"{reach.ANSWER} {PROOF}\n", "another program"),
        ("", "another program"),
    ],
)
def test_whatever_answers_is_judged_by_the_proof_alone(answer: str, came_of_it: str) -> None:
    with Listener(says(answer)) as listener:
        assert asked(listener.port) == came_of_it
    (request,) = listener.requests
    assert request.startswith(f"GET /reach/{NONCE} HTTP/1.1\r\n".encode())


def test_nobody_is_followed_elsewhere() -> None:
    with Listener(says(OK)) as target:
        moved = f"HTTP/1.1 301 Moved\r\nLocation: http://localhost:{target.port}/\r\n\r\n"
        with Listener(says(moved)) as listener:
            assert asked(listener.port) == "elsewhere"
        assert target.requests == []


def test_nobody_listens() -> None:
    assert asked(free_port()) == "refused"


def test_a_name_that_leads_nowhere() -> None:
    assert asked(443, host="nobody.invalid", scheme="https") == "name"


def test_a_name_as_long_as_a_name_may_be_with_a_port() -> None:
    assert asked(9, host="a" * 63) == "name"


def test_https_where_only_http_is_spoken(server: Server) -> None:
    assert asked(server.port, scheme="https") == "no https"


def test_a_silent_one_is_not_waited_for() -> None:
    listener: Listener

    def silence(request: bytes) -> Iterator[bytes]:
        listener.over.wait()
        yield b""

    with Listener(silence) as listener:
        assert asked(listener.port, timeout=0.5) == "time"


def test_one_that_drips_is_not_waited_for() -> None:
    listener: Listener

    def drip(request: bytes) -> Iterator[bytes]:
        yield OK.encode()
        while not listener.over.wait(0.05):
            yield b"x"

    with Listener(drip) as listener:
        assert asked(listener.port, timeout=0.5) == "time"


def test_one_that_never_ends_is_cut_short() -> None:
    listener: Listener

    def pour(request: bytes) -> Iterator[bytes]:
        yield OK.encode()
        while not listener.over.is_set():
            yield b"x" * 4096

    with Listener(pour) as listener:
        assert asked(listener.port, timeout=20) == "another program"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_other_ports_within_a_network_are_not_looked_at(host: str) -> None:
    """Or an owner's page would tell which machines in there listen where."""
    with Listener(says(f"{OK}{reach.ANSWER} {PROOF}")) as listener:
        assert ask(f"http://{host}:{listener.port}", NONCE, PROOF, own_port=8000) == "not asked"
    assert listener.requests == []


# --- the page ---------------------------------------------------------------------------------


@pytest.fixture
def told(chain: Installation) -> str:
    """The address is in use, and was checked; the nonce of that check."""
    nonce = reach.new_nonce(chain.secret_key(), NOW)
    reach.use(
        chain.database(), "https://survey.example.org", nonce, reach.WORKS, at=NOW, by="person-1"
    )
    return nonce


def test_a_phone_that_comes_is_told_and_remembered(
    client: FlaskClient, chain: Installation, told: str
) -> None:
    page = client.get(f"/reach/{told}", headers=HTML)
    assert page.status_code == 200
    assert "It works." in page.text
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    known = reach.known(chain.database())
    assert known is not None
    assert known.outside_utc == "2026-11-22T09:00:00.000000Z"


def test_a_program_gets_the_proof_and_nothing_is_remembered(
    client: FlaskClient, chain: Installation, told: str
) -> None:
    answer = client.get(f"/reach/{told}", headers={"Accept": "text/plain"})
    proof = reach.proof(chain.secret_key(), told, NOW)
    assert answer.text == f"touchstone reach {proof}\n"
    known = reach.known(chain.database())
    assert known is not None
    assert known.outside_utc is None


def test_an_old_code_and_a_foreign_one_are_not_proved(
    client: FlaskClient, chain: Installation, told: str, clock: Clock
) -> None:
    clock.forward(hours=2)
    for nonce in (told, NONCE, "x"):
        answer = client.get(f"/reach/{nonce}", headers={"Accept": "text/plain"})
        assert (answer.status_code, answer.text) == (404, "touchstone reach unknown\n")
        page = client.get(f"/reach/{nonce}", headers=HTML)
        assert page.status_code == 404
        assert "This code is too old" in page.text
    known = reach.known(chain.database())
    assert known is not None
    assert known.outside_utc is None


def test_what_is_known_is_of_the_address_in_use_only(chain: Installation, told: str) -> None:
    db = chain.database()
    assert "address" not in setup.undone(db)
    settings.put(db, "base_url", "https://other.example.org")  # as serve --base-url does
    assert reach.known(db) is None
    assert "address" in setup.undone(db)


def test_a_new_address_is_written_down(chain: Installation, told: str) -> None:
    (row,) = audit.newest_first(chain.database(), 5)
    assert (row["person_id"], row["action"], row["subject"]) == ("person-1", "changed", "address")


def test_the_page_is_open_to_everybody_and_says_nothing_of_us(app: Flask, told: str) -> None:
    text = app.test_client().get(f"/reach/{told}", headers=HTML).text
    assert "survey.example.org" not in text
