"""People: their roles, what they may see, how they come in and how they are known again.

Nobody has an account by default. The first owner comes by a link that the first start prints;
everybody else by an invitation, which works once and for seven days. Only the SHA-256 of an
invitation is kept, only the argon2 hash of a password.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from surveys import audit, passwords
from surveys.passwords import PeopleError
from surveys.problems import some_of
from surveys.store import people as store
from surveys.store import sites as sites_store
from surveys.store import times
from surveys.store.database import Database, Row

ROLES = ("owner", "manager", "reviewer", "shopper", "staff")
DESK_ROLES = ("owner", "manager", "reviewer")
INVITATION_DAYS = 7
NAME_AT_MOST = 100
JOINERS = "\u200c\u200d"  # invisible, and part of Persian and Indian names


class InvitationGone(PeopleError):
    """The link cannot be used; ``reason`` is ``unknown``, ``used`` or ``expired``."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The invitation is {reason}.")
        self.reason = reason


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


@dataclass(frozen=True)
class Invitation:
    """A link that still works. No ``person``: it makes the first owner."""

    token_sha256: str
    person: Person | None


def plain_email(email: str) -> str:
    """An address as it is stored and compared: trimmed, composed, in small letters."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def check_email(email: str) -> str:
    """The plain address. Raises :class:`PeopleError` when no letter could be sent to it."""
    plain = plain_email(email)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", plain) or not plain.isprintable() or len(plain) > 254:
        raise PeopleError(
            f"“{email.strip()}” is not an e-mail address; write it like ana@example.org."
        )
    return plain


def check_name(name: str) -> str:
    """A name in any alphabet, on one line. Raises :class:`PeopleError`."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain:
        raise PeopleError("Please say what we should call you.")
    if len(plain) > NAME_AT_MOST:
        raise PeopleError(
            f"That name is too long to show; please use up to {NAME_AT_MOST} letters."
        )
    if not all(letter.isprintable() or letter in JOINERS for letter in plain):
        raise PeopleError("That name holds characters that cannot be shown; please type it again.")
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


def _known(db: Database, person_id: str) -> Person:
    person = find(db, person_id)
    assert person is not None  # noqa: S101 - people are never deleted
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


# --- coming in --------------------------------------------------------------------------------


def _new_token(db: Database, at: datetime, person_id: str | None) -> str:
    token = secrets.token_urlsafe(24)
    store.add_invitation(
        db,
        {
            "token_sha256": _sha256(token),
            "person_id": person_id,
            "created_utc": times.text(at),
            "expires_utc": times.text(at + timedelta(days=INVITATION_DAYS)),
        },
    )
    return token


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def first_owner_token(db: Database, at: datetime) -> str | None:
    """A token to become the owner, while there is none; older such tokens are void from then."""
    with db.transaction():
        if store.active_owners(db):
            return None
        store.withdraw_first_owner_invitations(db)
        return _new_token(db, at, None)


def invite(
    db: Database,
    at: datetime,
    *,
    email: str,
    role: str,
    regions: Iterable[str] = (),
    sites: Iterable[str] = (),
    by: str = "",
) -> str:
    """The token of a new invitation; earlier links of the same person are void.

    Raises :class:`PeopleError`: a bad address, a role or a place there is not, a manager without
    any place, or somebody who has joined already.
    """
    plain = check_email(email)
    pairs = _checked_grants(db, role, tuple(regions), tuple(sites))
    with db.transaction():
        row = store.by_email(db, plain)
        if row is not None and row["status"] == "active":
            raise PeopleError(
                f"{plain} has joined already, as {row['role']}. To change what they may see, run"
                f" “people remove {plain}” and invite them again."
            )
        person_id = _put(db, at, row, plain, role, pairs, status="invited")
        store.withdraw_invitations(db, person_id)
        token = _new_token(db, at, person_id)
        audit.record(db, at, by, "invited", plain, {"role": role, "grants": pairs})
    return token


def enrol(
    db: Database,
    at: datetime,
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    regions: Iterable[str] = (),
    sites: Iterable[str] = (),
) -> Person:
    """Somebody who is there at once, without a link (the demonstration chain's people).

    Raises :class:`PeopleError` as :func:`invite` and :func:`join` do.
    """
    plain = check_email(email)
    pairs = _checked_grants(db, role, tuple(regions), tuple(sites))
    password_hash = passwords.hashed(password)
    with db.transaction():
        row = store.by_email(db, plain)
        if row is not None and row["status"] == "active":
            raise PeopleError(f"{plain} has joined already, as {row['role']}.")
        person_id = _put(db, at, row, plain, role, pairs, "active", check_name(name), password_hash)
        audit.record(db, at, "", "joined", plain, {"role": role, "grants": pairs})
    return _known(db, person_id)


