"""The words, the renderer with every type of item, the assets and the compression."""

from __future__ import annotations

import gzip
import re
import string
import uuid
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.datastructures import LanguageAccept

from surveys import publishing
from surveys.checking import SHIPPED, load
from surveys.ids import uuid7
from surveys.instrument import Instrument
from surveys.web import assets, rendering, words
from surveys.web.compression import compress
from tests.conftest import CODES

LANGUAGES = tuple(words.all_words())
SCALE = {
    "key": "welcome",
    "level": "employee",
    "status": "provisional",
    "name": {"en": "Welcome"},
    "ask": {"en": "How were you greeted?", "ar": "كيف كان الاستقبال؟"},
    "low": {"en": "Nobody looked up"},
    "high": {"en": "A smile at once"},
    "anchors": {
        "7": [{"en": "Seven"}, {"en": "Sept"}],
        "4": [{"en": "Four"}],
        "1": [{"en": "One"}],
    },
    "coaching": {"en": "Look up."},
}


def instrument(*items: dict[str, Any], **more: Any) -> Instrument:
    return Instrument.from_document(
        {
            "instrument": "trial",
            "title": {"en": "Trial", "ar": "تجربة"},
            "source": "customer",
            "mode": "routine",
            "review": "none",
            "languages": ["en", "ar"],
            "sections": [{"title": {"en": "First"}, "items": list(items)}],
            **more,
        }
    )


def item(key: str, type_: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": type_, "ask": {"en": f"Ask {key}"}, **more}


class Reader(HTMLParser):
    """Reads a form as a browser would, and objects to what is not well made."""

    VOID = ("input", "meta", "link", "br")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.stack == [], f"never closed: {self.stack}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag, f"</{tag}> closes another"

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag in tags]


# --- words ------------------------------------------------------------------------------------


def test_every_language_has_every_word() -> None:
    english = set(words.all_words()["en"])
    for language, found in words.all_words().items():
        assert set(found) == english, language
        assert all(text.strip() for text in found.values()), language


def test_those_who_work_there_have_their_own_words_where_there_are_any() -> None:
    for language in LANGUAGES:
        customer, every = words.words(language), words.all_words()[language]
        assert words.words(language, "shopper") == customer == every
        for source in ("manager", "staff", "manager_forecast", "staff_forecast", "forecast"):
            said = words.words(language, source)
            assert said["arrived"] == every["arrived_inside"]
            forecasts = source.endswith("forecast")
            assert said["none"] == every["none_forecast" if forecasts else "none"]
            assert said["send"] == every["send"]
        assert words.words(language, "manager")["intro"] == every["intro_manager"]
        assert words.words(language, "staff_forecast")["intro"] == every["intro_forecast"]


def test_every_ending_stands_behind_a_word() -> None:
    for name in words.all_words()["en"]:
        for ending in ("_inside", "_manager", "_forecast"):
            assert name.removesuffix(ending) in words.all_words()["en"]


def test_every_language_fills_in_the_same() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for language, found in words.all_words().items():
        for name, text in found.items():
            assert places(text) == places(words.all_words()["en"][name]), (language, name)


def test_the_phone_gets_words_that_exist_and_no_others() -> None:
    source = (rendering.STATIC / "form.js").read_text(encoding="utf-8")
    used = set(re.findall(r"words\.(\w+)", source))
    assert used == set(words.FOR_THE_PHONE)
    assert used <= set(words.words("en"))


def test_a_text_that_lacks_a_language_says_which_it_is_in() -> None:
    text = {"fr": "Bonjour", "en": "Hello"}
    assert words.say(text, "fr") == words.Said("Bonjour", "fr")
    assert words.say(text, "ar", ["fr", "en"]) == words.Said("Bonjour", "fr")
    assert words.say(text, "ar") == words.Said("Hello", "en")
    assert words.say({"es": "Hola"}, "ar") == words.Said("Hola", "es")


def test_choosing_a_language() -> None:
    def choose(asked: str | None, accepted: list[tuple[str, float]], *site: str) -> str:
        return words.choose(
            ("en", "fr", "es"), asked=asked, accepted=LanguageAccept(accepted), site=site
        )

    assert choose("es", [("fr", 1)], "en") == "es"
    assert choose(None, [("fr-BE", 1)], "en") == "fr"
    assert choose("de", [("nl", 1)], "es") == "es"
    assert choose(None, [], "nl") == "en"
    assert choose(None, [], "nl", "fr", "es") == "fr"
    assert choose(None, []) == "en"


# --- the renderer -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("file", publishing.SHIPPED_FILES)
def test_shipped_forms_are_well_made(file: str, language: str) -> None:
    shipped = load(SHIPPED / file)
    form = rendering.render_form(shipped, language, submission_id="x", scripts=True)
    page = Reader(
        rendering.render_form_page(
            shipped, language, form, languages=shipped.languages, scripts="/static/v-1/"
        )
    )
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(set(ids)) == len(ids)
    for attrs in page.all("input", "textarea"):
        described = attrs.get("aria-describedby")
        assert described is None or described in ids
        if attrs.get("type") not in ("hidden", "radio", "checkbox"):
            assert attrs["id"] in [label.get("for") for label in page.all("label")]
        assert "placeholder" not in attrs, "a placeholder is no label"
    names = {attrs["name"] for attrs in page.all("input", "textarea")} - {"id", "form", "asked"}
    assert names == {key for key, one in shipped.items.items() if one.type != "note"}


