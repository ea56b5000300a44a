"""The statements about people, what they may see, and their invitations."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.store.database import Database, Row, Values

_PERSON = (
    "SELECT person_id, email, name, role, password_hash, status, epoch, created_utc FROM people"
)


def by_id(db: Database, person_id: str) -> Row | None:
    return db.row(f"{_PERSON} WHERE person_id = :person_id", {"person_id": person_id})


def by_email(db: Database, email: str) -> Row | None:
    """``email`` as :func:`surveys.people.plain_email` writes it."""
    return db.row(f"{_PERSON} WHERE email = :email", {"email": email})


def everyone(db: Database) -> Iterator[Row]:
    return db.rows(f"{_PERSON} ORDER BY email")


def active_owners(db: Database) -> int:
    row = db.row(
        "SELECT COUNT(*) AS n FROM people WHERE role = :role AND status = :status",
        {"role": "owner", "status": "active"},
    )
    assert row is not None  # noqa: S101 - a count is always there
    return int(row["n"])


def put(db: Database, values: Values) -> None:
    """A new person, or somebody who comes back; their id and first day stay."""
    db.execute(
        "INSERT INTO people"
        " (person_id, email, name, role, password_hash, status, epoch, created_utc) VALUES"
        " (:person_id, :email, :name, :role, :password_hash, :status, :epoch, :created_utc)"
        " ON CONFLICT (person_id) DO UPDATE SET email = excluded.email, name = excluded.name,"
        " role = excluded.role, password_hash = excluded.password_hash,"
        " status = excluded.status, epoch = excluded.epoch",
        values,
    )


def set_password(db: Database, person_id: str, password_hash: str) -> None:
    db.execute(
        "UPDATE people SET password_hash = :password_hash WHERE person_id = :person_id",
        {"person_id": person_id, "password_hash": password_hash},
    )


def set_status(db: Database, person_id: str, status: str) -> None:
    db.execute(
        "UPDATE people SET status = :status WHERE person_id = :person_id",
        {"person_id": person_id, "status": status},
    )


def set_role(db: Database, person_id: str, role: str) -> None:
    db.execute(
        "UPDATE people SET role = :role WHERE person_id = :person_id",
        {"person_id": person_id, "role": role},
    )


def raise_epoch(db: Database, person_id: str) -> None:
    """End every session that was begun before."""
    db.execute(
        "UPDATE people SET epoch = epoch + 1 WHERE person_id = :person_id",
        {"person_id": person_id},
    )


def grants(db: Database, person_id: str) -> Iterator[Row]:
    return db.rows(
        "SELECT kind, value FROM grants WHERE person_id = :person_id ORDER BY kind, value",
        {"person_id": person_id},
    )


def replace_grants(db: Database, person_id: str, pairs: list[tuple[str, str]]) -> None:
    db.execute("DELETE FROM grants WHERE person_id = :person_id", {"person_id": person_id})
    db.execute_many(
        "INSERT INTO grants (person_id, kind, value) VALUES (:person_id, :kind, :value)",
        [{"person_id": person_id, "kind": kind, "value": value} for kind, value in pairs],
    )


def invitation(db: Database, token_sha256: str) -> Row | None:
    return db.row(
        "SELECT token_sha256, person_id, created_utc, expires_utc, used_utc FROM invitations"
        " WHERE token_sha256 = :token_sha256",
        {"token_sha256": token_sha256},
    )


def invitations(db: Database) -> Iterator[Row]:
    """Every link that is somebody's, the oldest first."""
    return db.rows(
        "SELECT person_id, created_utc, expires_utc, used_utc FROM invitations"
        " WHERE person_id IS NOT NULL ORDER BY created_utc, token_sha256"
    )


def add_invitation(db: Database, values: Values) -> None:
    db.execute(
        "INSERT INTO invitations (token_sha256, person_id, created_utc, expires_utc)"
        " VALUES (:token_sha256, :person_id, :created_utc, :expires_utc)",
        values,
    )


def use_invitation(db: Database, token_sha256: str, used_utc: str) -> bool:
    """Compare and set: True for the one caller who used it."""
    touched = db.execute(
        "UPDATE invitations SET used_utc = :used_utc"
        " WHERE token_sha256 = :token_sha256 AND used_utc IS NULL",
        {"token_sha256": token_sha256, "used_utc": used_utc},
    )
    return touched == 1


def withdraw_invitations(db: Database, person_id: str) -> None:
    """Open links of a person are void from now on."""
    db.execute(
        "DELETE FROM invitations WHERE person_id = :person_id AND used_utc IS NULL",
        {"person_id": person_id},
    )


def withdraw_first_owner_invitations(db: Database) -> None:
    db.execute("DELETE FROM invitations WHERE person_id IS NULL AND used_utc IS NULL")
