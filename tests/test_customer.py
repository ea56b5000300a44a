"""``/q/<code>`` without JavaScript: what a customer sees, sends, and is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import publishing
from surveys.draw import blocks
from surveys.installation import DATABASE_FILE, Installation
from surveys.instrument import Instrument
from surveys.store import sites
from surveys.store.sites import Site
from surveys.web.words import all_words
from tests.conftest import CODES, VISITS, WITHDRAWN, Clock

CODE = CODES["vienna-1"]
PAGE = f"/q/{CODE}"
LANGUAGES = tuple(all_words())
Fields = dict[str, str | list[str]]


@pytest.fixture
def counter(chain: Installation) -> Instrument:
    found = publishing.newest(chain.database(), "counter")
    assert found is not None
    return found


@pytest.fixture
def stored(chain: Installation) -> Callable[[], list[dict[str, Any]]]:
    """What lies in the database: id, status and the submission itself."""

    def read() -> list[dict[str, Any]]:
        rows = chain.database().rows(
            "SELECT submission_id, status, payload FROM submissions ORDER BY submission_id"
        )
        return [
            {"id": row["submission_id"], "status": row["status"], **json.loads(row["payload"])}
            for row in rows
        ]

    return read


def fields(page: TestResponse, **answers: str | list[str]) -> Fields:
    """The hidden fields of the form on a page, and answers."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {**{name: unescape(value) for name, value in hidden}, **answers}


def send(client: FlaskClient, page: TestResponse | None = None, **answers: str) -> TestResponse:
    page = page or client.get(PAGE)
    return client.post(PAGE, data=fields(page, **answers))


def words_in(page: TestResponse) -> str:
    text = re.sub(r"<(style|script|template).*?</\1>", "", page.text, flags=re.DOTALL)
    return unescape(re.sub("[ \n]+", " ", re.sub("<[^>]+>", " ", text)))


# --- the form ---------------------------------------------------------------------------------


def test_the_form_stands_on_its_own(client: FlaskClient, counter: Instrument) -> None:
    page = client.get(PAGE)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers
    hidden = fields(page)
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", str(hidden["id"])
    )
    assert hidden["form"] == counter.form
    text = words_in(page)
    assert "Vienna, Graben" in text
    assert (
        text.index("Compared with what you expected")
        < text.index("Anything to add?")
        < text.rindex("Send")
    )
    assert not re.search(r'(src|href|action)="(https?:)?//', page.text), "nothing from another host"
    assert " style=" not in page.text
    assert " on" not in re.sub(r">[^<]*<", "><", page.text).replace(" one", "")


def test_every_form_has_an_id_of_its_own(client: FlaskClient) -> None:
    assert len({str(fields(client.get(PAGE))["id"]) for _ in range(5)}) == 5


def test_three_scales_of_a_balanced_block_are_asked(
    client: FlaskClient, counter: Instrument
) -> None:
    assert counter.draw is not None
    keys = [item.key for item in counter.draw.items]
    allowed = {frozenset(keys[place] for place in block) for block in blocks(12, 3)}
    seen = set()
    for _ in range(60):
        page = client.get(PAGE)
        inert = page.text.index("<template")
        names = re.findall(r'<input type="radio" name="(\w+)" value="none">', page.text[:inert])
        assert frozenset(names) in allowed
        assert str(fields(page)["asked"]).split() == ["moment", *names]
        seen.add(frozenset(names))
    assert len(seen) > 20, "60 draws of 44 blocks that show 20 or fewer are no chance"


def test_a_scale_reads_from_its_low_end_to_seven(client: FlaskClient) -> None:
    page = client.get(PAGE, query_string={"lang": "en"})
    scale = re.search(r'<fieldset class="q s".*?</fieldset>', page.text, re.DOTALL)
    assert scale is not None
    assert re.findall(r'value="(\w+)"', scale[0]) == ["1", "2", "3", "4", "5", "6", "7", "none"]
    low, high = re.findall(r'<p class="e" id="(\w+)-[17]">', scale[0])
    assert low == high
    assert scale[0].index(f'{low}-1">') < scale[0].index('value="1"')
    assert scale[0].index('value="7"') < scale[0].index(f'<p class="e" id="{low}-7">')


