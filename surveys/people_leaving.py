"""What ends: a role, a session, a phone, somebody's access.

A phone that is signed out may still hold reports, and whoever has it now could send others. So with
it the tokens of its shopper's open visits are renewed: what comes under the old ones is held for a
person's eye, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from surveys import audit, devices, visits
from surveys.devices import Device
from surveys.passwords import PeopleError
from surveys.people import (
    Person,
    check_grants,
    find,
    find_email,
    grants_of,
    known,
    plain_email,
)
from surveys.sentences import Sentence
from surveys.store import people as store
from surveys.store.database import Database

SIGNED_OUT = "a phone was signed out"
"""Why a visit's token was renewed."""


def change(
    db: Database,
    at: datetime,
    person_id: str,
    *,
    role: str,
    regions: Iterable[str] = (),
    sites: Iterable[str] = (),
    by: str = "",
) -> Person:
    """Give somebody who is here, or invited, another role and other places, from the next page on.

    Sessions go on; the phones of somebody who is a shopper no more are signed out. Raises
    :class:`PeopleError` as inviting does, and for somebody who was removed and for the last owner.
    """
    pairs = check_grants(db, role, tuple(regions), tuple(sites))
    with db.transaction():
        person = _present(find(db, person_id))
        if role != "owner":
            _check_not_last_owner(db, person)
        store.set_role(db, person_id, role)
        store.replace_grants(db, person_id, pairs)
        if (role, pairs) != (person.role, grants_of(person.regions, person.sites)):
            detail = {"role": role, "grants": pairs, "was": person.role}
            audit.record(db, at, by, "changed", person.email, detail)
        if person.role == "shopper" != role:
            _end_phones(db, at, person, by=by)
    return known(db, person_id)


def sign_out_phone(db: Database, at: datetime, device_id: str, *, by: str) -> Device:
    """Sign one phone out, at once. Raises :class:`surveys.devices.DeviceError`."""
    with db.transaction():
        device = devices.revoke(db, at, device_id, by=by)
        visits.renew_tokens(db, at, device.person_id, SIGNED_OUT)
    return device


def sign_out_everywhere(db: Database, at: datetime, person: Person, *, by: str) -> None:
    """End every session of the person, this one too, and sign every phone of theirs out."""
    with db.transaction():
        store.raise_epoch(db, person.person_id)
        _end_phones(db, at, person, by=by)
        audit.record(db, at, by, "signed out everywhere", person.email)


def remove(db: Database, at: datetime, email: str, *, by: str = "") -> Person:
    """Take somebody's access away, at once. Raises :class:`PeopleError`: nobody, the last owner."""
    plain = plain_email(email)
    with db.transaction():
        person = _present(find_email(db, plain), plain)
        _check_not_last_owner(db, person)
        store.set_status(db, person.person_id, "removed")
        store.raise_epoch(db, person.person_id)
        store.replace_grants(db, person.person_id, [])
        store.withdraw_invitations(db, person.person_id)
        _end_phones(db, at, person, by=by)
        audit.record(db, at, by, "removed", plain)
    return known(db, person.person_id)


def _present(person: Person | None, email: str = "") -> Person:
    if person is None or person.status == "removed":
        raise PeopleError(
            Sentence(
                "There is nobody with the address {email}; the list of people shows who there is.",
                email=person.email if person else email,
            )
        )
    return person


def _check_not_last_owner(db: Database, person: Person) -> None:
    active_owner = (person.role, person.status) == ("owner", "active")
    if active_owner and store.active_owners(db) == 1:
        raise PeopleError(
            Sentence(
                "{email} is the only owner, and somebody must be. Invite another owner first; once"
                " they have joined, this can be done.",
                email=person.email,
            )
        )


def _end_phones(db: Database, at: datetime, person: Person, *, by: str) -> None:
    """Part of the caller's transaction; for somebody without phones it does nothing."""
    devices.revoke_all(db, at, person.person_id, by=by)
    visits.renew_tokens(db, at, person.person_id, SIGNED_OUT)
