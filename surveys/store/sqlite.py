"""The embedded engine: SQLite by way of sqlite-utils."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlite_utils

from surveys.store.database import Row, Unavailable, Values
from surveys.store.migrations import migrations

BUSY_SECONDS = 10.0
"""How long one process waits for another's transaction, which takes milliseconds."""

_LATER = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""Results that speak of the machine and not of the statement (primary codes)."""


class SqliteDatabase:
    """One connection to the database file, for the thread that opened it.

    Write-ahead log, ``synchronous=FULL``: a transaction that was left is on the disk. The file
    must be there (:meth:`make` makes it): if it were made anew whenever it is missing, a file that
    somebody moved away would be followed by an empty one that takes answers.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        with _errors:
            connection = sqlite3.connect(
                f"file:{quote(str(path))}?mode=rw",
                uri=True,
                timeout=busy_seconds,
                isolation_level=None,
                cached_statements=256,
            )
        self._connection = connection
        self._db = sqlite_utils.Database(connection)
        connection.row_factory = sqlite3.Row
        with _errors:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            self._file = _identity(path)

    @classmethod
    def make(cls, path: Path) -> list[str]:
        """Make the file if it is missing and bring it up to date; safe from several processes.

        Answers the names of the migrations applied. Raises :class:`Unavailable`.
        """
        # Only a file that was not there is opened here: to close one that this process also has a
        # connection to would drop every lock of SQLite's on it (POSIX locks work like that).
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            raise Unavailable(f"{path}: {error.strerror}") from error
        with closing(cls(path)) as database:
            return database.migrate()

    def execute(self, statement: str, values: Values | None = None) -> int:
        with _errors:
            return self._connection.execute(statement, values or {}).rowcount

    def execute_many(self, statement: str, rows: Iterable[Values]) -> None:
        with _errors:
            self._connection.executemany(statement, rows)

    def rows(self, statement: str, values: Values | None = None) -> Iterator[Row]:
        with _errors:
            for row in self._connection.execute(statement, values or {}):
                yield dict(row)

    def row(self, statement: str, values: Values | None = None) -> Row | None:
        with _errors:
            found = self._connection.execute(statement, values or {}).fetchone()
        return None if found is None else dict(found)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        # BEGIN IMMEDIATE: a deferred transaction that reads and then writes fails at once with
        # "database is locked", whatever the busy timeout says.
        with _errors:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._check_file()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        # Nested ones may share a name: the innermost is meant. A full disk ends the whole
        # transaction, and then there is no savepoint to go back to.
        with _errors:
            self._connection.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO part")
                    self._connection.execute("RELEASE part")
                raise
            self._connection.execute("RELEASE part")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        # A deferred transaction: its first read fixes what it sees, and it keeps no writer waiting.
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def migrate(self) -> list[str]:
        if not migrations.pending(self._db):
            return []
        with self.transaction():  # one process at a time; the others then find nothing pending
            names = [migration.name for migration in migrations.pending(self._db)]
            migrations.apply(self._db)
        return names

    def close(self) -> None:
        self._db.close()

    def _check_file(self) -> None:
        """A deleted file still takes writes until it is closed: nothing may be promised then."""
        if _identity(self.path) != self._file:
            raise Unavailable(f"{self.path} was moved or replaced while it was in use")


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error
    return found.st_dev, found.st_ino


class _Errors:
    """Tells the machine's failures from a statement's. (A class: cheaper than a generator here.)"""

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: object
    ) -> None:
        if isinstance(error, sqlite3.Error):
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & 0xFF in _LATER:
                raise Unavailable(str(error)) from error


_errors = _Errors()
