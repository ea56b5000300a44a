"""Every page, as everybody sees it: no violation that axe finds, sound HTML, no sideways scrolling.

``tests/rig/pages.py`` lists the pages; ``python -m tests.screenshots`` shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright

from surveys.translation import LANGUAGES
from tests.rig import catalogues, pages
from tests.rig.pages import VIEWS, View, Visitors

# fmt: off
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr"}
MAY_STAY_OPEN = {"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "option", "html",
                 "head", "body"}
# fmt: on
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "list", "headers")

WIDEST = (
    "desk-owner",
    "site-customers",
    "held-owner",
    "held-one-owner",
    "audit",
    "people",
    "messages",
    "webhooks",
)


@pytest.fixture(scope="module")
def visitors(playwright: Playwright, browser: Browser) -> Iterator[Visitors]:
    with pages.chain() as chain:
        yield Visitors(playwright, browser, chain)


@pytest.mark.parametrize("device", pages.DEVICES)
@pytest.mark.parametrize("view", VIEWS, ids=[view.name for view in VIEWS])
def test_everybody_can_use_it(visitors: Visitors, view: View, device: str) -> None:
    with visitors.opened(view, device) as page:
        assert violations(page) == []
        page.emulate_media(color_scheme="dark")
        assert violations(page) == [], "in the dark"
        assert faults(page.content()) == []
        if view.then is None and page.url.startswith("http"):
            source = page.request.get(page.url).text()  # as it was sent, before a browser mends it
            assert faults(source) == []
        if device == "phone":
            page.set_viewport_size({"width": 320, "height": 640})
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 320, f"it scrolls sideways on a small phone: {width} px"


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
@pytest.mark.parametrize("name", WIDEST)
def test_it_holds_what_other_languages_say(visitors: Visitors, name: str, language: str) -> None:
    """French and Spanish are longer, and nothing is left in English."""
    (view,) = (view for view in VIEWS if view.name == name)
    with visitors.opened(view, "phone", language=language) as page:
        page.set_viewport_size({"width": 320, "height": 640})
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, f"it scrolls sideways on a small phone: {width} px"
        assert violations(page) == []
        assert page.locator("html").get_attribute("lang") == language
        assert left_in_english(page.evaluate(SAID), language) == []


SAID = """() => {
    const own = "bdi, code, pre, textarea, script, style, [lang]:not(html)";
    const texts = [];
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (walk.nextNode())
        if (!walk.currentNode.parentElement.closest(own)) texts.push(walk.currentNode.data);
    for (const name of ["placeholder", "title", "aria-label", "data-label", "alt"])
        for (const one of document.querySelectorAll(`[${name}]`))
            texts.push(one.getAttribute(name));
    return texts;
}"""
"""What the desk itself says on a page: not what people wrote, nor what is marked as another's."""


def left_in_english(said: list[str], language: str) -> list[str]:
    """English of the catalogue among the texts: whole sentences, or three words of one."""
    differ: set[str] = set()
    translated: set[str] = set()
    for message in catalogues.read(language):
        for english, other in catalogues.forms(message):
            translated.add(other)
            differ |= {english} if english != other else set()
    differ -= translated  # a word may be French too, for something else
    parts = {part.strip() for english in differ for part in re.split(r"{\w+}|<[^>]+>", english)}
    long = {part for part in parts if len(part.split()) >= 3}
    texts = [" ".join(text.split()) for text in said]
    return [t for t in texts if t in differ or any(part in t for part in long)]


def test_the_check_of_languages_finds() -> None:
    said = [" Sign\n out ", "Se déconnecter", "7 sites", "Olga saw: All sites as a CSV."]
    found = ["Sign out", "Olga saw: All sites as a CSV."]
    assert left_in_english(said, "fr") == left_in_english(said, "es") == found


def violations(page: Page) -> list[str]:
    """What axe finds, one line a rule, with the first place."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}, {len(one['nodes'])}×): {one['help']}: "
        + f"{one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary', '')}"
        for one in found
    ]


class Checker(HTMLParser):
    """What a browser forgives and others do not: tags left open, ids twice, ids that nobody has."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: set[str] = set()
        self._wanted: list[tuple[str, str]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.faults += [f"<{tag}> has {n} twice" for n in set(names) if names.count(n) > 1]
        known = dict(attrs)
        own = known.get("id")
        if own is not None:
            if own in self.ids or not own or " " in own:
                self.faults.append(f"id “{own}” is there twice, or is none")
            self.ids.add(own)
        for name in REFERENCES:
            self._wanted += [(f"<{tag} {name}>", one) for one in (known.get(name) or "").split()]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1] != tag and self._open[-1] in MAY_STAY_OPEN:
            self._open.pop()
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> closes nothing (open: {self._open[-3:]})")
        else:
            self._open.pop()

    def missing(self) -> list[str]:
        return [f"{where} names “{one}”" for where, one in self._wanted if one not in self.ids]


def faults(html: str) -> list[str]:
    checker = Checker()
    checker.feed(html)
    checker.close()
    return checker.faults + checker.missing()


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ('<p id="a">one</p><p id="a">two</p>', "twice"),
        ('<label for="b">B</label>', "names “b”"),
        ("<div><span></div>", "closes nothing"),
        ('<p class="a" class="b">', "class twice"),
    ],
)
def test_the_check_of_html_finds(html: str, says: str) -> None:
    assert any(says in fault for fault in faults(html))


def test_the_check_of_axe_finds(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content('<html lang="en"><title>t</title><main><h1>h</h1><input></main>')
    assert any(found.startswith("label") for found in violations(page))
    page.close()
