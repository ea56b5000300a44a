"""Regions, as they stand in sites and in grants."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.store.database import Database, Row


def sites(db: Database) -> dict[str, int]:
    """How many sites each region has. Sites without one are left out."""
    rows = db.rows("SELECT region, COUNT(*) AS n FROM sites WHERE region <> '' GROUP BY region")
    return {row["region"]: row["n"] for row in rows}


def granted(db: Database) -> Iterator[Row]:
    """Who was granted which region: ``region, name, email``."""
    return db.rows(
        "SELECT g.value AS region, p.name, p.email FROM grants g"
        " JOIN people p ON p.person_id = g.person_id"
        " WHERE g.kind = 'region' AND p.status <> 'removed' ORDER BY g.value, p.name, p.email"
    )


def rename(db: Database, old: str, new: str) -> None:
    """Everywhere at once; who was granted both is granted the one."""
    names = {"old": old, "new": new}
    db.execute("UPDATE sites SET region = :new WHERE region = :old", names)
    holders = [
        row["person_id"]
        for row in db.rows(
            "SELECT person_id FROM grants WHERE kind = 'region' AND value = :old", {"old": old}
        )
    ]
    db.execute("DELETE FROM grants WHERE kind = 'region' AND value = :old", {"old": old})
    db.execute_many(
        "INSERT INTO grants (person_id, kind, value) VALUES (:person_id, 'region', :new)"
        " ON CONFLICT (person_id, kind, value) DO UPDATE SET value = excluded.value",
        [{"person_id": person_id, "new": new} for person_id in holders],
    )
