"""``serve`` as it is really started: a process of its own over a data folder."""

from __future__ import annotations

import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from surveys import addresses, publishing
from surveys.commands.serve import STOP_SECONDS
from surveys.installation import DATABASE_FILE, SECRET_FILE, Installation
from surveys.store import settings
from tests.conftest import CODES, add_chain
from tests.rig.server import ROOT, Server, free_port

LINK = re.compile(r"(http://\S+)/join/(\S+)")


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def serve(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "app.py", "serve", "--data", str(folder), *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_first_start_makes_everything_and_prints_the_owners_link_once(folder: Path) -> None:
    with Server(folder) as server:
        links = LINK.findall(server.output())
        assert len(links) == 1
        address, token = links[0]
        assert address == server.url
        assert stat.S_IMODE((folder / SECRET_FILE).stat().st_mode) == 0o600
        assert (folder / DATABASE_FILE).exists()
        assert get(server.port, f"/join/{token}")[0] == 200
        assert get(server.port, "/sign-in")[0] == 200
        assert "Phones cannot reach this address" in server.output()
    installation = Installation(folder)
    db = installation.database()
    assert publishing.newest(db, "counter") is not None
    secret = installation.secret_key()
    server.log.unlink()
    with server:  # a second start, still without an owner: a new link, the old one is void
        (_, newer) = LINK.findall(server.output())[0]
        assert newer != token
        assert get(server.port, f"/join/{token}")[0] == 404
        become_owner(server, newer)
    server.log.unlink()
    with server:
        assert "/join/" not in server.output()
        assert get(server.port, f"/join/{newer}")[0] == 410
    assert installation.secret_key() == secret
    db.close()


def become_owner(server: Server, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", f"/join/{token}")
    page = connection.getresponse()
    cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
    found = re.search(r'name="csrf" value="([^"]+)"', page.read().decode())
    assert found
    fields = f"csrf={found[1]}&name=Olu&email=olu%40example.org&password=purple+elephants+dance"
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"/join/{token}", fields, headers)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (303, "/desk/setup"), answer.read()
    connection.close()


def test_a_port_in_use_is_said_in_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve(folder, "--port", str(port))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr
    assert "/join/" not in done.stdout


def test_a_second_touchstone_on_the_same_port_is_noticed(folder: Path, tmp_path: Path) -> None:
    """Both share ports by SO_REUSEPORT: unnoticed, each would get half of the phones."""
    with Server(folder) as server:
        done = serve(tmp_path / "other", "--port", str(server.port))
        assert done.returncode == 1
        assert "already listens" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_everything_accepted_is_there(
    folder: Path, number: signal.Signals
) -> None:
    installation = Installation.open(folder)
    db = installation.database()
    add_chain(db)
    instrument = publishing.newest(db, "counter")
    assert instrument is not None
    form = instrument.form
    db.close()
    accepted: list[str] = []
    with Server(folder, workers=2) as server:
        stop = threading.Event()

        def send() -> None:
            while not stop.is_set():
                submission_id = str(uuid.uuid4())
                body = {"submissions": [{"id": submission_id, "form": form,
                        "token": CODES["vienna-1"], "answers": {"moment": "better"},
                        "finished_at": "2026-11-22T08:01:00+00:00"}]}  # fmt: skip
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                try:
                    headers = {"Content-Type": "application/json"}
                    connection.request("POST", "/api/submissions", json.dumps(body), headers)
                    answer = connection.getresponse()
                    if answer.status == 200:
                        receipt = json.loads(answer.read())["receipts"][0]
                        assert receipt["status"] == "accepted"
                        accepted.append(submission_id)
                except (OSError, http.client.HTTPException):
                    return  # the server is gone, as it was asked to
                finally:
                    connection.close()

        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        end = time.monotonic() + 30
        while len(accepted) < 40:
            assert time.monotonic() < end, server.output()
            time.sleep(0.01)
        assert server._process is not None
        server._process.send_signal(number)
        assert server._process.wait(30) == 0
        stop.set()
        for sender in senders:
            sender.join()
        assert "Stopped" in server.output()
        assert "Traceback" not in server.output()
    db = Installation(folder).database()
    stored = {row["submission_id"] for row in db.rows("SELECT submission_id FROM submissions")}
    assert set(accepted) <= stored
    assert len(accepted) == len(set(accepted)) >= 40
    db.close()


def test_a_client_that_hangs_does_not_keep_it_from_stopping(folder: Path) -> None:
    with Server(folder) as server, socket.create_connection(("127.0.0.1", server.port)) as hanging:
        hanging.sendall(b"POST /api/submissions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert get(server.port, "/healthz")[0] == 200
        assert server._process is not None
        server._process.terminate()
        assert server._process.wait(STOP_SECONDS + 15) == 0


def test_without_a_command_it_serves_the_folder_of_the_environment(folder: Path) -> None:
    """``python app.py`` listens on port 8000; where that is taken it says so, all the same here."""
    done = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, "TOUCHSTONE_DATA": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert done.stdout is not None
        assert done.stderr is not None
        first = done.stdout.readline()
        if first:
            assert first == "Touchstone is at http://127.0.0.1:8000\n"
            assert (folder / DATABASE_FILE).exists()
        else:
            assert "127.0.0.1:8000" in done.stderr.read()
    finally:
        done.terminate()
        done.wait(30)
        done.communicate()


def test_the_base_url_is_remembered(folder: Path) -> None:
    with Server(folder, base_url="https://Survey.example.org/") as server:
        assert "Touchstone is at https://survey.example.org\n" in server.output()
        assert "https://survey.example.org/join/" in server.output()
        assert "Phones cannot reach" not in server.output()
    server.log.unlink()
    server.base_url = None
    with server:
        assert "Touchstone is at https://survey.example.org\n" in server.output()
    db = Installation(folder).database()
    assert settings.get(db, "base_url") == "https://survey.example.org"
    assert addresses.own(db) == "https://survey.example.org"
    db.close()


def test_http_is_said_to_need_https(folder: Path) -> None:
    with Server(folder, base_url="http://192.0.2.7:8000") as server:
        assert "not https" in server.output()


def test_a_data_folder_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    done = serve(tmp_path / "a-file" / "data", "--port", "0")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "--data" in done.stderr


@pytest.mark.parametrize(
    "base_url",
    [
        "survey.example.org",
        "ftp://survey.example.org",
        "https://",
        "https://survey.example.org/touchstone",
        "https://survey.example.org/?a=b",
        "https://ana:secret@survey.example.org",
        "https://survey example.org",
        "https://survey.example.org:99999",
        "https://sur/vey",
        "javascript:alert(1)",
        "https://a\nb.example",
        "https://[::1",
    ],
)
def test_a_base_url_that_makes_no_sense_is_wrong_use(folder: Path, base_url: str) -> None:
    with pytest.raises(ValueError, match=r"https://survey\.example\.org"):
        addresses.checked(base_url)


def test_a_wrong_base_url_ends_with_2(folder: Path) -> None:
    done = serve(folder, "--base-url", "survey.example.org")
    assert done.returncode == 2
    assert "https://survey.example.org" in done.stderr
    assert not folder.exists()


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("https://Survey.Example.org/", "https://survey.example.org"),
        ("HTTP://192.0.2.7:8000", "http://192.0.2.7:8000"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://umfrage.müller.example", "https://umfrage.müller.example"),
        (" http://localhost:8000 ", "http://localhost:8000"),
    ],
)
def test_a_base_url_is_kept_in_one_form(told: str, kept: str) -> None:
    assert addresses.checked(told) == kept


@pytest.mark.parametrize(
    ("address", "only_here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("http://0.0.0.0:8000", True),
        ("http://192.168.1.5:8000", False),
        ("https://survey.example.org", False),
    ],
)
def test_loopback_addresses_are_known(address: str, only_here: bool) -> None:
    assert addresses.only_this_machine(address) is only_here


def test_on_a_terminal_the_address_is_shown_as_a_code_that_reads(folder: Path) -> None:
    shown, terminal = pty.openpty()
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "app.py", "serve", "--data", str(folder), "--port", str(port)],
        cwd=ROOT,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8"},
    )
    os.close(terminal)
    printed = b""
    try:
        end = time.monotonic() + 60
        while b"Ctrl-C" not in printed:
            assert time.monotonic() < end, printed
            if select.select([shown], [], [], 1)[0]:
                printed += os.read(shown, 65536)
    finally:
        process.terminate()
        process.wait(30)
        os.close(shown)
    text = re.sub(r"\x1b\[[0-9;]*m", "", printed.decode())
    rows = [line for line in text.replace("\r", "").split("\n") if set(line) & set("█▀▄")]
    assert [code.text for code in zxingcpp.read_barcodes(drawn(rows))] == [
        f"http://127.0.0.1:{port}"
    ]


def drawn(rows: list[str]) -> Image.Image:
    """Half blocks as an eye sees them: light letters on a dark ground."""
    size, width = 8, max(map(len, rows))
    image = Image.new("L", ((width + 4) * size, (2 * len(rows) + 4) * size), 255)
    draw = ImageDraw.Draw(image)
    for y, row in enumerate(rows):
        for x, letter in enumerate(row.ljust(width, "█")):
            for half, dark in enumerate((letter not in "█▀", letter not in "█▄")):
                if dark:
                    left, top = (x + 2) * size, (2 * y + half + 2) * size
                    draw.rectangle((left, top, left + size - 1, top + size - 1), fill=0)
    return image
