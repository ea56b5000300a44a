"""People: their roles, what they may see, how they are known again.

Nobody has an account by default; how people come in is told in :mod:`surveys.people_joining`, how
they leave in :mod:`surveys.people_leaving`.
Only the argon2 hash of a password is kept.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from surveys import audit, passwords
from surveys.passwords import PeopleError
from surveys.problems import some_of
from surveys.sentences import Sentence
from surveys.store import people as store
from surveys.store import sites as sites_store
from surveys.store import times
from surveys.store.database import Database, Row

ROLES = ("owner", "manager", "reviewer", "shopper", "staff")
DESK_ROLES = ("owner", "manager", "reviewer")
PLACED_ROLES = ("manager", "staff")
"""Those who look after, or work at, certain places, and so cannot be without any."""

ROLE_NAMES = {
    "owner": Sentence("owner"),
    "manager": Sentence("manager"),
    "reviewer": Sentence("reviewer"),
    "shopper": Sentence("shopper"),
    "staff": Sentence("staff"),
}
NAME_AT_MOST = 100
JOINERS = "\u200c\u200d"  # invisible, and part of Persian and Indian names


class Place(Protocol):
    """What deciding about a site needs to know of it."""

    @property
    def site_id(self) -> str: ...

    @property
    def region(self) -> str: ...


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in. ``regions`` and ``sites`` are what they were granted."""

    person_id: str
    email: str
    name: str
    role: str
    regions: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    status: str = "active"
    epoch: int = 0

    @property
    def sees_all(self) -> bool:
        """An owner sees every site; so does a reviewer who was not given certain ones."""
        return self.role == "owner" or (
            self.role == "reviewer" and not self.regions and not self.sites
        )


def may_see(person: Person, site: Place) -> bool:
    """Whether what is known of ``site`` may be shown to ``person``."""
    return person.sees_all or site.region in person.regions or site.site_id in person.sites


def reach(person: Person, sites: Iterable[Place]) -> frozenset[str] | None:
    """The ids of those ``sites`` whose rows ``person`` may have; None for all there are."""
    if person.sees_all:
        return None
    return frozenset(site.site_id for site in sites if may_see(person, site))


def plain_email(email: str) -> str:
    """An address as it is stored and compared: trimmed, composed, in small letters."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def check_email(email: str) -> str:
    """The plain address. Raises :class:`PeopleError` when no letter could be sent to it."""
    plain = plain_email(email)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", plain) or not plain.isprintable() or len(plain) > 254:
        raise PeopleError(
            Sentence(
                "“{email}” is not an e-mail address; write it like ana@example.org.",
                email=email.strip(),
            )
        )
    return plain


def check_name(name: str) -> str:
    """A name in any alphabet, on one line. Raises :class:`PeopleError`."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain:
        raise PeopleError(Sentence("Please say what we should call you."))
    if len(plain) > NAME_AT_MOST:
        raise PeopleError(
            Sentence("That name is too long to show; please use up to {n} letters.", n=NAME_AT_MOST)
        )
    if not all(letter.isprintable() or letter in JOINERS for letter in plain):
        raise PeopleError(
            Sentence("That name holds characters that cannot be shown; please type it again.")
        )
    return plain


