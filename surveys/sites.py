"""Sites: the places that are visited and rated.

A site is taken in or brought up to date by its ``site_id`` and never removed: submissions hang on
it. The CSV they come from is read by :mod:`surveys.sites_file`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from surveys import audit
from surveys.sentences import Sentence
from surveys.store import sites as store
from surveys.store.database import Database
from surveys.store.sites import COLUMNS, Site

KINDS = ("external", "internal")


class UnknownSite(LookupError):
    """There is no site of that id. ``near`` are ids that look like it."""

    def __init__(self, site_id: str, near: Sequence[str]) -> None:
        self.near = tuple(near)
        if near:
            said = Sentence(
                "There is no site “{site_id}”. Did you mean {near}?",
                site_id=site_id,
                near=", ".join(near),
            )
        else:
            said = Sentence(
                "There is no site “{site_id}”. The list of sites shows those there are.",
                site_id=site_id,
            )
        super().__init__(said)


@dataclass
class Changes:
    """What an import did. ``changed`` maps a site's id to the columns that differ."""

    added: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    elsewhere: int = 0  # sites that the file does not speak of


def take_in(
    db: Database,
    sites: Sequence[Site],
    *,
    at: datetime,
    done: Callable[[int], None] = lambda rows: None,
) -> Changes:
    """Upsert ``sites`` in one transaction and say what changed. Nothing is ever removed."""
    changes = Changes()
    with db.transaction():
        known = {site.site_id: site for site in store.every(db)}
        touched: list[Site] = []
        for site in sites:
            before = known.pop(site.site_id, None)
            if before == site:
                changes.unchanged.append(site.site_id)
                continue
            touched.append(site)
            if before is None:
                changes.added.append(site.site_id)
            else:
                changes.changed[site.site_id] = [
                    name for name in COLUMNS if getattr(before, name) != getattr(site, name)
                ]
        changes.elsewhere = len(known)
        for start in range(0, len(touched), 500):
            store.put(db, touched[start : start + 500])
            done(len(touched[start : start + 500]))
        if touched:
            detail = {"added": changes.added, "changed": changes.changed}
            audit.record(db, at, "", "imported", "sites", detail)
    return changes


def get(db: Database, site_id: str) -> Site:
    """The site of that id. Raises :class:`UnknownSite`, which names ids and names like it."""
    found = store.find(db, site_id)
    if found is None:
        raise UnknownSite(site_id, _near(site_id, list(store.every(db))))
    return found


def _near(wanted: str, sites: Sequence[Site]) -> list[str]:
    words = {site.site_id.casefold(): site.site_id for site in sites}
    words |= {site.name.casefold(): site.site_id for site in sites}
    like = difflib.get_close_matches(wanted.casefold(), words, n=3, cutoff=0.6)
    within = [word for word in words if wanted.casefold() in word] if len(wanted) > 2 else []
    return list(dict.fromkeys(words[word] for word in like + within))[:3]
