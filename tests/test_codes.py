"""Codes: unguessable, one for each place, taken back with a reason, never given away again."""

from __future__ import annotations

import math
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from surveys import codes, publishing
from surveys.codes import ALPHABET, LENGTH, CodeError
from surveys.installation import Installation
from surveys.sites import UnknownSite
from surveys.store import audit as audit_store
from surveys.store import tokens
from surveys.store.database import Database
from tests.conftest import CHAIN, NOW

SITE = CHAIN[0].site_id


@pytest.fixture
def db(chain: Installation) -> Database:
    database = chain.database()
    publishing.publish_shipped(database, NOW)
    return database


def test_nobody_guesses_a_code() -> None:
    assert LENGTH * math.log2(len(set(ALPHABET))) > 90
    assert not set("0Oo1Il") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 56


def test_a_code_fits_an_address_and_uses_every_letter() -> None:
    made = [codes.letters() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert all(re.fullmatch(rf"[{ALPHABET}]{{16}}", code) for code in made)
    used = Counter("".join(made))
    # Each letter is expected 571 times, with a standard deviation of 24.
    assert set(used) == set(ALPHABET)
    assert max(used.values()) < 571 + 6 * 24
    assert min(used.values()) > 571 - 6 * 24


def test_the_same_place_has_the_same_code(db: Database) -> None:
    first = codes.issue(db, SITE, None, "counter", NOW)
    assert codes.issue(db, SITE, None, "counter", NOW + timedelta(days=9)) == first
    token = tokens.find(db, first)
    assert token is not None
    assert (token.site_id, token.instrument, token.source, token.touchpoint, token.active) == (
        SITE,
        "counter",
        "customer",
        None,
        True,
    )


def test_every_site_touchpoint_and_instrument_has_its_own(db: Database) -> None:
    made = {
        codes.issue(db, site.site_id, touchpoint, instrument, NOW)
        for site in CHAIN
        for touchpoint in (None, "queue", "till")
        for instrument in ("counter", "visit")
    }
    # The fixture's code of each site's queue is one of them.
    assert len(made) == len(CHAIN) * 6


def test_two_who_ask_at_once_get_the_same_code(chain: Installation) -> None:
    publishing.publish_shipped(chain.database(), NOW)

    def ask(_: int) -> str:
        return codes.issue(chain.database(), SITE, "till", "counter", NOW)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(40)))) == 1


@pytest.mark.parametrize("touchpoint", ["", "Queue", "1st", "a b", "x" * 64, "a/b", "=1"])
def test_a_touchpoint_is_a_key(db: Database, touchpoint: str) -> None:
    with pytest.raises(CodeError, match="is not a touchpoint"):
        codes.issue(db, SITE, touchpoint, "counter", NOW)


def test_an_unknown_site_and_an_unknown_instrument(db: Database) -> None:
    with pytest.raises(UnknownSite, match="Did you mean vienna-1"):
        codes.issue(db, "viena-1", None, "counter", NOW)
    with pytest.raises(CodeError, match="No instrument “doorbell” is published"):
        codes.issue(db, SITE, None, "doorbell", NOW)


def test_a_withdrawn_code_stays_so_and_the_next_is_new(db: Database) -> None:
    old = codes.issue(db, SITE, None, "counter", NOW)
    codes.withdraw(db, old, "  The poster\n was stolen. ", NOW)
    token = tokens.find(db, old)
    assert token is not None
    assert (token.status, token.reason, token.replaced_by) == (
        "withdrawn",
        "The poster was stolen.",
        None,
    )
    assert codes.active(db, SITE) is None
    assert codes.issue(db, SITE, None, "counter", NOW) != old
    with pytest.raises(CodeError, match="was withdrawn on 2026-11-22"):
        codes.withdraw(db, old, "again", NOW)


def test_a_replaced_code_points_to_the_new_one(db: Database) -> None:
    old = codes.issue(db, SITE, "till", "counter", NOW)
    new = codes.replace(db, old, "Torn", NOW + timedelta(seconds=1))
    before, after = tokens.find(db, old), tokens.find(db, new)
    assert before is not None
    assert after is not None
    assert (before.active, before.replaced_by) == (False, new)
    assert after.active
    place = ("site_id", "touchpoint", "instrument", "source")
    assert [getattr(after, name) for name in place] == [getattr(before, name) for name in place]
    assert codes.issue(db, SITE, "till", "counter", NOW) == new
    assert [token.token for token in codes.of(db, SITE) if token.touchpoint == "till"] == [old, new]


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_a_reason_is_needed(db: Database, reason: str) -> None:
    code = codes.issue(db, SITE, None, "counter", NOW)
    for act in (codes.withdraw, codes.replace):
        with pytest.raises(CodeError, match="Say why"):
            act(db, code, reason, NOW)
    assert codes.active(db, SITE) is not None


def test_what_is_no_code_cannot_be_withdrawn(db: Database) -> None:
    for token in ("nothing", "vienna-1-visit"):
        with pytest.raises(CodeError, match="no such code"):
            codes.withdraw(db, token, "why", NOW)


def test_it_is_written_down_but_not_the_code(db: Database) -> None:
    code = codes.issue(db, SITE, None, "counter", NOW, by="ana")
    assert codes.issue(db, SITE, None, "counter", NOW, by="max") == code  # nothing new
    new = codes.replace(db, code, "Torn", NOW, by="ana")
    codes.withdraw(db, new, "Closed", NOW, by="ana")
    rows = list(audit_store.newest_first(db, 10))
    assert sorted(row["action"] for row in rows) == ["issued", "replaced", "withdrawn"]
    assert {row["person_id"] for row in rows} == {"ana"}
    for row in rows:
        assert SITE in row["detail"]
        assert code not in str(dict(row))
        assert new not in str(dict(row))


def test_what_is_not_finished_leaves_nothing(db: Database) -> None:
    """A replacement stands whole or not at all: the audit comes last, and here it cannot be."""
    code = codes.issue(db, SITE, None, "counter", NOW)
    db.execute("DROP TABLE audit")
    with pytest.raises(Exception, match="no such table: audit"):
        codes.replace(db, code, "Torn", NOW)
    found = [token for token in codes.of(db, SITE) if token.touchpoint is None]
    assert [token.token for token in found if token.active] == [code]
    assert not [token for token in found if token.reason == "Torn"]
