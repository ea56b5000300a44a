"""The other voices: managers observe and forecast, staff forecast, by a link of their site."""

from __future__ import annotations

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from surveys import codes, publishing, voices
from surveys.codes import CodeError
from surveys.installation import Installation
from surveys.instrument import Instrument, Item
from surveys.sites import UnknownSite
from surveys.store import audit as audit_store
from surveys.store import tokens
from surveys.store.database import Database, Row
from surveys.voices import LinkError, Voice
from surveys.web.words import all_words
from tests.conftest import NOW

SITE = "vienna-1"
VOICES = (voices.OBSERVING, voices.MANAGER_FORECAST, voices.STAFF_FORECAST)


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def answer(item: Item) -> Any:
    """An answer that fits, in JSON."""
    return {
        "scale": 5,
        "moment": "better",
        "yes_no": False,
        "integer": 12,
        "text": "Words of somebody",
        "date": "2026-12-01",
        "datetime": "2026-11-22T08:00:00+01:00",
    }[item.type]


def answers(instrument: Instrument) -> dict[str, Any]:
    """Every question answered, whatever their conditions say."""
    return {key: answer(item) for key, item in instrument.items.items() if item.type != "note"}


def plain(found: dict[str, Any]) -> dict[str, str]:
    """The same as a browser posts it."""

    def text(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return re.sub(r":00\+01:00$", "", str(value))

    return {key: text(value) for key, value in found.items()}


def stored(db: Database) -> list[Row]:
    return list(db.rows("SELECT * FROM submissions ORDER BY received_utc"))


def instrument_of(db: Database, voice: Voice) -> Instrument:
    found = publishing.newest(db, voice.instrument)
    assert found is not None
    return found


# --- links ------------------------------------------------------------------------------------


def test_what_ships_gives_three_voices(db: Database) -> None:
    assert set(voices.every(db)) == set(VOICES)


def test_one_link_for_all_of_a_site_who_have_a_voice(db: Database) -> None:
    made = {voice: voices.issue(db, SITE, voice, NOW) for voice in VOICES}
    assert len(set(made.values())) == 3
    for voice, token in made.items():
        assert voices.issue(db, SITE, voice, NOW + timedelta(days=9)) == token
        found = tokens.find(db, token)
        assert found is not None
        assert (found.kind, found.site_id, found.source) == ("invitation", SITE, voice.source)
        assert (found.instrument, found.touchpoint) == (voice.instrument, None)
    assert voices.issue(db, "vienna-2", voices.OBSERVING, NOW) not in made.values()
    assert list(codes.of(db, SITE)) == [
        token for token in tokens.of_site(db, SITE) if token.kind == "code"
    ]


def test_a_link_is_no_link_to_join(db: Database) -> None:
    token = voices.issue(db, SITE, voices.STAFF_FORECAST, NOW)
    assert re.fullmatch(r"[A-Za-z0-9]{16}", token)
    assert db.row("SELECT COUNT(*) AS n FROM invitations") == {"n": 0}


def test_two_who_ask_at_once_get_the_same_link(chain: Installation) -> None:
    def ask(number: int) -> str:
        return voices.issue(chain.new_database(), SITE, voices.OBSERVING, NOW)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_there_is_no_link_for_a_voice_or_a_site_there_is_not(db: Database) -> None:
    with pytest.raises(LinkError, match="No published instrument"):
        voices.issue(db, SITE, Voice("counter", "customer"), NOW)
    with pytest.raises(LinkError, match="No published instrument"):
        voices.issue(db, SITE, Voice("mirror", "forecast"), NOW)
    with pytest.raises(UnknownSite):
        voices.issue(db, "nowhere", voices.OBSERVING, NOW)


def test_a_forecast_never_hangs_on_a_wall(db: Database) -> None:
    with pytest.raises(CodeError, match="never by a code on the wall"):
        codes.issue(db, SITE, None, "mirror", NOW)


def test_withdrawn_with_a_reason_it_stays_closed_until_a_new_one_is_made(db: Database) -> None:
    first = voices.issue(db, SITE, voices.STAFF_FORECAST, NOW)
    voices.withdraw(db, first, "It was  sent outside.", NOW, by="olga")
    with pytest.raises(LinkError, match=r"closed here: It was sent outside\."):
        voices.issue(db, SITE, voices.STAFF_FORECAST, NOW, by="max", reopen=False)
    with pytest.raises(LinkError, match="withdrawn already"):
        voices.withdraw(db, first, "Again", NOW)
    second = voices.issue(db, SITE, voices.STAFF_FORECAST, NOW + timedelta(days=1), by="olga")
    assert second != first
    assert voices.issue(db, SITE, voices.STAFF_FORECAST, NOW, by="max", reopen=False) == second


def test_a_renewed_link_takes_the_place_of_the_old(db: Database) -> None:
    first = voices.issue(db, SITE, voices.STAFF_FORECAST, NOW)
    second = voices.renew(db, first, "Half of them have left.", NOW + timedelta(days=1))
    old, new = tokens.find(db, first), tokens.find(db, second)
    assert old is not None
    assert new is not None
    assert (old.active, old.replaced_by) == (False, second)
    assert (new.active, new.source, new.kind) == (True, "staff_forecast", "invitation")
    assert voices.latest(db, SITE)[voices.STAFF_FORECAST].token == second


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_taking_a_link_back_needs_a_reason(db: Database, reason: str) -> None:
    token = voices.issue(db, SITE, voices.OBSERVING, NOW)
    for act in (voices.withdraw, voices.renew):
        with pytest.raises(LinkError, match="Say why"):
            act(db, token, reason, NOW)
    found = tokens.find(db, token)
    assert found is not None
    assert found.active


def test_a_customers_code_is_not_taken_back_here(db: Database) -> None:
    code = codes.issue(db, SITE, None, "counter", NOW)
    with pytest.raises(LinkError, match="no such link"):
        voices.withdraw(db, code, "Why not", NOW)


def test_who_made_and_took_back_a_link_is_written_down_without_the_link(db: Database) -> None:
    first = voices.issue(db, SITE, voices.OBSERVING, NOW, by="max", reopen=False)
    second = voices.renew(db, first, "Lost", NOW, by="olga")
    voices.withdraw(db, second, "Done", NOW, by="olga")
    diary = [row for row in audit_store.newest_first(db, 10) if row["subject"] == "link"]
    told = [(row["action"], row["person_id"]) for row in diary]
    assert sorted(told) == [("issued", "max"), ("replaced", "olga"), ("withdrawn", "olga")]
    for row in diary:
        assert json.loads(row["detail"])["source"] == "manager"
        assert first not in row["detail"]
        assert second not in row["detail"]


# --- the forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("voice", VOICES, ids=str)
def test_a_filled_form_is_accepted_without_javascript(
    client: FlaskClient, db: Database, voice: Voice
) -> None:
    token = voices.issue(db, SITE, voice, NOW)
    instrument = instrument_of(db, voice)
    page = client.get(f"/q/{token}?lang=en").text
    for key, item in instrument.items.items():
        assert f'data-k="{key}"' in page
        assert f'data-t="{item.type}"' in page
    sent = answers(instrument)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    posted = client.post(f"/q/{token}?lang=en", data={**dict(fields), **plain(sent)})
    assert posted.status_code == 303, posted.text
    assert "have arrived" in client.get(posted.location).text
    (row,) = stored(db)
    assert (row["status"], row["source"], row["problems"]) == ("counted", voice.source, "[]")
    assert json.loads(row["payload"])["answers"] == sent
    dimensions = [f for f, level in json.loads(row["marks"]) if level == "5"]
    assert [facet for facet in dimensions if facet.startswith("dimension:")]


@pytest.mark.parametrize("voice", VOICES, ids=str)
def test_a_filled_form_is_accepted_from_the_queue_of_a_phone(
    client: FlaskClient, db: Database, voice: Voice
) -> None:
    token = voices.issue(db, SITE, voice, NOW)
    instrument = instrument_of(db, voice)
    receipt = send(client, token, instrument, answers(instrument))
    assert receipt["status"] == "accepted"
    (row,) = stored(db)
    assert row["source"] == voice.source


def test_what_a_condition_hides_is_dropped_at_the_door_and_held_from_elsewhere(
    client: FlaskClient, db: Database
) -> None:
    token = voices.issue(db, SITE, voices.STAFF_FORECAST, NOW)
    mirror = instrument_of(db, voices.STAFF_FORECAST)
    sent = {"welcome": 5, "accept_it": True, "not_accepted": "Hidden words"}
    assert client.post(f"/q/{token}", data=plain(sent)).status_code == 303
    (row,) = stored(db)
    assert "not_accepted" not in json.loads(row["payload"])["answers"]
    receipt = send(client, token, mirror, sent)
    assert receipt["status"] == "held"
    assert receipt["problems"][0]["code"] == "hidden_by_condition"


def test_an_hour_without_its_length_is_held(client: FlaskClient, db: Database) -> None:
    token = voices.issue(db, SITE, voices.OBSERVING, NOW)
    receipt = send(client, token, instrument_of(db, voices.OBSERVING), {"welcome": 5})
    assert receipt["status"] == "held"
    assert {problem["path"] for problem in receipt["problems"]} == {
        "/answers/began_at",
        "/answers/minutes",
    }


def test_a_link_opens_its_own_form_alone(client: FlaskClient, db: Database) -> None:
    token = voices.issue(db, SITE, voices.STAFF_FORECAST, NOW)
    receipt = send(client, token, instrument_of(db, Voice("counter", "customer")), {"welcome": 1})
    assert receipt["status"] == "held"
    assert receipt["problems"][0]["code"] == "other_instrument"


def test_what_comes_under_a_withdrawn_link_is_held(client: FlaskClient, db: Database) -> None:
    token = voices.issue(db, SITE, voices.STAFF_FORECAST, NOW)
    voices.withdraw(db, token, "It was sent outside.", NOW)
    page = client.get(f"/q/{token}?lang=en")
    assert page.status_code == 410
    assert "This link has been closed" in page.text
    assert "code" not in re.sub(r"<(style|script).*?</\1>", "", page.text, flags=re.DOTALL)
    posted = client.post(f"/q/{token}?lang=en", data={"welcome": "5"})
    assert "The link you used" in client.get(posted.location).text
    assert stored(db)[0]["status"] == "held"


def test_a_whole_back_office_on_one_wi_fi_is_nobody_twice(
    client: FlaskClient, db: Database
) -> None:
    token = voices.issue(db, SITE, voices.STAFF_FORECAST, NOW)
    for _ in range(9):  # all in the same minute, from the same address
        assert client.post(f"/q/{token}", data={"welcome": "5"}).status_code == 303
    assert [row["status"] for row in stored(db)] == ["counted"] * 9
    assert not any("repeat" in row["flags"] for row in stored(db))
    code = codes.issue(db, SITE, None, "counter", NOW)
    for _ in range(2):  # a customer who is quick to come again is noticed all the same
        client.post(f"/q/{code}", data={"moment": "better"})
    assert sum("repeat" in row["flags"] for row in stored(db)) == 1


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
@pytest.mark.parametrize("voice", VOICES, ids=str)
def test_the_page_speaks_to_those_who_work_there(
    client: FlaskClient, db: Database, voice: Voice, language: str
) -> None:
    """Not in a customer's words, and without a cookie."""
    token = voices.issue(db, SITE, voice, NOW)
    form = client.get(f"/q/{token}?lang={language}")
    hour = {"minutes": "60", "began_at": "2026-11-22T08:00"}
    sent = {"welcome": "5"} | (hour if voice == voices.OBSERVING else {})
    posted = client.post(f"/q/{token}?lang={language}", data=sent)
    thanks = client.get(posted.location)
    spoken = all_words()[language] if language in form.text[:60] else all_words()["en"]
    for name in ("intro", "intro_long"):
        assert spoken[name] not in form.text
    said = all_words()[language]
    for name in ("arrived", "nameless", "again"):
        assert said[name] not in thanks.text
        assert said[f"{name}_inside"] in thanks.text
    for answered in (form, posted, thanks):
        assert "Set-Cookie" not in answered.headers


def send(
    client: FlaskClient, token: str, instrument: Instrument, given: dict[str, Any]
) -> dict[str, Any]:
    record = {
        "id": str(uuid.uuid4()),
        "form": instrument.form,
        "token": token,
        "answers": given,
        "language": "en",
        "started_at": "2026-11-22T08:00:00+00:00",
        "finished_at": "2026-11-22T08:30:00+00:00",
    }
    sent = {"sent_at": "2026-11-22T09:00:00+00:00", "submissions": [record]}
    found = client.post("/api/submissions", json=sent)
    assert found.status_code == 200, found.text
    receipt: dict[str, Any] = found.get_json()["receipts"][0]
    return receipt
