"""The embedded engine: SQLite by way of sqlite-utils."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlite_utils

from surveys.store.database import Row, Values
from surveys.store.migrations import migrations

BUSY_SECONDS = 30


class SqliteDatabase:
    """One connection to the database file, for the thread that opened it.

    Write-ahead log, ``synchronous=FULL``: a transaction that was left is on the disk. Raises
    ``sqlite3.OperationalError`` when the file cannot be opened, is locked for more than
    ``BUSY_SECONDS``, or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        self._db = sqlite_utils.Database(connection)
        self._connection = connection
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    def execute(self, statement: str, values: Values | None = None) -> int:
        return self._connection.execute(statement, dict(values or {})).rowcount

    def execute_many(self, statement: str, rows: Iterable[Values]) -> None:
        self._connection.executemany(statement, (dict(row) for row in rows))

    def rows(self, statement: str, values: Values | None = None) -> Iterator[Row]:
        for row in self._connection.execute(statement, dict(values or {})):
            yield dict(row)

    def row(self, statement: str, values: Values | None = None) -> Row | None:
        return next(self.rows(statement, values), None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        # BEGIN IMMEDIATE: a deferred transaction that reads and then writes fails at once with
        # "database is locked", whatever the busy timeout says.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        with self._db.atomic():
            yield

    def migrate(self) -> list[str]:
        pending = [migration.name for migration in migrations.pending(self._db)]
        if pending:
            migrations.apply(self._db)
        return pending

    def close(self) -> None:
        self._db.close()
