"""The day a submission belongs to, fixed once, at intake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

OLDEST_UNCORRECTED = timedelta(days=60)
"""How far back a time is believed when the phone did not say what its clock showed at sending."""


@dataclass(frozen=True)
class Finish:
    """When a form was finished, and on which of the site's days.

    ``at`` is the corrected moment (the moment of receipt where the phone's cannot be believed),
    ``clock`` says that the day is that of receipt because the phone's clock was wrong.
    """

    at: datetime
    day: date
    clock: bool


def moment(written: object) -> datetime | None:
    """An ISO 8601 time with offset; None for anything else, and for one that is before the year 1
    or after 9999 somewhere: it could not be shown there."""
    if not isinstance(written, str) or len(written) > 40:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.utcoffset() is not None and 1 < found.year < 9999 else None


def seconds(start: datetime | None, end: datetime | None) -> float | None:
    """How long it took; None if unknown, or if the clock was put back meanwhile."""
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def finish(finished_at: object, *, received: datetime, sent_at: object, zone: tzinfo) -> Finish:
    """The moment and day of ``finished_at`` (as the phone wrote it) in the site's ``zone``.

    The phone's clock is set right by ``received - sent_at``. What then lies in the future, or
    without ``sent_at`` more than sixty days back, or cannot be read, is the moment of receipt,
    flagged ``clock``. A submission without ``finished_at`` has the day of receipt and no flag.
    """
    of_receipt = received.astimezone(zone).date()
    if finished_at is None:
        return Finish(received, of_receipt, clock=False)
    at = _corrected(moment(finished_at), received, moment(sent_at))
    if at is not None and at.year > 1 and at <= received:
        return Finish(at, at.astimezone(zone).date(), clock=False)
    return Finish(received, of_receipt, clock=True)


def _corrected(
    finished: datetime | None, received: datetime, sent: datetime | None
) -> datetime | None:
    """``finished`` by the server's clock; None where it cannot be believed."""
    if finished is None:
        return None
    if sent is None:
        return finished if received - finished <= OLDEST_UNCORRECTED else None
    try:
        return finished + (received - sent)
    except OverflowError:
        return None
