"""The day a submission belongs to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.days import Finish, finish, moment, seconds

RECEIVED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
VIENNA, AUCKLAND, HONOLULU = map(
    ZoneInfo, ("Europe/Vienna", "Pacific/Auckland", "Pacific/Honolulu")
)


def day(finished: object, sent: object = None, zone: ZoneInfo = VIENNA) -> tuple[str, bool]:
    found = finish(finished, received=RECEIVED, sent_at=sent, zone=zone)
    return found.day.isoformat(), found.clock


@pytest.mark.parametrize(
    ("finished", "sent", "expected"),
    [
        # By the phone's clock, set right by what it showed at sending.
        ("2026-11-22T09:59:00+01:00", "2026-11-22T10:00:00+01:00", ("2026-11-22", False)),
        ("2026-11-22T00:10:00+01:00", "2026-11-22T10:20:00+01:00", ("2026-11-21", False)),
        ("2025-11-21T23:00:00Z", "2025-11-22T09:00:00Z", ("2026-11-22", False)),
        ("2031-01-01T00:00:00Z", "2031-01-02T00:00:00Z", ("2026-11-21", False)),
        # Five months in a queue are believed where the phone said what its clock shows.
        ("2026-06-22T10:00:00+02:00", "2026-11-22T10:00:00+01:00", ("2026-06-22", False)),
        # Without that, sixty days are.
        ("2026-09-23T09:00:00Z", None, ("2026-09-23", False)),
        ("2026-09-23T08:59:59Z", None, ("2026-11-22", True)),
        # The future is believed from nobody.
        ("2026-11-22T09:00:00Z", None, ("2026-11-22", False)),
        ("2026-11-22T09:00:01Z", None, ("2026-11-22", True)),
        ("2026-11-22T10:00:01+01:00", "2026-11-22T10:00:00+01:00", ("2026-11-22", True)),
        # Nothing, and nothing that can be read.
        (None, None, ("2026-11-22", False)),
        ("yesterday", None, ("2026-11-22", True)),
        ("2026-11-21T09:00:00", None, ("2026-11-22", True)),  # of which place?
        ("2026-11-21T09:00:00Z", "nonsense", ("2026-11-21", False)),
        ("2026-11-21T09:00:00Z", 17, ("2026-11-21", False)),
        ("0002-01-01T00:00:00Z", "2026-11-22T09:00:00Z", ("0002-01-01", False)),
        ("0001-01-01T00:00:00Z", "2026-11-22T09:00:00Z", ("2026-11-22", True)),
        ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", ("2026-11-22", True)),
    ],
)
def test_the_day(finished: object, sent: object, expected: tuple[str, bool]) -> None:
    assert day(finished, sent) == expected


def test_it_is_the_sites_day_and_not_the_phones() -> None:
    at = "2026-11-22T09:00:00Z"
    assert day(at, zone=VIENNA)[0] == "2026-11-22"
    assert day(at, zone=AUCKLAND)[0] == "2026-11-22"
    assert day("2026-11-21T23:00:00+01:00", zone=AUCKLAND)[0] == "2026-11-22"
    assert day(at, zone=HONOLULU)[0] == "2026-11-21"
    # The two nights of the year with an hour more or less.
    assert day("2026-10-25T00:30:00+02:00")[0] == "2026-10-25"
    assert day("2026-10-24T23:30:00+01:00")[0] == "2026-10-25"


def test_before_the_year_one_is_no_day() -> None:
    found = finish(
        "0001-01-01T00:00:00Z", received=RECEIVED, sent_at=RECEIVED.isoformat(), zone=HONOLULU
    )
    assert found == Finish(RECEIVED, date(2026, 11, 21), clock=True)


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_cannot_be_shown_everywhere_is_none(written: str) -> None:
    assert moment(written) is None
    found = finish(written, received=RECEIVED, sent_at=written, zone=VIENNA)
    assert found == Finish(RECEIVED, RECEIVED.astimezone(VIENNA).date(), clock=True)


@given(
    finished=st.datetimes(timezones=st.timezones()),
    sent=st.one_of(st.none(), st.datetimes(timezones=st.timezones())),
    zone=st.sampled_from((VIENNA, AUCKLAND, HONOLULU)),
)
def test_any_times_give_a_day_that_is_not_after_receipt(
    finished: datetime, sent: datetime | None, zone: ZoneInfo
) -> None:
    found = finish(
        finished.isoformat(),
        received=RECEIVED,
        sent_at=None if sent is None else sent.isoformat(),
        zone=zone,
    )
    assert found.day <= RECEIVED.astimezone(zone).date()
    assert found.at <= RECEIVED
    if sent is None and not found.clock:
        assert RECEIVED - found.at <= timedelta(days=60)


def test_how_long_it_took_is_unknown_where_the_clock_went_back() -> None:
    later = RECEIVED + timedelta(seconds=12.5)
    assert seconds(RECEIVED, later) == 12.5
    assert seconds(later, RECEIVED) is None
    assert seconds(None, RECEIVED) is None
    assert seconds(RECEIVED, None) is None
