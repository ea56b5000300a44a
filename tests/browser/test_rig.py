"""The phone of these tests behaves as a phone does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from tests.rig import firefox
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy
from tests.rig.server import Server


def test_the_phone_reaches_the_server_through_the_proxy(
    server: Server, proxy: Proxy, phone: Phone
) -> None:
    answer = phone.page.goto(f"{proxy.url}/healthz")
    assert answer is not None
    assert answer.status < 500
    assert any(line.startswith("GET /healthz") for line in proxy.requests)


def test_without_a_network_the_phone_reaches_nothing(proxy: Proxy, phone: Phone) -> None:
    proxy.down()
    with pytest.raises(Error, match="ERR_"):
        phone.page.goto(f"{proxy.url}/healthz")


def test_what_the_phone_stored_outlives_its_browser(server: Server, phone: Phone) -> None:
    phone.page.goto(f"{server.url}/healthz")
    phone.page.evaluate("""() => new Promise((done, failed) => {
        const opening = indexedDB.open("rig", 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
        opening.onerror = () => failed(opening.error);
        opening.onsuccess = () => {
            const writing = opening.result.transaction("kept", "readwrite", {durability: "strict"});
            writing.objectStore("kept").put("an answer", 1);
            writing.oncomplete = done;
        };
    })""")
    phone.kill()
    with pytest.raises(Error):
        phone.page.evaluate("1")
    phone.reopen()
    phone.page.goto(f"{server.url}/healthz")
    kept = phone.page.evaluate("""() => new Promise((done, failed) => {
        const opening = indexedDB.open("rig", 1);
        opening.onerror = () => failed(opening.error);
        opening.onsuccess = () => {
            const reading = opening.result.transaction("kept").objectStore("kept").get(1);
            reading.onsuccess = () => done(reading.result);
        };
    })""")
    assert kept == "an answer"


def test_the_server_comes_back_after_a_power_cut(server: Server, desk: Page) -> None:
    server.kill()
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        desk.goto(f"{server.url}/healthz")
    server.start()
    answer = desk.goto(f"{server.url}/healthz")
    assert answer is not None
    assert answer.status < 500


def test_what_firefox_stored_outlives_its_browser(server: Server, tmp_path: Path) -> None:
    if firefox.program() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(firefox.HOW_TO_GET)
        pytest.skip(firefox.HOW_TO_GET)
    profile = tmp_path / "firefox"
    with firefox.browser(profile) as fox:
        fox.open(f"{server.url}/sign-in")
        fox.run("caches.open('kept').then((cache) => cache.put('/kept', new Response('kept')))")
        fox.kill()
    with firefox.browser(profile) as fox:
        fox.open(f"{server.url}/sign-in")
        assert fox.run("caches.match('/kept').then((found) => found.text())") == "kept"
