"""Was the shopper there? A judgement with its reasons, never a proof.

Each trace of a visit speaks for it, against it, or neither way. A trace that is missing because
somebody kept it to themselves (no position given, no photo taken) never speaks against them.
Pure: what is known is handed in, as :class:`Evidence`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from surveys.sentences import Sentence

FOR, AGAINST, NEUTRAL = "for", "against", "neutral"
SUPPORTED, PARTLY, NOT_SUPPORTED, NOTHING = "supported", "partly", "not_supported", "nothing"

JUDGEMENTS = {
    SUPPORTED: Sentence("supported"),
    PARTLY: Sentence("partly supported"),
    NOT_SUPPORTED: Sentence("not supported"),
    NOTHING: Sentence("nothing to judge by"),
}
"""In words, as the export and the desk say them."""

REACH_METRES = 150.0
"""Beyond the phone's own accuracy: an entrance, a car park, a map's point that is not the door."""
POOR_METRES = 1000.0
"""A position that is no better than this says nothing, near or far."""
EARTH_METRES = 6_371_008.8

SITE, OTHER, UNKNOWN = "site", "other", "unknown"


@dataclass(frozen=True)
class Scan:
    """A code that was scanned or typed, and whose it is: the site's, another's, nobody's."""

    at: datetime
    whose: str


@dataclass(frozen=True)
class Position:
    """Degrees, and the radius in metres within which the phone says it is (None: not said)."""

    latitude: float
    longitude: float
    accuracy: float | None = None


@dataclass(frozen=True)
class Evidence:
    """What is known of a visit. Moments are aware; ``None`` is not known, or not asked.

    ``position_asked`` and ``receipt_asked`` say whether the form asks for them; ``edge`` is "",
    opening or closing; ``careless`` that it was filled in faster than anybody reads, ``clock`` that
    the phone's clock cannot be believed; ``photos`` how many of the receipt the report lists, and
    ``photos_arrived`` how many of those are here.
    """

    zone: tzinfo
    scans: Sequence[Scan] = ()
    site: Position | None = None
    position: Position | None = None
    position_asked: bool = False
    arrived: datetime | None = None
    left: datetime | None = None
    finished: datetime | None = None
    waited: timedelta | None = None
    not_before: date | None = None
    due: date | None = None
    edge: str = ""
    careless: bool = False
    clock: bool = False
    receipt_asked: bool = False
    photos: int = 0
    photos_arrived: int = 0


@dataclass(frozen=True)
class Reason:
    """One trace, in words. ``of_place``: it ties the visit to the place, as times do not."""

    side: str
    said: Sentence
    of_place: bool = True


@dataclass(frozen=True)
class Presence:
    """``judgement`` is a key of :data:`JUDGEMENTS`."""

    judgement: str
    reasons: tuple[Reason, ...]

    @property
    def said(self) -> Sentence:
        return JUDGEMENTS[self.judgement]


def judge(evidence: Evidence) -> Presence:
    """What the traces come to, and each of them."""
    reasons = (
        *_scanned(evidence),
        *_position(evidence),
        *_receipt(evidence),
        *_times(evidence),
    )
    return Presence(_judgement(reasons), reasons)


def _judgement(reasons: Sequence[Reason]) -> str:
    """Against weighs as much as for; times alone, which anybody could write, are half of it."""
    against = any(reason.side == AGAINST for reason in reasons)
    at_place = any(reason.side == FOR and reason.of_place for reason in reasons)
    if at_place:
        return PARTLY if against else SUPPORTED
    if against:
        return NOT_SUPPORTED
    return PARTLY if any(reason.side == FOR for reason in reasons) else NOTHING


# --- each trace -------------------------------------------------------------------------------


def _scanned(evidence: Evidence) -> list[Reason]:
    if not evidence.scans:
        return [Reason(NEUTRAL, Sentence("No code of the site was scanned or typed."))]
    reasons = []
    own = [scan for scan in evidence.scans if scan.whose == SITE]
    around = evidence.arrived or evidence.finished
    if own:
        at = own[0].at.astimezone(evidence.zone)
        fitting = [
            scan
            for scan in own
            if around is None or _day(scan.at, evidence) == _day(around, evidence)
        ]
        if fitting:
            at = fitting[0].at.astimezone(evidence.zone)
            said = Sentence("The site’s code was scanned or typed at {time}.", time=_clock(at))
            reasons.append(Reason(FOR, said))
        else:
            said = Sentence(
                "The site’s code was scanned or typed on another day than the visit’s, on {day}.",
                day=at.date(),
            )
            reasons.append(Reason(NEUTRAL, said))
    if any(scan.whose == OTHER for scan in evidence.scans):
        said = Sentence("The code of another site was scanned or typed.")
        reasons.append(Reason(AGAINST, said))
    if any(scan.whose == UNKNOWN for scan in evidence.scans):
        said = Sentence("A code was scanned or typed that is no code of ours.")
        reasons.append(Reason(AGAINST, said))
    return reasons


