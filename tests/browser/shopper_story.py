"""The steps of a shopper's day, for tests that read as stories.

A stop is a short visit: when they arrived, the receipt, one scale, what should be praised. Each
photo has a colour of its own, so that it is known which report it belongs to.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from PIL import Image, ImageColor
from playwright.sync_api import Locator, expect
from selenium.common.exceptions import WebDriverException

from surveys import people, people_joining, publishing
from surveys.checking import load
from surveys.installation import Installation
from surveys.store import files
from surveys.visits import Visit
from tests.browser.phone_story import Store, tick, until
from tests.conftest import CHAIN
from tests.field import accepted_visit
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy

STOP = """
instrument: stop
title: {en: Stop}
source: shopper
mode: routine
review: none
languages: [en]
sections:
  - title: {en: Facts}
    items:
      - {key: arrived_at, type: datetime, required: true, ask: {en: "When did you arrive?"}}
      - {key: receipt, type: photo, max_photos: 3, ask: {en: "The receipt"}}
  - title: {en: Behaviour}
    items:
      - {key: welcome, type: scale, short: true}
  - title: {en: Words}
    items:
      - {key: praise, type: text, required: true, max_length: 200, ask: {en: "What was good?"}}
"""
EMAIL = "ana@example.org"
COLOURS = ("crimson", "seagreen", "royalblue", "goldenrod", "purple", "sienna")
PRAISE = "The door was held."
ANSWERS = "POST /api/submissions"
PHOTOS = "PUT /api/submissions/"


def publish(chain: Installation, folder: Path, text: str = STOP) -> None:
    """A version of the form of a stop."""
    file = folder / "stop.yaml"
    file.write_text(text, encoding="utf-8")
    publishing.publish(chain.database(), load(file), datetime.now(UTC))


def picture(colour: str, size: tuple[int, int] = (2000, 1500)) -> bytes:
    """What a camera gives: all of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def invitation(chain: Installation) -> str:
    """The token of Ana's invitation, as it stands in a letter."""
    return people_joining.invite(chain.database(), datetime.now(UTC), email=EMAIL, role="shopper")


def accept(chain: Installation, count: int) -> list[Visit]:
    """So many stops that Ana has accepted, each at the next site."""
    ana = people.find_email(chain.database(), EMAIL)
    assert ana is not None
    sites = [CHAIN[n % len(CHAIN)].site_id for n in range(count)]
    return [accepted_visit(chain, ana, instrument="stop", site_id=site) for site in sites]


def holds(
    chain: Installation,
    made: Sequence[tuple[Visit, Sequence[str]]],
    *,
    status: str = "counted",
) -> list[dict[str, Any]]:
    """The reports at the server, in the order of ``made``: these visits with photos of these
    colours, each exactly once, and every photo whole by its digest."""
    found = {one["token"]: one for one in Store(chain).submissions()}
    assert len(Store(chain).submissions()) == len(found) == len(made)
    reports = []
    for visit, colours in made:
        report = found[visit.token]
        assert (report["status"], report["answers"]["praise"]) == (status, PRAISE)
        wanted = report["answers"].get("receipt", [])
        assert [one["sha256"] for one in report["files"]] == wanted
        stored = files.of_submission(chain.database(), visit.site_id, report["id"])
        assert sorted(one.sha256 for one in stored) == sorted(wanted)
        contents = [files.path(chain.files, digest).read_bytes() for digest in wanted]
        assert [hashlib.sha256(content).hexdigest() for content in contents] == wanted
        assert len(contents) == len(colours)
        for content, colour in zip(contents, colours, strict=True):
            assert is_of(content, colour), f"the photo of another report: not {colour}"
        reports.append(report)
    return reports


def is_of(content: bytes, colour: str) -> bool:
    """Whether a photo is that picture, drawn anew."""
    seen = Image.open(io.BytesIO(content)).convert("RGB").getpixel((5, 5))
    assert isinstance(seen, tuple)
    wanted = ImageColor.getrgb(colour)
    return all(abs(one - other) < 12 for one, other in zip(seen, wanted, strict=True))


