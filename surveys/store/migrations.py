"""The migrations, in order. A migration that has been released is never edited."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from surveys import holding_kinds
from surveys.store import times
from surveys.store.table import Table
from surveys.store.tables import (
    ANSWERS_BY_FORM,
    AUDIT_INDEXES,
    FIRST,
    HELD,
    INSTRUMENT_FILES,
    JOBS,
    PREFERENCES,
    TOUCHPOINTS,
)
from surveys.store.tables_field import CALIBRATION, PLANNING, VISITS

migrations = Migrations("touchstone")


def create(db: Database, name: str, table: Table) -> None:
    """Create one declared table as a STRICT one, with its indexes."""
    db.table(name).create(
        dict(table.columns),
        pk=table.key if len(table.key) > 1 else table.key[0],
        not_null=set(table.columns) - table.optional,
        foreign_keys=[
            (columns, other, other_columns)
            for columns, (other, other_columns) in table.references.items()
        ],
        strict=True,
    )
    for columns in table.indexes:
        db.table(name).create_index(list(columns))
    for columns in table.unique:
        db.table(name).create_index(list(columns), unique=True)


def create_all(db: Database, group: Mapping[str, Table]) -> None:
    for name, table in group.items():
        create(db, name, table)


@migrations()
def m001_first(db: Database) -> None:
    create_all(db, FIRST)


@migrations()
def m002_preferences(db: Database) -> None:
    create_all(db, PREFERENCES)


@migrations()
def m003_jobs(db: Database) -> None:
    create_all(db, JOBS)


@migrations()
def m004_touchpoints(db: Database) -> None:
    create_all(db, TOUCHPOINTS)


@migrations()
def m005_instrument_files(db: Database) -> None:
    create_all(db, INSTRUMENT_FILES)
    db.table("submissions").create_index(list(ANSWERS_BY_FORM))


@migrations()
def m006_held(db: Database) -> None:
    create_all(db, HELD)
    for columns in AUDIT_INDEXES:
        db.table("audit").create_index(list(columns))
    waiting = db.query(
        "SELECT s.site_id, s.submission_id, s.digest, s.token, s.finished_local, s.received_utc,"
        " s.problems, t.withdrawn_utc FROM submissions s JOIN tokens t ON t.token = s.token"
        " WHERE s.status = 'held' UNION ALL"
        " SELECT c.site_id, c.submission_id, c.digest, s.token, NULL, c.received_utc, c.problems,"
        " t.withdrawn_utc FROM conflicting c"
        " JOIN submissions s ON s.site_id = c.site_id AND s.submission_id = c.submission_id"
        " JOIN tokens t ON t.token = s.token WHERE c.status = 'held'"
    )
    db.table("held").insert_all(map(_held, waiting))


def _held(row: Mapping[str, str]) -> dict[str, object]:
    codes = {problem["code"] for problem in json.loads(row["problems"])}
    finished = times.text(holding_kinds.finished(row["finished_local"], row["received_utc"]))
    kind = holding_kinds.kind(codes, finished, row["withdrawn_utc"])
    unreadable = holding_kinds.MISFITS | {"unknown_form", "other_instrument"}
    kept = {name: row[name] for name in ("site_id", "submission_id", "digest", "token")}
    return {
        **kept,
        "kind": kind,
        "fits": int(not codes & unreadable),
        "finished_utc": finished,
        "received_utc": row["received_utc"],
    }


@migrations()
def m007_visits(db: Database) -> None:
    create_all(db, VISITS)


@migrations()
def m008_calibration(db: Database) -> None:
    create_all(db, CALIBRATION)


@migrations()
def m009_planning(db: Database) -> None:
    create_all(db, PLANNING)