def invitation(db: Database, at: datetime, token: str) -> Invitation:
    """What a link leads to. Raises :class:`InvitationGone`."""
    row = store.invitation(db, _sha256(token))
    if row is None:
        raise InvitationGone("unknown")
    if row["used_utc"] is not None:
        raise InvitationGone("used")
    if times.text(at) > row["expires_utc"]:
        raise InvitationGone("expired")
    if row["person_id"] is None:
        if store.active_owners(db):
            raise InvitationGone("used")
        return Invitation(row["token_sha256"], None)
    person = find(db, row["person_id"])
    if person is None or person.status != "invited":
        raise InvitationGone("used")
    return Invitation(row["token_sha256"], person)


def join(
    db: Database, at: datetime, token: str, *, name: str, password: str, email: str | None = None
) -> Person:
    """Use an invitation: from now on the person signs in with ``password``.

    ``email`` is needed for the first owner only. Raises :class:`InvitationGone`,
    ``PasswordRefused`` or :class:`PeopleError`; then the link still works as before.
    """
    invited = invitation(db, at, token).person
    plain_name = check_name(name)
    address = invited.email if invited else check_email(email or "")
    password_hash = passwords.hashed(password)  # slow, so before the transaction
    with db.transaction():
        # Once more where nobody can come between: the link decides who is first, not the page.
        found = invitation(db, at, token)
        if not store.use_invitation(db, found.token_sha256, times.text(at)):
            raise InvitationGone("used")
        role = found.person.role if found.person else "owner"
        pairs = _pairs(found.person.regions, found.person.sites) if found.person else []
        row = store.by_email(db, address)
        person_id = _put(db, at, row, address, role, pairs, "active", plain_name, password_hash)
        store.withdraw_invitations(db, person_id)
        audit.record(db, at, person_id, "joined", address, {"role": role})
    return _known(db, person_id)


def _pairs(regions: Iterable[str], sites: Iterable[str]) -> list[tuple[str, str]]:
    """What somebody may see, as it is stored."""
    return [("region", value) for value in sorted(set(regions))] + [
        ("site", value) for value in sorted(set(sites))
    ]


def _checked_grants(
    db: Database, role: str, regions: tuple[str, ...], sites: tuple[str, ...]
) -> list[tuple[str, str]]:
    if role not in ROLES:
        raise PeopleError(f"There is no role “{role}”; the roles are {', '.join(ROLES)}.")
    if role == "manager" and not regions and not sites:
        raise PeopleError("A manager needs at least one region or site to look after.")
    every = list(sites_store.every(db))
    for kind, asked, known in (
        ("region", regions, sorted({site.region for site in every} - {""})),
        ("site", sites, sorted(site.site_id for site in every)),
    ):
        for value in asked:
            if value not in known:
                there = f"There are: {some_of(known)}." if known else "Import the sites first."
                raise PeopleError(f"There is no {kind} “{value}”. {there}")
    return _pairs(regions, sites)


def _put(
    db: Database,
    at: datetime,
    row: Row | None,
    email: str,
    role: str,
    pairs: list[tuple[str, str]],
    status: str,
    name: str = "",
    password_hash: str | None = None,
) -> str:
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


# --- staying and leaving ----------------------------------------------------------------------


def change_password(db: Database, at: datetime, person: Person, *, old: str, new: str) -> Person:
    """A new password; every other session of the person ends. Raises :class:`PeopleError`."""
    row = store.by_id(db, person.person_id)
    if row is None or not passwords.fits(old, row["password_hash"]):
        raise PeopleError("The old password is not right. Nothing was changed.")
    password_hash = passwords.hashed(new)
    with db.transaction():
        store.set_password(db, person.person_id, password_hash)
        store.raise_epoch(db, person.person_id)
        audit.record(db, at, person.person_id, "changed password", person.email)
    return _known(db, person.person_id)


def sign_out_everywhere(db: Database, at: datetime, person: Person) -> None:
    """End every session of the person, this one too."""
    with db.transaction():
        store.raise_epoch(db, person.person_id)
        audit.record(db, at, person.person_id, "signed out everywhere", person.email)


def remove(db: Database, at: datetime, email: str, *, by: str = "") -> Person:
    """Take somebody's access away, at once. Raises :class:`PeopleError`: nobody, the last owner."""
    plain = plain_email(email)
    with db.transaction():
        row = store.by_email(db, plain)
        if row is None or row["status"] == "removed":
            raise PeopleError(f"There is nobody with the address {plain}; see “people list”.")
        last = row["role"] == "owner" and row["status"] == "active" and store.active_owners(db) == 1
        if last:
            raise PeopleError(
                f"{plain} is the only owner, and somebody must be. Invite another owner first;"
                " once they have joined, remove this one."
            )
        store.set_status(db, row["person_id"], "removed")
        store.raise_epoch(db, row["person_id"])
        store.replace_grants(db, row["person_id"], [])
        store.withdraw_invitations(db, row["person_id"])
        audit.record(db, at, by, "removed", plain)
    return Person(row["person_id"], row["email"], row["name"], row["role"], status="removed")