def test_its_style_is_allowed_by_hash_and_nothing_inline_is(client: FlaskClient) -> None:
    page = client.get(PAGE)
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert re.search(r"style-src [^;]*'sha256-", policy)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language(client: FlaskClient, counter: Instrument, language: str) -> None:
    page = client.get(PAGE, query_string={"lang": language})
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in page.text
    text = words_in(page)
    assert counter.title[language] in text
    assert all_words()[language]["send"] in text
    for other in LANGUAGES:
        assert f'href="?lang={other}"' in page.text, "the switch stays on the code's own page"
        assert all_words()[other]["name"] in text


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.5", "fr"),
        ("ar-EG", "ar"),
        ("de,es;q=0.8", "es"),
        ("de", "en"),
        ("", "en"),
        ("*", "en"),
        ("x" * 5000, "en"),
    ],
)
def test_the_browsers_language(client: FlaskClient, accepted: str, expected: str) -> None:
    page = client.get(PAGE, headers={"Accept-Language": accepted})
    assert f'<html lang="{expected}"' in page.text
    assert "Accept-Language" in page.headers["Vary"]


def test_the_address_goes_before_the_browser_and_the_site_comes_last(client: FlaskClient) -> None:
    spanish = f"/q/{CODES['lisbon-1']}"  # a site whose language is Spanish
    assert '<html lang="es"' in client.get(spanish).text
    assert '<html lang="fr"' in client.get(spanish, headers={"Accept-Language": "fr"}).text
    asked = client.get(f"{spanish}?lang=ar", headers={"Accept-Language": "fr"})
    assert '<html lang="ar"' in asked.text
    unknown = client.get(f"{spanish}?lang=tlh", headers={"Accept-Language": "fr"})
    assert '<html lang="fr"' in unknown.text


def test_a_site_of_several_languages_opens_in_the_first(
    client: FlaskClient, chain: Installation
) -> None:
    with chain.database().transaction():
        sites.put(chain.database(), [Site("vienna-1", "Quai", "east", "Europe/Paris", "fr en")])
    assert '<html lang="fr"' in client.get(PAGE).text
    assert '<html lang="en"' in client.get(PAGE, headers={"Accept-Language": "en"}).text


def test_a_name_is_shown_as_it_is_and_does_nothing(
    client: FlaskClient, chain: Installation
) -> None:
    name = "Tom & Sons <script>alert(1)</script> \u202e{{ 7*7 }}"
    with chain.database().transaction():
        sites.put(chain.database(), [Site("vienna-1", name, "east", "Europe/Vienna", "en")])
    page = client.get(PAGE)
    assert "Tom &amp; Sons &lt;script&gt;alert(1)&lt;/script&gt; \u202e{{ 7*7 }}" in page.text
    assert "<script>alert" not in page.text


# --- what is sent -----------------------------------------------------------------------------