def test_every_type_has_its_field() -> None:
    form = Reader(
        rendering.render_form(
            instrument(
                item("feeling", "moment"),
                item("again", "yes_no"),
                item("why", "choice", choices=[{"key": "price", "label": {"en": "Price"}}]),
                item("seen", "choices", choices=[{"key": "queue", "label": {"en": "Queue"}}]),
                item("count", "integer", min=0, max=9),
                item("minutes", "number", unit="min"),
                item("words", "text", max_length=50),
                item("reach", "contact"),
                item("day", "date"),
                item("hour", "time"),
                item("moment_of", "datetime"),
                item("waited", "duration", max=600),
                item("front", "photo"),
                item("receipt", "photo", max_photos=1),
                item("here", "place"),
                item("hint", "note"),
            ),
            "en",
        )
    )
    fields = {attrs["name"]: attrs for attrs in form.all("input", "textarea")}
    assert fields["feeling"]["type"] == fields["why"]["type"] == "radio"
    assert fields["seen"]["type"] == "checkbox"
    assert fields["count"]["inputmode"] == "numeric"
    assert fields["minutes"]["inputmode"] == "decimal"
    assert fields["words"]["maxlength"] == "50"
    assert fields["day"]["type"] == "date"
    assert fields["hour"]["type"] == "time"
    assert fields["moment_of"]["type"] == "datetime-local"
    assert (fields["waited"]["type"], fields["waited"]["inputmode"]) == ("text", "decimal")
    assert fields["here"]["type"] == "text"
    for key in ("front", "receipt"):
        assert fields[key]["type"] == "file"
        assert (fields[key]["accept"], fields[key]["capture"]) == ("image/*", "environment")
        assert ("multiple" in fields[key]) == (key == "front")
        assert "value" not in fields[key]
    assert "hint" not in fields
    (sent,) = form.all("form")
    assert sent["enctype"] == "multipart/form-data"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_timed_photographed_or_located_says_how_it_is_written(language: str) -> None:
    form = rendering.render_form(
        instrument(
            item("waited", "duration", max=600),
            item("least", "duration", min=90),
            item("free", "duration"),
            item("front", "photo", max_photos=2),
            item("receipt", "photo", max_photos=1),
            item("here", "place"),
        ),
        language,
    )
    hints = dict(re.findall(r'id="(\w+)-h">\s*(.*?)</p>', form))
    said = words.words(language)
    assert hints == {
        "waited": f"{said['duration']} · {said['at_most'].format(max='10:00')}",
        "least": f"{said['duration']} · {said['at_least'].format(min='1:30')}",
        "free": said["duration"],
        "front": said["photos"].format(max=2),
        "receipt": said["photo"],
        "here": said["place"],
    }
    # what is typed is written from left to right, in Arabic too
    fields = {attrs["name"]: attrs for attrs in Reader(form).all("input")}
    assert [fields[key].get("dir") for key in ("waited", "here")] == ["ltr", "ltr"]
    # and a script of later finds the question as it finds every other
    assert re.findall(r'<div class="q" data-k="(\w+)" data-t="(\w+)"', form) == [
        ("waited", "duration"),
        ("least", "duration"),
        ("free", "duration"),
        ("front", "photo"),
        ("receipt", "photo"),
        ("here", "place"),
    ]


def test_a_form_without_photos_is_not_sent_in_parts() -> None:
    assert "enctype" not in rendering.render_form(instrument(item("words", "text")), "en")


def test_a_full_scale_shows_behaviour_at_one_four_and_seven_the_best_last() -> None:
    form = rendering.render_form(instrument({"type": "scale", "scale": SCALE}), "en")
    rows = re.findall(r'value="(\w+)"[^>]*>(.*?)</label>', form)
    text = {value: re.sub("<[^>]+>", " ", rest).split() for value, rest in rows}
    assert list(text) == ["1", "2", "3", "4", "5", "6", "7", "none"]
    assert text["7"] == ["7", "Seven", "Sept"]
    assert text["4"] == ["4", "Four"]
    assert text["1"] == ["1", "One"]
    assert text["2"] == ["2"], "the rows between are bare"


def test_a_text_in_another_language_is_marked_where_it_stands() -> None:
    form = rendering.render_form(instrument({"type": "scale", "scale": SCALE, "short": True}), "ar")
    assert "<legend>كيف كان الاستقبال؟" in form
    assert '<span lang="en" dir="ltr">Nobody looked up</span>' in form