def _person(db: Database, row: Row) -> Person:
    granted = list(store.grants(db, row["person_id"]))
    return Person(
        person_id=row["person_id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        regions=frozenset(grant["value"] for grant in granted if grant["kind"] == "region"),
        sites=frozenset(grant["value"] for grant in granted if grant["kind"] == "site"),
        status=row["status"],
        epoch=row["epoch"],
    )


def find(db: Database, person_id: str) -> Person | None:
    """The person with this id, whatever their status."""
    row = store.by_id(db, person_id)
    return None if row is None else _person(db, row)


def known(db: Database, person_id: str) -> Person:
    """The person with this id, who is known to be there: people are never deleted."""
    person = find(db, person_id)
    assert person is not None  # noqa: S101 - as the docstring says
    return person


def find_email(db: Database, email: str) -> Person | None:
    """The person with this address, whatever their status."""
    row = store.by_email(db, plain_email(email))
    return None if row is None else _person(db, row)


def everyone(db: Database) -> Iterator[Person]:
    """All people by address, removed ones too."""
    for row in list(store.everyone(db)):
        yield _person(db, row)


def sign_in(db: Database, email: str, password: str) -> Person | None:
    """The person, if address and password belong together and they are still one of us."""
    row = store.by_email(db, plain_email(email))
    active = row is not None and row["status"] == "active"
    if not passwords.fits(password, row["password_hash"] if row is not None and active else None):
        return None
    assert row is not None  # noqa: S101 - nothing fits where there is no hash
    return _person(db, row)


# --- what they are ----------------------------------------------------------------------------

Grants = list[tuple[str, str]]
"""What somebody may see, as it is stored: ``region`` or ``site``, and which."""


def grants_of(regions: Iterable[str], sites: Iterable[str]) -> Grants:
    return [("region", value) for value in sorted(set(regions))] + [
        ("site", value) for value in sorted(set(sites))
    ]


def check_grants(db: Database, role: str, regions: Iterable[str], sites: Iterable[str]) -> Grants:
    """Role and places that go together.

    Raises :class:`PeopleError`: a role or a place there is not, a manager without any place.
    """
    if role not in ROLES:
        raise PeopleError(
            Sentence(
                "There is no role “{role}”; the roles are {roles}.",
                role=role,
                roles=", ".join(ROLES),
            )
        )
    pairs = grants_of(regions, sites)
    if role == "manager" and not pairs:
        raise PeopleError(Sentence("A manager needs at least one region or site to look after."))
    if role == "staff" and not pairs:
        raise PeopleError(Sentence("Staff need at least one region or site where they work."))
    every = list(sites_store.every(db))
    regions_there = sorted({site.region for site in every} - {""})
    sites_there = sorted(site.site_id for site in every)
    for kind, value in pairs:
        there = regions_there if kind == "region" else sites_there
        if value not in there:
            raise PeopleError(_no_place(kind, value, there))
    return pairs


def _no_place(kind: str, value: str, there: list[str]) -> Sentence:
    named = some_of(there)
    if kind == "region" and there:
        return Sentence(
            "There is no region “{value}”. There are: {there}.", value=value, there=named
        )
    if kind == "region":
        return Sentence("There is no region “{value}”. Import the sites first.", value=value)
    if there:
        return Sentence("There is no site “{value}”. There are: {there}.", value=value, there=named)
    return Sentence("There is no site “{value}”. Import the sites first.", value=value)


def put(
    db: Database,
    at: datetime,
    row: Row | None,
    email: str,
    role: str,
    pairs: Grants,
    status: str,
    name: str = "",
    password_hash: str | None = None,
) -> str:
    """Write somebody down, new or come back; their id. Part of the caller's transaction."""
    person_id = str(row["person_id"]) if row is not None else uuid.uuid4().hex
    store.put(
        db,
        {
            "person_id": person_id,
            "email": email,
            "name": name or (row["name"] if row is not None else ""),
            "role": role,
            "password_hash": password_hash,
            "status": status,
            "epoch": row["epoch"] + 1 if row is not None else 0,
            "created_utc": times.text(at),
        },
    )
    store.replace_grants(db, person_id, pairs)
    return person_id


def change_password(db: Database, at: datetime, person: Person, *, old: str, new: str) -> Person:
    """A new password; every other session of the person ends, and open links to choose one too.

    Raises :class:`PeopleError`.
    """
    row = store.by_id(db, person.person_id)
    if row is None or not passwords.fits(old, row["password_hash"]):
        raise PeopleError(Sentence("The old password is not right. Nothing was changed."))
    password_hash = passwords.hashed(new)
    with db.transaction():
        store.set_password(db, person.person_id, password_hash)
        store.raise_epoch(db, person.person_id)
        store.withdraw_invitations(db, person.person_id)
        audit.record(db, at, person.person_id, "changed password", person.email)
    return known(db, person.person_id)