def test_a_post_is_answered_by_a_page_that_says_what_came(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    page = client.get(PAGE)
    hidden = fields(page, moment="better", come_back="true", comment="  Lovely.\r\nThank you.  ")
    scales = str(hidden["asked"]).split()[1:]
    hidden |= {scales[0]: "6", scales[1]: "none"}
    answer = client.post(PAGE, data=hidden)
    assert answer.status_code == 303
    said = client.get(answer.headers["Location"])
    assert said.status_code == 200
    assert said.headers["Cache-Control"] == "no-store"
    assert "Thank you." in words_in(said)
    assert "Answers received: 5." in words_in(said)
    (found,) = stored()
    assert found["status"] == "counted"
    assert found["id"] == hidden["id"]
    assert found["answers"] == {
        "moment": "better",
        scales[0]: 6,
        scales[1]: None,
        "come_back": True,
        "comment": "Lovely.\nThank you.",
    }
    assert found["asked"] == ["moment", *scales, "come_back", "comment"]
    assert found["language"] == "en"
    assert found["token"] == CODE


def test_times_are_of_the_site_and_begin_when_the_form_was_rendered(
    client: FlaskClient, clock: Clock, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    page = client.get(PAGE)
    clock.forward(seconds=40)
    send(client, page, moment="worse")
    (found,) = stored()
    assert found["started_at"] == "2026-11-22T10:00:00+01:00"
    assert found["finished_at"] == "2026-11-22T10:00:40+01:00"


def test_a_double_tap_counts_once(
    client: FlaskClient, clock: Clock, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    page = client.get(PAGE)
    first = send(client, page, moment="better")
    clock.forward(seconds=2)
    second = send(client, page, moment="better")
    assert first.status_code == second.status_code == 303
    assert "Thank you." in words_in(client.get(second.headers["Location"]))
    (found,) = stored()
    assert found["status"] == "counted"


def test_the_same_form_with_other_answers_is_kept_for_a_person(client: FlaskClient) -> None:
    page = client.get(PAGE)
    send(client, page, moment="better")
    again = send(client, page, moment="worse")
    assert again.status_code == 303
    assert "a person will read them" in words_in(client.get(again.headers["Location"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_ticked_shows_the_form_again(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]], language: str
) -> None:
    page = client.get(PAGE, query_string={"lang": language})
    again = client.post(f"{PAGE}?lang={language}", data=fields(page, comment="   "))
    assert again.status_code == 422
    assert all_words()[language]["empty"] in words_in(again)
    assert fields(again)["id"] == fields(page)["id"]
    assert str(fields(again)["asked"]).split()[:4] == str(fields(page)["asked"]).split()
    assert stored() == []


def test_an_answer_that_a_condition_hides_is_dropped_at_the_door(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    send(client, None, moment="better", told="true", went_wrong="false", contact="+43 1")
    (found,) = stored()
    assert found["status"] == "counted"
    assert found["answers"] == {"moment": "better", "went_wrong": False}


@pytest.mark.parametrize(
    "bad",
    [
        {"moment": "8"},
        {"went_wrong": "maybe"},
        {"comment": "x" * 100_000},
        {"moment": "better", "salary": "1000"},
        {"moment": "better", "form": "counter@000000000000"},
        {"moment": "better", "form": "nonsense"},
    ],
    ids=["moment", "yes_no", "long", "unknown question", "unknown version", "no version"],
)
def test_what_does_not_fit_is_kept_for_a_person(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]], bad: dict[str, str]
) -> None:
    answer = send(client, None, **bad)
    assert answer.status_code == 303
    said = words_in(client.get(answer.headers["Location"]))
    assert "a person will read them before they count" in said
    (found,) = stored()
    assert found["status"] == "held"
    for name, value in bad.items():
        assert value == (found["form"] if name == "form" else found["answers"][name])


@pytest.mark.parametrize("level", ["0", "8", "3.0", "true", "-1", "³", "1e1"])
def test_a_level_that_is_none_is_kept_for_a_person(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]], level: str
) -> None:
    page = client.get(PAGE)
    scale = str(fields(page)["asked"]).split()[1]
    assert send(client, page, **{scale: level}).status_code == 303
    (found,) = stored()
    assert found["status"] == "held"
    assert str(found["answers"][scale]) == level


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b><script>x()</script>",
        "=HYPERLINK(1)",
        "\u202eevil",
        "a\x00b\x07",
        "🙂",
        "السلام",
    ],
)
def test_words_are_stored_as_they_came(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]], text: str
) -> None:
    assert send(client, None, comment=text).status_code == 303
    (found,) = stored()
    assert found["answers"] == {"comment": text}
    assert found["status"] == "counted"


def test_a_form_that_lost_its_hidden_fields_is_not_lost(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]], counter: Instrument
) -> None:
    assert client.post(PAGE, data={"moment": "worse"}).status_code == 303
    assert client.post(PAGE, data={"moment": "worse", "id": "1; DROP"}).status_code == 303
    assert [found["status"] for found in stored()] == ["counted", "counted"]
    assert {found["form"] for found in stored()} == {counter.form}


