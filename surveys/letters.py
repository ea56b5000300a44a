"""Letters: who reads one, in which language, and the words of those that every letter shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale

from surveys import people, preferences, translation
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.store import sites as sites_store
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.translation import LANGUAGES


@dataclass(frozen=True)
class Letter:
    """A letter ready to be sent."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class Reader:
    """Somebody who gets a letter: how they read, and the sites that they see."""

    person: Person
    locale: Locale
    zone: tzinfo
    sites: tuple[Site, ...]
    chosen: dict[str, str]

    def wants(self, letter: str) -> bool:
        return preferences.wants(self.chosen, self.person.role, letter)

    def letter(self, subject: Sentence, lines: Iterable[Sentence | str]) -> Letter:
        """The letter in the reader's language; ``""`` is an empty line."""
        said = [translation.say(line, self.locale) for line in (*lines, "", _SIGNED)]
        return Letter(
            self.person.email, translation.say(subject, self.locale), "\n".join(said) + "\n"
        )


_SIGNED = Sentence("Touchstone sent this letter by itself; nobody reads answers to it.")


def reader(db: Database, person: Person, every: Iterable[Site] | None = None) -> Reader:
    """The person with their language, time zone (else the one most of their sites have), sites.

    ``every`` are all sites, where they have been read already.
    """
    chosen = preferences.of(db, person.person_id)
    every = sites_store.every(db) if every is None else every
    language = chosen.get(preferences.LANGUAGE, "en")
    mine = tuple(site for site in every if people.may_see(person, site))
    common = Counter(site.timezone for site in mine).most_common(1)
    zone = chosen.get(preferences.TIMEZONE) or (common[0][0] if common else "UTC")
    return Reader(
        person=person,
        locale=translation.locale_of(language if language in LANGUAGES else "en"),
        zone=ZoneInfo(zone),
        sites=mine,
        chosen=chosen,
    )


def readers(db: Database) -> list[Reader]:
    """Everybody who may be told about sites: owners and managers who have joined."""
    every = list(sites_store.every(db))
    return [
        reader(db, person, every)
        for person in people.everyone(db)
        if person.status == "active" and person.role in {"owner", "manager"}
    ]


def choose(own: str) -> Sentence:
    """The line that says how to get no more of these; ``own`` is the installation's address."""
    return Sentence("Which letters you get, you choose here: {address}", address=f"{own}/account")


def clock(at: datetime, zone: tzinfo, locale: Locale) -> str:
    """A moment as the reader writes it."""
    return translation.moment(at.astimezone(zone), locale)
