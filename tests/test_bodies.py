"""Bodies as phones really send them: cut off in the middle, too large, never finished."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from surveys.installation import DATABASE_FILE, Installation
from surveys.store import submissions
from surveys.store.sqlite import SqliteDatabase
from surveys.store.submissions import Submission
from surveys.web.bodies import Stalled, _connections
from tests.conftest import CODES, add_chain
from tests.records import counter_form
from tests.rig.server import Server

FORM = "application/x-www-form-urlencoded"
PATH = f"/q/{CODES['vienna-1']}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bodies") / "data"
    database = Installation.open(folder).database()
    add_chain(database)
    database.close()
    with Server(folder) as server:
        yield server


def answered(server: Server, submission_id: str) -> tuple[str, bytes]:
    """A whole form as a browser without JavaScript posts it: its path and body."""
    fields = {
        "id": submission_id,
        "form": counter_form(Installation(server.folder)),
        "asked": "moment welcome",
        "moment": "better",
        "welcome": "6",
        "comment": "Not a bad place, if you come on a Sunday",
    }
    return PATH, urlencode(fields).encode()


def stored(folder: Path, submission_id: str) -> list[Submission]:
    database = Installation(folder).new_database()
    try:
        return submissions.everywhere(database, submission_id)
    finally:
        database.close()


def begin(server: Server, path: str, headers: str, body: bytes) -> socket.socket:
    """A connection on which a request has begun."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    head = f"POST {path} HTTP/1.1\r\nHost: phone\r\nContent-Type: {FORM}\r\n{headers}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def post(server: Server, path: str, body: bytes, kind: str = FORM) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request("POST", path, body, {"Content-Type": kind})
        return connection.getresponse().status
    finally:
        connection.close()


def test_half_a_form_is_nobodys_answer_and_the_whole_one_counts(server: Server) -> None:
    submission_id = str(uuid.uuid4())
    path, body = answered(server, submission_id)
    cut = begin(server, path, f"Content-Length: {len(body)}", body[:-20])
    cut.shutdown(socket.SHUT_WR)
    assert b" 400 " in cut.recv(100)
    cut.close()
    assert stored(server.folder, submission_id) == []

    assert post(server, path, body) == 303
    (found,) = stored(server.folder, submission_id)
    assert found.status == "counted"
    assert found.sent["answers"]["comment"] == "Not a bad place, if you come on a Sunday"


def test_a_form_whose_end_cannot_be_known_is_not_taken(server: Server) -> None:
    submission_id = str(uuid.uuid4())
    path, body = answered(server, submission_id)
    chunk = b"%x\r\n%s\r\n" % (len(body), body)
    whole = begin(server, path, "Transfer-Encoding: chunked", chunk + b"0\r\n\r\n")
    assert b" 411 " in whole.recv(100)
    whole.close()
    assert stored(server.folder, submission_id) == []


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 5_000_000])
def test_who_sends_too_much_reads_why(server: Server, size: int) -> None:
    assert post(server, "/api/submissions", b"a" * size, "application/json") == 413


def test_too_much_in_chunks_is_too_much(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    parts = [b'{"submissions": [], "x": "', *[b"a" * 65536] * 20, b'"}']
    connection.request("POST", "/api/submissions", iter(parts), encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_that_stands_still_is_not_waited_for() -> None:
    stalled = Stalled(patience=0.4)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        phone = socket.create_connection(listening.getsockname())
        connection, _ = listening.accept()
        connection.settimeout(20)
        phone.sendall(b"the beginning")
        assert connection.recv(100) == b"the beginning"
        since = time.monotonic()
        with stalled.waiting_for("127.0.0.1"):
            assert connection.recv(100) == b""  # ended, though the phone has not hung up
        assert 0.4 <= time.monotonic() - since < 10
        connection.close()
        phone.close()


def test_a_slow_body_is_waited_for() -> None:
    stalled = Stalled(patience=1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        phone = socket.create_connection(listening.getsockname())
        connection, _ = listening.accept()
        connection.settimeout(20)

        def drip() -> None:
            for _ in range(12):
                phone.sendall(b".")
                time.sleep(0.2)
            phone.close()

        dripping = threading.Thread(target=drip)
        dripping.start()
        taken = b""
        with stalled.waiting_for("127.0.0.1"):
            while part := connection.recv(100):
                taken += part
        dripping.join()
        connection.close()
    assert taken == b"." * 12


def locked(path: Path) -> bool:
    """Whether another process finds that somebody is writing."""
    script = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    return "database is locked" in found.stderr


def test_looking_for_connections_drops_no_lock_of_the_database(tmp_path: Path) -> None:
    path = tmp_path / "touchstone.db"
    SqliteDatabase.make(path)
    database = SqliteDatabase(path)
    with socket.create_server(("127.0.0.1", 0)) as listening, database.transaction():
        assert locked(path)
        assert listening.fileno() in [connection.fileno() for connection in _connections()]
        assert locked(path)
        assert listening.getsockname()  # and nobody's socket was closed
    database.close()


def test_opening_an_installation_twice_drops_no_lock_of_the_database(tmp_path: Path) -> None:
    """Else the next process to leave thinks it is the last, and takes the write-ahead log along."""
    path = tmp_path / DATABASE_FILE
    database = Installation.open(tmp_path).database()
    SqliteDatabase.make(path)
    with database.transaction():
        database.execute("INSERT INTO settings (name, value) VALUES ('organisation', 'Juniper')")
    script = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM sites').close()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert path.with_name(f"{path.name}-wal").exists()
    database.close()
