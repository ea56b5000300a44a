"""What people choose for themselves."""

from __future__ import annotations

from surveys.store.database import Database


def of_person(db: Database, person_id: str) -> dict[str, str]:
    rows = db.rows(
        "SELECT name, value FROM preferences WHERE person_id = :person_id",
        {"person_id": person_id},
    )
    return {row["name"]: row["value"] for row in rows}


def put(db: Database, person_id: str, name: str, value: str) -> None:
    db.execute(
        "INSERT INTO preferences (person_id, name, value) VALUES (:person_id, :name, :value)"
        " ON CONFLICT (person_id, name) DO UPDATE SET value = excluded.value",
        {"person_id": person_id, "name": name, "value": value},
    )


def forget(db: Database, person_id: str, name: str) -> None:
    db.execute(
        "DELETE FROM preferences WHERE person_id = :person_id AND name = :name",
        {"person_id": person_id, "name": name},
    )
