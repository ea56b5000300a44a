"""Instruments at the desk: who uses them, writing one, publishing it, taking it back."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import grammar, instrument_files, publishing, translation
from surveys.checking import SHIPPED, check_text, load
from surveys.faults import CATALOGUE
from surveys.installation import Installation
from surveys.store.database import Database
from surveys.web import rendering
from surveys.web.desk import instrument_help
from surveys.yaml_tree import MAX_BYTES
from tests.desk_people import HTML, enrol, form_token, signed_in, submit

COUNTER = (SHIPPED / "counter.yaml").read_text("utf-8")
HERE = "/desk/instruments/counter"
REWORDED = COUNTER.replace("How was it just now?", "How did it go?")
REQUIRED = COUNTER.replace(
    "        type: moment\n", "        type: moment\n        required: true\n", 1
)


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner"))


@pytest.fixture
def other(app: Flask, db: Database) -> FlaskClient:
    """Another owner, in another browser."""
    return signed_in(app.test_client(), enrol(db, "owner"))


def get(client: FlaskClient, address: str) -> TestResponse:
    return client.get(address, headers=HTML)


def hidden(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return found[1]


def box(page: TestResponse) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
    assert found, page.text
    return unescape(found[1])


def do(
    client: FlaskClient, act: str, text: str, page: TestResponse | None = None, key: str = "counter"
) -> TestResponse:
    """Press a button of the editor, as opened just now or as it stood in ``page``."""
    address = f"/desk/instruments/{key}/edit"
    page = page or get(client, address)
    fields = {name: hidden(page, name) for name in ("csrf", "revision", "based_on")}
    return client.post(
        address, data={**fields, "text": text, "do": act}, headers=HTML,
        content_type="multipart/form-data",
    )  # fmt: skip


def publish(client: FlaskClient, query: str = "") -> TestResponse:
    """Press Publish on the page that says what would change."""
    page = get(client, f"{HERE}/publish{query}")
    assert page.status_code == 200, page.text
    return client.post(f"{HERE}/publish", data=fields_of(page), headers=HTML)


def fields_of(page: TestResponse) -> dict[str, str]:
    form = page.text[page.text.index('<form class="actions"') :]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def publish_reworded(client: FlaskClient) -> None:
    assert do(client, "publish", REWORDED).location == f"{HERE}/publish"
    assert publish(client).status_code == 303


# --- which there are, and who uses them -------------------------------------------------------


def test_the_list_says_who_uses_what(app: Flask, db: Database, owner: FlaskClient) -> None:
    submit(app.test_client(), db, "vienna-1", {"moment": "worse"})
    page = get(owner, "/desk/instruments").text
    assert "How was it just now?" in page
    assert "4 codes" in page
    assert "4 visits" in page
    assert "Managers and staff, forecasting" in page
    assert "1 in the last 90 days" in page
    assert "the last on 22 Nov 2026" in page
    assert load(SHIPPED / "counter.yaml").version in page


def test_answers_are_counted_by_version(app: Flask, db: Database, owner: FlaskClient) -> None:
    db.execute("UPDATE instruments SET published_utc = '2026-11-01T00:00:00+00:00'")
    for _ in range(2):
        submit(app.test_client(), db, "vienna-1", {"moment": "worse"})
    publish_reworded(owner)
    submit(app.test_client(), db, "vienna-1", {"moment": "better"})
    page = get(owner, HERE).text
    assert re.findall(r'data-label="Answers">(\d+)<', page) == ["1", "2"]
    assert "title reworded (en)" in page
    assert "the first version" in page


def test_a_version_shows_its_file_as_it_was_published(owner: FlaskClient) -> None:
    version = load(SHIPPED / "counter.yaml").version
    page = get(owner, f"{HERE}/versions/{version}")
    lines = re.findall(r'<li value="\d+"><code>(.*?)</code></li>', page.text)
    assert [unescape(line) for line in lines] == COUNTER.splitlines()


@pytest.mark.parametrize(
    "address",
    [
        "/desk/instruments/nothing",
        "/desk/instruments/nothing/edit",
        "/desk/instruments/nothing/preview",
        "/desk/instruments/nothing/publish",
        f"{HERE}/versions/000000000000",
        f"{HERE}/preview?version=x",
        f"{HERE}/edit?version=000000000000",
        f"{HERE}/publish?version=000000000000",
        f"{HERE}/preview?language=de",
        "/desk/instruments/visit/preview?language=ar",
        "/desk/scales?language=de",
    ],
)
def test_what_there_is_not_is_not_found(owner: FlaskClient, address: str) -> None:
    assert get(owner, address).status_code == 404


def test_a_reviewer_reads_and_changes_nothing(app: Flask, db: Database) -> None:
    reviewer = signed_in(app.test_client(), enrol(db, "reviewer"))
    for address in ("/desk/instruments", HERE, f"{HERE}/preview", "/desk/scales"):
        page = get(reviewer, address)
        assert page.status_code == 200
        assert "/edit" not in page.text
        assert "/publish" not in page.text
    assert get(reviewer, f"{HERE}/edit").status_code == 403


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_the_scales_can_be_read_in_each_language(owner: FlaskClient, language: str) -> None:
    page = get(owner, f"/desk/scales?language={language}").text
    assert page.count("<article") == 12
    assert ("Only the short form" in page or "only the short form" in page) == (language == "ar")


# --- checking ---------------------------------------------------------------------------------


def test_each_fault_stands_beside_its_line_and_on_top_with_a_link(owner: FlaskClient) -> None:
    text = COUNTER.replace("source: customer", "source: costumer").replace("  folded", "  folder")
    answer = do(owner, "check", text)
    assert answer.status_code == 422
    line = text.splitlines().index("source: costumer") + 1
    assert f'href="#line-{line}"' in answer.text
    beside = re.search(rf'<li id="line-{line}".*?</li>', answer.text, re.DOTALL)
    assert beside
    assert "unknown-value" in beside[0]
    assert str(CATALOGUE["unknown-value"].meaning) in answer.text
    assert "2 faults" in answer.text
    assert box(answer) == text, "all that was typed stands in the box again"


def test_a_reader_of_another_language_gets_meaning_and_cure_in_it(owner: FlaskClient) -> None:
    fields = {name: hidden(get(owner, f"{HERE}/edit"), name) for name in ("csrf", "revision")}
    text = COUNTER.replace("source: customer", "source: costumer")
    answer = owner.post(
        f"{HERE}/edit",
        data={**fields, "text": text, "do": "check"},
        headers={**HTML, "Accept-Language": "fr"},
    )
    explained = CATALOGUE["unknown-value"]
    for sentence in explained:
        assert translation.say(sentence, translation.locale_of("fr")) in unescape(answer.text)
    assert '<span lang="en" dir="ltr">`costumer` is not a source' in answer.text


def test_a_sound_file_hears_what_it_would_change_and_break(owner: FlaskClient) -> None:
    answer = do(owner, "check", REQUIRED)
    assert answer.status_code == 200
    assert "changed: moment: required no → yes" in answer.text
    assert "moment must be answered from now on" in answer.text
    assert box(get(owner, f"{HERE}/edit")) == COUNTER, "checking keeps nothing"


def test_comments_alone_are_no_change(owner: FlaskClient) -> None:
    assert "Nothing that is asked would change" in do(owner, "check", "# mine\n" + COUNTER).text


def test_another_key_is_a_fault_here(owner: FlaskClient) -> None:
    answer = do(owner, "check", COUNTER.replace("instrument: counter", "instrument: till"))
    assert answer.status_code == 422
    assert "other-key" in answer.text


def test_what_stands_in_the_file_is_shown_and_never_run(owner: FlaskClient) -> None:
    answer = do(owner, "check", COUNTER.replace("How was", "</textarea><script>x</script> How was"))
    assert "<script>x" not in answer.text
    assert box(answer).count("</textarea>") == 1


# --- drafts -----------------------------------------------------------------------------------


def test_a_draft_is_kept_sound_or_not_and_publishes_nothing(
    db: Database, owner: FlaskClient
) -> None:
    before = publishing.newest(db, "counter")
    assert do(owner, "save", "half a thought\r\nand more").status_code == 303
    assert box(get(owner, f"{HERE}/edit")) == "half a thought\nand more"
    assert "a draft waits" in get(owner, "/desk/instruments").text
    assert publishing.newest(db, "counter") == before
    assert "A draft waits: Owner Müller changed it last" in get(owner, HERE).text


def test_two_who_edit_at_once_are_asked(owner: FlaskClient, other: FlaskClient) -> None:
    mine, theirs = get(owner, f"{HERE}/edit"), get(other, f"{HERE}/edit")
    assert do(other, "save", REWORDED, theirs).status_code == 303
    asked = do(owner, "save", REQUIRED, mine)
    assert asked.status_code == 409
    assert "-title: {en: &#34;How did it go?&#34;" in asked.text
    assert "+        required: true" in asked.text
    assert box(asked) == REQUIRED
    assert box(get(owner, f"{HERE}/edit")) == REWORDED, "nothing was changed yet"
    assert do(owner, "save", REQUIRED, asked).status_code == 303
    assert box(get(owner, f"{HERE}/edit")) == REQUIRED


def test_keeping_over_a_version_that_was_published_meanwhile_asks(
    owner: FlaskClient, other: FlaskClient
) -> None:
    mine = get(owner, f"{HERE}/edit")
    publish_reworded(other)
    asked = do(owner, "save", REQUIRED, mine)
    assert asked.status_code == 409
    assert "title reworded (en)" in asked.text
    assert do(owner, "save", REQUIRED, asked).status_code == 303


def test_an_old_version_loaded_over_a_draft_asks(owner: FlaskClient) -> None:
    do(owner, "save", REWORDED)
    version = load(SHIPPED / "counter.yaml").version
    page = get(owner, f"{HERE}/edit?version={version}")
    assert box(page) == COUNTER
    assert do(owner, "save", COUNTER, page).status_code == 409


def test_a_draft_is_thrown_away(db: Database, owner: FlaskClient) -> None:
    do(owner, "save", REWORDED)
    token = form_token(get(owner, HERE))
    assert owner.post(f"{HERE}/discard", data={"csrf": token}).location == HERE
    assert box(get(owner, f"{HERE}/edit")) == COUNTER
    acts = db.rows("SELECT action FROM audit WHERE subject = 'instrument counter'")
    assert {row["action"] for row in acts} == {"drafted", "discarded draft"}


# --- publishing -------------------------------------------------------------------------------


def test_publishing_says_what_changes_and_asks(db: Database, owner: FlaskClient) -> None:
    do(owner, "publish", REQUIRED)
    page = get(owner, f"{HERE}/publish").text
    assert "changed: moment: required no → yes" in page
    assert "must be answered from now on" in page
    assert "4 codes" in page
    assert "keeps it until it has a signal" in page
    before = publishing.newest(db, "counter")
    assert before is not None
    assert not before.items["moment"].required
    assert publish(owner).location == HERE
    now = publishing.newest(db, "counter")
    assert now is not None
    assert now.items["moment"].required
    assert instrument_files.text_of(db, now) == REQUIRED
    assert instrument_files.draft(db, "counter") is None
    (row,) = db.rows("SELECT person_id, subject FROM audit WHERE action = 'published'")
    assert row["person_id"] != ""
    assert row["subject"] == f"instrument {now.form}"


def test_a_faulty_file_is_not_published(db: Database, owner: FlaskClient) -> None:
    answer = do(owner, "publish", "a: [")
    assert answer.status_code == 422
    assert "not-yaml" in answer.text
    do(owner, "save", "a: [")
    assert get(owner, f"{HERE}/publish").location == f"{HERE}/edit?check=1"
    assert "not-yaml" in get(owner, f"{HERE}/edit?check=1").text
    assert get(owner, f"{HERE}/preview").location == f"{HERE}/edit?check=1"


def test_a_draft_that_changed_while_somebody_read_what_it_changes_is_asked_about_again(
    db: Database, owner: FlaskClient, other: FlaskClient
) -> None:
    do(owner, "publish", REWORDED)
    page = get(owner, f"{HERE}/publish")
    do(other, "save", REQUIRED)
    answer = owner.post(f"{HERE}/publish", data=fields_of(page), headers=HTML)
    assert answer.status_code == 409
    assert "Nothing was published by you" in answer.text
    assert len(publishing.versions(db, "counter")) == 1


def test_what_is_in_force_is_not_published_again(owner: FlaskClient) -> None:
    version = load(SHIPPED / "counter.yaml").version
    page = get(owner, f"{HERE}/publish?version={version}").text
    assert "is the newest version already" in page
    assert "<button>Publish" not in page


def test_an_old_version_is_published_again(db: Database, owner: FlaskClient) -> None:
    first = load(SHIPPED / "counter.yaml")
    publish_reworded(owner)
    assert publish(owner, f"?version={first.version}").status_code == 303
    assert publishing.newest(db, "counter") == first
    assert len(publishing.versions(db, "counter")) == 2


def test_a_phone_with_the_old_form_is_still_taken(
    app: Flask, db: Database, owner: FlaskClient
) -> None:
    old = publishing.newest(db, "counter")
    assert old is not None
    publish_reworded(owner)
    submit(app.test_client(), db, "vienna-1", {"moment": "worse"}, form=old.form)


# --- a new one --------------------------------------------------------------------------------


def begin(client: FlaskClient, **fields: object) -> TestResponse:
    token = form_token(get(client, "/desk/instruments"))
    return client.post(
        "/desk/instruments", data={"csrf": token, **fields}, headers=HTML,
        content_type="multipart/form-data",
    )  # fmt: skip


@pytest.mark.parametrize("pattern", ["", "counter", "visit"])
def test_a_new_instrument_begins_as_a_sound_draft(
    db: Database, owner: FlaskClient, pattern: str
) -> None:
    answer = begin(owner, key="farewell", pattern=pattern)
    assert answer.location == "/desk/instruments/farewell/edit"
    page = get(owner, answer.location)
    assert do(owner, "check", box(page), page, "farewell").status_code == 200
    assert publishing.newest(db, "farewell") is None
    assert "not published yet" in get(owner, "/desk/instruments").text
    assert do(owner, "publish", box(page), page, "farewell").status_code == 303
    ready = get(owner, "/desk/instruments/farewell/publish")
    assert "This will be the first version" in ready.text
    owner.post("/desk/instruments/farewell/publish", data=fields_of(ready))
    assert publishing.newest(db, "farewell") is not None


@pytest.mark.parametrize("key", ["", "Farewell", "two words", "counter", "x" * 64])
def test_a_key_that_cannot_be_is_refused_and_stands_in_the_form_again(
    owner: FlaskClient, key: str
) -> None:
    answer = begin(owner, key=key, pattern="")
    assert answer.status_code == 422
    assert 'id="key-wrong"' in answer.text
    assert hidden_value(answer, "key") == key


def hidden_value(page: TestResponse, field: str) -> str:
    found = re.search(rf'<input id="{field}"[^>]* value="([^"]*)"', page.text)
    assert found
    return found[1]


def test_a_file_becomes_a_draft_with_its_faults(owner: FlaskClient) -> None:
    data = COUNTER.replace("source: customer", "source: costumer").encode()
    answer = begin(owner, file=(io.BytesIO(b"\xef\xbb\xbf" + data), "counter.yaml"))
    assert answer.location == f"{HERE}/edit"
    assert box(get(owner, answer.location)) == data.decode()
    again = begin(owner, file=(io.BytesIO(data), "counter.yaml"))
    assert again.status_code == 422
    assert "There is a draft of “counter” already" in again.text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"title: x", "names no instrument"),
        (b"instrument: a\ntitle: caf\xe9", "not saved as UTF-8"),
        (b"#" * (MAX_BYTES + 1), "at most 262,144"),
        (b"", "names no instrument"),
    ],
)
def test_a_file_that_is_none_is_refused(owner: FlaskClient, data: bytes, why: str) -> None:
    answer = begin(owner, file=(io.BytesIO(data), "x.yaml"))
    assert answer.status_code == 422
    assert why in answer.text


# --- previewing -------------------------------------------------------------------------------


def test_a_preview_keeps_the_draft_and_shows_it(owner: FlaskClient) -> None:
    assert do(owner, "preview", REWORDED).location == f"{HERE}/preview"
    page = unescape(get(owner, f"{HERE}/preview?language=en").text)
    assert page.count("<iframe sandbox ") == 2
    assert 'width="320"' in page
    assert 'width="390"' in page
    assert "How did it go?" in page


def test_each_language_has_its_tab_and_its_direction(owner: FlaskClient) -> None:
    page = unescape(get(owner, f"{HERE}/preview?language=ar").text)
    assert '<html lang="ar" dir="rtl">' in page
    assert len(re.findall(r'preview\?[^"]*language=(\w\w)', page)) >= 4


def test_the_previewed_form_may_do_nothing(owner: FlaskClient) -> None:
    """The frames hold their documents themselves (srcdoc), so they are under the page's policy:
    no scripts but ours, and those not in a sandbox; nothing else may frame it, or be framed."""
    page = get(owner, f"{HERE}/preview")
    assert re.findall(r"<iframe ([^>]*?) width", page.text) == ["sandbox", "sandbox"]
    said = dict(
        part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert said["default-src"] == "'none'"
    assert said["script-src"] == "'self'"
    assert said["frame-ancestors"] == "'none'"
    assert said["style-src"] == f"'self' {rendering.style_hash()}"
    assert "frame-src" not in said
    plain = get(owner, HERE).headers["Content-Security-Policy"]
    assert rendering.style_hash() not in plain


# --- what wants to do harm --------------------------------------------------------------------


def test_a_hundred_megabytes_are_refused_unread(owner: FlaskClient) -> None:
    page = get(owner, f"{HERE}/edit")
    head = f'--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{form_token(page)}\r\n'
    head += '--B\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    with io.BytesIO(head.encode() + b"x" * (100 << 20)) as body:
        answer = owner.post(
            f"{HERE}/edit",
            input_stream=body,
            content_length=len(body.getbuffer()),
            content_type="multipart/form-data; boundary=B",
        )
        assert body.tell() < 10 << 20
    assert answer.status_code == 413


def test_what_is_larger_than_an_instrument_stands_in_the_box_again(owner: FlaskClient) -> None:
    text = "# " + "x" * MAX_BYTES
    answer = do(owner, "check", text)
    assert answer.status_code == 422
    assert "too-large" in answer.text
    assert box(answer) == text


def test_a_button_that_is_none_is_refused(owner: FlaskClient) -> None:
    assert do(owner, "explode", COUNTER).status_code == 400


def test_a_long_file_shows_what_is_near_its_faults(owner: FlaskClient) -> None:
    answer = do(owner, "check", COUNTER + "\n" * 5000 + "mood: x\n")
    assert answer.status_code == 422
    assert 5 <= answer.text.count('<li id="line-') <= 10


def test_many_lines_are_not_laid_beside_each_other(owner: FlaskClient, other: FlaskClient) -> None:
    mine = get(owner, f"{HERE}/edit")
    do(other, "save", "a\n" * 9000)
    answer = do(owner, "save", "b\n" * 9000, mine)
    assert answer.status_code == 409
    assert "too many lines to compare" in answer.text


@pytest.mark.parametrize("name", [*instrument_help.TYPES, *instrument_help.OTHERS])
def test_each_line_to_copy_is_sound_in_a_file(name: str) -> None:
    head = "instrument: example\ntitle: {en: E}\nsource: customer\nmode: routine\nreview: none\n"
    wrong = instrument_help.TYPES["yes_no"].lines
    items = [wrong] if name == "show_if" else []
    items.append({**instrument_help.TYPES, **instrument_help.OTHERS}[name].lines)
    lines = "".join(f"      - {line}\n" for line in items)
    text = f"{head}languages: [en]\nsections:\n  - title: {{en: Part}}\n    items:\n{lines}"
    assert list(check_text(text.encode(), "example").faults) == []


def test_every_type_of_question_has_a_line_to_copy() -> None:
    assert set(instrument_help.TYPES) == set(grammar.TYPES)
