"""The places that are visited and rated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class Site:
    """One place, as it stands in the sites CSV.

    ``timezone`` is an IANA name, ``language`` the codes of the languages spoken there with a space
    between them, ``latitude`` and ``longitude`` degrees (WGS 84) or None, ``kind`` is ``external``
    (customers come) or ``internal`` (a department whose customers are colleagues). ``region`` and
    ``address`` may be empty text.
    """

    site_id: str
    name: str
    region: str
    timezone: str
    language: str
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    kind: str = "external"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages spoken there, the main one first."""
        return tuple(self.language.split())


COLUMNS = tuple(field.name for field in fields(Site))
"""The columns of the table, in the order of the contract's CSV."""

_LIST = ", ".join(COLUMNS)
_VALUES = ", ".join(f":{name}" for name in COLUMNS)
_SETS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "site_id")


def _site(row: Row) -> Site:
    return Site(**{name: row[name] for name in COLUMNS})


def find(db: Database, site_id: str) -> Site | None:
    row = db.row(f"SELECT {_LIST} FROM sites WHERE site_id = :site_id", {"site_id": site_id})
    return None if row is None else _site(row)


def every(db: Database) -> Iterator[Site]:
    """All sites, in the order of region, then name."""
    return map(_site, db.rows(f"SELECT {_LIST} FROM sites ORDER BY region, name, site_id"))


def put(db: Database, sites: Iterable[Site]) -> None:
    """Add sites, or bring those that are known by their id up to date."""
    db.execute_many(
        f"INSERT INTO sites ({_LIST}) VALUES ({_VALUES})"
        f" ON CONFLICT (site_id) DO UPDATE SET {_SETS}",
        (asdict(site) for site in sites),
    )


def submissions(db: Database, site_id: str) -> int:
    """How many submissions stand under a site, of whatever status."""
    row = db.row(
        "SELECT COUNT(*) AS n FROM submissions WHERE site_id = :site_id", {"site_id": site_id}
    )
    return int(row["n"]) if row is not None else 0
