"""Submissions and what stands beside them: amendments, other content, contacts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from surveys.problems import Problem
from surveys.store import held as waiting
from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Submission:
    """One row of the record, as the table says; JSON columns are text here.

    Use the properties to read them.
    """

    site_id: str
    submission_id: str
    token: str
    instrument: str
    source: str
    mode: str
    touchpoint: str | None
    form: str
    form_used: str | None
    status: str
    flags: str
    flagged: int
    digest: str
    language: str | None
    started_local: str | None
    finished_local: str | None
    received_utc: str
    day: str
    payload: str
    problems: str
    marks: str
    replaces: str | None
    secret_sha256: str | None
    erased_utc: str | None = None

    @property
    def key(self) -> dict[str, str]:
        return {"site_id": self.site_id, "submission_id": self.submission_id}

    @property
    def sent(self) -> dict[str, Any]:
        """The submission as it was sent, without contacts."""
        found: dict[str, Any] = json.loads(self.payload)
        return found

    @property
    def flag_words(self) -> list[str]:
        found: list[str] = json.loads(self.flags)
        return found

    @property
    def problem_list(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self.problems)
        return found

    @property
    def mark_pairs(self) -> list[tuple[str, str]]:
        return [(facet, level) for facet, level in json.loads(self.marks)]


@dataclass(frozen=True)
class Amendment:
    """What a person changed: ``answers`` says by question what is to be read instead.

    ``form`` is the version it is read by from then on; a ``null`` answer takes an answer away
    (of a scale: it did not come up).
    """

    site_id: str
    submission_id: str
    number: int
    at_utc: str
    person_id: str
    reason: str
    form: str
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class Content:
    """Other content that came under a known id; ``status`` is held, accepted or rejected."""

    site_id: str
    submission_id: str
    digest: str
    received_utc: str
    payload: str
    problems: str
    status: str


def _columns(record: type[Submission | Amendment | Content]) -> str:
    return ", ".join(field.name for field in fields(record))


def _bound(columns: str) -> str:
    """The columns as values to be bound."""
    return ", ".join(f":{name}" for name in columns.split(", "))


_SUBMISSION, _AMENDMENT, _CONTENT = map(_columns, (Submission, Amendment, Content))
_SELECT = f"SELECT {_SUBMISSION} FROM submissions"
_KEY = "site_id = :site_id AND submission_id = :submission_id"
_INSERT = (
    f"INSERT INTO submissions ({_SUBMISSION}) VALUES ({_bound(_SUBMISSION)})"
    " ON CONFLICT (site_id, submission_id) DO NOTHING"
)
_CHANGEABLE = frozenset(
    {"status", "flags", "flagged", "marks", "mode", "form_used", "payload", "problems"}
    | {"erased_utc"}
)


def problems_text(problems: list[Problem]) -> str:
    return json.dumps([problem.as_dict() for problem in problems], ensure_ascii=False)


# --- submissions ------------------------------------------------------------------------------


def insert(db: Database, submission: Submission) -> bool:
    """Add it; False if its id is known at its site (and then nothing changes)."""
    return db.execute(_INSERT, vars(submission)) == 1


def held_by_token(db: Database, site_id: str) -> dict[str, int]:
    """How many submissions of a site wait held, by the token they came under."""
    rows = db.rows(
        "SELECT token, COUNT(*) AS n FROM submissions"
        " WHERE status = 'held' AND site_id = :site_id GROUP BY token",
        {"site_id": site_id},
    )
    return {row["token"]: row["n"] for row in rows}


def find(db: Database, site_id: str, submission_id: str) -> Submission | None:
    row = db.row(
        f"{_SELECT} WHERE {_KEY}",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return None if row is None else Submission(**row)


def everywhere(db: Database, submission_id: str) -> list[Submission]:
    """The submissions of this id at whichever sites."""
    rows = db.rows(
        f"{_SELECT} WHERE submission_id = :submission_id ORDER BY site_id",
        {"submission_id": submission_id},
    )
    return [Submission(**row) for row in rows]


def replacing(db: Database, site_id: str, submission_id: str) -> list[Submission]:
    """The submissions of that site which say that they replace this one."""
    # Sorted here: ORDER BY would lead the planner to the primary key, over all rows of the site.
    rows = db.rows(
        f"{_SELECT} WHERE site_id = :site_id AND replaces = :submission_id",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return sorted((Submission(**row) for row in rows), key=lambda found: found.submission_id)


def of_site(db: Database, site_id: str) -> Iterator[Submission]:
    """Every submission of a site, as they are read."""
    rows = db.rows(
        f"{_SELECT} WHERE site_id = :site_id ORDER BY submission_id",
        {"site_id": site_id},
    )
    return (Submission(**row) for row in rows)


def held(db: Database, site_id: str) -> list[Submission]:
    """The held submissions of a site."""
    rows = db.rows(f"{_SELECT} WHERE status = 'held' AND site_id = :site_id", {"site_id": site_id})
    return [Submission(**row) for row in rows]


def change(db: Database, submission: Submission, **new: Any) -> bool:
    """Change columns of what was read, if its status still is what it was (compare and set).

    What is held no more leaves the list of what waits.
    """
    if not new.keys() <= _CHANGEABLE:
        raise ValueError(f"a submission's {sorted(new.keys() - _CHANGEABLE)} never change")
    sets = ", ".join(f"{name} = :{name}" for name in new)
    touched = db.execute(
        f"UPDATE submissions SET {sets} WHERE {_KEY} AND status = :old_status",
        {**new, **submission.key, "old_status": submission.status},
    )
    if touched == 1 and submission.status == "held":
        key = (submission.site_id, submission.submission_id, submission.digest)
        if new.get("status", "held") != "held":
            waiting.forget(db, *key)
        elif "marks" in new:
            waiting.set_fits(db, *key, new["marks"] != "[]")
    return touched == 1


# --- amendments -------------------------------------------------------------------------------


def amendments(db: Database, site_id: str, submission_id: str) -> list[Amendment]:
    """What people changed about it, in order."""
    rows = db.rows(
        f"SELECT {_AMENDMENT} FROM amendments WHERE {_KEY} ORDER BY number",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return [_amendment(row) for row in rows]


def amendments_of_site(db: Database, site_id: str) -> dict[str, list[Amendment]]:
    """Every amendment at a site by submission, each list in order. (They are few.)"""
    found: dict[str, list[Amendment]] = {}
    rows = db.rows(
        f"SELECT {_AMENDMENT} FROM amendments WHERE site_id = :site_id"
        " ORDER BY submission_id, number",
        {"site_id": site_id},
    )
    for row in rows:
        found.setdefault(row["submission_id"], []).append(_amendment(row))
    return found


def _amendment(row: Row) -> Amendment:
    return Amendment(**{**row, "answers": json.loads(row["answers"])})


def add_amendment(db: Database, amendment: Amendment) -> None:
    """Add it; the engine's error if the number is taken (two at once: one must read again)."""
    db.execute(
        f"INSERT INTO amendments ({_AMENDMENT}) VALUES ({_bound(_AMENDMENT)})",
        {**vars(amendment), "answers": json.dumps(dict(amendment.answers), ensure_ascii=False)},
    )


