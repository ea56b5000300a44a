"""Was the shopper there? A judgement with its reasons, never a proof."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from surveys import checking, presence_evidence
from surveys.installation import Installation
from surveys.presence import (
    AGAINST,
    FOR,
    NEUTRAL,
    Evidence,
    Position,
    Scan,
    distance,
    judge,
)
from surveys.store import sites, submissions
from surveys.store import visits as visits_store
from surveys.store.sites import Site
from tests.conftest import CODES, WITHDRAWN
from tests.field import FACTS, accepted_visit, add_shopper, report_of, send

VIENNA = ZoneInfo("Europe/Vienna")
ARRIVED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
GRABEN = Position(48.2089, 16.3700)
NEARBY = Position(48.2095, 16.3706, 20)  # some 80 m
OWN = Scan(ARRIVED, "site")
TIMES: dict[str, Any] = {"arrived": ARRIVED, "finished": ARRIVED + timedelta(minutes=50)}


def evidence(**known: Any) -> Evidence:
    return Evidence(zone=VIENNA, **known)


def sides(known: Evidence) -> dict[str, str]:
    return {str(reason.said): reason.side for reason in judge(known).reasons}


@pytest.mark.parametrize(
    ("known", "judgement"),
    [
        ({}, "nothing to judge by"),
        ({"position_asked": True, "receipt_asked": True}, "nothing to judge by"),
        (TIMES, "partly supported"),
        ({"scans": [OWN]}, "supported"),
        ({"scans": [OWN], **TIMES}, "supported"),
        ({"site": GRABEN, "position": NEARBY}, "supported"),
        ({"receipt_asked": True, "photos": 1, "photos_arrived": 1}, "supported"),
        ({"receipt_asked": True, "photos": 1}, "nothing to judge by"),
        ({"scans": [Scan(ARRIVED, "other")]}, "not supported"),
        ({"scans": [Scan(ARRIVED, "unknown")], **TIMES}, "not supported"),
        ({"scans": [OWN, Scan(ARRIVED, "other")]}, "partly supported"),
        ({"scans": [OWN], **TIMES, "careless": True}, "partly supported"),
        ({**TIMES, "careless": True}, "not supported"),
    ],
)
def test_the_traces_come_to_a_judgement(known: dict[str, Any], judgement: str) -> None:
    assert judge(evidence(**known)).said == judgement


@pytest.mark.parametrize(
    ("position", "side"),
    [
        (NEARBY, FOR),
        (Position(48.2089, 16.3740, 150), FOR),  # 297 m, within 150 + 150
        (Position(48.2089, 16.3740, 140), AGAINST),
        (Position(48.2089, 16.5, 20), AGAINST),
        (Position(48.2089, 16.5, 1001), NEUTRAL),  # a poor accuracy says nothing
        (Position(48.2089, 16.3700, 5000), NEUTRAL),
        (Position(48.2089, 16.3700, None), NEUTRAL),
        (None, NEUTRAL),  # nobody has to say where they are
    ],
)
def test_a_position_counts_as_far_as_the_phone_knew_it(
    position: Position | None, side: str
) -> None:
    known = evidence(site=GRABEN, position=position, position_asked=True)
    assert {reason.side for reason in judge(known).reasons if "position" in reason.said} == {side}


def test_a_position_says_nothing_where_nobody_knows_the_sites() -> None:
    assert judge(evidence(position=NEARBY, position_asked=True)).said == "nothing to judge by"


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        (Position(0, 0), Position(0, 1), 111_195),
        (Position(48.2089, 16.37), Position(48.2089, 16.37), 0),
        (Position(0, 179.999), Position(0, -179.999), 222),  # over the date line
        (Position(90, 0), Position(-90, 0), 20_015_115),
    ],
)
def test_distances_are_those_over_the_ground(one: Position, other: Position, metres: int) -> None:
    assert distance(one, other) == pytest.approx(metres, abs=1)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"arrived": ARRIVED + timedelta(hours=2)}, "begun after its report was finished"),
        ({"left": ARRIVED - timedelta(minutes=1)}, "ended before it began"),
        ({"waited": timedelta(minutes=51)}, "longer than the whole visit"),
        (
            {"waited": timedelta(minutes=11), "left": ARRIVED + timedelta(minutes=10)},
            "longer than the whole visit",
        ),
        ({"not_before": date(2026, 11, 23)}, "on 2026-11-22, before its first day"),
        ({"due": date(2026, 11, 21)}, "on 2026-11-22, after its deadline"),
        ({"edge": "closing"}, "right before closing, and was at 09:00"),
        ({"edge": "opening", "arrived": ARRIVED + timedelta(hours=4), "finished": None}, "13:00"),
        ({"careless": True}, "faster than anybody can read"),
    ],
)
def test_times_that_cannot_be_speak_against_it(known: dict[str, Any], said: str) -> None:
    (against,) = [r for r in judge(evidence(**{**TIMES, **known})).reasons if r.side == AGAINST]
    assert said in against.said


def test_days_are_those_of_the_site() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # the 23rd in Vienna
    known = {"arrived": late, "finished": late, "due": date(2026, 11, 23)}
    assert judge(evidence(**known)).said == "partly supported"
    assert judge(evidence(**{**known, "due": date(2026, 11, 22)})).said == "not supported"


def test_a_wrong_clock_speaks_neither_way() -> None:
    known = evidence(arrived=ARRIVED, finished=ARRIVED - timedelta(days=365), clock=True)
    assert judge(known).said == "nothing to judge by"


def test_a_code_that_was_scanned_on_another_day_says_little() -> None:
    known = evidence(scans=[Scan(ARRIVED - timedelta(days=3), "site")], **TIMES)
    assert sides(known)["The site’s code was scanned or typed on another day than the visit’s, on"
                        " 2026-11-19."] == NEUTRAL  # fmt: skip


# --- collected from what was sent ---------------------------------------------------------------


@pytest.fixture
def shop(chain: Installation) -> Installation:
    """vienna-1, with its place on the map."""
    db = chain.database()
    with db.transaction():
        sites.put(
            db,
            [Site("vienna-1", "Vienna, Graben", "east", "Europe/Vienna", "en",
                  latitude=48.2089, longitude=16.37)],
        )  # fmt: skip
    return chain


KEYS = {
    item.measures: key
    for key, item in checking.load(checking.SHIPPED / "visit.yaml").items.items()
    if item.measures
}
"""The shipped visit's questions, by what they measure."""


