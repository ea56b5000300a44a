"""The outbox and the leases: every change is a compare-and-set, so that two never do one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Job:
    """One row of the outbox; ``payload`` and ``last_error`` are JSON."""

    job_id: str
    kind: str
    topic: str
    recipient: str
    payload: str
    status: str
    attempts: int
    due_utc: str
    first_failed_utc: str | None
    last_error: str | None
    cause: str
    created_utc: str
    finished_utc: str | None


_COLUMNS = ", ".join(field.name for field in fields(Job))
_VALUES = ", ".join(f":{field.name}" for field in fields(Job))
_SELECT = f"SELECT {_COLUMNS} FROM jobs"
_INSERT = f"INSERT INTO jobs ({_COLUMNS}) VALUES ({_VALUES}) ON CONFLICT (job_id) DO NOTHING"


def _jobs(rows: Iterator[Row]) -> list[Job]:
    return [Job(**row) for row in rows]


def insert(db: Database, job: Job) -> bool:
    """Put it in; False if one with its id is there (and then nothing changes)."""
    return db.execute(_INSERT, vars(job)) == 1


def find(db: Database, job_id: str) -> Job | None:
    row = db.row(f"{_SELECT} WHERE job_id = :job_id", {"job_id": job_id})
    return None if row is None else Job(**row)


def due_groups(db: Database, at_utc: str) -> list[tuple[str, str]]:
    """``(kind, recipient)`` of everything that is due."""
    rows = db.rows(
        "SELECT DISTINCT kind, recipient FROM jobs"
        " WHERE status = 'waiting' AND due_utc <= :at_utc ORDER BY kind, recipient",
        {"at_utc": at_utc},
    )
    return [(row["kind"], row["recipient"]) for row in rows]


def next_due(db: Database, kind: str, recipient: str | None, at_utc: str) -> Job | None:
    """What has been due longest, of a kind or of a kind for one recipient."""
    whose = "" if recipient is None else " AND recipient = :recipient"
    values = {"kind": kind, "at_utc": at_utc}
    if recipient is not None:
        values["recipient"] = recipient
    row = db.row(
        f"{_SELECT} WHERE status = 'waiting' AND kind = :kind AND due_utc <= :at_utc{whose}"
        " ORDER BY due_utc, job_id LIMIT 1",
        values,
    )
    return None if row is None else Job(**row)


def claim(db: Database, job: Job, until_utc: str) -> bool:
    """Begin an attempt; False if somebody else was quicker, or if it carries more by now than what
    was read. It is due again after ``until_utc``."""
    touched = db.execute(
        "UPDATE jobs SET attempts = attempts + 1, due_utc = :until_utc"
        " WHERE job_id = :job_id AND status = 'waiting' AND attempts = :attempts"
        " AND due_utc = :due_utc AND payload = :payload",
        {
            "job_id": job.job_id,
            "payload": job.payload,
            "attempts": job.attempts,
            "due_utc": job.due_utc,
            "until_utc": until_utc,
        },
    )
    return touched == 1


def done(db: Database, job_id: str, at_utc: str) -> None:
    """It is delivered: nothing of what it carried stays."""
    db.execute(
        "UPDATE jobs SET status = 'done', payload = '{}', finished_utc = :at_utc"
        " WHERE job_id = :job_id AND status <> 'done'",
        {"job_id": job_id, "at_utc": at_utc},
    )


def failed(db: Database, job: Job, first_failed_utc: str, due_utc: str, last_error: str) -> None:
    """The attempt came to nothing; it waits until ``due_utc``."""
    db.execute(
        "UPDATE jobs SET first_failed_utc = :first_failed_utc, due_utc = :due_utc,"
        " last_error = :last_error WHERE job_id = :job_id AND status = 'waiting'",
        {
            "job_id": job.job_id,
            "first_failed_utc": first_failed_utc,
            "due_utc": due_utc,
            "last_error": last_error,
        },
    )


def give_up(db: Database, job_id: str, at_utc: str, last_error: str) -> None:
    db.execute(
        "UPDATE jobs SET status = 'given_up', finished_utc = :at_utc, last_error = :last_error"
        " WHERE job_id = :job_id AND status = 'waiting'",
        {"job_id": job_id, "at_utc": at_utc, "last_error": last_error},
    )


def give_up_all(db: Database, kind: str, recipient: str, at_utc: str, last_error: str) -> None:
    """Everything of a kind that waits for one recipient."""
    db.execute(
        "UPDATE jobs SET status = 'given_up', finished_utc = :at_utc, last_error = :last_error"
        " WHERE kind = :kind AND recipient = :recipient AND status = 'waiting'",
        {"kind": kind, "recipient": recipient, "at_utc": at_utc, "last_error": last_error},
    )


def revive(db: Database, job_id: str, at_utc: str) -> bool:
    """Due at once, as if it were new; False if it was not given up."""
    touched = db.execute(
        "UPDATE jobs SET status = 'waiting', attempts = 0, due_utc = :at_utc,"
        " first_failed_utc = NULL, finished_utc = NULL"
        " WHERE job_id = :job_id AND status = 'given_up'",
        {"job_id": job_id, "at_utc": at_utc},
    )
    return touched == 1


def delete(db: Database, job_id: str, status: str) -> bool:
    """Take it away, if it still has that status."""
    touched = db.execute(
        "DELETE FROM jobs WHERE job_id = :job_id AND status = :status",
        {"job_id": job_id, "status": status},
    )
    return touched == 1


def delete_of(db: Database, kind: str, recipient: str) -> None:
    db.execute(
        "DELETE FROM jobs WHERE kind = :kind AND recipient = :recipient",
        {"kind": kind, "recipient": recipient},
    )


def delete_done(db: Database, before_utc: str) -> None:
    db.execute(
        "DELETE FROM jobs WHERE status = 'done' AND finished_utc < :before_utc",
        {"before_utc": before_utc},
    )


def set_payload(db: Database, job: Job, payload: str) -> bool:
    """Another payload for one that nobody has begun; False if somebody has."""
    touched = db.execute(
        "UPDATE jobs SET payload = :payload"
        " WHERE job_id = :job_id AND status = 'waiting' AND attempts = 0",
        {"job_id": job.job_id, "payload": payload},
    )
    return touched == 1


def newest(db: Database, kind: str, topic: str, recipient: str) -> Job | None:
    """The job that is due last of all those of a topic for one recipient, whatever its status."""
    row = db.row(
        f"{_SELECT} WHERE kind = :kind AND topic = :topic AND recipient = :recipient"
        " ORDER BY created_utc DESC, job_id LIMIT 1",
        {"kind": kind, "topic": topic, "recipient": recipient},
    )
    return None if row is None else Job(**row)


def of_status(db: Database, status: str, limit: int) -> list[Job]:
    """Letters and web-hooks of a status, the one due first at the top."""
    return _jobs(
        db.rows(
            f"{_SELECT} WHERE status = :status AND kind <> 'event'"
            " ORDER BY due_utc, job_id LIMIT :limit",
            {"status": status, "limit": limit},
        )
    )


def counts(db: Database) -> dict[str, int]:
    """How many letters and web-hooks there are by status."""
    rows = db.rows("SELECT status, COUNT(*) AS n FROM jobs WHERE kind <> 'event' GROUP BY status")
    return {row["status"]: int(row["n"]) for row in rows}


def given_up(db: Database) -> int:
    """How many letters and web-hooks were given up."""
    row = db.row("SELECT COUNT(*) AS n FROM jobs WHERE status = 'given_up' AND kind <> 'event'")
    assert row is not None  # noqa: S101 - a count is always there
    return int(row["n"])


# --- leases -----------------------------------------------------------------------------------


def take_lease(db: Database, name: str, holder: str, at_utc: str, until_utc: str) -> bool:
    """Take or prolong a lease; False while another holds it."""
    values = {"name": name, "holder": holder, "at_utc": at_utc, "until_utc": until_utc}
    inserted = db.execute(
        "INSERT INTO leases (name, holder, until_utc) VALUES (:name, :holder, :until_utc)"
        " ON CONFLICT (name) DO NOTHING",
        values,
    )
    if inserted:
        return True
    touched = db.execute(
        "UPDATE leases SET holder = :holder, until_utc = :until_utc"
        " WHERE name = :name AND (holder = :holder OR until_utc <= :at_utc)",
        values,
    )
    return touched == 1


def leave_lease(db: Database, name: str, holder: str) -> None:
    db.execute(
        "DELETE FROM leases WHERE name = :name AND holder = :holder",
        {"name": name, "holder": holder},
    )