def set_amendment_answers(db: Database, amendment: Amendment, answers: Mapping[str, Any]) -> None:
    """Only for erasure: what is left of an amendment's answers."""
    db.execute(
        f"UPDATE amendments SET answers = :answers WHERE {_KEY} AND number = :number",
        {
            "site_id": amendment.site_id,
            "submission_id": amendment.submission_id,
            "number": amendment.number,
            "answers": json.dumps(dict(answers), ensure_ascii=False),
        },
    )


# --- other content under a known id -----------------------------------------------------------


def insert_content(db: Database, content: Content) -> bool:
    """Add it; False if the same content is known."""
    touched = db.execute(
        f"INSERT INTO conflicting ({_CONTENT}) VALUES ({_bound(_CONTENT)})"
        " ON CONFLICT (site_id, submission_id, digest) DO NOTHING",
        vars(content),
    )
    return touched == 1


def contents(db: Database, site_id: str, submission_id: str) -> list[Content]:
    rows = db.rows(
        f"SELECT {_CONTENT} FROM conflicting WHERE {_KEY} ORDER BY received_utc, digest",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return [Content(**row) for row in rows]


def held_contents(db: Database, site_id: str) -> list[tuple[Submission, Content]]:
    """Other content at a site that waits for a decision, each with the first of its id."""
    rows = db.rows(
        f"SELECT {_CONTENT} FROM conflicting WHERE site_id = :site_id AND status = 'held'",
        {"site_id": site_id},
    )
    found = [Content(**row) for row in rows]
    firsts = [find(db, site_id, content.submission_id) for content in found]
    return [
        (first, content) for first, content in zip(firsts, found, strict=True) if first is not None
    ]


def change_content(db: Database, content: Content, **new: str) -> bool:
    """Change ``status``, ``payload`` or ``problems``, if its status still is what was read."""
    if not new.keys() <= {"status", "payload", "problems"}:
        raise ValueError(f"content's {sorted(new)} never change")
    sets = ", ".join(f"{name} = :{name}" for name in new)
    touched = db.execute(
        f"UPDATE conflicting SET {sets} WHERE {_KEY} AND digest = :digest AND status = :old_status",
        {
            **new,
            "site_id": content.site_id,
            "submission_id": content.submission_id,
            "digest": content.digest,
            "old_status": content.status,
        },
    )
    if touched == 1 and new.get("status", "held") != "held":
        waiting.forget(db, content.site_id, content.submission_id, content.digest)
    return touched == 1


# --- contacts ---------------------------------------------------------------------------------


def add_contacts(
    db: Database, site_id: str, submission_id: str, digest: str, answers: Mapping[str, Any]
) -> None:
    """Keep ways to reach a customer, by question, as JSON (they may be anything that was sent)."""
    db.execute_many(
        "INSERT INTO contacts (site_id, submission_id, digest, question, contact)"
        " VALUES (:site_id, :submission_id, :digest, :question, :contact)",
        [
            {
                "site_id": site_id,
                "submission_id": submission_id,
                "digest": digest,
                "question": question,
                "contact": json.dumps(contact, ensure_ascii=False),
            }
            for question, contact in answers.items()
        ],
    )


def contacts(db: Database, site_id: str, submission_id: str) -> list[tuple[str, str, Any]]:
    """``(digest, question, contact)`` of everything that came under this id."""
    rows = db.rows(
        f"SELECT digest, question, contact FROM contacts WHERE {_KEY} ORDER BY digest, question",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return [(row["digest"], row["question"], json.loads(row["contact"])) for row in rows]


def forget_contacts(
    db: Database, site_id: str, submission_id: str, digest: str | None = None
) -> None:
    """Take away the contacts of this id, or of one of its contents alone."""
    which = "" if digest is None else " AND digest = :digest"
    values = {"site_id": site_id, "submission_id": submission_id}
    if digest is not None:
        values["digest"] = digest
    db.execute(f"DELETE FROM contacts WHERE {_KEY}{which}", values)
