"""The links by which managers and staff answer: one for each site and voice.

A *voice* is an instrument and who answers it: managers observe, managers forecast, staff forecast.
One link serves everybody of a site who has that voice, so that nobody is asked who they are; what
they answer is shown from five on. A link is a token of kind ``invitation``; the link by which
somebody joins (:func:`surveys.people.invite`) is another thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from surveys import audit, codes, publishing, sites
from surveys.grammar import FORECAST, FORECASTS
from surveys.sentences import Sentence
from surveys.store import tokens
from surveys.store.database import Database
from surveys.store.tokens import Token

LINK = "invitation"  # the kind of token
INSIDE = ("manager", "staff")
OBSERVATION, MIRROR = "counter_hour", "mirror"


class LinkError(ValueError):
    """What was asked of a link cannot be done; the message says why and what to do."""


@dataclass(frozen=True)
class Voice:
    """``instrument`` is a key, ``source`` that of the submissions."""

    instrument: str
    source: str

    def __str__(self) -> str:
        return f"{self.instrument}:{self.source}"


OBSERVING = Voice(OBSERVATION, "manager")
STAFF_FORECAST = Voice(MIRROR, "staff_forecast")
MANAGER_FORECAST = Voice(MIRROR, "manager_forecast")


def every(db: Database) -> list[Voice]:
    """Every voice that the published instruments have, by instrument."""
    return [
        Voice(form.key, source)
        for form in publishing.newest_of_all(db)
        for source in (FORECASTS if form.source == FORECAST else (form.source,))
        if form.source in (*INSIDE, FORECAST)
    ]


def of(db: Database, site_id: str) -> Iterator[Token]:
    """Every link of a site, active or withdrawn, the oldest first."""
    return (token for token in tokens.of_site(db, site_id) if token.kind == LINK)


def latest(db: Database, site_id: str) -> dict[Voice, Token]:
    """For each voice that ever had a link at the site: the active one, else the last one."""
    every = sorted(of(db, site_id), key=_how_late)
    return {Voice(token.instrument, token.source): token for token in every}


def _how_late(token: Token) -> tuple[bool, bool, str]:
    """The place of a link among those of its voice: last is the active one, else the latest."""
    return token.active, token.replaced_by is None, token.withdrawn_utc or ""


def issue(
    db: Database, site_id: str, voice: Voice, at: datetime, by: str = "", *, reopen: bool = True
) -> str:
    """The active link's token; a new one if there is none.

    Raises :class:`LinkError` for a voice that no published instrument has, and, unless ``reopen``,
    where the link was withdrawn: opening the form again is the owner's. Raises
    :class:`surveys.sites.UnknownSite`.
    """
    with db.transaction():  # two that ask at once get the same link
        site = sites.get(db, site_id)
        found = latest(db, site.site_id).get(voice)
        if found is not None and found.active:
            return found.token
        if found is not None and not reopen:
            raise LinkError(
                Sentence("This form has been closed here: {reason}", reason=found.reason)
            )
        if voice not in every(db):
            raise LinkError(
                Sentence("No published instrument is answered by “{voice}”.", voice=str(voice))
            )
        token = codes.letters()
        _add(db, token, site.site_id, voice, at)
        detail = {"site": site_id, "instrument": voice.instrument, "source": voice.source}
        audit.record(db, at, by, "issued", "link", detail)
    return token


def withdraw(db: Database, token: str, reason: str, at: datetime, by: str = "") -> None:
    """From now on what comes under the link is held. Raises :class:`LinkError`."""
    reason = _reason(reason)
    with db.transaction():
        link = _active(db, token)
        tokens.withdraw(db, token, at, reason)
        audit.record(db, at, by, "withdrawn", "link", _detail(link, reason=reason))


def renew(db: Database, token: str, reason: str, at: datetime, by: str = "") -> str:
    """Withdraw the link and put a new one in its place. Raises :class:`LinkError`."""
    reason = _reason(reason)
    with db.transaction():
        link = _active(db, token)
        new = codes.letters()
        _add(db, new, link.site_id, Voice(link.instrument, link.source), at)
        tokens.withdraw(db, token, at, reason, replaced_by=new)
        audit.record(db, at, by, "replaced", "link", _detail(link, reason=reason))
    return new


def _add(db: Database, token: str, site_id: str, voice: Voice, at: datetime) -> None:
    tokens.create(
        db,
        token,
        kind=LINK,
        site_id=site_id,
        instrument=voice.instrument,
        source=voice.source,
        touchpoint=None,
        at=at,
    )


def _active(db: Database, token: str) -> Token:
    found = tokens.find(db, token)
    if found is None or found.kind != LINK:
        raise LinkError(Sentence("There is no such link."))
    if not found.active:
        raise LinkError(
            Sentence("This link was withdrawn already. Make a new one to open the form again.")
        )
    return found


def _reason(reason: str) -> str:
    try:
        return codes.checked_reason(reason)
    except codes.CodeError as wrong:
        raise LinkError(*wrong.args) from None


def _detail(link: Token, reason: str) -> dict[str, str]:
    # The link itself is not written down twice: who holds it may answer.
    return {
        "site": link.site_id,
        "instrument": link.instrument,
        "source": link.source,
        "reason": reason,
    }
