"""``/exports``: the same tables by address, for those they belong to."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from frictionless import Package

from exports import workbook
from surveys import preferences, publishing
from surveys.installation import Installation
from tests.conftest import CHAIN, CODES, NOW
from tests.desk_people import HTML, enrol, sign_in
from tests.exported import ask, cells, record, send, unpacked, whole

SignedIn = Callable[..., FlaskClient]
TABLES = ["scores", "moments", "ratings", "submissions"]
"""Those that managers may have and that customers fill."""
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EAST = {site.site_id for site in CHAIN if site.region == "east"}


@pytest.fixture
def rated(chain: Installation) -> Installation:
    """Two submissions at each site, on two days."""
    newest = publishing.newest(chain.database(), "counter")
    assert newest is not None
    records = []
    for code in CODES.values():
        for days in (0, 8):
            at = NOW - timedelta(days=days)
            times = {
                "started_at": (at - timedelta(minutes=1)).isoformat(),
                "finished_at": at.isoformat(),
            }
            answers = {"moment": "worse", "welcome": 6, "comment": "=1+1", "contact": "+43 1 234"}
            records.append(record(newest.form, code, answers, **times))
    receipts = send(chain, records)
    assert {receipt.status for receipt in receipts} == {"accepted"}, receipts
    return chain


@pytest.fixture
def as_(app: Flask, rated: Installation) -> SignedIn:
    """A browser of somebody who signed in: ``as_("manager", regions=["east"])``."""

    def browser(role: str, **granted: list[str]) -> FlaskClient:
        person = enrol(rated.database(), role, **granted)
        client = app.test_client()
        assert sign_in(client, person.email).status_code == 303
        return client

    return browser


def address(table: str, end: str = "csv", **options: str) -> str:
    if table == "submissions":
        options = {"instrument": "counter", **options}
    return f"/exports/{table}.{end}?" + "&".join(f"{k}={v}" for k, v in options.items())


def sites(file: bytes) -> set[str]:
    header, *rows = cells(file)
    return {row[header.index("site_id")] for row in rows}


@pytest.mark.parametrize("table", TABLES)
def test_an_owner_downloads_what_the_command_writes(
    as_: SignedIn, rated: Installation, table: str
) -> None:
    answer = as_("owner").get(address(table))
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    options = {"instrument": "counter"} if table == "submissions" else {}
    assert answer.data == whole(rated.database(), table, ask(**options))
    assert sites(answer.data) == set(CODES)
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"+43" not in answer.data


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("scores.csv", "scores-all-days.csv"),
        ("scores.csv?by=week", "scores-by-week-all-days.csv"),
        ("moments.csv?from=2026-11-01&by=day", "moments-by-day-from-2026-11-01.csv"),
        ("ratings.jsonl?to=2026-11-22", "ratings-to-2026-11-22.jsonl"),
        (
            "submissions.csv?instrument=counter&from=2026-11-01&to=2026-11-22",
            "submissions-counter-2026-11-01-to-2026-11-22.csv",
        ),
        ("scores.datapackage.json?by=week", "scores-by-week-all-days.csv.datapackage.json"),
        ("moments.xlsx?by=month", "moments-by-month-all-days.xlsx"),
        (
            "ratings.datapackage.json?format=xlsx",
            "ratings-all-days.xlsx.datapackage.json",
        ),
    ],
)
def test_a_files_name_says_what_is_in_it(as_: SignedIn, path: str, name: str) -> None:
    answer = as_("owner").get(f"/exports/{path}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"


def test_the_options_are_the_commands(as_: SignedIn, rated: Installation) -> None:
    client = as_("owner")
    answer = client.get("/exports/scores.csv?by=week&from=2026-11-16&region=west&excel&language=fr")
    asked = ask(by="week", from_="2026-11-16", region="west", excel=True, language="fr")
    assert answer.data == whole(rated.database(), "scores", asked)
    assert answer.data.startswith(b"\xef\xbb\xbfsite_id;site;")
    labelled = client.get(address("submissions", labels="on", language="es"))
    assert "[moment]" in labelled.text.splitlines()[0]


@pytest.mark.parametrize(
    ("accepted", "begins"),
    [("fr-FR,fr;q=0.9,en;q=0.8", "site_id;site;"), ("de", "site_id,site,"), ("", "site_id,site,")],
)
def test_excels_separator_is_that_of_the_readers_browser(
    as_: SignedIn, accepted: str, begins: str
) -> None:
    client = as_("owner")
    headers = {"Accept-Language": accepted}
    assert client.get("/exports/scores.csv?excel=1", headers=headers).text[1:].startswith(begins)
    asked = client.get("/exports/scores.csv?excel=1&language=es", headers=headers)
    assert asked.text[1:].startswith("site_id;site;")
    assert client.get("/exports/scores.csv", headers=headers).text.startswith("site_id,site,")


@pytest.mark.parametrize("table", TABLES)
def test_an_excel_file_is_the_commands_too(
    as_: SignedIn, rated: Installation, table: str, temporary: Path
) -> None:
    answer = as_("owner").get(address(table, "xlsx", language="fr", labels="1"))
    assert answer.status_code == 200
    assert answer.content_type == EXCEL
    options = {"instrument": "counter"} if table == "submissions" else {}
    asked = ask(format="xlsx", language="fr", labels=True, **options)
    assert answer.data == whole(rated.database(), table, asked)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "+43" not in unpacked(answer.data)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("table", TABLES)
def test_a_managers_excel_file_holds_the_own_region_alone(as_: SignedIn, table: str) -> None:
    manager = as_("manager", regions=["east"])
    found = unpacked(manager.get(address(table, "xlsx")).data)
    assert [site for site in CODES if f">{site}<" in found] == sorted(EAST)
    assert manager.get(address(table, "xlsx", region="west")).status_code == 403


def test_the_sheets_are_named_in_the_language_that_the_reader_chose(
    as_: SignedIn, rated: Installation
) -> None:
    client = as_("owner")

    def named(accepted: str) -> list[str]:
        file = client.get("/exports/scores.xlsx", headers={"Accept-Language": accepted}).data
        return re.findall(r'<sheet name="([^"]+)"', unpacked(file))

    assert named("de") == ["Scores", "Dictionary"]
    assert named("ar") == ["الدرجات", "القاموس"]
    person = rated.database().row("SELECT person_id FROM people WHERE role = 'owner'")
    assert person is not None
    preferences.choose(rated.database(), person["person_id"], {preferences.LANGUAGE: "es"})
    assert named("ar") == ["Puntuaciones", "Diccionario"]
    # The separator of a CSV goes by the computer all the same, and that is the browser's.
    csv = client.get("/exports/scores.csv?excel=1", headers={"Accept-Language": "en"})
    assert csv.text[1:].startswith("site_id,site,")


# --- whose rows -------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_a_manager_gets_the_rows_of_the_own_region_alone(as_: SignedIn, table: str) -> None:
    manager = as_("manager", regions=["east"])
    assert sites(manager.get(address(table)).data) == EAST
    assert sites(manager.get(address(table, region="east")).data) == EAST
    assert sites(manager.get(address(table, site="vienna-2")).data) == {"vienna-2"}


def test_another_region_is_refused_and_so_is_one_that_is_not(as_: SignedIn) -> None:
    manager = as_("manager", regions=["east"])
    elsewhere = [{"region": "west"}, {"region": "atlantis"}, {"site": "lisbon-1"}, {"site": "none"}]
    for table in TABLES:
        for end in ("csv", "jsonl", "datapackage.json"):
            for asked in elsewhere:
                answer = manager.get(address(table, end, **asked))
                assert answer.status_code == 403, (table, end, asked)
                (name,) = asked.values()
                assert f"“{name}” is not among yours. Yours: " in answer.text
                assert "auckland-1" not in answer.text


def test_a_region_hidden_among_ones_own_is_refused_too(as_: SignedIn) -> None:
    manager = as_("manager", regions=["east"])
    for query in (
        "region=east&region=west",
        "region=west&region=east",
        "site=vienna-1&site=lisbon-1",
    ):
        assert manager.get(f"/exports/scores.csv?{query}").status_code == 403


def test_a_manager_of_one_site_gets_that_site(as_: SignedIn) -> None:
    manager = as_("manager", sites=["lisbon-1"])
    assert sites(manager.get("/exports/ratings.csv").data) == {"lisbon-1"}
    # The region is not theirs, though the site is in it: what they have of it is shown.
    assert sites(manager.get("/exports/ratings.csv?region=west").data) == {"lisbon-1"}


def test_a_manager_whose_region_is_gone_gets_a_header(as_: SignedIn, rated: Installation) -> None:
    manager = as_("manager", regions=["east"])
    with rated.database().transaction():
        rated.database().execute("UPDATE sites SET region = 'north' WHERE region = 'east'")
    for table in TABLES:
        answer = manager.get(address(table))
        assert answer.status_code == 200
        assert len(cells(answer.data)) == 1


def test_the_same_interval_whoever_looks(as_: SignedIn) -> None:
    owner = cells(as_("owner").get("/exports/scores.csv").data)
    manager = cells(as_("manager", regions=["east"]).get("/exports/scores.csv").data)
    assert manager[0] == owner[0]
    assert len(manager) > 1
    assert all(row in owner for row in manager)


@pytest.mark.parametrize("role", ["reviewer", "shopper", "staff"])
@pytest.mark.parametrize("end", ["csv", "datapackage.json"])
def test_others_get_nothing(as_: SignedIn, role: str, end: str) -> None:
    client = as_(role, regions=["east"])
    for table in TABLES:
        assert client.get(address(table, end)).status_code == 403


def test_whoever_has_not_signed_in_is_asked_to(app: Flask) -> None:
    client = app.test_client()
    for end in ("csv", "datapackage.json"):
        browser = client.get(address("scores", end, by="week"), headers=HTML)
        assert browser.status_code == 303
        assert browser.location.startswith("/sign-in?next=/exports/scores")
        program = client.get(address("scores", end), headers={"Accept": "text/csv"})
        assert program.status_code == 401
        assert b"site_id" not in program.data


# --- what cannot be given ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("mirror.csv", 404, "is not made yet"),
        ("secrets.csv", 404, "does not exist"),
        ("scores.sav", 404, "is not written yet"),
        ("scores.exe", 404, "There are: csv, xlsx, jsonl."),
        ("mirror.datapackage.json", 404, "is not made yet"),
        ("scores.datapackage.json?format=exe", 404, "There are: csv, xlsx, jsonl."),
        ("submissions.csv", 400, "one file for each instrument"),
        ("scores.csv?by=fortnight", 400, "It can be: day, week"),
        ("scores.csv?region=mars", 400, "There are: east, west."),
        ("scores.csv?from=yesterday", 400, "Write a day as 2026-11-22."),
        ("scores.csv?form=counter", 400, "There is no option “form”."),
        ("ratings.csv?by=week", 400, "leave out “by”"),
        ("ratings.xlsx?excel=1", 400, "“excel” is for csv"),
    ],
)
def test_what_cannot_be_given_is_explained(
    as_: SignedIn, path: str, status: int, says: str
) -> None:
    answer = as_("owner").get(f"/exports/{path}", headers=HTML)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert "Content-Disposition" not in answer.headers


def test_hostile_options_come_back_as_words(as_: SignedIn) -> None:
    answer = as_("owner").get(
        "/exports/scores.csv?region=%3Cscript%3Ealert(1)%3C/script%3E%00%0d%0a"
    )
    assert answer.status_code == 400
    assert b"<script>alert" not in answer.data


# --- streams ----------------------------------------------------------------------------------


def test_a_download_is_streamed_from_one_moment(
    as_: SignedIn, rated: Installation, app: Flask
) -> None:
    newest = publishing.newest(rated.database(), "counter")
    assert newest is not None
    send(rated, [record(newest.form, CODES["lisbon-1"], {"welcome": 5}) for _ in range(900)])
    client = as_("owner")
    answer = client.get("/exports/ratings.csv", buffered=False)
    pieces = iter(answer.response)
    first = next(pieces)
    assert first.count(b"\r\n") < 300
    send(rated, [record(newest.form, CODES["vienna-1"], {"welcome": 1}) for _ in range(3)])
    file = first + b"".join(pieces)
    answer.close()
    assert len(cells(file)) == 1 + 908


def test_a_reader_who_leaves_does_not_keep_the_snapshot(as_: SignedIn, rated: Installation) -> None:
    newest = publishing.newest(rated.database(), "counter")
    assert newest is not None
    send(rated, [record(newest.form, CODES["lisbon-1"], {"welcome": 5}) for _ in range(600)])
    before = threading.active_count()
    answer = as_("owner").get("/exports/ratings.csv", buffered=False)
    next(iter(answer.response))
    answer.close()
    assert threading.active_count() == before
    # A snapshot that somebody still held would keep the write-ahead log from being emptied.
    database = rated.new_database()
    checkpoint = database.row("PRAGMA wal_checkpoint(TRUNCATE)")
    assert checkpoint is not None
    assert checkpoint["busy"] == 0
    database.close()


def test_a_reader_who_leaves_an_excel_file_leaves_nothing_behind(
    as_: SignedIn, rated: Installation, temporary: Path
) -> None:
    newest = publishing.newest(rated.database(), "counter")
    assert newest is not None
    send(rated, [record(newest.form, CODES["lisbon-1"], {"welcome": 5}) for _ in range(2500)])
    answer = as_("owner").get("/exports/ratings.xlsx", buffered=False)
    first = next(iter(answer.response))
    assert first.startswith(b"PK")
    assert len(first) == workbook.PIECE
    answer.close()
    assert list(temporary.iterdir()) == []
    database = rated.new_database()
    checkpoint = database.row("PRAGMA wal_checkpoint(TRUNCATE)")
    assert checkpoint is not None
    assert checkpoint["busy"] == 0
    database.close()


def test_no_room_for_an_excel_file_is_said_and_csv_is_there(as_: SignedIn, temporary: Path) -> None:
    temporary.rmdir()
    client = as_("owner")
    answer = client.get("/exports/ratings.xlsx", headers=HTML)
    assert answer.status_code == 503
    assert "that failed (No such file or directory). Ask for csv" in answer.text
    assert "Content-Disposition" not in answer.headers
    assert client.get("/exports/ratings.csv").status_code == 200


def _break(installation: Installation, submission_id: str) -> None:
    """What a disk or a bug could do: marks that nobody can read."""
    database = installation.database()
    with database.transaction():
        database.execute(
            "UPDATE submissions SET marks = '[[' WHERE submission_id = :id", {"id": submission_id}
        )


def test_a_file_that_breaks_off_says_so(as_: SignedIn, rated: Installation) -> None:
    newest = publishing.newest(rated.database(), "counter")
    assert newest is not None
    last = {"id": "ffffffff-ffff-4fff-8fff-ffffffffffff"}
    records = [record(newest.form, CODES["vienna-2"], {"welcome": 5}) for _ in range(600)]
    send(rated, [*records, record(newest.form, CODES["vienna-2"], {"welcome": 5}, **last)])
    _break(rated, last["id"])
    client = as_("owner")
    for end, found in (("csv", "THIS FILE IS NOT COMPLETE"), ("jsonl", '{"error": "THIS FILE')):
        answer = client.get(address("ratings", end), buffered=False)
        assert answer.status_code == 200
        pieces: list[bytes] = []
        with pytest.raises(json.JSONDecodeError):
            pieces.extend(answer.iter_encoded())
        assert b"".join(pieces).decode().splitlines()[-1].startswith(found)
        answer.close()


def test_a_file_that_cannot_begin_is_an_error(
    app: Flask, as_: SignedIn, rated: Installation
) -> None:
    (row,) = rated.database().rows(
        "SELECT submission_id FROM submissions WHERE site_id = 'auckland-1' LIMIT 1"
    )
    _break(rated, row["submission_id"])
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = as_("owner").get("/exports/ratings.csv")
    assert answer.status_code == 500
    assert b"auckland-1" not in answer.data


# --- the Data Package -------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_the_data_package_belongs_to_the_download(
    as_: SignedIn, tmp_path: Path, table: str
) -> None:
    client = as_("manager", regions=["east"])
    options: dict[str, Any] = {"excel": "1", "language": "fr"}
    package = client.get(address(table, "datapackage.json", **options))
    described = package.get_json()
    (resource,) = described["resources"]
    file = client.get(address(table, **options))
    assert resource["path"] in file.headers["Content-Disposition"]
    (tmp_path / resource["path"]).write_bytes(file.data)
    (tmp_path / "datapackage.json").write_bytes(package.data)
    report = Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])


def test_head_sends_no_body(as_: SignedIn) -> None:
    answer = as_("owner").head("/exports/scores.csv")
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_compressed_answer_would_be_whole(as_: SignedIn) -> None:
    answer = as_("owner").get("/exports/scores.csv", headers={"Accept-Encoding": "gzip"})
    body = io.BytesIO(answer.data).read()
    assert answer.headers.get("Content-Encoding") is None
    assert sites(body) == set(CODES)
