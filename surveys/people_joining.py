"""How people come in: by a link that works once and for seven days.

The first owner's link is printed by the first start; everybody else is invited. The same kind of
link lets somebody who is here choose a new password; until it is used the old one works, and so
does everything else of theirs. Only the SHA-256 of a link's token is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from surveys import audit, passwords
from surveys.passwords import PeopleError
from surveys.people import (
    ROLE_NAMES,
    Person,
    check_email,
    check_grants,
    check_name,
    find,
    grants_of,
    known,
    put,
)
from surveys.sentences import Sentence
from surveys.store import people as store
from surveys.store import times, visits
from surveys.store.database import Database

INVITATION_DAYS = 7

Letter = Callable[[Database, datetime, Person, str], object]
"""Told of a new link (when it was made, for whom, its token) within the transaction that makes it:
what it writes into the database stands or falls with the link."""


class InvitationGone(PeopleError):
    """The link cannot be used; ``reason`` is ``unknown``, ``used`` or ``expired``.

    ``for_phone``: it was a shopper's, who has no password.
    """

    def __init__(self, reason: str, *, for_phone: bool = False) -> None:
        super().__init__(f"The invitation is {reason}.")
        self.reason = reason
        self.for_phone = for_phone


@dataclass(frozen=True)
class Invitation:
    """A link that still works.

    No ``person``: it makes the first owner. A person who is active chooses a new password by it.
    """

    token_sha256: str
    person: Person | None


@dataclass(frozen=True)
class Link:
    """The newest link of somebody; times are UTC as the store writes them."""

    created_utc: str
    expires_utc: str
    used_utc: str | None

    def is_open(self, at: datetime) -> bool:
        return self.used_utc is None and times.text(at) <= self.expires_utc


def links(db: Database) -> dict[str, Link]:
    """Everybody's newest link, by person."""
    return {
        row["person_id"]: Link(row["created_utc"], row["expires_utc"], row["used_utc"])
        for row in store.invitations(db)  # the oldest first, so the newest stays
    }


# --- making a link ----------------------------------------------------------------------------


def has_owner(db: Database) -> bool:
    """Whether somebody has become the owner."""
    return store.active_owners(db) > 0


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
    letter: Letter | None = None,
) -> str:
    """The token of a new invitation; earlier links of the same person are void.

    Raises :class:`PeopleError`: a bad address, a role or a place there is not, a manager or staff
    without any place, or somebody who has joined already.
    """
    plain = check_email(email)
    pairs = check_grants(db, role, tuple(regions), tuple(sites))
    with db.transaction():
        row = store.by_email(db, plain)
        if row is not None and row["status"] == "active":
            raise _joined_already(plain, row["role"])
        person_id = put(db, at, row, plain, role, pairs, status="invited")
        token = _only_token(db, at, person_id, letter)
        audit.record(db, at, by, "invited", plain, {"role": role, "grants": pairs})
    return token


def new_link(
    db: Database, at: datetime, person_id: str, *, by: str = "", letter: Letter | None = None
) -> str:
    """The token of a new link for somebody invited, or for somebody who lost their password.

    Earlier links of the same person are void. Raises :class:`PeopleError` for somebody removed.
    """
    with db.transaction():
        person = known(db, person_id)
        if person.status == "removed":
            raise PeopleError(
                Sentence("{email} was removed. Invite them again.", email=person.email)
            )
        token = _only_token(db, at, person_id, letter)
        if person.status == "invited":
            action = "invited"
        elif person.role == "shopper":
            action = "made a link for a phone"
        else:
            action = "made a link for a new password"
        audit.record(db, at, by, action, person.email)
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
    pairs = check_grants(db, role, tuple(regions), tuple(sites))
    password_hash = passwords.hashed(password)
    with db.transaction():
        row = store.by_email(db, plain)
        if row is not None and row["status"] == "active":
            raise _joined_already(plain, row["role"])
        person_id = put(db, at, row, plain, role, pairs, "active", check_name(name), password_hash)
        audit.record(db, at, "", "joined", plain, {"role": role, "grants": pairs})
    return known(db, person_id)


def enter(db: Database, at: datetime, token: str, *, name: str) -> Person:
    """Use a shopper's link: they join, or come with one more phone. There is no password.

    Part of the caller's transaction. Raises :class:`InvitationGone` or :class:`PeopleError`, also
    for a link that is somebody else's than a shopper's.
    """
    found = invitation(db, at, token)
    person = found.person
    if person is None or person.role != "shopper":
        raise InvitationGone("unknown")
    plain_name = check_name(name or person.name)
    if not store.use_invitation(db, found.token_sha256, times.text(at)):
        raise InvitationGone("used", for_phone=True)
    if person.status != "active":
        row = store.by_email(db, person.email)
        pairs = grants_of(person.regions, person.sites)
        put(db, at, row, person.email, person.role, pairs, "active", plain_name)
        audit.record(db, at, person.person_id, "joined", person.email, {"role": person.role})
    visits.give_number(db, person.person_id)  # their drafts on a phone are kept apart by it
    return known(db, person.person_id)


def _joined_already(email: str, role: str) -> PeopleError:
    return PeopleError(
        Sentence(
            "{email} has joined already, as {role}. What they may see is changed at the desk, under"
            " People.",
            email=email,
            role=ROLE_NAMES[role],
        )
    )


def _only_token(db: Database, at: datetime, person_id: str, letter: Letter | None) -> str:
    store.withdraw_invitations(db, person_id)
    token = _new_token(db, at, person_id)
    if letter is not None:
        letter(db, at, known(db, person_id), token)
    return token


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


# --- using it ---------------------------------------------------------------------------------


def invitation(db: Database, at: datetime, token: str) -> Invitation:
    """What a link leads to; looking does not use it. Raises :class:`InvitationGone`."""
    row = store.invitation(db, _sha256(token))
    if row is None:
        raise InvitationGone("unknown")
    holder = find(db, row["person_id"]) if row["person_id"] is not None else None
    for_phone = holder is not None and holder.role == "shopper"
    if row["used_utc"] is not None:
        raise InvitationGone("used", for_phone=for_phone)
    if times.text(at) > row["expires_utc"]:
        raise InvitationGone("expired", for_phone=for_phone)
    if row["person_id"] is None:
        if store.active_owners(db):
            raise InvitationGone("used")
        return Invitation(row["token_sha256"], None)
    if holder is None or holder.status == "removed":
        raise InvitationGone("unknown")
    return Invitation(row["token_sha256"], holder)


def join(
    db: Database, at: datetime, token: str, *, name: str, password: str, email: str | None = None
) -> Person:
    """Use a link: from now on the person signs in with ``password``, and is signed out elsewhere.

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
        person = found.person
        role = person.role if person else "owner"
        pairs = grants_of(person.regions, person.sites) if person else []
        row = store.by_email(db, address)
        person_id = put(db, at, row, address, role, pairs, "active", plain_name, password_hash)
        store.withdraw_invitations(db, person_id)
        if person is not None and person.status == "active":
            audit.record(db, at, person_id, "chose a new password by a link", address)
        else:
            audit.record(db, at, person_id, "joined", address, {"role": role})
    return known(db, person_id)