def seen(shop: Installation, **members: Any) -> tuple[str, dict[str, str]]:
    """The judgement about a report that says so, and its reasons."""
    db = shop.database()
    visit = accepted_visit(shop, add_shopper(shop))
    assert visit.token is not None
    sent = report_of(shop, visit.token, **members)
    (receipt,) = send(shop, sent)
    report = visits_store.report(db, "vienna-1", sent["id"])
    assert report is not None
    found = presence_evidence.presence_of(db, visit, report)
    return receipt.status, {"": found.said, **{str(r.said): r.side for r in found.reasons}}


def test_the_sites_code_speaks_for_it_and_the_times_too(shop: Installation) -> None:
    scanned = [{"code": CODES["vienna-1"], "at": "2026-11-22T09:01:00+01:00"}]
    status, found = seen(shop, scanned=scanned)
    assert status == "accepted"
    assert found == {
        "": "supported",
        "The site’s code was scanned or typed at 09:01.": FOR,
        "The times fit together.": FOR,
        "No position was given. Everybody is free not to give one.": NEUTRAL,
        "There is no photo of a receipt.": NEUTRAL,
    }


@pytest.mark.parametrize(
    ("code", "side"),
    [
        (CODES["lisbon-1"], AGAINST),
        ("nobodys", AGAINST),
        ("vienna-1-visit", AGAINST),  # a token, and no code on a wall
        (WITHDRAWN, FOR),  # it may hang there still
    ],
)
def test_whose_code_it_was_decides(shop: Installation, code: str, side: str) -> None:
    _, found = seen(shop, scanned=[{"code": code, "at": "2026-11-22T09:01:00+01:00"}])
    assert [s for said, s in found.items() if "scanned" in said] == [side]


@pytest.mark.parametrize(
    "scanned",
    [
        "vienna-1-counter",
        [{"code": "x y", "at": "2026-11-22T09:01:00+01:00"}],
        [{"code": "abc", "at": "09:01"}],
        [{"code": "abc"}],
        ["abc"],
        [{"code": "abc", "at": "2026-11-22T09:01:00+01:00"}] * 11,
    ],
)
def test_a_list_of_codes_of_another_shape_is_held(shop: Installation, scanned: object) -> None:
    status, _ = seen(shop, scanned=scanned)
    assert status == "held"


def test_what_was_scanned_is_part_of_what_was_sent(shop: Installation) -> None:
    visit = accepted_visit(shop, add_shopper(shop))
    assert visit.token is not None
    scanned = [{"code": CODES["vienna-1"], "at": "2026-11-22T09:01:00+01:00"}]
    sent = report_of(shop, visit.token, scanned=scanned)
    assert send(shop, sent)[0].status == "accepted"
    assert send(shop, sent)[0].status == "duplicate"
    assert send(shop, {**sent, "scanned": []})[0].status == "held"


def test_position_and_receipt_are_read_by_what_they_measure(shop: Installation) -> None:
    db = shop.database()
    visit = accepted_visit(shop, add_shopper(shop))
    assert visit.token is not None
    photo = "ab" * 32
    here = {"latitude": 48.209, "longitude": 16.3702, "accuracy": 12}
    sent = report_of(
        shop,
        visit.token,
        answers={**FACTS, "paid": True, KEYS["position"]: here, KEYS["receipt_photo"]: [photo]},
        files=[
            {"sha256": photo, "question": KEYS["receipt_photo"], "type": "image/jpeg", "bytes": 1}
        ],
    )
    assert send(shop, sent)[0].status == "accepted"
    row = submissions.find(db, "vienna-1", sent["id"])
    site = sites.find(db, "vienna-1")
    assert row is not None
    assert site is not None
    found = presence_evidence.collect(db, site, row, visit)
    assert (found.position, found.photos, found.photos_arrived) == (
        Position(48.209, 16.3702, 12),
        1,
        0,
    )
    with db.transaction():
        db.execute(
            "INSERT INTO files (site_id, submission_id, sha256, type, bytes, width, height,"
            " received_utc) VALUES ('vienna-1', :id, :sha, 'image/jpeg', 1, 1, 1, '')",
            {"id": sent["id"], "sha": photo},
        )
    presence = presence_evidence.presence_of(db, visit, visits_store.reports(db, visit)[0])
    assert "There is a photo of the receipt: look whether it fits." in {
        str(reason.said) for reason in presence.reasons if reason.side == FOR
    }
    assert "The position is within reach of the site." in {str(r.said) for r in presence.reasons}