def _position(evidence: Evidence) -> list[Reason]:
    if evidence.position is None:
        if not evidence.position_asked:
            return []
        said = Sentence("No position was given. Everybody is free not to give one.")
        return [Reason(NEUTRAL, said)]
    if evidence.site is None:
        said = Sentence("A position was given, and nobody has written down where the site is.")
        return [Reason(NEUTRAL, said)]
    accuracy = evidence.position.accuracy
    if accuracy is None or not 0 <= accuracy <= POOR_METRES:
        said = Sentence(
            "The phone did not know well enough where it was for its position to count."
        )
        return [Reason(NEUTRAL, said)]
    away = distance(evidence.site, evidence.position)
    if away <= accuracy + REACH_METRES:
        said = Sentence("The position is within reach of the site.")
        return [Reason(FOR, said)]
    if away < 1000:
        said = Sentence("The position is {n} m away from the site.", n=round(away, -1))
    else:
        said = Sentence("The position is {n} km away from the site.", n=round(away / 1000, 1))
    return [Reason(AGAINST, said)]


def _receipt(evidence: Evidence) -> list[Reason]:
    if not evidence.receipt_asked:
        return []
    if evidence.photos_arrived:
        return [Reason(FOR, Sentence("There is a photo of the receipt: look whether it fits."))]
    if evidence.photos:
        return [Reason(NEUTRAL, Sentence("The photo of the receipt has not arrived yet."))]
    return [Reason(NEUTRAL, Sentence("There is no photo of a receipt."))]


def _times(evidence: Evidence) -> list[Reason]:
    if evidence.clock:
        said = Sentence("The phone’s clock was wrong, so that times say little.")
        return [Reason(NEUTRAL, said, of_place=False)]
    against = [
        *_order(evidence),
        *_window(evidence),
        *_edge(evidence),
    ]
    if evidence.careless:
        against.append(Sentence("It was filled in faster than anybody can read it."))
    if against:
        return [Reason(AGAINST, said, of_place=False) for said in against]
    if evidence.arrived is None:
        said = Sentence("The report does not say when the visit was.")
        return [Reason(NEUTRAL, said, of_place=False)]
    return [Reason(FOR, Sentence("The times fit together."), of_place=False)]


def _order(evidence: Evidence) -> list[Sentence]:
    """What cannot be, by the clock: a visit after its report, a wait longer than the visit."""
    arrived, end = evidence.arrived, evidence.left or evidence.finished
    if arrived is None:
        return []
    if evidence.finished is not None and arrived > evidence.finished:
        return [Sentence("The visit would have begun after its report was finished.")]
    if evidence.left is not None and evidence.left < arrived:
        return [Sentence("The visit would have ended before it began.")]
    if evidence.waited is not None and end is not None and arrived + evidence.waited > end:
        return [Sentence("The wait would have been longer than the whole visit.")]
    return []


def _window(evidence: Evidence) -> list[Sentence]:
    when = evidence.arrived or evidence.finished
    if when is None:
        return []
    on = _day(when, evidence)
    if evidence.not_before is not None and on < evidence.not_before:
        return [Sentence("The visit was made on {day}, before its first day.", day=on)]
    if evidence.due is not None and on > evidence.due:
        return [Sentence("The visit was made on {day}, after its deadline.", day=on)]
    return []


def _edge(evidence: Evidence) -> list[Sentence]:
    """Nobody writes down when a site opens, so only the wrong half of the day is told."""
    if evidence.arrived is None:
        return []
    at = evidence.arrived.astimezone(evidence.zone)
    if evidence.edge == "opening" and at.hour >= 12:
        return [Sentence("It was to be right after opening, and was at {time}.", time=_clock(at))]
    if evidence.edge == "closing" and at.hour < 12:
        return [Sentence("It was to be right before closing, and was at {time}.", time=_clock(at))]
    return []


def _day(at: datetime, evidence: Evidence) -> date:
    return at.astimezone(evidence.zone).date()


def _clock(at: datetime) -> str:
    return f"{at:%H:%M}"


def distance(one: Position, other: Position) -> float:
    """Metres over the ground between two positions (haversine)."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    up = math.sin((south - north) / 2) ** 2
    along = math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    half = up + math.cos(north) * math.cos(south) * along
    return 2 * EARTH_METRES * math.asin(math.sqrt(min(1.0, half)))
