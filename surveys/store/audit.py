"""The audit's statements: rows are added and read, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveys.store.database import Database, Row, Values

_SELECT = "SELECT audit_id, at_utc, person_id, action, subject, detail FROM audit"

PERSON = "person"
"""The kind of a subject that is an e-mail address; of any other its first word is the kind."""

Position = tuple[str, str]
"""A place in the audit: time and id."""


@dataclass(frozen=True)
class Wanted:
    """Which lines to read; Nones restrict nothing. Times are UTC text, ``until`` is excluded;
    ``kind`` is the subject's, ``about`` is found in subject or detail."""

    person_id: str | None = None
    action: str | None = None
    kind: str | None = None
    about: str | None = None
    since: str | None = None
    until: str | None = None


def add(db: Database, values: Values) -> None:
    db.execute(
        "INSERT INTO audit (audit_id, at_utc, person_id, action, subject, detail)"
        " VALUES (:audit_id, :at_utc, :person_id, :action, :subject, :detail)",
        values,
    )


def newest_first(
    db: Database, limit: int, wanted: Wanted = Wanted(), before: Position | None = None
) -> Iterator[Row]:
    """The lines older than the one at ``before``."""
    conditions = {
        "person_id": ("person_id = :person_id", wanted.person_id),
        "action": ("action = :action", wanted.action),
        "kind": _of_kind(wanted.kind),
        "since": ("at_utc >= :since", wanted.since),
        "until": ("at_utc < :until", wanted.until),
        "about": (
            "(subject LIKE :about ESCAPE '!' OR detail LIKE :about ESCAPE '!')",
            None if wanted.about is None else f"%{_literally(wanted.about)}%",
        ),
    }
    chosen = {name: found for name, found in conditions.items() if found[1] is not None}
    values: dict[str, object] = {name: value for name, (_, value) in chosen.items()}
    where = "".join(f" AND {condition}" for condition, _ in chosen.values())
    if before is not None:
        where += " AND (at_utc, audit_id) < (:at, :at_id)"
        values.update(at=before[0], at_id=before[1])
    return db.rows(
        f"{_SELECT} WHERE 1 = 1{where} ORDER BY at_utc DESC, audit_id DESC LIMIT :limit",
        {**values, "limit": limit},
    )


def of_subject(db: Database, subject: str) -> Iterator[Row]:
    """What was done to one thing, in order."""
    return db.rows(
        f"{_SELECT} WHERE subject = :subject ORDER BY at_utc, audit_id", {"subject": subject}
    )


def _of_kind(kind: str | None) -> tuple[str, str | None]:
    if kind == PERSON:
        return "(subject LIKE :kind AND subject NOT LIKE '% %')", "%@%"
    return (
        "(subject || ' ') LIKE :kind ESCAPE '!'",
        None if kind is None else f"{_literally(kind)} %",
    )


def _literally(text: str) -> str:
    for letter in "!%_":
        text = text.replace(letter, f"!{letter}")
    return text
