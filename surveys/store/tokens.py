"""What a submission may come under: QR codes, visits, invitations to answer.

A token keeps its site, instrument, source and touchpoint for ever; it is never given to another.
Only its status changes, once, from active to withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from surveys.store import times
from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Token:
    """One token with its site's time zone (IANA name).

    ``kind`` is code, visit or invitation; ``source`` as of the instrument's; ``replaced_by`` the
    token that took its place on the poster, if one did.
    """

    token: str
    kind: str
    site_id: str
    instrument: str
    source: str
    touchpoint: str | None
    status: str
    created_utc: str
    withdrawn_utc: str | None
    reason: str | None
    replaced_by: str | None
    timezone: str

    @property
    def active(self) -> bool:
        return self.status == "active"


_SELECT = (
    "SELECT t.token, t.kind, t.site_id, t.instrument, t.source, t.touchpoint, t.status,"
    " t.created_utc, t.withdrawn_utc, t.reason, t.replaced_by, s.timezone"
    " FROM tokens t JOIN sites s ON s.site_id = t.site_id"
)


def _token(row: Row) -> Token:
    return Token(**row)


def create(
    db: Database,
    token: str,
    *,
    kind: str,
    site_id: str,
    instrument: str,
    source: str,
    touchpoint: str | None,
    at: datetime,
) -> None:
    """Add an active token. The token's letters are the caller's, and must be new."""
    db.execute(
        "INSERT INTO tokens (token, kind, site_id, instrument, source, touchpoint, status,"
        " created_utc) VALUES (:token, :kind, :site_id, :instrument, :source, :touchpoint,"
        " 'active', :at)",
        {
            "token": token,
            "kind": kind,
            "site_id": site_id,
            "instrument": instrument,
            "source": source,
            "touchpoint": touchpoint,
            "at": times.text(at),
        },
    )


def find(db: Database, token: str) -> Token | None:
    row = db.row(f"{_SELECT} WHERE t.token = :token", {"token": token})
    return None if row is None else _token(row)


def withdraw(
    db: Database, token: str, at: datetime, reason: str, replaced_by: str | None = None
) -> bool:
    """Withdraw an active token; False if there is none (or it was withdrawn before)."""
    touched = db.execute(
        "UPDATE tokens SET status = 'withdrawn', withdrawn_utc = :at, reason = :reason,"
        " replaced_by = :replaced_by WHERE token = :token AND status = 'active'",
        {"token": token, "at": times.text(at), "reason": reason, "replaced_by": replaced_by},
    )
    return touched == 1


def of_site(db: Database, site_id: str) -> Iterator[Token]:
    """Every token of a site, active or not, the oldest first."""
    rows = db.rows(
        f"{_SELECT} WHERE t.site_id = :site_id ORDER BY t.created_utc, t.token",
        {"site_id": site_id},
    )
    return map(_token, rows)


def any_code(db: Database) -> bool:
    """Whether any code was ever made, withdrawn ones too: its poster may hang somewhere."""
    return db.row("SELECT token FROM tokens WHERE kind = 'code' LIMIT 1") is not None
