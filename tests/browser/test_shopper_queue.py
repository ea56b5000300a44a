"""A shopper's day: made ready at home, reported without a network, all there exactly once."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from surveys.installation import Installation
from surveys.people import Person
from surveys.store import files
from surveys.visits import Visit
from surveys.web.sessions import DEVICE_COOKIE
from tests.browser.phone_story import Store, until
from tests.conftest import CODES
from tests.field import FACTS, accepted_visit, add_phone, add_shopper, report_of
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy
from tests.rig.server import Server

PUT = "PUT /api/submissions/"


@pytest.fixture
def ana(chain: Installation) -> Person:
    return add_shopper(chain, "ana")


@pytest.fixture
def hers(chain: Installation, ana: Person, server: Server, proxy: Proxy, phone: Phone) -> Page:
    """Ana's phone, signed in."""
    sign_in(chain, ana, proxy, phone)
    return phone.page


def sign_in(chain: Installation, person: Person, proxy: Proxy, phone: Phone) -> None:
    token = add_phone(chain, person)[1]
    cookie = {"name": DEVICE_COOKIE, "value": token, "url": proxy.url, "httpOnly": True}
    phone.context.add_cookies([{**cookie, "expires": 2_000_000_000, "sameSite": "Lax"}])  # type: ignore[list-item]


