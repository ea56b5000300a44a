"""The statements about visits: to whom they are offered, under which tokens, what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Visit:
    """One visit to be made. ``not_before`` and ``due`` are ISO dates in the site's time zone.

    ``status`` is offered, accepted or cancelled; ``edge`` is "", opening or closing; ``fee`` and
    ``expenses`` are decimal texts in ``currency``, "" where there is none; ``certificate`` is 1
    where only a shopper who holds one may go.
    """

    site_id: str
    visit_id: str
    code: str
    instrument: str
    status: str
    person_id: str | None
    token: str | None
    not_before: str
    due: str
    edge: str
    briefing: str
    certificate: int
    fee: str
    expenses: str
    currency: str
    plan_id: str | None
    created_utc: str
    accepted_utc: str | None = None
    cancelled_utc: str | None = None
    reason: str | None = None

    @property
    def key(self) -> dict[str, str]:
        return {"site_id": self.site_id, "visit_id": self.visit_id}


@dataclass(frozen=True)
class Offer:
    """``status`` is open, accepted, declined or withdrawn."""

    site_id: str
    visit_id: str
    person_id: str
    status: str
    offered_utc: str
    answered_utc: str | None
    reason: str | None


@dataclass(frozen=True)
class Report:
    """A submission that came under a visit's tokens; ``status`` is the submission's."""

    site_id: str
    visit_id: str
    submission_id: str
    person_id: str
    status: str
    form: str
    form_used: str | None
    finished_local: str | None
    received_utc: str
    replaces: str | None


_VISIT = ", ".join(field.name for field in fields(Visit))
_BOUND = ", ".join(f":{field.name}" for field in fields(Visit))
_SELECT = f"SELECT {_VISIT} FROM visits"
_KEY = "site_id = :site_id AND visit_id = :visit_id"
_CHANGEABLE = frozenset(field.name for field in fields(Visit)) - {
    *("site_id", "visit_id", "created_utc", "plan_id")
}


def _visits(rows: Iterator[Row]) -> list[Visit]:
    return [Visit(**row) for row in rows]


def insert(db: Database, visit: Visit) -> bool:
    """Add it; False if there is one of this id."""
    touched = db.execute(
        f"INSERT INTO visits ({_VISIT}) VALUES ({_BOUND}) ON CONFLICT (site_id, visit_id)"
        " DO NOTHING",
        vars(visit),
    )
    return touched == 1


def find(db: Database, site_id: str, visit_id: str) -> Visit | None:
    row = db.row(f"{_SELECT} WHERE {_KEY}", {"site_id": site_id, "visit_id": visit_id})
    return None if row is None else Visit(**row)


def by_id(db: Database, visit_id: str) -> Visit | None:
    row = db.row(f"{_SELECT} WHERE visit_id = :visit_id", {"visit_id": visit_id})
    return None if row is None else Visit(**row)


def of_person(db: Database, person_id: str) -> list[Visit]:
    """The visits that somebody has accepted, whatever came of them; the first due first."""
    return _visits(
        db.rows(
            f"{_SELECT} WHERE person_id = :person_id ORDER BY due, visit_id",
            {"person_id": person_id},
        )
    )


def open_to(db: Database, person_id: str) -> list[Visit]:
    """The visits that somebody may still take; the first due first."""
    offers = db.rows(
        "SELECT site_id, visit_id FROM visit_offers"
        " WHERE person_id = :person_id AND status = 'open'",
        {"person_id": person_id},
    )
    found = [find(db, offer["site_id"], offer["visit_id"]) for offer in list(offers)]
    still = [visit for visit in found if visit is not None and visit.status == "offered"]
    return sorted(still, key=lambda visit: (visit.due, visit.visit_id))


def change(db: Database, visit: Visit, **new: Any) -> bool:
    """Change columns of what was read, if its status and person still are what they were."""
    if not new.keys() <= _CHANGEABLE:
        raise ValueError(f"a visit's {sorted(new.keys() - _CHANGEABLE)} never change")
    sets = ", ".join(f"{name} = :{name}" for name in new)
    touched = db.execute(
        f"UPDATE visits SET {sets} WHERE {_KEY} AND status = :old_status"
        " AND COALESCE(person_id, '') = :old_person",
        {
            **new,
            **visit.key,
            "old_status": visit.status,
            "old_person": visit.person_id or "",
        },
    )
    return touched == 1


# --- offers -----------------------------------------------------------------------------------

_OFFER = ", ".join(field.name for field in fields(Offer))


def offer(db: Database, visit: Visit, person_id: str, at_utc: str) -> None:
    """Offer it to somebody, for the first time or again."""
    db.execute(
        "INSERT INTO visit_offers (site_id, visit_id, person_id, status, offered_utc,"
        " answered_utc, reason) VALUES (:site_id, :visit_id, :person_id, 'open', :at_utc, NULL,"
        " NULL) ON CONFLICT (site_id, visit_id, person_id) DO UPDATE SET"
        " status = excluded.status, offered_utc = excluded.offered_utc,"
        " answered_utc = excluded.answered_utc, reason = excluded.reason",
        {**visit.key, "person_id": person_id, "at_utc": at_utc},
    )


def offers(db: Database, visit: Visit) -> list[Offer]:
    rows = db.rows(
        f"SELECT {_OFFER} FROM visit_offers WHERE {_KEY} ORDER BY offered_utc, person_id",
        visit.key,
    )
    return [Offer(**row) for row in rows]


def answer_offer(
    db: Database, visit: Visit, person_id: str, status: str, at_utc: str, reason: str | None = None
) -> bool:
    """What became of an open offer; False if it is open no more."""
    touched = db.execute(
        "UPDATE visit_offers SET status = :status, answered_utc = :at_utc, reason = :reason"
        f" WHERE {_KEY} AND person_id = :person_id AND status = 'open'",
        {
            **visit.key,
            "person_id": person_id,
            "status": status,
            "at_utc": at_utc,
            "reason": reason,
        },
    )
    return touched == 1


def withdraw_offers(db: Database, visit: Visit, at_utc: str) -> None:
    """Whoever has not answered yet need not any more."""
    db.execute(
        "UPDATE visit_offers SET status = 'withdrawn', answered_utc = :at_utc"
        f" WHERE {_KEY} AND status = 'open'",
        {**visit.key, "at_utc": at_utc},
    )


# --- tokens and reports -----------------------------------------------------------------------


def add_token(db: Database, visit: Visit, token: str, person_id: str) -> None:
    """Remember whose token it is, and of which visit."""
    db.execute(
        "INSERT INTO visit_tokens (site_id, token, visit_id, person_id)"
        " VALUES (:site_id, :token, :visit_id, :person_id)",
        {**visit.key, "token": token, "person_id": person_id},
    )


def under(db: Database, site_id: str, token: str) -> tuple[str, str] | None:
    """``(visit_id, person_id)`` that a token of this site stands for."""
    row = db.row(
        "SELECT visit_id, person_id FROM visit_tokens WHERE site_id = :site_id AND token = :token",
        {"site_id": site_id, "token": token},
    )
    return None if row is None else (row["visit_id"], row["person_id"])


def former_token(db: Database, visit: Visit, person_id: str) -> str | None:
    """A token under which this shopper might once have reported the visit."""
    row = db.row(
        f"SELECT token FROM visit_tokens WHERE {_KEY} AND person_id = :person_id ORDER BY token",
        {**visit.key, "person_id": person_id},
    )
    return None if row is None else str(row["token"])


def add_report(
    db: Database, site_id: str, submission_id: str, visit_id: str, person_id: str
) -> None:
    db.execute(
        "INSERT INTO visit_reports (site_id, submission_id, visit_id, person_id)"
        " VALUES (:site_id, :submission_id, :visit_id, :person_id)",
        {
            "site_id": site_id,
            "submission_id": submission_id,
            "visit_id": visit_id,
            "person_id": person_id,
        },
    )


_REPORT = (
    "SELECT r.site_id, r.visit_id, r.submission_id, r.person_id, s.status, s.form, s.form_used,"
    " s.finished_local, s.received_utc, s.replaces FROM visit_reports r JOIN submissions s"
    " ON s.site_id = r.site_id AND s.submission_id = r.submission_id"
)


def reports(db: Database, visit: Visit) -> list[Report]:
    """What came under a visit's tokens, the first received first."""
    return reports_under(db, visit.site_id, visit.visit_id)


