"""The statements about web-hooks."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from surveys.store.database import Database


@dataclass(frozen=True)
class Webhook:
    """One address that is told of events; ``reason`` and ``answer`` are JSON of sentences."""

    webhook_id: str
    url: str
    events: str
    secret: str = field(repr=False)
    old_secret: str | None = field(repr=False)
    old_until_utc: str | None
    status: str
    reason: str | None
    answer: str | None
    answered_utc: str | None
    succeeded_utc: str | None
    created_utc: str

    @property
    def event_list(self) -> list[str]:
        return self.events.split()


_COLUMNS = ", ".join(one.name for one in fields(Webhook))
_VALUES = ", ".join(f":{one.name}" for one in fields(Webhook))
_SELECT = f"SELECT {_COLUMNS} FROM webhooks"


def insert(db: Database, webhook: Webhook) -> None:
    db.execute(f"INSERT INTO webhooks ({_COLUMNS}) VALUES ({_VALUES})", vars(webhook))


def find(db: Database, webhook_id: str) -> Webhook | None:
    row = db.row(f"{_SELECT} WHERE webhook_id = :webhook_id", {"webhook_id": webhook_id})
    return None if row is None else Webhook(**row)


def every(db: Database) -> list[Webhook]:
    """All of them, the oldest first."""
    return [Webhook(**row) for row in db.rows(f"{_SELECT} ORDER BY created_utc, webhook_id")]


def wanted(db: Database) -> set[str]:
    """The types of events that some active web-hook wants."""
    rows = db.rows("SELECT events FROM webhooks WHERE status = 'active'")
    return {event for row in rows for event in row["events"].split()}


def set_secret(
    db: Database, webhook_id: str, secret: str, old_secret: str, old_until_utc: str
) -> None:
    db.execute(
        "UPDATE webhooks SET secret = :secret, old_secret = :old_secret,"
        " old_until_utc = :old_until_utc WHERE webhook_id = :webhook_id",
        {
            "webhook_id": webhook_id,
            "secret": secret,
            "old_secret": old_secret,
            "old_until_utc": old_until_utc,
        },
    )


def set_status(db: Database, webhook_id: str, status: str, reason: str | None) -> None:
    db.execute(
        "UPDATE webhooks SET status = :status, reason = :reason WHERE webhook_id = :webhook_id",
        {"webhook_id": webhook_id, "status": status, "reason": reason},
    )


def set_answer(db: Database, webhook_id: str, at_utc: str, answer: str, *, succeeded: bool) -> None:
    """What came of an attempt."""
    succeeding = ", succeeded_utc = :at_utc" if succeeded else ""
    db.execute(
        f"UPDATE webhooks SET answer = :answer, answered_utc = :at_utc{succeeding}"
        " WHERE webhook_id = :webhook_id",
        {"webhook_id": webhook_id, "at_utc": at_utc, "answer": answer},
    )


def delete(db: Database, webhook_id: str) -> None:
    db.execute("DELETE FROM webhooks WHERE webhook_id = :webhook_id", {"webhook_id": webhook_id})
