"""What is known of a shopper's presence, collected for :mod:`surveys.presence`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from surveys import days, intake_judging, intake_reading, publishing
from surveys.instrument import Instrument
from surveys.presence import OTHER, SITE, UNKNOWN, Evidence, Position, Presence, Scan, judge
from surveys.store import reviews, sites, submissions, tokens
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.submissions import Submission
from surveys.store.visits import Report, Visit


def presence_of(db: Database, visit: Visit, report: Report) -> Presence:
    """The judgement about a visit's report, as its answers are read today."""
    submission = submissions.find(db, report.site_id, report.submission_id)
    site = sites.find(db, visit.site_id)
    assert submission is not None and site is not None  # noqa: S101, PT018 - never deleted
    return judge(collect(db, site, submission, visit))


def collect(db: Database, site: Site, submission: Submission, visit: Visit | None) -> Evidence:
    """What the submission, its visit, its site and its files say; all Nones where words were
    erased."""
    zone = ZoneInfo(site.timezone)
    instrument = publishing.version(db, submission.form_used or submission.form)
    answers: Mapping[str, Any] = {}
    asked: dict[str, str] = {}  # what it measures → the question
    if instrument is not None:
        amendments = submissions.amendments(db, submission.site_id, submission.submission_id)
        answers = intake_judging.amended(instrument, submission.sent, amendments)
        asked = _asked(instrument)
    found = {meaning: answers.get(key) for meaning, key in asked.items()}
    arrived = days.moment(found.get("visited_at"))
    photos = found.get("receipt_photo")
    listed = [one for one in photos if isinstance(one, str)] if isinstance(photos, list) else []
    here = reviews.files_arrived(db, submission.site_id, submission.submission_id)
    return Evidence(
        zone=zone,
        scans=[
            Scan(at, _whose(db, code, site.site_id))
            for code, at in intake_reading.scans(submission.sent, [])
        ],
        site=_place(site.latitude, site.longitude, None),
        position=_given(found.get("position")),
        position_asked="position" in asked,
        arrived=arrived,
        left=_left(found.get("left_at"), arrived, zone),
        finished=days.moment(submission.finished_local),
        waited=_waited(found),
        not_before=None if visit is None else date.fromisoformat(visit.not_before),
        due=None if visit is None else date.fromisoformat(visit.due),
        edge="" if visit is None else visit.edge,
        careless="careless" in submission.flag_words,
        clock="clock" in submission.flag_words,
        receipt_asked="receipt_photo" in asked,
        photos=len(listed),
        photos_arrived=len(here.intersection(one.lower() for one in listed)),
    )


def _asked(instrument: Instrument) -> dict[str, str]:
    return {item.measures: key for key, item in instrument.items.items() if item.measures}


def _whose(db: Database, code: str, site_id: str) -> str:
    """Whose code it is; one that hung there before and was withdrawn is the site's too."""
    token = tokens.find(db, code)
    if token is None or token.kind != "code":
        return UNKNOWN
    return SITE if token.site_id == site_id else OTHER


def _given(place: object) -> Position | None:
    if not isinstance(place, dict):
        return None
    return _place(place.get("latitude"), place.get("longitude"), place.get("accuracy"))


def _place(latitude: object, longitude: object, accuracy: object) -> Position | None:
    north, east = _number(latitude), _number(longitude)
    if north is None or east is None:
        return None
    return Position(north, east, _number(accuracy))


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else None  # type: ignore[arg-type]


def _waited(found: Mapping[str, Any]) -> timedelta | None:
    """A timer's seconds, or the minutes that were written down."""
    seconds, minutes = _number(found.get("waited")), _number(found.get("wait_minutes"))
    if seconds is not None:
        return timedelta(seconds=min(seconds, 1e6))
    return None if minutes is None else timedelta(minutes=min(minutes, 1e5))


def _left(value: object, arrived: datetime | None, zone: ZoneInfo) -> datetime | None:
    """When the visit ended; a time of day is that of the day of arrival, or of the night after."""
    moment = days.moment(value)
    if moment is not None or arrived is None or not isinstance(value, str):
        return moment
    try:
        at = time.fromisoformat(value)
    except ValueError:
        return None
    begun = arrived.astimezone(zone)
    left = datetime.combine(begun.date(), at.replace(tzinfo=None), zone)
    past_midnight = left < begun and begun.hour >= 18 and at.hour < 6
    return left + timedelta(days=1) if past_midnight else left
