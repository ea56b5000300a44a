"""The published versions of instruments: added, never changed, never taken away."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.store.database import Database, Row


def add(db: Database, instrument: str, version: str, document: str, published_utc: str) -> bool:
    """Add a version; False if it was there (and then nothing changes)."""
    touched = db.execute(
        "INSERT INTO instruments (instrument, version, document, published_utc)"
        " VALUES (:instrument, :version, :document, :published_utc)"
        " ON CONFLICT (instrument, version) DO NOTHING",
        {
            "instrument": instrument,
            "version": version,
            "document": document,
            "published_utc": published_utc,
        },
    )
    return touched == 1


def find(db: Database, instrument: str, version: str) -> Row | None:
    return db.row(
        "SELECT instrument, version, document, published_utc FROM instruments"
        " WHERE instrument = :instrument AND version = :version",
        {"instrument": instrument, "version": version},
    )


def exists(db: Database, instrument: str, version: str) -> bool:
    row = db.row(
        "SELECT 1 AS found FROM instruments WHERE instrument = :instrument AND version = :version",
        {"instrument": instrument, "version": version},
    )
    return row is not None


def of_key(db: Database, instrument: str) -> Iterator[Row]:
    """All versions of one instrument without their documents, the newest first."""
    return db.rows(
        "SELECT instrument, version, published_utc FROM instruments"
        " WHERE instrument = :instrument ORDER BY published_utc DESC, version DESC",
        {"instrument": instrument},
    )


def keys(db: Database) -> Iterator[Row]:
    """The keys of all instruments that have a version."""
    return db.rows("SELECT DISTINCT instrument FROM instruments ORDER BY instrument")
