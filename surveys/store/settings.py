"""What an installation was told once and remembers."""

from __future__ import annotations

from surveys.store.database import Database


def get(db: Database, name: str) -> str | None:
    row = db.row("SELECT value FROM settings WHERE name = :name", {"name": name})
    return None if row is None else str(row["value"])


def put(db: Database, name: str, value: str) -> None:
    db.execute(
        "INSERT INTO settings (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        {"name": name, "value": value},
    )
