"""The statements about phones that are signed in, and the short codes by which one more does."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.store.database import Database, Row, Values

_DEVICE = (
    "SELECT device_id, person_id, name, created_utc, seen_utc, expires_utc, revoked_utc"
    " FROM devices"
)


def add(db: Database, values: Values) -> None:
    db.execute(
        "INSERT INTO devices (device_id, person_id, token_sha256, name, created_utc, seen_utc,"
        " expires_utc) VALUES (:device_id, :person_id, :token_sha256, :name, :created_utc,"
        " :created_utc, :expires_utc)",
        values,
    )


def by_token(db: Database, token_sha256: str) -> Row | None:
    return db.row(f"{_DEVICE} WHERE token_sha256 = :token_sha256", {"token_sha256": token_sha256})


def find(db: Database, device_id: str) -> Row | None:
    return db.row(f"{_DEVICE} WHERE device_id = :device_id", {"device_id": device_id})


def of_person(db: Database, person_id: str) -> Iterator[Row]:
    """The newest first."""
    return db.rows(
        f"{_DEVICE} WHERE person_id = :person_id ORDER BY created_utc DESC, device_id",
        {"person_id": person_id},
    )


def seen(db: Database, device_id: str, at_utc: str) -> None:
    db.execute(
        "UPDATE devices SET seen_utc = :at_utc WHERE device_id = :device_id",
        {"device_id": device_id, "at_utc": at_utc},
    )


def revoke(db: Database, device_id: str, at_utc: str) -> bool:
    """False if there is none, or it was revoked before."""
    touched = db.execute(
        "UPDATE devices SET revoked_utc = :at_utc"
        " WHERE device_id = :device_id AND revoked_utc IS NULL",
        {"device_id": device_id, "at_utc": at_utc},
    )
    return touched == 1


# --- short codes ------------------------------------------------------------------------------


def add_code(db: Database, values: Values) -> None:
    db.execute(
        "INSERT INTO device_codes (code_sha256, person_id, created_utc, expires_utc)"
        " VALUES (:code_sha256, :person_id, :created_utc, :expires_utc)",
        values,
    )


def code(db: Database, code_sha256: str) -> Row | None:
    return db.row(
        "SELECT person_id, expires_utc, used_utc FROM device_codes"
        " WHERE code_sha256 = :code_sha256",
        {"code_sha256": code_sha256},
    )


def use_code(db: Database, code_sha256: str, at_utc: str) -> bool:
    """False if somebody was quicker."""
    touched = db.execute(
        "UPDATE device_codes SET used_utc = :at_utc"
        " WHERE code_sha256 = :code_sha256 AND used_utc IS NULL",
        {"code_sha256": code_sha256, "at_utc": at_utc},
    )
    return touched == 1


def forget_codes(db: Database, person_id: str) -> None:
    """Codes that were not used are void."""
    db.execute(
        "DELETE FROM device_codes WHERE person_id = :person_id AND used_utc IS NULL",
        {"person_id": person_id},
    )
