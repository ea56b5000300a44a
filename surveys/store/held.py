"""What waits for a person: a list of held submissions and of other content under a known id.

Derived from them, so that a hundred thousand can be counted and leafed through; ``rebuild`` lists
them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Held:
    """One thing that waits. ``digest`` is that of its content; ``fits`` is 1 where its answers fit
    the form it is read by; ``finished_utc`` is corrected by the phone's clock."""

    site_id: str
    submission_id: str
    digest: str
    kind: str
    token: str
    fits: int
    finished_utc: str
    received_utc: str

    @property
    def position(self) -> Position:
        return self.received_utc, self.site_id, self.submission_id, self.digest


Position = tuple[str, str, str, str]
"""A place in the list, oldest first: received, site, id, digest."""


@dataclass(frozen=True)
class Wanted:
    """Which of the list. Nones restrict nothing; ``until`` is the last moment of receipt."""

    kind: str | None = None
    token: str | None = None
    sites: Sequence[str] | None = None
    until: str | None = None

    def where(self) -> tuple[str, dict[str, object]]:
        conditions: list[str] = []
        values: dict[str, object] = {}
        if self.kind is not None:
            conditions.append("h.kind = :kind")
            values["kind"] = self.kind
        if self.token is not None:
            conditions.append("h.token = :token")
            values["token"] = self.token
        if self.until is not None:
            conditions.append("h.received_utc <= :until")
            values["until"] = self.until
        if self.sites is not None:
            names = [f"site_{number}" for number in range(len(self.sites))]
            conditions.append(f"h.site_id IN ({', '.join(f':{name}' for name in names)})")
            values.update(zip(names, self.sites, strict=True))
        return "".join(f" AND {condition}" for condition in conditions), values


_COLUMNS = tuple(field.name for field in fields(Held))
_LIST = ", ".join(_COLUMNS)
_VALUES = ", ".join(f":{name}" for name in _COLUMNS)
_KEY = "site_id = :site_id AND submission_id = :submission_id AND digest = :digest"
_SETS = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[3:])
_ORDER = "h.received_utc, h.site_id, h.submission_id, h.digest"


def put(db: Database, held: Held) -> None:
    """List it, or list it anew."""
    db.execute(
        f"INSERT INTO held ({_LIST}) VALUES ({_VALUES})"
        f" ON CONFLICT (site_id, submission_id, digest) DO UPDATE SET {_SETS}",
        asdict(held),
    )


def forget(db: Database, site_id: str, submission_id: str, digest: str) -> None:
    """It waits no more."""
    values = {"site_id": site_id, "submission_id": submission_id, "digest": digest}
    db.execute(f"DELETE FROM held WHERE {_KEY}", values)


def set_fits(db: Database, site_id: str, submission_id: str, digest: str, fits: bool) -> None:
    values = {"site_id": site_id, "submission_id": submission_id, "digest": digest}
    db.execute(f"UPDATE held SET fits = :fits WHERE {_KEY}", {**values, "fits": int(fits)})


def find(db: Database, site_id: str, submission_id: str, digest: str) -> Held | None:
    values = {"site_id": site_id, "submission_id": submission_id, "digest": digest}
    row = db.row(f"SELECT {_LIST} FROM held WHERE {_KEY}", values)
    return None if row is None else Held(**row)


def of_id(db: Database, site_id: str, submission_id: str) -> list[Held]:
    """What waits under an id: the submission, or other content, or both."""
    rows = db.rows(
        f"SELECT {_LIST} FROM held"
        " WHERE site_id = :site_id AND submission_id = :submission_id ORDER BY digest",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return [Held(**row) for row in rows]


def of_site(db: Database, site_id: str) -> list[Held]:
    rows = db.rows(
        f"SELECT {_LIST} FROM held WHERE site_id = :site_id ORDER BY submission_id, digest",
        {"site_id": site_id},
    )
    return [Held(**row) for row in rows]


def counts(db: Database) -> list[Row]:
    """How many wait (``n``), and how many of them fit, by ``kind``, ``token`` and ``site_id``."""
    return list(
        db.rows(
            "SELECT kind, token, site_id, COUNT(*) AS n, SUM(fits) AS fit FROM held"
            " GROUP BY kind, token, site_id"
        )
    )


def after(db: Database, wanted: Wanted, position: Position | None, limit: int) -> list[Held]:
    """The next ones behind a place in the list (None: from its beginning), oldest first."""
    where, values = _behind(wanted, position)
    columns = ", ".join(f"h.{name}" for name in _COLUMNS)
    rows = db.rows(
        f"SELECT {columns} FROM held h WHERE 1 = 1{where} ORDER BY {_ORDER} LIMIT :most",
        {**values, "most": limit},
    )
    return [Held(**row) for row in rows]


def described(
    db: Database, wanted: Wanted, position: Position | None, limit: int
) -> Iterator[tuple[Held, Row]]:
    """As :func:`after`, each with ``form``, ``form_used``, ``instrument``, ``source``,
    ``language``, ``flags``, ``day`` and ``problems`` of what waits."""
    where, values = _behind(wanted, position)
    columns = ", ".join(f"h.{name}" for name in _COLUMNS)
    rows = db.rows(
        f"SELECT {columns}, s.form, s.form_used, s.instrument, s.source, s.language, s.flags,"
        " s.day, COALESCE(c.problems, s.problems) AS problems"
        " FROM held h JOIN submissions s"
        " ON s.site_id = h.site_id AND s.submission_id = h.submission_id"
        " LEFT JOIN conflicting c ON c.site_id = h.site_id"
        " AND c.submission_id = h.submission_id AND c.digest = h.digest"
        f" WHERE 1 = 1{where} ORDER BY {_ORDER} LIMIT :most",
        {**values, "most": limit},
    )
    for row in rows:
        yield Held(**{name: row[name] for name in _COLUMNS}), row


def _behind(wanted: Wanted, position: Position | None) -> tuple[str, dict[str, object]]:
    where, values = wanted.where()
    if position is None:
        return where, values
    names = ("at", "at_site", "at_submission", "at_digest")
    bound = ", ".join(f":{name}" for name in names)
    return f"{where} AND ({_ORDER}) > ({bound})", {
        **values,
        **dict(zip(names, position, strict=True)),
    }
