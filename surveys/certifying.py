"""Shoppers rate cases: to practise, for a certificate, and to keep their eye in.

An attempt that was left goes on where it was, and a level that was given stays. A test says nothing
before its last case is rated; :mod:`surveys.case_choice` chooses the cases,
:mod:`surveys.calibration` says how near they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from surveys import audit, calibration, people
from surveys.calibration import Rating, Score
from surveys.case_choice import drift_due, for_test, next_case
from surveys.casebook import Case, Casebook
from surveys.checking import CASEBOOK, SHIPPED, load, load_casebook
from surveys.ids import uuid7
from surveys.instrument import LEVELS, Item
from surveys.sentences import Sentence
from surveys.store import calibration as store
from surveys.store import settings, times
from surveys.store import visits as visits_store
from surveys.store.calibration import Attempt, Certificate, Rated
from surveys.store.database import Database

__all__ = ["Attempt", "Certificate", "CertifyingError", "Rated", "Standing"]

PRACTICE, TEST, DRIFT = "practice", "test", "drift"
KINDS = (PRACTICE, TEST, DRIFT)

VALID = timedelta(days=180)
RENEW = timedelta(days=30)
"""How long before it lapses a certificate may be renewed."""

LEAST_CASES = 8
"""Rated in a test that certifies: the casebook may change while a test is under way."""

PAUSE = timedelta(hours=20)
"""Between a test and the next: one a day, without a midnight that depends on where the phone is."""

EVERY = "drift_every"
"""The setting: after how many accepted visits a shopper rates a case."""
DEFAULT_EVERY = 10
LARGEST_EVERY = 1000

REASON_AT_MOST = 500

NOT_YOURS = Sentence("This case is not yours to rate any more.")


class CertifyingError(ValueError):
    """What was asked cannot be done; the message says why and what to do.

    ``scales`` are those on which a level is missing.
    """

    def __init__(self, message: Sentence, scales: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.scales = frozenset(scales)


@dataclass(frozen=True)
class Standing:
    """Where somebody stands: ``state`` is none, valid, lapsed or withdrawn.

    ``certificate`` is the one that says so; ``opens`` when they may begin a test, None for now.
    """

    state: str
    certificate: Certificate | None
    opens: datetime | None

    @property
    def until(self) -> datetime | None:
        """Until when a valid certificate is good."""
        if self.certificate is None or self.state != "valid":
            return None
        return datetime.fromisoformat(self.certificate.expires_utc)


@cache
def casebook() -> Casebook:
    """The cases that ship, read once.

    Raises :class:`surveys.faults.FaultyInstrument` if one of them has a fault.
    """
    return load_casebook(CASEBOOK)


@cache
def scales() -> Mapping[str, Item]:
    """The scales that ship, which the cases are held against, each as a question to be shown."""
    items = load(SHIPPED / "visit.yaml").items
    return {key: item for key, item in items.items() if item.scale is not None}


# --- standing ---------------------------------------------------------------------------------


def certificate_of(db: Database, person_id: str, at: datetime) -> datetime | None:
    """Until when somebody's certificate is valid; None if they have none at that moment."""
    return standing(db, person_id, at).until


def is_certified(db: Database, person_id: str, at: datetime) -> bool:
    """Whether somebody may be offered a visit that needs a certificate."""
    return certificate_of(db, person_id, at) is not None


def standing(db: Database, person_id: str, at: datetime) -> Standing:
    """What somebody's newest valid certificate says, else their newest."""
    now = times.text(at)
    every = store.certificates(db, person_id)
    valid = [one for one in every if one.revoked_utc is None and one.expires_utc > now]
    found = next(iter([*valid, *every]), None)
    if found is None:
        state = "none"
    elif valid:
        state = "valid"
    else:
        state = "lapsed" if found.revoked_utc is None else "withdrawn"
    return Standing(state, found, _opens(db, person_id, at, valid))


def _opens(
    db: Database, person_id: str, at: datetime, valid: Sequence[Certificate]
) -> datetime | None:
    finished = [one.finished_utc for one in _finished(store.of_person(db, person_id), TEST)]
    waits = [datetime.fromisoformat(last or "") + PAUSE for last in finished[-1:]]
    waits += [datetime.fromisoformat(one.expires_utc) - RENEW for one in valid[:1]]
    latest = max(waits, default=at)
    return latest if latest > at else None


