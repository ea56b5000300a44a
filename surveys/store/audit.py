"""The audit's statements: rows are added and read, never changed."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.store.database import Database, Row, Values


def add(db: Database, values: Values) -> None:
    db.execute(
        "INSERT INTO audit (audit_id, at_utc, person_id, action, subject, detail)"
        " VALUES (:audit_id, :at_utc, :person_id, :action, :subject, :detail)",
        values,
    )


def newest_first(db: Database, limit: int) -> Iterator[Row]:
    return db.rows(
        "SELECT audit_id, at_utc, person_id, action, subject, detail FROM audit"
        " ORDER BY at_utc DESC, audit_id LIMIT :limit",
        {"limit": limit},
    )
