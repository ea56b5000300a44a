"""What the desk reads besides figures: what people said, and the ways to reach them."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.store.database import Database, Row
from surveys.store.results import Wanted


def sources(db: Database) -> list[str]:
    """Every source that anything counted came from."""
    return [str(row["source"]) for row in db.rows("SELECT DISTINCT source FROM tallies")]


def counted(db: Database, site_id: str, wanted: Wanted) -> Iterator[Row]:
    """One site's counted submissions, newest first."""
    where, values = wanted.where("t")
    return db.rows(
        "SELECT t.submission_id, t.mode, t.form, t.form_used, t.language, t.day, t.received_utc,"
        " t.flags, t.payload FROM submissions t"
        f" WHERE t.site_id = :site_id AND t.status = 'counted'{where}"
        " ORDER BY t.day DESC, t.received_utc DESC, t.submission_id",
        {"site_id": site_id, **values},
    )


def contacts(db: Database, site_id: str) -> Iterator[Row]:
    """The ways to reach one site's customers, newest first.

    Only what came with the submission itself: other content under its id has not been accepted.
    """
    return db.rows(
        "SELECT c.submission_id, c.contact, s.source, s.day, s.status, s.form, s.form_used, s.mode,"
        " s.language, s.flags, s.payload"
        " FROM contacts c JOIN submissions s"
        " ON s.site_id = c.site_id AND s.submission_id = c.submission_id AND s.digest = c.digest"
        " WHERE c.site_id = :site_id AND s.status <> 'rejected' AND s.erased_utc IS NULL"
        " ORDER BY s.day DESC, s.received_utc DESC, c.submission_id",
        {"site_id": site_id},
    )
