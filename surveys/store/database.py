"""What the statements in this room need of an engine, and nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = Mapping[str, Any]
Values = Mapping[str, Any]


class Unavailable(Exception):
    """Nothing can be read or stored just now: disk full, database locked, file gone.

    What was under way is undone as a whole; the same again may work later.
    """


class Database(Protocol):
    """One connection, belonging to one thread.

    Statements are portable SQL with named placeholders (``:site_id``). Every method raises
    :class:`Unavailable` when the engine cannot do its work.
    """

    def execute(self, statement: str, values: Values | None = None) -> int:
        """Run a statement that returns no rows; answer how many rows it touched."""

    def execute_many(self, statement: str, rows: Iterable[Values]) -> None:
        """Run one statement for many rows."""

    def rows(self, statement: str, values: Values | None = None) -> Iterator[Row]:
        """Yield the rows of a query as they are read (constant memory)."""

    def row(self, statement: str, values: Values | None = None) -> Row | None:
        """The first row of a query, or None."""

    def transaction(self) -> AbstractContextManager[None]:
        """A write transaction (``BEGIN IMMEDIATE``): durable once left, undone if it raised."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of a transaction that can fail alone."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Reads inside see one moment, whatever is written meanwhile; nothing is written."""

    def migrate(self) -> list[str]:
        """Create or bring up to date all tables; the names of the migrations applied."""

    def close(self) -> None: ...
