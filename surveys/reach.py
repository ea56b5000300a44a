"""Does the outside reach this installation under its address?

Two ways to find out. The installation asks itself, under the address that phones would use
(:mod:`surveys.reach_asking`); and a phone off the office's network opens the same page, which says
so and is remembered. Both open ``/reach/<nonce>``: a nonce that only this installation makes, and
that is answered with a proof that only this installation can give.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from surveys import addresses, audit
from surveys.sentences import Sentence
from surveys.store import settings, times
from surveys.store.database import Database

GOOD_FOR = timedelta(hours=1)
"""How long a nonce is answered."""

ANSWER = "touchstone reach"
"""What an answer to a program begins with; then the proof, or ``unknown``."""

WORKS, THIS_MACHINE, UNCHECKED = "works", "this machine", "unchecked"

SAID = {
    WORKS: Sentence("The server reaches itself under this address."),
    UNCHECKED: Sentence("It was saved without a check."),
    THIS_MACHINE: Sentence(
        "This address leads to the machine it is opened on. No phone reaches it; it is good for"
        " trying Touchstone out on this computer alone."
    ),
    "not asked": Sentence(
        "This is an address within your own network with a port that is not checked from here."
        " Scan the code with a phone in that network instead."
    ),
    "name": Sentence(
        "The name is not known: nobody has told the internet (the DNS) where it leads. Check how"
        " it is written. A name that was set up a moment ago can take an hour to be known."
    ),
    "refused": Sentence(
        "The machine is there, but nobody listens on this port. Is the proxy running that takes"
        " care of https?"
    ),
    "unreachable": Sentence("There is no way to that machine from here. Is the name right?"),
    "time": Sentence(
        "There was no answer in time. Perhaps a firewall keeps visitors out, or the name leads to"
        " another machine. Some networks cannot reach themselves under their outside name: then the"
        " phone below tells the truth."
    ),
    "expired": Sentence(
        "The certificate has expired. The proxy that takes care of https must get a new one."
    ),
    "too early": Sentence("The certificate is not valid yet. Is the clock of this machine right?"),
    "other name": Sentence(
        "The certificate is for another name. The proxy that takes care of https must get one for"
        " this name."
    ),
    "untrusted": Sentence(
        "The certificate was made by somebody whom browsers do not know (perhaps by the machine"
        " itself). Phones would warn everybody who scans the code."
    ),
    "no https": Sentence(
        "Something listens there, but does not speak https. Is it the port of the proxy that"
        " takes care of https, or is the address one with http://?"
    ),
    "another program": Sentence(
        "Something else answers there. Perhaps the proxy does not pass requests on to Touchstone"
        " yet, or the name leads to another machine."
    ),
    "another Touchstone": Sentence(
        "A Touchstone answers there, but another one than this. Two installations need two names."
    ),
    "elsewhere": Sentence(
        "It sends its visitors on to another address. Give the address where they end up; often it"
        " is the same with https://."
    ),
}
"""What came of asking, in words."""


@dataclass(frozen=True)
class Reached:
    """What is known of the address in use. ``came_of_it`` is a key of :data:`SAID`."""

    address: str
    nonce: str
    came_of_it: str
    asked_utc: str
    outside_utc: str | None = None

    @property
    def said(self) -> Sentence:
        return SAID[self.came_of_it]

    def is_fresh(self, now: datetime) -> bool:
        """Whether its nonce is still answered, so that a phone can open it."""
        made = datetime.fromisoformat(self.asked_utc)
        return now - made < GOOD_FOR


def new_nonce(key: bytes, at: datetime) -> str:
    """A nonce that is answered for :data:`GOOD_FOR`, by whoever has ``key``."""
    begun = f"{int(at.timestamp()):x}-{secrets.token_hex(8)}"
    return f"{begun}-{_mac(key, 'nonce', begun)[:16]}"


def proof(key: bytes, nonce: str, now: datetime) -> str | None:
    """What only this installation answers; None to a nonce that is not ours, or too old."""
    begun, _, mac = nonce.rpartition("-")
    if not hmac.compare_digest(_mac(key, "nonce", begun)[:16].encode(), mac.encode()):
        return None
    age = now.timestamp() - int(begun.partition("-")[0], 16)
    return _mac(key, "proof", nonce) if -60 <= age < GOOD_FOR.total_seconds() else None


def _mac(key: bytes, purpose: str, text: str) -> str:
    return hmac.new(key, f"reach {purpose} {text}".encode(), hashlib.sha256).hexdigest()


# --- the address in use -----------------------------------------------------------------------


def known(db: Database) -> Reached | None:
    """What is known of the address in use; None if it was never looked at, or not told."""
    kept = settings.get(db, "reached")
    found = Reached(**json.loads(kept)) if kept else None
    return found if found and found.address == settings.get(db, "base_url") else None


def use(db: Database, address: str, nonce: str, came_of_it: str, *, at: datetime, by: str) -> None:
    """From now on links and posters carry ``address`` (as :func:`surveys.addresses.checked`
    gives it)."""
    with db.transaction():
        before = settings.get(db, "base_url")
        settings.put(db, "base_url", address)
        _keep(db, Reached(address, nonce, came_of_it, times.text(at)))
        if before != address:
            audit.record(db, at, by, "changed", "address", {"from": before, "to": address})


def seen_from_outside(db: Database, nonce: str, at: datetime) -> bool:
    """A phone has opened the page. Whether that was the nonce of the address in use."""
    with db.transaction():
        found = known(db)
        if found is None or found.nonce != nonce:
            return False
        _keep(db, replace(found, outside_utc=times.text(at)))
        return True


def _keep(db: Database, found: Reached) -> None:
    settings.put(db, "reached", json.dumps(asdict(found)))


def posters_carry_another(db: Database, address: str) -> str | None:
    """The address that posters may hang with, if phones reach it and it is not ``address``."""
    now = addresses.own(db)
    return None if now == address or addresses.only_this_machine(now) else now
