"""What a hand does to a report that nobody planned: it is in a hurry, in two windows, goes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from surveys import people
from surveys.installation import Installation
from surveys.web import assets
from surveys.web.application import build
from tests.browser.phone_story import until
from tests.browser.shopper_story import COLOURS, EMAIL, PRAISE, Day, holds
from tests.conftest import CHAIN, CODES
from tests.field import accepted_visit
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy
from tests.rig.server import Server

WITHOUT_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })"
SLOW_CAMERA = """
window.real = createImageBitmap;
window.createImageBitmap = (...all) =>
    new Promise((done) => (window.develop = done)).then(() => window.real(...all));
"""


@pytest.fixture
def day(chain: Installation, server: Server, proxy: Proxy, phone: Phone, tmp_path: Path) -> Day:
    return Day(chain, proxy, phone, tmp_path)


def test_without_locks_a_window_never_sends_what_another_has_changed_since(
    day: Day,
) -> None:
    (visit,) = day.accept()
    day.phone.context.add_init_script(WITHOUT_LOCKS)
    day.open(visit)
    day.begin(COLOURS[0])
    day.go_on()
    stale, address = day.page, day.page.url
    day.page = day.phone.context.new_page()
    day.page.goto(address)
    expect(day.page.locator("#review")).to_be_visible()
    day.page.get_by_role("button", name="Change: What was good?").click()
    day.page.locator("#praise").fill("The door was held twice.")
    day.kept('(all) => all[0].values.some(([, value]) => value.endsWith("twice."))')

    stale.get_by_role("button", name="Send", exact=True).click()
    expect(stale.get_by_text("This report is open in another window.")).to_be_visible()
    day.page.locator("#praise").fill(PRAISE)
    day.next("Check and send")
    day.finish()
    stale.get_by_role("button", name="Continue here").click()
    expect(stale.get_by_text("This report is finished.")).to_be_visible()
    day.delivered(1)
    holds(day.chain, [(visit, [COLOURS[0]])])
    assert day.phone.faults == []


def test_a_report_waits_for_a_photo_that_is_being_drawn(day: Day) -> None:
    (visit,) = day.accept()
    day.phone.context.add_init_script(SLOW_CAMERA)
    day.open(visit)
    day.photograph(COLOURS[0])
    until(day.page, "() => !!window.develop")
    day.page.locator("#arrived_at").fill("2026-11-20T18:05")
    day.go_on()
    day.next("Send")
    expect(day.page.get_by_role("alert")).to_contain_text("One moment")
    day.page.evaluate("(window.createImageBitmap = window.real) && window.develop()")
    expect(day.page.locator("#review [role=img]")).to_have_count(1)
    day.finish()
    day.delivered(1)
    holds(day.chain, [(visit, [COLOURS[0]])])
    assert day.phone.faults == []


def test_the_way_back_after_a_reload_leads_to_the_part_before(day: Day) -> None:
    (visit,) = day.accept()
    day.open(visit)
    day.begin()
    day.next("Next")
    part = day.page.locator(".way summary")
    expect(part).to_contain_text("Behaviour")
    day.kept("(all) => all[0].page == 1")
    day.page.reload()
    expect(part).to_contain_text("Behaviour")
    day.next("Next")
    expect(part).to_contain_text("Words")
    day.page.go_back()
    expect(part).to_contain_text("Behaviour")
    expect(day.page.get_by_role("heading", name="Behaviour")).to_be_focused()


def test_the_second_visit_of_a_day_at_a_place_is_found_by_its_code_once_the_first_is_finished(
    day: Day,
) -> None:
    ana = people.find_email(day.chain.database(), EMAIL)
    assert ana is not None
    site = CHAIN[0].site_id
    two = {
        accepted_visit(day.chain, ana, instrument="stop", site_id=site).visit_id for _ in range(2)
    }
    day.get_ready()
    day.proxy.down()
    code = f"{day.proxy.url}/q/{CODES[site]}"
    for _ in range(2):
        day.page.goto(code)
        expect(day.page.locator("form[data-visit] .way")).to_be_visible()
        two.remove(str(day.page.locator("form[data-visit]").get_attribute("data-visit")))
        day.begin()
        day.go_on()
        day.finish()
    assert not two
    day.proxy.up()
    day.delivered(2)


@pytest.fixture
def site(chain: Installation) -> Iterator[Proxy]:
    """The application in this process, where its version can be changed, behind the network."""
    server = make_server("127.0.0.1", 0, build(chain.folder), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Proxy(server.server_port) as proxy:
        yield proxy
    server.shutdown()
    server.server_close()


def test_a_new_version_reloads_only_the_window_that_asked_for_it(
    chain: Installation, site: Proxy, phone: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = Day(chain, site, phone, tmp_path)
    (visit,) = day.accept()
    day.get_ready()
    day.open(visit)
    other = phone.context.new_page()
    other.goto(f"{site.url}/visits/queue")
    monkeypatch.setattr(assets, "version", lambda: "0123456789ab")
    other.evaluate(
        "navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => {})"
    )
    for page in (day.page, other):
        expect(page.get_by_text("A new version is here.")).to_be_visible()
    day.page.evaluate("window.undisturbed = true")
    with other.expect_navigation():
        other.get_by_role("button", name="Reload").click()
    until(day.page, "() => navigator.serviceWorker.ready.then((one) => !one.waiting)")
    assert day.page.evaluate("window.undisturbed")
    with day.page.expect_navigation():
        day.page.get_by_role("button", name="Reload").click()
    newer = "/static/v-0123456789ab/shopper.js"
    expect(day.page.locator("script[src]")).to_have_attribute("src", newer)
