"""Sites: the places that are visited and rated.

A site is taken in or brought up to date by its ``site_id`` and never removed: submissions hang on
it. The CSV they come from is read by :mod:`surveys.sites_file`.
"""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections.abc import Callable, Container, Sequence
from dataclasses import asdict
from datetime import datetime

from surveys import audit
from surveys.sentences import Sentence
from surveys.site_changes import Change, Plan, compare
from surveys.store import sites as store
from surveys.store.database import Database
from surveys.store.sites import Site

KINDS = ("external", "internal")

PAGES = ("new", "import")
"""What stands at the desk where a site's id stands: no site can be called so."""


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


class ChangedMeanwhile(Exception):
    """What would be done now is not what was shown. ``plan`` is what would be done now."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__("The sites have changed since the changes were shown.")


def plan(db: Database, sites: Sequence[Site]) -> Plan:
    """What :func:`take_in` would do."""
    return compare(list(store.every(db)), sites, lambda site_id: store.submissions(db, site_id))


def take_in(
    db: Database,
    sites: Sequence[Site],
    *,
    at: datetime,
    by: str = "",
    shown: str | None = None,
    done: Callable[[int], None] = lambda rows: None,
) -> Plan:
    """Upsert ``sites`` in one transaction and say what changed. Nothing is ever removed.

    ``shown`` is the fingerprint of the plan that ``by`` agreed to; without it whatever there is to
    do is done. Raises :class:`ChangedMeanwhile`, and has then done nothing.
    """
    with db.transaction():
        found = plan(db, sites)
        if shown is not None and shown != found.fingerprint:
            raise ChangedMeanwhile(found)
        touched = [*found.added, *(change.after for change in found.changed)]
        for start in range(0, len(touched), 500):
            store.put(db, touched[start : start + 500])
            done(len(touched[start : start + 500]))
        if touched:
            detail = {
                "added": [site.site_id for site in found.added],
                "changed": {change.after.site_id: change.columns for change in found.changed},
            }
            audit.record(db, at, by, "imported", "sites", detail)
    return found


class SiteThere(ValueError):
    """There is a site of that id already."""

    def __init__(self, site: Site) -> None:
        super().__init__(
            Sentence(
                "“{site_id}” is the id of {name} already. Give this site an id of its own.",
                site_id=site.site_id,
                name=site.name,
            )
        )


def add(db: Database, site: Site, *, at: datetime, by: str) -> None:
    """A new site. Raises :class:`SiteThere`."""
    with db.transaction():
        there = store.find(db, site.site_id)
        if there is not None:
            raise SiteThere(there)
        store.put(db, [site])
        audit.record(db, at, by, "added", f"site {site.site_id}", asdict(site))


def change(db: Database, site: Site, *, at: datetime, by: str) -> Change:
    """Bring one site up to date. Raises :class:`UnknownSite`."""
    with db.transaction():
        made = Change(get(db, site.site_id), site)
        if made.columns:
            store.put(db, [site])
            detail = {
                name: [getattr(made.before, name), getattr(site, name)] for name in made.columns
            }
            audit.record(db, at, by, "changed", f"site {site.site_id}", detail)
    return made


def proposed_id(name: str, taken: Container[str]) -> str:
    """An id made from a name, which no other site has: ``cafe-de-la-gare``, ``cafe-de-la-gare-2``.

    Letters of other alphabets become none, for an id is typed and read out; ``site-1`` if none is
    left.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    ids = (f"{words}-{n}" if n > 1 else words for n in itertools.count(1))
    if not words or words in PAGES:
        ids = (f"{words or 'site'}-{n}" for n in itertools.count(1))
    return next(found for found in ids if found not in taken)


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
