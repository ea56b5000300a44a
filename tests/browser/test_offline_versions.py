"""A new version of the form arrives while phones hold the old one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from surveys.installation import Installation
from surveys.web import assets
from surveys.web.application import build
from tests.browser.phone_story import kept_on_the_phone, tick, until
from tests.browser.test_offline import ready
from tests.conftest import CODES
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy

NEWER = "0123456789ab"


@pytest.fixture
def site(chain: Installation) -> Iterator[Proxy]:
    """The application in this process, where its version can be changed, behind the network."""
    server = make_server("127.0.0.1", 0, build(chain.folder), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Proxy(server.server_port) as proxy:
        yield proxy
    server.shutdown()
    server.server_close()


def modules(page: Page) -> str | None:
    return page.locator("script[src]").get_attribute("src")


def test_a_new_version_waits_until_it_is_asked_for(
    site: Proxy, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = phone.page
    form = f"{site.url}/q/{CODES['vienna-1']}"
    ready(page, form)
    page.reload()  # from now on the worker is between the page and the network
    tick(page, "moment", "better")
    kept_on_the_phone(page, "drafts", "(all) => all.length == 1")
    old = assets.folder()
    monkeypatch.setattr(assets, "version", lambda: NEWER)
    page.evaluate(
        "navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => {})"
    )
    expect(page.get_by_text("A newer version of this page is ready.")).to_be_visible()
    assert modules(page) == f"{old}form.js", "nothing changes under an open form"

    with page.expect_navigation():
        page.get_by_role("button", name="Reload").click()
    assert modules(page) == f"/static/v-{NEWER}/form.js"
    expect(page.locator("input:checked")).to_have_count(1)
    until(page, f"() => caches.keys().then((all) => all.join() == 'form /static/v-{NEWER}/')")

    site.down()
    page.reload()
    assert modules(page) == f"/static/v-{NEWER}/form.js"
    expect(page.locator("input:checked")).to_have_count(1)
    page.goto(f"{form}?lang=ar")  # kept by the old worker, and still whole
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    expect(page.locator("input:checked")).to_have_count(1)
    assert phone.faults == []


def test_a_version_that_cannot_be_had_whole_leaves_the_old_one_in_place(
    site: Proxy, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = phone.page
    form = f"{site.url}/q/{CODES['vienna-1']}"
    ready(page, form)
    old = assets.folder()
    monkeypatch.setattr(assets, "version", lambda: NEWER)
    monkeypatch.setattr(assets, "MODULES", {})  # what it needs is missing
    failed = page.evaluate(
        """async () => {
            const one = await navigator.serviceWorker.getRegistration();
            await one.update().catch(() => {});
            const coming = one.installing || one.waiting;
            if (!coming) return "gone";
            if (coming.state != "redundant")
                await new Promise((done) => coming.addEventListener("statechange", done));
            return coming.state;
        }"""
    )
    assert failed in ("gone", "redundant")
    page.goto(form)
    site.down()
    page.goto(form)
    assert modules(page) == f"{old}form.js", "the page that is whole"
    tick(page, "moment", "better")
    kept_on_the_phone(page, "drafts", "(all) => all.length == 1")
    page.locator(".go").first.click()
    expect(page.get_by_text("Kept on this phone.")).to_be_visible()
