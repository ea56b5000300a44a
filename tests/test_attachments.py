"""Photos: sent apart from the answers, stored once by their digest, gone with the words."""

from __future__ import annotations

import http.client
import json
import os
import resource
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from surveys import attachments, pictures, visits
from surveys.attachments import NotTaken
from surveys.installation import Installation
from surveys.store import files
from surveys.store.database import Unavailable
from surveys.web.application import build
from surveys.worker import Worker
from tests.conftest import NOW, VISITS
from tests.field import (
    accepted_visit,
    add_shopper,
    listed,
    photo,
    put_file,
    report_of,
    send,
    sha256,
)
from tests.records import SECRET, SECRET_SHA256, counter_form, make
from tests.rig.server import Server

PHOTO = photo()
OTHER = photo("coral")
TOKEN = VISITS["vienna-1"]


@pytest.fixture
def report(chain: Installation) -> dict[str, Any]:
    """A report that has arrived and lists two photos."""
    record = report_of(chain, TOKEN, files=listed(PHOTO, OTHER))
    (receipt,) = send(chain, record)
    assert receipt.missing_files == (sha256(PHOTO), sha256(OTHER))
    return record


def lying(chain: Installation) -> set[str]:
    """The names of everything below the folder of files."""
    return {found.name for found in chain.files.rglob("*") if found.is_file()}


def rows(chain: Installation, submission_id: str, site_id: str = "vienna-1") -> set[str]:
    found = files.of_submission(chain.database(), site_id, submission_id)
    return {file.sha256 for file in found}


def problem_of(answer: Any) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json(force=True)
    assert body["status"] == answer.status_code
    assert body["detail"]
    return answer.status_code, body["type"].removeprefix("/problems/")


# --- it works ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_a_listed_photo_is_stored_once_and_readable_by_its_owner_alone(
    chain: Installation, client: FlaskClient, kind: str, expected: str
) -> None:
    content = photo("olive", kind, (60, 40))
    record = report_of(chain, TOKEN, files=listed(content))
    send(chain, record)
    first = put_file(client, record, content)
    assert (first.status_code, first.get_json()["sha256"]) == (201, sha256(content))
    assert put_file(client, record, content).status_code == 200
    path = chain.folder / "files" / sha256(content)[:2] / sha256(content)
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert lying(chain) == {sha256(content)}
    (row,) = files.of_submission(chain.database(), "vienna-1", record["id"])
    assert (row.type, row.bytes, row.width, row.height) == (expected, len(content), 60, 40)


