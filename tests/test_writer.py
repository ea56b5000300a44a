"""Group commit: durable before it is said, and one's fault is nobody else's."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from surveys.store import settings
from surveys.store.database import Database, Unavailable
from surveys.store.sqlite import SqliteDatabase
from surveys.store.writer import GroupCommit, Overloaded
from tests.conftest import OpenDatabase


class Counted:
    """A database that counts its transactions, and whose next commit can be made to fail."""

    commits = 0

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def transaction(self) -> AbstractContextManager[None]:
        Counted.commits += 1
        return self._database.transaction()


@pytest.fixture
def held_up(open_database: OpenDatabase) -> Any:
    """A writer whose thread is busy until ``go_on`` is set, so that work gathers behind it."""
    writer = GroupCommit(lambda: Counted(open_database()))
    go_on, busy = threading.Event(), threading.Event()

    def hold(db: Database) -> None:
        busy.set()
        assert go_on.wait(30)

    thread = threading.Thread(target=writer.run, args=(hold,))
    thread.start()
    assert busy.wait(30)
    yield writer, go_on
    go_on.set()
    thread.join()
    writer.close()


def gathered(writer: GroupCommit, count: int) -> None:
    """Wait until so much work waits."""
    inner = writer._writer
    assert inner is not None
    done = threading.Event()
    while len(inner._waiting) < count:
        done.wait(0.001)


def test_what_waits_together_is_one_transaction_and_one_fault_is_ones_own(
    held_up: Any, open_database: OpenDatabase
) -> None:
    writer, go_on = held_up
    before = Counted.commits
    outcomes: dict[int, object] = {}

    def work(number: int) -> None:
        def put(db: Database) -> int:
            settings.put(db, f"n{number}", str(number))
            return 10 // (number - 3)

        try:
            outcomes[number] = writer.run(put)
        except ZeroDivisionError as error:
            outcomes[number] = type(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    gathered(writer, 10)
    go_on.set()
    for thread in threads:
        thread.join()
    assert Counted.commits == before + 1
    assert outcomes == {n: ZeroDivisionError if n == 3 else 10 // (n - 3) for n in range(10)}
    stored = {row["name"] for row in open_database().rows("SELECT name FROM settings")}
    assert stored == {f"n{number}" for number in range(10) if number != 3}


def test_work_that_would_end_the_thread_ends_its_caller_alone(open_database: OpenDatabase) -> None:
    writer = GroupCommit(open_database)

    def leave(db: Database) -> None:
        settings.put(db, "left", "1")
        sys.exit(3)

    with pytest.raises(SystemExit):
        writer.run(leave)
    writer.run(lambda db: settings.put(db, "stayed", "1"))
    assert [row["name"] for row in open_database().rows("SELECT name FROM settings")] == ["stayed"]
    writer.close()


def test_too_much_waiting_is_said_at_once(open_database: OpenDatabase) -> None:
    writer = GroupCommit(open_database, max_waiting=0)
    with pytest.raises(Overloaded):
        writer.run(lambda db: None)
    writer.close()


def test_nothing_is_said_before_it_is_durable(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    SqliteDatabase.make(path)
    other = SqliteDatabase(path)
    writer = GroupCommit(lambda: SqliteDatabase(path))
    writer.run(lambda db: settings.put(db, "here", "1"))
    assert settings.get(other, "here") == "1"
    writer.close()
    other.close()


def test_a_commit_that_fails_fails_for_all_and_the_next_works(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    SqliteDatabase.make(path)
    locking = SqliteDatabase(path)
    writer = GroupCommit(lambda: SqliteDatabase(path, busy_seconds=0.01))
    with locking.transaction(), pytest.raises(Unavailable, match="locked"):
        writer.run(lambda db: settings.put(db, "lost", "1"))
    path.rename(tmp_path / "away.db")
    with pytest.raises(Unavailable):
        writer.run(lambda db: settings.put(db, "lost", "1"))
    (tmp_path / "away.db").rename(path)
    assert writer.run(lambda db: settings.put(db, "kept", "1")) is None
    assert settings.get(locking, "lost") is None
    assert settings.get(locking, "kept") == "1"
    writer.close()
    locking.close()


def test_a_file_moved_while_in_use_is_never_written_to_again(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    SqliteDatabase.make(path)
    writer = GroupCommit(lambda: SqliteDatabase(path))
    writer.run(lambda db: settings.put(db, "first", "1"))
    path.rename(tmp_path / "away.db")
    SqliteDatabase.make(path)  # somebody restored a backup in its place
    with pytest.raises(Unavailable, match="moved or replaced"):
        writer.run(lambda db: settings.put(db, "second", "1"))
    writer.run(lambda db: settings.put(db, "third", "1"))
    database = SqliteDatabase(path)
    assert settings.get(database, "third") == "1"
    assert settings.get(database, "second") is None
    database.close()
    writer.close()


def test_a_closed_writer_starts_again(open_database: OpenDatabase) -> None:
    writer = GroupCommit(open_database)
    for number in range(3):
        writer.run(lambda db, n=number: settings.put(db, "n", str(n)))
        writer.close()
    assert settings.get(open_database(), "n") == "2"


def _in_the_child(writer: GroupCommit, name: str) -> None:
    writer.run(lambda db: settings.put(db, name, "child"))


def test_it_works_on_both_sides_of_a_fork(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    SqliteDatabase.make(path)
    writer = GroupCommit(lambda: SqliteDatabase(path))
    writer.run(lambda db: settings.put(db, "before", "parent"))
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_in_the_child, args=(writer, f"c{n}")) for n in range(2)]
    for child in children:
        child.start()
    writer.run(lambda db: settings.put(db, "after", "parent"))
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0, 0]
    writer.close()
    database = SqliteDatabase(path)
    names = {row["name"] for row in database.rows("SELECT name FROM settings")}
    assert names == {"before", "after", "c0", "c1"}
    database.close()


AT_THE_END = """
import sys, threading
from pathlib import Path
from surveys.store import settings
from surveys.store.sqlite import SqliteDatabase
from surveys.store.writer import GroupCommit

path = Path(sys.argv[1])
SqliteDatabase.make(path)
writer = GroupCommit(lambda: SqliteDatabase(path))
began = threading.Event()

def slow(db):
    began.set()
    threading.Event().wait(0.3)
    settings.put(db, "at the end", "1")

threading.Thread(target=writer.run, args=(slow,), daemon=True).start()
began.wait()
"""


def test_the_end_of_the_program_waits_for_what_is_being_stored(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", AT_THE_END, str(path)], check=True, timeout=60
    )
    database = SqliteDatabase(path)
    assert settings.get(database, "at the end") == "1"
    database.close()
