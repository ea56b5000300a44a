"""The statements about cases that shoppers rate, and the certificates they earn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Attempt:
    """``kind`` is practice, test or drift; ``cases`` are keys in the order in which they come.

    ``passed`` is None but of a finished test.
    """

    attempt_id: str
    person_id: str
    kind: str
    cases: tuple[str, ...]
    started_utc: str
    finished_utc: str | None
    passed: bool | None


@dataclass(frozen=True)
class Rated:
    """A level that somebody gave, and the gold level as it was then."""

    person_id: str
    kind: str
    attempt_id: str
    case_key: str
    scale: str
    level: int
    gold: int
    at_utc: str


@dataclass(frozen=True)
class Certificate:
    """What a passed test gave; ``reason`` is there with ``revoked_utc``."""

    certificate_id: str
    person_id: str
    passed_utc: str
    expires_utc: str
    revoked_utc: str | None
    reason: str | None


# --- attempts ---------------------------------------------------------------------------------

_ATTEMPT = (
    "SELECT attempt_id, person_id, kind, cases, started_utc, finished_utc, passed"
    " FROM case_attempts"
)


def _attempt(row: Row) -> Attempt:
    passed = None if row["passed"] is None else bool(row["passed"])
    return Attempt(**{**row, "cases": tuple(json.loads(row["cases"])), "passed": passed})


def add(
    db: Database, attempt_id: str, person_id: str, kind: str, cases: Iterable[str], at_utc: str
) -> None:
    db.execute(
        "INSERT INTO case_attempts (attempt_id, person_id, kind, cases, started_utc)"
        " VALUES (:attempt_id, :person_id, :kind, :cases, :at_utc)",
        {
            "attempt_id": attempt_id,
            "person_id": person_id,
            "kind": kind,
            "cases": json.dumps([*cases]),
            "at_utc": at_utc,
        },
    )


def find(db: Database, attempt_id: str) -> Attempt | None:
    row = db.row(f"{_ATTEMPT} WHERE attempt_id = :attempt_id", {"attempt_id": attempt_id})
    return None if row is None else _attempt(row)


def of_person(db: Database, person_id: str) -> list[Attempt]:
    """Everything somebody began, the first begun first."""
    rows = db.rows(
        f"{_ATTEMPT} WHERE person_id = :person_id ORDER BY started_utc, attempt_id",
        {"person_id": person_id},
    )
    return [_attempt(row) for row in rows]


def finish(db: Database, attempt_id: str, at_utc: str, passed: bool | None) -> None:
    db.execute(
        "UPDATE case_attempts SET finished_utc = :at_utc, passed = :passed"
        " WHERE attempt_id = :attempt_id AND finished_utc IS NULL",
        {
            "attempt_id": attempt_id,
            "at_utc": at_utc,
            "passed": None if passed is None else int(passed),
        },
    )


def forget(db: Database, attempt_id: str) -> None:
    """Take away an attempt in which nothing was rated."""
    db.execute(
        "DELETE FROM case_attempts WHERE attempt_id = :attempt_id", {"attempt_id": attempt_id}
    )


# --- ratings ----------------------------------------------------------------------------------

_RATED = (
    "SELECT a.person_id, a.kind, r.attempt_id, r.case_key, r.scale, r.level, r.gold, r.at_utc"
    " FROM case_ratings r JOIN case_attempts a ON a.attempt_id = r.attempt_id"
)
_IN_ORDER = " ORDER BY r.at_utc, r.attempt_id, r.case_key, r.scale"


def rate(
    db: Database, attempt_id: str, case_key: str, scale: str, level: int, gold: int, at_utc: str
) -> bool:
    """Keep a level; False if one was given already, which stays."""
    touched = db.execute(
        "INSERT INTO case_ratings (attempt_id, case_key, scale, level, gold, at_utc)"
        " VALUES (:attempt_id, :case_key, :scale, :level, :gold, :at_utc)"
        " ON CONFLICT (attempt_id, case_key, scale) DO NOTHING",
        {
            "attempt_id": attempt_id,
            "case_key": case_key,
            "scale": scale,
            "level": level,
            "gold": gold,
            "at_utc": at_utc,
        },
    )
    return touched == 1


def ratings(db: Database, attempt_id: str) -> list[Rated]:
    """What was rated in one attempt, in the order in which it was."""
    rows = db.rows(
        f"{_RATED} WHERE r.attempt_id = :attempt_id{_IN_ORDER}", {"attempt_id": attempt_id}
    )
    return [Rated(**row) for row in rows]


def ratings_of(db: Database, person_id: str) -> list[Rated]:
    """All that somebody ever rated, the first first."""
    rows = db.rows(f"{_RATED} WHERE a.person_id = :person_id{_IN_ORDER}", {"person_id": person_id})
    return [Rated(**row) for row in rows]


def every_rating(db: Database) -> Iterator[Rated]:
    """All that anybody ever rated, the first first."""
    return (Rated(**row) for row in db.rows(f"{_RATED}{_IN_ORDER}"))


def counted_since(db: Database, person_id: str, since_utc: str) -> int:
    """How many of somebody's reports that count were received after that."""
    row = db.row(
        "SELECT COUNT(*) AS n FROM visit_reports r JOIN submissions s"
        " ON s.site_id = r.site_id AND s.submission_id = r.submission_id"
        " WHERE r.person_id = :person_id AND s.status = 'counted' AND s.received_utc > :since_utc",
        {"person_id": person_id, "since_utc": since_utc},
    )
    assert row is not None  # noqa: S101 - a count is always there
    return int(row["n"])


# --- certificates -----------------------------------------------------------------------------

_CERTIFICATE = (
    "SELECT certificate_id, person_id, passed_utc, expires_utc, revoked_utc, reason"
    " FROM certificates"
)


def certify(db: Database, certificate: Certificate) -> None:
    db.execute(
        "INSERT INTO certificates"
        " (certificate_id, person_id, passed_utc, expires_utc, revoked_utc, reason) VALUES"
        " (:certificate_id, :person_id, :passed_utc, :expires_utc, :revoked_utc, :reason)",
        vars(certificate),
    )


def certificates(db: Database, person_id: str) -> list[Certificate]:
    """All that somebody ever had, the newest first."""
    rows = db.rows(
        f"{_CERTIFICATE} WHERE person_id = :person_id ORDER BY passed_utc DESC, certificate_id",
        {"person_id": person_id},
    )
    return [Certificate(**row) for row in rows]


def revoke(db: Database, person_id: str, at_utc: str, reason: str) -> int:
    """Withdraw all that are valid then; how many were."""
    return db.execute(
        "UPDATE certificates SET revoked_utc = :at_utc, reason = :reason"
        " WHERE person_id = :person_id AND revoked_utc IS NULL AND expires_utc > :at_utc",
        {"person_id": person_id, "at_utc": at_utc, "reason": reason},
    )
