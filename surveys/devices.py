"""The phones of shoppers: signed in by a link or a short code, without a password, one by one.

A device holds a token of its own, of which only the SHA-256 is kept here. It is good for as long as
the owner allows, and can be revoked alone. A home-screen app and the browser of one iPhone share
nothing, so they are two devices: the second signs in by a short code that the first one shows.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from surveys import audit, people
from surveys.ids import uuid7
from surveys.people import Person
from surveys.sentences import Sentence
from surveys.store import devices as store
from surveys.store import settings, times
from surveys.store.database import Database, Row

DAYS = "device_days"
"""The setting: for how many days a phone stays signed in."""
DEFAULT_DAYS = 90
LONGEST_DAYS = 3650

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
CODE_MINUTES = 10
"""Thirty characters, eight times: 39 bits, for ten minutes, behind a throttle."""

NAME_AT_MOST = 100
SEEN_EVERY = timedelta(minutes=5)


class DeviceError(ValueError):
    """A phone cannot be signed in, or revoked; the message says why and what to do."""


@dataclass(frozen=True)
class Device:
    """One signed-in phone; times are UTC as the store writes them. ``name`` is what it said it is.

    No ``expires_utc``: until it is revoked.
    """

    device_id: str
    person_id: str
    name: str
    created_utc: str
    seen_utc: str
    expires_utc: str | None
    revoked_utc: str | None

    def is_good(self, at: datetime) -> bool:
        return self.revoked_utc is None and (
            self.expires_utc is None or times.text(at) <= self.expires_utc
        )


# --- for how long -----------------------------------------------------------------------------


def days(db: Database) -> int | None:
    """For how many days a phone that signs in now stays signed in; None: until it is revoked."""
    kept = settings.get(db, DAYS)
    return DEFAULT_DAYS if kept is None else int(kept) or None


def set_days(db: Database, at: datetime, wanted: int | None, *, by: str) -> None:
    """From now on; phones that are signed in keep their time. Raises :class:`DeviceError`."""
    if wanted is not None and not 1 <= wanted <= LONGEST_DAYS:
        raise DeviceError(Sentence("Write a number of days from 1 to {most}.", most=LONGEST_DAYS))
    with db.transaction():
        before = days(db)
        if wanted != before:
            settings.put(db, DAYS, str(wanted or 0))
            detail = {"from": before, "to": wanted}
            audit.record(db, at, by, "set how long they stay signed in", "phones", detail)


# --- signing in and out -----------------------------------------------------------------------


def sign_in(db: Database, at: datetime, person: Person, name: str) -> tuple[Device, str]:
    """A new device of an active shopper, and its token. Part of the caller's transaction."""
    token = secrets.token_urlsafe(32)
    device_id, stays = uuid7(at), days(db)
    store.add(
        db,
        {
            "device_id": device_id,
            "person_id": person.person_id,
            "token_sha256": _sha256(token),
            "name": " ".join(name.split())[:NAME_AT_MOST],
            "created_utc": times.text(at),
            "expires_utc": None if stays is None else times.text(at + timedelta(days=stays)),
        },
    )
    audit.record(db, at, person.person_id, "signed in a phone", person.email)
    return _device(store.find(db, device_id)), token


def find(db: Database, at: datetime, token: str) -> tuple[Device, Person] | None:
    """The device of this token and whose it is, while both are good; notes when it was seen."""
    row = store.by_token(db, _sha256(token))
    if row is None:
        return None
    device = _device(row)
    person = people.find(db, device.person_id)
    if not device.is_good(at) or person is None:
        return None
    if (person.status, person.role) != ("active", "shopper"):
        return None
    if device.seen_utc < times.text(at - SEEN_EVERY):
        with db.transaction():
            store.seen(db, device.device_id, times.text(at))
    return device, person


def of(db: Database, person_id: str) -> list[Device]:
    """Somebody's phones, revoked and expired ones too; the newest first."""
    return [_device(row) for row in store.of_person(db, person_id)]


def revoke(db: Database, at: datetime, device_id: str, *, by: str = "") -> Device:
    """Sign a phone out, at once. Part of the caller's transaction. Raises :class:`DeviceError`.

    What its queue still holds must not count unseen: :mod:`surveys.people_leaving` sees to that. A
    short code that it showed is void.
    """
    row = store.find(db, device_id)
    if row is None:
        raise DeviceError(Sentence("There is no such phone."))
    device = _device(row)
    if not store.revoke(db, device_id, times.text(at)):
        raise DeviceError(Sentence("This phone was signed out already."))
    store.forget_codes(db, device.person_id)
    person = people.known(db, device.person_id)
    audit.record(db, at, by, "signed out a phone", person.email, {"phone": device.name})
    return device


def revoke_all(db: Database, at: datetime, person_id: str, *, by: str = "") -> None:
    """Sign out every phone of somebody. Part of the caller's transaction."""
    for device in of(db, person_id):
        if device.is_good(at):
            revoke(db, at, device.device_id, by=by)
    store.forget_codes(db, person_id)


# --- short codes ------------------------------------------------------------------------------


def short_code(db: Database, at: datetime, person: Person) -> str:
    """A code by which one more device of ``person`` signs in, once; earlier ones are void."""
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    with db.transaction():
        store.forget_codes(db, person.person_id)
        store.add_code(
            db,
            {
                "code_sha256": _sha256(code),
                "person_id": person.person_id,
                "created_utc": times.text(at),
                "expires_utc": times.text(at + timedelta(minutes=CODE_MINUTES)),
            },
        )
    return code


def use_code(db: Database, at: datetime, typed: str, name: str) -> tuple[Device, str]:
    """Sign a phone in by a short code. Raises :class:`DeviceError`."""
    code_sha256 = _sha256("".join(typed.split()).replace("-", "").upper())
    with db.transaction():
        row = store.code(db, code_sha256)
        person = None if row is None else people.find(db, row["person_id"])
        if row is None or person is None or (person.status, person.role) != ("active", "shopper"):
            raise DeviceError(
                Sentence("This code is not right. Look at it again, letter by letter.")
            )
        if times.text(at) > row["expires_utc"] or not store.use_code(
            db, code_sha256, times.text(at)
        ):
            raise DeviceError(
                Sentence(
                    "This code has been used, or is too old. Let the other phone show a new one."
                )
            )
        return sign_in(db, at, person, name)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _device(row: Row | None) -> Device:
    assert row is not None  # noqa: S101 - the caller has seen it
    return Device(**row)
