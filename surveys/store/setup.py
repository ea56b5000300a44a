"""Whether there is anything yet, and the first that came in."""

from __future__ import annotations

from surveys.store.database import Database, Row


def any_site(db: Database) -> bool:
    return db.row("SELECT site_id FROM sites LIMIT 1") is not None


def newest_submission(db: Database, site_id: str) -> Row | None:
    """The last that came in at a site: ``status, received_utc, marks``."""
    return db.row(
        "SELECT status, received_utc, marks FROM submissions WHERE site_id = :site_id"
        " ORDER BY received_utc DESC, submission_id LIMIT 1",
        {"site_id": site_id},
    )
