"""Reading tallies and submissions for results and exports.

Days are ISO text, compared and cut as text, so that no engine's date functions are needed. Read
inside ``db.snapshot()`` where several statements must see the same moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from surveys.periods import By
from surveys.store.database import Database, Row

# How much of a day's text tells the rows of one period apart. Days of a week are put together
# afterwards: a week has no common beginning of its text.
_LETTERS: dict[By, int] = {"all": 0, "year": 4, "quarter": 7, "month": 7, "week": 10, "day": 10}


@dataclass(frozen=True)
class Wanted:
    """Which tallies or submissions to read. Empty tuples and Nones restrict nothing.

    Days are ISO text; ``flagged`` is 1 for only flagged ones, 0 for only others.
    """

    day_from: str | None = None
    day_to: str | None = None
    sources: Sequence[str] = ()
    instruments: Sequence[str] = ()
    flagged: int | None = None

    def in_days(self, day: str) -> bool:
        return (self.day_from or day) <= day <= (self.day_to or day)

    def chooses(self, instrument: str, flagged: int) -> bool:
        return (not self.instruments or instrument in self.instruments) and (
            self.flagged is None or self.flagged == flagged
        )

    def where(self, table: str = "t") -> tuple[str, dict[str, object]]:
        """``AND …`` conditions on ``table``'s columns, and their values."""
        conditions: list[str] = []
        values: dict[str, object] = {}
        for name, sign, day in (("day_from", ">=", self.day_from), ("day_to", "<=", self.day_to)):
            if day is not None:
                conditions.append(f"{table}.day {sign} :{name}")
                values[name] = day
        if self.flagged is not None:
            conditions.append(f"{table}.flagged = :flagged")
            values["flagged"] = self.flagged
        for column, wanted in (("source", self.sources), ("instrument", self.instruments)):
            if wanted:
                names = [f"{column}_{number}" for number in range(len(wanted))]
                conditions.append(f"{table}.{column} IN ({', '.join(f':{n}' for n in names)})")
                values.update(zip(names, wanted, strict=True))
        return "".join(f" AND {condition}" for condition in conditions), values


def bars(db: Database, site_id: str, facets: str, wanted: Wanted, by: By) -> Iterator[Row]:
    """One site's histogram bars: ``facet, source, mode, bucket, level, n``.

    ``facets`` is a LIKE pattern. ``bucket`` is the beginning of the days' text that they share
    within a period (the day itself for weeks).
    """
    where, values = wanted.where()
    bucket = f"substr(t.day, 1, {_LETTERS[by]})"
    yield from db.rows(
        f"SELECT t.facet, t.source, t.mode, {bucket} AS bucket, t.level, SUM(t.n) AS n"
        f" FROM tallies t WHERE t.site_id = :site_id AND t.facet LIKE :facets{where}"
        f" GROUP BY t.facet, t.source, t.mode, {bucket}, t.level HAVING SUM(t.n) <> 0",
        {"site_id": site_id, "facets": facets, **values},
    )


def answered(db: Database, site_id: str, facets: str, wanted: Wanted) -> Iterator[Row]:
    """How often one site's facets were answered: ``facet, source, mode, day, instrument, …``."""
    where, values = wanted.where()
    yield from db.rows(
        "SELECT t.facet, t.source, t.mode, t.day, t.instrument, t.flagged, SUM(t.n) AS n"
        " FROM tallies t"
        f" WHERE t.site_id = :site_id AND t.facet LIKE :facets AND t.level <> 'asked'{where}"
        " GROUP BY t.facet, t.source, t.mode, t.day, t.instrument, t.flagged",
        {"site_id": site_id, "facets": facets, **values},
    )


def sums(db: Database, facets: str, wanted: Wanted, by: By) -> Iterator[Row]:
    """n, Σx and Σx² of every site's ratings, site after site.

    The rows have ``site_id, source, mode, facet, bucket, n, total, square``, one or more for each
    cell. They are grouped in the order of the table's key, which an engine can read off its index:
    four times as fast as sorting.
    """
    where, values = wanted.where()
    level = "CAST(t.level AS INTEGER)"
    key = "t.site_id, t.instrument, t.source, t.mode, t.facet"
    bucket, cell = "''", key
    if by != "all":
        bucket = f"substr(t.day, 1, {_LETTERS[by]})"
        cell = f"{key}, {bucket}"
    yield from db.rows(
        f"SELECT {key}, {bucket} AS bucket, SUM(t.n) AS n,"
        f" SUM(t.n * {level}) AS total, SUM(t.n * {level} * {level}) AS square FROM tallies t"
        f" WHERE t.facet LIKE :facets AND t.level IN ('1', '2', '3', '4', '5', '6', '7'){where}"
        f" GROUP BY {cell} ORDER BY t.site_id",
        {"facets": facets, **values},
    )


def first_and_last_day(
    db: Database, site_id: str, facets: str, wanted: Wanted
) -> tuple[str, str] | None:
    """The first and last day of one site that has tallies."""
    where, values = wanted.where()
    row = db.row(
        "SELECT MIN(t.day) AS first, MAX(t.day) AS last FROM tallies t"
        f" WHERE t.site_id = :site_id AND t.facet LIKE :facets AND t.n > 0{where}",
        {"site_id": site_id, "facets": facets, **values},
    )
    return (row["first"], row["last"]) if row and row["first"] is not None else None


def submissions(db: Database, site_id: str, wanted: Wanted) -> Iterator[Row]:
    """One site's submissions of every status, by id: a row for each amendment, or one for none.

    ``amended`` are the answers of the amendment (JSON), the oldest first, or None.
    """
    where, values = wanted.where("s")
    yield from db.rows(
        "SELECT s.submission_id, s.source, s.mode, s.form, s.form_used, s.language,"
        " s.started_local, s.finished_local, s.received_utc, s.day, s.status, s.flags, s.payload,"
        " a.answers AS amended"
        " FROM submissions s LEFT JOIN amendments a"
        " ON a.site_id = s.site_id AND a.submission_id = s.submission_id"
        f" WHERE s.site_id = :site_id{where}"
        " ORDER BY s.submission_id, a.number",
        {"site_id": site_id, **values},
    )


def counted(db: Database, site_id: str, wanted: Wanted) -> Iterator[Row]:
    """One site's counted submissions, by id, with their marks (JSON)."""
    where, values = wanted.where("s")
    yield from db.rows(
        "SELECT s.submission_id, s.instrument, s.source, s.mode, s.day, s.touchpoint, s.form_used,"
        " s.marks, s.flagged FROM submissions s"
        f" WHERE s.site_id = :site_id AND s.status = 'counted'{where} ORDER BY s.submission_id",
        {"site_id": site_id, **values},
    )
