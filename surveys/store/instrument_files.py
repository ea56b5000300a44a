"""The YAML that versions were published from, and drafts of what may be published next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class DraftRow:
    """One instrument's draft; ``based_on`` is the version it began from, "" if from none."""

    instrument: str
    text: str
    based_on: str
    changed_utc: str
    person_id: str


def put_source(db: Database, instrument: str, version: str, text: str) -> None:
    """Keep the text of a version: the latest one, where only comments differ."""
    db.execute(
        "INSERT INTO instrument_sources (instrument, version, text)"
        " VALUES (:instrument, :version, :text)"
        " ON CONFLICT (instrument, version) DO UPDATE SET text = excluded.text",
        {"instrument": instrument, "version": version, "text": text},
    )


def source(db: Database, instrument: str, version: str) -> str | None:
    row = db.row(
        "SELECT text FROM instrument_sources WHERE instrument = :instrument AND version = :version",
        {"instrument": instrument, "version": version},
    )
    return None if row is None else str(row["text"])


def drafts(db: Database) -> Iterator[DraftRow]:
    rows = db.rows(
        "SELECT instrument, text, based_on, changed_utc, person_id FROM instrument_drafts"
        " ORDER BY instrument"
    )
    return (DraftRow(**row) for row in rows)


def draft(db: Database, instrument: str) -> DraftRow | None:
    row = db.row(
        "SELECT instrument, text, based_on, changed_utc, person_id FROM instrument_drafts"
        " WHERE instrument = :instrument",
        {"instrument": instrument},
    )
    return None if row is None else DraftRow(**row)


def put_draft(db: Database, row: DraftRow) -> None:
    db.execute(
        "INSERT INTO instrument_drafts (instrument, text, based_on, changed_utc, person_id)"
        " VALUES (:instrument, :text, :based_on, :changed_utc, :person_id)"
        " ON CONFLICT (instrument) DO UPDATE SET text = excluded.text,"
        " based_on = excluded.based_on, changed_utc = excluded.changed_utc,"
        " person_id = excluded.person_id",
        asdict(row),
    )


def drop_draft(db: Database, instrument: str) -> None:
    db.execute(
        "DELETE FROM instrument_drafts WHERE instrument = :instrument", {"instrument": instrument}
    )


def active_tokens(db: Database) -> Iterator[Row]:
    """How many active tokens of each kind lead to each instrument: instrument, kind, n."""
    return db.rows(
        "SELECT instrument, kind, COUNT(*) AS n FROM tokens WHERE status = 'active'"
        " GROUP BY instrument, kind ORDER BY instrument, kind"
    )


def answers(db: Database, since: str) -> Iterator[Row]:
    """What came in by each form, as sent: instrument, form, n, recent, last_day.

    ``recent`` counts from the day ``since`` (ISO) on.
    """
    return db.rows(
        "SELECT instrument, form, COUNT(*) AS n, MAX(day) AS last_day,"
        " SUM(CASE WHEN day >= :since THEN 1 ELSE 0 END) AS recent"
        " FROM submissions GROUP BY instrument, form ORDER BY instrument, form",
        {"since": since},
    )
