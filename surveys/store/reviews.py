"""What was decided about reports and answered to it, and the list of what waits for a reviewer."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from surveys.store.database import Database, Row

Position = tuple[str, str, str]
"""A place in the list, oldest first: received, site, id."""


@dataclass(frozen=True)
class Review:
    """One act about a report, in order of ``number``: accepted, rejected, returned, appealed or
    upheld. ``person_id`` is "" where hours had passed; ``questions`` is JSON: see ``comments``."""

    site_id: str
    submission_id: str
    number: int
    act: str
    person_id: str
    at_utc: str
    words: str
    questions: str

    @property
    def comments(self) -> dict[str, str]:
        """Question → the comment on it."""
        found: dict[str, str] = json.loads(self.questions)
        return found


@dataclass(frozen=True)
class Waiting:
    """A report, or another submission, that waits for a reviewer. ``status`` is pending, or
    rejected where its shopper has appealed; what was sent without a visit has none, and no person.
    """

    site_id: str
    submission_id: str
    instrument: str
    form_used: str | None
    status: str
    source: str
    received_utc: str
    day: str
    flags: str
    marks: str
    visit_id: str | None
    person_id: str | None

    @property
    def position(self) -> Position:
        return self.received_utc, self.site_id, self.submission_id


@dataclass(frozen=True)
class Wanted:
    """Which of them. Nones restrict nothing."""

    sites: Sequence[str] | None = None
    instrument: str | None = None
    person_id: str | None = None

    def where(self) -> tuple[str, dict[str, object]]:
        conditions: list[str] = []
        values: dict[str, object] = {}
        if self.instrument is not None:
            conditions.append("s.instrument = :instrument")
            values["instrument"] = self.instrument
        if self.person_id is not None:
            conditions.append("r.person_id = :person_id")
            values["person_id"] = self.person_id
        if self.sites is not None:
            names = [f"site_{number}" for number in range(len(self.sites))]
            listed = ", ".join(f":{name}" for name in names)
            conditions.append(f"s.site_id IN ({listed})" if names else "1 = 0")
            values.update(zip(names, self.sites, strict=True))
        return "".join(f" AND {condition}" for condition in conditions), values


_REVIEW = ", ".join(field.name for field in fields(Review))
_BOUND = ", ".join(f":{field.name}" for field in fields(Review))
_KEY = "site_id = :site_id AND submission_id = :submission_id"
_OF_VISIT = ("visit_id", "person_id")
_WAITING = ", ".join(
    f"{'r' if field.name in _OF_VISIT else 's'}.{field.name}" for field in fields(Waiting)
)
_VISIT = "LEFT JOIN visit_reports r ON r.site_id = s.site_id AND r.submission_id = s.submission_id"
_ORDER = "s.received_utc, s.site_id, s.submission_id"


def add(
    db: Database,
    site_id: str,
    submission_id: str,
    act: str,
    person_id: str,
    at_utc: str,
    words: str,
    questions: Mapping[str, str] | None = None,
) -> None:
    """Write an act down. The engine's error if another came between (two at once)."""
    review = Review(
        site_id=site_id,
        submission_id=submission_id,
        number=len(of(db, site_id, submission_id)) + 1,
        act=act,
        person_id=person_id,
        at_utc=at_utc,
        words=words,
        questions=json.dumps(dict(questions or {}), ensure_ascii=False),
    )
    db.execute(f"INSERT INTO reviews ({_REVIEW}) VALUES ({_BOUND})", vars(review))


