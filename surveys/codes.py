"""The codes on posters: who may answer where, in sixteen letters that nobody can guess.

A code stands for one site, one touchpoint (or none) and one instrument, for ever. It can be
withdrawn with a reason, or replaced: then it is withdrawn and points to its successor. It is
never given to another place, so what comes in under an old poster is known for what it is.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from datetime import date, datetime

from surveys import audit, publishing, sites
from surveys.grammar import FORECAST
from surveys.sentences import Sentence
from surveys.store import tokens
from surveys.store.database import Database
from surveys.store.tokens import Token

# Letters and digits without those that are taken for each other on paper: 0 O o, 1 I l.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"
LENGTH = 16
"""56 characters, 16 times: 92.9 bits. Guessing a thousand a second for a century, the chance to
meet one of a million codes is below 1 in 10 billion."""

CODE = "code"  # the kind of token
COUNTER = "counter"  # the instrument of a code that was made for no other

_TOUCHPOINT = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LONGEST_REASON = 500


class CodeError(ValueError):
    """What was asked of a code cannot be done; the message says why and what to do."""


def letters() -> str:
    """A new code's letters, from the system's source of randomness."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown_id(code: str) -> str:
    """What names a code where the code itself must not stand, as in addresses at the desk.

    Sixteen hex digits of its SHA-256: nobody finds the code from them.
    """
    return hashlib.sha256(f"code {code}".encode()).hexdigest()[:16]


def of(db: Database, site_id: str) -> Iterator[Token]:
    """Every code of a site, active or withdrawn, the oldest first."""
    return (token for token in tokens.of_site(db, site_id) if token.kind == CODE)


def by_shown_id(db: Database, site_id: str, shown: str) -> Token | None:
    """The code of that site which :func:`shown_id` gives this name."""
    return next((token for token in of(db, site_id) if shown_id(token.token) == shown), None)


def active(
    db: Database, site_id: str, touchpoint: str | None = None, instrument: str = COUNTER
) -> Token | None:
    """The code that stands on the poster now, if there is one."""
    found = (
        token
        for token in of(db, site_id)
        if token.active and (token.touchpoint, token.instrument) == (touchpoint, instrument)
    )
    return next(found, None)


def issue(
    db: Database,
    site_id: str,
    touchpoint: str | None,
    instrument: str,
    at: datetime,
    *,
    by: str = "",
) -> str:
    """The active code of that site, touchpoint and instrument; made if there is none.

    Raises :class:`surveys.sites.UnknownSite`, and :class:`CodeError` for a touchpoint that is no
    key or an instrument that was never published.
    """
    if touchpoint is not None and not _TOUCHPOINT.fullmatch(touchpoint):
        raise CodeError(
            Sentence(
                "“{key}” is not a touchpoint. Write a key: a small letter first, then small"
                " letters, digits or _, such as line or fitting_room.",
                key=touchpoint,
            )
        )
    with db.transaction():  # two that ask at once get the same code
        site = sites.get(db, site_id)
        found = active(db, site.site_id, touchpoint, instrument)
        if found is not None:
            return found.token
        form = publishing.newest(db, instrument)
        if form is None:
            raise CodeError(
                Sentence(
                    "No instrument “{instrument}” is published. Publish it first.",
                    instrument=instrument,
                )
            )
        if form.source == FORECAST:
            raise CodeError(
                Sentence(
                    "“{instrument}” is a forecast, of managers or of staff: it is answered by"
                    " their links, which the desk has under Voices, and never by a code on the"
                    " wall.",
                    instrument=instrument,
                )
            )
        code = letters()
        tokens.create(
            db,
            code,
            kind=CODE,
            site_id=site.site_id,
            instrument=instrument,
            source=form.source,
            touchpoint=touchpoint,
            at=at,
        )
        place = {"site": site.site_id, "touchpoint": touchpoint, "instrument": instrument}
        audit.record(db, at, by, "issued", "code", place)
        return code


def withdraw(db: Database, code: str, reason: str, at: datetime, *, by: str = "") -> None:
    """From now on what comes under the code is held. Raises :class:`CodeError`."""
    reason = checked_reason(reason)
    with db.transaction():
        token = _active_code(db, code)
        tokens.withdraw(db, code, at, reason)
        audit.record(db, at, by, "withdrawn", "code", _detail(token, reason))


def replace(db: Database, code: str, reason: str, at: datetime, *, by: str = "") -> str:
    """Withdraw the code and put a new one in its place, to which the old one points.

    Raises :class:`CodeError`.
    """
    reason = checked_reason(reason)
    with db.transaction():
        token = _active_code(db, code)
        new = letters()
        tokens.create(
            db,
            new,
            kind=CODE,
            site_id=token.site_id,
            instrument=token.instrument,
            source=token.source,
            touchpoint=token.touchpoint,
            at=at,
        )
        tokens.withdraw(db, code, at, reason, replaced_by=new)
        audit.record(db, at, by, "replaced", "code", _detail(token, reason))
    return new


def _active_code(db: Database, code: str) -> Token:
    token = tokens.find(db, code)
    if token is None or token.kind != CODE:
        raise CodeError(Sentence("There is no such code."))
    if not token.active:
        raise CodeError(
            Sentence(
                "This code was withdrawn on {day}: {reason} It stays withdrawn; make a new one.",
                day=date.fromisoformat(str(token.withdrawn_utc)[:10]),
                reason=token.reason,
            )
        )
    return token


def checked_reason(reason: str) -> str:
    """A reason as it is kept, on one line. Raises :class:`CodeError`."""
    reason = " ".join(reason.split())
    if not reason:
        raise CodeError(
            Sentence("Say why, in a few words: whoever reads a held answer will want to know.")
        )
    if len(reason) > _LONGEST_REASON:
        raise CodeError(Sentence("Say why in at most {n} characters.", n=_LONGEST_REASON))
    return reason


def _detail(token: Token, reason: str) -> dict[str, str | None]:
    # The code itself is not written down twice: who holds it may send.
    return {
        "site": token.site_id,
        "touchpoint": token.touchpoint,
        "instrument": token.instrument,
        "reason": reason,
    }
