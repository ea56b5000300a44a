"""The statements about interests: the sites where a shopper is known, or has a share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Interest:
    """One that was declared; ``ended_utc`` once it was taken back."""

    site_id: str
    person_id: str
    reason: str
    declared_utc: str
    ended_utc: str | None


_SELECT = "SELECT site_id, person_id, reason, declared_utc, ended_utc FROM interests"


def _interests(rows: Iterator[Row]) -> list[Interest]:
    return [Interest(**row) for row in rows]


def declare(db: Database, site_id: str, person_id: str, reason: str, at_utc: str) -> None:
    """Declare it, or again what was taken back."""
    db.execute(
        "INSERT INTO interests (site_id, person_id, reason, declared_utc, ended_utc)"
        " VALUES (:site_id, :person_id, :reason, :at_utc, NULL)"
        " ON CONFLICT (site_id, person_id) DO UPDATE SET reason = excluded.reason,"
        " declared_utc = excluded.declared_utc, ended_utc = excluded.ended_utc",
        {"site_id": site_id, "person_id": person_id, "reason": reason, "at_utc": at_utc},
    )


def end(db: Database, site_id: str, person_id: str, at_utc: str) -> bool:
    """Take it back; False if there is none."""
    touched = db.execute(
        "UPDATE interests SET ended_utc = :at_utc WHERE site_id = :site_id"
        " AND person_id = :person_id AND ended_utc IS NULL",
        {"site_id": site_id, "person_id": person_id, "at_utc": at_utc},
    )
    return touched == 1


def of_person(db: Database, person_id: str) -> list[Interest]:
    """What somebody has declared and not taken back, in the order in which they did."""
    return _interests(
        db.rows(
            f"{_SELECT} WHERE person_id = :person_id AND ended_utc IS NULL"
            " ORDER BY declared_utc, site_id",
            {"person_id": person_id},
        )
    )


def every(db: Database) -> list[Interest]:
    """All that stand."""
    return _interests(db.rows(f"{_SELECT} WHERE ended_utc IS NULL"))
