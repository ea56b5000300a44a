"""The customer's form in a phone's browser: what it weighs, how it is answered, what it keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from surveys import publishing, voices
from surveys.draw import blocks
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.store import tokens
from surveys.store.database import Database
from surveys.web.words import all_words
from tests.browser.phone_story import Store, kept_on_the_phone, tick, try_now
from tests.conftest import NOW
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy

CASES = json.loads((Path(__file__).parent.parent / "conditions.json").read_text(encoding="utf-8"))
LANGUAGES = tuple(all_words())
MOST_BYTES = 14_000
MOST_REQUESTS = 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_view_fits_into_the_first_round_trip(
    form: str, phones: Callable[..., Phone], language: str
) -> None:
    phone = phones(locale=language)
    arrived: dict[str, tuple[str, float]] = {}
    names: dict[str, str] = {}
    network = phone.context.new_cdp_session(phone.page)
    network.send("Network.enable")
    network.on(
        "Network.requestWillBeSent", lambda e: names.update({e["requestId"]: e["request"]["url"]})
    )
    network.on(
        "Network.loadingFinished",
        lambda e: arrived.update({e["requestId"]: (names[e["requestId"]], e["encodedDataLength"])}),
    )
    phone.page.goto(form)
    phone.page.wait_for_load_state("networkidle")
    assert phone.page.locator("html").get_attribute("lang") == language
    assert len(arrived) == len([url for url in names.values() if url.startswith("http")])
    weights = dict(arrived.values())
    assert len(weights) <= MOST_REQUESTS, weights
    assert sum(weights.values()) <= MOST_BYTES, weights
    assert phone.context.cookies() == []
    assert phone.elsewhere == []
    assert phone.faults == []


def test_conditions_mean_on_the_phone_what_they_mean_on_the_server(form: str, phone: Phone) -> None:
    phone.page.goto(form)
    found = phone.page.evaluate(
        """async (cases) => {
            const { holds } = await import(document.querySelector("script[src]").src);
            return cases.map(({ condition, answers }) => holds(condition, answers));
        }""",
        CASES,
    )
    for case, held in zip(CASES, found, strict=True):
        assert held is case["holds"], case
    assert len(CASES) > 20


def test_the_phone_draws_balanced_blocks_afresh(form: str, phone: Phone) -> None:
    page = phone.page
    page.goto(form)
    keys = page.evaluate(
        """[...document.querySelectorAll("[data-d]")]
            .concat([...document.querySelector("#draw").content.children])
            .sort((a, b) => a.dataset.d - b.dataset.d).map((one) => one.dataset.k)"""
    )
    assert len(keys) == 12
    allowed = {tuple(keys[place] for place in block) for block in blocks(12, 3)}
    seen = set()
    for _ in range(25):
        page.reload()
        shown = tuple(
            one.get_attribute("data-k") or "" for one in page.locator("form [data-d]").all()
        )
        assert shown in allowed
        assert page.locator("[name=asked]").input_value().split() == ["moment", *shown]
        seen.add(shown)
    assert len(seen) > 8


def test_what_a_condition_hides_is_neither_seen_nor_sent(
    form: str, phone: Phone, store: Store
) -> None:
    page = phone.page
    page.goto(form)
    page.locator("summary").click()
    told, contact = page.locator("[data-k=told]"), page.locator("[data-k=contact]")
    expect(told).to_be_hidden()
    expect(contact).to_be_hidden()
    tick(page, "went_wrong", "true")
    expect(told).to_be_visible()
    tick(page, "told", "true")
    contact.locator("input").fill("+43 1 2345")
    tick(page, "went_wrong", "false")
    expect(told).to_be_hidden()
    tick(page, "moment", "worse")
    expect(contact).to_be_visible()
    tick(page, "moment", "expected")
    expect(contact).to_be_hidden()
    page.get_by_role("button", name="Send").last.click()
    expect(page.get_by_text("Your answers have arrived")).to_be_visible()
    (found,) = store.submissions()
    assert found["status"] == "counted"
    assert found["answers"] == {"moment": "expected", "went_wrong": False}
    assert {"told", "contact"}.isdisjoint(found["asked"])
    assert {"went_wrong", "come_back", "comment"} <= set(found["asked"]), "the fold was open"


def test_every_tap_and_keystroke_outlives_the_battery(
    form: str, phone: Phone, store: Store
) -> None:
    page = phone.page
    page.goto(form)
    tick(page, "moment", "better")
    shown = [one.get_attribute("data-k") for one in page.locator("form [data-d]").all()]
    tick(page, str(shown[0]), "6")
    tick(page, str(shown[1]), "none")
    page.locator("summary").click()
    page.locator("#comment").press_sequentially("The second till was opened. 你好")
    id_ = page.locator("form [name=id]").input_value()
    kept_on_the_phone(page, "drafts", '(all) => all[0]?.values.some(([, v]) => v.endsWith("你好"))')
    phone.kill()

    page = phone.reopen()
    page.goto(f"{form}?lang=fr")  # the draft is the same in every language
    expect(page.locator("#comment")).to_have_value("The second till was opened. 你好")
    assert page.locator("form [name=id]").input_value() == id_
    assert [one.get_attribute("data-k") for one in page.locator("form [data-d]").all()] == shown
    expect(page.locator("input:checked")).to_have_count(3)
    page.locator("#comment").press_sequentially("!")
    page.get_by_role("button", name="Envoyer").last.click()
    expect(page.get_by_text("Vos réponses sont bien arrivées")).to_be_visible()
    (found,) = store.submissions()
    assert found["id"] == id_
    assert found["language"] == "fr"
    assert found["answers"] == {
        "moment": "better",
        shown[0]: 6,
        shown[1]: None,
        "comment": "The second till was opened. 你好!",
    }
    page.reload()
    expect(page.locator("form [data-k]").first).to_be_visible()
    expect(page.locator("input:checked")).to_have_count(0)  # what was sent is not ticked again
    page.goto(f"{form}?lang=fr")
    expect(page.locator("input:checked")).to_have_count(0)
    assert page.locator("form [name=id]").input_value() != id_
    assert phone.faults == []


def test_an_old_draft_says_so_and_can_be_put_away(form: str, phone: Phone) -> None:
    page = phone.page
    page.clock.install()
    page.goto(form)
    tick(page, "moment", "worse")
    kept_on_the_phone(page, "drafts", "(all) => all.length == 1")
    page.clock.fast_forward("05:00")
    page.reload()
    expect(page.get_by_text("Your answers from before are still here.")).to_be_visible()
    expect(page.locator("input:checked")).to_have_count(1)
    page.get_by_role("button", name="Start afresh").click()
    expect(page.get_by_text("Your answers from before are still here.")).to_be_hidden()
    expect(page.locator("input:checked")).to_have_count(0)


def test_send_without_a_tap_says_what_to_do(form: str, phone: Phone, store: Store) -> None:
    page = phone.page
    page.goto(form)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("One tap is enough")
    tick(page, "moment", "better")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert store.submissions() == []


def test_two_taps_on_send_count_once(form: str, phone: Phone, store: Store) -> None:
    page = phone.page
    page.goto(form)
    tick(page, "moment", "better")
    page.evaluate("""() => {
        const button = document.querySelector(".go");
        button.click();
        button.click();
    }""")
    expect(page.get_by_text("Your answers have arrived")).to_be_visible()
    assert len(store.submissions()) == 1
    kept_on_the_phone(page, "queue", "(all) => all.length == 0")


def test_by_keyboard_alone(form: str, phone: Phone, store: Store) -> None:
    page = phone.page
    page.goto(form)
    keys = page.keyboard
    keys.press("Tab")
    keys.press("Space")
    assert page.evaluate("document.activeElement.value") == "worse"
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    first = page.locator("form [data-d]").first.get_attribute("data-k")
    keys.press("Tab")
    keys.press("Space")
    for _ in range(6):
        keys.press("ArrowRight")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY", "what may be added"
    keys.press("Tab")
    assert page.evaluate("document.activeElement.className") == "go", "Send is the last"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px", "where the keyboard is can be seen"
    keys.press("Enter")
    expect(page.get_by_text("Your answers have arrived")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "H1", (
        "the reader begins at the thanks"
    )
    (found,) = store.submissions()
    assert found["answers"] == {"moment": "better", first: 7}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_small_phone_needs_no_sideways_scrolling_and_no_thin_fingers(
    form: str, phones: Callable[..., Phone], language: str
) -> None:
    page = phones(viewport={"width": 320, "height": 568}, screen={"width": 320, "height": 568}).page
    page.goto(f"{form}?lang={language}")
    page.locator("summary").click()
    tick(page, "went_wrong", "true")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    small = []
    for one in page.locator(
        "input:visible, textarea:visible, button:visible, summary, nav a"
    ).all():
        box = one.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        if min(box["width"], box["height"]) < 43.99:
            small.append((one.evaluate("(e) => e.outerHTML"), box))
    assert not small
    levels = page.locator("form [data-d]").first.locator("input").all()
    places = [box["x"] for one in levels[:7] if (box := one.bounding_box())]
    assert places == sorted(places, reverse=language == "ar"), "7 last in the direction of reading"
    broken = page.locator("form .o > label").evaluate_all(
        """(all) => all.map((one) => one.textContent.trim()).filter((text, i) => {
            const node = all[i].lastChild, range = document.createRange();
            return [...node.data.matchAll(/\\S+/g)].some(({ 0: word, index }) => {
                range.setStart(node, index);
                range.setEnd(node, index + word.length);
                return range.getClientRects().length > 1;
            });
        })"""
    )
    assert broken == [], "no word of an answer is broken"
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("scripts", [True, False])
def test_send_stays_in_sight_and_lies_over_nothing_that_has_the_focus(
    form: str, phones: Callable[..., Phone], scripts: bool
) -> None:
    page = phones(
        viewport={"width": 360, "height": 640},
        screen={"width": 360, "height": 640},
        java_script_enabled=scripts,
    ).page
    page.goto(form)
    send = page.get_by_role("button", name="Send")
    expect(send).to_have_count(1)
    expect(send).to_be_in_viewport(ratio=1)
    page.locator("summary").click()
    expect(send).to_be_in_viewport(ratio=1)
    page.locator("[name=moment]").first.focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        expect(send).to_be_in_viewport(ratio=1)
        focus, bar = page.locator(":focus").bounding_box(), page.locator(".bar").bounding_box()
        assert focus is not None
        assert bar is not None
        if page.locator(".bar :focus").count():
            break
        # of a tall field to write in, browsers bring the line with the caret into sight
        seen = min(focus["height"], 48)
        assert focus["y"] + seen <= bar["y"] + 1, page.locator(":focus").evaluate(
            "e => e.outerHTML"
        )
    else:
        pytest.fail("Send is not reached")
    page.set_viewport_size({"width": 640, "height": 320})
    page.evaluate("scrollTo(0, 0)")
    expect(send).not_to_be_in_viewport()


def test_words_can_be_erased_by_who_wrote_them(
    form: str, phone: Phone, store: Store, proxy: Proxy
) -> None:
    page = phone.page
    page.goto(form)
    page.locator("summary").click()
    page.locator("#comment").fill("I should not have said that.")
    page.get_by_role("button", name="Send").last.click()
    expect(page.get_by_text("Your answers have arrived")).to_be_visible()
    proxy.down()
    page.get_by_role("button", name="Erase my words").click()
    expect(page.get_by_text("Not erased yet")).to_be_visible()
    proxy.up()
    page.get_by_role("button", name="Erase my words").click()
    expect(page.get_by_text("Erased:")).to_be_visible()
    expect(page.get_by_role("button", name="Erase my words")).to_have_count(0)
    (found,) = store.submissions()
    assert "comment" not in found["answers"]


def long_form(db: Database) -> None:
    """The code ``a-long-form`` for the visit's questions, those that this page's script reads, and
    counted at once."""
    visit = publishing.newest(db, "visit")
    assert visit is not None
    sections = [
        {
            **section,
            "items": [
                item
                for item in section["items"]
                if item["type"] not in ("duration", "photo", "place")
            ],
        }
        for section in visit.document["sections"]
    ]
    document = {**visit.document, "instrument": "long", "review": "none", "sections": sections}
    publishing.publish(db, Instrument.from_document(document), NOW)
    with db.transaction():
        tokens.create(
            db, "a-long-form", kind="code", site_id="vienna-1", instrument="long",
            source="shopper", touchpoint=None, at=NOW,
        )  # fmt: skip


def test_a_long_form_with_every_kind_of_field(
    form: str, phone: Phone, store: Store, proxy: Proxy, installation: Installation
) -> None:
    db = installation.database()
    long_form(db)
    page = phone.page
    page.goto(f"{proxy.url}/q/a-long-form")
    expected = fill_everything(page)
    page.get_by_role("button", name="Send").first.click()
    expect(page.get_by_text("Your answers have arrived")).to_be_visible()
    (found,) = store.submissions()
    assert (found["status"], found["problems"]) == ("counted", "[]")
    assert found["answers"].keys() == expected
    times = [v for v in found["answers"].values() if re.match(r"2026-11-2\dT", str(v))]
    assert times
    assert all(re.search(r"[+-]\d\d:\d\d$", str(value)) for value in times)


@pytest.mark.parametrize("voice", [voices.OBSERVING, voices.STAFF_FORECAST], ids=str)
def test_what_managers_and_staff_answer_waits_for_the_network_too(
    form: str,
    phone: Phone,
    store: Store,
    proxy: Proxy,
    installation: Installation,
    voice: voices.Voice,
) -> None:
    token = voices.issue(installation.database(), "vienna-1", voice, NOW)
    page = phone.page
    page.goto(f"{proxy.url}/q/{token}")
    expected = fill_everything(page)
    proxy.down()
    page.get_by_role("button", name="Send").first.click()
    expect(page.get_by_text("Kept on this phone")).to_be_visible()
    proxy.up()
    try_now(page)
    expect(page.get_by_text("shown only from five answers on")).to_be_visible()
    (found,) = store.submissions()
    assert (found["status"], found["problems"], found["source"]) == ("counted", "[]", voice.source)
    assert found["answers"].keys() == expected


def test_a_number_in_words_is_asked_for_in_figures(
    form: str, phone: Phone, proxy: Proxy, installation: Installation
) -> None:
    db = installation.database()
    long_form(db)
    page = phone.page
    page.goto(f"{proxy.url}/q/a-long-form")
    number = page.locator("[data-t=integer] input, [data-t=number] input").first
    number.fill("many")
    said = number.evaluate("(field) => field.validationMessage")
    assert said == all_words()["en"]["number_wrong"]
    for right in ("١٢", "12", ""):
        number.fill(right)
        assert number.evaluate("(field) => field.validationMessage") == ""


def fill_everything(page: Page) -> set[str]:
    """Answers every question that shows, those too that an answer brings; their keys."""
    answered: set[str] = set()
    while todo := shown(page) - answered:
        for key in sorted(todo):
            question = page.locator(f'form [data-k="{key}"]')
            kind = str(question.get_attribute("data-t"))
            if kind in ("scale", "moment", "yes_no", "choice", "choices"):
                question.locator("input").first.check()
            else:
                question.locator("input, textarea").fill(WRITTEN.get(kind, "Some words"))
        answered |= todo
    return answered


WRITTEN = {
    "integer": "3",
    "number": "2,5",
    "date": "2026-11-22",
    "time": "14:05",
    "datetime": "2026-11-22T14:05",
}


def shown(page: Page) -> set[str]:
    return set(
        page.locator('form [data-k]:visible:not([data-t="note"])').evaluate_all(
            "(all) => all.map((one) => one.dataset.k)"
        )
    )
