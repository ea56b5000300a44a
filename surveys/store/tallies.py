"""Tallies: one row is one bar of a histogram. Derived from submissions, never the other way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from surveys.store.database import Database


class Bar(NamedTuple):
    """What a tally counts: marks of one facet and level, of one day, site, instrument, …"""

    site_id: str
    instrument: str
    source: str
    mode: str
    facet: str
    day: str
    level: str
    flagged: int

    def __str__(self) -> str:
        flagged = " (flagged)" if self.flagged else ""
        where = f"{self.site_id} {self.instrument} {self.source} {self.mode} {self.day}"
        return f"{where}: {self.facet} {self.level}{flagged}"


KEY = Bar._fields

_ADD = (
    f"INSERT INTO tallies ({', '.join(KEY)}, n)"
    f" VALUES ({', '.join(f':{name}' for name in KEY)}, :n)"
    f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET n = tallies.n + excluded.n"
)
_WHERE = " AND ".join(f"{name} = :{name}" for name in KEY)


def add(db: Database, changes: Mapping[Bar, int]) -> None:
    """Add ``changes`` (which may be negative) to the bars they name.

    Bars are touched in one order, so that two writers never wait for each other in a ring. A bar
    that comes down to nothing goes.
    """
    rows = [{**bar._asdict(), "n": n} for bar, n in sorted(changes.items()) if n]
    if rows:
        db.execute_many(_ADD, rows)
        fallen = [row for row in rows if row["n"] < 0]
        if fallen:
            db.execute_many(f"DELETE FROM tallies WHERE {_WHERE} AND n = 0", fallen)


def of_site(db: Database, site_id: str) -> Iterator[tuple[Bar, int]]:
    """Every bar of a site."""
    rows = db.rows(
        f"SELECT {', '.join(KEY)}, n FROM tallies WHERE site_id = :site_id", {"site_id": site_id}
    )
    for row in rows:
        yield Bar(**{name: row[name] for name in KEY}), row["n"]


def put(db: Database, bar: Bar, n: int) -> None:
    """Make a bar exactly ``n`` high."""
    values = bar._asdict()
    db.execute(f"DELETE FROM tallies WHERE {_WHERE}", values)
    if n:
        db.execute(_ADD, {**values, "n": n})
