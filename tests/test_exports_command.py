"""``export`` as somebody types it."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from frictionless import Package

from surveys import publishing
from surveys.commands.root import main
from surveys.installation import Installation
from tests.conftest import CODES
from tests.exported import ask, cells, record, send, whole

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def rated(chain: Installation) -> Installation:
    newest = publishing.newest(chain.database(), "counter")
    assert newest is not None
    answers = {"moment": "better", "welcome": 6, "comment": "two\nlines, and =1+1"}
    send(chain, [record(newest.form, code, answers) for code in CODES.values() for _ in range(40)])
    return chain


def run(installation: Installation, *words: str) -> Result:
    return CliRunner().invoke(main, ["export", *words, "--data", str(installation.folder)])


def command(installation: Installation, *words: str) -> list[str]:
    return [sys.executable, "app.py", "export", *words, "--data", str(installation.folder)]


def test_standard_output_is_the_file(rated: Installation) -> None:
    done = subprocess.run(
        command(rated, "submissions", "--instrument", "counter", "--region", "west"),
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    asked = ask(instrument="counter", region="west")
    assert done.stdout == whole(rated.database(), "submissions", asked)
    assert done.stderr == b""  # quiet in a pipe


def test_every_option_reaches_the_table(rated: Installation) -> None:
    words = "--by month --from 2026-11-01 --to 2026-11-30 --region east --site vienna-1"
    words += " --source customer --instrument counter --flagged exclude --labels --excel"
    result = run(rated, "scores", *words.split(), "--language", "fr")
    asked = ask(
        by="month",
        from_="2026-11-01",
        to="2026-11-30",
        region="east",
        site="vienna-1",
        source="customer",
        instrument="counter",
        flagged="exclude",
        labels=True,
        excel=True,
        language="fr",
    )
    assert result.exit_code == 0, result.output
    assert result.stdout_bytes == whole(rated.database(), "scores", asked)
    (_, row) = cells(result.stdout_bytes, ";")
    assert row[:4] == ["vienna-1", "Vienna, Graben", "east", "Accueil et courtoisie"]


def test_a_file_and_what_it_means(rated: Installation, tmp_path: Path) -> None:
    out = tmp_path / "ratings.csv"
    out.write_text("what was there before")
    result = run(rated, "ratings", "--out", str(out))
    assert (result.exit_code, result.output) == (0, "")
    assert out.read_bytes() == whole(rated.database(), "ratings", ask())
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == [
        "ratings.csv",
        "ratings.csv.datapackage.json",
    ]
    beside = tmp_path / "ratings.csv.datapackage.json"
    (described,) = json.loads(beside.read_text())["resources"]
    assert described["bytes"] == out.stat().st_size
    assert described["hash"] == f"sha256:{hashlib.sha256(out.read_bytes()).hexdigest()}"
    assert Package(str(beside)).validate().valid
    out.write_bytes(out.read_bytes().replace(b",6,0", b",5,0", 1))
    assert not Package(str(beside)).validate().valid


def test_a_link_keeps_pointing_where_it_did(rated: Installation, tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert run(rated, "ratings", "--out", str(tmp_path / "link.csv")).exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_size > 0


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("scores --region mars", "There is no region “mars”. There are: east, west."),
        ("scores --site vienna-9", "There is no site “vienna-9”. There are: auckland-1"),
        ("ratings --instrument x", "There is no instrument “x”. There are: counter"),
        ("submissions", "say which one with “instrument”"),
        ("mirror", "The table “mirror” is not made yet. There are: scores"),
        ("scores --format parquet", "parquet is not written yet. Ask for csv, xlsx"),
        ("scores --format sav", "sav is not written yet."),
        ("ratings --by week", "leave out “by”"),
        ("scores --out /nowhere/at/all.csv", "/nowhere/at/all.csv could not be written"),
        ("scores --out /dev/null", "/dev/null is not a file. For a pipe, leave out --out."),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_do(
    rated: Installation, words: str, says: str
) -> None:
    result = run(rated, *words.split())
    assert result.exit_code == 1
    assert says in result.output
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("nonsense", "'nonsense' is not one of 'scores', 'moments'"),
        ("scores --by fortnight", "'day', 'week', 'month', 'quarter', 'year', 'all'"),
        ("scores --from 22.11.2026", "Write a day as 2026-11-22."),
        ("scores --from 2026-11-22 --to 2026-11-01", "exchange them"),
        ("scores --flagged maybe", "'include', 'exclude', 'only'"),
        ("scores --format docx", "'csv', 'xlsx', 'jsonl'"),
        ("scores --format jsonl --excel", "is for csv"),
        ("scores --format xlsx --excel", "is for csv"),
    ],
)
def test_wrong_use_is_told_apart(rated: Installation, words: str, says: str) -> None:
    result = run(rated, *words.split())
    assert (result.exit_code, says in result.output) == (2, True), result.output


def test_a_folder_with_nothing_in_it_stays_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["export", "scores", "--data", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "--data DIR" in result.output
    assert not (tmp_path / "none").exists()


def test_an_export_that_breaks_leaves_what_was_there(rated: Installation, tmp_path: Path) -> None:
    out = tmp_path / "ratings.csv"
    assert run(rated, "ratings", "--out", str(out)).exit_code == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    database = rated.database()
    last = database.row(
        "SELECT MAX(submission_id) AS id FROM submissions WHERE site_id = 'vienna-2'"
    )
    assert last is not None
    with database.transaction():
        database.execute("UPDATE submissions SET marks = '[[' WHERE submission_id = :id", last)
    assert run(rated, "ratings", "--out", str(out)).exit_code == 1
    assert {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before


def test_a_full_disk_leaves_what_was_there(rated: Installation, tmp_path: Path) -> None:
    """A limit on the size of files is the fault that a full disk is, made for one process."""
    newest = publishing.newest(rated.database(), "counter")
    assert newest is not None
    send(rated, [record(newest.form, CODES["lisbon-1"], {"welcome": 6}) for _ in range(1000)])
    out = tmp_path / "submissions.csv"
    out.write_text("what was there before")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        command(rated, "submissions", "--instrument", "counter", "--out", str(out)),
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
    )
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1, done.stderr
    assert "could not be written (File too large)" in done.stderr.decode()
    assert out.read_text() == "what was there before"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["submissions.csv"]


def test_a_pipe_that_is_closed_early_is_no_accident(rated: Installation) -> None:
    newest = publishing.newest(rated.database(), "counter")
    assert newest is not None
    send(rated, [record(newest.form, CODES["lisbon-1"], {"welcome": 6}) for _ in range(2000)])
    process = subprocess.Popen(
        command(rated, "ratings"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(13) == b"submission_id"
    process.stdout.close()
    assert process.wait(120) == 1
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_terminal_sees_how_far_it_is(rated: Installation, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command(rated, "ratings", "--out", str(tmp_path / "ratings.csv")),
        cwd=ROOT,
        stdout=theirs,
        stderr=theirs,
        check=True,
        timeout=120,
    )
    os.close(theirs)
    assert done.returncode == 0
    assert b"160 rows." in os.read(ours, 1000)
    os.close(ours)


def test_help_names_every_option_of_the_contract() -> None:
    help_ = CliRunner().invoke(main, ["export", "--help"]).output
    for option in (
        *("--format", "--by", "--from", "--to", "--region", "--site", "--source", "--instrument"),
        *("--flagged", "--labels", "--excel", "--out", "--data"),
    ):
        assert option in help_
