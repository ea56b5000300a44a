"""Which of what waits a reader of the desk chose to see: kind, region, site, withdrawn code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from flask import abort, request

from surveys import holding_kinds, people
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.store import held
from surveys.store import sites as sites_store
from surveys.store.database import Database
from surveys.store.held import Position, Wanted
from surveys.store.sites import Site

UNKNOWN = Sentence("There is nothing of that kind among your sites. The list shows what waits.")


@dataclass(frozen=True)
class Choice:
    """``mine`` are all sites the reader may see, ``sites`` those of them chosen, by id.

    ``code`` stands for a withdrawn code in addresses, which are written to logs; ``token`` is it.
    """

    mine: dict[str, Site]
    sites: dict[str, Site]
    sees_all: bool
    kind: str | None = None
    region: str | None = None
    site: str | None = None
    code: str | None = None
    token: str | None = field(default=None, repr=False)
    position: Position | None = None

    def wanted(self, until: str | None = None) -> Wanted:
        free = self.sees_all and self.region is None and self.site is None
        sites = None if free else tuple(self.sites)
        return Wanted(kind=self.kind, token=self.token, sites=sites, until=until)

    def asked(self, **changes: str | None) -> dict[str, Any]:
        """The choice as an address says it, with ``changes``."""
        said = {"kind": self.kind, "region": self.region, "site": self.site, "code": self.code}
        return {name: value for name, value in {**said, **changes}.items() if value is not None}

    @property
    def regions(self) -> list[str]:
        return sorted({site.region for site in self.mine.values() if site.region})


def read(db: Database, person: Person) -> Choice:
    """What the address asks for. A place that is not the reader's is as if there were none."""
    asked = {name: request.args.get(name) or None for name in ("kind", "region", "site", "code")}
    mine = {site.site_id: site for site in sites_store.every(db) if people.may_see(person, site)}
    sites = {
        site_id: site
        for site_id, site in mine.items()
        if asked["region"] in (None, site.region) and asked["site"] in (None, site_id)
    }
    if asked["kind"] not in (None, *holding_kinds.KINDS):
        abort(404, UNKNOWN)
    if not sites and (asked["region"] or asked["site"]):
        abort(404, UNKNOWN)
    token = _token(db, mine, asked["code"]) if asked["code"] else None
    return Choice(
        mine=mine,
        sites=sites,
        sees_all=person.sees_all,
        token=token,
        position=position(request.args.get("after")),
        **asked,
    )


def reference(token: str) -> str:
    """What stands for a code in an address: who holds the code itself may send under it."""
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def _token(db: Database, mine: dict[str, Site], code: str) -> str:
    for row in held.counts(db):
        if row["site_id"] in mine and reference(row["token"]) == code:
            return str(row["token"])
    # Nothing waits under it any more: an empty list, not a fault.
    return ""


def written(position: Position) -> str:
    """A place in the list as an address says it."""
    return "|".join(position)


def position(text: str | None) -> Position | None:
    if not text:
        return None
    parts = text.rsplit("|", 2)
    received, found, site = parts[0].partition("|")  # a site's id may hold one
    if len(parts) != 3 or not found:
        abort(400)
    return received, site, parts[1], parts[2]
