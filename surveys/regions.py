"""Regions: sites that are looked after together, and who looks after them.

A region is a name that sites carry and people are granted; nothing else. So renaming one changes
both in one transaction, or whoever looked after it would see nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from surveys import audit, site_checks
from surveys.sentences import Sentence
from surveys.store import regions as store
from surveys.store.database import Database


class RegionError(ValueError):
    """A region cannot be renamed like that; the message says why and what to do."""


class Merges(RegionError):
    """There is a region of that name already: both would become one."""


@dataclass(frozen=True)
class Region:
    """``people`` are the names (or addresses) of those who were granted it."""

    name: str
    sites: int
    people: tuple[str, ...]


def every(db: Database) -> list[Region]:
    """All regions that sites carry or people were granted, by name."""
    sites = store.sites(db)
    people: dict[str, list[str]] = {name: [] for name in sites}
    for row in store.granted(db):
        people.setdefault(row["region"], []).append(row["name"] or row["email"])
    return [Region(name, sites.get(name, 0), tuple(people[name])) for name in sorted(people)]


def rename(
    db: Database, at: datetime, old: str, new: str, *, by: str, merging: bool = False
) -> str:
    """Give a region another name, in its sites and in what people may see; the new name.

    Raises :class:`RegionError`, and :class:`Merges` where the name is another region's unless
    ``merging``: then the two are one from now on, which cannot be undone.
    """
    name = site_checks.plain_text(new)
    fault = site_checks.region_fault(new)
    if fault is not None:
        raise RegionError(fault)
    if not name:
        raise RegionError(
            Sentence("Give it a name. To take a site out of every region, change the site.")
        )
    with db.transaction():
        there = {region.name for region in every(db)}
        if old not in there:
            raise RegionError(Sentence("There is no region “{region}” any more.", region=old))
        if name == old:
            return name
        if name in there and not merging:
            raise Merges(
                Sentence(
                    "There is a region “{region}” already. The two would become one, and could not"
                    " be told apart again.",
                    region=name,
                )
            )
        store.rename(db, old, name)
        detail = {"to": name, "merged": name in there}
        audit.record(db, at, by, "renamed", f"region {old}", detail)
    return name
