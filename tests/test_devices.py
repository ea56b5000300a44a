"""Shoppers' phones: for how long, by which code, and what ends with one that is signed out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from surveys import devices, people_joining, people_leaving, visits
from surveys.devices import DeviceError
from surveys.installation import Installation
from surveys.people import Person
from surveys.people_joining import InvitationGone
from surveys.store import visits as store
from surveys.store.database import Database
from tests.conftest import NOW
from tests.field import accepted_visit, add_phone, add_shopper, listed, photo, report_of, send


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def acts(db: Database) -> list[str]:
    return [row["action"] for row in db.rows("SELECT action FROM audit ORDER BY at_utc")]


# --- for how long -----------------------------------------------------------------------------


def test_a_phone_stays_signed_in_for_the_days_that_were_set(
    chain: Installation, db: Database, ana: Person
) -> None:
    assert devices.days(db) == devices.DEFAULT_DAYS
    devices.set_days(db, NOW, 2, by="olu")
    _, token = add_phone(chain, ana)
    assert devices.find(db, NOW + timedelta(days=2), token) is not None
    assert devices.find(db, NOW + timedelta(days=2, seconds=1), token) is None


def test_a_phone_may_stay_signed_in_until_it_is_revoked(
    chain: Installation, db: Database, ana: Person
) -> None:
    devices.set_days(db, NOW, None, by="olu")
    device_id, token = add_phone(chain, ana)
    assert devices.find(db, NOW + timedelta(days=9000), token) is not None
    with db.transaction():
        devices.revoke(db, NOW, device_id)
    assert devices.find(db, NOW, token) is None


def test_other_days_hold_for_phones_that_sign_in_later(
    chain: Installation, db: Database, ana: Person
) -> None:
    _, token = add_phone(chain, ana)
    devices.set_days(db, NOW, 1, by="olu")
    assert devices.find(db, NOW + timedelta(days=60), token) is not None


@pytest.mark.parametrize("wanted", [0, -1, 3651])
def test_a_number_of_days_out_of_range_is_refused(db: Database, wanted: int) -> None:
    with pytest.raises(DeviceError, match="from 1 to 3650"):
        devices.set_days(db, NOW, wanted, by="olu")
    assert devices.days(db) == devices.DEFAULT_DAYS


def test_setting_the_same_days_again_is_no_act(db: Database) -> None:
    devices.set_days(db, NOW, 30, by="olu")
    devices.set_days(db, NOW, 30, by="olu")
    assert acts(db).count("set how long they stay signed in") == 1


# --- short codes ------------------------------------------------------------------------------


def test_a_short_code_signs_one_more_phone_in_once(db: Database, ana: Person) -> None:
    code = devices.short_code(db, NOW, ana)
    typed = f" {code[:4].lower()}-{code[4:]} "
    device, token = devices.use_code(db, NOW, typed, "Android")
    assert device.person_id == ana.person_id
    assert devices.find(db, NOW, token) is not None
    with pytest.raises(DeviceError, match="has been used"):
        devices.use_code(db, NOW, code, "Android")


def test_a_short_code_is_void_after_ten_minutes_or_a_newer_one(db: Database, ana: Person) -> None:
    old = devices.short_code(db, NOW, ana)
    new = devices.short_code(db, NOW, ana)
    with pytest.raises(DeviceError, match="is not right"):
        devices.use_code(db, NOW, old, "Android")
    with pytest.raises(DeviceError, match="too old"):
        devices.use_code(db, NOW + timedelta(minutes=10, seconds=1), new, "Android")


def test_a_short_code_is_void_once_a_phone_of_its_owner_is_signed_out(
    chain: Installation, db: Database, ana: Person
) -> None:
    device_id, _ = add_phone(chain, ana)
    code = devices.short_code(db, NOW, ana)
    people_leaving.sign_out_phone(db, NOW, device_id, by="olu")
    with pytest.raises(DeviceError, match="is not right"):
        devices.use_code(db, NOW, code, "Android")


# --- signed out -------------------------------------------------------------------------------


def token_of(db: Database, site_id: str, visit_id: str) -> str | None:
    visit = store.find(db, site_id, visit_id)
    assert visit is not None
    return visit.token


def test_a_phone_that_is_signed_out_ends_alone_and_what_it_holds_is_held(
    chain: Installation, db: Database, ana: Person
) -> None:
    lost, lost_token = add_phone(chain, ana)
    _, kept_token = add_phone(chain, ana, "iPad")
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    people_leaving.sign_out_phone(db, NOW, lost, by="olu")
    assert devices.find(db, NOW, lost_token) is None
    assert devices.find(db, NOW, kept_token) is not None
    old = report_of(chain, visit.token, files=listed(photo()))
    assert send(chain, old)[0].status == "held"
    new_token = token_of(db, visit.site_id, visit.visit_id)
    assert new_token is not None
    assert send(chain, report_of(chain, new_token))[0].status == "accepted"


def test_a_phone_cannot_be_signed_out_twice_and_one_that_is_not_cannot_at_all(
    chain: Installation, db: Database, ana: Person
) -> None:
    device_id, _ = add_phone(chain, ana)
    visit = accepted_visit(chain, ana)
    people_leaving.sign_out_phone(db, NOW, device_id, by="olu")
    after_first = token_of(db, visit.site_id, visit.visit_id)
    with pytest.raises(DeviceError, match="already"):
        people_leaving.sign_out_phone(db, NOW, device_id, by="olu")
    with pytest.raises(DeviceError, match="no such phone"):
        people_leaving.sign_out_phone(db, NOW, "nothing", by="olu")
    assert token_of(db, visit.site_id, visit.visit_id) == after_first


@pytest.mark.parametrize("end", ["remove", "change", "sign_out_everywhere"])
def test_every_phone_ends_with_the_person_the_role_or_everything(
    chain: Installation, db: Database, ana: Person, end: str
) -> None:
    tokens = [add_phone(chain, ana, name)[1] for name in ("iPhone", "iPad")]
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    if end == "remove":
        people_leaving.remove(db, NOW, ana.email, by="olu")
    elif end == "change":
        people_leaving.change(db, NOW, ana.person_id, role="reviewer", by="olu")
    else:
        people_leaving.sign_out_everywhere(db, NOW, ana, by="olu")
    assert [devices.find(db, NOW, token) for token in tokens] == [None, None]
    assert all(device.revoked_utc for device in devices.of(db, ana.person_id))
    assert send(chain, report_of(chain, visit.token))[0].status == "held"
    assert acts(db).count("signed out a phone") == 2


def test_a_change_that_leaves_a_shopper_a_shopper_signs_nothing_out(
    chain: Installation, db: Database, ana: Person
) -> None:
    _, token = add_phone(chain, ana)
    visit = accepted_visit(chain, ana)
    people_leaving.change(db, NOW, ana.person_id, role="shopper", sites=["vienna-1"], by="olu")
    assert devices.find(db, NOW, token) is not None
    assert token_of(db, visit.site_id, visit.visit_id) == visit.token


def test_somebody_elses_phones_and_visits_are_left_alone(
    chain: Installation, db: Database, ana: Person
) -> None:
    ben = add_shopper(chain, "ben")
    _, token = add_phone(chain, ben)
    visit = accepted_visit(chain, ben)
    people_leaving.remove(db, NOW, ana.email, by="olu")
    assert devices.find(db, NOW, token) is not None
    (seen,) = visits.of_shopper(db, ben.person_id)
    assert seen.visit.token == visit.token


# --- links ------------------------------------------------------------------------------------


def test_a_used_link_says_whether_it_was_for_a_phone(
    chain: Installation, db: Database, ana: Person
) -> None:
    token = people_joining.new_link(db, NOW, ana.person_id)
    with db.transaction():
        people_joining.enter(db, NOW, token, name="")
    with pytest.raises(InvitationGone) as gone:
        people_joining.invitation(db, NOW, token)
    assert (gone.value.reason, gone.value.for_phone) == ("used", True)
    assert "made a link for a phone" in acts(db)
