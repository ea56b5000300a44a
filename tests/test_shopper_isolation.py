"""Nobody reaches another shopper's visits, reports, photos, phones or cases, by any address."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import certifying, visits, visits_desk
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import visits as store
from tests.conftest import NOW
from tests.desk_people import HTML, form_token
from tests.field import (
    FACTS,
    accepted_visit,
    add_phone,
    listed,
    phone,
    photo,
    put_file,
    report_of,
    send,
    sha256,
)

PICTURE = photo()
SECRET_WORDS = "The lamp over the third till was broken."


@pytest.fixture
def his(app: Flask, chain: Installation, ben: Person) -> FlaskClient:
    return phone(app, add_phone(chain, ben)[1])


def reported(chain: Installation, client: FlaskClient, ana: Person) -> tuple[visits.Visit, str]:
    """A visit of Ana's with her report and a photo, and the report's id."""
    visit = accepted_visit(chain, ana, briefing="Ask for the blue one.")
    assert visit.token is not None
    files = [{**listed(PICTURE)[0], "question": "photo_front"}]
    answers = {**FACTS, "comment": SECRET_WORDS, "photo_front": [sha256(PICTURE)]}
    record = report_of(chain, visit.token, answers=answers, files=files)
    (receipt,) = send(chain, record)
    assert receipt.status == "accepted"
    assert put_file(client, record, PICTURE).status_code == 201
    return visit, record["id"]


def addresses(app: Flask, values: dict[str, str]) -> list[tuple[str, str]]:
    """Every address of a shopper's phone that names something, with Ana's things in it."""
    urls = app.url_map.bind("localhost")
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/visits/") and rule.arguments:
            given = {name: values[name] for name in rule.arguments}
            methods = sorted((rule.methods or set()) & {"GET", "POST"})
            found += [(method, urls.build(rule.endpoint, given, method)) for method in methods]
    return found


def test_no_address_leads_to_what_is_another_shoppers(
    app: Flask, chain: Installation, ana: Person, hers: FlaskClient, his: FlaskClient
) -> None:
    visit, _ = reported(chain, hers, ana)
    attempt = certifying.begin(
        chain.database(), NOW, ana.person_id, "practice", certifying.casebook()
    )
    values = {
        "visit_id": visit.visit_id,
        "sha256": sha256(PICTURE),
        "attempt_id": attempt.attempt_id,
        "device_id": add_phone(chain, ana)[0],
    }
    his_token = form_token(his.get("/visits/interests", headers=HTML))
    asked = addresses(app, values)
    assert len(asked) >= 9
    for method, address in asked:
        answer = his.open(address, method=method, data={"csrf": his_token, "words": "x"})
        assert answer.status_code == 404, f"{method} {address}"
        for word in ("Graben", "blue one", SECRET_WORDS):
            assert word not in answer.text, f"{method} {address}"


def test_no_list_shows_what_is_another_shoppers(
    chain: Installation, ana: Person, hers: FlaskClient, his: FlaskClient
) -> None:
    visit, report = reported(chain, hers, ana)
    told = [visit.visit_id, visit.code, visit.token or "", report, "blue one", SECRET_WORDS]
    for page in ("/visits", "/visits/queue", "/visits/ready", "/visits/work", "/visits/here"):
        text = his.get(page).text
        assert [word for word in told if word in text] == [], page
    assert visit.visit_id not in (his.get(f"/visits/find?code={visit.code}").location or "")
    assert visit.visit_id in hers.get("/visits/ready").text  # else nothing was looked for


def test_another_shoppers_token_moves_no_photo(
    chain: Installation, ana: Person, ben: Person, hers: FlaskClient
) -> None:
    visit, report = reported(chain, hers, ana)
    other = accepted_visit(chain, ben, site_id=visit.site_id)
    assert other.token is not None
    sent = {"id": report, "token": other.token}
    assert put_file(hers, sent, PICTURE).status_code == 404


def test_who_gets_a_visit_after_another_sees_nothing_of_the_first(
    chain: Installation, ana: Person, ben: Person, hers: FlaskClient, his: FlaskClient
) -> None:
    db = chain.database()
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    old = visit.token
    visits_desk.give_away(db, NOW, visit, [ben.person_id], "Ana is ill.", by="")
    left = hers.get(f"/visits/{visit.visit_id}").text
    assert "This visit is not yours any more." in left
    assert f'data-token="{old}"' in left  # what she has begun can be sent, and is held
    (receipt,) = send(chain, report_of(chain, old, answers={**FACTS, "comment": SECRET_WORDS}))
    assert receipt.status == "held"
    open_to_him = store.by_id(db, visit.visit_id)
    assert open_to_him is not None
    visits.accept(db, NOW, open_to_him, ben.person_id)

    (found,) = visits.of_shopper(db, ben.person_id)
    assert (found.state, list(found.reports)) == ("accepted", [])
    for page in (f"/visits/{visit.visit_id}", f"/visits/{visit.visit_id}/report", "/visits/queue"):
        assert SECRET_WORDS not in his.get(page).text
    left = hers.get(f"/visits/{visit.visit_id}").text
    assert found.visit.token not in (None, old)
    assert str(found.visit.token) not in left
    assert visit.visit_id not in hers.get("/visits").text
