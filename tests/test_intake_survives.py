"""Power cuts, full disks and forks, made to happen: what was acknowledged is there, once."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from surveys.installation import Installation
from surveys.rebuild import rebuild
from tests.conftest import CODES, add_chain
from tests.records import Record, counter_form, make
from tests.rig.server import Server
from tests.test_exactly_once import recount, tallies


@pytest.fixture
def ready(fresh_folder: Path, folder: Path) -> Path:
    """A data folder with the chain in it, and nobody connected."""
    shutil.copytree(fresh_folder, folder)
    installation = Installation.open(folder)
    add_chain(installation.database())
    installation.database().close()
    return folder


def records(form: str, count: int) -> list[Record]:
    now = datetime.now(UTC).isoformat()
    return [
        make(form, token=list(CODES.values())[number % 4], started_at=None, finished_at=now)
        for number in range(count)
    ]


def post(port: int, path: str, body: object) -> tuple[int, Any]:
    """One request on a connection of its own; status 0 if it broke off."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


def test_a_server_killed_in_the_middle_has_everything_it_acknowledged(ready: Path) -> None:
    installation = Installation(ready)
    form = counter_form(installation)
    installation.database().close()
    waiting = records(form, 3000)
    acknowledged: set[str] = set()
    enough = threading.Event()

    def phone(port: int, mine: Sequence[Record]) -> None:
        for start in range(0, len(mine), 3):
            batch = mine[start : start + 3]
            status, body = post(port, "/api/submissions", {"submissions": batch})
            if status != 200:
                return  # the server is gone; a phone would keep all of it
            acknowledged.update(receipt["id"] for receipt in body["receipts"])
            if len(acknowledged) > 300:
                enough.set()

    with Server(ready, workers=2) as server:
        phones = [
            threading.Thread(target=phone, args=(server.port, waiting[number::4]))
            for number in range(4)
        ]
        for one in phones:
            one.start()
        assert enough.wait(60)
        server.kill()
        for one in phones:
            one.join()
        kept = list(acknowledged)
        assert 300 < len(kept) < len(waiting), "killed too late to show anything"

        server.start()
        known: set[str] = set()
        for start in range(0, len(kept), 100):
            _, body = post(server.port, "/api/receipts", {"ids": kept[start : start + 100]})
            known.update(body["known"])
        assert known == set(kept)

        statuses: Counter[str] = Counter()
        for start in range(0, len(waiting), 100):
            batch = waiting[start : start + 100]
            status, body = post(server.port, "/api/submissions", {"submissions": batch})
            assert status == 200
            statuses.update(receipt["status"] for receipt in body["receipts"])
        assert statuses["duplicate"] >= len(kept)
        assert statuses["duplicate"] + statuses["accepted"] == len(waiting)

    db = installation.new_database()
    rows = [row["submission_id"] for row in db.rows("SELECT submission_id FROM submissions")]
    assert sorted(rows) == sorted(record["id"] for record in waiting)
    assert tallies(db) == recount(db)
    assert rebuild(db) == []
    db.close()


def test_the_real_server_says_413_to_a_body_that_is_too_large(ready: Path) -> None:
    with Server(ready) as server:

        def answer(body: bytes | Iterator[bytes], *, chunked: bool = False) -> tuple[int, str]:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            headers = {"Transfer-Encoding": "chunked"} if chunked else {}
            connection.request("POST", "/api/submissions", body, headers, encode_chunked=chunked)
            found = connection.getresponse()
            connection.close()
            return found.status, found.getheader("Content-Type", "")

        problem = (413, "application/problem+json")
        assert answer(b" " * 1_048_577) == problem
        assert answer(b" " * 5_000_000) == problem
        assert answer(iter([b" " * 600_000] * 2), chunked=True) == problem
        empty = b'{"submissions": []}'
        assert answer(empty.ljust(1_048_576)) == (200, "application/json")
        assert answer(iter([empty[:5], empty[5:]]), chunked=True) == (200, "application/json")
        # Those that hang up in the middle hold nothing up.
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", server.port)) as phone:
                phone.sendall(
                    b"POST /api/submissions HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"
                )
        assert answer(empty) == (200, "application/json")


# --- no room ----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of sixteen megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk; the limit on file sizes is tested instead")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "touchstone-test", str(place)], check=False
    )
    if made.returncode:
        pytest.skip("this machine lets nobody mount; the limit on file sizes is tested instead")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


FULL_DISK = """
import sys
from pathlib import Path
from surveys.web.application import build
from tests.conftest import Clock
from tests.test_intake_survives import fill_and_make_room

folder = Path(sys.argv[1])
fill_and_make_room(build(folder, clock=Clock()), folder, by=sys.argv[2])
"""


def fill_and_make_room(app: Any, folder: Path, *, by: str) -> None:
    """Send until there is no room; nothing half-done; make room; everything goes through."""
    import resource  # noqa: PLC0415 - not on every system

    client = app.test_client()
    form = counter_form(app.extensions["touchstone"].installation)
    filler = folder.parent / "filler"
    database = folder / "touchstone.db"
    if by == "disk":
        with filler.open("wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while file.write(b"x" * 4096):
                    pass
            file.truncate(file.tell() - 200_000)
    else:
        limit = max(database.stat().st_size, 400_000)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    sent, acknowledged, failed = [], set(), None
    for _ in range(200):
        batch = [make(form, answers={"welcome": 5, "comment": "x" * 1900}) for _ in range(20)]
        sent.append(batch)
        answer = client.post("/api/submissions", json={"submissions": batch})
        if answer.status_code != 200:
            failed = answer
            break
        acknowledged.update(receipt["id"] for receipt in answer.get_json()["receipts"])
    assert failed is not None, "the room was never full"
    assert failed.status_code == 503, failed.text
    assert failed.mimetype == "application/problem+json"
    assert int(failed.headers["Retry-After"]) > 0
    assert client.get("/healthz").status_code == 200

    if by == "disk":
        filler.unlink()
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    db = Installation(folder).database()
    stored = {row["submission_id"] for row in db.rows("SELECT submission_id FROM submissions")}
    assert stored == acknowledged  # not one of the batch that failed
    statuses: Counter[str] = Counter()
    for batch in sent:
        answer = client.post("/api/submissions", json={"submissions": batch})
        assert answer.status_code == 200, answer.text
        statuses.update(receipt["status"] for receipt in answer.get_json()["receipts"])
    assert statuses == {"duplicate": len(acknowledged), "accepted": 20} or not acknowledged
    assert tallies(db) == recount(db)
    assert rebuild(db) == []
    db.close()


def _in_its_own_process(folder: Path, by: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FULL_DISK, str(folder), by],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_full_disk_is_503_and_once_there_is_room_all_goes_through(
    ready: Path, small_disk: Path
) -> None:
    folder = small_disk / "data"
    shutil.copytree(ready, folder)
    _in_its_own_process(folder, "disk")


def test_a_file_that_may_not_grow_is_503_and_then_all_goes_through(ready: Path) -> None:
    _in_its_own_process(ready, "limit")


# --- starting -----------------------------------------------------------------------------------


def test_several_processes_may_make_the_same_folder_ready_at_once(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from surveys.installation import Installation;"
    script += "print(Installation.open(Path(sys.argv[1])).secret_key().hex())"
    place = str(tmp_path / str(uuid.uuid4()))
    together = [
        subprocess.Popen(
            [sys.executable, "-c", script, place],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    found = [process.communicate() for process in together]
    assert [process.returncode for process in together] == [0] * 4, found
    assert len({out for out, _ in found}) == 1