def test_too_much_at_once_is_refused_in_words(client: FlaskClient) -> None:
    answer = send(client, None, comment="x" * 1_100_000)
    assert answer.status_code == 413
    assert "larger than we take" in words_in(answer)


# --- codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["nobody-knows", VISITS["vienna-1"], "%00", "a" * 3000])
def test_an_unknown_code_says_what_to_do(client: FlaskClient, code: str, language: str) -> None:
    page = client.get(f"/q/{code}?lang={language}")
    assert page.status_code == 404
    assert all_words()[language]["unknown_do"] in words_in(page)
    assert client.post(f"/q/{code}", data={"moment": "better"}).status_code == 404


def test_answers_under_an_unknown_code_stand_in_the_form_again(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    page = client.get(PAGE)
    answer = client.post("/q/nobody-knows", data=fields(page, moment="better", comment="Ah <b>"))
    assert answer.status_code == 404
    assert "could not be taken under this code" in words_in(answer)
    assert 'value="better" checked' in answer.text
    assert "Ah &lt;b&gt;</textarea>" in answer.text
    assert stored() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_withdrawn_code_says_so_kindly(client: FlaskClient, language: str) -> None:
    page = client.get(f"/q/{WITHDRAWN}?lang={language}")
    assert page.status_code == 410
    assert all_words()[language]["withdrawn_do"] in words_in(page)
    assert "<form" not in page.text


def test_a_form_kept_on_a_phone_still_arrives_after_its_code_was_withdrawn(
    client: FlaskClient, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    kept = fields(client.get(PAGE), moment="worse")
    answer = client.post(f"/q/{WITHDRAWN}", data=kept)
    assert answer.status_code == 303
    said = client.get(answer.headers["Location"])
    assert "has been replaced since" in words_in(said)
    assert all_words()["en"]["again"] not in words_in(said)
    (found,) = stored()
    assert found["status"] == "held"


# --- the thank-you ----------------------------------------------------------------------------


def test_nobody_is_thanked_for_what_never_came(client: FlaskClient) -> None:
    other = f"/q/{CODES['vienna-2']}/thanks"
    sealed = parse_qs(urlsplit(send(client, None, moment="better").headers["Location"]).query)["r"]
    for address in (f"{PAGE}/thanks", f"{PAGE}/thanks?r=made-up", f"{other}?r={sealed[0]}"):
        page = client.get(address)
        assert page.status_code == 200
        assert "Nothing was sent from this page" in words_in(page)
        assert "Thank you." not in words_in(page)
    assert client.get("/q/nobody-knows/thanks").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_thanks_in_the_language_of_the_form_and_in_the_others(
    client: FlaskClient, language: str
) -> None:
    page = client.get(PAGE, query_string={"lang": language})
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page.text)
    answer = client.post(unescape(action), data=fields(page, moment="better"))
    said = client.get(answer.headers["Location"])
    assert all_words()[language]["arrived"] in words_in(said)
    for other in LANGUAGES:
        (link,) = re.findall(rf'href="([^"]+)" lang="{other}"', said.text)
        switched = client.get(f"{PAGE}/thanks{unescape(link)}")
        assert all_words()[other]["arrived"] in words_in(switched)


# --- when nothing can be stored ---------------------------------------------------------------


def test_a_store_that_is_gone_loses_nothing(
    client: FlaskClient, chain: Installation, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    page = client.get(PAGE)
    database = chain.folder / DATABASE_FILE
    away = database.with_suffix(".away")
    database.rename(away)
    database.mkdir()  # whoever opens the store now finds no file
    answer = send(client, page, moment="worse", comment="It rained in.")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Keep this page" in words_in(answer)
    assert 'value="worse" checked' in answer.text
    assert "It rained in.</textarea>" in answer.text
    assert re.search(r"<details[^>]* open", answer.text), "what was written is in sight"
    assert fields(answer)["id"] == fields(page)["id"]
    database.rmdir()
    away.rename(database)
    assert send(client, answer, moment="worse", comment="It rained in.").status_code == 303
    (found,) = stored()
    assert found["status"] == "counted"
