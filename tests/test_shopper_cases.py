"""A shopper's pages of cases: without a script, one's own alone, nothing told before the end."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import certifying
from surveys.casebook import Case
from surveys.certifying import DRIFT, PRACTICE, TEST
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import calibration as store
from surveys.store.database import Database
from tests.conftest import Clock
from tests.desk_people import form_token
from tests.field import add_phone, add_shopper, phone

CASES = certifying.casebook()


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def press(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    """A form of a phone's page, sent."""
    token = form_token(client.get("/visits/cases"))
    return client.post(address, data={"csrf": token, **fields})


def begin(client: FlaskClient, kind: str) -> str:
    """The address of the attempt."""
    answer = press(client, "/visits/cases", kind=kind)
    assert answer.status_code == 303
    return str(answer.location)


def shown(page: TestResponse) -> Case:
    """The case that a page asks about."""
    found = re.search(r'name="case" value="(\w+)"', page.text)
    assert found, page.text
    return CASES[found[1]]


def answer_all(
    client: FlaskClient, address: str, levels: Callable[[Case], dict[str, int]]
) -> TestResponse:
    """Rate case after case until there is a result."""
    for _ in range(20):
        page = client.get(address)
        if 'name="case"' not in page.text:
            return page
        case = shown(page)
        assert press(client, address, case=case.key, **levels(case)).status_code == 303
    raise AssertionError("the test does not end")


def gold(case: Case) -> dict[str, int]:
    return dict(case.levels)


