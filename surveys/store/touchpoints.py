"""The statements about touchpoints: their names, and the order of the customer's way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Touchpoint:
    """One place on the customer's way.

    ``names`` by language; ``position`` orders them; ``hidden`` ones are offered nowhere any more,
    and keep their name for what was answered there.
    """

    key: str
    names: Mapping[str, str]
    position: int
    hidden: bool = False


_SELECT = "SELECT touchpoint, names, position, hidden FROM touchpoints"


def _touchpoint(row: Row) -> Touchpoint:
    return Touchpoint(
        row["touchpoint"], json.loads(row["names"]), row["position"], bool(row["hidden"])
    )


def every(db: Database) -> Iterator[Touchpoint]:
    """All of them in their order."""
    return map(_touchpoint, db.rows(f"{_SELECT} ORDER BY position, touchpoint"))


def find(db: Database, key: str) -> Touchpoint | None:
    row = db.row(f"{_SELECT} WHERE touchpoint = :key", {"key": key})
    return None if row is None else _touchpoint(row)


def put(db: Database, touchpoint: Touchpoint) -> None:
    """Add one, or change all of it but its key."""
    db.execute(
        "INSERT INTO touchpoints (touchpoint, names, position, hidden)"
        " VALUES (:touchpoint, :names, :position, :hidden)"
        " ON CONFLICT (touchpoint) DO UPDATE SET names = excluded.names,"
        " position = excluded.position, hidden = excluded.hidden",
        {
            "touchpoint": touchpoint.key,
            "names": json.dumps(dict(touchpoint.names), ensure_ascii=False, sort_keys=True),
            "position": touchpoint.position,
            "hidden": int(touchpoint.hidden),
        },
    )


def delete(db: Database, key: str) -> None:
    db.execute("DELETE FROM touchpoints WHERE touchpoint = :key", {"key": key})


def codes(db: Database) -> dict[str, int]:
    """How many tokens, active or not, stand at each touchpoint."""
    rows = db.rows(
        "SELECT touchpoint, COUNT(*) AS n FROM tokens WHERE touchpoint IS NOT NULL"
        " GROUP BY touchpoint ORDER BY touchpoint"
    )
    return {row["touchpoint"]: row["n"] for row in rows}
