"""The editor of instruments as its owner uses it, with its script; and the preview's frames."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, Playwright, expect

from tests.rig import pages
from tests.rig.pages import Chain, View, Visitors

EDIT = "/desk/instruments/counter/edit"


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with pages.chain() as chain:
        yield chain


@pytest.fixture(scope="module")
def visitors(playwright: Playwright, browser: Browser, chain: Chain) -> Visitors:
    return Visitors(playwright, browser, chain)


@pytest.fixture
def page(visitors: Visitors) -> Iterator[Page]:
    with visitors.opened(View("edit", EDIT, "owner"), "desk") as page:
        yield page


def put_caret_before(page: Page, words: str) -> None:
    page.get_by_label("The file").evaluate(
        "(box, words) => { box.focus(); const at = box.value.indexOf(words);"
        " box.setSelectionRange(at, at) }",
        words,
    )


def test_faults_show_while_typing_and_lead_to_their_place(page: Page) -> None:
    put_caret_before(page, "customer\nmode")
    page.keyboard.type("x")
    expect(page.get_by_role("heading", name="1 fault")).to_be_visible()
    expect(page.locator(".gutter mark")).to_have_text("12")
    page.keyboard.press("Control+Home")
    page.get_by_role("link", name="Line 12").click()
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="The file is sound")).to_be_visible()
    expect(page.locator(".gutter mark")).to_have_count(0)


def test_tab_writes_two_spaces_and_escape_gives_it_back(page: Page) -> None:
    box = page.get_by_label("The file")
    put_caret_before(page, "source: customer")
    page.keyboard.press("Tab")
    assert "\n  source: customer" in box.input_value()
    page.keyboard.press("Control+z")
    assert "\nsource: customer" in box.input_value()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check")).to_be_focused()


def test_leaving_with_unsaved_words_asks_and_without_does_not(page: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    back = page.get_by_role("link", name="Back to counter")
    put_caret_before(page, "source: customer")
    page.keyboard.type("# ")
    with page.expect_event("dialog"):
        back.click(no_wait_after=True)
    expect(page.get_by_label("The file")).to_be_visible()
    for _ in range(2):
        page.get_by_label("The file").press("Backspace")
    back.click()
    expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    assert asked == ["beforeunload"]


def test_a_change_is_published_and_the_code_opens_it(page: Page, chain: Chain) -> None:
    box = page.get_by_label("The file")
    box.fill(box.input_value().replace("How was it just now?", "How did it go today?"))
    page.get_by_role("button", name="Publish …").click()
    expect(page.get_by_text("title reworded (en)")).to_be_visible()
    page.get_by_role("button", name="Publish counter@").click()
    expect(page.get_by_text("is published: codes open it from now on")).to_be_visible()
    page.goto(f"{chain.proxy.url}/q/{chain.places['code']}?lang=en")
    expect(page.get_by_role("heading", name="How did it go today?")).to_be_visible()


def test_the_frames_show_the_form_in_its_language_and_send_nothing(
    visitors: Visitors,
) -> None:
    view = View("preview", "/desk/instruments/counter/preview?language=ar", "owner")
    with visitors.opened(view, "desk") as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url))
        for number, width in enumerate((320, 390)):
            frame = page.frame_locator("iframe").nth(number)
            expect(frame.locator("html")).to_have_attribute("dir", "rtl")
            box = page.locator("iframe").nth(number).bounding_box()
            assert box is not None
            assert abs(box["width"] - width) <= 16, "the frame's own edge"
            # The form's own style is let in, by its hash: the button has the accent's colour.
            expect(frame.locator("button.go").first).to_have_css(
                "background-color", "rgb(29, 92, 88)"
            )
            frame.locator('[name="moment"][value="better"]').check(force=True)
            frame.locator("button.go").first.click()
        expect(page.frame_locator("iframe").first.locator("button.go").first).to_be_visible()
        assert sent == []
        assert any("sandboxed" in text and "forms" in text.lower() for text in said), said
