"""Group commit: many submissions, one flush to the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from surveys.store.database import Database

T = TypeVar("T")


class GroupCommit:
    def __init__(self, open_database: Callable[[], Database]) -> None:
        self._open = open_database

    def run(self, work: Callable[[Database], T]) -> T:
        """Run ``work`` inside a savepoint of a shared transaction; return once it is durable."""
        database = self._open()
        try:
            with database.transaction():
                return work(database)
        finally:
            database.close()
