"""The core of a shopper's day in WebKitGTK, the engine nearest to an iPhone's: opened without a
network, filled in, closed, opened again, gone on with, sent once.

A driven WebKitGTK keeps nothing longer than its session, which ends with any process of it: so here
the page is closed. Browsers are killed in `test_shopper_faults.py` and `test_shopper_firefox.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import WebKitGTK

from surveys.installation import Installation
from tests.browser.shopper_story import COLOURS, Hand, accept, holds, invitation, publish
from tests.rig import webkit
from tests.rig.proxy import Proxy
from tests.rig.server import Server

RUN = """
const done = arguments[0];
(async () => await ({script}))().then(
    (found) => done({{ found: found ?? null }}), (error) => done({{ error: String(error) }}));
"""


class Safari:
    """Open an address, run a script."""

    def __init__(self, driver: WebKitGTK) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        self.driver.get(address)

    def run(self, script: str) -> Any:
        said = self.driver.execute_async_script(RUN.format(script=script))
        assert "error" not in said, said["error"]
        return said["found"]


@pytest.fixture
def safari() -> Iterator[Safari]:
    if webkit.browser() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(webkit.HOW_TO_GET)
        pytest.skip(webkit.HOW_TO_GET)
    with webkit.driver() as driver:
        yield Safari(driver)


def test_closed_without_a_network_and_sent_once(
    chain: Installation, server: Server, proxy: Proxy, safari: Safari, tmp_path: Path
) -> None:
    publish(chain, tmp_path)
    hand = Hand(safari, proxy.url)
    hand.sign_in(invitation(chain))
    (visit,) = accept(chain, 1)
    hand.get_ready()
    proxy.down()
    hand.open(visit)
    hand.begin(COLOURS[0])

    safari.open("about:blank")
    hand.open(visit)
    hand.has_photo()
    hand.go_on()
    assert holds(chain, []) == []
    proxy.up()
    hand.delivered()
    holds(chain, [(visit, [COLOURS[0]])])


WRITING = """import([...document.scripts].find(({ src }) => src.includes("shopper.js")).src).then(
    ({ within }) => {
        const write = () => within("readwrite", (store) => {
            const before = store("settings").get("n");
            before.onsuccess = () => store("settings").put({ name: "n", value: 1 });
        }).then(write);
        for (let i = 0; i < 8; i++) write();
    })"""
ANOTHER_WRITES = """new Promise((done) => {
    setTimeout(() => done("waits"), 10_000);
    const asking = indexedDB.open("touchstone visits", 1);
    asking.onsuccess = () => {
        const writing = asking.result.transaction("settings", "readwrite");
        writing.objectStore("settings").put({ name: "n", value: 2 });
        writing.oncomplete = () => done("written");
    };
})"""


def test_a_page_that_is_left_in_the_middle_of_writing_keeps_no_other_from_it(
    chain: Installation, server: Server, proxy: Proxy, safari: Safari, tmp_path: Path
) -> None:
    publish(chain, tmp_path)
    hand = Hand(safari, proxy.url)
    hand.sign_in(invitation(chain))
    for _ in range(3):
        safari.open(f"{proxy.url}/visits/queue")
        safari.run(WRITING)
        safari.open(f"{proxy.url}/visits/work")
        assert safari.run(ANOTHER_WRITES) == "written"
