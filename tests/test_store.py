"""The store keeps what it is given, on every engine."""

from __future__ import annotations

import pytest

from surveys.store import sites, tokens
from surveys.store.database import Database
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


def _add_and_fail(database: Database) -> None:
    sites.put(database, CHAIN)
    1 / 0  # noqa: B018


def _remove_and_fail(database: Database) -> None:
    database.execute("DELETE FROM sites")
    1 / 0  # noqa: B018