def of(db: Database, site_id: str, submission_id: str) -> list[Review]:
    """Everything that was decided about it and answered, in order."""
    rows = db.rows(
        f"SELECT {_REVIEW} FROM reviews WHERE {_KEY} ORDER BY number",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return [Review(**row) for row in rows]


def forget_words(db: Database, site_id: str, submission_id: str) -> None:
    """Only for erasure: what was done stays, what was said goes."""
    db.execute(
        f"UPDATE reviews SET words = '', questions = '{{}}' WHERE {_KEY}",
        {"site_id": site_id, "submission_id": submission_id},
    )


def pending(
    db: Database, wanted: Wanted, position: Position | None = None, limit: int | None = None
) -> list[Waiting]:
    """What waits for review behind a place in the list (None: from its beginning), oldest first."""
    where, values = wanted.where()
    if position is not None:
        where += f" AND ({_ORDER}) > (:received, :site, :id)"
        values.update(zip(("received", "site", "id"), position, strict=True))
    most = ""
    if limit is not None:
        most, values["most"] = " LIMIT :most", limit
    rows = db.rows(
        f"SELECT {_WAITING} FROM submissions s {_VISIT} WHERE s.status = 'pending'{where}"
        f" ORDER BY {_ORDER}{most}",
        values,
    )
    return [Waiting(**row) for row in rows]


def appealed(db: Database, wanted: Wanted) -> list[Waiting]:
    """Rejected reports whose shoppers have appealed and wait for an answer, oldest first."""
    where, values = wanted.where()
    rows = db.rows(
        f"SELECT {_WAITING} FROM reviews a JOIN submissions s ON s.site_id = a.site_id"
        f" AND s.submission_id = a.submission_id {_VISIT}"
        " LEFT JOIN reviews later ON later.site_id = a.site_id"
        " AND later.submission_id = a.submission_id AND later.number > a.number"
        " WHERE a.act = 'appealed' AND s.status = 'rejected' AND later.number IS NULL"
        f"{where} ORDER BY {_ORDER}",
        values,
    )
    return [Waiting(**row) for row in rows]


def choices(db: Database) -> list[tuple[str, str, str | None]]:
    """Site, instrument and shopper of what waits, each that there is once."""
    rows = db.rows(
        f"SELECT DISTINCT s.site_id, s.instrument, r.person_id FROM submissions s {_VISIT}"
        " WHERE s.status = 'pending'"
    )
    found = {(row["site_id"], row["instrument"], row["person_id"]) for row in rows}
    found |= {(one.site_id, one.instrument, one.person_id) for one in appealed(db, Wanted())}
    return sorted(found, key=lambda one: (*one[:2], one[2] or ""))


def waiting(db: Database, sites: Collection[str]) -> int:
    """How many wait for a reviewer at these sites; appeals are among them."""
    rows = db.rows(
        "SELECT site_id, COUNT(*) AS n FROM submissions WHERE status = 'pending' GROUP BY site_id"
    )
    pending: int = sum(row["n"] for row in rows if row["site_id"] in sites)
    return pending + sum(one.site_id in sites for one in appealed(db, Wanted()))


def forms_pending(db: Database) -> list[str]:
    """The forms by which something that waits for review is read."""
    rows = db.rows("SELECT DISTINCT form_used FROM submissions WHERE status = 'pending'")
    return [row["form_used"] for row in rows if row["form_used"] is not None]


def received_until(db: Database, form: str, until_utc: str) -> list[tuple[str, str]]:
    """Site and id of what waits for review, is read by ``form``, fits it, and was received by
    then; the first received first."""
    rows: list[Row] = list(
        db.rows(
            "SELECT site_id, submission_id FROM submissions WHERE status = 'pending'"
            " AND form_used = :form AND received_utc <= :until AND marks != '[]'"
            " ORDER BY received_utc, site_id, submission_id",
            {"form": form, "until": until_utc},
        )
    )
    return [(row["site_id"], row["submission_id"]) for row in rows]


def previous(
    db: Database, site_id: str, instrument: str, day: str, received_utc: str, but: Sequence[Any]
) -> str | None:
    """The id of the newest that counts at a site, by an instrument, from before a report that came
    then, about that day; none of the ids in ``but``."""
    rows = db.rows(
        "SELECT submission_id FROM submissions WHERE site_id = :site_id AND status = 'counted'"
        " AND instrument = :instrument AND day <= :day AND received_utc <= :received"
        " ORDER BY day DESC, received_utc DESC, submission_id DESC LIMIT :most",
        {
            "site_id": site_id,
            "instrument": instrument,
            "day": day,
            "received": received_utc,
            "most": len(but) + 1,
        },
    )
    return next((row["submission_id"] for row in rows if row["submission_id"] not in but), None)


def files_arrived(db: Database, site_id: str, submission_id: str) -> frozenset[str]:
    """The digests of a submission's files that are here."""
    rows = db.rows(
        f"SELECT sha256 FROM files WHERE {_KEY}",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return frozenset(row["sha256"] for row in rows)