def photo(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(out, "JPEG")
    return out.getvalue()


def ready(page: Page, proxy: Proxy) -> None:
    """All visits are on the phone, and the worker is between the page and the network."""
    page.goto(f"{proxy.url}/visits")
    expect(page.get_by_text("✓ Ready")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    page.reload()
    until(page, "() => !!navigator.serviceWorker.controller")
    expect(page.get_by_text("✓ Ready")).to_be_visible()


def finish(page: Page, chain: Installation, visit: Visit, *pictures: bytes, **members: Any) -> str:
    """The page's own functions keep photos and freeze a report; its id."""
    token = members.pop("token", visit.token)
    digests = [hashlib.sha256(picture).hexdigest() for picture in pictures]
    listed = [
        {"sha256": digest, "question": "photo_front", "type": "image/jpeg", "bytes": len(picture)}
        for digest, picture in zip(digests, pictures, strict=True)
    ]
    answers = {**FACTS, "photo_front": digests} if digests else FACTS
    record = report_of(chain, token, answers=answers, files=listed, **members)
    page.evaluate(
        """async ({ record, visit, photos }) => {
            const { put, freeze } = await import(document.querySelector("script[src]").src);
            const id = record.id;
            const draft = { visit, id, shopper: document.body.dataset.shopper, at: Date.now() };
            await put("drafts", draft);
            for (const [sha256, bytes] of photos)
                await put("photos", { key: [id, sha256], id, sha256, question: "photo_front",
                    type: "image/jpeg", bytes: new Uint8Array(bytes).buffer, at: Date.now() });
            await freeze(draft, record);
        }""",
        {
            "record": record,
            "visit": visit.visit_id,
            "photos": [[one, list(two)] for one, two in zip(digests, pictures, strict=True)],
        },
    )
    return str(record["id"])


def arrived(chain: Installation, visit: Visit, report: str) -> set[bytes]:
    """The photos of a report that the server holds."""
    found = files.of_submission(chain.database(), visit.site_id, report)
    return {files.path(chain.files, one.sha256).read_bytes() for one in found}


def row(page: Page, state: str) -> Any:
    return page.locator(f'#queue article[data-state="{state}"]')


def test_two_visits_are_made_without_a_network_over_a_restart(
    chain: Installation,
    ana: Person,
    hers: Page,
    phone: Phone,
    proxy: Proxy,
    store: Store,
) -> None:
    first = accepted_visit(chain, ana)
    second = accepted_visit(chain, ana, site_id="lisbon-1")
    red, green, blue = photo("red"), photo("green"), photo("blue")
    ready(hers, proxy)
    expect(hers.get_by_text("✓ on this phone")).to_have_count(2)

    proxy.down()
    phone.kill()
    page = phone.reopen()
    page.goto(f"{proxy.url}/visits")
    expect(page.get_by_text("✓ on this phone")).to_have_count(2)
    page.goto(f"{proxy.url}/visits/some-other-visit")
    expect(page.get_by_text("That page is not on this phone")).to_be_visible()

    page.goto(f"{proxy.url}/visits/{first.visit_id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vienna")
    one = finish(page, chain, first, red, green)
    # A code at the place leads to the visit there, without a network too.
    page.goto(f"{proxy.url}/q/{CODES['lisbon-1']}")
    expect(page).to_have_url(f"{proxy.url}/visits/{second.visit_id}?code={CODES['lisbon-1']}")
    two = finish(page, chain, second, blue, green)
    phone.kill()
    page = phone.reopen()
    page.goto(f"{proxy.url}/visits/queue")
    expect(page.get_by_role("status").first).to_contain_text("2 reports wait")
    expect(row(page, "waiting")).to_have_count(2)
    assert store.submissions() == []

    proxy.up()
    page.get_by_role("button", name="Send all now").click()
    expect(page.get_by_text("✓ All delivered")).to_be_visible()
    expect(row(page, "delivered")).to_have_count(2)
    expect(row(page, "delivered").first).to_contain_text("receipt ")
    assert {found["id"] for found in store.submissions()} == {one, two}
    assert len(store.submissions()) == 2
    assert arrived(chain, first, one) == {red, green}
    assert arrived(chain, second, two) == {blue, green}
    assert left_on(page) == {"photos": 0, "drafts": 0, "texts": 0}
    assert phone.faults == []


def left_on(page: Page) -> Any:
    return page.evaluate(
        """async () => {
            const { all } = await import(document.querySelector("script[src]").src);
            const texts = (await all("reports")).filter((one) => one.text).length;
            const [photos, drafts] = [await all("photos"), await all("drafts")];
            return { photos: photos.length, drafts: drafts.length, texts };
        }"""
    )


def test_an_answer_that_is_lost_after_the_photo_is_stored_sends_nothing_twice(
    chain: Installation, ana: Person, hers: Page, phone: Phone, proxy: Proxy, store: Store
) -> None:
    visit = accepted_visit(chain, ana)
    red = photo("red")
    ready(hers, proxy)
    proxy.lose(PUT)
    report = finish(hers, chain, visit, red)
    proxy.wait_until(lambda it: it.lost >= 1, "the answer to a photo was lost")
    # The phone asks what is missing, and learns that nothing is.
    hers.goto(f"{proxy.url}/visits/queue")
    expect(row(hers, "delivered")).to_have_count(1)
    assert arrived(chain, visit, report) == {red}
    assert len(store.submissions()) == 1
    assert left_on(hers) == {"photos": 0, "drafts": 0, "texts": 0}
    assert len([line for line in proxy.requests if line.startswith(PUT)]) == proxy.lost


def test_what_is_not_taken_stays_says_why_and_never_keeps_the_others(
    chain: Installation, ana: Person, hers: Page, phone: Phone, proxy: Proxy, store: Store
) -> None:
    visit, other = accepted_visit(chain, ana), accepted_visit(chain, ana, site_id="lisbon-1")
    red = photo("red")
    ready(hers, proxy)
    proxy.down()
    refused = finish(hers, chain, visit, token="a-token-that-never-was")
    taken = finish(hers, chain, other, red, b"no picture at all")
    proxy.up()
    hers.goto(f"{proxy.url}/visits/queue")
    expect(row(hers, "refused")).to_contain_text("Not taken")
    expect(row(hers, "photos")).to_contain_text("1 of 2 arrived; the rest could not be taken")
    expect(row(hers, "photos")).to_contain_text("A photo could not be taken: ")
    expect(hers.get_by_role("status").first).to_contain_text("Something in your queue needs you.")
    assert [found["id"] for found in store.submissions()] == [taken]
    assert arrived(chain, other, taken) == {red}

    with hers.expect_download() as waiting:
        hers.get_by_role("button", name="Save all that is unsent").click()
    saved = json.loads(Path(waiting.value.path()).read_bytes())
    assert [one["id"] for one in saved["submissions"]] == [refused]
    (left,) = saved["photos"]
    assert left["id"] == taken
    assert base64.b64decode(saved["contents"][left["sha256"]]) == b"no picture at all"

    hers.on("dialog", lambda dialog: dialog.accept())
    row(hers, "refused").get_by_role("button", name="Delete").click()
    row(hers, "photos").get_by_role("button", name="Delete").click()
    expect(hers.get_by_text("Nothing waits on this phone.")).to_be_visible()
    assert left_on(hers) == {"photos": 0, "drafts": 0, "texts": 0}


def test_a_saved_file_is_loaded_by_the_command(
    chain: Installation,
    ana: Person,
    hers: Page,
    proxy: Proxy,
    server: Server,
    store: Store,
    tmp_path: Path,
) -> None:
    visit = accepted_visit(chain, ana)
    red = photo("red")
    ready(hers, proxy)
    proxy.down()
    report = finish(hers, chain, visit, red)
    hers.goto(f"{proxy.url}/visits/queue")
    with hers.expect_download() as waiting:
        hers.get_by_role("button", name="Save all that is unsent").click()
    file = tmp_path / "saved.json"
    waiting.value.save_as(file)
    server.command("load", file)
    assert [found["id"] for found in store.submissions()] == [report]
    assert arrived(chain, visit, report) == {red}
    proxy.up()
    hers.reload()
    expect(row(hers, "delivered")).to_have_count(1)
    assert len(store.submissions()) == 1


def test_after_signing_out_the_visits_are_gone_and_what_is_unsent_is_not(
    chain: Installation,
    ana: Person,
    hers: Page,
    phone: Phone,
    proxy: Proxy,
    store: Store,
    phones: Callable[..., Phone],
) -> None:
    visit = accepted_visit(chain, ana)
    ready(hers, proxy)
    proxy.hang("POST /api/submissions")
    finish(hers, chain, visit)
    hers.goto(f"{proxy.url}/visits/sign-out")
    expect(hers.get_by_text("Reports that have not all arrived: 1.")).to_be_visible()
    hers.get_by_role("button", name="Sign this phone out").click()
    expect(hers).to_have_url(f"{proxy.url}/visits/sign-in")
    until(hers, "async () => !(await caches.keys()).includes('visits')")
    expect(hers.get_by_role("status").first).to_contain_text("1 report waits")

    ben = add_shopper(chain, "ben")
    sign_in(chain, ben, proxy, phone)
    hers.goto(f"{proxy.url}/visits/queue")
    expect(hers.get_by_text("Reports of somebody else wait here too: 1.")).to_be_visible()
    expect(hers.locator("#queue article")).to_have_count(0)
    proxy.up()
    expect(hers.get_by_text("✓ All delivered")).to_be_visible()
    assert len(store.submissions()) == 1


def test_it_can_be_installed(ana: Person, hers: Page, phone: Phone, proxy: Proxy) -> None:
    hers.goto(f"{proxy.url}/visits")
    session = phone.context.new_cdp_session(hers)
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