def test_required_is_said_and_left_to_the_server_where_nobody_could_see_the_field() -> None:
    trial = instrument(
        item("first", "text", required=True),
        item("second", "text", required=True, show_if={"first": "x"}),
    )
    form = rendering.render_form(trial, "en")
    fields = {attrs["name"]: attrs for attrs in Reader(form).all("textarea")}
    assert "required" in fields["first"]
    assert "required" not in fields["second"]
    assert form.count("(needed)") == 2


def test_what_was_filled_in_stands_there_again() -> None:
    trial = instrument(
        item("words", "text"),
        item("seen", "choices", choices=[{"key": k, "label": {"en": k}} for k in ("a", "b", "c")]),
    )
    nasty = '\n</textarea><script>"&'
    form = rendering.render_form(trial, "en", filled={"words": [nasty], "seen": ["a", "c"]})
    assert "</textarea><script>" not in form
    # a browser drops the first new line of a textarea, so one stands before the text
    assert re.search(
        r"<textarea[^>]*>\n\n&lt;/textarea&gt;&lt;script&gt;&#34;&amp;</textarea>", form
    )
    assert [a["value"] for a in Reader(form).all("input") if "checked" in a] == ["a", "c"]


# --- ids, assets, compression -----------------------------------------------------------------


def test_ids_are_version_7_and_tell_their_time() -> None:
    at = datetime(2026, 11, 22, 9, 0, 0, 123000, tzinfo=UTC)
    made = [uuid.UUID(uuid7(at)) for _ in range(100)]
    assert len(set(made)) == 100
    for one in made:
        assert one.version == 7
        assert one.variant == uuid.RFC_4122
        assert one.int >> 80 == int(at.timestamp() * 1000)


def test_a_module_lies_under_an_address_that_never_changes_its_content(
    client: FlaskClient,
) -> None:
    page = client.get(f"/q/{CODES['vienna-1']}")
    (address,) = re.findall(r'<script type="module" src="([^"]+)"', page.text)
    module = client.get(address)
    assert module.mimetype == "text/javascript"
    assert "immutable" in module.headers["Cache-Control"]
    assert "import" not in module.text, "all it needs came with it"
    assert client.get("/static/v-000000000000/form.js").status_code == 404
    assert client.get(f"{assets.folder()}secret.js").status_code == 404
    assert client.get(f"{assets.folder()}sw.js").status_code == 404


def test_the_service_worker_is_asked_for_anew_each_time(client: FlaskClient) -> None:
    worker = client.get("/sw.js")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert worker.headers["Service-Worker-Allowed"] == "/"
    assert assets.folder() in worker.text
    tag = worker.headers["ETag"]
    assert client.get("/sw.js", headers={"If-None-Match": tag}).status_code == 304


PARTS = sorted({part for parts in (*assets.MODULES.values(), assets.WORKER) for part in parts})


@pytest.mark.parametrize("name", PARTS)
def test_modules_travel_without_comments(name: str) -> None:
    source = assets.source(name)
    assert "/**" not in source
    assert "Comments stand" not in source
    assert "\n" not in source


@pytest.mark.parametrize("parts", [*assets.MODULES.values(), assets.WORKER])
def test_the_parts_of_a_bundle_find_each_other(parts: tuple[str, ...]) -> None:
    """They share their names: each stands there once, and nothing is left to be imported."""
    assert not re.search(r"\bimport\b", assets.in_one(parts))
    named = re.compile(r"(?m)^(?:export )?(?:async )?(?:function|const|let|class) (\w+)")
    names = Counter(
        found
        for part in parts
        for found in named.findall((rendering.STATIC / part).read_text(encoding="utf-8"))
    )
    assert names
    assert [found for found, times in names.items() if times > 1] == []


@pytest.fixture
def plain() -> FlaskClient:
    app = Flask(__name__)
    app.testing = True
    compress(app)

    @app.get("/<int:size>")
    def text(size: int) -> Response:
        return Response("a" * size, mimetype="text/plain")

    @app.get("/image")
    def image() -> Response:
        return Response(b"a" * 5000, mimetype="image/png")

    @app.get("/stream")
    def stream() -> Response:
        return Response(("a" * 1000 for _ in range(5)), mimetype="text/csv")

    return app.test_client()


def test_text_travels_compressed_to_who_takes_it(plain: FlaskClient) -> None:
    packed = plain.get("/5000", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < 200
    assert gzip.decompress(packed.data) == b"a" * 5000
    assert packed.headers["Vary"] == "Accept-Encoding"
    for encodings in ("", "br", "gzip;q=0", "identity"):
        bare = plain.get("/5000", headers={"Accept-Encoding": encodings})
        assert bare.data == b"a" * 5000
        assert bare.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("address", ["/100", "/image", "/stream"])
def test_short_texts_images_and_streams_are_left_alone(plain: FlaskClient, address: str) -> None:
    answer = plain.get(address, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert set(answer.data) == {ord("a")}


def test_a_page_with_a_secret_has_no_steady_size(client: FlaskClient) -> None:
    sizes = {
        len(client.get("/sign-in", headers={"Accept-Encoding": "gzip"}).data) for _ in range(12)
    }
    assert len(sizes) > 1