class Day:
    """Ana's day with her phone; the network around it is ``proxy``."""

    def __init__(self, chain: Installation, proxy: Proxy, phone: Phone, folder: Path) -> None:
        self.chain = chain
        self.proxy = proxy
        self.phone = phone
        self.folder = folder
        self.page = phone.page
        publish(chain, folder)
        self._sign_in()

    def _sign_in(self) -> None:
        self.page.goto(f"{self.proxy.url}/join/{invitation(self.chain)}")
        self.page.locator("#name").fill("Ana")
        self.page.get_by_role("button", name="Sign this phone in").click()
        expect(self.page.get_by_role("heading", name="Your visits")).to_be_visible()

    # --- at home ------------------------------------------------------------------------------

    def accept(self, count: int = 1) -> list[Visit]:
        return accept(self.chain, count)

    def get_ready(self) -> None:
        """All visits are on the phone, and the worker is between the pages and the network."""
        self.page.goto(f"{self.proxy.url}/visits")
        expect(self.page.get_by_text("✓ Ready")).to_be_visible()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => {})")
        self.page.reload()
        until(self.page, "() => !!navigator.serviceWorker.controller")
        expect(self.page.get_by_text("✓ Ready")).to_be_visible()

    # --- at the place -------------------------------------------------------------------------

    def open(self, visit: Visit) -> None:
        """From the list of visits."""
        self.page.goto(f"{self.proxy.url}/visits")
        self.page.locator(f'a[href="/visits/{visit.visit_id}"]').click()
        expect(self.page.locator("form[data-visit] .way")).to_be_visible()

    def begin(self, *colours: str) -> None:
        """The first part: when they came, and photos."""
        self.page.locator("#arrived_at").fill("2026-11-20T18:05")
        for n, colour in enumerate(colours, 1):
            self.photograph(colour)
            expect(self.page.get_by_role("img", name=f"Photo {n}")).to_be_visible()
        self.kept('(all) => all.some((one) => one.values.some(([name]) => name == "arrived_at"))')

    def photograph(self, colour: str, content: bytes | None = None) -> None:
        file = self.folder / f"{colour}.jpg"
        file.write_bytes(content or picture(colour))
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Choose from the phone").click()
        chooser.value.set_files(file)

    def go_on(self) -> None:
        """The other parts, up to the last look."""
        self.next("Next")
        tick(self.page, "welcome", "6")
        self.next("Next")
        self.page.locator("#praise").fill(PRAISE)
        self.next("Check and send")
        expect(self.page.locator("#review")).to_contain_text("All that is needed is here.")

    def next(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).and_(
            self.page.locator(".go")
        ).click()

    def finish(self) -> None:
        """It is frozen, and stands in the queue."""
        self.next("Send")
        self.page.wait_for_url("**/visits/queue")

    def report(self, visit: Visit, *colours: str) -> tuple[Visit, Sequence[str]]:
        """All of a visit, from the list to the queue."""
        self.open(visit)
        self.begin(*colours)
        self.go_on()
        self.finish()
        return visit, colours

    # --- what lies on the phone ---------------------------------------------------------------

    def kept(self, of: str, store: str = "drafts") -> None:
        """Waits until ``of`` (a function of all its records) is true of a store on the phone."""
        until(
            self.page,
            f"""async () => {{
                const {{ all }} = await import(document.querySelector("script[src]").src);
                return ({of})(await all("{store}"));
            }}""",
        )

    def row(self, state: str) -> Locator:
        """The reports and drafts in the queue that are in this state."""
        return self.page.locator(f'#queue article[data-state="{state}"]')

    def delivered(self, count: int) -> None:
        """The queue says so, and nothing else is left on the phone."""
        self.page.goto(f"{self.proxy.url}/visits/queue")
        expect(self.row("delivered")).to_have_count(count)
        expect(self.page.locator("#queue article")).to_have_count(count)
        self.kept("(all) => all.length == 0", "photos")
        self.kept("(all) => all.length == 0")
        self.kept("(all) => all.every((one) => one.text == '')", "reports")

    def die(self) -> None:
        """The battery ends, and later there is a new one. (Chromium writes its cookies only now and
        then: this one is as old as the phone's signing in, so it is there.)"""
        cookies: Any = self.phone.context.cookies()
        self.phone.kill()
        self.page = self.phone.reopen()
        self.phone.context.add_cookies(cookies)


# --- the core of it, in other browsers ----------------------------------------------------------

