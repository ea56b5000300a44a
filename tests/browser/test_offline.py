"""The phone without a network, with a bad one, with storage that fails: nothing is ever lost."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from surveys.installation import DATABASE_FILE, Installation
from surveys.web.words import all_words
from tests.browser.phone_story import Store, kept_on_the_phone, tick, try_now, until
from tests.conftest import CODES
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy
from tests.rig.server import Server

SENDING = "POST /api/submissions"


def ready(page: Page, form: str) -> None:
    """Opened once, with all languages kept."""
    page.goto(form)
    until(
        page,
        """async () => {
            const names = await caches.keys();
            const kept = names.length ? await (await caches.open(names[0])).keys() : [];
            return kept.filter(({ url }) => url.includes("/q/")).length == 4;
        }""",
    )


def send(page: Page) -> None:
    page.locator(".go").first.click()


def arrived(page: Page) -> None:
    expect(page.get_by_text("Your answers have arrived")).to_be_visible()


def drawn(page: Page) -> list[str | None]:
    return [one.get_attribute("data-k") for one in page.locator("form [data-d]").all()]


# --- without a network ------------------------------------------------------------------------


def test_opened_once_it_opens_in_every_language_and_draws_afresh(
    form: str, phone: Phone, proxy: Proxy, store: Store
) -> None:
    page = phone.page
    ready(page, form)
    proxy.down()
    seen = set()
    for _ in range(12):
        page.reload()
        seen.add(tuple(drawn(page)))
    assert len(seen) > 3
    for language, words in all_words().items():
        page.goto(f"{form}?lang={language}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.get_by_role("button", name=words["send"])).to_be_visible()

    page.goto(form)
    shown = drawn(page)
    tick(page, "moment", "worse")
    send(page)
    expect(page.get_by_text("Kept on this phone.")).to_be_visible()
    expect(page.get_by_role("status").last).to_contain_text("1 answer is waiting")
    page.get_by_role("link", name="Answer once more").click()
    tick(page, "moment", "better")
    send(page)
    expect(page.get_by_role("status").last).to_contain_text("2 answers are waiting")
    proxy.up()
    try_now(page)
    arrived(page)
    expect(page.get_by_text("✓ Delivered")).to_be_visible()
    first, second = store.submissions()
    assert [one["status"] for one in (first, second)] == ["counted", "counted"]
    assert first["asked"] == ["moment", *shown]
    assert phone.faults == []


def test_a_network_that_hangs_does_not_hang_the_form(form: str, phone: Phone, proxy: Proxy) -> None:
    page = phone.page
    ready(page, form)
    proxy.hang()
    page.goto(form, timeout=15_000)
    tick(page, "moment", "better")
    send(page)
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    kept_on_the_phone(page, "queue", "(all) => all.length == 1")
    proxy.up()
    page.reload()
    expect(page.get_by_text("✓ Delivered")).to_be_visible()


def test_it_goes_by_itself_when_the_network_is_back(
    form: str, phone: Phone, proxy: Proxy, store: Store
) -> None:
    page = phone.page
    page.goto(form)
    tick(page, "moment", "better")
    proxy.down()
    send(page)
    expect(page.get_by_text("Kept on this phone.")).to_be_visible()
    proxy.up()
    arrived(page)
    assert len(store.submissions()) == 1


def test_a_withdrawn_code_on_an_open_page_is_kept_for_a_person(
    form: str, phone: Phone, store: Store, installation: Installation
) -> None:
    page = phone.page
    ready(page, form)
    tick(page, "moment", "better")
    db = installation.database()
    db.execute("UPDATE tokens SET status = 'withdrawn' WHERE token = :t", {"t": CODES["vienna-1"]})
    send(page)
    expect(page.get_by_text("a person will read them")).to_be_visible()
    (found,) = store.submissions()
    assert found["status"] == "held"
    page.goto(form)
    expect(page.get_by_text("This code has been retired")).to_be_visible()


# --- answers that are lost, servers that fail -------------------------------------------------


def test_a_lost_receipt_is_asked_for_again_and_counts_once(
    form: str, phone: Phone, proxy: Proxy, store: Store
) -> None:
    page = phone.page
    page.goto(form)
    tick(page, "moment", "better")
    proxy.lose(only=SENDING)
    send(page)
    proxy.wait_until(lambda p: p.lost >= 2, "the browser gave up")
    assert len(store.submissions()) == 1
    expect(page.get_by_role("status").last).to_contain_text("1 answer is waiting")
    proxy.up()
    arrived(page)
    assert len(store.submissions()) == 1


def test_a_server_that_cannot_store_is_asked_again(
    form: str, phone: Phone, proxy: Proxy, server: Server, store: Store
) -> None:
    page = phone.page
    page.goto(form)
    tick(page, "moment", "better")
    database = server.folder / DATABASE_FILE
    away = database.with_suffix(".away")
    database.rename(away)
    database.mkdir()
    send(page)
    expect(page.get_by_text("Kept on this phone.")).to_be_visible()
    database.rmdir()
    away.rename(database)
    try_now(page)
    arrived(page)
    assert len(store.submissions()) == 1


class Portal(http.server.BaseHTTPRequestHandler):
    """A hotel's network: every address answers 200 with a page to sign in."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b"<!doctype html><title>Welcome to our hotel</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def portal() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal) as hotel:
        threading.Thread(target=hotel.serve_forever, daemon=True).start()
        yield hotel.server_address[1]
        hotel.shutdown()


