"""The migrations, in order. A migration that has been released is never edited."""

from __future__ import annotations

from collections.abc import Mapping

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from surveys.store.tables import (
    ANSWERS_BY_FORM,
    FIRST,
    INSTRUMENT_FILES,
    PREFERENCES,
    TOUCHPOINTS,
    Table,
)

migrations = Migrations("touchstone")


def create(db: Database, name: str, table: Table) -> None:
    """Create one declared table as a STRICT one, with its indexes."""
    db.table(name).create(
        dict(table.columns),
        pk=table.key if len(table.key) > 1 else table.key[0],
        not_null=set(table.columns) - table.optional,
        foreign_keys=[
            (columns, other, other_columns)
            for columns, (other, other_columns) in table.references.items()
        ],
        strict=True,
    )
    for columns in table.indexes:
        db.table(name).create_index(list(columns))
    for columns in table.unique:
        db.table(name).create_index(list(columns), unique=True)


def create_all(db: Database, group: Mapping[str, Table]) -> None:
    for name, table in group.items():
        create(db, name, table)


@migrations()
def m001_first(db: Database) -> None:
    create_all(db, FIRST)


@migrations()
def m002_preferences(db: Database) -> None:
    create_all(db, PREFERENCES)


@migrations()
def m004_touchpoints(db: Database) -> None:
    create_all(db, TOUCHPOINTS)


@migrations()
def m005_instrument_files(db: Database) -> None:
    create_all(db, INSTRUMENT_FILES)
    db.table("submissions").create_index(list(ANSWERS_BY_FORM))
