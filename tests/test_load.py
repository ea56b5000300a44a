"""``load`` and ``rebuild`` as commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from surveys.commands.root import main
from surveys.installation import Installation
from surveys.store import submissions
from tests.conftest import WITHDRAWN
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


def test_photos_in_the_file_are_said_not_to_be_stored(
    chain: Installation, command: Command, saved: Callable[..., Path]
) -> None:
    file = saved(sound(chain), contents={"a" * 64: "eA=="})
    done = command("load", file)
    assert done.exit_code == 0
    assert "1 photo in the file not stored" in done.output


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not the JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", 'no "submissions"'),
        (b'{"submissions": 1}', 'no "submissions"'),
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