def _finished(attempts: Iterable[Attempt], kind: str) -> list[Attempt]:
    return [one for one in attempts if one.kind == kind and one.finished_utc is not None]


def withdraw(db: Database, at: datetime, person_id: str, reason: str, *, by: str) -> None:
    """Take somebody's certificate away. Raises :class:`CertifyingError`: no reason, none valid."""
    reason = " ".join(reason.split())
    if not reason:
        raise CertifyingError(
            Sentence("Say why, in a few words: the shopper reads it, and so does the audit.")
        )
    if len(reason) > REASON_AT_MOST:
        raise CertifyingError(
            Sentence("A reason has at most {n} characters. Shorten it.", n=REASON_AT_MOST)
        )
    with db.transaction():
        if not store.revoke(db, person_id, times.text(at), reason):
            raise CertifyingError(Sentence("There is no valid certificate to withdraw."))
        email = people.known(db, person_id).email
        audit.record(db, at, by, "withdrew the certificate", email, {"reason": reason})


# --- rating cases -----------------------------------------------------------------------------


def under_way(db: Database, person_id: str, kind: str) -> Attempt | None:
    """What somebody has begun of that kind and not finished."""
    attempts = store.of_person(db, person_id)
    open_ones = [one for one in attempts if one.kind == kind and one.finished_utc is None]
    return open_ones[-1] if open_ones else None


def find(db: Database, person_id: str, attempt_id: str) -> Attempt | None:
    """Somebody's own attempt; None for every other."""
    found = store.find(db, attempt_id)
    return found if found is not None and found.person_id == person_id else None


def left(db: Database, attempt: Attempt, cases: Casebook) -> list[Case]:
    """What is still to be rated, in order. (A case that left the casebook is so no more.)"""
    done = {rated.case_key for rated in store.ratings(db, attempt.attempt_id)}
    return [cases[key] for key in attempt.cases if key in cases and key not in done]


def begin(db: Database, at: datetime, person_id: str, kind: str, cases: Casebook) -> Attempt:
    """Begin, or go on with what was begun.

    Raises :class:`CertifyingError`: it is too early for a test, no case is due, there is none.
    """
    going_on = under_way(db, person_id, kind)
    if going_on is not None:
        if left(db, going_on, cases):
            return going_on
        with db.transaction():  # the last of its cases has left the casebook
            _finish(db, at, going_on)
    with db.transaction():
        if (quicker := under_way(db, person_id, kind)) is not None:
            return quicker
        if kind == TEST:
            chosen = coming(db, person_id, cases)
            if standing(db, person_id, at).opens is not None:
                raise CertifyingError(Sentence("It is too early for another test."))
        elif kind == DRIFT and not case_is_due(db, at, person_id):
            raise CertifyingError(Sentence("No case is due: you rated one not long ago."))
        else:
            practised = next_case(
                cases, person_id, _seen(db, person_id), coming(db, person_id, cases)
            )
            chosen = [] if practised is None else [practised]
        if not chosen:
            raise CertifyingError(
                Sentence("There is no case for you: all there are belong to your coming test.")
            )
        attempt_id = uuid7(at)
        visits_store.give_number(db, person_id)
        store.add(db, attempt_id, person_id, kind, chosen, times.text(at))
    found = store.find(db, attempt_id)
    assert found is not None  # noqa: S101 - just added
    return found


def coming(db: Database, person_id: str, cases: Casebook) -> list[str]:
    """The cases of somebody's test that is under way, or of their next one.

    What they have seen counts as it was when their last test ended, so that practising does not
    change the answer.
    """
    attempts = store.of_person(db, person_id)
    open_test = under_way(db, person_id, TEST)
    if open_test is not None:
        return [*open_test.cases]
    tests = _finished(attempts, TEST)
    ended = (tests[-1].finished_utc or "") if tests else ""
    tested = {key: number for number, test in enumerate(tests, 1) for key in test.cases}
    seen = {key for one in attempts if one.started_utc <= ended for key in one.cases}
    return for_test(cases, person_id, len(tests) + 1, tested=tested, seen=seen)