def text(page: TestResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


# --- practising -------------------------------------------------------------------------------


def test_practice_shows_ones_levels_beside_gold_with_the_reason_at_once(hers: FlaskClient) -> None:
    address = begin(hers, PRACTICE)
    page = hers.get(address)
    case = shown(page)
    scale = certifying.scales()[case.golds[0].scale].scale
    assert scale is not None
    assert all(behaviour["en"] in html.unescape(page.text) for behaviour in scale.anchors[7])
    assert case.golds[0].why["en"] not in html.unescape(page.text)
    levels = {gold.scale: 8 - gold.level for gold in case.golds}
    assert press(hers, address, case=case.key, **levels).location == address
    result = text(hers.get(address))
    for gold in case.golds:
        assert f"You: {8 - gold.level} · Gold: {gold.level}" in result
        assert " ".join(gold.why["en"].split()) in result
    assert "Practise on another case" in result
    assert "So far you have practised on 1 case." in text(hers.get("/visits/cases"))


def test_the_levels_stand_from_worst_to_best_and_none_did_not_come_up(hers: FlaskClient) -> None:
    page = hers.get(begin(hers, PRACTICE))
    for scale in shown(page).scales:
        values = re.findall(rf'<input type="radio" name="{scale}" value="(\w+)"', page.text)
        assert values == ["1", "2", "3", "4", "5", "6", "7"]


def test_a_level_that_is_missing_is_said_beside_its_scale_and_the_others_stay(
    hers: FlaskClient, db: Database
) -> None:
    address = begin(hers, PRACTICE)
    case = shown(hers.get(address))
    first, second = [gold.scale for gold in case.golds][:2]
    answer = press(hers, address, case=case.key, **{first: 3, second: "8"})
    assert answer.status_code == 422
    assert "Choose a level on each scale" in answer.text
    assert f'id="{second}-wrong"' in answer.text
    assert f'id="{first}-wrong"' not in answer.text
    assert f'name="{first}" value="3" checked' in answer.text
    assert store.ratings(db, address.rpartition("/")[2]) == []


@pytest.mark.parametrize("language", ["fr", "es"])
def test_a_case_is_told_in_the_readers_language(hers: FlaskClient, language: str) -> None:
    hers.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    page = hers.get(begin(hers, PRACTICE))
    case = shown(page)
    found = html.unescape(page.text)
    assert case.title[language] in found
    assert case.story[language].strip() in found
    assert case.title["en"] not in found


# --- the test ---------------------------------------------------------------------------------


def test_a_test_tells_nothing_before_its_end_and_then_all(hers: FlaskClient) -> None:
    address = begin(hers, TEST)
    for number in range(1, 11):
        page = hers.get(address)
        assert f"The test: case {number} of 10" in page.text
        assert "Gold" not in page.text
        case = shown(page)
        assert press(hers, address, case=case.key, **gold(case)).status_code == 303
    result = text(hers.get(address))
    assert "Passed. You are certified until" in result
    assert "Every level is gold." in result
    assert result.count("Gold:") >= 20
    home = text(hers.get("/visits/cases"))
    assert "You are certified until" in home
    assert "You can renew your certificate from" in home


def test_a_failed_test_says_why_and_when_the_next_may_be(
    hers: FlaskClient, clock: Clock, db: Database, ana: Person
) -> None:
    result = answer_all(hers, begin(hers, TEST), lambda case: dict.fromkeys(case.levels, 6))
    told = text(result)
    assert "Not passed this time." in told
    assert "levels from gold" in told
    assert "where a customer leaves for good: that alone keeps a test from being passed." in told
    assert "you are milder than the casebook" in told
    assert "One test a day" in text(hers.get("/visits/cases"))
    refused = press(hers, "/visits/cases", kind=TEST)
    assert refused.location == "/visits/cases"
    assert "It is too early for another test." in hers.get("/visits/cases").text
    clock.forward(hours=20)
    assert "Passed." in answer_all(hers, begin(hers, TEST), gold).text
    assert certifying.is_certified(db, ana.person_id, clock())


def test_a_test_goes_on_where_it_was_left(hers: FlaskClient) -> None:
    address = begin(hers, TEST)
    case = shown(hers.get(address))
    press(hers, address, case=case.key, **gold(case))
    home = text(hers.get("/visits/cases"))
    assert "You have begun the test; 9 cases are left." in home
    assert begin(hers, TEST) == address
    assert "The test: case 2 of 10" in hers.get(address).text


def test_a_case_that_was_rated_is_not_rated_again(hers: FlaskClient, db: Database) -> None:
    address = begin(hers, TEST)
    case = shown(hers.get(address))
    press(hers, address, case=case.key, **gold(case))
    kept = store.ratings(db, address.rpartition("/")[2])
    again = press(hers, address, case=case.key, **dict.fromkeys(case.levels, 1))
    assert again.location == address
    assert "You have rated this case already; the first levels stay." in hers.get(address).text
    assert store.ratings(db, address.rpartition("/")[2]) == kept


# --- refusals ---------------------------------------------------------------------------------


def test_somebody_elses_cases_are_not_found(
    app: Flask, chain: Installation, hers: FlaskClient, db: Database
) -> None:
    address = begin(hers, TEST)
    case = shown(hers.get(address))
    other = phone(app, add_phone(chain, add_shopper(chain, "ben"))[1])
    assert other.get(address).status_code == 404
    assert press(other, address, case=case.key, **gold(case)).status_code == 404
    assert store.ratings(db, address.rpartition("/")[2]) == []


def test_nothing_else_can_be_begun_and_no_case_that_is_not_there_rated(hers: FlaskClient) -> None:
    assert press(hers, "/visits/cases", kind="exam").status_code == 400
    assert press(hers, begin(hers, PRACTICE), case="no_such_case").status_code == 404


def test_a_case_that_is_not_due_cannot_be_begun(hers: FlaskClient) -> None:
    assert press(hers, "/visits/cases", kind=DRIFT).location == "/visits/cases"
    assert "No case is due" in hers.get("/visits/cases").text


# --- the certificate --------------------------------------------------------------------------


def test_a_shopper_reads_what_became_of_the_certificate(
    hers: FlaskClient, db: Database, ana: Person, clock: Clock
) -> None:
    assert "You have none yet." in text(hers.get("/visits/cases"))
    answer_all(hers, begin(hers, TEST), gold)
    certifying.withdraw(db, clock(), ana.person_id, "Three reports alike.", by="")
    withdrawn = text(hers.get("/visits/cases"))
    assert "withdrawn on" in withdrawn
    assert "Three reports alike." in withdrawn
    clock.forward(days=2)
    answer_all(hers, begin(hers, TEST), gold)
    assert "You are certified until" in text(hers.get("/visits/cases"))


def test_a_certificate_that_lapsed_says_so(
    app: Flask, chain: Installation, hers: FlaskClient, ana: Person, clock: Clock
) -> None:
    answer_all(hers, begin(hers, TEST), gold)
    clock.forward(days=180)
    again = phone(app, _phone_then(chain, ana, clock))
    assert "Your certificate lapsed on" in text(again.get("/visits/cases"))


def test_now_and_then_the_home_page_shows_a_case_and_its_result_at_once(
    hers: FlaskClient, clock: Clock, db: Database, ana: Person
) -> None:
    offer = "A case to keep your eye in"
    answer_all(hers, begin(hers, TEST), gold)
    assert offer not in hers.get("/visits").text
    clock.forward(days=30)
    assert offer in hers.get("/visits").text
    result = answer_all(hers, begin(hers, DRIFT), gold)
    assert "Every level is gold." in text(result)
    assert "Back to your visits" in result.text
    assert offer not in hers.get("/visits").text
    (drift,) = [one for one in store.ratings_of(db, ana.person_id) if one.kind == DRIFT][:1]
    assert drift.at_utc > (clock() - timedelta(minutes=1)).isoformat()


def _phone_then(chain: Installation, person: Person, clock: Clock) -> str:
    """A phone that signs in now: the first one's time is over."""
    from surveys import devices  # noqa: PLC0415

    db = chain.database()
    with db.transaction():
        return devices.sign_in(db, clock(), person, "iPhone")[1]


def test_a_case_of_somebody_elses_attempt_is_neither_shown_nor_rated(
    hers: FlaskClient, db: Database, ana: Person
) -> None:
    address = begin(hers, PRACTICE)
    (attempt,) = store.of_person(db, ana.person_id)
    other = next(key for key in CASES if key not in attempt.cases)
    answer = press(hers, address, case=other)  # and no levels
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert store.ratings(db, attempt.attempt_id) == []
