"""The desk's sentences, days and numbers, as its reader is used to them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from markupsafe import Markup

from surveys import preferences, translation
from surveys.installation import Installation
from surveys.sentences import Sentence
from surveys.translation import locale_of
from surveys.web import sessions, speech
from tests.desk_people import enrol


def test_a_sentence_is_english_and_remembers_what_it_is_made_of() -> None:
    sentence = Sentence("There is no site “{site_id}”.", site_id="x7")
    assert sentence == "There is no site “x7”."
    assert (sentence.template, dict(sentence.values)) == (
        "There is no site “{site_id}”.",
        {"site_id": "x7"},
    )
    assert Sentence("braces {stay}") == "braces {stay}"


def test_a_template_says_its_numbers_anew_to_each_reader(app: Flask) -> None:
    """Also those that stand in it: Jinja would put them there as its first reader writes them."""
    template = app.jinja_env.from_string(
        "{{ 4.6 | decimal }} {{ 5000 | number }} {{ 0.5 | percent }} {{ '2026-11-22' | day }}"
    )
    for language, said in (
        ("en", "4.6 5,000 50% 22 Nov 2026"),
        ("fr", "4,6 5\u202f000 50\xa0% 22 nov. 2026"),
        ("es", "4,6 5.000 50\xa0% 22 nov 2026"),
    ):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert template.render() == said


def test_a_sentence_within_a_sentence_is_said_too() -> None:
    inner = Sentence("{n} sites", n=5000)
    assert translation.say(Sentence("Found: {what}", what=inner), locale_of("en")) == (
        "Found: 5,000 sites"
    )


@pytest.mark.parametrize(
    ("language", "preferred", "number", "day"),
    [
        ("en", [], "1,234.5", "22 Nov 2026"),
        ("en", ["en-US", "en"], "1,234.5", "Nov 22, 2026"),
        ("fr", ["en-US"], "1\u202f234,5", "22 nov. 2026"),
        ("es", ["es-MX"], "1,234.5", "22 nov 2026"),
        ("es", ["es-ES"], "1.234,5", "22 nov 2026"),
        ("fr", ["fr-XX"], "1\u202f234,5", "22 nov. 2026"),
    ],
)
def test_the_region_of_the_browser_decides_how_its_language_is_written(
    app: Flask, language: str, preferred: list[str], number: str, day: str
) -> None:
    locale = locale_of(language, preferred)
    shown = translation.shown({"n": 1234.5, "on": date(2026, 11, 22)}, locale)
    assert shown == {"n": number, "on": day}


def test_markup_makes_the_sentence_markup_and_all_else_is_escaped(app: Flask) -> None:
    with app.test_request_context("/desk"):
        said = speech.gettext("{name} & {link}", name="<b>", link=Markup("<a>"))
        assert said == Markup("&lt;b&gt; &amp; <a>")
        assert isinstance(said, Markup)
        assert speech.gettext("{name} & co", name="<b>") == "<b> & co"


def test_a_moment_is_shown_in_the_zone_of_most_of_ones_sites_or_as_chosen(
    app: Flask, chain: Installation
) -> None:
    person = enrol(chain.database(), "manager", regions=["east"])
    at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    with app.test_request_context("/desk"):
        sessions.begin(person)
        assert speech.moment(at) == "22 Nov 2026, 10:00 CET"
        assert speech.moment("2026-11-22T09:00:00.000000Z") == "22 Nov 2026, 10:00 CET"
        assert speech.moment(at, "Pacific/Auckland") == "22 Nov 2026, 22:00 NZDT"
    preferences.choose(chain.database(), person.person_id, {"timezone": "Europe/Lisbon"})
    with app.test_request_context("/desk"):
        sessions.begin(person)
        assert speech.moment(at) == "22 Nov 2026, 09:00 WET"


def test_a_chosen_language_goes_before_the_browsers(app: Flask, chain: Installation) -> None:
    person = enrol(chain.database(), "owner")
    asked = {"Accept-Language": "es-MX,es;q=0.9"}
    with app.test_request_context("/desk", headers=asked):
        sessions.begin(person)
        assert speech.language() == "es"
        assert speech.decimal(4.25, 2) == "4.25"
    preferences.choose(chain.database(), person.person_id, {"language": "fr"})
    with app.test_request_context("/desk", headers=asked):
        sessions.begin(person)
        assert speech.language() == "fr"
        assert speech.percent(0.5) == "50\xa0%"
    preferences.choose(chain.database(), person.person_id, {"language": None})
    with app.test_request_context("/desk"):
        sessions.begin(person)
        assert speech.language() == "en"
