"""Cases are rated once, tests are passed or not, certificates lapse: through the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from surveys import audit_words, certifying, raters
from surveys.casebook import Case
from surveys.certifying import DRIFT, PRACTICE, TEST, Attempt, CertifyingError
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import audit as audit_store
from surveys.store import calibration as store
from surveys.store.database import Database
from tests.conftest import NOW, Clock
from tests.desk_people import enrol
from tests.field import accepted_visit, add_shopper, report_of, send
from tests.test_case_choice import TWENTY_FIVE, case

Levels = Callable[[Case], Mapping[str, int]]
UTC = ZoneInfo("UTC")


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def gold(found: Case) -> Mapping[str, int]:
    return found.levels


def off_by(error: int) -> Levels:
    """Each level so far from gold, within 1 to 7."""
    return lambda found: {s: min(7, max(1, level + error)) for s, level in found.levels.items()}


def go(
    db: Database, clock: Clock, person: Person, kind: str, levels: Levels = gold, most: int = 99
) -> Attempt:
    """Begin, rate the cases that are left (at most so many), a minute each; the attempt then."""
    attempt = certifying.begin(db, clock(), person.person_id, kind, TWENTY_FIVE)
    for found in certifying.left(db, attempt, TWENTY_FIVE)[:most]:
        certifying.rate(db, clock.forward(minutes=1), attempt, found, levels(found), TWENTY_FIVE)
    after = store.find(db, attempt.attempt_id)
    assert after is not None
    return after


def told(db: Database) -> list[str]:
    rows = [*audit_store.newest_first(db, 50)]
    return [str(entry.said) for entry in audit_words.entries(db, rows)]


# --- a test and its certificate ---------------------------------------------------------------


def test_a_passed_test_certifies_for_180_days(db: Database, ana: Person, clock: Clock) -> None:
    assert certifying.standing(db, ana.person_id, clock()).state == "none"
    attempt = go(db, clock, ana, TEST, off_by(1))
    assert (len(attempt.cases), attempt.passed) == (10, True)
    until = certifying.certificate_of(db, ana.person_id, clock())
    assert until == clock() + timedelta(days=180)
    assert certifying.is_certified(db, ana.person_id, until - timedelta(seconds=1))
    assert not certifying.is_certified(db, ana.person_id, until)
    assert certifying.standing(db, ana.person_id, until).state == "lapsed"
    assert "Ana passed the test of cases and is certified." in told(db)


def test_a_failed_test_certifies_nobody_and_another_waits_for_tomorrow(
    db: Database, ana: Person, clock: Clock
) -> None:
    attempt = go(db, clock, ana, TEST, off_by(2))
    assert attempt.passed is False
    assert not certifying.is_certified(db, ana.person_id, clock())
    assert "Ana did not pass the test of cases." in told(db)
    opens = certifying.standing(db, ana.person_id, clock()).opens
    assert opens == clock() + certifying.PAUSE
    with pytest.raises(CertifyingError, match="too early"):
        certifying.begin(db, clock.forward(hours=19), ana.person_id, TEST, TWENTY_FIVE)
    again = go(db, Clock(opens), ana, TEST)
    assert again.passed is True
    assert len({*again.cases} & {*attempt.cases}) <= 1


def test_kindness_to_one_lost_customer_fails_a_test(
    db: Database, ana: Person, clock: Clock
) -> None:
    def kind_to_the_worst(found: Case) -> Mapping[str, int]:
        return {scale: 5 if level == 1 else level for scale, level in found.levels.items()}

    attempt = go(db, clock, ana, TEST, kind_to_the_worst)
    score = certifying.outcome(db, attempt)
    assert score is not None
    assert score.accuracy.value < 1.0
    assert (bool(score.too_kind), attempt.passed) == (True, False)


def test_a_test_that_was_left_goes_on_where_it_was(db: Database, ana: Person, clock: Clock) -> None:
    begun = go(db, clock, ana, TEST, most=4)
    assert begun.finished_utc is None
    clock.forward(days=3)
    going_on = certifying.begin(db, clock(), ana.person_id, TEST, TWENTY_FIVE)
    assert going_on.attempt_id == begun.attempt_id
    rest = certifying.left(db, going_on, TWENTY_FIVE)
    assert [found.key for found in rest] == [*begun.cases[4:]]
    assert go(db, clock, ana, TEST).passed is True


def test_a_case_is_rated_once_in_an_attempt(db: Database, ana: Person, clock: Clock) -> None:
    attempt = go(db, clock, ana, TEST, off_by(1), most=1)
    done = TWENTY_FIVE[attempt.cases[0]]
    before = store.ratings(db, attempt.attempt_id)
    with pytest.raises(CertifyingError, match="the first levels stay"):
        certifying.rate(db, clock(), attempt, done, done.levels, TWENTY_FIVE)
    assert store.ratings(db, attempt.attempt_id) == before


def test_a_case_without_a_level_on_each_scale_is_not_kept(
    db: Database, ana: Person, clock: Clock
) -> None:
    attempt = certifying.begin(db, clock(), ana.person_id, TEST, TWENTY_FIVE)
    found = TWENTY_FIVE[attempt.cases[0]]
    first, second = found.levels
    for levels in ({first: 4}, {first: 4, second: 8}):
        with pytest.raises(CertifyingError, match="on each scale") as caught:
            certifying.rate(db, clock(), attempt, found, levels, TWENTY_FIVE)
        assert caught.value.scales == {second}
    assert store.ratings(db, attempt.attempt_id) == []


def test_a_case_of_another_attempt_cannot_be_rated_in_this(
    db: Database, ana: Person, clock: Clock
) -> None:
    attempt = certifying.begin(db, clock(), ana.person_id, TEST, TWENTY_FIVE)
    other = next(found for key, found in TWENTY_FIVE.items() if key not in attempt.cases)
    with pytest.raises(CertifyingError, match="not yours to rate"):
        certifying.rate(db, clock(), attempt, other, other.levels, TWENTY_FIVE)


def test_somebody_elses_attempt_is_not_found(
    db: Database, ana: Person, ben: Person, clock: Clock
) -> None:
    attempt = go(db, clock, ana, TEST, most=1)
    assert certifying.find(db, ana.person_id, attempt.attempt_id) == attempt
    assert certifying.find(db, ben.person_id, attempt.attempt_id) is None
    assert certifying.find(db, ana.person_id, "none") is None


def test_a_rating_keeps_the_gold_it_was_held_against(
    db: Database, ana: Person, clock: Clock
) -> None:
    attempt = go(db, clock, ana, PRACTICE)
    (first, *_) = store.ratings(db, attempt.attempt_id)
    assert (first.level, first.gold) == (
        first.gold,
        TWENTY_FIVE[first.case_key].levels[first.scale],
    )


def test_a_case_that_left_the_casebook_does_not_keep_a_test_from_ending(
    db: Database, ana: Person, clock: Clock
) -> None:
    attempt = go(db, clock, ana, TEST, most=9)
    smaller = {key: found for key, found in TWENTY_FIVE.items() if key != attempt.cases[-1]}
    assert certifying.left(db, attempt, smaller) == []
    with pytest.raises(CertifyingError, match="too early"):  # it ends, and another would begin
        certifying.begin(db, clock(), ana.person_id, TEST, smaller)
    ended = store.find(db, attempt.attempt_id)
    assert ended is not None
    assert (ended.passed, certifying.is_certified(db, ana.person_id, clock())) == (True, True)


def test_a_test_whose_cases_left_the_casebook_early_certifies_nobody(
    db: Database, ana: Person, clock: Clock
) -> None:
    attempt = go(db, clock, ana, TEST, most=2)
    smaller = {key: TWENTY_FIVE[key] for key in TWENTY_FIVE if key not in attempt.cases[2:]}
    with pytest.raises(CertifyingError, match="too early"):
        certifying.begin(db, clock(), ana.person_id, TEST, smaller)
    ended = store.find(db, attempt.attempt_id)
    assert ended is not None
    assert (ended.passed, len(store.ratings(db, attempt.attempt_id))) == (False, 4)


# --- practice ---------------------------------------------------------------------------------


def test_practice_shows_every_case_but_those_of_the_coming_test(
    db: Database, ana: Person, clock: Clock
) -> None:
    coming = certifying.coming(db, ana.person_id, TWENTY_FIVE)
    shown = [go(db, clock, ana, PRACTICE).cases[0] for _ in range(20)]
    assert {*shown} == TWENTY_FIVE.keys() - {*coming}
    assert certifying.coming(db, ana.person_id, TWENTY_FIVE) == coming
    assert [*go(db, clock, ana, TEST).cases] == coming


def test_practice_that_was_begun_before_a_test_does_not_give_the_next_one_away(
    db: Database, ana: Person, clock: Clock
) -> None:
    begun = certifying.begin(db, clock(), ana.person_id, PRACTICE, TWENTY_FIVE)
    go(db, clock, ana, TEST, off_by(3))
    assert store.find(db, begun.attempt_id) is None
    next_one = go(db, clock, ana, PRACTICE)
    assert next_one.cases[0] not in certifying.coming(db, ana.person_id, TWENTY_FIVE)
    found = TWENTY_FIVE[begun.cases[0]]
    with pytest.raises(CertifyingError, match="any more"):
        certifying.rate(db, clock(), begun, found, found.levels, TWENTY_FIVE)


def test_a_casebook_that_is_all_test_has_nothing_to_practise(
    db: Database, ana: Person, clock: Clock
) -> None:
    small = dict([*TWENTY_FIVE.items()][:8])
    with pytest.raises(CertifyingError, match="belong to your coming test"):
        certifying.begin(db, clock(), ana.person_id, PRACTICE, small)


# --- renewing, withdrawing --------------------------------------------------------------------


def test_a_certificate_is_renewed_within_its_last_thirty_days(
    db: Database, ana: Person, clock: Clock
) -> None:
    go(db, clock, ana, TEST)
    until = certifying.certificate_of(db, ana.person_id, clock())
    assert until is not None
    assert certifying.standing(db, ana.person_id, clock()).opens == until - timedelta(days=30)
    later = Clock(until - timedelta(days=29))
    with pytest.raises(CertifyingError, match="too early"):
        certifying.begin(db, until - timedelta(days=31), ana.person_id, TEST, TWENTY_FIVE)
    go(db, later, ana, TEST)
    renewed = certifying.certificate_of(db, ana.person_id, later())
    assert renewed == later() + timedelta(days=180)


def test_a_renewal_that_fails_leaves_the_certificate_until_it_lapses(
    db: Database, ana: Person, clock: Clock
) -> None:
    go(db, clock, ana, TEST)
    until = certifying.certificate_of(db, ana.person_id, clock())
    assert until is not None
    later = Clock(until - timedelta(days=20))
    assert go(db, later, ana, TEST, off_by(3)).passed is False
    assert certifying.certificate_of(db, ana.person_id, later()) == until


def test_a_certificate_is_withdrawn_with_a_reason_and_earned_again(
    db: Database, ana: Person, clock: Clock
) -> None:
    owner = enrol(db, "owner")
    go(db, clock, ana, TEST)
    for reason, problem in (("  ", "Say why"), ("x" * 501, "at most 500")):
        with pytest.raises(CertifyingError, match=problem):
            certifying.withdraw(db, clock(), ana.person_id, reason, by=owner.person_id)
    certifying.withdraw(db, clock(), ana.person_id, "Three reports alike.", by=owner.person_id)
    standing = certifying.standing(db, ana.person_id, clock())
    assert standing.certificate is not None
    assert (standing.state, standing.certificate.reason) == ("withdrawn", "Three reports alike.")
    assert not certifying.is_certified(db, ana.person_id, clock())
    assert "Owner Müller withdrew the certificate of Ana: Three reports alike." in told(db)
    with pytest.raises(CertifyingError, match="no valid certificate"):
        certifying.withdraw(db, clock(), ana.person_id, "Again.", by=owner.person_id)
    clock.forward(days=1)
    assert go(db, clock, ana, TEST).passed is True
    assert certifying.is_certified(db, ana.person_id, clock())


# --- within normal work -----------------------------------------------------------------------


def test_a_case_is_due_thirty_days_after_the_last_and_only_for_the_certified(
    db: Database, ana: Person, clock: Clock
) -> None:
    assert not certifying.case_is_due(db, clock.forward(days=99), ana.person_id)
    go(db, clock, ana, TEST)
    assert not certifying.case_is_due(db, clock.forward(days=29), ana.person_id)
    assert certifying.case_is_due(db, clock.forward(days=1), ana.person_id)
    attempt = go(db, clock, ana, DRIFT)
    assert len(attempt.cases) == 1
    assert attempt.finished_utc is not None
    assert not certifying.case_is_due(db, clock(), ana.person_id)


def test_a_case_is_due_after_as_many_accepted_visits_as_the_owner_says(
    chain: Installation, db: Database, ana: Person
) -> None:
    clock = Clock(NOW - timedelta(hours=1))
    go(db, clock, ana, TEST)
    certifying.set_drift_every(db, NOW, "2", by="")
    for due in (False, True):
        visit = accepted_visit(chain, ana)
        assert visit.token is not None
        sent = report_of(chain, visit.token)
        assert send(chain, sent)[0].status == "accepted"
        db.execute("UPDATE submissions SET status = 'counted'")  # as a review leaves them
        assert certifying.case_is_due(db, NOW, ana.person_id) is due
    db.execute("UPDATE submissions SET status = 'rejected'")
    assert not certifying.case_is_due(db, NOW, ana.person_id)


@pytest.mark.parametrize("typed", ["0", "-1", "1001", "000101234", "two", "", "٣"])
def test_a_pace_that_is_none_is_refused(db: Database, typed: str) -> None:
    with pytest.raises(CertifyingError, match="from 1 to 1000"):
        certifying.set_drift_every(db, NOW, typed, by="")
    assert certifying.drift_every(db) == 10


# --- as the desk sees them --------------------------------------------------------------------


def test_practice_is_in_no_figure_and_tests_are(db: Database, ana: Person, clock: Clock) -> None:
    for _ in range(3):
        go(db, clock, ana, PRACTICE, off_by(3))
    (before,) = raters.everyone(db, clock(), UTC).raters
    assert (before.score, before.practised, before.number) == (None, 3, 1)
    go(db, clock, ana, TEST, lambda found: dict.fromkeys(found.levels, 4))
    found = raters.everyone(db, clock(), UTC)
    (after,) = found.raters
    assert after.score is not None
    assert after.score.accuracy.n == 20
    assert after == raters.one(db, clock(), ana, UTC)
    assert {*found.scales} == {scale for key in TWENTY_FIVE for scale in TWENTY_FIVE[key].scales}
    assert found.cases == {}  # each was rated by one shopper only
    assert len(raters.history(db, ana.person_id)) == 4


def test_what_many_shoppers_miss_leads_the_list(chain: Installation, clock: Clock) -> None:
    db = chain.database()
    people = [add_shopper(chain, f"shopper{n}") for n in range(raters.ENOUGH)]
    hard = certifying.coming(db, people[0].person_id, TWENTY_FIVE)[0]
    only = {hard: TWENTY_FIVE[hard], "other": case(99, {"scale_a": 4, "scale_b": 4})}

    def levels(found: Case) -> Mapping[str, int]:
        return off_by(3)(found) if found.key == hard else found.levels

    only["case_99"] = only.pop("other")
    for person in people:
        attempt = certifying.begin(db, clock(), person.person_id, TEST, only)
        for found in certifying.left(db, attempt, only):
            certifying.rate(db, clock(), attempt, found, levels(found), only)
    cases = raters.everyone(db, clock(), UTC).cases
    assert {key for key, _ in cases} == {hard}
    assert {score.accuracy.n for score in cases.values()} == {raters.ENOUGH}
