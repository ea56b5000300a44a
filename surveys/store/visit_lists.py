"""Statements that read many visits at once: a month, what is open, who was where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from typing import TypeVar

from surveys.store.database import Database, Row, Values
from surveys.store.visits import Offer, Report, Visit

_VISIT = ", ".join(f"v.{field.name}" for field in fields(Visit))
_OFFER = ", ".join(f"o.{field.name}" for field in fields(Offer))
_DUE = "v.due BETWEEN :first AND :last"
_REPORTED = "LEFT JOIN visit_reports r ON r.site_id = v.site_id AND r.visit_id = v.visit_id"
_WITHOUT_REPORT = "v.status IN ('offered', 'accepted') AND r.submission_id IS NULL"

_REPORT = (
    "SELECT r.site_id, r.visit_id, r.submission_id, r.person_id, s.status, s.form, s.form_used,"
    " s.finished_local, s.received_utc, s.replaces FROM visit_reports r"
    " JOIN submissions s ON s.site_id = r.site_id AND s.submission_id = r.submission_id"
)

T = TypeVar("T", Offer, Report)

Key = tuple[str, str]
"""A visit's site and its id."""


def _bounds(first: date, last: date) -> Values:
    return {"first": first.isoformat(), "last": last.isoformat()}


def due(db: Database, first: date, last: date) -> list[Visit]:
    """All visits with a deadline in these days, the first due first."""
    rows = db.rows(
        f"SELECT {_VISIT} FROM visits v WHERE {_DUE} ORDER BY v.due, v.site_id, v.visit_id",
        _bounds(first, last),
    )
    return [Visit(**row) for row in rows]


def offers_due(db: Database, first: date, last: date) -> dict[Key, list[Offer]]:
    """The offers of :func:`due`, by visit."""
    rows = db.rows(
        f"SELECT {_OFFER} FROM visit_offers o JOIN visits v ON v.site_id = o.site_id"
        f" AND v.visit_id = o.visit_id WHERE {_DUE} ORDER BY o.offered_utc, o.person_id",
        _bounds(first, last),
    )
    return _by_visit(Offer(**row) for row in rows)


def of_site(db: Database, site_id: str) -> list[Visit]:
    """All visits of a site, the first due first."""
    rows = db.rows(
        f"SELECT {_VISIT} FROM visits v WHERE v.site_id = :site_id ORDER BY v.due, v.visit_id",
        {"site_id": site_id},
    )
    return [Visit(**row) for row in rows]


def reports_of_site(db: Database, site_id: str) -> dict[Key, list[Report]]:
    """The reports of :func:`of_site`, by visit, the first received first."""
    rows = db.rows(
        f"{_REPORT} WHERE r.site_id = :site_id ORDER BY s.received_utc, r.submission_id",
        {"site_id": site_id},
    )
    return _by_visit(Report(**row) for row in rows)


def reports_due(db: Database, first: date, last: date) -> dict[Key, list[Report]]:
    """The reports of :func:`due`, by visit, the first received first."""
    rows = db.rows(
        f"{_REPORT} JOIN visits v ON v.site_id = r.site_id AND v.visit_id = r.visit_id"
        f" WHERE {_DUE} ORDER BY s.received_utc, r.submission_id",
        _bounds(first, last),
    )
    return _by_visit(Report(**row) for row in rows)


def without_report(db: Database) -> list[Visit]:
    """What is offered or accepted and has no report, of all times; the first due first."""
    rows = db.rows(
        f"SELECT {_VISIT} FROM visits v {_REPORTED} WHERE {_WITHOUT_REPORT}"
        " ORDER BY v.due, v.site_id, v.visit_id"
    )
    return [Visit(**row) for row in rows]


def offers_without_report(db: Database) -> dict[Key, list[Offer]]:
    """The offers of :func:`without_report`, by visit."""
    rows = db.rows(
        f"SELECT {_OFFER} FROM visit_offers o JOIN visits v ON v.site_id = o.site_id"
        f" AND v.visit_id = o.visit_id {_REPORTED} WHERE {_WITHOUT_REPORT}"
        " ORDER BY o.offered_utc, o.person_id"
    )
    return _by_visit(Offer(**row) for row in rows)


def _by_visit(found: Iterable[T]) -> dict[Key, list[T]]:
    by_visit: dict[Key, list[T]] = {}
    for one in found:
        by_visit.setdefault((one.site_id, one.visit_id), []).append(one)
    return by_visit


def stays(db: Database, first: date, last: date) -> list[Row]:
    """Who was, will be or may be at which site in these days.

    Rows of ``site_id, visit_id, person_id, first, last``: the day of a report; from the first day
    to the deadline where a visit is accepted, or offered and open, and no report of theirs is here.
    """
    rows = db.rows(
        "SELECT r.site_id, r.visit_id, r.person_id, s.day AS first, s.day AS last"
        " FROM visit_reports r JOIN submissions s ON s.site_id = r.site_id"
        " AND s.submission_id = r.submission_id WHERE s.day BETWEEN :first AND :last"
        " UNION ALL SELECT v.site_id, v.visit_id, v.person_id, v.not_before, v.due FROM visits v"
        f" {_REPORTED} AND r.person_id = v.person_id WHERE v.status = 'accepted'"
        " AND v.due >= :first AND v.not_before <= :last AND r.submission_id IS NULL"
        " UNION ALL SELECT v.site_id, v.visit_id, o.person_id, v.not_before, v.due"
        " FROM visit_offers o JOIN visits v ON v.site_id = o.site_id AND v.visit_id = o.visit_id"
        " WHERE o.status = 'open' AND v.status = 'offered' AND v.due >= :first"
        " AND v.not_before <= :last",
        _bounds(first, last),
    )
    return list(rows)


def accepted_utc(db: Database, report: Report) -> str | None:
    """When a reviewer accepted a report, the last time; None where none had to."""
    row = db.row(
        "SELECT MAX(at_utc) AS at_utc FROM reviews WHERE site_id = :site_id"
        " AND submission_id = :submission_id AND act = 'accepted'",
        {"site_id": report.site_id, "submission_id": report.submission_id},
    )
    return None if row is None else row["at_utc"]