def test_receipts_name_only_what_is_still_missing(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    put_file(client, report, PHOTO)
    (receipt,) = send(chain, report)
    assert (receipt.status, receipt.missing_files) == ("duplicate", (sha256(OTHER),))
    known = client.post("/api/receipts", json={"ids": [report["id"]], "token": TOKEN}).get_json()
    assert known["known"][report["id"]]["missing_files"] == [sha256(OTHER)]
    put_file(client, report, OTHER)
    known = client.post("/api/receipts", json={"ids": [report["id"]]}).get_json()
    assert known["known"][report["id"]]["missing_files"] == []


def test_capitals_in_the_address_are_the_same_file(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    upper = {"submission_id": report["id"].upper(), "digest": sha256(PHOTO).upper()}
    assert put_file(client, report, PHOTO, **upper).status_code == 201
    assert put_file(client, report, PHOTO).status_code == 200
    assert rows(chain, report["id"]) == {sha256(PHOTO)}


def test_the_same_photo_of_two_reports_lies_once_and_belongs_to_both(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    other = report_of(chain, VISITS["lisbon-1"], files=listed(PHOTO))
    send(chain, other)
    assert put_file(client, report, PHOTO).status_code == 201
    assert put_file(client, other, PHOTO).status_code == 201
    assert lying(chain) == {sha256(PHOTO)}
    assert rows(chain, other["id"], "lisbon-1") == {sha256(PHOTO)}


def test_two_at_once_of_the_same_both_succeed(
    app: Flask, chain: Installation, report: dict[str, Any]
) -> None:
    start, statuses = threading.Barrier(4), []

    def put() -> None:
        start.wait()
        statuses.append(put_file(app.test_client(), report, PHOTO).status_code)

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 201]
    assert lying(chain) == {sha256(PHOTO)}
    assert rows(chain, report["id"]) == {sha256(PHOTO)}


def test_a_report_under_a_withdrawn_token_is_held_and_keeps_its_photos(
    chain: Installation, client: FlaskClient
) -> None:
    ana = add_shopper(chain)
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    db = chain.database()
    with db.transaction():
        visits.renew_tokens(db, NOW, ana.person_id, "the phone was lost")
    record = report_of(chain, visit.token, files=listed(PHOTO))
    (receipt,) = send(chain, record)
    assert (receipt.status, receipt.missing_files) == ("held", (sha256(PHOTO),))
    assert put_file(client, record, PHOTO).status_code == 201


def test_other_content_under_a_known_id_brings_its_own_photos(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    third = photo("black")
    other = {**report, "files": listed(third)}
    (receipt,) = send(chain, other)
    assert (receipt.status, receipt.missing_files) == ("held", (sha256(third),))
    assert put_file(client, other, third).status_code == 201


def test_a_report_that_replaces_another_inherits_the_photos_it_still_lists(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    for content in (PHOTO, OTHER):
        put_file(client, report, content)
    third = photo("black")
    new = report_of(chain, TOKEN, files=listed(OTHER, third), replaces=report["id"])
    (receipt,) = send(chain, new)
    assert receipt.missing_files == (sha256(third),)
    assert rows(chain, new["id"]) == {sha256(OTHER)}
    assert rows(chain, report["id"]) == {sha256(PHOTO), sha256(OTHER)}


def test_nothing_is_inherited_from_a_report_under_another_token(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    put_file(client, report, PHOTO)
    visit = accepted_visit(chain, add_shopper(chain))
    assert visit.token is not None
    new = report_of(chain, visit.token, files=listed(PHOTO), replaces=report["id"])
    (receipt,) = send(chain, new)
    assert (receipt.status, receipt.missing_files) == ("held", (sha256(PHOTO),))


# --- refusals ---------------------------------------------------------------------------------


def test_a_token_that_never_was_or_none_is_401(
    client: FlaskClient, chain: Installation, report: dict[str, Any]
) -> None:
    address = f"/api/submissions/{report['id']}/files/{sha256(PHOTO)}"
    for headers in (
        {},
        {"Authorization": "Bearer never-made"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer é\x00"},
        {"Authorization": f"Basic {TOKEN}"},
    ):
        answer = client.put(address, data=PHOTO, headers=headers)
        assert problem_of(answer) == (401, "unknown_token")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert lying(chain) == set()


def test_what_no_submission_lists_is_404(
    client: FlaskClient, chain: Installation, report: dict[str, Any]
) -> None:
    unlisted = photo("black")
    assert problem_of(put_file(client, report, unlisted)) == (404, "not_listed")
    unknown = put_file(client, report, PHOTO, submission_id="0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77")
    assert problem_of(unknown) == (404, "not_listed")
    assert problem_of(put_file(client, report, PHOTO, submission_id="x")) == (404, "not_listed")
    assert lying(chain) == set()


def test_somebody_elses_token_is_404_at_the_same_site_and_at_another(
    client: FlaskClient, chain: Installation, report: dict[str, Any]
) -> None:
    visit = accepted_visit(chain, add_shopper(chain))
    for token in (visit.token, VISITS["lisbon-1"]):
        assert problem_of(put_file(client, report, PHOTO, token=token)) == (404, "not_listed")
    assert rows(chain, report["id"]) == set()


def test_another_digest_is_422(
    client: FlaskClient, chain: Installation, report: dict[str, Any]
) -> None:
    answer = put_file(client, report, OTHER, digest=sha256(PHOTO))
    assert problem_of(answer) == (422, "other_digest")
    put_file(client, report, PHOTO)
    answer = put_file(client, report, OTHER, digest=sha256(PHOTO))
    assert problem_of(answer) == (422, "other_digest")
    assert lying(chain) == {sha256(PHOTO)}


def test_over_ten_megabytes_is_413(
    client: FlaskClient, chain: Installation, report: dict[str, Any]
) -> None:
    large = b"\xff" * (attachments.MOST_BYTES + 1)
    answer = put_file(client, report, large, digest=sha256(PHOTO))
    assert problem_of(answer) == (413, "too_large")
    huge = b"\xff" * (40 * 1024 * 1024)
    answer = put_file(client, report, huge, digest=sha256(PHOTO))
    assert problem_of(answer) == (413, "too_large")
    assert lying(chain) == set()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims to be as large as it likes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def canvas(width: int, height: int) -> bytes:
    """A WebP whose extended header names a large canvas."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + sides
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif() -> bytes:
    out = BytesIO()
    Image.new("P", (4, 4)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_picture"),
        (b"<!doctype html><script>alert(1)</script>", "not_a_picture"),
        (gif(), "not_a_picture"),
        (PHOTO[:200], "not_a_picture"),
        (PHOTO[:-40], "not_a_picture"),
        (b"\xff\xd8\xff", "not_a_picture"),
        (b"\xff\xd8\xff\xe0\x00\x00" + b"\xff" * 50, "not_a_picture"),
        (photo(kind="PNG")[:60], "not_a_picture"),
        (photo(kind="WEBP")[:-10], "not_a_picture"),
        (b"RIFF\x04\0\0\0WEBP", "not_a_picture"),
        (bomb(100, 100), "not_a_picture"),
        (bomb(0, 0), "not_a_picture"),
        (bomb(50_000, 50_000), "too_many_pixels"),
        (bomb(1, 20_001), "too_many_pixels"),
        (canvas(16_000, 16_000), "too_many_pixels"),
    ],
)
def test_what_is_no_picture_or_too_large_a_one_is_415(
    client: FlaskClient, chain: Installation, content: bytes, code: str
) -> None:
    record = report_of(chain, TOKEN, files=listed(content))
    send(chain, record)
    assert problem_of(put_file(client, record, content)) == (415, code)
    assert lying(chain) == set()
    assert rows(chain, record["id"]) == set()


def test_a_large_photo_of_a_good_camera_is_taken() -> None:
    found = pictures.look(photo("white", "JPEG", (8_000, 6_000)))
    assert (found.width, found.height) == (8_000, 6_000)


def test_webp_without_loss_and_with_transparency_is_measured_right() -> None:
    for mode, options in (("RGB", {"lossless": True}), ("RGBA", {}), ("RGB", {})):
        out = BytesIO()
        Image.effect_noise((37, 91), 50).convert(mode).save(out, "WEBP", **options)
        found = pictures.look(out.getvalue())
        assert (found.type, found.width, found.height) == ("image/webp", 37, 91)


def test_very_many_at_once_are_429_and_may_come_again(
    app: Flask, chain: Installation, report: dict[str, Any]
) -> None:
    app.config["REQUESTS_PER_SECOND"] = 1
    client = app.test_client()
    answers = [put_file(client, report, PHOTO) for _ in range(4)]
    assert answers[0].status_code == 201
    assert problem_of(answers[-1]) == (429, "too_often")
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_real_server_reads_what_is_too_large_to_its_end(tmp_path: Path) -> None:
    """Else a phone would see a broken network, and try the same again for ever."""
    with Server(tmp_path / "data") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        address = f"/api/submissions/x/files/{sha256(PHOTO)}"
        for size, status in ((attachments.MOST_BYTES + 1, 413), (1000, 401)):
            connection.request("PUT", address, b"\xff" * size, {"Authorization": "Bearer nothing"})
            answer = connection.getresponse()
            assert answer.status == status
            assert json.load(answer)["status"] == status
        connection.close()


# --- a disk that is full, a power that fails --------------------------------------------------


@pytest.fixture
def no_large_files() -> Iterator[None]:
    """No file of this process can grow beyond 64 KiB: how a full disk shows, for those only."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def noise() -> bytes:
    """A photo that does not become small."""
    out = BytesIO()
    Image.effect_noise((900, 900), 100).save(out, "PNG")
    return out.getvalue()


def test_a_full_disk_is_503_and_leaves_nothing_half(
    chain: Installation, client: FlaskClient, request: pytest.FixtureRequest
) -> None:
    content = noise()
    assert len(content) > 100_000
    record = report_of(chain, TOKEN, files=listed(content))
    send(chain, record)
    request.getfixturevalue("no_large_files")
    answer = put_file(client, record, content)
    assert problem_of(answer) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert lying(chain) == set()
    assert rows(chain, record["id"]) == set()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert put_file(client, record, content).status_code == 201


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from surveys import attachments
from surveys.installation import Installation
from surveys.store import files

chain = Installation(Path(sys.argv[1]))
def die(db, row):
    os._exit(9)
files.insert = die
attachments.take(
    chain.database(), chain.files, datetime(2026, 11, 22, 9, tzinfo=UTC), token=sys.argv[2],
    submission_id=sys.argv[3], sha256=sys.argv[4], content=sys.stdin.buffer.read(),
)
"""


def test_bytes_without_a_row_do_no_harm_and_are_tidied_away(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    """The process ends between the bytes and their row, as when the power fails."""
    arguments = [str(chain.folder), TOKEN, report["id"], sha256(PHOTO)]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], input=PHOTO, check=False, cwd=os.getcwd()
    )
    assert ended.returncode == 9
    assert lying(chain) == {sha256(PHOTO)}
    assert rows(chain, report["id"]) == set()
    assert put_file(client, report, OTHER).status_code == 201
    assert attachments.tidy(chain.database(), chain.files, NOW) == 1
    assert lying(chain) == {sha256(OTHER)}
    assert put_file(client, report, PHOTO).status_code == 201


def test_the_worker_tidies_what_was_half_written_once_it_is_old(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    put_file(client, report, PHOTO)
    folder = files.path(chain.files, sha256(PHOTO)).parent
    old, new = folder / "aa.part", folder / "bb.part"
    for part in (old, new):
        part.write_bytes(b"half")
    long_ago = (NOW - timedelta(days=2)).timestamp()
    os.utime(old, (long_ago, long_ago))
    os.utime(new, (NOW.timestamp(), NOW.timestamp()))
    Worker(chain, lambda: NOW).once()
    assert lying(chain) == {sha256(PHOTO), "bb.part"}


def test_a_folder_that_cannot_be_tidied_keeps_the_worker_from_nothing(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    put_file(client, report, PHOTO)
    # A folder under an orphan's name cannot be taken away as a file.
    (files.path(chain.files, sha256(PHOTO)).parent / ("0" * 64)).mkdir()
    assert not Worker(chain, lambda: NOW).once().busy
    assert lying(chain) == {sha256(PHOTO)}


def test_damaged_bytes_are_replaced_when_the_same_comes_again(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    path = files.path(chain.files, sha256(PHOTO))
    path.parent.mkdir(parents=True)
    path.write_bytes(PHOTO[:10])
    assert put_file(client, report, PHOTO).status_code == 201
    assert path.read_bytes() == PHOTO


def test_bytes_that_were_lost_are_no_photo_until_they_come_again(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    """As after a backup of the database alone was restored."""
    place = (chain.database(), chain.files, "vienna-1", report["id"], sha256(PHOTO))
    put_file(client, report, PHOTO)
    files.path(chain.files, sha256(PHOTO)).unlink()
    assert attachments.content(*place) is None
    assert put_file(client, report, PHOTO).status_code == 200
    found = attachments.content(*place)
    assert found is not None
    assert found[1] == PHOTO


def test_a_folder_that_cannot_be_written_is_said_as_unavailable(
    chain: Installation, report: dict[str, Any]
) -> None:
    chain.files.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(Unavailable):
        attachments.take(
            chain.database(),
            chain.files,
            NOW,
            token=TOKEN,
            submission_id=report["id"],
            sha256=sha256(PHOTO),
            content=PHOTO,
        )


# --- taken back -------------------------------------------------------------------------------


def erase(client: FlaskClient, record: dict[str, Any]) -> int:
    body = {"id": record["id"], "secret": SECRET}
    return client.post("/api/erase", json=body).status_code


def test_erasure_takes_the_files_and_what_another_lists_stays(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    mine = make(counter_form(chain), files=listed(PHOTO, OTHER), secret_sha256=SECRET_SHA256)
    send(chain, mine)
    for record, content in ((report, PHOTO), (mine, PHOTO), (mine, OTHER)):
        assert put_file(client, record, content).status_code == 201
    assert erase(client, mine) == 200
    assert rows(chain, mine["id"]) == set()
    assert rows(chain, report["id"]) == {sha256(PHOTO)}
    assert lying(chain) == {sha256(PHOTO)}
    assert problem_of(put_file(client, mine, OTHER)) == (404, "not_listed")
    (receipt,) = send(chain, mine)
    assert (receipt.status, receipt.missing_files) == ("duplicate", ())


def test_erasing_other_content_leaves_the_files_of_the_first(
    chain: Installation, client: FlaskClient, report: dict[str, Any]
) -> None:
    other = {**report, "files": listed(OTHER, photo("black")), "secret_sha256": SECRET_SHA256}
    send(chain, other)
    for record, content in ((report, PHOTO), (report, OTHER), (other, photo("black"))):
        assert put_file(client, record, content).status_code == 201
    assert erase(client, other) == 200
    assert rows(chain, report["id"]) == lying(chain) == {sha256(PHOTO), sha256(OTHER)}


def test_a_photo_that_comes_while_its_words_are_erased_is_not_kept(
    chain: Installation, client: FlaskClient
) -> None:
    mine = make(counter_form(chain), files=listed(PHOTO), secret_sha256=SECRET_SHA256)
    send(chain, mine)
    asked = {"token": mine["token"], "submission_id": mine["id"], "sha256": sha256(PHOTO)}
    real = files.write

    def erased_meanwhile(*arguments: Any) -> None:
        real(*arguments)
        files.write = real
        assert erase(client, mine) == 200

    files.write = erased_meanwhile
    try:
        with pytest.raises(NotTaken, match="lists such a file"):
            attachments.take(chain.database(), chain.files, NOW, content=PHOTO, **asked)
    finally:
        files.write = real
    assert rows(chain, mine["id"]) == set()
    attachments.tidy(chain.database(), chain.files, NOW)
    assert lying(chain) == set()


def test_a_new_start_serves_what_was_stored(chain: Installation, report: dict[str, Any]) -> None:
    put_file(build(chain.folder).test_client(), report, PHOTO)
    again = build(chain.folder).test_client()
    assert put_file(again, report, PHOTO).status_code == 200