def test_a_page_that_says_200_is_no_receipt(
    form: str, phone: Phone, proxy: Proxy, store: Store
) -> None:
    page = phone.page
    page.goto(form)
    tick(page, "moment", "better")
    home = proxy.upstream
    with portal() as hotel:
        proxy.upstream = hotel
        proxy.up()  # ends the connections that lead home
        send(page)
        expect(page.get_by_text("Kept on this phone.")).to_be_visible()
        kept_on_the_phone(page, "queue", "(all) => all.length == 1")
    proxy.upstream = home
    proxy.up()
    try_now(page)
    arrived(page)
    assert len(store.submissions()) == 1


def test_a_refused_one_stays_says_why_and_holds_up_nobody(
    form: str, phone: Phone, proxy: Proxy, store: Store, installation: Installation, tmp_path: Path
) -> None:
    page = phone.page
    gone = f"{proxy.url}/q/{CODES['vienna-2']}"
    ready(page, gone)
    page.goto(form)
    page.goto(gone)
    tick(page, "moment", "worse")
    db = installation.database()
    db.execute("DELETE FROM tokens WHERE token = :t", {"t": CODES["vienna-2"]})
    send(page)
    expect(page.get_by_role("heading", name="could not be taken")).to_be_visible()
    expect(page.get_by_text("Thank you.")).to_have_count(0)
    expect(page.get_by_text("Delivered")).to_have_count(0)

    page.goto(form)  # another code: its answer goes, the refused one stays
    tick(page, "moment", "better")
    send(page)
    arrived(page)
    (found,) = store.submissions()
    assert found["answers"] == {"moment": "better"}
    row = page.locator("#more p")
    expect(row).to_contain_text("could not be taken: We do not know this code.")
    with page.expect_download() as saving:
        row.get_by_role("button", name="Save to a file").click()
    saved = tmp_path / "saved.json"
    saving.value.save_as(saved)
    batch = json.loads(saved.read_text(encoding="utf-8"))
    assert [one["answers"] for one in batch["submissions"]] == [{"moment": "worse"}]
    assert "sent_at" not in batch

    page.once("dialog", lambda dialog: dialog.dismiss())
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    kept_on_the_phone(page, "queue", "(all) => all.length == 0")


# --- tabs and storage -------------------------------------------------------------------------


def test_two_tabs_are_two_submissions_and_neither_is_sent_twice(
    form: str, phone: Phone, proxy: Proxy, store: Store
) -> None:
    one, two = phone.page, phone.context.new_page()
    one.goto(form)
    tick(one, "moment", "better")
    kept_on_the_phone(one, "drafts", "(all) => all.length == 1")
    two.goto(form)
    expect(two.locator("input:checked")).to_have_count(0)  # the first tab holds its draft
    tick(two, "moment", "worse")
    proxy.down()
    send(one)
    expect(one.get_by_text("Kept on this phone.")).to_be_visible()
    send(two)
    expect(two.get_by_role("status").last).to_contain_text("2 answers are waiting")
    proxy.up()
    two.evaluate("dispatchEvent(new Event('online'))")
    one.evaluate("dispatchEvent(new Event('online'))")
    arrived(one)
    arrived(two)
    found = store.submissions()
    assert sorted(one["answers"]["moment"] for one in found) == ["better", "worse"]
    assert {one["status"] for one in found} == {"counted"}
    sent = [line for line in proxy.requests if line.startswith(SENDING)]
    assert len(sent) <= 8, "the tabs took turns"


def test_a_database_closed_under_the_page_is_opened_again(
    form: str, phone: Phone, store: Store
) -> None:
    page, other = phone.page, phone.context.new_page()
    page.goto(form)
    tick(page, "moment", "better")
    kept_on_the_phone(page, "drafts", "(all) => all.length == 1")
    other.goto(form)
    other.evaluate(
        """() => new Promise((done, fail) => {
            const asking = indexedDB.deleteDatabase("touchstone");
            asking.onsuccess = done;
            asking.onerror = fail;
        })"""
    )
    tick(page, "moment", "worse")
    kept_on_the_phone(page, "drafts", "(all) => all.length == 1")
    send(page)
    arrived(page)
    (found,) = store.submissions()
    assert found["answers"] == {"moment": "worse"}
    assert phone.faults == []


def test_a_browser_that_keeps_nothing_says_so_and_sends_all_the_same(
    form: str, phones: Callable[..., Phone], tmp_path: Path, proxy: Proxy, store: Store
) -> None:
    profile = tmp_path / "phone-1" / "Default"
    profile.mkdir(parents=True)
    block = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Preferences").write_text(json.dumps(block), encoding="utf-8")
    page = phones().page
    page.goto(form)
    refused = page.evaluate(
        """() => new Promise((done) => {
            try {
                const asking = indexedDB.open("trial");
                asking.onsuccess = () => done(false);
                asking.onerror = () => done(true);
            } catch { done(true); }
        })"""
    )
    assert refused, "this browser was to refuse its storage"
    tick(page, "moment", "better")
    expect(page.get_by_text("does not let the page keep answers")).to_be_visible()
    proxy.down()
    send(page)
    expect(page.get_by_role("status").last).to_contain_text("1 answer is waiting")
    proxy.up()
    arrived(page)
    (found,) = store.submissions()
    assert found["status"] == "counted"


def test_a_full_phone_says_so_and_sends_all_the_same(
    form: str, phone: Phone, store: Store, proxy: Proxy
) -> None:
    page = phone.page
    page.goto(form)
    quota = phone.context.new_cdp_session(page)
    quota.send("Storage.overrideQuotaForOrigin", {"origin": proxy.url, "quotaSize": 1})
    tick(page, "moment", "worse")
    expect(page.get_by_text("does not let the page keep answers")).to_be_visible()
    send(page)
    arrived(page)
    (found,) = store.submissions()
    assert found["answers"] == {"moment": "worse"}