def reports_under(db: Database, site_id: str, visit_id: str) -> list[Report]:
    """The same, of the visit with this id."""
    rows = db.rows(
        f"{_REPORT} WHERE r.site_id = :site_id AND r.visit_id = :visit_id"
        " ORDER BY s.received_utc, r.submission_id",
        {"site_id": site_id, "visit_id": visit_id},
    )
    return [Report(**row) for row in rows]


def reports_of_person(db: Database, person_id: str) -> list[Report]:
    """Everything a shopper ever sent for a visit, the first received first."""
    rows = db.rows(
        f"{_REPORT} WHERE r.person_id = :person_id ORDER BY s.received_utc, r.submission_id",
        {"person_id": person_id},
    )
    return [Report(**row) for row in rows]


def report(db: Database, site_id: str, submission_id: str) -> Report | None:
    row = db.row(
        f"{_REPORT} WHERE r.site_id = :site_id AND r.submission_id = :submission_id",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return None if row is None else Report(**row)


# --- shoppers as numbers ----------------------------------------------------------------------


def number(db: Database, person_id: str) -> int | None:
    row = db.row(
        "SELECT number FROM shoppers WHERE person_id = :person_id", {"person_id": person_id}
    )
    return None if row is None else int(row["number"])


def numbers(db: Database) -> dict[str, int]:
    """Every shopper's number, by person."""
    rows = db.rows("SELECT person_id, number FROM shoppers")
    return {row["person_id"]: row["number"] for row in rows}


def give_number(db: Database, person_id: str) -> None:
    """The next number, unless they have one. Part of the caller's transaction."""
    row = db.row("SELECT COALESCE(MAX(number), 0) AS n FROM shoppers")
    assert row is not None  # noqa: S101 - a maximum is always there
    db.execute(
        "INSERT INTO shoppers (person_id, number) VALUES (:person_id, :number)"
        " ON CONFLICT (person_id) DO NOTHING",
        {"person_id": person_id, "number": int(row["n"]) + 1},
    )
