"""``review: after-72h``: what nobody decided about counts by itself, once its hours have passed.

The version by which a report is read says how many hours those are; they run from its receipt.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from surveys import holding, publishing
from surveys.grammar import REVIEW
from surveys.holding_errors import HoldingError
from surveys.instrument import Instrument
from surveys.store import reviews, times
from surveys.store.database import Database


def hours(instrument: Instrument | None) -> timedelta | None:
    """After how long it counts by itself; None if it waits for a person, however long."""
    if instrument is None or not REVIEW.fullmatch(instrument.review):
        return None
    number = instrument.review.removeprefix("after-").removesuffix("h")
    return timedelta(hours=int(number)) if number.isdigit() else None


def counts_at(instrument: Instrument | None, received_utc: str) -> datetime | None:
    """When what was received then counts by itself; None if it waits for a person."""
    after = hours(instrument)
    return None if after is None else datetime.fromisoformat(received_utc) + after


def accept_due(db: Database, at: datetime) -> int:
    """Let count what has waited for its hours and fits; how many those were.

    Each is a transaction of its own: with two workers at once, one of them accepts.
    """
    accepted = 0
    for form in reviews.forms_pending(db):
        after = hours(publishing.version(db, form))
        if after is None:
            continue
        for site_id, submission_id in reviews.received_until(db, form, times.text(at - after)):
            try:
                holding.accept(db, site_id, submission_id, "", at)
            except HoldingError:
                continue  # decided meanwhile, or for a person: its visit has one that counts
            accepted += 1
    return accepted
