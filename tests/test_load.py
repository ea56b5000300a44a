"""``load`` and ``rebuild`` as commands: what a phone saved, with its photos."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from surveys.commands.root import main
from surveys.installation import Installation
from surveys.store import files, submissions
from tests.conftest import WITHDRAWN
from tests.field import listed, photo, sha256
from tests.records import Record, counter_form, make

Command = Callable[..., Result]


@pytest.fixture
def command(chain: Installation) -> Command:
    """Runs a command over the chain's data folder."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [*map(str, arguments), "--data", str(chain.folder)])

    return run


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file as a phone saves it."""

    def write(*records: object, **members: Any) -> Path:
        file = tmp_path / "saved.json"
        file.write_text(json.dumps({"submissions": records, **members}), encoding="utf-8")
        return file

    return write


def sound(chain: Installation, **members: Any) -> Record:
    now = datetime.now(UTC).isoformat()
    return make(counter_form(chain), started_at=None, finished_at=now, **members)


def test_a_saved_file_goes_through_the_same_door_and_twice_counts_once(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    records = [sound(chain) for _ in range(450)]
    file = saved(*records, sound(chain, token=WITHDRAWN))
    first = command("load", file)
    assert first.exit_code == 0, first.output
    assert "451 submissions: 450 accepted, 1 held." in first.output
    assert "has been withdrawn" in first.output
    again = command("load", file)
    assert again.exit_code == 0
    assert "451 submissions: 451 duplicate." in again.output
    row = chain.database().row("SELECT SUM(n) AS n FROM tallies WHERE facet = 'submission'")
    assert row == {"n": 450}
    assert command("rebuild").exit_code == 0


def test_what_was_refused_is_named_and_the_rest_is_in(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    good, bad = sound(chain), sound(chain, token="never-made")
    done = command("load", saved(bad, good, "no object"))
    assert done.exit_code == 1
    assert f"1. {bad['id']}: refused" in done.output
    assert "3. without an id: refused" in done.output
    assert "3 submissions: 1 accepted, 2 refused." in done.output
    assert "Keep the file." in done.output
    assert submissions.find(chain.database(), "vienna-1", good["id"]) is not None


def test_a_file_has_no_limits_of_size(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    long = sound(chain, answers={"comment": "x" * 3_000_000})
    done = command("load", saved(long))
    assert done.exit_code == 0
    assert "1 held" in done.output
    found = submissions.find(chain.database(), "vienna-1", long["id"])
    assert found is not None
    assert len(found.sent["answers"]["comment"]) == 3_000_000


# --- photos -----------------------------------------------------------------------------------

PHOTO, OTHER = photo(), photo("coral")


def packed(*contents: bytes) -> dict[str, str]:
    return {sha256(one): base64.b64encode(one).decode() for one in contents}


def arrived(chain: Installation, record: Record) -> set[str]:
    return {one.sha256 for one in files.of_submission(chain.database(), "vienna-1", record["id"])}


def test_photos_in_the_file_are_stored_after_their_submissions_and_once(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    first, second = sound(chain, files=listed(PHOTO, OTHER)), sound(chain, files=listed(PHOTO))
    file = saved(first, second, contents=packed(PHOTO, OTHER))
    done = command("load", file)
    assert done.exit_code == 0, done.output
    assert "2 submissions: 2 accepted." in done.output
    assert "3 photos: 3 stored." in done.output
    assert arrived(chain, first) == {sha256(PHOTO), sha256(OTHER)}
    assert arrived(chain, second) == {sha256(PHOTO)}
    assert files.path(chain.files, sha256(PHOTO)).read_bytes() == PHOTO
    again = command("load", file)
    assert again.exit_code == 0
    assert "3 photos: 3 here already." in again.output


def test_a_photo_that_was_missing_comes_with_a_later_file(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    record = sound(chain, files=listed(PHOTO, OTHER))
    done = command("load", saved(record, contents=packed(PHOTO)))
    assert done.exit_code == 0
    assert "1 photo that they list not here yet, and not in the file." in done.output
    done = command("load", saved(record, contents=packed(OTHER)))
    assert "1 submission: 1 duplicate." in done.output
    assert "1 photo: 1 stored." in done.output
    assert "not here yet" not in done.output
    assert arrived(chain, record) == {sha256(PHOTO), sha256(OTHER)}


def test_a_photo_whose_answers_arrived_before_comes_by_itself(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    record = sound(chain, files=listed(PHOTO, OTHER))
    assert command("load", saved(record)).exit_code == 0
    left = {"id": record["id"], "token": record["token"], "sha256": sha256(PHOTO)}
    file = saved(photos=[left], contents=packed(PHOTO))
    done = command("load", file)
    assert done.exit_code == 0, done.output
    assert "1 photo: 1 stored." in done.output
    assert arrived(chain, record) == {sha256(PHOTO)}
    assert "1 photo: 1 here already." in command("load", file).output


@pytest.mark.parametrize(
    "other", [{"token": WITHDRAWN}, {"id": "01933f2e-0000-7000-8000-000000000000"}]
)
def test_a_photo_by_itself_needs_the_id_and_the_token_of_its_submission(
    chain: Installation,
    command: Command,
    saved: Callable[..., Path],
    other: dict[str, str],
) -> None:
    record = sound(chain, files=listed(PHOTO))
    assert command("load", saved(record)).exit_code == 0
    left = {"id": record["id"], "token": record["token"], "sha256": sha256(PHOTO)}
    done = command("load", saved(photos=[{**left, **other}], contents=packed(PHOTO)))
    assert done.exit_code == 1
    assert f"photo {sha256(PHOTO)[:12]}…: refused" in done.output
    assert not arrived(chain, record)


def test_photos_of_what_is_held_are_stored(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    record = sound(chain, token=WITHDRAWN, files=listed(PHOTO))
    done = command("load", saved(record, contents=packed(PHOTO)))
    assert done.exit_code == 0
    assert arrived(chain, record) == {sha256(PHOTO)}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("no base64!", "no base64"),
        (7, "no base64"),
        (base64.b64encode(OTHER).decode(), "damaged"),
    ],
)
def test_a_photo_that_cannot_be_stored_is_named_and_the_rest_is_in(
    chain: Installation,
    command: Command,
    saved: Callable[..., Path],
    content: object,
    word: str,
) -> None:
    record = sound(chain, files=listed(PHOTO, OTHER))
    contents = {**packed(OTHER), sha256(PHOTO): content}
    done = command("load", saved(record, contents=contents))
    assert done.exit_code == 1
    assert f"1. photo {sha256(PHOTO)[:12]}…: refused" in done.output
    assert word in done.output
    assert "2 photos: 1 stored, 1 refused." in done.output
    assert "1 photo refused, as said above. Keep the file." in done.output
    assert arrived(chain, record) == {sha256(OTHER)}


def test_what_is_no_picture_no_submission_lists_or_belongs_to_a_refused_one_is_named(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    page, unlisted = b"<script>", b"unlisted"
    good = sound(chain, files=listed(page))
    bad = sound(chain, token="never-made", files=listed(PHOTO))
    done = command("load", saved(good, bad, contents=packed(page, PHOTO, unlisted)))
    assert done.exit_code == 1
    assert "no JPEG, PNG or WebP" in done.output
    assert "Its submission was refused." in done.output
    assert f"- photo {sha256(unlisted)[:12]}…: refused" in done.output
    assert "No submission in the file lists it." in done.output
    assert "1 submission and 3 photos refused" in done.output
    assert not list(chain.files.glob("??/*"))


# --- other files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not the JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", 'no "submissions"'),
        (b'{"submissions": 1}', 'no "submissions"'),
        (b'{"submissions": [], "contents": [1]}', "not photos"),
    ],
)
def test_another_file_is_a_clear_failure(
    command: Command, tmp_path: Path, content: bytes, word: str
) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(content)
    done = command("load", file)
    assert done.exit_code == 1
    assert word in done.output


def test_an_empty_file_says_so(command: Command, saved: Callable[..., Path]) -> None:
    done = command("load", saved())
    assert (done.exit_code, done.output) == (0, "The file holds none.\n")


def test_rebuild_says_what_differed_and_the_second_time_nothing_does(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    command("load", saved(sound(chain), sound(chain)))
    db = chain.database()
    with db.transaction():
        db.execute("UPDATE tallies SET n = 7 WHERE facet = 'dimension:welcome' AND level = '6'")
    first = command("rebuild")
    assert first.exit_code == 1
    assert "dimension:welcome 6: the tally said 7, the submissions say 2" in first.output
    assert "1 figure differed, mended now" in first.output
    second = command("rebuild")
    assert (second.exit_code, second.output) == (0, "Nothing differed at 4 sites.\n")


def test_a_folder_without_touchstone_is_said_and_not_made(tmp_path: Path) -> None:
    for words in (["rebuild"], ["load", __file__]):
        done = CliRunner().invoke(main, [*words, "--data", str(tmp_path / "none")])
        assert done.exit_code == 1
    assert not (tmp_path / "none").exists()


def test_what_a_file_holds_does_not_command_the_terminal(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    file = saved(sound(chain, id="\x1b[2J\x07"), sound(chain, answers={"\x1b[31m": 1}))
    result = command("load", file)
    assert result.exit_code == 1
    assert "\ufffd[2J" in result.output
    assert all(letter.isprintable() or letter == "\n" for letter in result.output)