def _seen(db: Database, person_id: str) -> dict[str, datetime]:
    """When somebody last saw the gold of each case."""
    return {
        rated.case_key: datetime.fromisoformat(rated.at_utc)
        for rated in store.ratings_of(db, person_id)
    }


def rate(
    db: Database,
    at: datetime,
    attempt: Attempt,
    case: Case,
    levels: Mapping[str, int],
    cases: Casebook,
) -> None:
    """Rate one case of an attempt, on all of its scales, once; the last one finishes it.

    Raises :class:`CertifyingError`: rated before, of another attempt, a level that is missing or
    is none. Nothing is kept then.
    """
    if case.key not in attempt.cases:
        raise CertifyingError(NOT_YOURS)
    missing = [scale for scale in case.levels if levels.get(scale) not in LEVELS]
    if missing:
        raise CertifyingError(
            Sentence("Choose a level on each scale; what you chose still stands below."), missing
        )
    with db.transaction():
        if store.find(db, attempt.attempt_id) is None:
            raise CertifyingError(NOT_YOURS)
        for scale, gold in case.levels.items():
            kept = store.rate(
                db, attempt.attempt_id, case.key, scale, levels[scale], gold, times.text(at)
            )
            if not kept:
                raise CertifyingError(
                    Sentence("You have rated this case already; the first levels stay.")
                )
        if not left(db, attempt, cases):
            _finish(db, at, attempt)


def _finish(db: Database, at: datetime, attempt: Attempt) -> None:
    found = outcome(db, attempt)
    passed = None
    if attempt.kind == TEST:
        cases = {rated.case_key for rated in store.ratings(db, attempt.attempt_id)}
        whole = len(cases) >= min(LEAST_CASES, len(attempt.cases))
        passed = found is not None and found.passed and whole
        for kind in (PRACTICE, DRIFT):  # it may be of the test that comes now
            if (begun := under_way(db, attempt.person_id, kind)) is not None:
                store.forget(db, begun.attempt_id)
    store.finish(db, attempt.attempt_id, times.text(at), passed)
    if passed is None:
        return
    if passed:
        until = times.text(at + VALID)
        store.certify(
            db,
            Certificate(attempt.attempt_id, attempt.person_id, times.text(at), until, None, None),
        )
    action = "passed the test of cases" if passed else "did not pass the test of cases"
    audit.record(db, at, attempt.person_id, action, people.known(db, attempt.person_id).email)


def outcome(db: Database, attempt: Attempt) -> Score | None:
    """How near an attempt came; None while nothing is rated."""
    return calibration.score([rating(one) for one in store.ratings(db, attempt.attempt_id)])


def rating(rated: Rated) -> Rating:
    """What was stored, as the figures take it; its time in UTC."""
    return Rating(
        rated.case_key, rated.scale, rated.level, rated.gold, datetime.fromisoformat(rated.at_utc)
    )


# --- within normal work -----------------------------------------------------------------------


def drift_every(db: Database) -> int:
    """After how many accepted visits a shopper rates a case."""
    return int(settings.get(db, EVERY) or DEFAULT_EVERY)


def set_drift_every(db: Database, at: datetime, typed: str, *, by: str) -> None:
    """Raises :class:`CertifyingError` for what is no whole number from 1 to 1,000."""
    plain = typed.isascii() and typed.isdigit() and len(typed) <= len(str(LARGEST_EVERY))
    if not plain or not 1 <= int(typed) <= LARGEST_EVERY:
        raise CertifyingError(
            Sentence("Write a whole number from {low} to {high}.", low=1, high=LARGEST_EVERY)
        )
    with db.transaction():
        before = drift_every(db)
        if before != int(typed):
            settings.put(db, EVERY, str(int(typed)))
            detail = {"from": before, "to": int(typed)}
            audit.record(db, at, by, "paced", "certification", detail)


def case_is_due(db: Database, at: datetime, person_id: str) -> bool:
    """Whether somebody who is certified should rate a case now, to keep their eye in."""
    if under_way(db, person_id, DRIFT) is not None:
        return True
    if not is_certified(db, person_id, at):
        return False
    last = store.ratings_of(db, person_id)[-1].at_utc
    accepted = store.counted_since(db, person_id, last)
    return drift_due(at, datetime.fromisoformat(last), accepted, drift_every(db))