HAND = """
const there = (one) => one && one.getClientRects().length > 0;
const hand = {
    fill(selector, value) {
        const field = document.querySelector(selector);
        field.value = value;
        for (const name of ["input", "change"])
            field.dispatchEvent(new Event(name, { bubbles: true }));
    },
    press(text) {
        const named = [...document.querySelectorAll("main button.go, main button, main a")];
        const found = named.find((one) => there(one) && one.textContent.trim() == text);
        if (!found) throw new Error(`no ${text} in: ${document.body.innerText}`);
        found.click();
    },
    async photograph(colour) {
        const sheet = document.createElement("canvas");
        Object.assign(sheet, { width: 2000, height: 1500 });
        const pen = sheet.getContext("2d");
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 2000, 1500);
        const blob = await new Promise((done) => sheet.toBlob(done, "image/jpeg"));
        const chosen = new DataTransfer();
        chosen.items.add(new File([blob], "receipt.jpg", { type: "image/jpeg" }));
        const field = document.querySelector("input[type=file]");
        field.files = chosen.files;
        field.dispatchEvent(new Event("change"));
    },
    async all(store) {
        const { all } = await import(document.querySelector("script[src]").src);
        return all(store);
    },
};
"""


class Browser(Protocol):
    """What a hand needs of a browser."""

    def open(self, address: str) -> None: ...

    def run(self, script: str) -> Any:
        """What an async expression comes to."""


class Hand:
    """Ana's hand on a browser that Playwright does not drive. A picture comes from a canvas into
    the page's own field: no camera and no file chooser is there."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address

    def does(self, what: str) -> Any:
        return self.browser.run(f"(async () => {{ {HAND} return {what}; }})()")

    def until(self, holds: str, seconds: float = 30) -> None:
        """Waits until it is true; on a page that is just being left it is not."""
        end = time.monotonic() + seconds
        said: object = None
        while time.monotonic() < end:
            try:
                if (said := self.does(holds)) is True:
                    return
            except (AssertionError, WebDriverException) as gone:
                said = gone
            time.sleep(0.1)
        page = self.does("location.pathname + document.body.innerText")
        raise AssertionError(f"not within {seconds} s: {holds}; {said}; {page}")

    def says(self, text: str) -> None:
        self.until(f"document.body.innerText.includes({json.dumps(text)})")

    def sign_in(self, token: str) -> None:
        """By the link of an invitation."""
        self.browser.open(f"{self.address}/join/{token}")
        self.does("hand.fill('#name', 'Ana')")
        self.does("hand.press('Sign this phone in')")
        self.until("location.pathname == '/visits'")

    def get_ready(self) -> None:
        """All visits are on the phone, and the worker is between the pages and the network."""
        self.browser.open(f"{self.address}/visits")
        self.says("✓ Ready")
        self.until("!!(await navigator.serviceWorker.ready)")
        self.browser.open(f"{self.address}/visits")
        self.until("!!navigator.serviceWorker.controller")
        self.says("✓ Ready")

    def open(self, visit: Visit) -> None:
        self.browser.open(f"{self.address}/visits/{visit.visit_id}")
        self.until("there(document.querySelector('form[data-visit] .way'))")

    def begin(self, colour: str) -> None:
        self.does("hand.fill('#arrived_at', '2026-11-20T18:05')")
        self.does(f"hand.photograph('{colour}')")
        self.has_photo()
        self.until("(await hand.all('drafts')).some(({ values }) => values.length)")

    def has_photo(self) -> None:
        self.until("!!document.querySelector('[role=img][aria-label=\"Photo 1\"]')")
        self.until("document.querySelector('#arrived_at').value == '2026-11-20T18:05'")

    def go_on(self) -> None:
        self.does("hand.press('Next')")
        self.does("document.querySelector('[name=welcome][value=\"6\"]').click()")
        self.does("hand.press('Next')")
        self.does(f"hand.fill('#praise', {json.dumps(PRAISE)})")
        self.does("hand.press('Check and send')")
        self.says("All that is needed is here.")
        self.does("hand.press('Send')")
        self.until("location.pathname == '/visits/queue'")
        self.says("1 report waits")

    def delivered(self) -> None:
        self.browser.open(f"{self.address}/visits/queue")
        self.says("✓ Delivered")
        self.until("(await hand.all('reports')).every(({ text }) => text == '')")
        self.until("!(await hand.all('photos')).length")
