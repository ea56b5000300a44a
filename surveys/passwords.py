"""Passwords: which are good enough, how they are kept, and how one is tried.

At least ten characters and not among the first that anybody would try; no other rules, because
such rules make people write worse ones. Kept as argon2id hashes.
"""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from surveys.sentences import Sentence

AT_LEAST = 10
AT_MOST = 1000  # hashing costs time by length; nobody types more

# Long enough for the rule and yet the first that anybody tries.
TOO_COMMON = frozenset(
    """
    0123456789 1234567890 12345678910 0987654321 9876543210 1234512345 1111111111 0000000000
    1q2w3e4r5t qwertyuiop qwertzuiop azertyuiop asdfghjkl; asdfghjklö qwerty1234 qwerty12345
    password12 password123 password1234 passwordpassword passw0rd123 p@ssw0rd123 mypassword
    changeme123 changemenow letmein123 letmeinnow welcome123 welcome1234 iloveyou123 iloveyou12
    administrator admin12345 admin123456 touchstone touchstone1 touchstone123 mysteryshopper
    mysteryshopping motdepasse motdepasse1 motdepasse123 contraseña contrasena contraseña1
    contrasena1 contraseña123 passwort123 passwort1234 football123 baseball123 basketball
    abcdefghij abcdefghijk abcd123456 abc1234567 1qaz2wsx3edc qazwsxedcr superman123 sunshine123
    """.split()  # noqa: SIM905 - words are easier to read than quotes
)


class PeopleError(ValueError):
    """What was asked of people cannot be done; the message says why and what to do."""


class PasswordRefused(PeopleError):
    """The password is too short, too long or too common."""


# OWASP's parameters for a server that also has other work: 19 MiB, two passes.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def check(password: str) -> str:
    """The password in the one form that is hashed (NFKC: phones and desks type alike).

    Raises :class:`PasswordRefused`.
    """
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < AT_LEAST:
        raise PasswordRefused(
            Sentence(
                "A password needs at least {n} characters. Three or four words that only you would"
                " put together are easy to remember.",
                n=AT_LEAST,
            )
        )
    if len(plain) > AT_MOST:
        raise PasswordRefused(Sentence("A password can have at most {n} characters.", n=AT_MOST))
    if plain.lower() in TOO_COMMON or len(set(plain)) < 3:
        raise PasswordRefused(
            Sentence(
                "That password is among the first that anybody would try. Please choose another."
            )
        )
    return plain


def hashed(password: str) -> str:
    """What is kept of a password. Raises :class:`PasswordRefused` for one not good enough."""
    return _hasher.hash(check(password))


def fits(password: str, password_hash: str | None) -> bool:
    """Whether a password is right; it takes as long where there is nobody to compare with."""
    plain = unicodedata.normalize("NFKC", password[:AT_MOST])
    try:
        right = _hasher.verify(password_hash or _nobodys_hash(), plain)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return right and password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())
