"""The store keeps what it is given, on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from surveys.store import sites, submissions, tokens
from surveys.store.database import Database, Row, Unavailable, Values
from surveys.store.sqlite import SqliteDatabase
from tests.conftest import CHAIN, CODES, NOW, WITHDRAWN, OpenDatabase, add_chain


def test_a_token_keeps_what_it_is_for_and_is_withdrawn_once(database: Database) -> None:
    add_chain(database)
    token = tokens.find(database, CODES["auckland-1"])
    assert token is not None
    assert (token.site_id, token.instrument, token.source) == ("auckland-1", "counter", "customer")
    assert token.timezone == "Pacific/Auckland"
    assert token.active

    assert tokens.withdraw(database, token.token, NOW, "stolen", replaced_by="other")
    assert not tokens.withdraw(database, token.token, NOW, "again")
    after = tokens.find(database, token.token)
    assert after is not None
    assert not after.active
    assert (after.reason, after.replaced_by) == ("stolen", "other")
    assert tokens.find(database, "never made") is None
    assert [t.token for t in tokens.of_site(database, "vienna-1")] == [
        CODES["vienna-1"],
        "vienna-1-visit",
        WITHDRAWN,
    ]


def test_a_transaction_that_raises_leaves_nothing(open_database: OpenDatabase) -> None:
    database = open_database()
    with pytest.raises(ZeroDivisionError), database.transaction():
        _add_and_fail(database)
    assert list(open_database().rows("SELECT site_id FROM sites")) == []


def test_a_savepoint_that_raises_takes_back_its_own_part_alone(database: Database) -> None:
    with database.transaction():
        with database.savepoint():
            sites.put(database, CHAIN)
        with pytest.raises(ZeroDivisionError), database.savepoint():
            _remove_and_fail(database)
    assert len(list(database.rows("SELECT site_id FROM sites"))) == len(CHAIN)


def test_sqlite_flushes_every_commit_and_keeps_its_references(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert SqliteDatabase.make(path)
    assert SqliteDatabase.make(path) == []
    database = SqliteDatabase(path)
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        assert database.row(f"PRAGMA {pragma}") == {pragma: value}
    database.close()
    with pytest.raises(Unavailable):
        SqliteDatabase(tmp_path / "never made.db")
    assert not (tmp_path / "never made.db").exists()


def test_intake_looks_nothing_up_that_no_key_leads_to(database: Database) -> None:
    """What grows with the rows stored would make intake slower with each of them."""
    add_chain(database)
    looked_up: list[tuple[str, Values | None]] = []

    class Listening:
        def __getattr__(self, name: str) -> Any:
            return getattr(database, name)

        def row(self, statement: str, values: Values | None = None) -> Row | None:
            looked_up.append((statement, values))
            return database.row(statement, values)

        def rows(self, statement: str, values: Values | None = None) -> Iterator[Row]:
            looked_up.append((statement, values))
            return database.rows(statement, values)

    listening = Listening()
    tokens.find(listening, "x")
    submissions.find(listening, "vienna-1", "x")
    submissions.replacing(listening, "vienna-1", "x")
    submissions.everywhere(listening, "x")
    submissions.amendments(listening, "vienna-1", "x")
    submissions.contents(listening, "vienna-1", "x")
    assert len(looked_up) == 6
    keys = {
        "t": "token=?",
        "s": "site_id=?",
        "submissions": "submission_id=?|replaces=?",
        "amendments": "submission_id=?",
        "conflicting": "submission_id=?",
    }
    for statement, values in looked_up:
        for step in database.rows(f"EXPLAIN QUERY PLAN {statement}", values):
            how, _, what = step["detail"].partition(" ")
            if how in ("SEARCH", "SCAN"):
                table = what.split()[0]
                assert any(key in what for key in keys[table].split("|")), (statement, what)


def _add_and_fail(database: Database) -> None:
    sites.put(database, CHAIN)
    1 / 0  # noqa: B018


def _remove_and_fail(database: Database) -> None:
    database.execute("DELETE FROM sites")
    1 / 0  # noqa: B018
